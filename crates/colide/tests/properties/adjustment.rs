//! d-separation, adjustment sets and intervention distances against enumeration.

use crate::brute_force;
use crate::problems::{config, graph};
use colide::{ancestor_aid, d_separated, is_valid_adjustment, optimal_adjustment_set, oset_aid, sid};
use ndarray::Array2;
use proptest::prelude::*;

/// All subsets of `of`.
fn subsets(of: &[usize]) -> impl Iterator<Item = Vec<usize>> + '_ {
    (0..1_usize << of.len())
        .map(|bits| of.iter().enumerate().filter(|&(k, _)| bits >> k & 1 == 1).map(|(_, &n)| n).collect())
}

fn check_all_queries(dag: &Array2<f64>) {
    let d = dag.nrows();
    let nodes: Vec<usize> = (0..d).collect();
    for i in 0..d {
        for j in 0..d {
            for z in subsets(&nodes) {
                let separated = d_separated(dag, &[i], &[j], &z).unwrap();
                assert_eq!(separated, brute_force::d_separated(dag, i, j, &z), "{i} {j} {z:?} in {dag}");
                let valid = is_valid_adjustment(dag, i, j, &z).unwrap();
                assert_eq!(valid, brute_force::is_valid_adjustment(dag, i, j, &z), "{i} {j} {z:?} in {dag}");
            }
            match optimal_adjustment_set(dag, i, j).unwrap() {
                Some(set) => assert!(brute_force::is_valid_adjustment(dag, i, j, &set), "{i} {j} {set:?} in {dag}"),
                None => assert!(i == j || brute_force::directed_paths(dag, i, j).is_empty()),
            }
        }
    }
}

#[test]
fn every_query_of_every_small_dag() {
    for d in 0..=3 {
        brute_force::all_dags(d).iter().for_each(check_all_queries);
    }
}

#[test]
fn the_distance_of_every_pair_of_three_nodes() {
    let dags = brute_force::all_dags(3);
    for truth in &dags {
        for estimate in &dags {
            assert_eq!(sid(truth, estimate).unwrap(), brute_force::sid(truth, estimate), "{truth} {estimate}");
        }
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn every_query_of_random_dags(dag in (4..=5_usize).prop_flat_map(graph)) {
        check_all_queries(&dag);
    }

    /// SID and the other two distances against pair-by-pair judgements; 0 for a graph with itself, at most d (d − 1).
    #[test]
    fn distances_count_wrong_pairs((truth, estimate) in (2..=5_usize).prop_flat_map(|d| (graph(d), graph(d)))) {
        let d = truth.nrows();
        prop_assert_eq!(sid(&truth, &estimate).unwrap(), brute_force::sid(&truth, &estimate));
        let (mut ancestor, mut oset) = (0, 0);
        for i in 0..d {
            let ancestors: Vec<usize> =
                (0..d).filter(|&k| k != i && !brute_force::directed_paths(&estimate, k, i).is_empty()).collect();
            for j in (0..d).filter(|&j| j != i) {
                let effect = !brute_force::directed_paths(&truth, i, j).is_empty();
                let claims_effect = !brute_force::directed_paths(&estimate, i, j).is_empty();
                let wrong = |z: &[usize]| if claims_effect { !brute_force::is_valid_adjustment(&truth, i, j, z) } else { effect };
                ancestor += usize::from(wrong(&ancestors));
                oset += usize::from(wrong(&optimal_adjustment_set(&estimate, i, j).unwrap().unwrap_or_default()));
            }
        }
        prop_assert_eq!(ancestor_aid(&truth, &estimate).unwrap(), ancestor);
        prop_assert_eq!(oset_aid(&truth, &estimate).unwrap(), oset);
        for distance in [sid, ancestor_aid, oset_aid] {
            prop_assert_eq!(distance(&truth, &truth).unwrap(), 0);
            prop_assert!(distance(&truth, &estimate).unwrap() <= d * (d - 1));
        }
        // A supergraph of the truth with the same orders adjusts for more than it must, but never wrongly.
        let mut full = Array2::zeros((d, d));
        let order = colide::Dag::from_adjacency("truth", &truth).unwrap().order().to_vec();
        for (at, &i) in order.iter().enumerate() {
            order[at + 1..].iter().for_each(|&j| full[[i, j]] = 1.0);
        }
        prop_assert_eq!(sid(&truth, &full).unwrap(), 0);
    }
}
