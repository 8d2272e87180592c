//! The regulariser and an initialiser for the convolutions of any burn module.
//!
//! ```
//! # #[cfg(feature = "flex")]
//! # {
//! use burn::module::{Module, Param};
//! use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
//! use burn::tensor::{Device, Tensor};
//! use ortho_conv::burn::Convolutions;
//!
//! #[derive(Module, Debug)]
//! struct Network {
//!     conv1: Param<Tensor<4>>,
//!     conv2: Param<Tensor<4>>,
//!     head: Param<Tensor<2>>,
//! }
//!
//! let device = Device::flex().autodiff();
//! let mut model = Network {
//!     conv1: Param::from_tensor(Tensor::ones([4, 1, 3, 3], &device) * 0.1),
//!     conv2: Param::from_tensor(Tensor::ones([4, 4, 3, 3], &device) * 0.1),
//!     head: Param::from_tensor(Tensor::ones([4, 2], &device)),
//! };
//! // Every parameter with 3 to 5 axes is a kernel. burn does not tell strides: name those other than 1.
//! let convolutions = Convolutions::new().stride("conv2", 2);
//! let mut penalty = convolutions.penalty(0.1)?;
//! let mut optimizer = ModuleOptimizer::from(AdamConfig::new().build());
//! let mut values = Vec::new();
//! for _ in 0..20 {
//!     let Some(loss) = penalty.of(&model)? else { break };
//!     values.push(penalty.l_orth());
//!     let gradients = GradientsParams::from_grads(loss.backward(), &model);
//!     model = optimizer.step(0.01, model, gradients);
//! }
//! assert!(values[19] < values[0]);
//! // Certificates of every layer, at any time.
//! for (path, report) in convolutions.report(&model, 8)? {
//!     println!("{path}: norm at most {:.3}", report.norm_bound);
//! }
//! // A start that is orthogonal from the beginning.
//! let (model, initialised) = convolutions.orthogonal(model, 0)?;
//! assert!(convolutions.report(&model, 8)?.iter().all(|(_, report)| report.certificate.l_orth < 1e-8));
//! assert_eq!(initialised.len(), 2);
//! # }
//! # Ok::<(), ortho_conv::Error>(())
//! ```
//!
//! The penalty and its gradient are computed by this crate's kernels on the host (milliseconds) and put into the graph as a function whose
//! slope is that gradient. It has no second derivative there.

mod convolutions;
mod initialise;
mod kernel;
mod penalty;

pub use convolutions::Convolutions;
pub use initialise::{Construction, Initialised};
pub use penalty::ConvolutionPenalty;
