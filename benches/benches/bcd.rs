//! Kernels of block coordinate descent: forest solves, forest sweeps, block updates, one iteration of each rule.
//!
//! Elements are nodes of a forest, or stored entries of the design that a full gradient reads.

#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use bcd::{
    Bcd, Block, Blocks, DiagonalBound, ForestFactor, ForestOrder, Graph, LabelPropagation, LinearLoss, Objective,
    Partition, Penalty, Problem, Rule, Update, lattice_trees, state_at,
};
use core_optim::design::CscMatrix;
use core_optim::prox::L1;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array1;
use std::hint::black_box;

fn grid(side: usize) -> LabelPropagation<f64> {
    let graph = Graph::lattice(side, side, 1.0).expect("a grid");
    let labels: Vec<(usize, f64)> = (0..side * side).step_by(25).map(|node| (node, (node as f64).sin())).collect();
    LabelPropagation::new(&graph, &labels).expect("every node is reached")
}

/// Factor and solve of one comb of a grid.
fn forests(criterion: &mut Criterion) {
    for side in [50, 500] {
        let problem = grid(side);
        let f = problem.objective();
        let [_, tree] = lattice_trees(side, side).expect("a grid");
        let block = problem.restrict(&tree);
        let graph = f.graph().expect("a sparse quadratic");
        let order = ForestOrder::new(graph, &block).expect("a tree");
        let state = state_at(f, &Array1::zeros(f.variables())).expect("a point");
        let (diagonal, curvature) = (f.diagonal(), bcd::Curvature::Bound);
        let mut factor = ForestFactor::new();
        let mut group = criterion.benchmark_group("bcd/forest");
        group.throughput(Throughput::Elements(block.len() as u64));
        group.bench_function(BenchmarkId::new("order", side), |b| {
            b.iter(|| ForestOrder::new(graph, black_box(&block)).expect("a tree"));
        });
        group.bench_function(BenchmarkId::new("factorise", side), |b| {
            b.iter(|| {
                factor
                    .factorise(&order, |i| diagonal[i], |s| f.link_entry(&state, curvature, s), None)
                    .expect("definite");
            });
        });
        let right: Vec<f64> = block.iter().map(|&i| (i as f64).cos()).collect();
        let mut solution = right.clone();
        group.bench_function(BenchmarkId::new("solve", side), |b| {
            b.iter(|| {
                solution.copy_from_slice(&right);
                factor.solve(&order, &mut solution).expect("as long as the order");
            });
        });
        group.finish();
        let mut group = criterion.benchmark_group("bcd/forest_step");
        group.throughput(Throughput::Elements(block.len() as u64));
        let penalty = Penalty::None;
        let whole = Problem::new(f, &penalty).expect("no penalty");
        let mut step = Update::Forest.build(&whole).expect("a graph");
        // From a fresh point each time: a block that is solved again and again has a gradient of subnormal numbers.
        let start = state_at(f, &Array1::zeros(f.variables())).expect("a point");
        group.bench_function(BenchmarkId::new("orthant", side), |b| {
            b.iter_batched(
                || start.clone(),
                |mut state| {
                    step.step(&whole, &mut state, Block { indices: &block, number: Some(0) }).expect("definite");
                    state
                },
                criterion::BatchSize::LargeInput,
            );
        });
        group.finish();
    }
}

fn design() -> (CscMatrix<f64>, Array1<f64>) {
    let b = datasets::bcd::logistic_b();
    let design = CscMatrix::new(b.design.rows, b.design.starts, b.design.indices, b.design.values);
    (design.expect("a sparse matrix"), Array1::from(b.labels))
}

/// One update of a block of 50 coordinates of the logistic problem.
fn updates(criterion: &mut Criterion) {
    let (design, labels) = design();
    let f = LinearLoss::logistic(&design, &labels).expect("labels are signs");
    let indices: Vec<usize> = (0..f.variables()).step_by(200).collect();
    let l1: Penalty<f64> = L1::new(10.0).expect("a level").into();
    let none = Penalty::None;
    let mut group = criterion.benchmark_group("bcd/update_50");
    for (name, penalty, update) in [
        ("gradient", &none, Update::Gradient),
        ("matrix", &none, Update::Matrix),
        ("newton", &none, Update::newton()),
        ("prox_newton_l1", &l1, Update::prox_newton()),
        ("two_metric_l1", &l1, Update::TwoMetricL1),
    ] {
        let problem = Problem::new(&f, penalty).expect("fits");
        let mut step = update.build(&problem).expect("fits");
        let start = state_at(&f, &Array1::zeros(f.variables())).expect("a point");
        group.bench_function(name, |b| {
            b.iter_batched(
                || start.clone(),
                |mut state| {
                    step.step(&problem, &mut state, Block { indices: &indices, number: None }).expect("finite");
                    state
                },
                criterion::BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// Ten iterations of each rule, blocks of 5, gradient steps: a gradient pass and a selection each.
fn rules(criterion: &mut Criterion) {
    let (design, labels) = design();
    let f = LinearLoss::logistic(&design, &labels).expect("labels are signs");
    let mut group = criterion.benchmark_group("bcd/ten_iterations");
    group.sample_size(10);
    group.throughput(Throughput::Elements(10 * design.stored() as u64));
    let variable = Blocks::Variable(5);
    let fixed = Blocks::Fixed(Partition::Order(5));
    for (name, blocks, rule) in [
        ("random", &variable, Rule::Random),
        ("gs", &variable, Rule::Gs),
        ("gsd", &variable, Rule::Gsd(DiagonalBound::Lipschitz)),
        ("gsq_thresholding", &variable, Rule::GsqThresholding),
        ("gsq_greedy", &variable, Rule::GsqGreedy),
        ("gsq_cluster", &variable, Rule::GsqCluster(30)),
        ("gs_model", &variable, Rule::GsModel),
        ("fixed_cyclic", &fixed, Rule::Cyclic),
        ("fixed_gsl", &fixed, Rule::Gsl),
    ] {
        let bcd = Bcd::new().blocks(blocks.clone()).rule(rule).update(Update::Gradient);
        let bcd = bcd.tolerance(0.0).max_iterations(10).check_every(usize::MAX);
        group.bench_function(name, |b| b.iter(|| bcd.fit(&f, &Penalty::None).expect("legal")));
    }
    group.finish();
}

criterion_group!(benches, forests, updates, rules);
criterion_main!(benches);
