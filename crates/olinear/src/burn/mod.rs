//! OrthoTrans and NormLin as modules of burn, for networks of your own.
//!
//! ```
//! # #[cfg(feature = "flex")] {
//! use burn::tensor::{Device, Tensor};
//! use olinear::burn::{MixingLayer, TransformLayer};
//! use olinear::{Basis, TemporalCorrelation};
//!
//! let rows = datasets::etth1().values;
//! let device = Device::flex().autodiff();
//! let turn = TransformLayer::new(&Basis::Correlation(TemporalCorrelation::default()).build(24, &rows)?, &device);
//! let mix = MixingLayer::new(7, 1, &device);
//! // Windows × series × steps: turn, mix, turn back.
//! let windows = Tensor::<3>::ones([2, 7, 24], &device);
//! let out = turn.decode(mix.forward(turn.encode(windows)));
//! assert_eq!(out.dims(), [2, 7, 24]);
//! # }
//! # Ok::<(), olinear::Error>(())
//! ```

mod mixing;
mod transform;

pub use mixing::MixingLayer;
pub use transform::TransformLayer;
