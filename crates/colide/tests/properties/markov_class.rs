//! Completed partially directed graphs.

use crate::brute_force::{all_dags, markov_signature};
use crate::problems::{config, graph};
use colide::{cpdag, shd_cpdag};
use ndarray::Array2;
use proptest::prelude::*;
use std::collections::HashMap;

/// All DAGs of up to five nodes (1, 3, 25, 543, 29281): the CPDAG of each is the union of its equivalence class.
#[test]
fn the_cpdag_is_the_union_of_the_class() {
    for (d, count) in [(0, 1), (1, 1), (2, 3), (3, 25), (4, 543), (5, 29_281)] {
        let dags = all_dags(d);
        assert_eq!(dags.len(), count);
        let mut classes: HashMap<_, Vec<&Array2<f64>>> = HashMap::new();
        for dag in &dags {
            classes.entry(markov_signature(dag)).or_default().push(dag);
        }
        for members in classes.values() {
            let mut union = Array2::<f64>::zeros((d, d));
            members.iter().for_each(|dag| union.zip_mut_with(dag, |u, &e| *u = u.max(e)));
            for dag in members {
                assert_eq!(cpdag(dag).unwrap().adjacency, union, "{dag}");
            }
            let found = cpdag(members[0]).unwrap();
            // Compelled edges are those of all members, reversible ones point both ways within the class.
            assert!(found.compelled().iter().all(|&e| members.iter().all(|dag| dag[e] == 1.0)));
            assert!(found.reversible().iter().all(|&(i, j)| i < j
                && members.iter().any(|dag| dag[[i, j]] == 1.0)
                && members.iter().any(|dag| dag[[j, i]] == 1.0)));
        }
    }
}

proptest! {
    #![proptest_config(config(64))]

    /// Property 14: reversing a covered edge (pa(j) = pa(i) ∪ {i}) stays within the class (Chickering 1995), for graphs
    /// too large to enumerate.
    #[test]
    fn covered_reversals_keep_the_cpdag(dag in (2..=9_usize).prop_flat_map(graph), picks in prop::collection::vec(any::<prop::sample::Index>(), 20)) {
        let expected = cpdag(&dag).unwrap();
        let d = dag.nrows();
        let mut walk = dag.clone();
        for pick in picks {
            let covered: Vec<(usize, usize)> = walk
                .indexed_iter()
                .filter(|&((i, j), &e)| e == 1.0 && (0..d).all(|k| k == i || walk[[k, i]] == walk[[k, j]]))
                .map(|(edge, _)| edge)
                .collect();
            if covered.is_empty() {
                break;
            }
            let (i, j) = covered[pick.index(covered.len())];
            walk[[i, j]] = 0.0;
            walk[[j, i]] = 1.0;
            prop_assert_eq!(&cpdag(&walk).unwrap(), &expected);
        }
        prop_assert_eq!(shd_cpdag(&dag, &walk).unwrap(), 0);
        // As an estimate of a member it has no error: undirected edges count as right.
        let against = colide::compare(&walk, &expected.estimate()).unwrap();
        prop_assert_eq!((against.shd, against.tpr, against.fdr), (0, if against.predicted > 0 { 1.0 } else { 0.0 }, 0.0));
    }
}
