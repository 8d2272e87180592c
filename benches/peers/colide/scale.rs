//! The order start on thousands of variables, each size in a process of its own, so that its peak of memory is its own.

use crate::Outcome;
use colide::{Colide, Finish, Start, compare, covariance, support};
use orthant_benches::cpu::{Stopwatch, peak_memory};
use orthant_benches::sem;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// The command by which this program calls itself.
pub(crate) const COMMAND: &str = "order-start";
/// Nodes of the ER2 graphs.
pub(crate) const SIZES: [usize; 2] = [1000, 2000];

/// The record of one size, from a child process.
pub(crate) fn in_a_process_of_its_own(nodes: usize) -> Outcome<Value> {
    let output =
        Command::new(std::env::current_exe()?).args([COMMAND, &nodes.to_string()]).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("the order start on {nodes} nodes failed: {}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Fits one graph and prints the record.
pub(crate) fn order_start(nodes: &str) -> Outcome<()> {
    let nodes: usize = nodes.parse()?;
    let model = sem::model(nodes, 2.0, 1)?;
    let x = model.sample(crate::problem::ROWS, 1_000_001)?;
    let watch = Stopwatch::start();
    let covariance = covariance(&x)?;
    let fit = Colide::homoscedastic().starts([Start::Order]).finish(Finish::Polish).fit_covariance(&covariance)?;
    let elapsed = watch.elapsed();
    let peak = peak_memory();
    let shd = compare(&model.adjacency(), &support(&fit.weights))?.shd;
    let edges = model.weights.iter().filter(|&&w| w != 0.0).count();
    let record = json!({"nodes": nodes, "edges": edges, "shd": shd, "wall": elapsed.wall, "cpu": elapsed.cpu,
        "peak_bytes": peak});
    Ok(writeln!(std::io::stdout().lock(), "{record}")?)
}
