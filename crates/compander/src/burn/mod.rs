//! Companding any burn module in one line, through its reparameterisation hook.
//!
//! ```
//! # #[cfg(feature = "flex")]
//! # {
//! use burn::module::Module;
//! use burn::tensor::{Device, Tensor};
//! use compander::burn::{Companding, compand};
//! use compander::{BoundRule, Initialisation};
//!
//! #[derive(Module, Debug)]
//! struct Affine {
//!     weight: burn::module::Param<Tensor<2>>,
//!     bias: burn::module::Param<Tensor<1>>,
//! }
//!
//! let device = Device::flex();
//! let weights = [[0.4, -0.2], [0.1, 0.3]];
//! let model = Affine {
//!     weight: burn::module::Param::from_tensor(Tensor::from_data(weights, &device)),
//!     bias: burn::module::Param::from_tensor(Tensor::zeros([2], &device)),
//! };
//!
//! // Every matrix and kernel becomes w = a arctan(v/b) with bound 2 x its root mean square; biases stay.
//! let rule = Initialisation::new(BoundRule::Measured { multiple: 2.0 });
//! let (model, report) = compand(model, &Companding::new(rule)?);
//! assert_eq!(report.companded.len(), 1);
//! // … train as before: optimisers see the latent values …
//! // Back to plain weights for inference.
//! let folded = model.valid().materialize();
//! assert!(folded.weight.val().abs().max().into_scalar::<f32>() < report.companded[0].bounds[0] as f32);
//! # }
//! # Ok::<(), compander::Error>(())
//! ```
//!
//! - The latent values take the place of the weights (same parameter, same path), so optimisers, records and devices need
//!   no change. Range and width are two more parameters, `….compander.log_range` and `….compander.log_width`, frozen unless
//!   [`Companding::learned`] asks for them; give those a parameter group without weight decay and a tenth of the learning rate
//!   (`ParamGroup::from_predicate(".compander.")`), and add [`shape_penalty`] to the loss to anchor them.
//! - Weight decay of an optimiser acts on the latent values ([`Decay::OnLatent`](crate::Decay::OnLatent)).
//! - burn's parameters do not take two reparameterisations at once: compand before or instead of low-rank adapters.

mod family;
mod parameter;
mod penalty;
mod reparameterise;

pub use family::Family;
pub use parameter::CompandedParameter;
pub use penalty::shape_penalty;
pub use reparameterise::{Companding, CompandingReport, LayerReport, compand};
