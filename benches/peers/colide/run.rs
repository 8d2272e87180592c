//! Orthant's methods on the problems.

use crate::problem::{Problem, SPARSITY, THRESHOLD, problems};
use crate::{Outcome, note, scale};
use colide::{Colide, Diagonal, Finish, NoiseModel, Start};
use orthant_benches::cpu::{Elapsed, Stopwatch};
use serde_json::{Value, json};
use std::path::Path;

/// Name for files, name for readers, configuration.
pub(crate) type Method = (&'static str, &'static str, fn() -> Colide);

/// What is compared.
pub(crate) const METHODS: [Method; 4] = [
    ("default", "Orthant, default (EV)", Colide::homoscedastic),
    ("order", "Orthant, order start + polish", || {
        Colide::homoscedastic().starts([Start::Order]).finish(Finish::Polish)
    }),
    ("newton", "Orthant, Newton path + threshold", || {
        Colide::homoscedastic().starts([Start::Path(Diagonal::Free)]).finish(Finish::Threshold)
    }),
    ("adam", "Orthant, the paper's Adam path", || Colide::reference(NoiseModel::EqualVariance)),
];

/// Fits are repeated until this many seconds have passed, so that short ones are measured well.
const SECONDS: f64 = 0.3;

/// Runs every method on every problem, and the large ones; writes weights and times.
pub(crate) fn run(folder: &Path) -> Outcome<()> {
    let mut results: Vec<Value> = Vec::new();
    for problem in problems() {
        for (method, _, config) in METHODS {
            let Elapsed { wall, cpu } = timed(folder, &problem, method, &config())?;
            note(&format!("{method} {}: {cpu:.4} s", problem.name));
            results.push(json!({"problem": problem.name, "method": method, "wall": wall, "cpu": cpu}));
        }
    }
    std::fs::write(folder.join("orthant.json"), Value::from(results).to_string())?;
    let large = scale::SIZES.iter().map(|&nodes| scale::in_a_process_of_its_own(nodes)).collect::<Outcome<Vec<_>>>()?;
    Ok(std::fs::write(folder.join("large.json"), Value::from(large).to_string())?)
}

/// Mean time of a fit from the data to the graph.
fn timed(folder: &Path, problem: &Problem, method: &str, config: &Colide) -> Outcome<Elapsed> {
    let x = problem.data(folder)?;
    let config = config.clone().sparsity(SPARSITY).threshold(THRESHOLD);
    let (watch, mut fits) = (Stopwatch::start(), 0.0);
    loop {
        let fit = config.fit(&x)?;
        fits += 1.0;
        let elapsed = watch.elapsed();
        if elapsed.wall >= SECONDS {
            problem.write_weights(folder, method, &fit.weights)?;
            return Ok(Elapsed { wall: elapsed.wall / fits, cpu: elapsed.cpu / fits });
        }
    }
}
