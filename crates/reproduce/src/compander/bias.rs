//! E5: where gradient descent on latent weights ends.

use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::table::Table;
use compander::{Compander, Identity};
use core_tensor::random::{normal_array, rng};
use ndarray::{Array1, Array2};
use serde_json::json;

pub(crate) const BIAS: Experiment =
    Experiment { name: "compander-implicit-bias", title: "Gradient descent ends at least potential", run: bias };

const SIZES: [(usize, usize); 3] = [(3, 8), (4, 10), (5, 12)];
const RATES: [f64; 2] = [2e-3, 1e-3];

struct Run {
    size: (usize, usize),
    seed: u64,
    /// Largest difference of a weight to the solution of least potential, for each rate.
    distances: Vec<f64>,
    residual: f64,
    /// max |w| of least potential and of least Euclidean norm.
    largest: [f64; 2],
}

fn one(size: (usize, usize), seed: u64) -> Outcome<Run> {
    let mut random = rng(seed);
    let x: Array2<f64> = normal_array(&mut random, size);
    let truth: Array1<f64> = normal_array(&mut random, size.1);
    let y = x.dot(&(truth * 0.3));
    let compander = Compander::arctan(1.0, 1.0)?;
    let exact = compander.interpolate(&x, &y)?;
    let euclidean = Compander::new(Identity, 1.0, 1.0)?.interpolate(&x, &y)?;
    let largest = |w: &Array1<f64>| w.iter().fold(0.0_f64, |m, w| m.max(w.abs()));
    let mut distances = Vec::new();
    for rate in RATES {
        let mut v = Array1::<f64>::zeros(size.1);
        let mut w = compander.compand(&v);
        let mut steps = 0;
        loop {
            let residual = x.dot(&w) - &y;
            if residual.dot(&residual).sqrt() < 1e-12 {
                break;
            }
            if steps == 5_000_000 {
                return Err("gradient descent did not settle".into());
            }
            let (gradient, _) = compander.backward(&v, &x.t().dot(&residual))?;
            v.scaled_add(-rate, &gradient);
            compander.compand_into(&v, &mut w)?;
            steps += 1;
        }
        distances.push(largest(&(&w - &exact.weights)));
    }
    let largest = [largest(&exact.weights), largest(&euclidean.weights)];
    Ok(Run { size, seed, distances, residual: exact.residual, largest })
}

fn bias() -> Outcome<Findings> {
    let jobs: Vec<((usize, usize), u64)> =
        SIZES.iter().flat_map(|&size| (0..4).map(move |seed| (size, seed))).collect();
    let runs = for_all("bias", &jobs, |&(size, seed)| one(size, seed))?;
    let columns = ["system", "seed", "distance at rate 0.002", "at rate 0.001", "max |w|", "of least norm"];
    let mut table =
        Table::new("gradient descent on v, and the solutions of least potential and least Euclidean norm", &columns);
    for run in &runs {
        table.row([
            format!("{} × {}", run.size.0, run.size.1),
            run.seed.to_string(),
            format!("{:.1e}", run.distances[0]),
            format!("{:.1e}", run.distances[1]),
            format!("{:.3}", run.largest[0]),
            format!("{:.3}", run.largest[1]),
        ]);
    }
    let ratios: Vec<f64> = runs.iter().map(|run| run.distances[0] / run.distances[1]).collect();
    let (low, high) =
        (ratios.iter().copied().fold(f64::INFINITY, f64::min), ratios.iter().copied().fold(0.0, f64::max));
    let residual = runs.iter().map(|run| run.residual).fold(0.0, f64::max);
    let smaller = runs.iter().filter(|run| run.largest[0] < run.largest[1]).count();
    let claims = vec![
        Claim::new(
            "gradient flow on the latent weights ends at least potential",
            "half the step, half the distance: every ratio within 1.8 to 2.2",
            format!("ratios {low:.2} to {high:.2}"),
            Verdict::of(low > 1.8 && high < 2.2),
        ),
        Claim::new(
            "the dual Newton method finds that solution",
            "relative residual below 10⁻¹²",
            format!("{residual:.0e}"),
            Verdict::of(residual < 1e-12),
        ),
        Claim::new(
            "it is more even than the solution of least Euclidean norm",
            "smaller max |w| in every system",
            format!("{smaller} of {}", runs.len()),
            Verdict::of(smaller == runs.len()),
        ),
    ];
    Ok(Findings {
        setting: "Underdetermined systems with normal entries; ½‖X w - y‖² descended from v = 0 with a = b = 1 until the residual is \
                  below 10⁻¹²."
            .to_owned(),
        seeds: "0 to 3 for each size".to_owned(),
        claims,
        tables: vec![table],
        charts: vec![],
        runs: runs.iter().map(|run| json!({"size": [run.size.0, run.size.1], "seed": run.seed, "distances": run.distances})).collect(),
    })
}
