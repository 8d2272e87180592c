//! `orthant olinear`: forecasts.

mod arguments;
mod calendar;
mod evaluate;
mod fit;
mod forecast;
mod picture;
mod series;

pub(crate) use arguments::{EvaluateArguments, FitArguments, ForecastArguments};
pub(crate) use evaluate::evaluate;
pub(crate) use fit::fit;
pub(crate) use forecast::forecast;
