//! Self-tuning networks: hyperparameters that are tuned while a network trains, through structured best responses.
//!
//! The network's weights are a function of the hyperparameters: row i of a layer's weight is `s Wᵢ + (A_w h)ᵢ Uᵢ`, an affine response of rank
//! one per row. Training steps learn that response under random perturbations h + ε of the hyperparameters; validation steps move the
//! hyperparameters (and how far they are perturbed) along the validation loss through it. The training loss needs no derivative in the
//! hyperparameters, so dropout rates and augmentations can be tuned.
//!
//! After M. MacKay, P. Vicol, J. Lorraine, D. Duvenaud, R. Grosse, *Self-Tuning Networks*, ICLR 2019 (arXiv 1903.03088).

mod convolution;
mod hyperparameter;
mod linear;
mod network;
mod trainer;

pub use convolution::{ConvolutionGradient, StructuredConvolution};
pub use hyperparameter::{Hyperparameter, Range, entropy, entropy_gradient_into, softplus, softplus_inverse};
pub use linear::{LinearGradient, StructuredLinear};
pub use network::{Augmentation, Regularisation, SelfTuningNetwork};
pub use trainer::{Data, SelfTuning, SelfTuningFit, SelfTuningStep};
