//! The configuration of a fit.

use crate::acyclicity::Acyclicity;
use crate::adam::AdamOptions;
use crate::evidence::Evidence;
use crate::floor::{Floor, Units};
use crate::knowledge::{Diagonal, Knowledge};
use crate::schedule::Schedule;
use crate::score::NoiseModel;
use crate::{Covariance, Fit, Progress, Result, covariance};
use core_optim::{Observer, Unobserved};
use core_tensor::check_range;
use ndarray::{Array1, Array2, ArrayRef2};

/// CoLiDE: learns the weighted directed acyclic graph and the noise scales of a linear structural equation model.
///
/// | setting | default | purpose | legal |
/// | --- | --- | --- | --- |
/// | [`sparsity`](Self::sparsity) | 0.05 | weight λ of the l1 norm | finite, ≥ 0 |
/// | [`threshold`](Self::threshold) | 0.3 | weights of at most this size are no edges | finite, ≥ 0 |
/// | [`solver`](Self::solver) | proximal Newton | how the stages of the central path are solved | |
/// | [`starts`](Self::starts) | pinned path and min-pivot order | where candidate graphs come from | at least one |
/// | [`finish`](Self::finish) | likelihood search | how the graph is chosen | |
/// | [`schedule`](Self::schedule) | the paper's | stages of the central path | |
/// | [`floor`](Self::floor) | negligible | lower bounds of the noise scales | |
/// | [`units`](Self::units) | as given | units of the problem | |
/// | [`knowledge`](Self::knowledge) | none | edges that must or must not exist | consistent |
///
/// ```
/// use colide::Colide;
///
/// let sachs = datasets::sachs();
/// let fit = Colide::heteroscedastic().fit(&sachs.observational())?;
/// let edges = fit.edges();
/// assert!(edges.iter().any(|e| (sachs.names[e.cause], sachs.names[e.effect]) == ("Raf", "Mek")
///     || (sachs.names[e.cause], sachs.names[e.effect]) == ("Mek", "Raf")));
/// # Ok::<(), colide::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Colide {
    pub(crate) model: NoiseModel,
    pub(crate) sparsity: f64,
    pub(crate) penalty_weights: Option<Array2<f64>>,
    pub(crate) threshold: f64,
    pub(crate) schedule: Schedule,
    pub(crate) solver: Solver,
    pub(crate) starts: Option<Vec<Start>>,
    pub(crate) finish: Option<Finish>,
    pub(crate) floor: Floor,
    pub(crate) known_scales: Option<Array1<f64>>,
    pub(crate) units: Units,
    pub(crate) knowledge: Knowledge,
    pub(crate) initial_weights: Option<Array2<f64>>,
    pub(crate) acyclicity: Acyclicity,
}

/// How the stages of the central path are solved.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Solver {
    /// Proximal Newton with exact column problems: the fast one.
    ProximalNewton(NewtonOptions),
    /// The paper's Adam steps, iteration by iteration as in the reference code.
    ReferenceAdam(AdamOptions),
}

impl Default for Solver {
    fn default() -> Self {
        Solver::ProximalNewton(NewtonOptions::default())
    }
}

/// Options of the proximal-Newton solver.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NewtonOptions {
    /// Relative decrease of the objective below which a stage ends, default 1e-5.
    pub tolerance: f64,
    /// Violation of a column's optimality conditions, relative to λ, that is accepted, default 1e-8.
    pub column_tolerance: f64,
    /// Steps of each stage, default 500.
    pub maximum_steps: usize,
}

impl Default for NewtonOptions {
    fn default() -> Self {
        Self { tolerance: 1e-5, column_tolerance: 1e-8, maximum_steps: 500 }
    }
}

/// Where a candidate graph comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Start {
    /// The central path of the configured schedule.
    Path(Diagonal),
    /// A central path of 13 stages with μ spaced logarithmically: two to three times the work, another basin.
    SlowPath(Diagonal),
    /// The min-pivot order of the covariance ([`crate::min_pivot_order`]) and its convex optimum. Consistent when all
    /// noise variances are equal, and cheap for thousands of variables.
    Order,
}

/// How the graph is chosen from the candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Finish {
    /// The paper's: threshold the weights at the end of the path and remove edges until no cycle is left.
    Threshold,
    /// Take the order of each candidate graph, solve the convex problem that the order leaves, keep the lowest
    /// objective, threshold.
    Polish,
    /// Improve each candidate graph by additions, deletions and reversals of edges under the Gaussian likelihood with
    /// the Bayesian information criterion, keep the best, then estimate its weights by CoLiDE on that graph's edges.
    Search,
}

/// Up to this number of variables the central path is walked by default even when variances are equal. There the order
/// start is consistent and leads to the same graph in a hundredth of the time; the path is a second opinion.
const LARGEST_EV_PATH: usize = 256;

impl NewtonOptions {
    pub(crate) fn validate(&self) -> Result<()> {
        let not_negative =
            |name, value: f64| check_range(name, value, value >= 0.0 && value.is_finite(), "finite and >= 0");
        not_negative("tolerance", self.tolerance)?;
        not_negative("column_tolerance", self.column_tolerance)?;
        Ok(check_range("maximum_steps", self.maximum_steps as f64, self.maximum_steps > 0, ">= 1")?)
    }
}

impl Colide {
    /// One noise variance for all variables (CoLiDE-EV).
    pub fn homoscedastic() -> Self {
        Self::new(NoiseModel::EqualVariance)
    }

    /// A noise variance for each variable (CoLiDE-NV).
    pub fn heteroscedastic() -> Self {
        Self::new(NoiseModel::NonEqualVariance)
    }

    /// The given noise model, all else at its default.
    pub fn new(model: NoiseModel) -> Self {
        Self {
            model,
            sparsity: 0.05,
            penalty_weights: None,
            threshold: 0.3,
            schedule: Schedule::default(),
            solver: Solver::default(),
            starts: None,
            finish: None,
            floor: Floor::default(),
            known_scales: None,
            units: Units::default(),
            knowledge: Knowledge::default(),
            initial_weights: None,
            acyclicity: Acyclicity::Squared,
        }
    }

    /// The paper's estimator: Adam on the central path with a free diagonal, then the threshold.
    pub fn reference(model: NoiseModel) -> Self {
        Self::new(model).solver(Solver::ReferenceAdam(AdamOptions::default()))
    }

    /// Sets λ, the weight of the l1 norm.
    pub fn sparsity(mut self, lambda: f64) -> Self {
        self.sparsity = lambda;
        self
    }

    /// Multiplies λ edge by edge (d × d; adaptive lasso): 0 for no penalty, infinite to forbid an edge.
    pub fn penalty_weights(mut self, weights: Array2<f64>) -> Self {
        self.penalty_weights = Some(weights);
        self
    }

    /// Weights whose size is at most this are no edges.
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// Sets the stages of the central path.
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Sets the solver. With [`Solver::ReferenceAdam`] starts and finish default to the paper's.
    pub fn solver(mut self, solver: Solver) -> Self {
        self.solver = solver;
        self
    }

    /// Sets where candidate graphs come from. Default: the path with pinned diagonal and the min-pivot order (for equal
    /// variances and more than 256 variables the order alone); with the reference solver the path with free diagonal
    /// alone.
    pub fn starts(mut self, starts: impl Into<Vec<Start>>) -> Self {
        self.starts = Some(starts.into());
        self
    }

    /// Sets how the graph is chosen. Default: [`Finish::Search`]; with the reference solver [`Finish::Threshold`].
    pub fn finish(mut self, finish: Finish) -> Self {
        self.finish = Some(finish);
        self
    }

    /// Sets the lower bounds of the noise scales.
    pub fn floor(mut self, floor: Floor) -> Self {
        self.floor = floor;
        self
    }

    /// Takes the noise scales (d standard deviations) as known instead of estimating them. With all ones the score is,
    /// up to a constant, the least-squares score of DAGMA.
    pub fn known_scales(mut self, scales: Array1<f64>) -> Self {
        self.known_scales = Some(scales);
        self
    }

    /// Sets the units of the problem.
    pub fn units(mut self, units: Units) -> Self {
        self.units = units;
        self
    }

    /// Sets what is known about the graph.
    pub fn knowledge(mut self, knowledge: Knowledge) -> Self {
        self.knowledge = knowledge;
        self
    }

    /// Starts the central path at these weights (d × d) instead of zero. Outside the domain, s is raised by 0.1 until
    /// they are inside.
    pub fn initial_weights(mut self, weights: Array2<f64>) -> Self {
        self.initial_weights = Some(weights);
        self
    }

    /// Takes all weights as non-negative, with the form of h that this permits ([`Acyclicity::NonNegative`]): weights
    /// below zero are never proposed, and the diagonal is zero.
    pub fn non_negative(mut self) -> Self {
        self.acyclicity = Acyclicity::NonNegative;
        self
    }

    /// Learns the graph of `x` (n × d, rows are samples; centred here, `x` itself is not changed).
    ///
    /// # Errors
    /// Illegal settings; NaN or infinity in `x`, fewer than two rows, only constant columns; contradicting knowledge;
    /// initial weights outside every domain.
    pub fn fit(&self, x: &ArrayRef2<f64>) -> Result<Fit> {
        self.validate()?;
        self.fit_covariance(&covariance(x)?)
    }

    /// Learns the graph from a covariance: all that the method needs of the data.
    ///
    /// # Errors
    /// As [`Colide::fit`].
    pub fn fit_covariance(&self, covariance: &Covariance) -> Result<Fit> {
        self.fit_observed(covariance, &mut Unobserved)
    }

    /// [`Colide::fit_covariance`] under the eyes of an observer, which may stop it; the result then holds the best that
    /// was found and says so.
    ///
    /// # Errors
    /// As [`Colide::fit`].
    pub fn fit_observed(
        &self,
        covariance: &Covariance,
        observer: &mut dyn for<'a> Observer<Progress<'a>>,
    ) -> Result<Fit> {
        self.validate()?;
        crate::run::fit(self, Evidence::single(covariance), observer)
    }

    pub(crate) fn is_reference(&self) -> bool {
        matches!(self.solver, Solver::ReferenceAdam(_))
    }

    pub(crate) fn effective_starts(&self, variables: usize) -> Vec<Start> {
        match &self.starts {
            Some(starts) => starts.clone(),
            None if self.is_reference() => vec![Start::Path(Diagonal::Free)],
            None if self.model == NoiseModel::EqualVariance && variables > LARGEST_EV_PATH => vec![Start::Order],
            None => vec![Start::Path(Diagonal::Pinned), Start::Order],
        }
    }

    pub(crate) fn effective_finish(&self) -> Finish {
        self.finish.unwrap_or(if self.is_reference() { Finish::Threshold } else { Finish::Search })
    }

    /// Checks everything that does not need the data.
    pub(crate) fn validate(&self) -> Result<()> {
        let not_negative =
            |name, value: f64| check_range(name, value, value >= 0.0 && value.is_finite(), "finite and >= 0");
        not_negative("sparsity", self.sparsity)?;
        not_negative("threshold", self.threshold)?;
        match self.solver {
            Solver::ProximalNewton(options) => options.validate()?,
            Solver::ReferenceAdam(options) => options.validate()?,
        }
        if self.starts.as_ref().is_some_and(Vec::is_empty) {
            return Err(core_tensor::Error::Empty { argument: "starts", expected: "start" }.into());
        }
        Ok(())
    }
}
