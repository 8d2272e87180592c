//! One call for one model: penalties chosen by gradients of a validation loss.

mod elastic_net;
mod folds;
mod kernel_ridge;
mod line;
mod logistic;
mod ridge;
mod spectral;

pub use elastic_net::{ElasticNet, ElasticNetFit, tune_elastic_net, tune_elastic_net_folds};
pub use kernel_ridge::{KernelRidgeFit, tune_kernel_ridge};
pub use logistic::{LogisticFit, LogisticRegression, tune_logistic, tune_logistic_folds};
pub use ridge::{Ridge, RidgeCriterion, RidgeFit, tune_ridge};

/// Penalties that are best on average over folds. Fit the model to all rows with them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FoldsFit {
    /// Logarithms of the penalties.
    pub theta: ndarray::Array1<f64>,
    /// The mean loss of the folds.
    pub value: f64,
    /// The loss of each fold.
    pub values: Vec<f64>,
}

/// Logarithms of penalties stay in here unless a box says otherwise.
pub(crate) const BOX: (f64, f64) = (-30.0, 30.0);

/// Points of the first look at an interval, where each is cheap.
pub(crate) const LOOKS: usize = 24;

/// Finite, and low ≤ high.
pub(crate) fn check_box((low, high): (f64, f64)) -> crate::Result<()> {
    core_tensor::check_range("low", low, low.is_finite() && low >= -700.0, "finite and >= -700")?;
    Ok(core_tensor::check_range("high", high, high >= low && high <= 700.0, "at least `low` and at most 700")?)
}
