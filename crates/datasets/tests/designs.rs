//! Hard designs, planted signals and the frequency behind Theorem A.

use datasets::designs::{
    Coefficients, HardDesign, Plant, Support, dependence_failures, distance_to_span, norm_columns,
};
use ndarray::{Array2, array};

#[test]
fn columns_have_norm_root_n_and_seeds_repeat() {
    for design in HardDesign::ALL {
        let x = design.generate(30, 50, 3).unwrap();
        assert_eq!(x.dim(), (30, 50));
        for column in x.columns() {
            // A norm and a scaling: a few dozen roundings.
            assert!((column.dot(&column) - 30.0).abs() < 1e-12 * 30.0, "{design}");
        }
        assert_eq!(x, design.generate(30, 50, 3).unwrap());
        assert_ne!(x, design.generate(30, 50, 4).unwrap());
    }
}

#[test]
fn the_designs_are_as_dependent_as_they_say() {
    let relative = |design: HardDesign, set: &[usize], j: usize| {
        distance_to_span(&design.generate(100, 120, 1).unwrap(), set, &[j]).unwrap()[0] / 10.0
    };
    // The distance of a column to one other: |sin| of the angle between them.
    assert!(relative(HardDesign::Gauss, &[0], 1) > 0.9);
    let pair = relative(HardDesign::Pairs, &[0], 1);
    assert!((0.5e-4..2e-4).contains(&pair), "{pair}");
    let equi = relative(HardDesign::Equi { gap: 1e-7 }, &[0], 1);
    assert!((0.7e-7..3e-7).contains(&equi), "{equi}");
    let factor = relative(HardDesign::Factor, &[0, 1, 2, 3], 4);
    assert!(factor < 1e-2, "{factor}");
    let hier = relative(HardDesign::Hier { groups: 3 }, &(0..12).collect::<Vec<_>>(), 40);
    assert!(hier < 1e-3, "{hier}");
    // Inside its own set the distance is 0 by definition.
    assert_eq!(relative(HardDesign::Gauss, &[5], 5), 0.0);
}

#[test]
fn planted_signals_have_their_rms_and_support() {
    let x = HardDesign::Pairs.generate(60, 40, 2).unwrap();
    for seed in 0..20 {
        let planted = Plant::new(4).support(Support::WithPair).rms(3.0).draw(&x, seed).unwrap();
        assert!(planted.support.windows(2).any(|pair| pair[0] % 2 == 0 && pair[1] == pair[0] + 1));
        let rms = (planted.signal.dot(&planted.signal) / 60.0).sqrt();
        // The worst coefficients are about 1e4, so that rounding in X w is 1e4 ε.
        assert!((rms - 3.0).abs() < 1e-10);
        assert_eq!(planted.coefficients.iter().filter(|w| **w != 0.0).count(), 4);
        let random = Plant::new(4).coefficients(Coefficients::Random).draw(&x, seed).unwrap();
        // The worst signal of a support needs the longest coefficients.
        let worst = Plant::new(4).draw(&x, seed).unwrap();
        assert_eq!(worst.support, random.support);
        assert!(
            worst.coefficients.dot(&worst.coefficients) >= random.coefficients.dot(&random.coefficients) * (1.0 - 1e-9)
        );
        assert_eq!(worst.prediction_error(&worst.signal), 0.0);
        assert!((worst.prediction_error(&worst.response(1.0, 9)) - 1.0).abs() < 1.0);
    }
}

#[test]
fn the_bound_of_theorem_a_holds_on_every_design() {
    const DRAWS: usize = 120;
    for design in HardDesign::ALL {
        let x = design.generate(40, 80, 5).unwrap();
        for (k, g) in [(2, 5), (3, 8), (4, 15)] {
            let bound = k as f64 / (g as f64 + 1.0);
            let observed = dependence_failures(&x, k, g, DRAWS, 7).unwrap();
            // Three standard errors of a frequency.
            let slack = 3.0 * (bound * (1.0 - bound) / DRAWS as f64).sqrt();
            assert!(observed <= bound + slack, "{design}, k = {k}, g = {g}: {observed} > {bound}");
        }
        assert_eq!(dependence_failures(&x, 1, 3, 20, 1).unwrap(), 0.0, "one column never fails");
    }
}

#[test]
fn without_blocks_dependent_columns_fail() {
    // The test can fail: with an empty span ρ is the whole column, and a pair in T is nearer to itself.
    let x = array![[1.0, 1.0], [0.0, 1e-3], [1.0, 1.0]];
    assert_eq!(dependence_failures(&x, 2, 0, 5, 1).unwrap(), 1.0);
}

#[test]
fn bad_input_is_refused() {
    let x = HardDesign::Gauss.generate(5, 6, 1).unwrap();
    assert!(HardDesign::Gauss.generate(0, 3, 1).is_err() && HardDesign::Gauss.generate(3, 0, 1).is_err());
    assert!(HardDesign::Gauss.generate(usize::MAX, 2, 1).is_err());
    assert!(HardDesign::Equi { gap: f64::NAN }.generate(3, 3, 1).is_err());
    assert!(HardDesign::Hier { groups: 0 }.generate(3, 3, 1).is_err());
    assert!(Plant::new(0).draw(&x, 1).is_err() && Plant::new(6).draw(&x, 1).is_err());
    assert!(Plant::new(1).support(Support::WithPair).draw(&x, 1).is_err());
    assert!(Plant::new(2).rms(-1.0).draw(&x, 1).is_err());
    assert!(Plant::new(2).draw(&Array2::zeros((4, 4)), 1).is_err());
    assert!(distance_to_span(&x, &[9], &[0]).is_err() && dependence_failures(&x, 0, 1, 1, 1).is_err());
    assert!(dependence_failures(&x, 2, 1, 0, 1).is_err());
    let mut zero = Array2::zeros((3, 2));
    norm_columns(&mut zero);
    assert_eq!(zero, Array2::<f64>::zeros((3, 2)));
}
