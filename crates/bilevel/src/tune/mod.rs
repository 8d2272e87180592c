//! One call for one model: penalties chosen by gradients of a validation loss.

mod elastic_net;
mod kernel_ridge;
mod line;
mod logistic;
mod ridge;
mod spectral;

pub use elastic_net::{ElasticNet, ElasticNetFit, tune_elastic_net};
pub use kernel_ridge::{KernelRidgeFit, tune_kernel_ridge};
pub use logistic::{LogisticFit, LogisticRegression, tune_logistic};
pub use ridge::{Ridge, RidgeCriterion, RidgeFit, tune_ridge};

/// Logarithms of penalties stay in here unless a box says otherwise.
pub(crate) const BOX: (f64, f64) = (-30.0, 30.0);

/// Points of the first look at an interval, where each is cheap.
pub(crate) const LOOKS: usize = 24;

/// Finite, and low ≤ high.
pub(crate) fn check_box((low, high): (f64, f64)) -> crate::Result<()> {
    core_tensor::check_range("low", low, low.is_finite() && low >= -700.0, "finite and >= -700")?;
    Ok(core_tensor::check_range("high", high, high >= low && high <= 700.0, "at least `low` and at most 700")?)
}
