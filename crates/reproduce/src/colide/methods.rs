//! The estimators that the experiments compare, and what is recorded of a run.

use super::graphs::Sample;
use crate::cpu::Stopwatch;
use crate::experiment::Outcome;
use colide::{Colide, Covariance, Diagonal, Finish, Fit, NoiseModel, Start, compare, shd_cpdag, sid, support};
use ndarray::{Array1, ArrayRef2};
use serde_json::{Value, json};

pub(super) const EV: NoiseModel = NoiseModel::EqualVariance;
pub(super) const NV: NoiseModel = NoiseModel::NonEqualVariance;

/// An estimator: λ = 0.05 and threshold 0.3 throughout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Method {
    /// The paper's: Adam on the central path, threshold.
    Paper(NoiseModel),
    /// The paper's path solved by proximal Newton, diagonal free as in the paper, threshold.
    NewtonPath(NoiseModel),
    /// This crate's default.
    Default(NoiseModel),
    /// The least-squares score of DAGMA (all noise scales fixed at one) by the paper's solver.
    LeastSquares,
    /// The least-squares score by proximal Newton.
    LeastSquaresNewton,
    /// The order of the min-pivot Cholesky factorisation and the convex problem it leaves.
    OrderPolish,
}

impl Method {
    pub(super) fn name(self) -> String {
        let model = |model| if model == EV { "EV" } else { "NV" };
        match self {
            Self::Paper(noise) => format!("CoLiDE-{} (Adam)", model(noise)),
            Self::NewtonPath(noise) => format!("{} Newton path", model(noise)),
            Self::Default(noise) => format!("{} default", model(noise)),
            Self::LeastSquares => "least squares (DAGMA's score)".to_owned(),
            Self::LeastSquaresNewton => "least squares, Newton path".to_owned(),
            Self::OrderPolish => "order start + polish".to_owned(),
        }
    }

    pub(super) fn config(self, d: usize) -> Colide {
        match self {
            Self::Paper(noise) => Colide::reference(noise),
            Self::NewtonPath(noise) => newton_path(noise),
            Self::Default(noise) => Colide::new(noise),
            Self::LeastSquares => Colide::reference(EV).known_scales(Array1::ones(d)),
            Self::LeastSquaresNewton => newton_path(EV).known_scales(Array1::ones(d)),
            Self::OrderPolish => Colide::homoscedastic().starts([Start::Order]).finish(Finish::Polish),
        }
    }
}

fn newton_path(noise: NoiseModel) -> Colide {
    Colide::new(noise).starts([Start::Path(Diagonal::Free)]).finish(Finish::Threshold)
}

/// What one fit gave, against the truth.
pub(super) struct Run {
    pub(super) fit: Fit,
    /// Processor time.
    pub(super) seconds: f64,
    pub(super) score: GraphScore,
}

/// Distances of a graph from the true one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct GraphScore {
    pub(super) shd: usize,
    pub(super) shd_cpdag: usize,
    pub(super) sid: usize,
    pub(super) edges: usize,
    pub(super) fdr: f64,
    pub(super) tpr: f64,
}

impl GraphScore {
    pub(super) fn of(truth: &ArrayRef2<f64>, weights: &ArrayRef2<f64>) -> Outcome<Self> {
        let estimate = support(weights);
        let counts = compare(truth, &estimate)?;
        Ok(Self {
            shd: counts.shd,
            shd_cpdag: shd_cpdag(truth, &estimate)?,
            sid: sid(truth, &estimate)?,
            edges: counts.predicted,
            fdr: counts.fdr,
            tpr: counts.tpr,
        })
    }

    pub(super) fn to_json(self) -> Value {
        let Self { shd, shd_cpdag, sid, edges, fdr, tpr } = self;
        json!({"shd": shd, "shd_cpdag": shd_cpdag, "sid": sid, "edges": edges, "fdr": fdr, "tpr": tpr})
    }
}

/// Fits a covariance and scores the graph against `truth` (d × d of 0 and 1).
pub(super) fn fit(config: &Colide, covariance: &Covariance, truth: &ArrayRef2<f64>) -> Outcome<Run> {
    let watch = Stopwatch::start();
    let fit = config.fit_covariance(covariance)?;
    let seconds = watch.seconds();
    let score = GraphScore::of(truth, &fit.weights)?;
    Ok(Run { fit, seconds, score })
}

/// [`fit`] of a method on a sample.
pub(super) fn run(method: Method, sample: &Sample) -> Outcome<Run> {
    let d = sample.sem.weights.nrows();
    fit(&method.config(d), &sample.covariance, &sample.sem.adjacency())
}

impl Run {
    /// F at the end of the path and the s of its last stage, of the first candidate.
    pub(super) fn last_stage(&self) -> Option<(f64, f64)> {
        self.fit.candidates.first()?.stages.last().map(|stage| (stage.objective, stage.s))
    }
}

/// Mean SHD.
pub(super) fn mean_shd<'a>(runs: impl IntoIterator<Item = &'a Run>) -> crate::statistics::Summary {
    crate::statistics::summary(runs.into_iter().map(|run| run.score.shd as f64))
}
