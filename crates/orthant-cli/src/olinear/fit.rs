//! `orthant olinear fit`.

use super::arguments::{FitArguments, ModelName, SplitName};
use super::picture::{Forecast, calibrate};
use super::series::{Series, SeriesRecord};
use crate::failure::{Failure, Outcome};
use crate::output::{Align, Folder, Head, Table, document_json, records_csv, short};
use crate::progress::Progress;
use crate::regression::Target;
use crate::report::{HtmlTable, Page};
use chart::{Chart, Palette, Plot};
use ndarray::{Array2, Axis};
use orthant::olinear::{
    Baseline, Coverage, Epoch, Error, FittedForecaster, Forecaster, Metrics, Mixing, MomentRidge, OLinear, Parts, Rule,
    SavedModel, Scaler, Split, coverage, evaluate,
};
use serde::Serialize;
use std::ops::ControlFlow;
use std::time::Instant;

const FILES: [&str; 6] =
    ["model.safetensors", "forecast.csv", "training.csv", "forecast.svg", "report.html", "olinear.json"];
const SCHEMA: &str = "orthant-olinear-fit";
const SCHEMA_VERSION: u32 = 1;
/// Pictures in a report.
const PICTURES: usize = 6;

/// `olinear.json`.
#[derive(Debug, Clone, Serialize)]
struct Document {
    #[serde(flatten)]
    head: Head,
    data: SeriesRecord,
    model: &'static str,
    look_back: usize,
    horizon: usize,
    parts: Parts,
    /// Errors on the test rows, on the scale of the training rows (mean 0, variance 1).
    measured: Vec<Measured>,
    level: f64,
    coverage: Option<Coverage>,
    epochs: Vec<Epoch>,
    penalties: Option<Vec<f64>>,
}

#[derive(Debug, Clone, Serialize)]
struct Measured {
    forecaster: &'static str,
    metrics: Metrics,
}

/// Fits a forecaster and writes its folder.
pub(crate) fn fit(arguments: &FitArguments) -> Outcome<()> {
    let target = Target::open("olinear", &arguments.results)?;
    if !(arguments.level > 0.0 && arguments.level < 1.0) {
        return Err(Failure::input(format!("--level is {}; it must be > 0 and < 1", arguments.level)));
    }
    let series = Series::read(&arguments.series)?;
    let progress = Progress::new(arguments.results.quiet);
    let refuse = |error: Error| Failure::input(format!("`{}`: {error}", series.source));
    let rows = series.values.nrows();
    let split = match arguments.split {
        SplitName::Shares => Split::default(),
        SplitName::EttHour => Split::EttHour,
    };
    let training = split.parts(rows, 0).map_err(refuse)?.train.len();
    let look_back = arguments.look_back.unwrap_or_else(|| (4 * arguments.horizon).min(training / 5).max(1));
    let parts = split.parts(rows, look_back).map_err(refuse)?;
    let scaler = Scaler::fit(&series.values.slice_axis(Axis(0), parts.train.clone().into())).map_err(refuse)?;
    let scaled: Array2<f64> = scaler.transform(&series.values).map_err(refuse)?;
    progress.begin("ridge", 1);
    let ridge = MomentRidge::new(look_back, &[arguments.horizon]).fit(&scaled, &parts).map_err(refuse)?;
    let ridge = ridge.maps.into_iter().next().ok_or_else(|| Failure::Internal("no map was fitted".to_owned()))?;
    let (forecaster, epochs) = match arguments.model {
        ModelName::Ridge => (FittedForecaster::Ridge(Box::new(ridge.clone())), Vec::new()),
        _ => {
            let model = OLinear {
                width: arguments.width,
                hidden: arguments.width,
                blocks: arguments.blocks,
                epochs: arguments.epochs,
                patience: arguments.patience,
                batch: arguments.batch,
                learning_rate: arguments.learning_rate,
                dropout: arguments.dropout,
                seed: arguments.seed,
                mixing: if arguments.model == ModelName::OlinearC { Mixing::Fixed } else { Mixing::default() },
                ..OLinear::new(look_back, arguments.horizon)
            };
            let start = (arguments.model == ModelName::Hybrid).then_some(&ridge.map);
            let fit = train(&model, &scaled, &parts, start, &progress).map_err(refuse)?;
            let history = fit.history.clone();
            (FittedForecaster::Network(Box::new(fit)), history)
        }
    };
    let mut measured = Vec::new();
    let test_windows = Parts::windows(&parts.test, look_back, arguments.horizon);
    if test_windows > 0 {
        let mut measure = |name: &'static str, forecaster: &dyn Forecaster| -> Outcome<()> {
            let metrics = evaluate(forecaster, &scaled, &parts.test).map_err(refuse)?;
            measured.push(Measured { forecaster: name, metrics });
            Ok(())
        };
        measure(word(arguments.model), &forecaster)?;
        if arguments.model != ModelName::Ridge {
            measure("ridge", &ridge)?;
        }
        if let Some(period) = series.period.filter(|&p| p <= look_back) {
            let rule = Baseline::new(Rule::Seasonal { period }, look_back, arguments.horizon).map_err(refuse)?;
            measure("last season", &rule)?;
        }
        measure("last value", &Baseline::new(Rule::LastValue, look_back, arguments.horizon).map_err(refuse)?)?;
    }
    let intervals = calibrate(&forecaster, &scaled, &parts.validation).map_err(refuse)?;
    let covered = (test_windows > 0)
        .then(|| coverage(&intervals, &forecaster, &scaled, &parts.test, arguments.level))
        .transpose()
        .map_err(refuse)?;
    let model = SavedModel {
        forecaster,
        scaler,
        channels: series.names.clone(),
        parts: parts.clone(),
        metrics: measured.first().map(|m| m.metrics),
        intervals: Some(intervals),
    };
    let forecast = Forecast::next(&model, &series, arguments.level)?;
    progress.finish();
    let document = Document {
        head: Head::new(SCHEMA, SCHEMA_VERSION),
        data: series.record(),
        model: word(arguments.model),
        look_back,
        horizon: arguments.horizon,
        parts,
        measured,
        level: arguments.level,
        coverage: covered,
        epochs,
        penalties: matches!(arguments.model, ModelName::Ridge).then_some(ridge.penalties),
    };
    let json = document_json(&document)?;
    let mut folder = Folder::new();
    folder.add("model.safetensors", model.to_bytes().map_err(|error| Failure::Internal(error.to_string()))?);
    folder.add("forecast.csv", records_csv(&forecast.rows(&series))?);
    if !document.epochs.is_empty() {
        folder.add("training.csv", records_csv(&document.epochs)?);
    }
    folder.add("report.html", document.report(&series, &forecast));
    folder.add("forecast.svg", forecast.picture(&series, 0, Palette::Fixed));
    folder.add("olinear.json", json.clone());
    target.finish(&folder, &FILES, &json, &document.summary(&series))
}

/// Trains, with the loss, the validation loss and the time left on the bar.
fn train(
    model: &OLinear,
    scaled: &Array2<f64>,
    parts: &Parts,
    start: Option<&Array2<f64>>,
    progress: &Progress,
) -> Result<orthant::olinear::OLinearFit, Error> {
    let begin = Instant::now();
    let mut begun = false;
    model.fit_observed(scaled, parts, start.map(|map| &**map), |at| {
        let (steps, done) = (at.steps * at.epochs, at.steps * (at.epoch - 1) + at.step);
        if !begun {
            progress.begin("training", steps);
            begun = true;
        }
        progress.at(done, || {
            let left = begin.elapsed().as_secs_f64() * (steps - done) as f64 / done as f64;
            let validation = at.history.iter().map(|e| e.validation_loss).fold(f64::INFINITY, f64::min);
            let best =
                if validation.is_finite() { format!(", validation {}", short(validation)) } else { String::new() };
            format!("epoch {}, loss {}{best}, at most {left:.0} s left", at.epoch, short(at.loss))
        });
        ControlFlow::Continue(())
    })
}

fn word(model: ModelName) -> &'static str {
    match model {
        ModelName::Ridge => "ridge",
        ModelName::Olinear => "OLinear",
        ModelName::OlinearC => "OLinear-C",
        ModelName::Hybrid => "hybrid",
    }
}

impl Document {
    fn summary(&self, series: &Series) -> String {
        let mut table = Table::new(&[
            ("test rows", Align::Left),
            ("MSE", Align::Right),
            ("MAE", Align::Right),
            ("R²", Align::Right),
            ("MASE", Align::Right),
        ]);
        for m in &self.measured {
            let cells = [m.metrics.mse, m.metrics.mae, m.metrics.r2, m.metrics.mase].map(short);
            table.row([vec![m.forecaster.to_owned()], cells.to_vec()].concat());
        }
        let mut text =
            format!("{}\n{} from {} steps to {}\n", series.words(), self.model, self.look_back, self.horizon);
        text += &table.text();
        if let Some(covered) = &self.coverage {
            text += &format!(
                "Intervals of {} %: {} % of the test values inside\n",
                100.0 * self.level,
                short(100.0 * covered.coverage)
            );
        }
        text
    }

    fn report(&self, series: &Series, forecast: &Forecast) -> String {
        let mut page = Page::new(&format!("{} on {}", self.model, series.source), &series.words());
        if let Some(own) = self.measured.first() {
            page.figures(&[
                (short(own.metrics.mse), "mean squared error, test rows"),
                (short(own.metrics.mae), "mean absolute error"),
                (self.look_back.to_string(), "steps back"),
                (self.horizon.to_string(), "steps ahead"),
            ]);
        }
        page.section("What comes next");
        for channel in 0..series.names.len().min(PICTURES) {
            page.picture(&forecast.picture(series, channel, Palette::Page));
        }
        if series.names.len() > PICTURES {
            page.note(&format!("The first {PICTURES} of {} series; all are in forecast.csv.", series.names.len()));
        }
        page.section("Rows that the model has not seen");
        let mut table = HtmlTable::new(&[
            ("forecaster", Align::Left),
            ("MSE", Align::Right),
            ("MAE", Align::Right),
            ("R²", Align::Right),
            ("Pearson", Align::Right),
            ("MASE", Align::Right),
        ]);
        for m in &self.measured {
            let cells = [m.metrics.mse, m.metrics.mae, m.metrics.r2, m.metrics.pearson, m.metrics.mase].map(short);
            table.row(&[vec![m.forecaster.to_owned()], cells.to_vec()].concat());
        }
        page.raw(&table.html());
        page.note("On the scale of the training rows: each series has mean 0 and variance 1 there. Every window of the test rows counts.");
        if let Some(covered) = &self.coverage {
            page.paragraph(&format!(
                "Intervals of {} % hold {} % of the test values; their mean width is {}. They are made from the errors on the \
                 validation rows, and hold only as far as the future resembles those.",
                100.0 * self.level,
                short(100.0 * covered.coverage),
                short(covered.width)
            ));
        }
        if !self.epochs.is_empty() {
            page.section("Training");
            let line = |f: fn(&Epoch) -> f64| self.epochs.iter().map(|e| (e.epoch as f64, f(e))).collect();
            let lines = vec![
                ("training".to_owned(), line(|e| e.train_loss)),
                ("validation".to_owned(), line(|e| e.validation_loss)),
            ];
            let plot = Plot::Lines { x: "epoch".to_owned(), log_x: false, log_y: false, series: lines };
            let chart = Chart { title: "Loss".to_owned(), y: "weighted absolute error".to_owned(), plot };
            page.picture(&chart.to_svg(Palette::Page));
        }
        page.section("How to get this again");
        page.code(&self.head.command_line());
        page.html()
    }
}
