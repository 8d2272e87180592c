//! Distances between graphs, noise errors and sortabilities.

use crate::brute_force::directed_paths;
use crate::problems::{config, covariance, dag, graph};
use colide::{compare, noise_error, r2_sortability, shd_cpdag, varsortability};
use ndarray::{Array1, Array2};
use proptest::prelude::*;

fn shd(a: &Array2<f64>, b: &Array2<f64>) -> usize {
    compare(a, b).expect("two DAGs").shd
}

/// 1 for a rise, 1/2 for a tie (two variables always have the same R²), 0 for a fall.
fn rise(from: f64, to: f64) -> f64 {
    if (to - from).abs() <= 1e-9 * from.abs() {
        0.5
    } else if to > from {
        1.0
    } else {
        0.0
    }
}

/// The walks of exactly k edges: in a DAG they are paths.
fn sortability_by_powers(w: &Array2<f64>, values: &Array1<f64>) -> Option<f64> {
    let d = w.nrows();
    let support = colide::support(w);
    let mut power = support.clone();
    let (mut count, mut sorted) = (0.0, 0.0);
    for _ in 1..d {
        for ((i, j), &walks) in power.indexed_iter() {
            if walks > 0.0 {
                count += 1.0;
                sorted += rise(values[i], values[j]);
            }
        }
        power = power.dot(&support);
    }
    (count > 0.0).then(|| sorted / count)
}

proptest! {
    #![proptest_config(config(128))]

    /// Property 14: SHD is a metric on DAGs, and SHD-C one on their classes; integers, so exact.
    #[test]
    fn shd_is_a_metric((a, b, c) in (0..=7_usize).prop_flat_map(|d| (graph(d), graph(d), graph(d)))) {
        for distance in [shd, |a: &Array2<f64>, b: &Array2<f64>| shd_cpdag(a, b).expect("two DAGs")] {
            prop_assert_eq!(distance(&a, &a), 0);
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert!(distance(&a, &c) <= distance(&a, &b) + distance(&b, &c));
        }
        prop_assert_eq!(shd(&a, &b) == 0, a == b);
        // Two DAGs: the number of unordered pairs whose status differs.
        let d = a.nrows();
        let status = |g: &Array2<f64>, i: usize, j: usize| (g[[i, j]], g[[j, i]]);
        let pairs = (0..d).flat_map(|i| (i + 1..d).map(move |j| (i, j)));
        prop_assert_eq!(shd(&a, &b), pairs.filter(|&(i, j)| status(&a, i, j) != status(&b, i, j)).count());
        // The counts partition the edges.
        let found = compare(&a, &b).unwrap();
        prop_assert_eq!(found.predicted, found.true_positives + found.reversed + found.false_positives);
        let edges = a.iter().filter(|&&e| e != 0.0).count();
        prop_assert_eq!(edges, found.true_positives + found.reversed + found.missing);
        for rate in [found.fdr, found.tpr, found.fpr] {
            prop_assert!(rate >= 0.0);
        }
        prop_assert!(found.fdr <= 1.0 && found.tpr <= 1.0);
    }

    #[test]
    fn sortabilities_count_paths((w, c) in (2..=6_usize).prop_flat_map(|d| (dag(d, 1.0), covariance(d)))) {
        let d = w.nrows();
        prop_assert_eq!(varsortability(&w, &c).unwrap(), sortability_by_powers(&w, &c.diag().to_owned()));
        // R² by regression on all others: 1 − Schur complement / variance.
        let r2 = Array1::from_shape_fn(d, |j| {
            let mut schur = c.clone();
            for k in (0..d).filter(|&k| k != j) {
                let column = schur.column(k).to_owned();
                for a in 0..d {
                    for b in 0..d {
                        schur[[a, b]] -= column[a] * column[b] / column[k];
                    }
                }
            }
            1.0 - schur[[j, j]] / c[[j, j]]
        });
        prop_assert_eq!(r2_sortability(&w, &c).unwrap(), sortability_by_powers(&w, &r2));
        // R² does not know units.
        let scaled = Array2::from_shape_fn((d, d), |(i, j)| c[[i, j]] * f64::powi(2.0, i as i32) * f64::powi(2.0, j as i32));
        prop_assert_eq!(r2_sortability(&w, &scaled).unwrap(), r2_sortability(&w, &c).unwrap());
        // Against path lengths by enumeration.
        let lengths = |i: usize, j: usize| {
            let mut all: Vec<usize> = directed_paths(&w, i, j).iter().map(Vec::len).collect();
            all.sort_unstable();
            all.dedup();
            all.len()
        };
        let total: usize = (0..d).flat_map(|i| (0..d).map(move |j| (i, j))).map(|(i, j)| lengths(i, j)).sum();
        let rising: f64 = (0..d)
            .flat_map(|i| (0..d).map(move |j| (i, j)))
            .map(|(i, j)| rise(c[[i, i]], c[[j, j]]) * lengths(i, j) as f64)
            .sum();
        let expected = (total > 0).then(|| rising / total as f64);
        prop_assert_eq!(varsortability(&w, &c).unwrap(), expected);
    }

    /// mean |σ̂² − σ²| / σ²; relative, so units do not matter. 1e-12: a handful of roundings.
    #[test]
    fn noise_errors_are_relative(
        (found, truth) in (1..=5_usize).prop_flat_map(|d| (prop::collection::vec(0.0..3.0_f64, d), prop::collection::vec(0.1..3.0_f64, d))),
        unit in 1e-3..1e3_f64,
    ) {
        let (found, truth) = (Array1::from(found), Array1::from(truth));
        let expected = found.iter().zip(&truth).map(|(f, t)| (f * f - t * t).abs() / (t * t)).sum::<f64>() / truth.len() as f64;
        let error = noise_error(&found, &truth).unwrap();
        prop_assert!((error - expected).abs() <= 1e-12 * (1.0 + expected));
        let scaled = noise_error(&(&found * unit), &(&truth * unit)).unwrap();
        prop_assert!((error - scaled).abs() <= 1e-12 * (1.0 + expected));
        prop_assert_eq!(noise_error(&truth, &truth).unwrap(), 0.0);
    }
}
