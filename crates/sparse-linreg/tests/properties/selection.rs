//! Folds, cross-validation, the race, stability selection: reproducible on any number of threads.

use crate::problems::{Problem, config};
use ndarray::Array1;
use proptest::prelude::*;
use sparse_linreg::{
    BestSubset, Criterion, ElasticNet, Entrant, Folds, Preconditioner, Race, RelaxedLasso, Rsp, Rule,
    StabilitySelection,
};

fn on_threads<R: Send>(threads: usize, task: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(task)
}

#[test]
fn bits_do_not_depend_on_threads() {
    let p = Problem::new(60, 40, 3.0, 8);
    let folds = Folds::shuffled(60, 5, 1).unwrap();
    let run = || {
        let lasso = ElasticNet::lasso().levels(20).sample_weights(crate::problems::positive(60, 2));
        let race = Race::lasso_and_rsp(&[3, 5])
            .with(Entrant::Relaxed(RelaxedLasso::new(ElasticNet::lasso().levels(20), 0.0)))
            .with(Entrant::Subset(BestSubset::new().sizes(0..=4)))
            .run(&p.x, &p.y, &folds)
            .unwrap();
        (
            lasso.cross_validate(&p.x, &p.y, &folds).unwrap(),
            Rsp::new(Preconditioner::peel(3)).levels(20).cross_validate(&p.x, &p.y, &folds).unwrap().curve,
            race.heats,
            race.model.coefficients().clone(),
            StabilitySelection::new(ElasticNet::lasso().levels(20)).samples(20).run(&p.x, &p.y).unwrap(),
        )
    };
    let one = on_threads(1, run);
    for threads in [2, 4] {
        assert!(on_threads(threads, run) == one, "{threads} threads");
    }
}

proptest! {
    #![proptest_config(config(32))]

    /// Every row is tested once (in time order: at most once, after all its training rows).
    #[test]
    fn folds_partition(n in 6_usize..60, k in 2_usize..6, seed: u64) {
        let groups: Vec<usize> = (0..n).map(|i| (i * i) % 7 + 10).collect();
        let mut distinct = groups.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let by_group = Folds::grouped(&groups, k.min(distinct.len()), seed);
        for folds in [Folds::shuffled(n, k, seed).ok(), by_group.ok()].into_iter().flatten() {
            let mut seen = vec![0; n];
            for fold in &folds.folds {
                fold.test.iter().for_each(|&i| seen[i] += 1);
                prop_assert_eq!(fold.train.len() + fold.test.len(), n);
                prop_assert!(fold.test.iter().all(|i| !fold.train.contains(i)));
            }
            prop_assert!(seen.iter().all(|&count| count == 1));
        }
        if let Ok(folds) = Folds::grouped(&groups, k.min(distinct.len()), seed) {
            for fold in &folds.folds {
                prop_assert!(fold.test.iter().all(|&i| fold.train.iter().all(|&j| groups[i] != groups[j])));
            }
        }
        for fold in &Folds::time_ordered(n, k).unwrap().folds {
            prop_assert!(fold.train.last() < fold.test.first() && !fold.train.is_empty());
        }
        let sizes: Vec<usize> = Folds::shuffled(n, k, seed).unwrap().folds.iter().map(|f| f.test.len()).collect();
        prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
    }

    /// The curve is what fitting by hand gives, with weights.
    #[test]
    fn curves_by_hand(n in 12_usize..30, seed: u64) {
        // More rows than columns in each fold: the minimiser is unique.
        let p = Problem::new(n, 4, 0.5, seed);
        let weights = crate::problems::positive(n, seed);
        let folds = Folds::shuffled(n, 3, seed).unwrap();
        let net = ElasticNet::lasso().levels(5).tolerance(1e-12).sample_weights(weights.clone());
        let found = net.cross_validate(&p.x, &p.y, &folds).unwrap();
        for (f, fold) in folds.folds.iter().enumerate() {
            // The other rows have weight zero: the same training problem.
            let mut train = weights.clone();
            fold.test.iter().for_each(|&i| train[i] = 0.0);
            let fit = net.clone().sample_weights(train).fit(&p.x, &p.y, found.curve.parameters[2]).unwrap();
            let fitted = fit.predict(&p.x).unwrap();
            let sum: f64 = fold.test.iter().map(|&i| weights[i] * (p.y[i] - fitted[i]).powi(2)).sum();
            let total: f64 = fold.test.iter().map(|&i| weights[i]).sum();
            prop_assert!((found.curve.errors[[2, f]] - sum / total).abs() < 1e-5 * (1.0 + sum / total));
        }
        let chosen = found.curve.one_se;
        let limit = found.curve.mean[found.curve.best] + found.curve.standard_error[found.curve.best];
        prop_assert!(found.curve.mean[chosen] <= limit && chosen <= found.curve.best);
        prop_assert!(found.chosen(Rule::OneStandardError).unwrap().lambda >= found.chosen(Rule::Minimum).unwrap().lambda);
    }
}

#[test]
fn the_race_returns_the_smallest_error() {
    let p = Problem::new(50, 30, 0.0, 3);
    let folds = Folds::shuffled(50, 5, 1).unwrap();
    let race = Race::lasso_and_rsp(&[3]).with(Entrant::Subset(BestSubset::new().sizes(0..=5)));
    let result = race.run(&p.x, &p.y, &folds).unwrap();
    let least = result.heats.iter().map(|heat| heat.error).fold(f64::INFINITY, f64::min);
    assert_eq!(result.heats[result.winner].error, least);
    assert_eq!(result.heats.iter().map(|h| h.name.as_str()).collect::<Vec<_>>(), ["lasso", "rsp 3", "best subset"]);
    assert!(result.model.score(&p.x, &p.y).unwrap() > 0.5);
    assert!(Race::new([]).run(&p.x, &p.y, &folds).is_err());
    let repeated = Race::new([]).with_repeated(3, 3, 5).unwrap().run(&p.x, &p.y, &folds).unwrap();
    assert_eq!(repeated.heats.len(), 3);
}

#[test]
fn stable_columns_are_the_true_ones() {
    let p = Problem::new(120, 40, 0.0, 6);
    let found = StabilitySelection::new(ElasticNet::lasso()).seed(3).run(&p.x, &p.y).unwrap();
    let mut selected = found.selected.clone();
    selected.sort_unstable();
    assert!([0, 20, 39].iter().all(|j| selected.contains(j)), "{selected:?}");
    assert!(selected.len() <= 6 && found.frequencies.iter().all(|f| (0.0..=1.0).contains(f)));
    assert!(found.mean_chosen <= (0.8_f64 * 40.0).sqrt().ceil());
}

#[test]
fn criteria_are_ordered_by_their_penalties() {
    let value = |criterion: Criterion| criterion.value(10.0, 100, 5.0, 50);
    assert!(value(Criterion::Aic) < value(Criterion::Aicc) && value(Criterion::Aicc) < value(Criterion::Bic));
    assert!(value(Criterion::Bic) < value(Criterion::Ebic { gamma: 0.5 }));
    let all: Array1<f64> = [Criterion::Aic, Criterion::Bic, Criterion::Gic].map(value).into_iter().collect();
    assert!(all.iter().all(|v| v.is_finite()));
}
