//! `orthant sparse-linreg`: sparse linear models, certified.

mod arguments;
mod cv;
mod diagnose;
mod fit;
mod model;
mod path;
mod record;
mod select;
mod words;

pub(crate) use arguments::{CvArguments, DiagnoseArguments, FitArguments, PathArguments, SelectArguments};
pub(crate) use cv::cv;
pub(crate) use diagnose::diagnose;
pub(crate) use fit::fit;
pub(crate) use path::path;
pub(crate) use select::select;
