//! `fit.json`.

use crate::output::Head;
use crate::regression::{CoefficientRecord, TableRecord};
use serde::{Deserialize, Serialize};

/// Value of `schema`.
pub(super) const SCHEMA: &str = "orthant-bcd-fit";
/// Value of `schema_version`; raised when a field changes its meaning or goes.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct FitDocument {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) data: TableRecord,
    pub(super) settings: SettingsRecord,
    pub(super) result: ResultRecord,
    /// One for each class of the softmax loss, else one.
    pub(super) intercepts: Vec<f64>,
    /// Those that are not zero, the largest effect first.
    pub(super) coefficients: Vec<CoefficientRecord>,
    /// Coefficients that are zero.
    pub(super) zeros: usize,
    /// The objective after each update, from the start.
    pub(super) trace: Vec<StepRecord>,
    pub(super) warnings: Vec<String>,
}

/// The settings in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SettingsRecord {
    pub(super) loss: String,
    pub(super) penalty: String,
    /// Level of the penalty; `null` where it has none.
    pub(super) lambda: Option<f64>,
    /// The least level at which all coefficients are zero, where there is one.
    pub(super) lambda_max: Option<f64>,
    pub(super) ridge: f64,
    pub(super) standardised: bool,
    pub(super) tolerance: f64,
}

/// What was reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ResultRecord {
    pub(super) objective: f64,
    /// A lower bound of the optimum, where there is one.
    pub(super) dual: Option<f64>,
    pub(super) gap: Option<f64>,
    /// Residual of the optimality conditions.
    pub(super) kkt: f64,
    pub(super) iterations: usize,
    pub(super) converged: bool,
    /// Why the run ended, in words.
    pub(super) stopped: String,
    /// The update after which the pattern of zeros and bounds never changed again.
    pub(super) identified_at: usize,
    /// R² (squared loss) or the share of rows whose class is right, in the table.
    pub(super) score: Option<f64>,
}

/// One update.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct StepRecord {
    pub(super) iteration: usize,
    pub(super) objective: f64,
    pub(super) block: usize,
    pub(super) support: usize,
    pub(super) pattern_changes: usize,
}
