//! Bootstrap and stability selection.

use crate::problems::{config, rows};
use colide::{Begin, Bootstrap, Colide, Dag, Finish, NoiseModel, Replicates, Resampling, Stability};
use ndarray::Array2;
use proptest::prelude::*;
use std::ops::ControlFlow;

const MODELS: [NoiseModel; 2] = [NoiseModel::EqualVariance, NoiseModel::NonEqualVariance];

fn check(found: &Stability, replicates: usize) -> std::result::Result<(), TestCaseError> {
    prop_assert_eq!(found.replicates, replicates);
    let d = found.edge_frequency.nrows();
    for frequencies in [&found.edge_frequency, &found.path_frequency] {
        // Shares of whole replicates.
        for f in frequencies {
            let count = f * replicates as f64;
            prop_assert!((0.0..=1.0).contains(f) && (count - count.round()).abs() < 1e-9);
        }
        prop_assert!(frequencies.diag().iter().all(|&f| f == 0.0));
    }
    for ((i, j), &f) in found.edge_frequency.indexed_iter() {
        prop_assert!(found.path_frequency[[i, j]] >= f, "an edge is a path");
        prop_assert!(f + found.edge_frequency[[j, i]] <= 1.0 + 1e-12, "no replicate has both directions");
        prop_assert!(found.weight_lower[[i, j]] <= found.weight_upper[[i, j]]);
        prop_assert!(found.effect_lower[[i, j]] <= found.effect_median[[i, j]]);
        prop_assert!(found.effect_median[[i, j]] <= found.effect_upper[[i, j]]);
        if f == 0.0 {
            prop_assert_eq!((found.weight_lower[[i, j]], found.weight_upper[[i, j]]), (0.0, 0.0));
        }
        prop_assert!(found.consensus[[i, j]] == 0.0 || f > 0.5);
    }
    prop_assert!(Dag::from_adjacency("consensus", &found.consensus).is_ok());
    prop_assert!((found.edge_frequency.sum() - found.mean_edges).abs() <= 1e-12 * (d * d) as f64);
    let stable = found.stable_edges(0.5);
    prop_assert!(stable.windows(2).all(|pair| pair[0].2 >= pair[1].2));
    prop_assert_eq!(stable.len(), found.edge_frequency.iter().filter(|&&f| f >= 0.5).count());
    prop_assert!(found.expected_false_edges(0.5).is_none() && found.expected_false_edges(0.75).is_some());
    Ok(())
}

proptest! {
    #![proptest_config(config(12))]

    /// The same bits for pools of one and four threads, for a second run, and when the full fit is given; shares are
    /// shares.
    #[test]
    fn the_seed_decides_everything(
        d in 2..=6_usize,
        seed in any::<u64>(),
        equal in any::<bool>(),
        cold in any::<bool>(),
        fraction in prop_oneof![Just(None), (0.3..0.9_f64).prop_map(Some)],
        finish in prop::sample::select(vec![Finish::Threshold, Finish::Polish, Finish::Search]),
    ) {
        let x = rows(d, 50, equal, seed);
        let config = Colide::new(MODELS[usize::from(!equal)]).finish(finish);
        let bootstrap = Bootstrap::new(20)
            .seed(seed)
            .begin(if cold { Begin::Cold } else { Begin::FullFit })
            .resampling(fraction.map_or(Resampling::WithReplacement, Resampling::Subsample));
        let in_pool = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| bootstrap.run(&config, &x).unwrap())
        };
        let one = in_pool(1);
        check(&one, 20)?;
        prop_assert_eq!(&one, &in_pool(4));
        prop_assert_eq!(&one.fit, &config.fit(&x).unwrap());
        let around = bootstrap.run_around(&config, &x, one.fit.clone(), &mut core_optim::Unobserved).unwrap();
        prop_assert_eq!(&around, &one);
        prop_assert_eq!(one.seed, seed);
    }

    /// Subsamples of (nearly) all rows are the fit itself, when it begins from nothing: frequencies are 0 and 1 and the
    /// interval is a point (rows come in another order: 1e-8).
    #[test]
    fn a_subsample_of_everything_is_everything(d in 2..=5_usize, seed in any::<u64>(), equal in any::<bool>()) {
        let x = rows(d, 50, equal, seed);
        let config = Colide::new(MODELS[usize::from(!equal)]);
        let all = Bootstrap::new(3).begin(Begin::Cold).resampling(Resampling::Subsample(0.999)).run(&config, &x).unwrap();
        let graph = colide::support(&all.fit.weights);
        prop_assert_eq!(&all.edge_frequency, &graph);
        prop_assert_eq!(&all.consensus, &graph);
        for end in [&all.weight_lower, &all.weight_upper] {
            let difference: Array2<f64> = end - &all.fit.refit.weights;
            prop_assert!(crate::problems::largest(&difference) < 1e-8);
        }
    }
}

/// An observer sees the batches and can stop after the first; the result says how many replicates it rests on.
#[test]
fn a_stopped_bootstrap_counts_what_it_has() {
    let x = rows(4, 50, false, 3);
    let config = Colide::heteroscedastic();
    let bootstrap = Bootstrap::new(100).seed(1);
    let mut looks = Vec::new();
    let mut observer = |replicates: &Replicates| {
        looks.push((replicates.done, replicates.total));
        ControlFlow::Break(())
    };
    let full = config.fit(&x).unwrap();
    let found = bootstrap.run_around(&config, &x, full, &mut observer).unwrap();
    assert_eq!(looks.len(), 1);
    let (done, total) = looks[0];
    assert!(0 < done && done < 100 && total == 100);
    assert_eq!(found.replicates, done);
    // The first replicates do not depend on how many follow.
    let fewer = Bootstrap::new(done).seed(1).run(&config, &x).unwrap();
    assert_eq!(fewer, found);
}
