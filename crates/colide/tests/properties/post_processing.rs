//! From weights to a DAG.

use crate::problems::{config, square, tied};
use colide::{
    Dag, Graph, drop_only_cycle_edges, greedy_acyclic_subset, min_dag_threshold, prune, strongly_connected_components,
    threshold, threshold_and_prune,
};
use ndarray::Array2;
use proptest::prelude::*;

fn is_dag(w: &Array2<f64>) -> bool {
    Dag::from_weights("w", w).is_ok()
}

fn edges(w: &Array2<f64>) -> usize {
    w.iter().filter(|&&w| w != 0.0).count()
}

/// Every entry is that of `of`, or zero.
fn is_part(part: &Array2<f64>, of: &Array2<f64>) -> bool {
    part.iter().zip(of).all(|(&a, &b)| a == 0.0 || a == b)
}

/// The reference's rule, one edge at a time.
fn pruned_one_by_one(w: &Array2<f64>) -> Array2<f64> {
    let mut order: Vec<(usize, usize)> = w.indexed_iter().filter(|&(_, &w)| w != 0.0).map(|(e, _)| e).collect();
    order.sort_by(|&a, &b| w[a].abs().total_cmp(&w[b].abs()));
    let mut left = w.clone();
    for edge in order {
        if is_dag(&left) {
            break;
        }
        left[edge] = 0.0;
    }
    left
}

/// The rule "smallest edge of a cycle first", by its definition.
fn cycle_edges_one_by_one(w: &Array2<f64>) -> Array2<f64> {
    let mut left = w.clone();
    loop {
        let graph = Graph::from_weights("w", &left).expect("finite");
        // i -> j lies on a cycle when j leads back to i.
        let on_cycle = |i: usize, j: usize| i == j || graph.descendants(j).contains(i);
        let mut smallest: Option<((usize, usize), f64)> = None;
        for ((i, j), &w) in left.indexed_iter() {
            if w != 0.0 && on_cycle(i, j) && smallest.is_none_or(|(_, size)| w.abs() < size) {
                smallest = Some(((i, j), w.abs()));
            }
        }
        match smallest {
            Some((edge, _)) => left[edge] = 0.0,
            None => return left,
        }
    }
}

proptest! {
    #![proptest_config(config(128))]

    /// Property 9, for any W with ties and without; comparisons only, so everything is exact.
    #[test]
    fn every_way_ends_in_a_dag(
        w in (0..=7_usize).prop_flat_map(|d| prop_oneof![tied(d).boxed(), square(d, 2.0).boxed()]),
        level in prop_oneof![Just(0.0), Just(0.5), 0.0..2.5_f64],
    ) {
        let over = threshold(&w, level).unwrap();
        let kept = |w: f64| if w.abs() > level { w } else { 0.0 };
        prop_assert!(over.iter().zip(&w).all(|(&o, &w)| o == kept(w)));
        let reference = threshold_and_prune(&w, level).unwrap();
        prop_assert_eq!(&reference, &pruned_one_by_one(&over));
        let gentle = drop_only_cycle_edges(&over).unwrap();
        prop_assert_eq!(&gentle, &cycle_edges_one_by_one(&over));
        let greedy = greedy_acyclic_subset(&over).unwrap();
        for dag in [&reference, &gentle, &greedy] {
            prop_assert!(is_dag(dag) && is_part(dag, &over));
        }
        prop_assert!(edges(&gentle) >= edges(&reference));
        if is_dag(&over) {
            prop_assert!(reference == over && gentle == over && greedy == over);
        }
        // Maximal: any edge that was left out would close a cycle.
        for (edge, &w) in over.indexed_iter() {
            if w != 0.0 && greedy[edge] == 0.0 {
                let mut more = greedy.clone();
                more[edge] = w;
                prop_assert!(!is_dag(&more));
            }
        }
    }

    #[test]
    fn the_smallest_threshold_is_the_smallest(w in (0..=7_usize).prop_flat_map(|d| prop_oneof![tied(d).boxed(), square(d, 2.0).boxed()])) {
        let level = min_dag_threshold(&w).unwrap();
        prop_assert!(is_dag(&threshold(&w, level).unwrap()));
        prop_assert!(level == 0.0 || w.iter().any(|w| w.abs() == level));
        let next = w.iter().map(|w| w.abs()).filter(|&size| size < level).fold(0.0, f64::max);
        prop_assert!(level == 0.0 || !is_dag(&threshold(&w, next).unwrap()));
        // Without ties, pruning is the same as raising the threshold to this level.
        let mut sizes: Vec<f64> = w.iter().filter(|&&w| w != 0.0).map(|w| w.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        if sizes.windows(2).all(|pair| pair[0] < pair[1]) {
            prop_assert_eq!(prune(&w).unwrap(), threshold(&w, level).unwrap());
        }
    }

    /// Components are the classes of mutual reachability; orders put causes first; cycles are cycles.
    #[test]
    fn graphs_know_their_cycles(w in (0..=7_usize).prop_flat_map(tied)) {
        let d = w.nrows();
        let graph = Graph::from_weights("w", &w).unwrap();
        prop_assert_eq!((graph.nodes(), graph.edges()), (d, edges(&w)));
        let mut reach = Array2::from_shape_fn((d, d), |at| w[at] != 0.0);
        for k in 0..d {
            for i in 0..d {
                for j in 0..d {
                    reach[[i, j]] |= reach[[i, k]] && reach[[k, j]];
                }
            }
        }
        for i in 0..d {
            for j in 0..d {
                prop_assert_eq!(graph.descendants(i).contains(j), reach[[i, j]]);
                prop_assert_eq!(graph.ancestors(j).contains(i), reach[[i, j]]);
            }
        }
        let mut label = vec![usize::MAX; d];
        for (number, component) in strongly_connected_components(&graph).into_iter().enumerate() {
            component.iter().for_each(|&node| label[node] = number);
        }
        for i in 0..d {
            prop_assert!(label[i] != usize::MAX);
            for j in 0..d {
                prop_assert_eq!(label[i] == label[j], i == j || (reach[[i, j]] && reach[[j, i]]));
            }
        }
        match (graph.topological_order(), graph.cycle()) {
            (Some(order), None) => {
                let place = |node: usize| order.iter().position(|&o| o == node).expect("every node once");
                prop_assert!(w.indexed_iter().all(|((i, j), &w)| w == 0.0 || place(i) < place(j)));
            }
            (None, Some(cycle)) => {
                let next = |k: usize| cycle[(k + 1) % cycle.len()];
                prop_assert!(!cycle.is_empty() && (0..cycle.len()).all(|k| w[[cycle[k], next(k)]] != 0.0));
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }
}
