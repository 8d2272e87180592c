//! `orthant sparse-linreg path`.

use super::arguments::PathArguments;
use super::model::{design, elastic_net, levels};
use super::words;
use crate::failure::{Failure, Outcome};
use crate::input::{Regression, ResponseKind};
use crate::output::{Align, Folder, Head, Table, document_json, records_csv, short, signed};
use crate::regression::{Matrix, Session, TableRecord, explained, numbers, total_variation};
use crate::report::{HtmlTable, Page};
use chart::{Chart, Curve, Palette, Plot};
use ndarray::Array1;
use orthant::sparse_linreg::{LinearFit, Path, PathProgress};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

const FILES: [&str; 5] = ["path.csv", "coefficients.csv", "path.svg", "report.html", "path.json"];
const SCHEMA: &str = "orthant-sparse-linreg-path";
const SCHEMA_VERSION: u32 = 1;
/// Levels in the summary.
const SHOWN: usize = 12;
/// Features in the tables of the summary and the report, by the order of their entry.
const ENTRIES: usize = 15;
/// Curves in the drawing, the largest.
const CURVES: usize = 200;

/// `path.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PathDocument {
    #[serde(flatten)]
    head: Head,
    data: TableRecord,
    alpha: f64,
    standardised: bool,
    tolerance: f64,
    /// Why the path ended, in words.
    end: String,
    /// Features that are in at least one model, in the order of their entry.
    features: Vec<FeatureRecord>,
    levels: Vec<LevelRecord>,
}

/// A feature on the path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct FeatureRecord {
    name: String,
    /// The level at which it enters.
    enters: f64,
    /// Its coefficient at each level.
    coefficients: Vec<f64>,
}

/// One model of the path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct LevelRecord {
    lambda: f64,
    intercept: f64,
    /// Coefficients that are not zero.
    nonzero: usize,
    degrees_of_freedom: f64,
    /// Share of the variance that is explained in the table; `null` when the response is constant.
    r_squared: Option<f64>,
    objective: f64,
    /// Duality gap relative to the objective at w = 0.
    relative_gap: f64,
    converged: bool,
}

/// Fits a path and writes its folder.
pub(crate) fn path(arguments: &PathArguments) -> Outcome<()> {
    let mut session = Session::open("sparse-linreg", &arguments.table, &arguments.results, ResponseKind::Numbers)?;
    let model = elastic_net(&arguments.model, &session.table)?;
    let (model, lambdas) = levels(&arguments.levels, model)?;
    let y = numbers(&session.table)?;
    let record = TableRecord::new(&session.table);
    let x = Matrix::take(&mut session.table)?;
    let progress = &session.progress;
    let mut bar = |state: &PathProgress<'_>| progress.step("fitting the path", state.done, state.total, "levels");
    let fitted = match &lambdas {
        None => model.fit_path_observed(design(&x), &y, &mut bar),
        Some(lambdas) => model.fit_levels_observed(design(&x), &y, lambdas, &mut bar),
    };
    let fitted = fitted.map_err(|error| words::failure(&session.table.source, &error))?;
    let document = document(arguments, record, &session.table, &y, &fitted);
    let json = document_json(&document)?;
    let mut folder = Folder::new();
    folder.add("path.csv", records_csv(&document.levels)?);
    folder.add("coefficients.csv", coefficients_csv(&document)?);
    folder.add("path.svg", drawing(&document).to_svg(Palette::Fixed));
    folder.add("report.html", report(&document));
    folder.add("path.json", json.clone());
    session.finish(&folder, &FILES, &json, &summary(&document))
}

fn document(
    arguments: &PathArguments,
    data: TableRecord,
    table: &Regression,
    y: &Array1<f64>,
    path: &Path,
) -> PathDocument {
    let names = &table.names;
    let total = total_variation(y, table.weights.as_ref(), !arguments.model.no_intercept);
    let level = |fit: &LinearFit| LevelRecord {
        lambda: fit.lambda,
        intercept: fit.intercept,
        nonzero: fit.support().len(),
        degrees_of_freedom: fit.degrees_of_freedom,
        r_squared: explained(fit.rss, total),
        objective: fit.objective,
        relative_gap: fit.relative_gap,
        converged: fit.converged,
    };
    let mut entered: Vec<(usize, usize)> = (0..names.len())
        .filter_map(|j| Some((path.fits.iter().position(|fit| fit.coefficients[j] != 0.0)?, j)))
        .collect();
    let last = |j: usize| path.fits.last().map_or(0.0, |fit| fit.coefficients[j].abs());
    entered.sort_by(|a, b| a.0.cmp(&b.0).then(last(b.1).total_cmp(&last(a.1))).then(a.1.cmp(&b.1)));
    let features = entered
        .into_iter()
        .map(|(first, j)| FeatureRecord {
            name: names[j].clone(),
            enters: path.fits[first].lambda,
            coefficients: path.fits.iter().map(|fit| fit.coefficients[j]).collect(),
        })
        .collect();
    PathDocument {
        head: Head::new(SCHEMA, SCHEMA_VERSION),
        data,
        alpha: arguments.model.alpha,
        standardised: !arguments.model.no_standardise,
        tolerance: arguments.model.tolerance,
        end: path.end.to_string(),
        features,
        levels: path.fits.iter().map(level).collect(),
    }
}

/// A row for each level, a column for each feature that is in at least one model.
fn coefficients_csv(document: &PathDocument) -> Outcome<Vec<u8>> {
    let internal = |error: csv::Error| Failure::Internal(error.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let fixed = ["lambda", "(intercept)"].into_iter();
    writer.write_record(fixed.chain(document.features.iter().map(|f| f.name.as_str()))).map_err(internal)?;
    for (index, level) in document.levels.iter().enumerate() {
        let fixed = [level.lambda, level.intercept].into_iter();
        let cells = fixed.chain(document.features.iter().map(|feature| feature.coefficients[index]));
        writer.write_record(cells.map(|value| value.to_string())).map_err(internal)?;
    }
    writer.into_inner().map_err(|error| Failure::Internal(error.to_string()))
}

fn drawing(document: &PathDocument) -> Chart {
    let mut features: Vec<&FeatureRecord> = document.features.iter().collect();
    let size = |feature: &FeatureRecord| feature.coefficients.iter().fold(0.0_f64, |m, c| m.max(c.abs()));
    features.sort_by(|a, b| size(b).total_cmp(&size(a)));
    features.truncate(CURVES);
    let curve = |feature: &&FeatureRecord| Curve {
        name: feature.name.clone(),
        points: document.levels.iter().map(|level| level.lambda).zip(feature.coefficients.iter().copied()).collect(),
    };
    Chart {
        title: format!("Coefficients of {}", document.data.response),
        y: "coefficient".to_owned(),
        plot: Plot::Curves {
            x: "λ, falling".to_owned(),
            curves: features.iter().map(curve).collect(),
            marks: Vec::new(),
        },
    }
}

const ENTRY_COLUMNS: [(&str, Align); 3] =
    [("feature", Align::Left), ("enters at λ", Align::Right), ("last coefficient", Align::Right)];
const LEVEL_COLUMNS: [(&str, Align); 4] =
    [("λ", Align::Right), ("nonzero", Align::Right), ("R²", Align::Right), ("relative gap", Align::Right)];

fn entry_cells(feature: &FeatureRecord) -> Vec<String> {
    let last = feature.coefficients.last().copied().unwrap_or(0.0);
    vec![feature.name.clone(), short(feature.enters), signed(last)]
}

fn level_cells(level: &LevelRecord) -> Vec<String> {
    let explained = level.r_squared.map_or("–".to_owned(), |r| format!("{r:.4}"));
    vec![short(level.lambda), level.nonzero.to_string(), explained, format!("{:.0e}", level.relative_gap)]
}

/// Sentences to take seriously.
fn warnings(document: &PathDocument) -> Vec<String> {
    let missed = document.levels.iter().filter(|level| !level.converged).count();
    let mut warnings = Vec::new();
    if missed > 0 {
        warnings.push(format!(
            "{missed} of {} models did not reach the tolerance of {}; their gaps say how far they are from the optimum.",
            document.levels.len(),
            document.tolerance
        ));
    }
    warnings
}

fn summary(document: &PathDocument) -> String {
    let mut text = format!("{} path: {}\n\n", name(document.alpha), document.data.sentence());
    let mut levels = Table::new(&LEVEL_COLUMNS);
    let every = document.levels.len().div_ceil(SHOWN).max(1);
    for (index, level) in document.levels.iter().enumerate() {
        if index % every == 0 || index + 1 == document.levels.len() {
            levels.row(level_cells(level));
        }
    }
    text.push_str(&levels.text());
    if !document.features.is_empty() {
        text.push_str("\nIn the order of their entry\n\n");
        let mut entries = Table::new(&ENTRY_COLUMNS);
        document.features.iter().take(ENTRIES).for_each(|feature| entries.row(entry_cells(feature)));
        text.push_str(&entries.text());
        if document.features.len() > ENTRIES {
            let _ = writeln!(text, "  … and {} more", document.features.len() - ENTRIES);
        }
    }
    let largest = document.levels.iter().map(|level| level.relative_gap).fold(0.0, f64::max);
    let _ = writeln!(
        text,
        "\n  {} models, {}; largest relative duality gap {largest:.0e}",
        document.levels.len(),
        document.end
    );
    for warning in warnings(document) {
        let _ = writeln!(text, "\nPlease note\n  - {warning}");
    }
    text
}

/// The name of the model with this α.
pub(super) fn name(alpha: f64) -> String {
    match alpha {
        1.0 => "Lasso".to_owned(),
        0.0 => "Ridge".to_owned(),
        alpha => format!("Elastic net (α = {alpha})"),
    }
}

fn report(document: &PathDocument) -> String {
    let mut page =
        Page::new(&format!("{} path of {}", name(document.alpha), document.data.response), &document.data.sentence());
    let largest = document.levels.last().map_or(0, |level| level.nonzero);
    let explained = document.levels.last().and_then(|level| level.r_squared);
    page.figures(&[
        (document.levels.len().to_string(), "models"),
        (largest.to_string(), "coefficients at the end"),
        (explained.map_or("–".to_owned(), |r| format!("{r:.3}")), "R² at the end"),
    ]);
    let warnings = warnings(document);
    if !warnings.is_empty() {
        page.warnings(&warnings);
    }
    page.section("Coefficients");
    page.picture(&drawing(document).to_svg(Palette::Page));
    page.note("Weaker penalties to the right. A line that leaves zero is a feature that enters the model.");
    page.section("Features in the order of their entry");
    let mut entries = HtmlTable::new(&ENTRY_COLUMNS);
    document.features.iter().take(20 * ENTRIES).for_each(|feature| entries.row(&entry_cells(feature)));
    page.raw(&entries.html());
    page.section("Models");
    let mut levels = HtmlTable::new(&LEVEL_COLUMNS);
    document.levels.iter().for_each(|level| levels.row(&level_cells(level)));
    page.raw(&levels.html());
    page.section("How to read this");
    page.paragraph(
        "Each model minimises the mean squared error plus λ times the size of the coefficients. R² is measured on the rows \
         that the model was fitted to, and always grows towards weaker penalties: choose λ by `orthant sparse-linreg cv`, \
         not by R². The relative gap bounds how far a model is from the optimum of its own problem.",
    );
    page.section("Repeat it");
    page.code(&document.head.command_line());
    page.html()
}
