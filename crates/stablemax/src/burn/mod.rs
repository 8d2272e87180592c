//! Losses, orthogonal gradients and the warning of collapse for burn's tensors.
//!
//! ```
//! # #[cfg(feature = "flex")]
//! # {
//! use burn::module::{Module, Param};
//! use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
//! use burn::tensor::{Device, Int, Tensor};
//! use stablemax::burn::{OrthoGrad, cross_entropy, observe};
//! use stablemax::collapse::CollapseWatch;
//! use stablemax::{CrossEntropy, FloatType, Loss};
//!
//! #[derive(Module, Debug)]
//! struct Linear {
//!     weight: Param<Tensor<2>>,
//! }
//!
//! let device = Device::flex().autodiff();
//! let mut model = Linear { weight: Param::from_tensor(Tensor::from_data([[0.1, -0.2], [0.3, 0.1]], &device)) };
//! let x = Tensor::<2>::from_data([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], &device);
//! let labels = Tensor::<1, Int>::from_data([0, 1, 1], &device);
//!
//! let loss = CrossEntropy::new(Loss::StableMax);
//! let mut watch = CollapseWatch::new(FloatType::F32, 100.0)?;
//! let mut optimizer = ModuleOptimizer::from(OrthoGrad::new(AdamWConfig::new().build()));
//! let mut history = Vec::new();
//! for step in 0..30 {
//!     let logits = x.clone().matmul(model.weight.val());
//!     if let Some(warning) = observe(&mut watch, f64::from(step), &logits, &labels)?.warning {
//!         println!("step {step}: {warning}");
//!     }
//!     let (value, report) = cross_entropy(&loss, logits, labels.clone())?;
//!     history.push(report.loss);
//!     let gradients = GradientsParams::from_grads(value.backward(), &model);
//!     model = optimizer.step(0.02, model, gradients);
//! }
//! assert!(history[29] < history[0]);
//! # }
//! # Ok::<(), stablemax::Error>(())
//! ```
//!
//! - Losses are computed by this crate's own kernels on the host, in one pass with their gradient, and put into the graph: the numbers are
//!   exactly those of [`CrossEntropy`](crate::CrossEntropy), with all of its options, on every device. On an accelerator that costs a
//!   transfer of the logits in both directions for each step.
//! - [`OrthoGrad`] is made of tensor operations and stays on the device.

mod host;
mod loss;
mod ortho_grad;
mod watch;

pub use loss::cross_entropy;
pub use ortho_grad::OrthoGrad;
pub use watch::observe;
