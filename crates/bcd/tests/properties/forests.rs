//! Properties 8 and 14: forests and colourings, and what is solved on them.

use crate::config;
use crate::problems::state;
use bcd::{
    Bcd, Blocks, Curvature, ForestOrder, Graph, LabelPropagation, Objective, Pairwise, Partition, Penalty, Rule,
    SparseQuadratic, Update, Visit, colouring, forest_direction, forest_partition, greedy_forest, lattice_trees,
    red_black,
};
use core_optim::loss::{Huber, Logistic, Squared};
use core_optim::prox::BoxConstraint;
use core_tensor::linalg::solve_spd;
use core_tensor::random::{normal_array, permutation, rng, uniform_array};
use ndarray::{Array1, Array2};
use proptest::prelude::*;

fn graph(seed: u64, n: usize, share: f64) -> Graph<f64> {
    let mut random = rng(seed);
    let draws = uniform_array::<f64, _, _>(&mut random, (n, n));
    let edges: Vec<(usize, usize, f64)> = (0..n)
        .flat_map(|i| (i + 1..n).map(move |j| (i, j)))
        .filter(|&(i, j)| draws[[i, j]] < share)
        .map(|(i, j)| (i, j, 0.1 + draws[[j, i]]))
        .collect();
    Graph::new(n, &edges).unwrap()
}

/// Laplacian plus identity: positive definite.
fn quadratic(seed: u64, n: usize, share: f64) -> SparseQuadratic<f64> {
    let weights = graph(seed, n, share);
    let diagonal = Array1::from_shape_fn(n, |i| 1.0 + weights.weights(i).iter().sum::<f64>());
    let edges: Vec<(usize, usize, f64)> = weights.edge_list().map(|(i, j, w)| (i, j, -w)).collect();
    let b = normal_array::<f64, _, _>(&mut rng(seed + 1), n);
    SparseQuadratic::new(Graph::new(n, &edges).unwrap(), diagonal, b).unwrap()
}

fn dense(f: &SparseQuadratic<f64>, block: &[usize]) -> Array2<f64> {
    let mut h = Array2::zeros((block.len(), block.len()));
    let mut at = state(f, &Array1::zeros(f.variables()));
    f.hessian_into(&mut at, block, Curvature::Bound, &mut h).unwrap();
    h
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn message_passing_is_elimination(seed in 0..10_000_u64, n in 1..30_usize, share in 0.0..0.4_f64) {
        let f = quadratic(seed, n, share);
        let order = permutation(&mut rng(seed), n);
        let block = greedy_forest(f.graph().unwrap(), &order).unwrap();
        let mut at = state(&f, &Array1::zeros(n));
        let found = forest_direction(&f, &mut at, &block, Curvature::Bound).unwrap();
        let right: Array1<f64> = block.iter().map(|&i| -at.gradient[i]).collect();
        let exact = solve_spd(&dense(&f, &block), &right).unwrap();
        prop_assert!(exact.iter().zip(&found).all(|(a, b)| (a - b).abs() < 1e-10 * (1.0 + a.abs())));
    }

    #[test]
    fn greedy_forests_are_maximal_and_acyclic(seed in 0..10_000_u64, n in 1..30_usize, share in 0.0..0.5_f64) {
        let g = graph(seed, n, share);
        let forest = greedy_forest(&g, &permutation(&mut rng(seed), n)).unwrap();
        let order = ForestOrder::new(&g, &forest).unwrap();
        let inside = |i: usize| forest.binary_search(&i).is_ok();
        let links = g.edge_list().filter(|&(i, j, _)| inside(i) && inside(j)).count();
        prop_assert_eq!(links, forest.len() - order.trees());
        for node in (0..n).filter(|&i| !inside(i)) {
            let mut more = forest.clone();
            more.push(node);
            prop_assert!(ForestOrder::new(&g, &more).is_err(), "node {} could join", node);
        }
    }

    #[test]
    fn partitions_are_partitions(seed in 0..10_000_u64, n in 1..30_usize, share in 0.0..0.5_f64, rows in 2..7_usize, columns in 1..7_usize) {
        let f = quadratic(seed, n, share);
        let g = f.graph().unwrap();
        let order = permutation(&mut rng(seed), n);
        let sorted = |blocks: &[Vec<usize>]| {
            let mut all: Vec<usize> = blocks.iter().flatten().copied().collect();
            all.sort_unstable();
            all
        };
        let everything: Vec<usize> = (0..n).collect();
        let forests = forest_partition(g, &order).unwrap();
        prop_assert_eq!(&sorted(&forests), &everything);
        prop_assert!(forests.iter().all(|forest| ForestOrder::new(g, forest).is_ok()));
        let classes = colouring(g, &order).unwrap();
        prop_assert_eq!(sorted(&classes), everything);
        for class in &classes {
            let h = dense(&f, class);
            prop_assert!(h.indexed_iter().all(|((i, j), &v)| i == j || v == 0.0));
        }
        let lattice = Graph::lattice(rows, columns, 1.0).unwrap();
        let trees = lattice_trees(rows, columns).unwrap();
        let colours = red_black(rows, columns).unwrap();
        let nodes: Vec<usize> = (0..rows * columns).collect();
        prop_assert_eq!(&sorted(&trees), &nodes);
        prop_assert_eq!(sorted(&colours), nodes);
        for tree in trees.iter().filter(|tree| !tree.is_empty()) {
            prop_assert!(ForestOrder::new(&lattice, tree).is_ok());
        }
        for colour in &colours {
            prop_assert!(lattice.edge_list().all(|(i, j, _)| !(colour.contains(&i) && colour.contains(&j))));
        }
    }

    #[test]
    fn label_propagation_solves_the_laplacian(seed in 0..10_000_u64, rows in 2..9_usize, columns in 2..9_usize) {
        let grid = Graph::lattice(rows, columns, 1.5).unwrap();
        let labels = [(0, -1.0), (rows * columns - 1, 2.0), ((seed as usize) % (rows * columns - 2) + 1, 0.7)];
        let problem = LabelPropagation::new(&grid, &labels).unwrap();
        let found = problem.solve(1e-13).unwrap();
        let f = problem.objective();
        let p = f.variables();
        let all: Vec<usize> = (0..p).collect();
        let exact = solve_spd(&dense(f, &all), &f.linear().to_owned()).unwrap();
        prop_assert!(found.converged);
        for (v, &node) in problem.unlabelled().iter().enumerate() {
            prop_assert!((found.values[node] - exact[v]).abs() < 1e-9);
        }
        // Each value is the mean of its neighbours, so bounds beyond the labels change nothing, and tight ones hold.
        let free = problem.clone().bounds(-1.0, 2.0).unwrap().solve(1e-12).unwrap();
        prop_assert!(free.converged && free.values.iter().zip(&found.values).all(|(a, b)| (a - b).abs() < 1e-7));
        let tight = problem.clone().bounds(-0.5, 0.5).unwrap().solve(1e-12).unwrap();
        let penalty: Penalty<f64> = BoxConstraint::uniform(-0.5, 0.5).unwrap().into();
        let bcd = Bcd::new().blocks(Blocks::Variable(p)).rule(Rule::GsModel).update(Update::Exact).tolerance(1e-12);
        let other = bcd.fit(f, &penalty).unwrap();
        prop_assert!(tight.converged);
        prop_assert!(other.x.iter().enumerate().all(|(v, x)| (x - tight.values[problem.unlabelled()[v]]).abs() < 1e-6));
        let relabelled = problem.relabelled(&[-1.0, 2.0, 0.7]).unwrap().solve(1e-13).unwrap();
        prop_assert_eq!(relabelled.values, found.values);
    }

    #[test]
    fn forests_serve_other_potentials(seed in 0..10_000_u64, n in 2..14_usize) {
        let g = graph(seed, n, 0.3);
        let differences: Vec<(usize, usize, f64, f64)> = g.edge_list().map(|(i, j, w)| (i, j, w, 0.0)).collect();
        let targets = normal_array::<f64, _, _>(&mut rng(seed + 7), n);
        let singles: Vec<(usize, f64, f64)> = (0..n).map(|i| (i, 1.0, targets[i])).collect();
        let q = Array1::from_elem(n, 0.1);
        let check = |f: &dyn Objective<f64>| {
            let forest = Bcd::new().blocks(Blocks::Fixed(Partition::Forests(Visit::Natural))).rule(Rule::Cyclic).update(Update::Forest);
            let one = forest.tolerance(1e-9).max_iterations(20_000).fit(f, &Penalty::None).unwrap();
            let two = Bcd::new().blocks(Blocks::Variable(n)).update(Update::newton()).tolerance(1e-10).fit(f, &Penalty::None).unwrap();
            assert!((one.objective - two.objective).abs() < 1e-8 * (1.0 + two.objective.abs()), "{} {}", one.objective, two.objective);
            for rule in [Rule::Gs, Rule::Random] {
                let grown = Bcd::new().blocks(Blocks::Forest).rule(rule).update(Update::Forest).tolerance(1e-8);
                let three = grown.max_iterations(20_000).fit(f, &Penalty::None).unwrap();
                assert!((three.objective - two.objective).abs() < 1e-7 * (1.0 + two.objective.abs()));
            }
        };
        let huber = Pairwise::new(n, Huber::new(0.3).unwrap()).unwrap();
        check(&huber.differences(&differences).unwrap().singles(&singles).unwrap().quadratic(&q).unwrap());
        let squared = Pairwise::new(n, Squared).unwrap();
        check(&squared.differences(&differences).unwrap().singles(&singles).unwrap());
        let ones: Vec<(usize, usize, f64, f64)> = g.edge_list().map(|(i, j, w)| (i, j, w, 1.0)).collect();
        check(&Pairwise::new(n, Logistic).unwrap().differences(&ones).unwrap().quadratic(&q).unwrap());
    }
}
