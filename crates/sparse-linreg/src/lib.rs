#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod greedy;
mod parallel;
mod random_span;
mod reduction;
mod subset_qr;

pub use error::{Error, Result};
pub use greedy::{Omp, OmpPath, OmpStatus, OmpStep, Thresholding, ThresholdingFit, ThresholdingStatus, ThresholdingStep};
pub use random_span::{Choice, Precision, Preconditioner, RandomSpan, Reason, Round, SpanDiagnostics};
