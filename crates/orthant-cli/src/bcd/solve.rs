//! `orthant bcd solve`.

use super::arguments::{LossName, PenaltyName, ProblemArguments, SolveArguments};
use super::design::{Scaling, with_columns};
use super::document::{FitDocument, ResultRecord, SCHEMA, SCHEMA_VERSION, SettingsRecord, StepRecord};
use super::parts::{Layout, method, penalty};
use super::report;
use crate::failure::{Failure, Outcome};
use crate::input::{Regression, Response, ResponseKind};
use crate::output::{Folder, Head, document_json, records_csv};
use crate::progress::Progress;
use crate::regression::{CoefficientRecord, Matrix, Session, TableRecord, explained, moments, total_variation};
use chart::Palette;
use ndarray::Array1;
use orthant::bcd::{Error, Fit, LinearLoss, Objective, Penalty, Softmax, WithIntercept, state_at};
use orthant::core_optim::design::DesignMatrix;
use std::ops::ControlFlow;

const FILES: [&str; 5] = ["coefficients.csv", "trace.csv", "convergence.svg", "report.html", "fit.json"];

/// What came out of a run.
struct Solved {
    fit: Fit<f64>,
    lambda: Option<f64>,
    lambda_max: Option<f64>,
}

/// Minimises and writes the folder.
pub(crate) fn solve(arguments: &SolveArguments) -> Outcome<()> {
    let problem = &arguments.problem;
    check(arguments)?;
    let kind = if problem.loss == LossName::Squared { ResponseKind::Numbers } else { ResponseKind::Classes };
    let mut session = Session::open("bcd", &arguments.table, &arguments.results, kind)?;
    let data = TableRecord::new(&session.table);
    let classes = classes(problem.loss, &session.table)?;
    let x = Matrix::take(&mut session.table)?;
    let intercept = !problem.no_intercept;
    let layout = Layout { features: x.dim().1, classes, intercept };
    let weights = session.table.weights.as_ref();
    let scaling = Scaling::new(&x, weights, intercept, !problem.no_standardise);
    let solved = with_columns(&x, &scaling, |columns| {
        if intercept {
            run(arguments, &session.table, &WithIntercept::new(columns), layout, &session.progress)
        } else {
            run(arguments, &session.table, columns, layout, &session.progress)
        }
    })?;
    let document = document(arguments, data, &session.table, &x, &scaling, layout, &solved);
    let json = document_json(&document)?;
    let mut folder = Folder::new();
    folder.add("coefficients.csv", records_csv(&document.coefficients)?);
    folder.add("trace.csv", records_csv(&document.trace)?);
    folder.add("convergence.svg", report::convergence(&document).to_svg(Palette::Fixed));
    folder.add("report.html", report::html(&document));
    folder.add("fit.json", json.clone());
    session.finish(&folder, &FILES, &json, &report::summary(&document))
}

/// Options that ask for what the others do not have.
fn check(arguments: &SolveArguments) -> Outcome<()> {
    let problem = &arguments.problem;
    let has_level = !matches!(problem.penalty, PenaltyName::None | PenaltyName::Box);
    let given = problem.lambda.is_some() || problem.fraction.is_some();
    match (has_level, given) {
        (true, false) => return Err(Failure::input("this penalty needs a level: pass --lambda, or --fraction")),
        (false, true) => {
            return Err(Failure::input(
                "--lambda and --fraction belong to a penalty with a level, such as --penalty l1",
            ));
        }
        _ => {}
    }
    let holds_intercept = matches!(problem.penalty, PenaltyName::NonNegative | PenaltyName::Box | PenaltyName::Group);
    if holds_intercept && problem.ridge != 0.0 && !problem.no_intercept {
        return Err(Failure::input("--ridge with this penalty would also shrink the intercept; pass --no-intercept"));
    }
    if problem.bounds.is_some() && problem.penalty != PenaltyName::Box {
        return Err(Failure::input("--bounds belongs to --penalty box"));
    }
    if !problem.group.is_empty() && problem.penalty != PenaltyName::Group {
        return Err(Failure::input("--group belongs to --penalty group"));
    }
    Ok(())
}

/// The number of linear predictors; checks that the response suits the loss.
fn classes(loss: LossName, table: &Regression) -> Outcome<usize> {
    let (source, name) = (&table.source, &table.response_name);
    match (&table.response, loss) {
        (Response::Numbers(_), _) => Ok(1),
        (Response::Classes(names, _), LossName::Logistic) if names.len() != 2 => Err(Failure::input(format!(
            "`{source}`: the logistic loss needs a response of 2 classes, and `{name}` has {}; use --loss softmax for more",
            names.len()
        ))),
        (Response::Classes(..), LossName::Logistic) => Ok(1),
        (Response::Classes(names, _), _) if names.len() < 2 => {
            Err(Failure::input(format!("`{source}`: the response `{name}` has 1 class; at least 2 are needed")))
        }
        (Response::Classes(names, _), _) => Ok(names.len()),
    }
}

/// Whether the ridge is part of the penalty. On the loss it would also pull at the intercept.
pub(super) fn in_penalty(problem: &ProblemArguments) -> bool {
    match problem.penalty {
        PenaltyName::None => problem.ridge != 0.0 && !problem.no_intercept,
        PenaltyName::L1 | PenaltyName::ElasticNet => true,
        _ => false,
    }
}

fn run(
    arguments: &SolveArguments,
    table: &Regression,
    design: &dyn DesignMatrix<f64>,
    layout: Layout,
    progress: &Progress,
) -> Outcome<Solved> {
    let problem = &arguments.problem;
    let refuse = |error: Error| Failure::input(format!("`{}`: {error}", table.source));
    let ridge = if in_penalty(problem) { 0.0 } else { problem.ridge };
    let weighted = table.weights.as_ref();
    macro_rules! with_options {
        ($loss:expr) => {{
            let mut loss = $loss.map_err(refuse)?;
            if let Some(weights) = weighted {
                loss = loss.weights(weights).map_err(refuse)?;
            }
            minimise(arguments, table, &loss.with_ridge(ridge).map_err(refuse)?, layout, progress)
        }};
    }
    match (&table.response, problem.loss) {
        (Response::Numbers(y), _) => with_options!(LinearLoss::least_squares(design, y)),
        (Response::Classes(_, codes), LossName::Softmax) => {
            with_options!(Softmax::new(design, codes, layout.classes))
        }
        (Response::Classes(_, codes), _) => {
            let y: Array1<f64> = codes.iter().map(|&code| if code == 1 { 1.0 } else { -1.0 }).collect();
            with_options!(LinearLoss::logistic(design, &y))
        }
    }
}

fn minimise(
    arguments: &SolveArguments,
    table: &Regression,
    objective: &dyn Objective<f64>,
    layout: Layout,
    progress: &Progress,
) -> Outcome<Solved> {
    let problem = &arguments.problem;
    let refuse = |error: Error| Failure::input(format!("`{}`: {error}", table.source));
    let at = |level: f64| penalty(problem, layout, level, &table.names);
    let unit = at(1.0)?;
    let start = start(table, layout);
    let lambda_max = largest_level(objective, &unit, &start).map_err(refuse)?;
    let lambda = match (problem.lambda, problem.fraction) {
        (Some(lambda), _) => Some(lambda),
        (None, Some(fraction)) => {
            if !(fraction >= 0.0 && fraction.is_finite()) {
                return Err(Failure::input(format!("--fraction is {fraction}; it must be finite and >= 0")));
            }
            let Some(largest) = lambda_max else {
                return Err(Failure::input("--fraction: this penalty has no largest level; pass --lambda"));
            };
            Some(fraction * largest)
        }
        (None, None) => None,
    };
    let penalty = match lambda {
        Some(lambda) => at(lambda)?,
        None => unit,
    };
    let method = method(&arguments.method)?;
    progress.begin("minimising", 1);
    let mut observer = |state: &orthant::bcd::Progress<'_, f64>| {
        progress.at(0, || format!("update {}, objective {:.6e}", state.iteration, state.objective));
        ControlFlow::Continue(())
    };
    let fit = method.fit_observed(objective, &penalty, &start, &mut observer).map_err(refuse)?;
    Ok(Solved { fit, lambda, lambda_max })
}

/// Where the run begins: all coefficients zero, and the intercepts that are then optimal.
fn start(table: &Regression, layout: Layout) -> Array1<f64> {
    let mut start = Array1::zeros(layout.variables());
    if !layout.intercept {
        return start;
    }
    let weight = |i: usize| table.weights.as_ref().map_or(1.0, |s| s[i]);
    let total: f64 = (0..table.response.len()).map(weight).sum();
    let share = |class: usize, codes: &[usize]| {
        let rows = codes.iter().enumerate().filter(|(_, code)| **code == class);
        // A class whose rows all have weight 0 must not send its intercept to infinity.
        (rows.map(|(i, _)| weight(i)).sum::<f64>() / total).clamp(1e-12, 1.0 - 1e-12)
    };
    let first = layout.features * layout.classes;
    match &table.response {
        Response::Numbers(y) => start[first] = y.iter().enumerate().map(|(i, y)| weight(i) * y).sum::<f64>() / total,
        Response::Classes(_, codes) if layout.classes == 1 => {
            let p = share(1, codes);
            start[first] = (p / (1.0 - p)).ln();
        }
        Response::Classes(_, codes) => {
            (0..layout.classes).for_each(|class| start[first + class] = share(class, codes).ln());
        }
    }
    start
}

/// The least level at which all coefficients are zero, from the gradient there; `None` for a penalty without level.
fn largest_level(
    objective: &dyn Objective<f64>,
    unit: &Penalty<f64>,
    start: &Array1<f64>,
) -> Result<Option<f64>, Error> {
    let mut state = state_at(objective, start)?;
    objective.update_gradient(&mut state)?;
    let gradient = &state.gradient;
    let largest = |pulls: &mut dyn Iterator<Item = f64>| Some(pulls.fold(0.0, f64::max));
    Ok(match unit {
        Penalty::L1(g) => largest(&mut gradient.iter().enumerate().map(|(i, v)| v.abs() * g.weight(i))),
        Penalty::ElasticNet(g) if g.l1() > 0.0 => {
            largest(&mut gradient.iter().enumerate().map(|(i, v)| v.abs() * g.weight(i)))
        }
        Penalty::NonNegative(g) => largest(&mut gradient.iter().enumerate().map(|(i, v)| -v * g.weight(i))),
        Penalty::Group(groups) => {
            let g = groups.penalty();
            let size = |k: usize| g.group(k).iter().map(|&i| gradient[i] * gradient[i]).sum::<f64>().sqrt();
            largest(&mut (0..g.groups()).map(|k| size(k) / g.group_level(k)))
        }
        _ => None,
    })
}

fn document(
    arguments: &SolveArguments,
    data: TableRecord,
    table: &Regression,
    x: &Matrix,
    scaling: &Scaling,
    layout: Layout,
    solved: &Solved,
) -> FitDocument {
    let (problem, fit) = (&arguments.problem, &solved.fit);
    let model = Model::new(fit, scaling, layout);
    let deviations = moments(x, table.weights.as_ref()).1;
    let class_name = |class: usize| match &table.response {
        Response::Classes(names, _) if layout.classes > 1 => names.get(class).cloned(),
        _ => None,
    };
    let mut coefficients: Vec<CoefficientRecord> = Vec::new();
    for (class, of_class) in model.coefficients.iter().enumerate() {
        let mut records = CoefficientRecord::list(of_class, &deviations, &table.names);
        records.iter_mut().for_each(|record| record.class = class_name(class));
        coefficients.append(&mut records);
    }
    CoefficientRecord::sort(&mut coefficients);
    let converged = fit.stopped.is_success();
    let mut warnings = Vec::new();
    if !converged {
        warnings.push(format!(
            "The run {}; the gap or the residual says how far it is from the optimum. Raise --max-iterations, or try other blocks.",
            fit.stopped
        ));
    }
    FitDocument {
        head: Head::new(SCHEMA, SCHEMA_VERSION),
        data,
        settings: SettingsRecord {
            loss: value_name(problem.loss),
            penalty: value_name(problem.penalty),
            lambda: solved.lambda,
            lambda_max: solved.lambda_max,
            ridge: problem.ridge,
            standardised: !problem.no_standardise,
            tolerance: arguments.method.tolerance,
        },
        result: ResultRecord {
            objective: fit.objective,
            dual: fit.certificate.dual,
            gap: fit.certificate.gap.map(|gap| gap.max(0.0)),
            kkt: fit.certificate.kkt,
            iterations: fit.iterations,
            converged,
            stopped: fit.stopped.to_string(),
            identified_at: fit.identified_at,
            score: model.score(x, table),
        },
        zeros: layout.features * layout.classes - coefficients.len(),
        intercepts: if layout.intercept { model.intercepts } else { Vec::new() },
        coefficients,
        trace: fit
            .trace
            .iter()
            .map(|step| StepRecord {
                iteration: step.iteration,
                objective: step.objective,
                block: step.block_size,
                support: step.support_size,
                pattern_changes: step.pattern_changes,
            })
            .collect(),
        warnings,
    }
}

/// The name of an option's value.
fn value_name(value: impl clap::ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// Coefficients and intercept of each linear predictor, for the columns of the table.
struct Model {
    coefficients: Vec<Array1<f64>>,
    intercepts: Vec<f64>,
    has_intercept: bool,
}

impl Model {
    fn new(fit: &Fit<f64>, scaling: &Scaling, layout: Layout) -> Self {
        let Layout { features, classes, intercept } = layout;
        let coefficients: Vec<Array1<f64>> = (0..classes)
            .map(|class| Array1::from_shape_fn(features, |f| fit.x[f * classes + class] * scaling.factors[f]))
            .collect();
        let of_class = |class: usize| if intercept { fit.x[features * classes + class] } else { 0.0 };
        let intercepts = coefficients
            .iter()
            .enumerate()
            .map(|(class, w)| of_class(class) - w.iter().zip(&scaling.means).map(|(w, m)| w * m).sum::<f64>())
            .collect();
        Self { coefficients, intercepts, has_intercept: intercept }
    }

    /// R², or the share of rows whose class is right; `None` for a constant response.
    fn score(&self, x: &Matrix, table: &Regression) -> Option<f64> {
        let predicted: Vec<Array1<f64>> =
            self.coefficients.iter().zip(&self.intercepts).map(|(w, &b)| x.predict(w, b)).collect();
        let weights = table.weights.as_ref();
        match &table.response {
            Response::Numbers(y) => {
                let rss = total_variation(&(y - &predicted[0]), weights, false);
                explained(rss, total_variation(y, weights, self.has_intercept))
            }
            Response::Classes(_, codes) => {
                let class = |i: usize| match &predicted[..] {
                    [single] => usize::from(single[i] > 0.0),
                    all => (0..all.len()).fold(0, |best, c| if all[c][i] > all[best][i] { c } else { best }),
                };
                let weight = |i: usize| weights.map_or(1.0, |s| s[i]);
                let right = |i: &usize| class(*i) == codes[*i];
                let total: f64 = (0..codes.len()).map(weight).sum();
                Some((0..codes.len()).filter(right).map(weight).sum::<f64>() / total)
            }
        }
    }
}
