//! Runs one combination for a number of iterations, for a memory profiler to count its allocations:
//! `valgrind target/debug/examples/allocations NAME ITERATIONS`. The counts of two numbers of iterations differ by what an
//! iteration allocates.

use bcd::{Bcd, Blocks, CubicConstant, Graph, LinearLoss, Objective, Penalty, Rule, SparseQuadratic, Update};
use core_optim::design::Dense;
use core_optim::prox::L1;
use core_tensor::random::{normal_array, rng};
use ndarray::{Array1, Array2};
use std::error::Error;
use std::io::Write;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, iterations] = words.as_slice() else { return Err("usage: allocations NAME ITERATIONS".into()) };
    let base = Bcd::new().max_iterations(iterations.parse()?).tolerance(0.0).check_every(usize::MAX);
    let a: Array2<f64> = normal_array(&mut rng(1), (60, 80));
    let y: Array1<f64> = normal_array(&mut rng(2), 60);
    let design = Dense::new(&a)?;
    let squares = LinearLoss::least_squares(&design, &y)?.with_ridge(0.1)?;
    let labels = y.mapv(|y: f64| if y > 0.0 { 1.0 } else { -1.0 });
    let logistic = LinearLoss::logistic(&design, &labels)?.with_ridge(0.01)?;
    let side = 20;
    let graph = Graph::lattice(side, side, -1.0)?;
    let lattice =
        SparseQuadratic::new(graph, Array1::from_elem(side * side, 4.01), normal_array(&mut rng(3), side * side))?;
    let any = Blocks::Variable(10);
    let none = Penalty::None;
    let (config, objective, penalty): (Bcd, &dyn Objective<f64>, Penalty<f64>) = match name.as_str() {
        "gsq-thresholding" => (base.blocks(any).rule(Rule::GsqThresholding).update(Update::Matrix), &squares, none),
        "gsq-greedy" => (base.blocks(any).rule(Rule::GsqGreedy).update(Update::Matrix), &squares, none),
        "gsq-cluster" => (base.blocks(any).rule(Rule::GsqCluster(5)).update(Update::Matrix), &squares, none),
        "best-of" => (base.blocks(any).rule(Rule::BestOf).update(Update::Matrix), &squares, none),
        "cubic" => (base.blocks(any).rule(Rule::Gs).update(Update::Cubic(CubicConstant::Adaptive)), &logistic, none),
        "cubic-bound" => (base.blocks(any).rule(Rule::Gs).update(Update::Cubic(CubicConstant::Bound)), &logistic, none),
        "active-set" => {
            (base.blocks(any).rule(Rule::GsModel).update(Update::prox_newton()), &logistic, L1::new(0.05)?.into())
        }
        "controller" => (
            base.blocks(any).rule(Rule::GsModel).update(Update::prox_newton()).support_cap(80),
            &logistic,
            L1::new(0.05)?.into(),
        ),
        "graph-blocks" => (base.blocks(any).rule(Rule::Gs).update(Update::Matrix), &lattice, none),
        "forests" => (base.blocks(Blocks::Forest).rule(Rule::Gs).update(Update::Forest), &lattice, none),
        other => return Err(format!("no combination `{other}`").into()),
    };
    let fit = config.fit(objective, &penalty)?;
    writeln!(std::io::stdout().lock(), "{} iterations, F = {}", fit.iterations, fit.objective)?;
    Ok(())
}
