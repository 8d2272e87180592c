//! Forecasts as rows and pictures, the same in every command.

use super::series::Series;
use crate::failure::{Failure, Outcome};
use chart::{Chart, Palette, Plot};
use ndarray::{Array2, ArrayView1, Axis};
use orthant::olinear::{FittedForecaster, SavedModel, Scaler, SplitConformal, forecast_next};
use serde::Serialize;

/// A forecast of all series in their own units.
pub(crate) struct Forecast {
    /// Steps × series.
    pub(crate) values: Array2<f64>,
    pub(crate) lower: Array2<f64>,
    pub(crate) upper: Array2<f64>,
    pub(crate) level: f64,
}

/// A row of `forecast.csv`.
#[derive(Debug, Serialize)]
pub(crate) struct ForecastRow<'a> {
    time: String,
    series: &'a str,
    forecast: f64,
    lower: Option<f64>,
    upper: Option<f64>,
}

impl Forecast {
    /// What comes after the last row.
    pub(crate) fn next(model: &SavedModel, series: &Series, level: f64) -> Outcome<Self> {
        let refuse = |error: orthant::olinear::Error| Failure::input(format!("`{}`: {error}", series.source));
        let scaled = model.scaler.transform(&series.values).map_err(refuse)?;
        let forecaster: &FittedForecaster = &model.forecaster;
        let found = forecast_next(forecaster, &scaled).map_err(refuse)?;
        let (lower, upper) = match &model.intervals {
            Some(split) => split.interval(&found, level).map_err(refuse)?,
            None => (found.mapv(|_| f64::NAN), found.mapv(|_| f64::NAN)),
        };
        let back = |x: &Array2<f64>| model.scaler.inverse(x).map_err(refuse);
        Ok(Self { values: back(&found)?, lower: back(&lower)?, upper: back(&upper)?, level })
    }

    pub(crate) fn rows<'a>(&self, series: &'a Series) -> Vec<ForecastRow<'a>> {
        let end = series.values.nrows() as i64;
        let known = |v: f64| Some(v).filter(|v| v.is_finite());
        let mut rows = Vec::with_capacity(self.values.len());
        for ((step, channel), &forecast) in self.values.indexed_iter() {
            rows.push(ForecastRow {
                time: series.time(end + step as i64),
                series: &series.names[channel],
                forecast,
                lower: known(self.lower[[step, channel]]),
                upper: known(self.upper[[step, channel]]),
            });
        }
        rows
    }

    /// History, forecast and interval of one series.
    pub(crate) fn picture(&self, series: &Series, channel: usize, palette: Palette) -> String {
        let rows = series.values.nrows();
        let horizon = self.values.nrows();
        let shown = (3 * horizon).clamp(24, 2000).min(rows);
        let history = (rows - shown..rows).map(|t| (t as f64 - rows as f64, series.values[[t, channel]]));
        let column = |x: &Array2<f64>| -> Vec<(f64, f64)> {
            let column: ArrayView1<'_, f64> = x.index_axis(Axis(1), channel);
            column.iter().enumerate().map(|(t, &v)| (t as f64, v)).filter(|p| p.1.is_finite()).collect()
        };
        let mut lines = vec![
            ("observed".to_owned(), history.filter(|p| p.1.is_finite()).collect::<Vec<_>>()),
            ("forecast".to_owned(), column(&self.values)),
        ];
        for (name, x) in [("lower", &self.lower), ("upper", &self.upper)] {
            let points = column(x);
            if !points.is_empty() {
                lines.push((format!("{name} {} %", 100.0 * self.level), points));
            }
        }
        let title = format!(
            "{}: {} to {}",
            series.names[channel],
            series.time((rows - shown) as i64),
            series.time((rows + horizon - 1) as i64)
        );
        Chart {
            title,
            y: series.names[channel].clone(),
            plot: Plot::Lines { x: "steps from the last row".to_owned(), log_x: false, log_y: false, series: lines },
        }
        .to_svg(palette)
    }
}

/// Errors that intervals are made from, on the rows of a part.
pub(crate) fn calibrate(
    forecaster: &FittedForecaster,
    scaled: &Array2<f64>,
    rows: &std::ops::Range<usize>,
) -> Result<SplitConformal, orthant::olinear::Error> {
    SplitConformal::calibrate(forecaster, scaled, rows, orthant::olinear::Score::Absolute)
}

/// Refuses a series that is not the model's.
pub(crate) fn check_series(model: &SavedModel, series: &Series) -> Outcome<()> {
    if series.names == model.channels {
        return Ok(());
    }
    let list = |names: &[String]| {
        let shown: Vec<String> = names.iter().take(8).map(|n| format!("`{n}`")).collect();
        format!("{}{}", shown.join(", "), if names.len() > 8 { ", …" } else { "" })
    };
    Err(Failure::input(format!(
        "`{}` has the series {}; the model was fitted to {}: choose them in that order with --columns",
        series.source,
        list(&series.names),
        list(&model.channels)
    )))
}

/// The scale of a channel, to speak of errors in its units.
pub(crate) fn unit(scaler: &Scaler, channel: usize) -> f64 {
    scaler.deviation[channel]
}
