#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
//! wgsef
mod conjugate;
mod error;
mod gap;
mod groups;
mod half_space;
mod hard_prox;
mod layout;
mod levels;
mod metric_prox;
mod monotone;
mod moreau;
mod norm_prox;
mod norms;
mod prox;
mod root;
mod root_pass;
mod root_sorted;
mod scale;
mod subgradient;
mod sums;
mod tensors;
mod value;
mod weights;
mod wgsef;
mod workspace;

pub use self::wgsef::Wgsef;
pub use error::{Error, Result};
pub use groups::{Groups, Uncovered};
pub use half_space::HalfSpaceInfo;
pub use prox::ProxInfo;
pub use root::RootMethod;
pub use subgradient::Stationarity;
pub use tensors::{Tensors, TensorsMut};
pub use value::Value;
pub use weights::Weights;
pub use workspace::Workspace;
