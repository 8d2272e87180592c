//! Property 12: best subsets.

use crate::problems::{config, problem};
use proptest::prelude::*;
use sparse_linreg::{BestSubset, Certificate, Search};

/// The smallest residual sum of squares over all supports of size k, written out.
fn brute_force(x: &ndarray::Array2<f64>, y: &ndarray::Array1<f64>, k: usize) -> f64 {
    let d = x.ncols();
    let mut best = f64::INFINITY;
    for mask in 0_u32..1 << d {
        if mask.count_ones() as usize == k {
            let support: Vec<usize> = (0..d).filter(|j| mask >> j & 1 == 1).collect();
            let rest: Vec<usize> = support.clone();
            let model = BestSubset::new().size(k).always_in(rest).fit(x, y).unwrap().models.pop().unwrap();
            assert_eq!(model.support, support);
            best = best.min(model.rss);
        }
    }
    best
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn exhaustive_is_the_best_and_splicing_never_beats_it(p in problem()) {
        let (n, d) = p.x.dim();
        let most = d.min(n).min(6);
        let config = BestSubset::new().sizes(0..=most);
        let optimal = config.clone().search(Search::Exhaustive).fit(&p.x, &p.y).unwrap();
        let several = config.fit(&p.x, &p.y).unwrap();
        let one = config.search(Search::Splicing).fit(&p.x, &p.y).unwrap();
        let scale = p.y.dot(&p.y);
        for size in 0..=most {
            prop_assert_eq!(optimal.models[size].certificate, Certificate::Optimal);
            // Sums of squares carry 1e-12 of ‖y‖².
            prop_assert!(several.models[size].rss >= optimal.models[size].rss - 1e-11 * scale);
            prop_assert!(one.models[size].rss >= optimal.models[size].rss - 1e-11 * scale);
            prop_assert!(several.models[size].rss <= one.models[size].rss + 0.1 * scale);
            if size > 0 {
                prop_assert!(optimal.models[size].rss <= optimal.models[size - 1].rss + 1e-11 * scale);
            }
        }
        if d <= 7 {
            let k = 2.min(most);
            let best = brute_force(&p.x, &p.y, k);
            prop_assert!((optimal.models[k].rss - best).abs() < 1e-10 * scale, "{} {best}", optimal.models[k].rss);
        }
    }

    #[test]
    fn splicing_never_raises_the_loss_and_keeps_what_must_stay(p in problem(), k in 1_usize..4, seed: usize) {
        let (n, d) = p.x.dim();
        let k = k.min(d).min(n);
        let start: Vec<usize> = (0..k).collect();
        let kept = seed % k;
        let steps = BestSubset::new().always_in([kept]).trace(&p.x, &p.y, &start, None).unwrap();
        for pair in steps.windows(2) {
            prop_assert!(pair[1].loss < pair[0].loss);
        }
        prop_assert!(steps.iter().all(|step| step.active.contains(&kept) && step.active.len() == k));
        let path = BestSubset::new().always_in([kept]).sizes(1..=k).fit(&p.x, &p.y).unwrap();
        prop_assert!(path.models.iter().all(|model| model.support.contains(&kept)));
    }
}

#[test]
fn dependent_columns_are_no_obstacle() {
    // Columns 0 and 1 are equal, column 2 is their double: n > d, rank 3.
    let mut x = ndarray::Array2::from_shape_fn((10, 5), |(i, j)| ((i * (2 * j + 3)) as f64 * 0.7).sin());
    let first = x.column(0).to_owned();
    x.column_mut(1).assign(&first);
    x.column_mut(2).assign(&(&first * 2.0));
    let y = &x.column(3).to_owned() * 2.0 + &first;
    let path = BestSubset::new().sizes(0..=5).search(Search::Exhaustive).fit(&x, &y).unwrap();
    assert!(path.models[2].rss < 1e-20 && path.models[2].support.contains(&3));
    assert!(path.models[5].rss < 1e-20 && path.models[5].coefficients.iter().all(|w| w.is_finite()));
    // More columns than rows, all of them searched.
    let wide = ndarray::Array2::from_shape_fn((5, 12), |(i, j)| ((i * i + 3 * j * (i + 2)) as f64 * 0.9).sin());
    let y = ndarray::Array1::from_shape_fn(5, |i| (i as f64).cos());
    let path = BestSubset::new().sizes(0..=4).search(Search::Exhaustive).fit(&wide, &y).unwrap();
    assert!(path.models.iter().all(|model| model.certificate == Certificate::Optimal));
}
