//! `orthant bilevel tune`.

use super::arguments::{CriterionName, ModelName, PenaltyName, TuneArguments};
use super::split::Parts;
use crate::failure::{Failure, Outcome};
use crate::input::{Response, ResponseKind};
use crate::output::{Align, Folder, Head, Table, document_json, records_csv, short, signed};
use crate::regression::{
    COEFFICIENT_COLUMNS, COEFFICIENT_NOTE, CoefficientRecord, Matrix, Session, TableRecord, numbers,
};
use crate::report::{HtmlTable, Page};
use chart::{Chart, Palette, Plot};
use ndarray::{Array1, array};
use orthant::bilevel::tune::{
    ElasticNet, LogisticRegression, Ridge, RidgeCriterion, tune_elastic_net, tune_logistic, tune_ridge,
};
use serde::Serialize;

const FILES: [&str; 5] = ["coefficients.csv", "penalties.csv", "loss.svg", "report.html", "tune.json"];
const SCHEMA: &str = "orthant-bilevel-tune";
const SCHEMA_VERSION: u32 = 1;
/// Points of the drawn curve.
const CURVE: usize = 60;

/// `tune.json`.
#[derive(Debug, Clone, Serialize)]
struct Document {
    #[serde(flatten)]
    head: Head,
    data: TableRecord,
    model: &'static str,
    criterion: &'static str,
    rows: Rows,
    /// Natural logarithms of the penalties, on standardised features.
    log_penalties: Vec<f64>,
    /// The criterion at the chosen penalties.
    criterion_value: f64,
    /// Mean loss on the rows that were held back, of the model and of a constant.
    held_back_loss: Option<f64>,
    held_back_constant: Option<f64>,
    intercept: f64,
    coefficients: Vec<CoefficientRecord>,
    warnings: Vec<String>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Rows {
    training: usize,
    validation: usize,
    held_back: usize,
}

#[derive(Debug, Serialize)]
struct PenaltyRow<'a> {
    penalty: &'a str,
    value: f64,
    logarithm: f64,
}

/// What the models have in common.
struct Tuned {
    theta: Array1<f64>,
    /// On standardised features.
    coefficients: Array1<f64>,
    intercept: f64,
    value: f64,
    held_back: Option<f64>,
    constant: Option<f64>,
    /// (log penalty, criterion): over the first penalty, with the others as chosen.
    curve: Vec<(f64, f64)>,
}

/// Tunes a model and writes its folder.
pub(crate) fn tune(arguments: &TuneArguments) -> Outcome<()> {
    let ridge = arguments.model == ModelName::Ridge;
    if !ridge
        && (arguments.criterion.is_some_and(|c| c != CriterionName::Validation)
            || arguments.penalties == PenaltyName::Each)
    {
        return Err(Failure::input(
            "--criterion and --penalties are for --model ridge; the others are tuned on validation rows",
        ));
    }
    let criterion =
        if ridge { arguments.criterion.unwrap_or(CriterionName::LeaveOneOut) } else { CriterionName::Validation };
    let classes = arguments.model == ModelName::Logistic;
    let kind = if classes { ResponseKind::Classes } else { ResponseKind::Numbers };
    let mut session = Session::open("bilevel", &arguments.table, &arguments.results, kind)?;
    let source = session.table.source.clone();
    if session.table.weights.is_some() || session.table.groups.is_some() {
        return Err(Failure::input(format!("`{source}`: --weights and --group-by have no meaning for `bilevel tune`")));
    }
    let x = Matrix::take(&mut session.table)?;
    let validation = if criterion == CriterionName::Validation { arguments.validation } else { 0.0 };
    let parts = Parts::new(&source, &x, validation, arguments.held_back, arguments.seed)?;
    if criterion == CriterionName::Validation && parts.rows[1].is_empty() {
        return Err(Failure::input("--validation leaves no row to validate on"));
    }
    session.progress.begin("tuning", 1);
    let refuse = |error: orthant::bilevel::Error| Failure::input(format!("`{source}`: {error}"));
    let tuned = match arguments.model {
        ModelName::Ridge => ridge_model(arguments, criterion, &parts, &numbers(&session.table)?).map_err(refuse)?,
        ModelName::ElasticNet => elastic_net(&parts, &numbers(&session.table)?).map_err(refuse)?,
        ModelName::Logistic => logistic(&parts, &signs(&source, &session.table.response)?).map_err(refuse)?,
    };
    session.progress.at(1, || "done".to_owned());
    let (coefficients, intercept) = parts.in_units(&tuned.coefficients, tuned.intercept);
    let names = session.table.names.clone();
    let document = Document {
        head: Head::new(SCHEMA, SCHEMA_VERSION),
        data: TableRecord::new(&session.table),
        model: match arguments.model {
            ModelName::Ridge => "ridge",
            ModelName::Logistic => "logistic",
            ModelName::ElasticNet => "elastic-net",
        },
        criterion: match criterion {
            CriterionName::LeaveOneOut => "leave-one-out",
            CriterionName::Gcv => "generalised cross-validation",
            CriterionName::Validation => "validation",
        },
        rows: Rows { training: parts.rows[0].len(), validation: parts.rows[1].len(), held_back: parts.rows[2].len() },
        log_penalties: tuned.theta.to_vec(),
        criterion_value: tuned.value,
        held_back_loss: tuned.held_back,
        held_back_constant: tuned.constant,
        intercept,
        coefficients: CoefficientRecord::list(&coefficients, &parts.deviations, &names),
        warnings: warnings(&tuned),
    };
    let penalty = |k: usize| match (arguments.model, arguments.penalties) {
        (ModelName::Ridge, PenaltyName::Each) => names[k].clone(),
        (ModelName::ElasticNet, _) => ["|w|", "w²"][k.min(1)].to_owned(),
        _ => "w²".to_owned(),
    };
    let labels: Vec<String> = (0..tuned.theta.len()).map(penalty).collect();
    let rows: Vec<PenaltyRow<'_>> = labels
        .iter()
        .zip(&tuned.theta)
        .map(|(penalty, &logarithm)| PenaltyRow { penalty, value: logarithm.exp(), logarithm })
        .collect();
    let (json, chart) = (document_json(&document)?, document.chart(&tuned, &labels[0]));
    let mut folder = Folder::new();
    folder.add("coefficients.csv", records_csv(&document.coefficients)?);
    folder.add("penalties.csv", records_csv(&rows)?);
    folder.add("report.html", document.report(&chart));
    folder.add("loss.svg", chart);
    folder.add("tune.json", json.clone());
    let summary = document.summary(&labels);
    session.finish(&folder, &FILES, &json, &summary)
}

/// Signs of a response of two classes: the second one is +1.
fn signs(source: &str, response: &Response) -> Outcome<Array1<f64>> {
    match response {
        Response::Classes(names, codes) if names.len() == 2 => {
            Ok(codes.iter().map(|&code| if code == 1 { 1.0 } else { -1.0 }).collect())
        }
        Response::Classes(names, _) => Err(Failure::input(format!(
            "`{source}`: --model logistic needs a response of 2 classes, and it has {}",
            names.len()
        ))),
        Response::Numbers(_) => Err(Failure::Internal("the response was read as numbers".to_owned())),
    }
}

/// The response of the three parts, less the training mean, and that mean.
fn centred(parts: &Parts, y: &Array1<f64>) -> ([Array1<f64>; 3], f64) {
    let part = |k: usize| Array1::from_iter(parts.rows[k].iter().map(|&row| y[row]));
    let mean = part(0).mean().unwrap_or(0.0);
    ([part(0) - mean, part(1) - mean, part(2) - mean], mean)
}

/// ½ mean of squares.
fn half_mean_square(residual: &Array1<f64>) -> Option<f64> {
    (!residual.is_empty()).then(|| 0.5 * residual.dot(residual) / residual.len() as f64)
}

/// Evenly spaced logarithms around the chosen one.
fn around(theta: f64) -> impl Iterator<Item = f64> {
    (0..CURVE).map(move |i| theta - 6.0 + 12.0 * i as f64 / (CURVE - 1) as f64)
}

fn ridge_model(
    arguments: &TuneArguments,
    criterion: CriterionName,
    parts: &Parts,
    y: &Array1<f64>,
) -> orthant::bilevel::Result<Tuned> {
    let ([training, validation, held_back], mean) = centred(parts, y);
    let p = parts.training.ncols();
    let groups: Vec<usize> = (0..p).map(|j| if arguments.penalties == PenaltyName::Each { j } else { 0 }).collect();
    let criterion = match criterion {
        CriterionName::LeaveOneOut => RidgeCriterion::LeaveOneOut,
        CriterionName::Gcv => RidgeCriterion::GeneralisedCrossValidation,
        CriterionName::Validation => RidgeCriterion::Validation { x: parts.validation.clone(), y: validation },
    };
    let ridge = Ridge::new(parts.training.clone(), training, &groups, criterion)?;
    let fit = tune_ridge(&ridge, None, None)?;
    let curve = around(fit.theta[0])
        .map(|t| {
            let mut theta = fit.theta.clone();
            theta[0] = t;
            Ok((t, ridge.evaluate(&theta)?.1))
        })
        .collect::<orthant::bilevel::Result<_>>()?;
    Ok(Tuned {
        held_back: half_mean_square(&(parts.held_back.dot(&fit.coefficients) - &held_back)),
        constant: half_mean_square(&held_back),
        theta: fit.theta,
        coefficients: fit.coefficients,
        intercept: mean,
        value: fit.value,
        curve,
    })
}

fn elastic_net(parts: &Parts, y: &Array1<f64>) -> orthant::bilevel::Result<Tuned> {
    let ([training, validation, held_back], mean) = centred(parts, y);
    let net = ElasticNet::new((parts.training.clone(), training), (parts.validation.clone(), validation))?;
    let fit = tune_elastic_net(&net, None, None)?;
    let mut curve = Vec::new();
    for t in around(fit.theta[0]) {
        let theta = array![t, fit.theta[1]];
        let beta = net.coefficients(&theta, Some(&fit.coefficients))?;
        curve.push((t, net.value_and_hypergradient(&theta, &beta)?.0));
    }
    Ok(Tuned {
        held_back: half_mean_square(&(parts.held_back.dot(&fit.coefficients) - &held_back)),
        constant: half_mean_square(&held_back),
        theta: fit.theta,
        coefficients: fit.coefficients,
        intercept: mean,
        value: fit.value,
        curve,
    })
}

fn logistic(parts: &Parts, signs: &Array1<f64>) -> orthant::bilevel::Result<Tuned> {
    let part = |k: usize| Array1::from_iter(parts.rows[k].iter().map(|&row| signs[row]));
    let (training, held_back) = (part(0), part(2));
    let model =
        LogisticRegression::new((parts.training.clone(), training.clone()), (parts.validation.clone(), part(1)))?;
    let model = model.with_intercept()?;
    let fit = tune_logistic(&model, None)?;
    let mut curve = Vec::new();
    let mut w = fit.coefficients.clone();
    for t in around(fit.theta) {
        w = model.coefficients(t, &w)?;
        curve.push((t, model.value_and_slope(t, &w)?.0));
    }
    let loss = |scores: &Array1<f64>| {
        let total: f64 = scores.iter().zip(&held_back).map(|(score, sign)| (-score * sign).exp().ln_1p()).sum();
        (!held_back.is_empty()).then(|| total / held_back.len() as f64)
    };
    let share = training.iter().filter(|s| **s > 0.0).count() as f64 / training.len() as f64;
    let odds = (share / (1.0 - share)).ln();
    let p = parts.training.ncols();
    Ok(Tuned {
        held_back: loss(&fit.scores(&parts.held_back)?),
        constant: loss(&Array1::from_elem(held_back.len(), odds)),
        theta: array![fit.theta],
        intercept: fit.coefficients[p],
        coefficients: fit.coefficients.iter().take(p).copied().collect(),
        value: fit.value,
        curve,
    })
}

/// What a reader should not overlook.
fn warnings(tuned: &Tuned) -> Vec<String> {
    let mut sentences = Vec::new();
    if let (Some(held_back), Some(constant)) = (tuned.held_back, tuned.constant) {
        if held_back > 1.25 * tuned.value {
            sentences.push(format!(
                "The rows that were held back have a loss of {}, the criterion says {}: the penalties overfit it, or there are few rows.",
                short(held_back),
                short(tuned.value)
            ));
        }
        if held_back >= constant {
            sentences.push("On the rows that were held back the model is no better than a constant.".to_owned());
        }
    }
    sentences
}

impl Document {
    fn sentence(&self) -> String {
        let held_back = match (self.held_back_loss, self.held_back_constant) {
            (Some(loss), Some(constant)) => {
                format!("; {} on held-back rows ({} for a constant)", short(loss), short(constant))
            }
            _ => String::new(),
        };
        format!("{}: {} of {}{held_back}", self.model, self.criterion, short(self.criterion_value))
    }

    fn summary(&self, labels: &[String]) -> String {
        let mut penalties =
            Table::new(&[("penalty on", Align::Left), ("value", Align::Right), ("logarithm", Align::Right)]);
        for (label, theta) in labels.iter().zip(&self.log_penalties).take(10) {
            penalties.row(vec![label.clone(), short(theta.exp()), signed(*theta)]);
        }
        let mut table = Table::new(&COEFFICIENT_COLUMNS);
        self.coefficients.iter().take(10).for_each(|record| table.row(record.cells()));
        let mut text =
            format!("{}\n{}\n\n{}\n{}", self.data.sentence(), self.sentence(), penalties.text(), table.text());
        if self.coefficients.len() > 10 {
            text += &format!("  … {} more in coefficients.csv\n", self.coefficients.len() - 10);
        }
        for warning in &self.warnings {
            text += warning;
            text.push('\n');
        }
        text
    }

    fn chart(&self, tuned: &Tuned, label: &str) -> String {
        let series = vec![
            (self.criterion.to_owned(), tuned.curve.clone()),
            ("chosen".to_owned(), vec![(tuned.theta[0], tuned.value)]),
        ];
        let plot =
            Plot::Lines { x: format!("logarithm of the penalty on {label}"), log_x: false, log_y: false, series };
        Chart { title: "Criterion over the penalty".to_owned(), y: "loss".to_owned(), plot }.to_svg(Palette::Fixed)
    }

    fn report(&self, chart: &str) -> String {
        let mut page = Page::new(&self.data.sentence(), &self.sentence());
        page.warnings(&self.warnings);
        page.section("Criterion");
        page.picture(chart);
        let Rows { training, validation, held_back } = self.rows;
        page.note(&format!("{training} rows to train on, {validation} to validate on, {held_back} held back."));
        page.section("Coefficients");
        let mut table = HtmlTable::new(&COEFFICIENT_COLUMNS);
        self.coefficients.iter().take(200).for_each(|record| table.row(&record.cells()));
        page.raw(&table.html());
        page.note(COEFFICIENT_NOTE);
        page.section("Command");
        page.code(&self.head.command_line());
        page.html()
    }
}
