//! `fit.json`: everything that a fit found, in a form that stays readable by later versions.
//!
//! Fields are only ever added within a schema version. A number that does not exist (the standard error without degrees
//! of freedom, a sortability without edges) is `null`. Variables are referred to by index in the order of `variables`.

use super::truth::Metrics;
use crate::failure::{Failure, Outcome};
use ndarray::{Array1, Array2};
use orthant::colide::CausalModel;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Value of `schema`.
pub(super) const SCHEMA: &str = "orthant-colide-fit";
/// Value of `schema_version`; raised when a field changes its meaning or goes.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct FitDocument {
    pub(super) schema: String,
    pub(super) schema_version: u32,
    /// Version of the program.
    pub(super) program: String,
    /// The command that repeats the fit, word by word.
    pub(super) command: Vec<String>,
    pub(super) data: DataRecord,
    pub(super) settings: SettingsRecord,
    /// In the order of the columns.
    pub(super) variables: Vec<VariableRecord>,
    /// A topological order: causes before effects.
    pub(super) order: Vec<usize>,
    /// The strongest first.
    pub(super) edges: Vec<EdgeRecord>,
    pub(super) diagnostics: DiagnosticsRecord,
    /// `null` without a bootstrap.
    #[serde(default)]
    pub(super) bootstrap: Option<BootstrapRecord>,
    /// `null` when the truth is not known.
    pub(super) truth: Option<Metrics>,
    /// What the user should know, in sentences.
    pub(super) warnings: Vec<String>,
}

/// What was learned from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct DataRecord {
    pub(super) source: String,
    /// Number of rows that were used.
    pub(super) samples: f64,
    /// Rows left out for a missing value.
    pub(super) dropped_rows: usize,
    /// How missing values were dealt with; `null` when the covariance rests on complete rows.
    #[serde(default)]
    pub(super) missing: Option<MissingRecord>,
    /// Rows of the past that join each row of a series; 0 when the rows are none.
    #[serde(default)]
    pub(super) lags: usize,
    /// Groups that were centred on their own, with their sizes.
    pub(super) groups: Vec<(String, usize)>,
    /// Natural logarithms were taken first.
    pub(super) log: bool,
    /// Columns were then standardised; `variables` have the mean and deviation before that.
    pub(super) standardised: bool,
}

/// A covariance that was estimated from a table with holes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct MissingRecord {
    /// `em` or `pairwise`.
    pub(super) method: String,
    /// Share of the entries that are missing.
    pub(super) share: f64,
    /// Iterations of expectation and maximisation.
    pub(super) iterations: usize,
    /// False when the iterations reached their limit.
    pub(super) converged: bool,
}

/// The settings in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SettingsRecord {
    /// `ev` or `nv`.
    pub(super) noise: String,
    pub(super) sparsity: f64,
    /// What chose λ, `bic` or `ebic:G`; `null` when λ was given.
    #[serde(default)]
    pub(super) choose: Option<String>,
    pub(super) threshold: f64,
    /// `newton` or `adam`.
    pub(super) solver: String,
    /// `search`, `polish` or `threshold`.
    pub(super) finish: String,
    /// `as-given` or `min-sd`.
    pub(super) units: String,
}

/// One variable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct VariableRecord {
    pub(super) name: String,
    /// Mean, in the units of the fit (after logarithm and standardising).
    pub(super) mean: f64,
    /// Standard deviation, in the units of the fit.
    pub(super) sd: f64,
    /// Noise standard deviation by CoLiDE.
    pub(super) noise_scale: f64,
    /// Standard deviation of the least-squares residual given the parents.
    pub(super) residual_sd: f64,
    /// Mean and standard deviation before standardising, when that was done.
    pub(super) before_standardising: Option<(f64, f64)>,
    /// How many rows back in time it stands; its equation is then not learned.
    #[serde(default)]
    pub(super) lag: usize,
    /// `null` when the rows were not at hand.
    #[serde(default)]
    pub(super) residuals: Option<ResidualRecord>,
}

/// What the least-squares residual of a variable looks like.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct ResidualRecord {
    /// 0 for symmetric noise.
    pub(super) skewness: f64,
    /// 0 for Gaussian noise.
    pub(super) excess_kurtosis: f64,
    /// Of the test of Jarque and Bera for Gaussian noise.
    pub(super) normality_p: f64,
    /// Largest size of the correlation with a cause that the shrunk weights leave.
    pub(super) parent_correlation: f64,
    /// Largest size of the correlation of its square with the square of a cause.
    pub(super) squared_correlation: f64,
}

/// One edge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct EdgeRecord {
    pub(super) cause: usize,
    pub(super) effect: usize,
    /// By CoLiDE, shrunk by the l1 norm.
    pub(super) weight: f64,
    /// By least squares on the graph.
    pub(super) refit_weight: f64,
    pub(super) standard_error: Option<f64>,
    /// Two-sided, given the graph.
    pub(super) p_value: f64,
    /// True when every graph with the same conditional independences has the edge in this direction, or time does.
    pub(super) compelled: bool,
    /// Share of the bootstrap replicates with the edge; `null` without a bootstrap.
    #[serde(default)]
    pub(super) frequency: Option<f64>,
    /// Bootstrap interval of the least-squares weight, 0 counting where the edge is absent.
    #[serde(default)]
    pub(super) interval: Option<(f64, f64)>,
}

/// What the bootstrap says beyond the edges of the graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct BootstrapRecord {
    pub(super) replicates: usize,
    pub(super) seed: u64,
    /// Probability that an interval covers.
    pub(super) confidence: f64,
    /// How rows were drawn: `bootstrap`, `half` or the fraction of the rows.
    #[serde(default = "bootstrap")]
    pub(super) resampling: String,
    /// Where each fit began: `fit` at the fit of all rows, `cold` from nothing.
    #[serde(default = "cold")]
    pub(super) begin: String,
    /// Mean number of edges of a replicate.
    #[serde(default)]
    pub(super) mean_edges: Option<f64>,
    /// The edges (cause, effect) in more than half of the replicates, as an acyclic graph.
    #[serde(default)]
    pub(super) consensus: Vec<(usize, usize)>,
    /// Bounds on the number of false edges, of subsamples only.
    #[serde(default)]
    pub(super) expected_false_edges: Vec<FalseEdgesRecord>,
    /// Edges that are not in the graph but in at least a tenth of the replicates, the most frequent first.
    pub(super) other_edges: Vec<OtherEdgeRecord>,
    /// Total effects along paths that at least half of the replicates have, the largest first.
    pub(super) effects: Vec<EffectRecord>,
}

fn bootstrap() -> String {
    "bootstrap".to_owned()
}

fn cold() -> String {
    "cold".to_owned()
}

/// How many of the frequent edges may be false (Meinshausen and Bühlmann).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct FalseEdgesRecord {
    /// Least share of the replicates.
    pub(super) frequency: f64,
    /// Edges with at least that share.
    pub(super) edges: usize,
    /// The expected number of false ones among them is at most this.
    pub(super) at_most: f64,
}

/// An edge that some replicates have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct OtherEdgeRecord {
    pub(super) cause: usize,
    pub(super) effect: usize,
    pub(super) frequency: f64,
}

/// A total effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct EffectRecord {
    pub(super) cause: usize,
    pub(super) effect: usize,
    /// Share of the replicates with a directed path.
    pub(super) path_frequency: f64,
    pub(super) median: f64,
    pub(super) interval: (f64, f64),
}

/// One λ of a path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SparsityRecord {
    pub(super) sparsity: f64,
    pub(super) edges: usize,
    pub(super) bic: Option<f64>,
    /// What λ was chosen by.
    #[serde(default)]
    pub(super) criterion: Option<f64>,
}

/// How the fit went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct DiagnosticsRecord {
    /// S + λ ‖W‖₁ at the result.
    pub(super) objective: Option<f64>,
    /// Violation of the optimality conditions of the final convex problem.
    pub(super) optimality: Option<f64>,
    pub(super) bic: Option<f64>,
    pub(super) log_likelihood: Option<f64>,
    pub(super) varsortability: Option<f64>,
    pub(super) r2_sortability: Option<f64>,
    /// Index of the chosen candidate.
    pub(super) chosen: usize,
    pub(super) candidates: Vec<CandidateRecord>,
    /// The fits that λ was chosen from; empty when λ was given.
    #[serde(default)]
    pub(super) sparsity_path: Vec<SparsityRecord>,
}

/// What one start led to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct CandidateRecord {
    pub(super) start: String,
    pub(super) edges: usize,
    pub(super) objective: Option<f64>,
    /// Information criterion after the likelihood search.
    pub(super) criterion: Option<f64>,
    /// Moves of the search.
    pub(super) moves: usize,
    pub(super) stages: Vec<StageRecord>,
}

/// One stage of a central path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct StageRecord {
    pub(super) mu: f64,
    pub(super) s: f64,
    pub(super) steps: usize,
    pub(super) objective: Option<f64>,
    pub(super) h: Option<f64>,
    /// Why it ended, in words.
    pub(super) end: String,
}

impl FitDocument {
    /// The text of the file.
    pub(super) fn to_json(&self) -> Outcome<String> {
        let mut text = serde_json::to_string_pretty(self).map_err(|error| Failure::Internal(error.to_string()))?;
        text.push('\n');
        Ok(text)
    }

    /// Reads `fit.json`, or the one in a folder.
    pub(super) fn read(path: &Path) -> Outcome<Self> {
        let path = if path.is_dir() { path.join("fit.json") } else { path.to_owned() };
        let bytes = std::fs::read(&path).map_err(|error| Failure::read(&path, &error))?;
        let shown = path.display();
        let value: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|error| Failure::input(format!("`{shown}` is no JSON: {error}")))?;
        if value.get("schema").and_then(|schema| schema.as_str()) != Some(SCHEMA) {
            return Err(Failure::input(format!("`{shown}` is no saved fit: its `schema` is not `{SCHEMA}`")));
        }
        let version = value.get("schema_version").and_then(serde_json::Value::as_u64);
        if version != Some(u64::from(SCHEMA_VERSION)) {
            let found = version.map_or("missing".to_owned(), |version| version.to_string());
            return Err(Failure::input(format!(
                "`{shown}`: schema_version is {found}, and this program reads {SCHEMA_VERSION}"
            )));
        }
        let document: Self =
            serde_json::from_value(value).map_err(|error| Failure::input(format!("`{shown}`: {error}")))?;
        let d = document.variables.len();
        if document.edges.iter().any(|edge| edge.cause >= d || edge.effect >= d)
            || document.order.iter().any(|&j| j >= d)
        {
            return Err(Failure::input(format!("`{shown}`: an edge names a variable beyond the {d} in `variables`")));
        }
        Ok(document)
    }

    /// Number of variables that are not of the past.
    pub(super) fn present(&self) -> usize {
        self.variables.iter().filter(|variable| variable.lag == 0).count()
    }

    /// True when the graph has the edge (cause, effect).
    pub(super) fn has_edge(&self, pair: (usize, usize)) -> bool {
        self.edges.iter().any(|edge| (edge.cause, edge.effect) == pair)
    }

    /// Names of the variables.
    pub(super) fn names(&self) -> Vec<String> {
        self.variables.iter().map(|variable| variable.name.clone()).collect()
    }

    /// Least-squares weights (d × d).
    pub(super) fn refit_weights(&self) -> Array2<f64> {
        let d = self.variables.len();
        let mut weights = Array2::zeros((d, d));
        for edge in &self.edges {
            weights[[edge.cause, edge.effect]] = edge.refit_weight;
        }
        weights
    }

    /// The model for causal questions.
    pub(super) fn causal_model(&self) -> Outcome<CausalModel> {
        let mean: Array1<f64> = self.variables.iter().map(|variable| variable.mean).collect();
        let sigma: Array1<f64> = self.variables.iter().map(|variable| variable.residual_sd).collect();
        CausalModel::new(&self.refit_weights(), &mean, &sigma)
            .map_err(|error| Failure::input(format!("the saved fit is no model: {error}")))
    }
}

/// A number for JSON: `None` when it is not finite.
pub(super) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
