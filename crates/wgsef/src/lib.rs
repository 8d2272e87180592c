#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod adam_metric;
#[cfg(feature = "burn")]
#[cfg_attr(docsrs, doc(cfg(feature = "burn")))]
pub mod burn;
mod compact;
mod conjugate;
mod cost;
mod error;
mod gap;
mod groups;
mod half_space;
mod hard_prox;
mod latent;
mod layout;
mod levels;
mod metric_prox;
mod monotone;
mod moreau;
mod norm_prox;
mod norms;
mod penalty;
mod prox;
mod prox_gradient;
mod root;
mod root_pass;
mod root_sorted;
mod scale;
mod schedule;
mod solver;
#[cfg(feature = "linalg")]
mod spectral;
mod subgradient;
mod sums;
mod survey;
mod tensors;
mod value;
mod weights;
mod wgsef;
mod workspace;

pub use self::wgsef::Wgsef;
pub use compact::{compact, repeat_kept};
pub use cost::{channel_flops, filter_flops};
pub use error::{Error, Result};
pub use groups::{Groups, Uncovered};
pub use half_space::HalfSpaceInfo;
pub use latent::Latent;
pub use penalty::Penalty;
pub use prox::ProxInfo;
pub use prox_gradient::{Metric, Momentum, ProxGradient, Regulariser};
pub use root::RootMethod;
pub use schedule::{BudgetSchedule, Continuation, HalfSpaceSchedule, Phase};
pub use solver::{ExactFit, Fit, Solver};
#[cfg(feature = "linalg")]
#[cfg_attr(docsrs, doc(cfg(feature = "linalg")))]
pub use spectral::Spectral;
pub use subgradient::Stationarity;
pub use tensors::{Tensors, TensorsMut};
pub use value::Value;
pub use weights::Weights;
pub use workspace::Workspace;
