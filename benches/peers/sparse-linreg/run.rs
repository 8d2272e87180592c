//! Orthant on the problems.

use crate::problem::{Problem, Task, list};
use crate::{Outcome, note, subset};
use core_optim::descent::duality_gap;
use core_optim::design::{Dense, DesignMatrix};
use core_optim::loss::{EmpiricalLoss, Logistic, Loss, Squared};
use core_optim::prox::L1;
use core_optim::working_set::{Options, SparseFit, SparsePenalty, WorkingSet, Workspace};
use ndarray::{Array1, Array2};
use ndarray_npy::write_npy;
use orthant_benches::cpu::Stopwatch;
use orthant_benches::design::Design;
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
        if problem.task == Task::Subset {
            results.push(subset::run(folder, &problem)?);
            continue;
        }
        // Certified by the best dual point seen, a fit may come with a residual that certifies less: as with the peers, the
        // tolerance is lowered until its residual certifies the target, too.
        let mut tolerance = problem.target;
        while residual_gap(&problem, &solve(&problem, tolerance)?)? > problem.target && tolerance > 1e-13 {
            tolerance *= 0.1;
        }
        let (fits, seconds) = timed(|| solve(&problem, tolerance))?;
        let gap = fits.iter().map(|fit| fit.gap / fit.scale).fold(0.0, f64::max);
        let certified = fits.iter().all(SparseFit::converged);
        let coefficients =
            Array2::from_shape_fn((fits.len(), fits[0].coefficients.len()), |(t, j)| fits[t].coefficients[j]);
        write_npy(folder.join(format!("w-{}.npy", problem.name)), &coefficients)?;
        note(&format!("orthant {}: {seconds:.5} s, gap {gap:.1e}", problem.name));
        results.push(json!({"problem": problem.name, "seconds": seconds, "gap": gap, "certified": certified,
            "setting": format!("{tolerance:.0e}")}));
    }
    Ok(std::fs::write(folder.join("orthant.json"), Value::from(results).to_string())?)
}

/// The last result and the median processor time.
pub(crate) fn timed<R>(task: impl Fn() -> Outcome<R>) -> Outcome<(R, f64)> {
    let (watch, mut times) = (Stopwatch::start(), Vec::new());
    loop {
        let one = Stopwatch::start();
        let result = task()?;
        times.push(one.elapsed().cpu);
        if watch.elapsed().wall >= SECONDS && times.len() >= 3 {
            times.sort_by(f64::total_cmp);
            return Ok((result, times[times.len() / 2]));
        }
    }
}

/// From the data to the last fit: checks of the data are part of the time.
fn solve(problem: &Problem, tolerance: f64) -> Outcome<Vec<SparseFit<f64>>> {
    match &problem.design {
        Design::Dense(x) => fit(&Dense::new(x)?, problem, tolerance),
        Design::Sparse(x) => fit(x, problem, tolerance),
    }
}

fn fit<X: DesignMatrix<f64>>(x: &X, problem: &Problem, tolerance: f64) -> Outcome<Vec<SparseFit<f64>>> {
    let solver = WorkingSet::new().tolerance(tolerance);
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
        Task::Subset => return Err("best subsets have no levels".into()),
    }
    Ok(fits)
}

/// The largest relative gap by the rescaled residual alone.
fn residual_gap(problem: &Problem, fits: &[SparseFit<f64>]) -> Outcome<f64> {
    match (&problem.design, problem.task) {
        (Design::Dense(x), Task::Lasso) => worst_gap(&Dense::new(x)?, Squared, problem, fits),
        (Design::Dense(x), Task::Logistic) => worst_gap(&Dense::new(x)?, Logistic, problem, fits),
        (Design::Sparse(x), Task::Lasso) => worst_gap(x, Squared, problem, fits),
        (Design::Sparse(x), Task::Logistic) => worst_gap(x, Logistic, problem, fits),
        (_, Task::Subset) => Err("best subsets have no duality gap".into()),
    }
}

fn worst_gap<X: DesignMatrix<f64>, L: Loss<f64>>(
    x: &X,
    loss: L,
    problem: &Problem,
    fits: &[SparseFit<f64>],
) -> Outcome<f64> {
    let loss = EmpiricalLoss::new(loss, &problem.y)?;
    let mut worst = 0.0_f64;
    for fit in fits {
        let (mut z, mut slopes) = (Array1::zeros(x.rows()), Array1::zeros(x.rows()));
        let mut c = Array1::zeros(x.columns());
        x.apply_into(&fit.coefficients, &mut z)?;
        loss.gradient_into(&z, &mut slopes)?;
        x.apply_transposed_into(&slopes, &mut c)?;
        let gap = duality_gap(&loss, &mut L1::new(fit.l1)?, &fit.coefficients, &z, &mut slopes, &mut c)?;
        worst = worst.max(gap.gap() / fit.scale);
    }
    Ok(worst)
}
