//! `orthant sparse-linreg cv`.

use super::arguments::{CvArguments, RuleName};
use super::fit::rsp;
use super::model::{design, elastic_net, levels};
use super::record::{ModelRecord, Scales};
use super::words;
use crate::failure::{Failure, Outcome};
use crate::input::{Regression, ResponseKind};
use crate::output::{Align, Folder, Head, Table, document_json, records_csv, short};
use crate::regression::{Matrix, Session, TableRecord, moments, numbers, total_variation};
use crate::report::{HtmlTable, Page};
use chart::{Chart, Palette, Plot, Whisker};
use ndarray::Array1;
use orthant::sparse_linreg::{
    BestSubset, CvCurve, ElasticNet, Entrant, Folds, Race, RelaxedLasso, Rule, SelectionProgress,
};
use serde::{Deserialize, Serialize};

const FILES: [&str; 5] = ["cv.csv", "cv.svg", "coefficients.csv", "report.html", "cv.json"];
const SCHEMA: &str = "orthant-sparse-linreg-cv";
const SCHEMA_VERSION: u32 = 1;

/// `cv.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct CvDocument {
    #[serde(flatten)]
    head: Head,
    data: TableRecord,
    folds: usize,
    /// `minimum` or `one-se`.
    rule: String,
    /// In the order of `--methods`.
    methods: Vec<MethodRecord>,
    /// The method with the smallest error.
    winner: usize,
    /// The winner's model on all rows.
    model: ModelRecord,
}

/// How one method did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct MethodRecord {
    name: String,
    /// Mean squared error of the candidate that the rule takes.
    error: f64,
    standard_error: f64,
    /// Position of that candidate, of the smallest error, and of the simplest one within a standard error of it.
    chosen: usize,
    best: usize,
    one_se: usize,
    /// What distinguishes the candidates: `lambda` or `size`.
    parameter: String,
    candidates: Vec<CandidateRecord>,
}

/// One candidate: a level, or a size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct CandidateRecord {
    parameter: f64,
    mean_squared_error: f64,
    standard_error: f64,
}

/// A row of `cv.csv`.
#[derive(Debug, Serialize)]
struct Row<'a> {
    method: &'a str,
    parameter: f64,
    mean_squared_error: f64,
    standard_error: f64,
}

/// Cross-validates and writes the folder.
pub(crate) fn cv(arguments: &CvArguments) -> Outcome<()> {
    let mut session = Session::open("sparse-linreg", &arguments.table, &arguments.results, ResponseKind::Numbers)?;
    let (config, lambdas) = levels(&arguments.levels, elastic_net(&arguments.model, &session.table)?)?;
    if lambdas.is_some() {
        return Err(Failure::input("--lambdas belongs to `path`; cross-validation uses a grid (--levels, --ratio)"));
    }
    let entrants = entrants(arguments, &config, &session.table)?;
    let y = numbers(&session.table)?;
    let data = TableRecord::new(&session.table);
    let x = Matrix::take(&mut session.table)?;
    let table = &session.table;
    let refuse = |error| words::failure(&table.source, &error);
    let folds = folds(arguments, table, y.len()).map_err(refuse)?;
    let rule = match arguments.rule {
        RuleName::Minimum => Rule::Minimum,
        RuleName::OneSe => Rule::OneStandardError,
    };
    let title = format!("cross-validating {} methods", entrants.len());
    let progress = &session.progress;
    let mut bar = |state: &SelectionProgress| progress.step(&title, state.done, state.total, "paths");
    let result = Race::new(entrants).rule(rule).run_observed(design(&x), &y, &folds, &mut bar);
    let result = result.map_err(refuse)?;
    let weights = table.weights.as_ref();
    let total = total_variation(&y, weights, !arguments.model.no_intercept);
    let scales = Scales { names: &table.names, deviations: moments(&x, weights).1, total };
    let fitted = result.model.predict(design(&x)).map_err(refuse)?;
    let rss = total_variation(&(&y - &fitted), weights, false);
    let methods: Vec<MethodRecord> = result
        .heats
        .iter()
        .zip(&arguments.methods)
        .map(|(heat, asked)| method_record(&heat.name, asked, &heat.curve, rule))
        .collect();
    let document = CvDocument {
        head: Head::new(SCHEMA, SCHEMA_VERSION),
        data,
        folds: folds.len(),
        rule: if arguments.rule == RuleName::Minimum { "minimum" } else { "one-se" }.to_owned(),
        winner: result.winner,
        model: ModelRecord::raced(&methods[result.winner].name, &result.model, rss, &scales),
        methods,
    };
    let json = document_json(&document)?;
    let rows: Vec<Row<'_>> = document
        .methods
        .iter()
        .flat_map(|method| {
            method.candidates.iter().map(|candidate| Row {
                method: &method.name,
                parameter: candidate.parameter,
                mean_squared_error: candidate.mean_squared_error,
                standard_error: candidate.standard_error,
            })
        })
        .collect();
    let mut folder = Folder::new();
    folder.add("cv.csv", records_csv(&rows)?);
    folder.add("cv.svg", drawing(&document).to_svg(Palette::Fixed));
    folder.add("coefficients.csv", records_csv(&document.model.coefficients)?);
    folder.add("report.html", report(&document));
    folder.add("cv.json", json.clone());
    session.finish(&folder, &FILES, &json, &summary(&document))
}

fn entrants(arguments: &CvArguments, config: &ElasticNet, table: &Regression) -> Outcome<Vec<Entrant>> {
    let intercept = !arguments.model.no_intercept;
    let weights = table.weights.as_ref();
    let refuse = |text: &str| {
        Failure::input(format!("--methods `{text}`: there are `lasso`, `rsp:K`, `relaxed:PHI` and `subset`"))
    };
    let one = |text: &String| -> Outcome<Entrant> {
        let (kind, value) = text.split_once(':').map_or((text.as_str(), None), |(kind, value)| (kind, Some(value)));
        Ok(match (kind, value) {
            ("lasso", None) => Entrant::Linear(config.clone()),
            ("relaxed", value) => {
                let phi = value.unwrap_or("0").parse().map_err(|_| refuse(text))?;
                Entrant::Relaxed(RelaxedLasso::new(config.clone(), phi))
            }
            ("rsp", value) => {
                let sparsity = value.map_or(Ok(arguments.span.sparsity), str::parse).map_err(|_| refuse(text))?;
                let mut method = rsp(&arguments.span, sparsity)
                    .intercept(intercept)
                    .tolerance(arguments.model.tolerance)
                    .levels(arguments.levels.levels);
                if let Some(ratio) = arguments.levels.ratio {
                    method = method.ratio(ratio);
                }
                if let Some(weights) = weights {
                    method = method.sample_weights(weights.clone());
                }
                Entrant::Rsp(method)
            }
            ("subset", None) => {
                let mut method = BestSubset::new().intercept(intercept);
                if let Some(weights) = weights {
                    method = method.sample_weights(weights.clone());
                }
                Entrant::Subset(method)
            }
            _ => return Err(refuse(text)),
        })
    };
    arguments.methods.iter().map(one).collect()
}

fn folds(arguments: &CvArguments, table: &Regression, rows: usize) -> Result<Folds, orthant::sparse_linreg::Error> {
    match &table.groups {
        Some((_, groups)) => Folds::grouped(groups, arguments.folds, arguments.span.seed),
        None if arguments.time_ordered => Folds::time_ordered(rows, arguments.folds),
        None => Folds::shuffled(rows, arguments.folds, arguments.span.seed),
    }
}

fn method_record(name: &str, asked: &str, curve: &CvCurve, rule: Rule) -> MethodRecord {
    let chosen = curve.chosen(rule);
    let at = |values: &Array1<f64>| values.get(chosen).copied().unwrap_or(f64::NAN);
    let candidates = curve.parameters.iter().zip(&curve.mean).zip(&curve.standard_error);
    MethodRecord {
        name: name.to_owned(),
        error: at(&curve.mean),
        standard_error: at(&curve.standard_error),
        chosen,
        best: curve.best,
        one_se: curve.one_se,
        parameter: if asked == "subset" { "size" } else { "lambda" }.to_owned(),
        candidates: candidates
            .map(|((&parameter, &mean_squared_error), &standard_error)| CandidateRecord {
                parameter,
                mean_squared_error,
                standard_error,
            })
            .collect(),
    }
}

fn drawing(document: &CvDocument) -> Chart {
    let winner = &document.methods[document.winner];
    let title = format!("Cross-validated error of {}", winner.name);
    let y = "mean squared error".to_owned();
    if winner.parameter == "size" {
        let points = winner.candidates.iter().map(|c| (c.parameter, c.mean_squared_error)).collect();
        let series = vec![(winner.name.clone(), points)];
        return Chart { title, y, plot: Plot::Lines { x: "features".to_owned(), log_x: false, log_y: false, series } };
    }
    let whisker = |c: &CandidateRecord| Whisker { x: c.parameter, y: c.mean_squared_error, error: c.standard_error };
    let series = vec![(winner.name.clone(), winner.candidates.iter().map(whisker).collect())];
    let mark = |at: usize, name: &str| winner.candidates.get(at).map(|c| (c.parameter, name.to_owned()));
    let marks = [mark(winner.best, "smallest"), mark(winner.one_se, "one standard error")];
    let marks = marks.into_iter().flatten().collect();
    Chart { title, y, plot: Plot::Whiskers { x: "λ, falling".to_owned(), series, marks } }
}

const COLUMNS: [(&str, Align); 4] =
    [("method", Align::Left), ("mean squared error", Align::Right), ("± error", Align::Right), ("chosen", Align::Left)];

fn cells(method: &MethodRecord, won: bool) -> Vec<String> {
    let chosen = method.candidates.get(method.chosen).map_or(f64::NAN, |candidate| candidate.parameter);
    let symbol = if method.parameter == "size" { "features" } else { "λ" };
    let name = if won { format!("{} (wins)", method.name) } else { method.name.clone() };
    vec![name, short(method.error), short(method.standard_error), format!("{symbol} = {}", short(chosen))]
}

fn rows(document: &CvDocument) -> impl Iterator<Item = Vec<String>> + '_ {
    let several = document.methods.len() > 1;
    document.methods.iter().enumerate().map(move |(index, method)| cells(method, several && index == document.winner))
}

fn summary(document: &CvDocument) -> String {
    let mut table = Table::new(&COLUMNS);
    rows(document).for_each(|row| table.row(row));
    let sentence = document.data.sentence();
    let folds = document.folds;
    format!("{folds}-fold cross-validation: {sentence}\n\n{}\n{}", table.text(), document.model.text())
}

fn report(document: &CvDocument) -> String {
    let title = format!("Cross-validation of {}", document.data.response);
    let mut page = Page::new(&title, &document.data.sentence());
    let winner = &document.methods[document.winner];
    page.figures(&[
        (winner.name.clone(), "smallest error"),
        (short(winner.error), "mean squared error"),
        (document.model.nonzero.to_string(), "nonzero coefficients"),
        (document.folds.to_string(), "folds"),
    ]);
    let warnings = document.model.warnings();
    if !warnings.is_empty() {
        page.warnings(&warnings);
    }
    page.section("Errors on rows that were left out");
    let mut table = HtmlTable::new(&COLUMNS);
    rows(document).for_each(|row| table.row(&row));
    page.raw(&table.html());
    page.picture(&drawing(document).to_svg(Palette::Page));
    page.note(
        "Each fold is predicted by models of the other folds. Bars are standard errors over the folds. Differences below a \
         standard error say little.",
    );
    document.model.section(&mut page, "The model on all rows");
    page.section("Repeat it");
    page.code(&document.head.command_line());
    page.html()
}
