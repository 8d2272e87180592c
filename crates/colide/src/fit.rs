//! What a fit returns.

use crate::colide::{Finish, Start};
use crate::score::NoiseModel;
use crate::trace::{Stage, StageEnd};
use crate::{CausalModel, Covariance, Cpdag, Refit, Result, cpdag, r2_sortability, varsortability};
use ndarray::{Array1, Array2};

/// A learned graph with its weights and noise scales, how good it is, and what led to it.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Fit {
    /// Weights W (d × d): `weights[[i, j]]` is the direct effect of variable i on variable j. Always acyclic.
    pub weights: Array2<f64>,
    /// Standard deviation of each variable's noise (d), in the units of the data. All equal for equal variances.
    pub noise_scales: Array1<f64>,
    /// A topological order of the graph: causes before effects.
    pub order: Vec<usize>,
    /// The noise model.
    pub model: NoiseModel,
    /// λ.
    pub sparsity: f64,
    /// The threshold on the weights.
    pub threshold: f64,
    /// How the graph was chosen.
    pub finish: Finish,
    /// S(W, σ̂) + λ ‖W‖₁ at `weights`, in the units of the problem.
    pub objective: f64,
    /// Largest violation of the optimality conditions of the convex problem that the chosen order or graph leaves,
    /// before the threshold; `None` for [`Finish::Threshold`], whose weights solve no convex problem.
    pub optimality: Option<f64>,
    /// Least squares on the graph: weights without shrinkage, standard errors, p-values, likelihoods.
    pub refit: Refit,
    /// Index of the chosen candidate.
    pub chosen: usize,
    /// One candidate for each start, in order.
    pub candidates: Vec<Candidate>,
    /// What the user should know about the data or the result.
    pub warnings: Vec<Warning>,
    /// The covariance that was explained.
    pub covariance: Covariance,
}

/// What one start led to.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Candidate {
    /// Where it came from.
    pub start: Start,
    /// Weights (d × d) at the end of the central path, or at the optimum of the order: before threshold and choice.
    pub path_weights: Array2<f64>,
    /// The graph after the finish (d × d of 0 and 1).
    pub graph: Array2<f64>,
    /// The stages of the path; empty for an order.
    pub stages: Vec<Stage>,
    /// Moves of the likelihood search.
    pub moves: usize,
    /// Information criterion after the likelihood search (up to terms that all graphs share); the lowest is chosen.
    pub criterion: Option<f64>,
    /// Penalised score after the finish and before the threshold.
    pub objective: f64,
}

impl Candidate {
    pub(crate) fn new(start: Start, path_weights: Array2<f64>, graph: Array2<f64>, stages: Vec<Stage>) -> Self {
        let path_weights = path_weights.as_standard_layout().into_owned();
        Self { start, path_weights, graph, stages, moves: 0, criterion: None, objective: f64::NAN }
    }
}

/// One edge of the learned graph.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct EdgeEstimate {
    /// Index of the cause.
    pub cause: usize,
    /// Index of the effect.
    pub effect: usize,
    /// Weight by CoLiDE (shrunk by the l1 norm).
    pub weight: f64,
    /// Weight by least squares on the graph.
    pub refit_weight: f64,
    /// Standard error of `refit_weight`, given the graph.
    pub standard_error: f64,
    /// Two-sided p-value of `refit_weight`, given the graph. The graph was chosen on the same data, so it is too small;
    /// use the bootstrap for confidence in the edge itself.
    pub p_value: f64,
    /// True when every graph with the same conditional independences has the edge in this direction.
    pub compelled: bool,
}

/// Something the user should know.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Warning {
    /// A column does not vary; it can have no edges.
    #[error("column {column} is constant: it can have no edges")]
    ConstantColumn {
        /// Its index.
        column: usize,
    },
    /// There are no more rows than columns.
    #[error("{samples} rows for {variables} columns: the covariance is singular, and weights rest on the l1 penalty")]
    FewSamples {
        /// Number of rows.
        samples: f64,
        /// Number of columns.
        variables: usize,
    },
    /// All columns have the same variance.
    #[error(
        "all columns have the same variance, as after standardising; the method reads directions from variances, \
         so use the original scales"
    )]
    EqualColumnVariances,
    /// Sorting the variables by variance explains the graph.
    #[error(
        "varsortability is {value:.2}: sorting the variables by variance alone explains the directions, so they depend \
         on the units of measurement"
    )]
    SortedByVariance {
        /// Varsortability of the learned graph.
        value: f64,
    },
    /// A stage could not start in its domain.
    #[error("stage {stage} was solved with s = {s} instead of the scheduled value, to stay inside the domain")]
    DomainRaised {
        /// Index of the stage.
        stage: usize,
        /// The value that was used.
        s: f64,
    },
    /// A convex column problem was singular.
    #[error("some variables are collinear: a ridge of 1e-12 of the mean variance was added to solve for their weights")]
    SingularColumns,
    /// Variables are collinear.
    #[error("the parents of column {column} are collinear: its weights rest on a small ridge")]
    Collinear {
        /// Index of the effect.
        column: usize,
    },
}

impl Warning {
    pub(crate) fn of_data(covariance: &Covariance) -> Vec<Self> {
        let variance = covariance.matrix.diag();
        let d = variance.len();
        let mut warnings: Vec<Self> =
            covariance.constant_columns().into_iter().map(|column| Self::ConstantColumn { column }).collect();
        if covariance.samples <= d as f64 {
            warnings.push(Self::FewSamples { samples: covariance.samples, variables: d });
        }
        let (low, high) = variance
            .iter()
            .filter(|&&v| v > 0.0)
            .fold((f64::INFINITY, 0.0_f64), |(low, high), &v| (low.min(v), high.max(v)));
        if d > 1 && high <= low * (1.0 + 1e-6) {
            warnings.push(Self::EqualColumnVariances);
        }
        warnings
    }
}

impl Fit {
    /// The edges, the strongest first.
    pub fn edges(&self) -> Vec<EdgeEstimate> {
        let compelled = self.cpdag().map(|cpdag| cpdag.compelled()).unwrap_or_default();
        let mut edges: Vec<EdgeEstimate> = self
            .weights
            .indexed_iter()
            .filter(|&(_, &weight)| weight != 0.0)
            .map(|((cause, effect), &weight)| EdgeEstimate {
                cause,
                effect,
                weight,
                refit_weight: self.refit.weights[[cause, effect]],
                standard_error: self.refit.standard_errors[[cause, effect]],
                p_value: self.refit.p_values[[cause, effect]],
                compelled: compelled.contains(&(cause, effect)),
            })
            .collect();
        edges.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        edges
    }

    /// The completed partially directed graph: which directions the conditional independences compel.
    ///
    /// # Errors
    /// None in practice: the graph is acyclic by construction.
    pub fn cpdag(&self) -> Result<Cpdag> {
        cpdag(&crate::support(&self.weights))
    }

    /// The model for causal questions, with the least-squares weights and residual scales.
    ///
    /// # Errors
    /// None in practice: the graph is acyclic by construction.
    pub fn causal_model(&self) -> Result<CausalModel> {
        CausalModel::new(&self.refit.weights, &self.covariance.mean, &self.refit.noise_variance.mapv(f64::sqrt))
    }

    /// Fraction of the directed paths that lead to a larger variance; `None` without edges.
    ///
    /// # Errors
    /// None in practice: the graph is acyclic by construction.
    pub fn varsortability(&self) -> Result<Option<f64>> {
        varsortability(&self.weights, &self.covariance.matrix)
    }

    /// Like varsortability with the R² of each variable given all others, which no choice of units changes.
    ///
    /// # Errors
    /// A singular covariance, for which R² is not defined.
    pub fn r2_sortability(&self) -> Result<Option<f64>> {
        r2_sortability(&self.weights, &self.covariance.matrix)
    }

    /// Bayesian information criterion of the graph under the fit's noise model, after least squares.
    pub fn bic(&self) -> f64 {
        match self.model {
            NoiseModel::EqualVariance => self.refit.bic_ev,
            NoiseModel::NonEqualVariance => self.refit.bic_nv,
        }
    }

    /// The extended criterion `BIC + 4 γ edges log d` (Foygel and Drton 2010), which keeps false edges rare when there are
    /// more possible edges than rows; γ = 0 is the BIC, 0.5 is usual.
    pub fn extended_bic(&self, gamma: f64) -> f64 {
        let edges = self.weights.iter().filter(|&&w| w != 0.0).count() as f64;
        self.bic() + 4.0 * gamma * edges * (self.weights.nrows().max(1) as f64).ln()
    }

    /// True when an observer stopped the fit: the result is the best until then.
    pub fn was_stopped(&self) -> bool {
        self.candidates.iter().flat_map(|c| &c.stages).any(|stage| stage.end == StageEnd::Stopped)
    }

    /// The candidate that was chosen.
    pub fn chosen_candidate(&self) -> Option<&Candidate> {
        self.candidates.get(self.chosen)
    }

    pub(crate) fn warn(&mut self) -> Result<()> {
        self.warnings.extend(self.refit.ridged.iter().map(|&column| Warning::Collinear { column }));
        if let Some(value) = self.varsortability()?
            && value > 0.9
        {
            self.warnings.push(Warning::SortedByVariance { value });
        }
        Ok(())
    }
}
