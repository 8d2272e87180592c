//! Several methods on the same folds; the one with the smallest error wins.

use super::curve::{CvCurve, Rule};
use super::folds::Folds;
use super::progress::{Count, SelectionProgress};
use crate::design::Columns;
use crate::error::{Error, Result};
use crate::random_span::check_repetitions;
use crate::selection::first_smallest;
use crate::{
    BestSubset, Design, ElasticNet, LinearFit, Preconditioner, RelaxedFit, RelaxedLasso, Rsp, RspFit, SubsetModel,
};
use core_optim::Observer;
use ndarray::{Array1, ArrayRef1};

/// A race of methods by cross-validation on shared folds.
///
/// Plain Lasso always belongs into it: then the winner is never worse than the cross-validated Lasso, up to the noise of
/// cross-validation. On ties the earlier entrant wins.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Race {
    entrants: Vec<Entrant>,
    rule: Rule,
}

/// A method that takes part.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Entrant {
    /// Lasso, elastic net, ridge.
    Linear(ElasticNet),
    /// The relaxed Lasso.
    Relaxed(RelaxedLasso),
    /// The random-span preconditioned Lasso.
    Rsp(Rsp),
    /// Best subsets.
    Subset(BestSubset),
}

/// How a race went.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RaceResult {
    /// One record per entrant, in order; fewer when an observer stopped the race.
    pub heats: Vec<Heat>,
    /// Which of them won.
    pub winner: usize,
    /// The winner's model on all rows.
    pub model: Model,
}

/// What one entrant achieved.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Heat {
    /// A name: "lasso", "rsp 5", ….
    pub name: String,
    /// Its curve.
    pub curve: CvCurve,
    /// Its error by the rule of the race.
    pub error: f64,
    /// The standard error of that.
    pub standard_error: f64,
}

/// A fitted model of any family.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Model {
    /// Lasso, elastic net, ridge.
    Linear(LinearFit),
    /// The relaxed Lasso.
    Relaxed(RelaxedFit),
    /// The random-span preconditioned Lasso.
    Rsp(Box<RspFit>),
    /// A best subset.
    Subset(SubsetModel),
}

impl Model {
    /// Coefficients (d) on the scale of the data.
    pub fn coefficients(&self) -> &Array1<f64> {
        match self {
            Self::Linear(fit) => &fit.coefficients,
            Self::Relaxed(fit) => &fit.coefficients,
            Self::Rsp(fit) => &fit.level.coefficients,
            Self::Subset(model) => &model.coefficients,
        }
    }

    /// The intercept; 0 without one.
    pub fn intercept(&self) -> f64 {
        match self {
            Self::Linear(fit) => fit.intercept,
            Self::Relaxed(fit) => fit.intercept,
            Self::Rsp(fit) => fit.level.intercept,
            Self::Subset(model) => model.intercept,
        }
    }

    /// Predictions for the rows of `x` (m × d); through the span where there is one.
    ///
    /// # Errors
    /// Another number of columns.
    pub fn predict(&self, x: &(impl Design + ?Sized)) -> Result<Array1<f64>> {
        match self {
            Self::Rsp(fit) => fit.level.predict_via_span(x),
            _ => x.as_columns().predict(self.coefficients(), self.intercept()),
        }
    }

    /// R² of the predictions for `x` (m × d) and `y` (m).
    ///
    /// # Errors
    /// Lengths that do not fit.
    pub fn score(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>) -> Result<f64> {
        crate::r_squared(y, &self.predict(x)?)
    }
}

impl Race {
    /// The given entrants.
    pub fn new(entrants: impl IntoIterator<Item = Entrant>) -> Self {
        Self { entrants: entrants.into_iter().collect(), rule: Rule::default() }
    }

    /// The Lasso against RSP for each of several sparsities k.
    pub fn lasso_and_rsp(sparsities: &[usize]) -> Self {
        let rsp = |&k: &usize| Entrant::Rsp(Rsp::new(Preconditioner::peel(k)));
        Self::new(std::iter::once(Entrant::Linear(ElasticNet::lasso())).chain(sparsities.iter().map(rsp)))
    }

    /// Which candidate of each curve runs: the smallest error, or the simplest within one standard error.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rule = rule;
        self
    }

    /// Adds an entrant.
    pub fn with(mut self, entrant: Entrant) -> Self {
        self.entrants.push(entrant);
        self
    }

    /// Adds RSP with `repetitions` independent draws of the span: seeds `seed`, `seed` + 1, ….
    ///
    /// # Errors
    /// No repetition.
    pub fn with_repeated(mut self, sparsity: usize, repetitions: usize, seed: u64) -> Result<Self> {
        check_repetitions(repetitions)?;
        for draw in 0..repetitions as u64 {
            let preconditioner = Preconditioner::peel(sparsity).seed(seed.wrapping_add(draw));
            self.entrants.push(Entrant::Rsp(Rsp::new(preconditioner)));
        }
        Ok(self)
    }

    /// Runs the race on `x` (n × d) and `y` (n). Bits do not depend on the number of threads.
    ///
    /// # Errors
    /// No entrant; as the entrants' `cross_validate`.
    pub fn run(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>, folds: &Folds) -> Result<RaceResult> {
        self.run_counted(x.as_columns(), y, folds, &mut Count::unobserved())
    }

    /// [`run`](Self::run) under the eyes of an observer, which sees the folds pass and may stop between them; the entrants that are
    /// done then share the race among them.
    ///
    /// # Errors
    /// The same; [`Error::Stopped`] when the observer ended it before the first entrant was done.
    pub fn run_observed(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        folds: &Folds,
        observer: &mut dyn Observer<SelectionProgress>,
    ) -> Result<RaceResult> {
        let total = self.entrants.len() * (folds.len() + 1);
        self.run_counted(x.as_columns(), y, folds, &mut Count::observed(observer, total))
    }

    fn run_counted(
        &self,
        x: Columns<'_>,
        y: &ArrayRef1<f64>,
        folds: &Folds,
        count: &mut Count<'_>,
    ) -> Result<RaceResult> {
        let mut heats = Vec::with_capacity(self.entrants.len());
        let mut models = Vec::with_capacity(self.entrants.len());
        for entrant in &self.entrants {
            let (name, curve, model) = match entrant.run(x, y, folds, self.rule, count) {
                Err(Error::Stopped { .. }) if !heats.is_empty() => break,
                found => found?,
            };
            let at = curve.chosen(self.rule);
            let value = |of: &Array1<f64>| of.get(at).copied().unwrap_or(f64::NAN);
            heats.push(Heat { name, error: value(&curve.mean), standard_error: value(&curve.standard_error), curve });
            models.push(model);
            if count.is_stopped() {
                break;
            }
        }
        let errors: Vec<f64> = heats.iter().map(|heat| heat.error).collect();
        let nobody = Error::NotPossible { what: "a race", reason: "there is no entrant" };
        let winner = first_smallest(&errors).ok_or(nobody)?;
        Ok(RaceResult { model: models.swap_remove(winner), heats, winner })
    }
}

impl Entrant {
    fn run(
        &self,
        x: Columns<'_>,
        y: &ArrayRef1<f64>,
        folds: &Folds,
        rule: Rule,
        count: &mut Count<'_>,
    ) -> Result<(String, CvCurve, Model)> {
        const NOTHING: Error = Error::NotPossible { what: "a race", reason: "an entrant has no candidate" };
        Ok(match self {
            Self::Linear(config) => {
                let found = config.cross_validate_counted(x, y, folds, count)?;
                let model = Model::Linear(found.chosen(rule).cloned().ok_or(NOTHING)?);
                (config.name().to_owned(), found.curve, model)
            }
            Self::Relaxed(config) => {
                let found = config.cross_validate_counted(x, y, folds, count)?;
                let model = Model::Relaxed(found.chosen(rule).cloned().ok_or(NOTHING)?);
                (format!("relaxed {}", config.phi), found.curve, model)
            }
            Self::Rsp(config) => {
                let found = config.cross_validate_counted(x, y, folds, count)?;
                let level = found.chosen(rule).cloned().ok_or(NOTHING)?;
                let model = Model::Rsp(Box::new(RspFit { span: found.path.span, level }));
                (format!("rsp {}", config.preconditioner.sparsity()), found.curve, model)
            }
            Self::Subset(config) => {
                let found = config.cross_validate_counted(x, y, folds, count)?;
                let model = Model::Subset(found.chosen(rule).cloned().ok_or(NOTHING)?);
                ("best subset".to_owned(), found.curve, model)
            }
        })
    }
}
