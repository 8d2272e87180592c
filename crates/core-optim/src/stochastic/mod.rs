//! First-order optimisers for training: AdamW and SGD on a flat vector of parameters.
//!
//! All weights of a model lie one after the other in one slice; an optimiser changes that slice in place, in one fused pass
//! over weights, gradient and state, without allocation. The semantics (order of decay, bias correction, first step of the
//! momentum buffer) are PyTorch's, so that published settings carry over. Anything that implements [`Optimiser`] can be
//! wrapped: a wrapper changes the gradient, or asks for the update by [`Optimiser::update_into`] and changes that.
//!
//! ```
//! use core_optim::stochastic::{AdamW, AdamWOptions, Optimiser};
//!
//! // Minimise (w - 3)² / 2.
//! let mut optimiser = AdamW::<f64>::new(1, AdamWOptions { learning_rate: 0.1, ..AdamWOptions::default() })?;
//! let mut w = [0.0];
//! for _ in 0..500 {
//!     let gradient = [w[0] - 3.0];
//!     optimiser.step(&mut w, &gradient)?;
//! }
//! assert!((w[0] - 3.0).abs() < 0.2);
//! # Ok::<(), core_optim::Error>(())
//! ```

mod adamw;
mod optimiser;
mod sgd;

pub use adamw::{AdamW, AdamWOptions, AdamWState, SecondMoment};
pub use optimiser::Optimiser;
pub use sgd::{Decay, MomentumForm, Sgd, SgdOptions, SgdState};
