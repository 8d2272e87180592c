//! Orthogonal and semi-orthogonal matrices from any matrix (section 6.4): what generators and dense layers are made of.
//!
//! | function | takes | gives | pull-back |
//! | --- | --- | --- | --- |
//! | [`haar`] | a seed | a random semi-orthogonal matrix, uniformly distributed | |
//! | [`polar`] | any matrix of full rank | the nearest semi-orthogonal one | [`polar_pullback`] |
//! | [`bjorck`] | any matrix of full rank | the same, by matrix products only; approaches it quadratically | |
//! | [`cholesky_qr`] | a matrix of full rank, not too ill-conditioned | one with the same row space | |
//! | [`cayley`] | a skew matrix | a rotation without eigenvalue -1 | [`cayley_pullback`] |
//! | [`exponential`] | a skew matrix | any rotation | [`exponential_pullback`] |

mod bjorck;
mod cayley;
mod cholesky_qr;
mod exponential;
mod haar;
mod polar;
mod skew;

pub use bjorck::{bjorck, bjorck_step_into};
pub use cayley::{cayley, cayley_pullback};
pub use cholesky_qr::cholesky_qr;
pub use exponential::{exponential, exponential_pullback};
pub use haar::haar;
pub use polar::{polar, polar_pullback};
pub use skew::{skew, skew_pullback};
