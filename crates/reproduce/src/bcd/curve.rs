//! Suboptimality along a run.

use crate::experiment::Outcome;
use bcd::{Bcd, Fit, Objective, Penalty};
use serde_json::{Value, json};

/// F - F* after each update.
pub(super) struct Curve {
    pub(super) name: String,
    values: Vec<f64>,
    pub(super) identified_at: usize,
}

impl Curve {
    /// Runs `iterations` updates from 0.
    pub(super) fn run(
        name: impl Into<String>,
        bcd: Bcd,
        objective: &dyn Objective<f64>,
        penalty: &Penalty<f64>,
        optimum: f64,
        iterations: usize,
    ) -> Outcome<Self> {
        let fit: Fit<f64> = bcd
            .tolerance(0.0)
            .check_every(usize::MAX)
            .max_iterations(iterations)
            .trace(true)
            .fit(objective, penalty)?;
        let values = fit.trace.iter().map(|step| step.objective - optimum).collect();
        Ok(Self { name: name.into(), values, identified_at: fit.identified_at })
    }

    /// F - F* after `iteration` updates (or at the end of a shorter run).
    pub(super) fn at(&self, iteration: usize) -> f64 {
        self.values.get(iteration).or(self.values.last()).copied().unwrap_or(f64::NAN)
    }

    /// The first iteration with F - F* < `level`.
    pub(super) fn first_below(&self, level: f64) -> Option<usize> {
        self.values.iter().position(|&v| v < level)
    }

    /// (iteration, F - F*) for a chart: at most 200 points, positive ones.
    pub(super) fn points(&self) -> Vec<(f64, f64)> {
        let every = self.values.len().div_ceil(200).max(1);
        let kept = self.values.iter().enumerate().step_by(every).filter(|(_, v)| **v > 0.0);
        kept.map(|(k, &v)| (k as f64, v)).collect()
    }

    pub(super) fn to_json(&self, at: &[usize]) -> Value {
        let values: Vec<Value> = at.iter().map(|&k| json!({"iteration": k, "suboptimality": self.at(k)})).collect();
        json!({"method": self.name, "curve": values})
    }
}

/// Two significant digits, as the paper's figures are read.
pub(super) fn short(v: f64) -> String {
    format!("{v:.2e}")
}

/// a / b or b / a, whichever is larger.
pub(super) fn factor(a: f64, b: f64) -> f64 {
    (a / b).max(b / a)
}
