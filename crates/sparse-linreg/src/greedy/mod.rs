//! Greedy and thresholding methods.

mod cosamp;
mod htp;
mod niht;
mod omp;
mod subspace_pursuit;
mod thresholding;

pub use omp::{Omp, OmpPath, OmpStatus, OmpStep};
pub use thresholding::{Thresholding, ThresholdingFit, ThresholdingStatus, ThresholdingStep};

pub(crate) use omp::pursue;
pub(crate) use thresholding::{htp_support, largest, support_of, unit_columns};
