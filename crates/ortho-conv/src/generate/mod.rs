//! Kernels of exactly orthogonal layers, as plain kernels (section 6).
//!
//! | function | stride | support | how |
//! | --- | --- | --- | --- |
//! | [`delta`] | 1, any padding | one tap | a random semi-orthogonal matrix at the centre |
//! | [`bcop`], [`BlockConvolution`] | 1 | k, k × k | block convolutions of projectors; differentiable |
//! | [`strided`] | s ≤ k | k, k × k | a strided semi-orthogonal matrix after a block convolution |
//! | [`reshaped`] | any | any | a semi-orthogonal flattened kernel: norm at most 1, orthogonal only for k ≤ s |

mod block;
mod compose;
mod delta;
mod reshaped;
mod strided;

pub use block::{BlockConvolution, BlockGradient, bcop};
pub use compose::compose;
pub use delta::delta;
pub use reshaped::{reshape_orthogonalised, reshaped};
pub use strided::strided;
