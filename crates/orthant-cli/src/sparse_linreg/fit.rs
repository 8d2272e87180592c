//! `orthant sparse-linreg fit`.

use super::arguments::{FitArguments, MethodName, SpanArguments};
use super::model::{design, elastic_net, factors};
use super::path::name;
use super::record::{ModelRecord, Scales};
use super::words;
use crate::failure::{Failure, Outcome};
use crate::input::{Regression, ResponseKind};
use crate::output::{Folder, Head, document_json, records_csv};
use crate::regression::{Matrix, Session, TableRecord, moments, numbers, total_variation};
use crate::report::Page;
use ndarray::Array1;
use orthant::sparse_linreg::{
    AdaptiveLasso, ElasticNet, Error, Initial, Level, NonConvex, Preconditioner, Rsp, SquareRootLasso,
};
use serde::{Deserialize, Serialize};

const FILES: [&str; 3] = ["coefficients.csv", "report.html", "fit.json"];
const SCHEMA: &str = "orthant-sparse-linreg-fit";
const SCHEMA_VERSION: u32 = 1;

/// `fit.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct FitDocument {
    #[serde(flatten)]
    head: Head,
    data: TableRecord,
    model: ModelRecord,
}

/// Fits one model and writes its folder.
pub(crate) fn fit(arguments: &FitArguments) -> Outcome<()> {
    check(arguments)?;
    let mut session = Session::open("sparse-linreg", &arguments.table, &arguments.results, ResponseKind::Numbers)?;
    let config = elastic_net(&arguments.model, &session.table)?;
    let y = numbers(&session.table)?;
    let data = TableRecord::new(&session.table);
    let x = Matrix::take(&mut session.table)?;
    let factors = factors(&arguments.model, &session.table.names)?;
    session.progress.begin("fitting", 1);
    let model = model(arguments, config, factors, &session.table, &x, &y)
        .map_err(|error| words::failure(&session.table.source, &error))?;
    let document = FitDocument { head: Head::new(SCHEMA, SCHEMA_VERSION), data, model };
    let json = document_json(&document)?;
    let mut folder = Folder::new();
    folder.add("coefficients.csv", records_csv(&document.model.coefficients)?);
    folder.add("report.html", report(&document));
    folder.add("fit.json", json.clone());
    let summary = format!("{}: {}\n\n{}", document.model.method, document.data.sentence(), document.model.text());
    session.finish(&folder, &FILES, &json, &summary)
}

/// Options that a method does not have, and those that it needs.
fn check(arguments: &FitArguments) -> Outcome<()> {
    let given = arguments.lambda.is_some() || arguments.fraction.is_some();
    let method = arguments.method;
    if !given && !matches!(method, MethodName::Rsp | MethodName::SquareRoot) {
        return Err(Failure::input(
            "pass the penalty level: --lambda, or --fraction of the largest one; `cv` finds it",
        ));
    }
    if arguments.fraction.is_some() && method != MethodName::Lasso {
        return Err(Failure::input("--fraction belongs to --method lasso; pass --lambda"));
    }
    let model = &arguments.model;
    let linear = matches!(method, MethodName::Lasso | MethodName::SquareRoot | MethodName::Adaptive);
    for (option, given) in [
        ("--positive", model.positive && !linear),
        ("--bound", !model.bound.is_empty() && !linear),
        ("--penalty-factor", !model.penalty_factor.is_empty() && method == MethodName::Rsp),
        ("--alpha", model.alpha != 1.0 && method != MethodName::Lasso),
    ] {
        if given {
            return Err(Failure::input(format!("{option} does not go with this --method")));
        }
    }
    Ok(())
}

fn model(
    arguments: &FitArguments,
    config: ElasticNet,
    factors: Option<Array1<f64>>,
    table: &Regression,
    x: &Matrix,
    y: &Array1<f64>,
) -> Result<ModelRecord, Error> {
    let weights = table.weights.as_ref();
    let intercept = !arguments.model.no_intercept;
    let scales = Scales {
        names: &table.names,
        deviations: moments(x, weights).1,
        total: total_variation(y, weights, intercept),
    };
    let x = design(x);
    let level = || match (arguments.lambda, arguments.fraction) {
        (Some(lambda), _) => Ok::<f64, Error>(lambda),
        (None, Some(fraction)) => Ok(fraction * config.lambda_max(x, y)?),
        (None, None) => Ok(0.0),
    };
    Ok(match arguments.method {
        MethodName::Lasso => ModelRecord::linear(name(arguments.model.alpha), &config.fit(x, y, level()?)?, &scales),
        MethodName::Adaptive => {
            // A ridge at the usual size of the noise's pull.
            let first = 0.01 * config.lambda_max(x, y)?;
            let second = AdaptiveLasso::new(config.clone(), Initial::Ridge(first)).second_step(x, y)?;
            ModelRecord::linear("Adaptive Lasso", &second.fit(x, y, level()?)?, &scales)
        }
        MethodName::SquareRoot => {
            let mut method = SquareRootLasso::new(config.clone());
            if let Some(lambda) = arguments.lambda {
                method = method.lambda(lambda);
            }
            let found = method.fit(x, y)?;
            ModelRecord { sigma: Some(found.sigma), ..ModelRecord::linear("Square-root Lasso", &found.fit, &scales) }
        }
        MethodName::Mcp | MethodName::Scad => {
            let (method, words) = match arguments.method {
                MethodName::Mcp => (NonConvex::mcp(3.0), "MCP (γ = 3)"),
                _ => (NonConvex::scad(3.7), "SCAD (a = 3.7)"),
            };
            let mut method = method.intercept(intercept);
            if let Some(weights) = weights {
                method = method.sample_weights(weights.clone());
            }
            if let Some(factors) = factors {
                method = method.penalty_factors(factors);
            }
            // From above, so that the minimum is the one that a path leads to.
            let lambda = level()?;
            let top = config.lambda_max(x, y)?.max(lambda);
            let levels = (0..=20).map(|step| lambda.max(top * f64::powi(0.7, step))).collect::<Array1<f64>>();
            let fits = method.fit_levels(x, y, &levels)?;
            let Some(fit) = fits.last() else {
                return Err(Error::NotPossible { what: "a fit", reason: "there is no level" });
            };
            ModelRecord {
                lambda: Some(fit.lambda),
                converged: fit.converged,
                ..ModelRecord::new(words, &fit.coefficients, fit.intercept, fit.rss, &scales)
            }
        }
        MethodName::Rsp => {
            let mut method =
                rsp(&arguments.span, arguments.span.sparsity).intercept(intercept).tolerance(arguments.model.tolerance);
            if let Some(weights) = weights {
                method = method.sample_weights(weights.clone());
            }
            if let Some(lambda) = arguments.lambda {
                method = method.level(Level::Given(lambda));
            }
            ModelRecord::rsp("Random-span preconditioned Lasso", &method.fit(x, y)?, &scales)
        }
    })
}

/// The method with the options of the span.
pub(super) fn rsp(arguments: &SpanArguments, sparsity: usize) -> Rsp {
    let SpanArguments { delta, probes, seed, .. } = *arguments;
    Rsp::new(Preconditioner::peel(sparsity).delta(delta).probes(probes).seed(seed))
}

fn report(document: &FitDocument) -> String {
    let model = &document.model;
    let title = format!("{} of {}", model.method, document.data.response);
    let mut page = Page::new(&title, &document.data.sentence());
    page.figures(&[
        (model.nonzero.to_string(), "nonzero coefficients"),
        (model.r_squared.map_or("–".to_owned(), |r| format!("{r:.3}")), "R² in the table"),
    ]);
    let warnings = model.warnings();
    if !warnings.is_empty() {
        page.warnings(&warnings);
    }
    model.section(&mut page, "The model");
    page.section("Repeat it");
    page.code(&document.head.command_line());
    page.html()
}
