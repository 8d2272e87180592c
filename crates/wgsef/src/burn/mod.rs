//! Pruning the layers of any burn module to a budget, and shrinking them.
//!
//! ```
//! # #[cfg(feature = "flex")]
//! # {
//! use burn::module::{Module, Param};
//! use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
//! use burn::tensor::activation::relu;
//! use burn::tensor::{Device, Tensor};
//! use wgsef::burn::{Prunable, Pruner};
//!
//! #[derive(Module, Debug)]
//! struct Network {
//!     hidden: Param<Tensor<2>>,
//!     offset: Param<Tensor<1>>,
//!     output: Param<Tensor<2>>,
//! }
//!
//! impl Network {
//!     fn forward(&self, x: Tensor<2>) -> Tensor<2> {
//!         relu(x.matmul(self.hidden.val()) + self.offset.val().unsqueeze()).matmul(self.output.val())
//!     }
//! }
//!
//! let device = Device::flex().autodiff();
//! let mut model = Network {
//!     hidden: Param::from_tensor(Tensor::from_data([[0.9, -0.8, 0.1, 0.2], [0.1, 0.3, -0.9, 0.1]], &device)),
//!     offset: Param::from_tensor(Tensor::zeros([4], &device)),
//!     output: Param::from_tensor(Tensor::from_data([[0.5], [0.4], [0.6], [0.1]], &device)),
//! };
//! let x = Tensor::<2>::from_data([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.5]], &device);
//! let y = Tensor::<2>::from_data([[1.0], [0.0], [0.5]], &device);
//!
//! // Two of four neurons may stay; `output` reads them.
//! let neurons = Prunable::new("hidden", 2).bias("offset").read_by("output", 1);
//! let mut pruner = Pruner::new(0.1)?.layer(neurons);
//! let mut optimizer = ModuleOptimizer::from(AdamConfig::new().build());
//! for step in 0..40 {
//!     if step == 20 {
//!         model = pruner.cut(model)?;
//!     }
//!     let loss = (model.forward(x.clone()) - y.clone()).square().mean();
//!     let gradients = GradientsParams::from_grads(loss.backward(), &model);
//!     model = optimizer.step(0.02, model, gradients);
//!     model = pruner.step(model, 0.02)?;
//! }
//! let (report, before) = (pruner.report(&model)?, model.forward(x.clone()));
//! assert_eq!(report.layers[0].kept, 2);
//! let small = pruner.shrink(model)?;
//! assert_eq!(small.hidden.dims(), [2, 2]);
//! assert!((small.forward(x) - before).abs().max().into_scalar::<f32>() < 1e-6);
//! # }
//! # Ok::<(), wgsef::Error>(())
//! ```
//!
//! The operators run on the host in double precision.

mod exchange;
mod layer;
mod pruner;

pub use layer::Prunable;
pub use pruner::{LayerReport, Pruner, PruningReport};
