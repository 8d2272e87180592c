//! Results and configurations survive JSON.
#![cfg(feature = "serde")]
#![forbid(unsafe_code)]

use colide::{
    AdamOptions, Bootstrap, Colide, CovarianceAccumulator, Diagonal, Finish, Floor, Knowledge, NewtonOptions,
    Resampling, Schedule, Sign, Solver, Start, Units,
};
use ndarray::{Array2, array};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[track_caller]
fn round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
}

fn data() -> Array2<f64> {
    let mut x = Array2::from_shape_fn((30, 4), |(i, j)| ((i * (3 * j + 7)) as f64 * 0.37).sin() * (j + 1) as f64);
    for mut row in x.rows_mut() {
        row[2] += 1.5 * row[0];
        row[3] -= 0.8 * row[2];
    }
    x
}

fn knowledge() -> Knowledge {
    Knowledge::new().require(0, 2).forbid(3, 1).root(0).leaf(3).exogenous(1).tiers(vec![vec![0], vec![2, 3]]).sign(
        2,
        3,
        Sign::NonPositive,
    )
}

#[test]
fn fits_and_stabilities() {
    let x = data();
    for base in [Colide::homoscedastic(), Colide::heteroscedastic()] {
        for finish in [Finish::Threshold, Finish::Polish, Finish::Search] {
            for config in [base.clone(), base.clone().knowledge(knowledge())] {
                let config = config.finish(finish);
                let fit = config.fit(&x).unwrap();
                assert!(!fit.edges().is_empty());
                round_trip(&fit);
                round_trip(&fit.edges());
                round_trip(&fit.cpdag().unwrap());
                round_trip(&Bootstrap::new(5).run(&config, &x).unwrap());
            }
        }
    }
    // Stages that take no step have numbers to report as well.
    round_trip(&Colide::heteroscedastic().sparsity(1e6).fit(&x).unwrap());
    let covariance = colide::covariance(&x).unwrap();
    round_trip(&covariance);
    round_trip(&Colide::heteroscedastic().fit_path(&covariance, &[0.1, 0.2]).unwrap());
    let mut accumulator = CovarianceAccumulator::new(4);
    accumulator.push_rows(&(&x * 1e200)).unwrap();
    accumulator.forget(1e-200).unwrap();
    round_trip(&accumulator);
}

#[test]
fn configurations() {
    let adam = AdamOptions { learning_rate: 0.1, beta1: 1.0 / 3.0, ..Default::default() };
    let newton = NewtonOptions { tolerance: 1e-7, ..Default::default() };
    for solver in [Solver::ReferenceAdam(adam), Solver::ProximalNewton(newton)] {
        let config = Colide::heteroscedastic()
            .sparsity(0.1 + 0.2)
            .penalty_weights(Array2::from_elem((4, 4), 1.0 / 3.0))
            .threshold(0.15)
            .schedule(Schedule::new(vec![1.0, 0.3], vec![0.7]).unwrap())
            .solver(solver)
            .starts([Start::Path(Diagonal::Free), Start::SlowPath(Diagonal::Pinned), Start::Order])
            .finish(Finish::Polish)
            .floor(Floor::Absolute(array![0.1, 0.2, 0.3, 0.4]))
            .known_scales(array![1.0, 2.0, 3.0, 4.0])
            .units(Units::MinSd)
            .knowledge(knowledge())
            .initial_weights(Array2::zeros((4, 4)))
            .non_negative();
        round_trip(&config);
    }
    round_trip(&Colide::homoscedastic());
    round_trip(&knowledge());
    round_trip(&Bootstrap::new(7).seed(u64::MAX).resampling(Resampling::Subsample(1.0 / 3.0)).confidence(0.9));
}
