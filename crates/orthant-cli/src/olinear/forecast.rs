//! `orthant olinear forecast`.

use super::arguments::ForecastArguments;
use super::picture::{Forecast, check_series};
use super::series::{Series, SeriesRecord};
use crate::failure::{Failure, Outcome};
use crate::output::{Align, Folder, Head, Table, document_json, records_csv, short};
use crate::regression::Target;
use crate::report::Page;
use chart::Palette;
use orthant::olinear::{Forecaster, SavedModel};
use serde::Serialize;

const FILES: [&str; 4] = ["forecast.csv", "forecast.svg", "report.html", "forecast.json"];
const SCHEMA: &str = "orthant-olinear-forecast";
const SCHEMA_VERSION: u32 = 1;

/// `forecast.json`.
#[derive(Debug, Clone, Serialize)]
struct Document {
    #[serde(flatten)]
    head: Head,
    data: SeriesRecord,
    horizon: usize,
    level: f64,
    /// Steps × series.
    forecast: Vec<Vec<f64>>,
}

/// Forecasts what comes after the last row.
pub(crate) fn forecast(arguments: &ForecastArguments) -> Outcome<()> {
    let target = Target::open("olinear-forecast", &arguments.results)?;
    let model = SavedModel::load(&arguments.model).map_err(|error| Failure::input(error.to_string()))?;
    let series = Series::read(&arguments.series)?;
    check_series(&model, &series)?;
    let forecast = Forecast::next(&model, &series, arguments.level)?;
    let document = Document {
        head: Head::new(SCHEMA, SCHEMA_VERSION),
        data: series.record(),
        horizon: model.forecaster.horizon(),
        level: arguments.level,
        forecast: forecast.values.outer_iter().map(|row| row.to_vec()).collect(),
    };
    let mut page = Page::new(&format!("Forecast of {}", series.source), &series.words());
    for channel in 0..series.names.len().min(24) {
        page.picture(&forecast.picture(&series, channel, Palette::Page));
    }
    page.section("How to get this again");
    page.code(&document.head.command_line());
    let mut table = Table::new(&[
        ("time", Align::Left),
        ("series", Align::Left),
        ("forecast", Align::Right),
        ("lower", Align::Right),
        ("upper", Align::Right),
    ]);
    let end = series.values.nrows() as i64;
    for ((step, channel), &value) in forecast.values.indexed_iter().take(12) {
        table.row(vec![
            series.time(end + step as i64),
            series.names[channel].clone(),
            short(value),
            short(forecast.lower[[step, channel]]),
            short(forecast.upper[[step, channel]]),
        ]);
    }
    let more = forecast.values.len().saturating_sub(12);
    let mut summary = format!("{}\n{}", series.words(), table.text());
    if more > 0 {
        summary += &format!("and {more} more in forecast.csv\n");
    }
    let json = document_json(&document)?;
    let mut folder = Folder::new();
    folder.add("forecast.csv", records_csv(&forecast.rows(&series))?);
    folder.add("report.html", page.html());
    folder.add("forecast.svg", forecast.picture(&series, 0, Palette::Fixed));
    folder.add("forecast.json", json.clone());
    target.finish(&folder, &FILES, &json, &summary)
}
