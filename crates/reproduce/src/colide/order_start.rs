//! The min-pivot order as the only start, for equal variances.

use super::graphs::{Noise, Sample, draw};
use super::methods::{EV, GraphScore, Method, run};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::{Summary, summary};
use crate::table::Table;
use chart::{Chart, Plot};
use colide::{min_pivot_order, refit, threshold};
use ndarray::Array2;
use serde_json::json;

pub(crate) const ORDER_START: Experiment =
    Experiment { name: "colide-order-start", title: "The min-pivot order for equal variances", run: order_start };

#[derive(Debug, Clone, Copy, PartialEq)]
struct Size {
    nodes: usize,
    edges_per_node: f64,
    rows: usize,
    graphs: u64,
}

/// The larger first.
const SIZES: [Size; 7] = [
    Size { nodes: 1000, edges_per_node: 2.0, rows: 1000, graphs: 3 },
    Size { nodes: 1000, edges_per_node: 2.0, rows: 5000, graphs: 3 },
    Size { nodes: 500, edges_per_node: 2.0, rows: 5000, graphs: 5 },
    Size { nodes: 500, edges_per_node: 2.0, rows: 1000, graphs: 5 },
    Size { nodes: 200, edges_per_node: 4.0, rows: 1000, graphs: 5 },
    Size { nodes: 100, edges_per_node: 4.0, rows: 1000, graphs: 10 },
    Size { nodes: 50, edges_per_node: 4.0, rows: 1000, graphs: 10 },
];

/// Least squares on all earlier variables costs d⁴ / 12 multiplications: left out above this size.
const LEAST_SQUARES_UP_TO: usize = 500;
/// The paper's Adam path is run beside it up to this size.
const ADAM_UP_TO: usize = 50;

struct Found {
    /// Order, convex problem of the order, threshold.
    polish: GraphScore,
    seconds: f64,
    objective: f64,
    /// The same from the true order.
    true_order: GraphScore,
    /// The order, then ordinary least squares on all earlier variables and the threshold.
    least_squares: Option<GraphScore>,
    adam: Option<(GraphScore, f64)>,
}

fn measure(size: &Size, seed: u64) -> Outcome<Found> {
    let sample = draw(size.nodes, size.edges_per_node, Noise::Equal(1.0), size.rows, seed)?;
    let found = run(Method::OrderPolish, &sample)?;
    let problem = colide::StageProblem::new(&sample.covariance.matrix, EV, 0.05)?;
    let optimum = problem.order_optimum(&sample.sem.order)?;
    let true_order = GraphScore::of(&sample.sem.adjacency(), &threshold(&optimum.weights, 0.3)?)?;
    let small = size.nodes <= LEAST_SQUARES_UP_TO && size.rows > size.nodes;
    let least_squares = if small { Some(least_squares(&sample)?) } else { None };
    let adam = if size.nodes <= ADAM_UP_TO {
        let adam = run(Method::Paper(EV), &sample)?;
        Some((adam.score, adam.seconds))
    } else {
        None
    };
    Ok(Found {
        polish: found.score,
        seconds: found.seconds,
        objective: found.fit.objective,
        true_order,
        least_squares,
        adam,
    })
}

fn least_squares(sample: &Sample) -> Outcome<GraphScore> {
    let order = min_pivot_order(&sample.covariance.matrix)?.order;
    let mut complete = Array2::zeros(sample.covariance.matrix.dim());
    for (position, &later) in order.iter().enumerate() {
        for &earlier in &order[..position] {
            complete[[earlier, later]] = 1.0;
        }
    }
    let weights = refit(&sample.covariance.matrix, &complete, sample.covariance.samples)?.weights;
    GraphScore::of(&sample.sem.adjacency(), &threshold(&weights, 0.3)?)
}

fn order_start() -> Outcome<Findings> {
    let jobs: Vec<(Size, u64)> =
        SIZES.iter().flat_map(|&size| (1..=size.graphs).map(move |seed| (size, seed))).collect();
    let found = for_all("order start", &jobs, |(size, seed)| measure(size, *seed))?;
    let of = |size: Size| -> Vec<&Found> {
        jobs.iter().zip(&found).filter(|(job, _)| job.0 == size).map(|(_, found)| found).collect()
    };
    let mean = |size: Size, value: fn(&Found) -> Option<f64>| -> Option<Summary> {
        let values: Option<Vec<f64>> = of(size).into_iter().map(value).collect();
        values.map(summary)
    };
    let shd = |found: &Found| Some(found.polish.shd as f64);
    let text = |summary: Option<Summary>, decimals: usize| summary.map_or_else(String::new, |s| s.text(decimals));

    let columns = [
        "graphs",
        "order + convex problem: SHD",
        "seconds",
        "true order + convex problem: SHD",
        "order + least squares: SHD",
        "Adam: SHD",
        "Adam: seconds",
    ];
    let mut table = Table::new("Equal variances, mean ± standard deviation", &columns);
    for size in SIZES.into_iter().rev() {
        let Size { nodes, edges_per_node, rows, graphs } = size;
        table.row([
            format!("d = {nodes}, ER{edges_per_node}, n = {rows}, {graphs} graphs"),
            text(mean(size, shd), 1),
            text(mean(size, |found| Some(found.seconds)), 3),
            text(mean(size, |found| Some(found.true_order.shd as f64)), 1),
            text(mean(size, |found| Some(found.least_squares?.shd as f64)), 1),
            text(mean(size, |found| Some(found.adam?.0.shd as f64)), 1),
            text(mean(size, |found| Some(found.adam?.1)), 2),
        ]);
    }
    let small = SIZES[SIZES.len() - 1];
    let largest = SIZES[0];
    let mut claims = Vec::new();
    if let (Some(ours), Some(adam)) = (mean(small, shd), mean(small, |found| Some(found.adam?.0.shd as f64))) {
        claims.push(Claim::new(
            "at d = 50 the order start recovers graphs better than the paper's Adam path",
            "mean SHD at most that of Adam over 10 graphs",
            format!("{} against {}", ours.text(1), adam.text(1)),
            Verdict::of(ours.mean <= adam.mean),
        ));
    }
    let slowest = of(largest).iter().map(|found| found.seconds).fold(0.0, f64::max);
    claims.push(Claim::new(
        "the order start serves a thousand variables",
        "d = 1000 (ER2, n = 1000) in under 20 s of one thread",
        format!("{slowest:.1} s, the slowest of {} graphs", largest.graphs),
        Verdict::of(slowest < 20.0),
    ));
    for size in [SIZES[1], SIZES[2]] {
        if let (Some(ours), Some(truth)) = (mean(size, shd), mean(size, |found| Some(found.true_order.shd as f64))) {
            claims.push(Claim::new(
                format!(
                    "with enough rows the order is as good as the true one (d = {}, n = {})",
                    size.nodes, size.rows
                ),
                "mean SHD at most 1 edge above that from the true order",
                format!("{} against {}", ours.text(1), truth.text(1)),
                Verdict::of(ours.mean <= truth.mean + 1.0),
            ));
        }
    }
    let line = |name: &str, value: fn(&Found) -> Option<f64>| {
        let sizes = SIZES.iter().rev().filter(|size| size.rows == 1000);
        let points = sizes.filter_map(|&size| Some((size.nodes as f64, mean(size, value)?.mean)));
        (name.to_owned(), points.collect())
    };
    let plot = Plot::Lines {
        x: "variables d".to_owned(),
        log_x: true,
        log_y: true,
        series: vec![line("order start", |found| Some(found.seconds)), line("Adam", |found| Some(found.adam?.1))],
    };
    let records = jobs.iter().zip(&found).map(|((size, seed), found)| {
        json!({"nodes": size.nodes, "edges_per_node": size.edges_per_node, "rows": size.rows, "seed": seed,
            "seconds": found.seconds, "objective": found.objective, "polish": found.polish.to_json(),
            "true_order": found.true_order.to_json(), "least_squares": found.least_squares.map(GraphScore::to_json),
            "adam": found.adam.map(|adam| adam.0.to_json())})
    });
    Ok(Findings {
        setting: "ER graphs, weights ±[0.5, 2], noise variance 1; λ = 0.05, threshold 0.3, one thread. The order is that of \
                  the Cholesky factorisation with minimum pivots; \"convex problem\" is CoLiDE-EV restricted to the order."
            .to_owned(),
        seeds: "from 1 up, as many as graphs".to_owned(),
        claims,
        tables: vec![table],
        charts: vec![Chart { title: "Time of one fit".to_owned(), y: "seconds".to_owned(), plot }],
        runs: records.collect(),
    })
}
