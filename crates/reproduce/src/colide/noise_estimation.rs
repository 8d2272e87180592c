//! How well the noise variances are estimated.

use super::graphs::{Noise, Sample, draw};
use super::methods::{EV, Method, NV, run};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::{Summary, log_slope, summary};
use crate::table::Table;
use chart::{Chart, Plot};
use colide::{Fit, mean_squared_residuals_into, noise_error, refit, residual_covariance_into};
use ndarray::{Array1, Array2};
use serde_json::json;

pub(crate) const NOISE_ESTIMATION: Experiment =
    Experiment { name: "colide-noise-estimation", title: "Estimates of the noise variances", run: noise_estimation };

const ROWS: [usize; 5] = [200, 500, 1000, 2000, 5000];
const SEEDS: std::ops::RangeInclusive<u64> = 1..=20;
/// Nodes and expected edges per node: sparse and small, and the paper's main density.
const GRAPHS: [(usize, f64); 2] = [(50, 4.0), (20, 1.0)];

#[derive(Debug, Clone, Copy, PartialEq)]
struct Job {
    nodes: usize,
    edges_per_node: f64,
    rows: usize,
    seed: u64,
}

/// Mean relative errors of the variances on one data set.
struct Errors {
    /// σ̂ of the NV fit.
    concomitant: f64,
    /// Residual variances of the EV fit.
    equal_variance: f64,
    /// Residual variances of the least-squares fit.
    least_squares: f64,
    /// The three again after ordinary least squares on their graphs.
    refitted: [f64; 3],
    /// Ordinary least squares on the true graph.
    oracle: f64,
}

const NAMES: [&str; 7] = [
    "NV fit, its own σ̂",
    "EV fit, residuals",
    "least squares, residuals",
    "NV fit, refitted",
    "EV fit, refitted",
    "least squares, refitted",
    "true graph, refitted",
];

impl Errors {
    fn all(&self) -> [f64; 7] {
        let [nv, ev, squares] = self.refitted;
        [self.concomitant, self.equal_variance, self.least_squares, nv, ev, squares, self.oracle]
    }
}

fn errors(job: &Job) -> Outcome<Errors> {
    let sample = draw(job.nodes, job.edges_per_node, Noise::Uniform, job.rows, job.seed)?;
    let truth = sample.sem.noise_variance.mapv(f64::sqrt);
    let fits = [
        run(Method::NewtonPath(NV), &sample)?,
        run(Method::NewtonPath(EV), &sample)?,
        run(Method::LeastSquaresNewton, &sample)?,
    ];
    let error = |deviations: Array1<f64>| noise_error(&deviations, &truth);
    let samples = sample.covariance.samples;
    let oracle = refit(&sample.covariance.matrix, &sample.sem.adjacency(), samples)?.noise_variance;
    let [nv, ev, squares] = &fits;
    let refitted = |fit: &Fit| error(fit.refit.noise_variance.mapv(f64::sqrt));
    Ok(Errors {
        concomitant: error(residual_deviations(&sample, &path_weights(&nv.fit)?)?)?,
        equal_variance: error(residual_deviations(&sample, &path_weights(&ev.fit)?)?)?,
        least_squares: error(residual_deviations(&sample, &path_weights(&squares.fit)?)?)?,
        refitted: [refitted(&nv.fit)?, refitted(&ev.fit)?, refitted(&squares.fit)?],
        oracle: error(oracle.mapv(f64::sqrt))?,
    })
}

/// W at the end of the path: before the threshold, as the paper's σ̂ belongs to it.
fn path_weights(fit: &Fit) -> Outcome<Array2<f64>> {
    Ok(fit.candidates.first().ok_or("a fit has a candidate")?.path_weights.clone())
}

/// √q at W, variable by variable; for the NV model that is its σ̂.
fn residual_deviations(sample: &Sample, w: &Array2<f64>) -> Outcome<Array1<f64>> {
    let covariance = &sample.covariance.matrix;
    let mut residual = Array2::zeros(w.dim());
    residual_covariance_into(covariance, w, &mut residual)?;
    // q = diag(Dᵀ C D) with the diagonal of W as it is.
    let mut q = Array1::zeros(w.nrows());
    mean_squared_residuals_into(w, &residual, &mut q)?;
    Ok(q.mapv(f64::sqrt))
}

fn noise_estimation() -> Outcome<Findings> {
    let mut jobs = Vec::new();
    for (nodes, edges_per_node) in GRAPHS {
        for rows in ROWS {
            jobs.extend(SEEDS.map(|seed| Job { nodes, edges_per_node, rows, seed }));
        }
    }
    let found = for_all("noise estimation", &jobs, errors)?;
    let mean = |nodes, rows, which: usize| -> Summary {
        let of_cell = jobs.iter().zip(&found).filter(move |(job, _)| job.nodes == nodes && job.rows == rows);
        summary(of_cell.map(|(_, errors)| errors.all()[which]))
    };

    let (mut claims, mut tables, mut charts) = (Vec::new(), Vec::new(), Vec::new());
    for (nodes, edges_per_node) in GRAPHS.into_iter().rev() {
        for (other, name) in [(1, "an EV fit"), (2, "least squares")] {
            let wins = ROWS.iter().filter(|&&rows| mean(nodes, rows, 0).mean <= mean(nodes, rows, other).mean).count();
            let pairs =
                ROWS.map(|rows| format!("{:.3}/{:.3}", mean(nodes, rows, 0).mean, mean(nodes, rows, other).mean));
            claims.push(Claim::new(
                format!("d = {nodes}: CoLiDE-NV estimates the noise better than the residuals of {name}"),
                "smaller mean relative error of the variances at every n",
                format!("smaller at {wins} of {} sizes ({})", ROWS.len(), pairs.join(", ")),
                Verdict::of(wins == ROWS.len()),
            ));
        }
        let points = ROWS.map(|rows| (rows as f64, mean(nodes, rows, 6).mean));
        let slope = log_slope(&points);
        claims.push(Claim::new(
            format!("d = {nodes}: with the true graph and a refit the error falls like 1/√n"),
            "slope of log error over log n within 0.1 of -0.5",
            format!("slope {slope:.3}"),
            Verdict::of((slope + 0.5).abs() <= 0.1),
        ));
        let columns = ["estimate", "n = 200", "500", "1000", "2000", "5000"];
        let title = format!("d = {nodes}, ER{edges_per_node}: mean relative error of σ², mean ± standard deviation");
        let mut table = Table::new(title, &columns);
        for (which, name) in NAMES.into_iter().enumerate() {
            table.row([name.to_owned()].into_iter().chain(ROWS.map(|rows| mean(nodes, rows, which).text(3))));
        }
        tables.push(table);
        let series = NAMES.iter().enumerate().map(|(which, name)| {
            ((*name).to_owned(), ROWS.map(|rows| (rows as f64, mean(nodes, rows, which).mean)).to_vec())
        });
        let plot = Plot::Lines { x: "rows n".to_owned(), log_x: true, log_y: true, series: series.collect() };
        charts.push(Chart {
            title: format!("Error of the noise variances (d = {nodes}, ER{edges_per_node})"),
            y: "mean relative error".to_owned(),
            plot,
        });
    }
    let records = jobs.iter().zip(&found).map(|(job, errors)| {
        let errors: serde_json::Map<String, serde_json::Value> =
            NAMES.iter().zip(errors.all()).map(|(name, error)| ((*name).to_owned(), json!(error))).collect();
        json!({"nodes": job.nodes, "rows": job.rows, "seed": job.seed, "errors": errors})
    });
    Ok(Findings {
        setting: "ER1 graphs on 20 nodes and ER4 graphs on 50, weights ±[0.25, 1], Gaussian noise with variances uniform \
                  on [0.5, 10]; the paper's path solved by proximal Newton, λ = 0.05. \"Residuals\" are those of the weights at the end of the \
                  path; \"refitted\" is ordinary least squares on the graph after the threshold of 0.3."
            .to_owned(),
        seeds: format!("{} to {} for each n", SEEDS.start(), SEEDS.end()),
        claims,
        tables,
        charts,
        runs: records.collect(),
    })
}
