//! A whole run with all quantities.

use super::committee::Committee;
use super::decomposition::Decomposition;
use super::kernel::{Centring, alignment, drift};
use super::linearised::Linearised;
use super::problem::PolynomialProblem;
use crate::error::{Result, check_at_least};
use ndarray::{Array2, Axis, Slice};
use std::io::Write;

/// How long, how fast, how often to look.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LabOptions {
    /// Learning rate η₀; above about 2P/λ_max(K₀) the run diverges. Default 1.
    pub rate: f64,
    /// Momentum in [0, 1). Default 0.
    pub momentum: f64,
    /// Steps. Default 4000.
    pub steps: u64,
    /// Steps between two rows, ≥ 1. Default 20.
    pub log_every: u64,
    /// Test rows for the kernel quantities, at most. Default 500.
    pub kernel_rows: usize,
    /// Follow the linearised network beside. Default off.
    pub linearised: bool,
}

impl Default for LabOptions {
    fn default() -> Self {
        Self { rate: 1.0, momentum: 0.0, steps: 4000, log_every: 20, kernel_rows: 500, linearised: false }
    }
}

/// Everything at one step, before its update.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct LabRow {
    /// Updates made so far.
    pub step: u64,
    /// Mean squared error on the training rows.
    pub train_loss: f64,
    /// Mean squared error on the test rows.
    pub test_loss: f64,
    /// Standard error of `test_loss` as an estimate of the expected error.
    pub test_standard_error: f64,
    /// The expected error from the moments of the weights, in parts.
    pub exact: Decomposition,
    /// Alignment of the tangent kernel with the target on test rows, without centring.
    pub alignment: f64,
    /// Drift of the tangent kernel from its start on those rows.
    pub drift: f64,
    /// Norm of the weights.
    pub weight_norm: f64,
    /// |w - w₀|/|w₀|.
    pub relative_change: f64,
    /// |f - f_lin|/|f_lin| on the test rows; NaN when the linearised network is not followed, or has not moved.
    pub linearised_difference: f64,
}

/// The rows of a run.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct LabHistory {
    /// In order of their steps.
    pub rows: Vec<LabRow>,
}

impl LabHistory {
    /// The first step at which a loss is below `fraction` of what it was at the start.
    #[must_use]
    pub fn step_below(&self, fraction: f64, loss: impl Fn(&LabRow) -> f64) -> Option<u64> {
        let start = loss(self.rows.first()?);
        self.rows.iter().find(|row| loss(row) < fraction * start).map(|row| row.step)
    }

    /// Writes the history as CSV with a header.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_csv(&self, out: &mut impl Write) -> std::io::Result<()> {
        writeln!(
            out,
            "step,train_loss,test_loss,test_standard_error,variance,misalignment,linear,alignment,drift,weight_norm,\
             relative_change,linearised_difference"
        )?;
        for r in &self.rows {
            let e = &r.exact;
            write!(out, "{},{},{},{}", r.step, r.train_loss, r.test_loss, r.test_standard_error)?;
            write!(out, ",{},{},{},{},{}", e.variance, e.misalignment, e.linear, r.alignment, r.drift)?;
            writeln!(out, ",{},{},{}", r.weight_norm, r.relative_change, r.linearised_difference)?;
        }
        Ok(())
    }
}

/// Trains `machine` on `problem` and logs all quantities.
///
/// # Errors
/// When an option is out of range, the machine does not fit the problem, or the run diverges ([`crate::Error::Diverged`] names the step).
pub fn run(problem: &PolynomialProblem, machine: &mut Committee, options: &LabOptions) -> Result<LabHistory> {
    check_at_least("log_every", usize::try_from(options.log_every).unwrap_or(usize::MAX), 1, ">= 1")?;
    check_at_least("kernel_rows", options.kernel_rows, 1, ">= 1")?;
    let rows = options.kernel_rows.min(problem.test.nrows());
    let probe: Array2<f64> = problem.test.slice_axis(Axis(0), Slice::from(..rows)).to_owned();
    let probe_targets = problem.test_targets.slice_axis(Axis(0), Slice::from(..rows)).to_owned();
    let start = machine.statistics().tangent_kernel(&probe, &probe)?;
    let mut linearised = options.linearised.then(|| Linearised::new(machine));
    let mut history = LabHistory::default();
    for step in 0..=options.steps {
        if step.is_multiple_of(options.log_every) || step == options.steps {
            let statistics = machine.statistics();
            let kernel = statistics.tangent_kernel(&probe, &probe)?;
            let predicted = machine.predict(&problem.test)?;
            let squares = (&predicted - &problem.test_targets).mapv(|r| r * r);
            let n = squares.len() as f64;
            let test_loss = squares.sum() / n;
            let spread = squares.iter().map(|s| (s - test_loss) * (s - test_loss)).sum::<f64>() / (n * n);
            let residual = machine.predict(&problem.train)? - &problem.train_targets;
            let linearised_difference = match &linearised {
                None => f64::NAN,
                Some(linear) => {
                    let linear = linear.predict(&problem.test)?;
                    let difference = &predicted - &linear;
                    (difference.dot(&difference) / linear.dot(&linear)).sqrt()
                }
            };
            history.rows.push(LabRow {
                step,
                train_loss: residual.dot(&residual) / residual.len() as f64,
                test_loss,
                test_standard_error: spread.sqrt(),
                exact: statistics.test_error(&problem.directions)?,
                alignment: alignment(&kernel, &probe_targets, Centring::None)?,
                drift: drift(&kernel, &start)?,
                weight_norm: machine.weight_norm(),
                relative_change: machine.relative_change(),
                linearised_difference,
            });
        }
        if step < options.steps {
            machine.step(&problem.train, &problem.train_targets, options.rate, options.momentum)?;
            if let Some(linear) = &mut linearised {
                linear.step(&problem.train, &problem.train_targets, options.rate)?;
            }
        }
    }
    Ok(history)
}
