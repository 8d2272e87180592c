//! This crate's solvers against its own copy of the paper's Adam path: time, objective, graph.

use super::graphs::{Noise, ROWS, draw};
use super::methods::{EV, Method, NV, Run, mean_shd, run};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::{Summary, summary};
use crate::table::Table;
use chart::{Chart, Plot};
use colide::NoiseModel;
use serde_json::json;

pub(crate) const SPEED: Experiment =
    Experiment { name: "colide-speed", title: "Fast solvers against the paper's Adam path", run: speed };

/// Nodes and graphs in each cell; the larger first, since their fits take longest.
const SIZES: [(usize, u64); 4] = [(200, 1), (100, 2), (50, 10), (20, 10)];

/// The data and the noise model of the fit.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cell {
    noise: Noise,
    model: NoiseModel,
}

const CELLS: [Cell; 3] = [
    Cell { noise: Noise::Equal(1.0), model: EV },
    Cell { noise: Noise::Equal(1.0), model: NV },
    Cell { noise: Noise::Uniform, model: NV },
];

impl Cell {
    fn name(self) -> &'static str {
        match (self.noise, self.model) {
            (Noise::Equal(_), NoiseModel::EqualVariance) => "equal variances, EV fit",
            (Noise::Equal(_), NoiseModel::NonEqualVariance) => "equal variances, NV fit",
            (Noise::Uniform, _) => "unequal variances, NV fit",
        }
    }

    fn methods(self) -> Vec<Method> {
        let mut methods = vec![Method::Paper(self.model), Method::NewtonPath(self.model), Method::Default(self.model)];
        if self.model == EV {
            methods.push(Method::OrderPolish);
        }
        methods
    }

    /// At d = 200 the paper's solver takes minutes: one cell.
    fn is_run_at(self, nodes: usize) -> bool {
        nodes < 200 || self == CELLS[0]
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Job {
    nodes: usize,
    cell: Cell,
    method: Method,
    seed: u64,
}

fn speed() -> Outcome<Findings> {
    let mut jobs = Vec::new();
    for (nodes, graphs) in SIZES {
        for cell in CELLS.into_iter().filter(|cell| cell.is_run_at(nodes)) {
            for method in cell.methods() {
                jobs.extend((1..=graphs).map(|seed| Job { nodes, cell, method, seed }));
            }
        }
    }
    // The paper's solver first: the longest jobs.
    jobs.sort_by_key(|job| (std::cmp::Reverse(job.nodes), !matches!(job.method, Method::Paper(_))));
    let runs = for_all("speed", &jobs, |job| run(job.method, &draw(job.nodes, 4.0, job.cell.noise, ROWS, job.seed)?))?;
    let results = Results { jobs: &jobs, runs: &runs };

    let columns = ["data and fit, method", "SHD", "SHD-C", "edges", "seconds", "times faster", "F ratio"];
    let mut tables = Vec::new();
    for (nodes, graphs) in SIZES.into_iter().rev() {
        let graphs = if graphs == 1 { "one graph".to_owned() } else { format!("{graphs} graphs") };
        let mut table = Table::new(format!("d = {nodes}, {graphs} a row"), &columns);
        for cell in CELLS.into_iter().filter(|cell| cell.is_run_at(nodes)) {
            for method in cell.methods() {
                table.row(results.row(nodes, cell, method));
            }
        }
        tables.push(table);
    }
    let series = [Method::Paper(EV), Method::NewtonPath(EV), Method::Default(EV), Method::OrderPolish].map(|method| {
        let time = |nodes| (nodes as f64, results.seconds(nodes, CELLS[0], method).mean);
        (method.name(), SIZES.iter().rev().map(|size| time(size.0)).collect())
    });
    let plot = Plot::Lines { x: "variables d".to_owned(), log_x: true, log_y: true, series: series.to_vec() };
    let records = jobs.iter().zip(&runs).map(|(job, run)| {
        json!({"nodes": job.nodes, "cell": job.cell.name(), "method": job.method.name(), "seed": job.seed,
            "seconds": run.seconds, "score": run.score.to_json(), "objective": run.fit.objective,
            "last_stage_objective": run.last_stage().map(|end| end.0), "last_stage_s": run.last_stage().map(|end| end.1)})
    });
    Ok(Findings {
        setting: format!(
            "ER4 graphs, n = {ROWS}, λ = 0.05, threshold 0.3, processor time of one thread. Equal variances: noise \
             variance 1, weights ±[0.5, 2]. Unequal variances: uniform on [0.5, 10], weights ±[0.25, 1]. \"F ratio\" is \
             the objective at the end of the last stage over that of Adam, where both ended with the same s."
        ),
        seeds: "1 to 10 at d = 20 and 50, 1 and 2 at d = 100, seed 1 alone at d = 200".to_owned(),
        claims: results.claims(),
        tables,
        charts: vec![Chart {
            title: "Time of one fit, equal variances, EV (one thread)".to_owned(),
            y: "seconds".to_owned(),
            plot,
        }],
        runs: records.collect(),
    })
}

struct Results<'a> {
    jobs: &'a [Job],
    runs: &'a [Run],
}

impl Results<'_> {
    /// The runs of a method in a cell, in the order of their seeds.
    fn of(&self, nodes: usize, cell: Cell, method: Method) -> Vec<&Run> {
        let wanted = |job: &Job| job.nodes == nodes && job.cell == cell && job.method == method;
        self.jobs.iter().zip(self.runs).filter(|&(job, _)| wanted(job)).map(|(_, run)| run).collect()
    }

    fn seconds(&self, nodes: usize, cell: Cell, method: Method) -> Summary {
        summary(self.of(nodes, cell, method).iter().map(|run| run.seconds))
    }

    fn speed_up(&self, nodes: usize, cell: Cell, method: Method) -> f64 {
        self.seconds(nodes, cell, Method::Paper(cell.model)).mean / self.seconds(nodes, cell, method).mean
    }

    /// F of the Newton path over F of Adam, graph by graph, where both ended with the same s.
    fn objective_ratios(&self, nodes: usize, cell: Cell) -> Vec<f64> {
        let paper = self.of(nodes, cell, Method::Paper(cell.model));
        let newton = self.of(nodes, cell, Method::NewtonPath(cell.model));
        let ends = paper.iter().zip(newton).filter_map(|(paper, newton)| paper.last_stage().zip(newton.last_stage()));
        ends.filter(|(paper, newton)| (paper.1 - newton.1).abs() < 1e-9)
            .map(|(paper, newton)| newton.0 / paper.0)
            .collect()
    }

    fn row(&self, nodes: usize, cell: Cell, method: Method) -> Vec<String> {
        let runs = self.of(nodes, cell, method);
        let of = |value: fn(&Run) -> f64| summary(runs.iter().copied().map(value));
        let ratios = self.objective_ratios(nodes, cell);
        let ratio = if method == Method::NewtonPath(cell.model) && !ratios.is_empty() {
            format!("{:.4} ({} of {})", summary(ratios.iter().copied()).mean, ratios.len(), runs.len())
        } else {
            String::new()
        };
        vec![
            format!("{}: {}", cell.name(), method.name()),
            of(|run| run.score.shd as f64).text(1),
            of(|run| run.score.shd_cpdag as f64).text(1),
            of(|run| run.score.edges as f64).text(0),
            format!("{:.3}", of(|run| run.seconds).mean),
            format!("{:.1}", self.speed_up(nodes, cell, method)),
            ratio,
        ]
    }

    fn claims(&self) -> Vec<Claim> {
        let mut claims = Vec::new();
        for nodes in [20, 50] {
            for cell in CELLS {
                let shd = |method| mean_shd(self.of(nodes, cell, method));
                let (ours, paper) = (shd(Method::Default(cell.model)), shd(Method::Paper(cell.model)));
                claims.push(Claim::new(
                    format!("at d = {nodes}, {}: the default is no worse than the paper's Adam path", cell.name()),
                    "mean SHD over 10 graphs not above that of the Adam path",
                    format!("{} against {}", ours.text(1), paper.text(1)),
                    Verdict::of(ours.mean <= paper.mean),
                ));
            }
        }
        for (nodes, _) in SIZES.into_iter().rev() {
            let mut ratios: Vec<f64> = Vec::new();
            for cell in CELLS {
                ratios.extend(self.objective_ratios(nodes, cell));
            }
            let worst = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mean = summary(ratios.iter().copied()).mean;
            claims.push(Claim::new(
                format!("at d = {nodes}, the Newton path reaches the objective of Adam"),
                "F at the end of the last stage at most 1.5 % above Adam's, in every comparable run",
                format!("mean ratio {mean:.4}, worst {worst:.4} of {} comparable runs", ratios.len()),
                Verdict::of(worst <= 1.015),
            ));
        }
        for (nodes, _) in SIZES.into_iter().rev() {
            let slowest = CELLS
                .into_iter()
                .filter(|cell| cell.is_run_at(nodes))
                .map(|cell| self.speed_up(nodes, cell, Method::Default(cell.model)))
                .fold(f64::INFINITY, f64::min);
            claims.push(Claim::new(
                format!("at d = {nodes}, the default is much faster than this crate's own Adam path"),
                "none: the comparison with the Python peers stands in the benchmarks",
                format!("at least {slowest:.1} times"),
                Verdict::Exploratory,
            ));
        }
        claims
    }
}
