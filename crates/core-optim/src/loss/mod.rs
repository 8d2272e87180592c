//! Losses of linear predictors.
//!
//! A [`Loss`] is the formula for one sample; [`EmpiricalLoss`] sums it over n samples with their targets and weights.
//! [`Multinomial`] is the loss of several predictors per sample. Sums are not divided by n.
//!
//! | loss | ℓ(z, y) | targets | ν = sup ℓ'' |
//! | --- | --- | --- | --- |
//! | [`Squared`] | ½ (z - y)² | finite | 1 |
//! | [`Logistic`] | log(1 + exp(-y z)) | -1, 1 | 1/4 |
//! | [`Huber`] | ½ r² for abs(r) ≤ δ, else δ abs(r) - ½ δ², r = z - y | finite | 1 |
//! | [`Multinomial`] | `log Σ exp(z_c) - z_y` | class numbers | 1/2 |
//!
//! With z = X w, the gradient of the sum is Xᵀ(ℓ'), its Hessian Xᵀ diag(ℓ'') X, and its Lipschitz constant at most ν ‖X‖².

mod empirical;
mod huber;
mod linear_model;
mod logistic;
mod multinomial;
mod sample_loss;
mod squared;

pub use empirical::EmpiricalLoss;
pub use huber::Huber;
pub use linear_model::LinearModel;
pub use logistic::Logistic;
pub use multinomial::Multinomial;
pub use sample_loss::Loss;
pub use squared::Squared;
