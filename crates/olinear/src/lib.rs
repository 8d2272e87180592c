#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod backward;
mod baselines;
mod basis;
#[cfg(feature = "burn")]
#[cfg_attr(docsrs, doc(cfg(feature = "burn")))]
pub mod burn;
mod conformal;
mod error;
mod fold;
mod forecaster;
mod forward;
mod kernels;
mod lag_products;
mod layout;
mod linear;
mod loss;
mod mask;
mod matrix;
mod metrics;
mod missing;
mod moments;
mod network;
mod normlin;
mod parallel;
mod revin;
mod ridge;
mod rotation;
#[cfg(feature = "save")]
#[cfg_attr(docsrs, doc(cfg(feature = "save")))]
mod save;
mod scaler;
mod schedule;
mod split;
mod streaming;
mod temporal;
mod train;
mod workspace;

pub use baselines::{Baseline, Rule};
pub use basis::{Basis, OrthoBasis};
pub use conformal::{AdaptiveConformal, Coverage, Score, SplitConformal, coverage};
pub use error::{Error, Result};
pub use fold::FoldedOLinear;
pub use forecaster::{Forecaster, evaluate, windows};
pub use layout::Tensor;
pub use linear::{LinearFit, LinearForecaster, LinearKind};
pub use loss::{Loss, LossMode};
pub use metrics::{Metrics, MetricsAccumulator};
pub use missing::MissingPolicy;
pub use moments::{Centre, CentredMoments, WindowMoments};
pub use network::{Architecture, Mixing, Network, Temporal};
pub use normlin::{NormLin, RowNorm, Transform, correlation_mixing};
pub use revin::{Normalised, RevIn};
pub use ridge::{MomentRidge, PenaltySelection, RidgeFit, RidgeMap};
pub use rotation::Rotation;
#[cfg(feature = "save")]
pub use save::{FittedForecaster, SavedModel};
pub use scaler::Scaler;
pub use schedule::Schedule;
pub use split::{Parts, Split};
pub use streaming::TemporalStatistics;
pub use temporal::{CorrelationKind, MissingPairs, TemporalCorrelation, TemporalMatrix, channel_correlation};
pub use train::{Epoch, OLinear, OLinearFit, Progress, TrainingEnd, forecast_next};
pub use workspace::{Dropout, Folding, Workspace};
