//! Orthant on the problems.

use crate::problem::{Design, Problem, Task, list};
use crate::{Outcome, note};
use core_optim::design::{Dense, DesignMatrix};
use core_optim::working_set::{Options, SparseFit, SparsePenalty, WorkingSet, Workspace};
use ndarray::Array2;
use ndarray_npy::write_npy;
use orthant_benches::cpu::Stopwatch;
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::path::Path;

/// Repeats until this many seconds have passed, at least three times.
const SECONDS: f64 = 0.5;

/// Solves every problem; writes coefficients and times.
pub(crate) fn run(folder: &Path) -> Outcome<()> {
    let mut results: Vec<Value> = Vec::new();
    for entry in list(folder)?.0 {
        let problem = entry.read(folder)?;
        let (watch, mut times) = (Stopwatch::start(), Vec::new());
        let fits = loop {
            let one = Stopwatch::start();
            let fits = solve(&problem)?;
            times.push(one.elapsed().cpu);
            if watch.elapsed().wall >= SECONDS && times.len() >= 3 {
                break fits;
            }
        };
        times.sort_by(f64::total_cmp);
        let seconds = times[times.len() / 2];
        let gap = fits.iter().map(|fit| fit.gap / fit.scale).fold(0.0, f64::max);
        let certified = fits.iter().all(SparseFit::converged);
        let coefficients =
            Array2::from_shape_fn((fits.len(), fits[0].coefficients.len()), |(t, j)| fits[t].coefficients[j]);
        write_npy(folder.join(format!("w-{}.npy", problem.name)), &coefficients)?;
        note(&format!("orthant {}: {seconds:.5} s, gap {gap:.1e}", problem.name));
        results.push(json!({"problem": problem.name, "seconds": seconds, "gap": gap, "certified": certified}));
    }
    Ok(std::fs::write(folder.join("orthant.json"), Value::from(results).to_string())?)
}

/// From the data to the last fit: checks of the data are part of the time.
fn solve(problem: &Problem) -> Outcome<Vec<SparseFit<f64>>> {
    match &problem.design {
        Design::Dense(x) => fit(&Dense::new(x)?, problem),
        Design::Sparse(x) => fit(x, problem),
    }
}

fn fit<X: DesignMatrix<f64>>(x: &X, problem: &Problem) -> Outcome<Vec<SparseFit<f64>>> {
    let solver = WorkingSet::new().tolerance(problem.target);
    let (penalty, options) = (SparsePenalty::lasso(problem.levels[0])?, Options::default());
    let mut fits = Vec::new();
    let mut each = |fit| {
        fits.push(fit);
        ControlFlow::Continue(())
    };
    let (y, levels) = (&problem.y, &problem.levels);
    match problem.task {
        Task::Lasso => {
            solver.squared_path(x, y, &penalty, levels, &options, &mut Workspace::new(), &mut each)?;
        }
        Task::Logistic => {
            solver.logistic_path(x, y, &penalty, levels, &options, &mut Workspace::new(), &mut each)?;
        }
    }
    Ok(fits)
}
