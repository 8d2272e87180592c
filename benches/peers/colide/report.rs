//! Both sides in one table, and the targets.

use crate::Outcome;
use crate::problem::{ROWS, SIZES, SPARSITY, problems};
use crate::run::METHODS;
use colide::{
    NoiseModel, compare, covariance, mean_squared_residuals_into, profile_score, prune, residual_covariance_into,
    support,
};
use ndarray::{Array1, Array2};
use serde_json::{Value, json};
use std::path::Path;

/// One method on one problem.
struct Row {
    nodes: usize,
    method: String,
    cpu: f64,
    wall: f64,
    shd: f64,
    objective: f64,
    /// Edges that had to be removed to leave no cycle.
    pruned: usize,
}

const PEER: &str = "dagma";

/// Compares all that was written to `folder` and writes the document `file`.
pub(crate) fn report(folder: &Path, file: &Path) -> Outcome<()> {
    let read = |name: &str| -> Outcome<Vec<Value>> {
        let value: Value = serde_json::from_str(&std::fs::read_to_string(folder.join(name))?)?;
        Ok(value.as_array().cloned().unwrap_or_default())
    };
    let times: Vec<Value> = [read("orthant.json")?, read("dagma.json")?].concat();
    let mut rows = Vec::new();
    for problem in problems() {
        let (c, truth) = (covariance(&problem.data(folder)?)?.matrix, problem.truth()?);
        for time in times.iter().filter(|time| time["problem"] == problem.name) {
            let method = time["method"].as_str().unwrap_or_default();
            let weights = problem.weights(folder, method)?;
            let dag = prune(&weights)?;
            let edges = |w: &Array2<f64>| w.iter().filter(|&&w| w != 0.0).count();
            let seconds = |kind: &str| time[kind].as_f64().unwrap_or(f64::NAN);
            rows.push(Row {
                nodes: problem.nodes,
                method: method.to_owned(),
                cpu: seconds("cpu"),
                wall: seconds("wall"),
                shd: compare(&truth, &support(&dag))?.shd as f64,
                objective: objective(&c, &weights)?,
                pruned: edges(&weights) - edges(&dag),
            });
        }
    }
    let document = document(&Results(rows), &read("large.json")?);
    std::fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    Ok(std::fs::write(file, serde_json::to_string_pretty(&document)? + "\n")?)
}

/// S(W, σ̂) + λ ‖W‖₁ for equal variances.
fn objective(c: &Array2<f64>, w: &Array2<f64>) -> Outcome<f64> {
    let d = w.nrows();
    let (mut residual, mut q) = (Array2::zeros((d, d)), Array1::zeros(d));
    residual_covariance_into(c, w, &mut residual)?;
    mean_squared_residuals_into(w, &residual, &mut q)?;
    let score = profile_score(NoiseModel::EqualVariance, &q, &Array1::from_elem(d, 1e-12))?;
    Ok(score + SPARSITY * w.iter().map(|w| w.abs()).sum::<f64>())
}

struct Results(Vec<Row>);

impl Results {
    /// Mean over the graphs of one size.
    fn mean(&self, nodes: usize, method: &str, value: fn(&Row) -> f64) -> f64 {
        let values: Vec<f64> =
            self.0.iter().filter(|row| row.nodes == nodes && row.method == method).map(value).collect();
        values.iter().sum::<f64>() / values.len() as f64
    }

    /// How many times faster than the peer, by processor time.
    fn speed_up(&self, nodes: usize, method: &str) -> f64 {
        self.mean(nodes, PEER, |row| row.cpu) / self.mean(nodes, method, |row| row.cpu)
    }

    fn objective_ratio(&self, nodes: usize, method: &str) -> f64 {
        self.mean(nodes, method, |row| row.objective) / self.mean(nodes, PEER, |row| row.objective)
    }

    fn table(&self, nodes: usize, graphs: u64) -> Value {
        let columns = [
            "method",
            "CPU seconds",
            "wall seconds",
            "times faster than dagma (CPU)",
            "SHD",
            "objective S + λ‖W‖₁",
            "objective over dagma's",
            "edges removed to be acyclic",
        ];
        let row = |name: &str, method: &str| {
            [
                name.to_owned(),
                format!("{:.4}", self.mean(nodes, method, |row| row.cpu)),
                format!("{:.4}", self.mean(nodes, method, |row| row.wall)),
                format!("{:.1}", self.speed_up(nodes, method)),
                format!("{:.1}", self.mean(nodes, method, |row| row.shd)),
                format!("{:.4}", self.mean(nodes, method, |row| row.objective)),
                format!("{:.4}", self.objective_ratio(nodes, method)),
                format!("{:.1}", self.mean(nodes, method, |row| row.pruned as f64)),
            ]
        };
        let rows: Vec<[String; 8]> = METHODS
            .iter()
            .map(|(method, name, _)| row(name, method))
            .chain([row("dagma 1.1.1, DagmaLinear('l2')", PEER)])
            .collect();
        let graphs = if graphs == 1 { "one graph".to_owned() } else { format!("mean of {graphs} graphs") };
        json!({"title": format!("d = {nodes}, {graphs}"), "columns": columns, "rows": rows})
    }
}

fn claim(claim: String, criterion: String, measured: String, held: bool) -> Value {
    json!({"claim": claim, "criterion": criterion, "measured": measured, "verdict": if held { "held" } else { "not held" }})
}

fn document(results: &Results, large: &[Value]) -> Value {
    let mut claims = Vec::new();
    for (nodes, factor) in [(50, 20.0), (100, 10.0), (200, 10.0)] {
        let (speed_up, ratio) = (results.speed_up(nodes, "default"), results.objective_ratio(nodes, "default"));
        claims.push(claim(
            format!("d = {nodes}: the default is far faster than DAGMA at no worse an objective"),
            format!("at least {factor} times less processor time, objective at most 1 % above"),
            format!("{speed_up:.1} times, objective ratio {ratio:.4}"),
            speed_up >= factor && ratio <= 1.01,
        ));
    }
    for (nodes, _) in SIZES {
        let speed_up = results.speed_up(nodes, "adam");
        claims.push(claim(
            format!("d = {nodes}: the paper's Adam path itself is faster here"),
            "at least 3 times less processor time than DAGMA".to_owned(),
            format!("{speed_up:.1} times"),
            speed_up >= 3.0,
        ));
    }
    let of_size = |nodes: u64| large.iter().find(|record| record["nodes"] == nodes);
    let number = |record: Option<&Value>, field: &str| record.and_then(|r| r[field].as_f64()).unwrap_or(f64::NAN);
    let seconds = number(of_size(1000), "cpu");
    claims.push(claim(
        "the order start serves 1000 variables (ER2)".to_owned(),
        "under 20 s of processor time".to_owned(),
        format!("{seconds:.2} s"),
        seconds < 20.0,
    ));
    let peak = number(of_size(2000), "peak_bytes") / f64::from(1 << 30);
    claims.push(claim(
        "the order start on 2000 variables fits into a small machine".to_owned(),
        "peak memory of the process, with its data, under 1.5 GB".to_owned(),
        format!("{peak:.2} GiB"),
        peak * f64::from(1 << 30) < 1.5e9,
    ));
    let columns = ["variables d (ER2)", "true edges", "SHD", "CPU seconds", "wall seconds", "peak memory, MiB"];
    let rows: Vec<[String; 6]> = large
        .iter()
        .map(|record| {
            let field = |name: &str| number(Some(record), name);
            [
                format!("{}", field("nodes")),
                format!("{}", field("edges")),
                format!("{}", field("shd")),
                format!("{:.2}", field("cpu")),
                format!("{:.2}", field("wall")),
                format!("{:.0}", field("peak_bytes") / f64::from(1 << 20)),
            ]
        })
        .collect();
    let mut tables: Vec<Value> = SIZES.iter().map(|&(nodes, graphs)| results.table(nodes, graphs)).collect();
    tables.push(json!({"title": "Order start + polish, from data to graph", "columns": columns, "rows": rows}));
    json!({
        "benchmark": "colide",
        "title": "CoLiDE against DAGMA",
        "setting": format!(
            "ER4 graphs, weights ±[0.5, 2], Gaussian noise of variance 1, n = {ROWS}; λ = {SPARSITY}, threshold 0.3, the \
             schedule of the CoLiDE paper on both sides. Every side runs on one thread, from the data to the thresholded \
             weights; its processor time is compared. The objective is that of CoLiDE-EV at the thresholded weights of \
             each. Where they have a cycle, SHD is that after removing the smallest weights until none is left."
        ),
        "claims": claims,
        "tables": tables,
    })
}
