//! `orthant olinear evaluate`.

use super::arguments::EvaluateArguments;
use super::picture::{check_series, unit};
use super::series::{Series, SeriesRecord};
use crate::failure::{Failure, Outcome};
use crate::output::{Align, Folder, Head, Table, document_json, records_csv, short};
use crate::progress::Progress;
use crate::regression::Target;
use crate::report::{HtmlTable, Page};
use chart::{Chart, Palette, Plot};
use ndarray::Array2;
use orthant::olinear::{
    AdaptiveConformal, Coverage, Error, Forecaster, Metrics, MetricsAccumulator, Parts, SavedModel, coverage, windows,
};
use serde::Serialize;

const FILES: [&str; 5] = ["steps.csv", "series.csv", "errors.svg", "report.html", "evaluate.json"];
const SCHEMA: &str = "orthant-olinear-evaluate";
const SCHEMA_VERSION: u32 = 1;
/// Step of adaptive levels.
const GAMMA: f64 = 0.01;

/// `evaluate.json`.
#[derive(Debug, Clone, Serialize)]
struct Document {
    #[serde(flatten)]
    head: Head,
    data: SeriesRecord,
    windows: usize,
    /// On the scale of the rows that the model was trained on.
    metrics: Metrics,
    level: f64,
    split_intervals: Option<Coverage>,
    adaptive_intervals: Option<Coverage>,
    steps: Vec<StepRow>,
    series: Vec<SeriesRow>,
}

/// Errors of one step ahead.
#[derive(Debug, Clone, Copy, Serialize)]
struct StepRow {
    step: usize,
    mse: f64,
    mae: f64,
}

/// Errors of one series.
#[derive(Debug, Clone, Serialize)]
struct SeriesRow {
    series: String,
    mse: f64,
    mae: f64,
    /// In the series' own unit.
    mae_in_units: f64,
}

/// Runs through every window.
pub(crate) fn evaluate(arguments: &EvaluateArguments) -> Outcome<()> {
    let target = Target::open("olinear-evaluate", &arguments.results)?;
    let model = SavedModel::load(&arguments.model).map_err(|error| Failure::input(error.to_string()))?;
    let series = Series::read(&arguments.series)?;
    check_series(&model, &series)?;
    let refuse = |error: Error| Failure::input(format!("`{}`: {error}", series.source));
    let scaled: Array2<f64> = model.scaler.transform(&series.values).map_err(refuse)?;
    let rows = if arguments.all { 0..series.values.nrows() } else { model.parts.test.clone() };
    let forecaster = &model.forecaster;
    if rows.end > scaled.nrows() {
        return Err(Failure::input(format!(
            "`{}` has {} rows, but the model's test rows end at {}; pass --all to use those that there are",
            series.source,
            scaled.nrows(),
            rows.end
        )));
    }
    let (look_back, horizon) = (forecaster.look_back(), forecaster.horizon());
    let count = Parts::windows(&rows, look_back, horizon);
    let progress = Progress::new(arguments.results.quiet);
    progress.begin("windows", count);
    if count == 0 {
        let needed = look_back + horizon;
        return Err(Failure::input(format!(
            "`{}`: {} rows are to be evaluated; one window needs {needed}",
            series.source,
            rows.len()
        )));
    }
    let mut sums = MetricsAccumulator::default();
    // Squared and absolute errors and their number, by step and series.
    let shape = (horizon, series.names.len());
    let (mut squared, mut absolute, mut seen) =
        (Array2::<f64>::zeros(shape), Array2::<f64>::zeros(shape), Array2::<f64>::zeros(shape));
    for begin in (0..count).step_by(64) {
        let starts: Vec<usize> = (begin..count.min(begin + 64)).map(|w| rows.start + w).collect();
        let (x, y) = windows(&scaled, &starts, look_back, horizon).map_err(refuse)?;
        let forecasts = forecaster.forecast_windows(&x).map_err(refuse)?;
        sums.add(&forecasts, &y).map_err(refuse)?;
        for ((index, &forecast), &truth) in forecasts.indexed_iter().zip(y.iter()) {
            let at = [index.1, index.2];
            let error = forecast - truth;
            if !error.is_nan() {
                squared[at] += error * error;
                absolute[at] += error.abs();
                seen[at] += 1.0;
            }
        }
        progress.at(begin, || "errors by step and series".to_owned());
    }
    let (split, adaptive) = match &model.intervals {
        None => (None, None),
        Some(split) => {
            let fixed = coverage(split, forecaster, &scaled, &rows, arguments.level).map_err(refuse)?;
            let mut adaptive = AdaptiveConformal::new(split.clone(), arguments.level, GAMMA).map_err(refuse)?;
            (Some(fixed), Some(adaptive.roll(forecaster, &scaled, &rows).map_err(refuse)?))
        }
    };
    progress.finish();
    let ratio = |sum: f64, count: f64| if count > 0.0 { sum / count } else { f64::NAN };
    let steps = (0..horizon).map(|t| {
        let count = seen.row(t).sum();
        StepRow { step: t + 1, mse: ratio(squared.row(t).sum(), count), mae: ratio(absolute.row(t).sum(), count) }
    });
    let each = series.names.iter().enumerate().map(|(n, name)| {
        let count = seen.column(n).sum();
        let mae = ratio(absolute.column(n).sum(), count);
        SeriesRow {
            series: name.clone(),
            mse: ratio(squared.column(n).sum(), count),
            mae,
            mae_in_units: mae * unit(&model.scaler, n),
        }
    });
    let document = Document {
        head: Head::new(SCHEMA, SCHEMA_VERSION),
        data: series.record(),
        windows: count,
        metrics: sums.metrics(),
        level: arguments.level,
        split_intervals: split,
        adaptive_intervals: adaptive,
        steps: steps.collect(),
        series: each.collect(),
    };
    let json = document_json(&document)?;
    let mut folder = Folder::new();
    folder.add("steps.csv", records_csv(&document.steps)?);
    folder.add("series.csv", records_csv(&document.series)?);
    folder.add("report.html", document.report(&series));
    folder.add("errors.svg", document.chart(Palette::Fixed));
    folder.add("evaluate.json", json.clone());
    target.finish(&folder, &FILES, &json, &document.summary(&series))
}

impl Document {
    fn chart(&self, palette: Palette) -> String {
        let line = |f: fn(&StepRow) -> f64| self.steps.iter().map(|s| (s.step as f64, f(s))).collect();
        let lines = vec![("squared".to_owned(), line(|s| s.mse)), ("absolute".to_owned(), line(|s| s.mae))];
        let plot = Plot::Lines { x: "steps ahead".to_owned(), log_x: false, log_y: false, series: lines };
        Chart { title: "Mean error by step".to_owned(), y: "error, standardised".to_owned(), plot }.to_svg(palette)
    }

    fn summary(&self, series: &Series) -> String {
        let m = &self.metrics;
        let mut text = format!(
            "{}\n{} windows: MSE {}, MAE {}, R² {}, MASE {}\n",
            series.words(),
            self.windows,
            short(m.mse),
            short(m.mae),
            short(m.r2),
            short(m.mase)
        );
        let mut table = Table::new(&[
            ("intervals", Align::Left),
            ("level", Align::Right),
            ("inside", Align::Right),
            ("width", Align::Right),
            ("score", Align::Right),
        ]);
        for (name, found) in [("fixed", &self.split_intervals), ("adaptive", &self.adaptive_intervals)] {
            if let Some(c) = found {
                let cells = [self.level, c.coverage, c.width, c.interval_score].map(short);
                table.row([vec![name.to_owned()], cells.to_vec()].concat());
            }
        }
        text += &table.text();
        text
    }

    fn report(&self, series: &Series) -> String {
        let m = &self.metrics;
        let mut page = Page::new(&format!("Back-test on {}", series.source), &series.words());
        page.figures(&[
            (self.windows.to_string(), "windows"),
            (short(m.mse), "mean squared error"),
            (short(m.mae), "mean absolute error"),
            (short(m.r2), "R²"),
            (short(m.mase), "MASE"),
        ]);
        page.section("By step");
        page.picture(&self.chart(Palette::Page));
        page.section("By series");
        let mut table = HtmlTable::new(&[
            ("series", Align::Left),
            ("MSE", Align::Right),
            ("MAE", Align::Right),
            ("MAE in its unit", Align::Right),
        ]);
        for row in &self.series {
            table.row(&[vec![row.series.clone()], [row.mse, row.mae, row.mae_in_units].map(short).to_vec()].concat());
        }
        page.raw(&table.html());
        page.section("Intervals");
        for (name, found) in [("Fixed", &self.split_intervals), ("Adaptive", &self.adaptive_intervals)] {
            if let Some(c) = found {
                page.paragraph(&format!(
                    "{name} intervals of {} % hold {} % of the values; mean width {}, interval score {}.",
                    100.0 * self.level,
                    short(100.0 * c.coverage),
                    short(c.width),
                    short(c.interval_score)
                ));
            }
        }
        page.note("Fixed intervals come from the errors on the validation rows. Adaptive ones follow what they missed, h steps late for step h.");
        page.section("How to get this again");
        page.code(&self.head.command_line());
        page.html()
    }
}
