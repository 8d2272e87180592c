//! From options to a configuration of the library.

use super::arguments::{
    FinishName, FitArguments, MethodArguments, MissingName, Noise, SolverName, StartName, UnitsName,
};
use super::words;
use crate::failure::{Failure, Outcome};
use crate::input::{Keep, Matrix, Missing, Request, Sample, parse_memory, parse_separator, read_matrix, split_list};
use ndarray::{Array1, Array2};
use orthant::colide::{
    AdamOptions, Colide, Diagonal, Finish, Floor, Knowledge, MissingData, NewtonOptions, NoiseModel, Schedule, Solver,
    Start, Units,
};
use std::path::Path;

/// What is asked of the table.
pub(super) fn request(arguments: &FitArguments) -> Outcome<Request> {
    let data = &arguments.data;
    let list = |option: &str, text: &Option<String>| text.as_deref().map(|text| split_list(option, text)).transpose();
    let memory = parse_memory(data.memory)?;
    let separator = parse_separator(data.separator.as_deref(), data.decimal_comma)?;
    let missing = match data.missing() {
        None => Missing::Refuse,
        Some(MissingName::Drop) => Missing::Drop,
        Some(MissingName::Em) => Missing::Estimate(MissingData::default()),
        Some(MissingName::Pairwise) => Missing::Estimate(MissingData::Pairwise),
    };
    let replicates = arguments.bootstrap.bootstrap;
    let needs_rows = replicates.is_some()
        || !data.intervened.is_empty()
        || data.lags() > 0
        || matches!(missing, Missing::Estimate(_));
    // Each fit of a path holds its weights, errors, candidates and covariance.
    let path = arguments.method.sparsity_path.as_deref().map_or(0, |text| 10 * path_length(text));
    Ok(Request {
        columns: list("--columns", &data.columns)?,
        exclude: list("--exclude", &data.exclude)?.unwrap_or_default(),
        group_by: data.group_by.clone(),
        groups: list("--groups", &data.groups)?,
        missing,
        log: data.log,
        keep: if needs_rows { Keep::All } else { Keep::IfFew },
        lags: data.lags(),
        // Weights and effects of each replicate.
        more_matrices: 2 * u64::from(replicates.unwrap_or(0)) + path as u64,
        header: data.header,
        separator,
        decimal_comma: data.decimal_comma,
        memory,
    })
}

/// The configuration for `names` variables.
pub(super) fn configuration(method: &MethodArguments, knowledge: Knowledge, names: &[String]) -> Outcome<Colide> {
    let d = names.len();
    let model = match (method.equal_variance, method.noise) {
        (true, _) | (_, Noise::Ev) => NoiseModel::EqualVariance,
        (false, Noise::Nv) => NoiseModel::NonEqualVariance,
    };
    let mut config = Colide::new(model)
        .threshold(method.threshold)
        .solver(solver(method)?)
        .schedule(schedule(method)?)
        .floor(floor(&method.floor, d)?)
        .units(match method.units {
            UnitsName::AsGiven => Units::AsGiven,
            UnitsName::MinSd => Units::MinSd,
        })
        .knowledge(knowledge);
    if let Some(lambda) = method.sparsity {
        config = config.sparsity(lambda);
    }
    if !method.starts.is_empty() {
        config = config.starts(method.starts.iter().map(|&start| start.into()).collect::<Vec<Start>>());
    }
    if let Some(finish) = method.finish {
        config = config.finish(match finish {
            FinishName::Search => Finish::Search,
            FinishName::Polish => Finish::Polish,
            FinishName::Threshold => Finish::Threshold,
        });
    }
    if let Some(text) = &method.known_scales {
        config = config.known_scales(one_or_each("--known-scales", text, d)?);
    }
    if let Some(path) = &method.initial_weights {
        config = config.initial_weights(square(path, names)?);
    }
    if let Some(path) = &method.penalty_weights {
        config = config.penalty_weights(square(path, names)?);
    }
    Ok(config)
}

impl From<StartName> for Start {
    fn from(name: StartName) -> Self {
        match name {
            StartName::Path => Start::Path(Diagonal::Pinned),
            StartName::PathFree => Start::Path(Diagonal::Free),
            StartName::Slow => Start::SlowPath(Diagonal::Pinned),
            StartName::SlowFree => Start::SlowPath(Diagonal::Free),
            StartName::Order => Start::Order,
        }
    }
}

fn solver(method: &MethodArguments) -> Outcome<Solver> {
    let adam_only = [
        ("--learning-rate", method.learning_rate.is_some()),
        ("--warm-iterations", method.warm_iterations.is_some()),
        ("--final-iterations", method.final_iterations.is_some()),
    ];
    match method.solver {
        SolverName::Newton => {
            if let Some((option, _)) = adam_only.iter().find(|(_, given)| *given) {
                return Err(Failure::input(format!("{option} is an option of --solver adam")));
            }
            let default = NewtonOptions::default();
            Ok(Solver::ProximalNewton(NewtonOptions {
                tolerance: method.tolerance.unwrap_or(default.tolerance),
                maximum_steps: method.max_steps.unwrap_or(default.maximum_steps),
                ..default
            }))
        }
        SolverName::Adam => {
            if method.max_steps.is_some() {
                return Err(Failure::input("--max-steps is an option of --solver newton"));
            }
            let default = AdamOptions::default();
            Ok(Solver::ReferenceAdam(AdamOptions {
                tolerance: method.tolerance.unwrap_or(default.tolerance),
                learning_rate: method.learning_rate.unwrap_or(default.learning_rate),
                warm_iterations: method.warm_iterations.unwrap_or(default.warm_iterations),
                final_iterations: method.final_iterations.unwrap_or(default.final_iterations),
                ..default
            }))
        }
    }
}

fn schedule(method: &MethodArguments) -> Outcome<Schedule> {
    let library = |error: orthant::colide::Error| Failure::input(error.to_string());
    if let (Some(mu), Some(s)) = (&method.mu, &method.s) {
        return Schedule::new(numbers("--mu", mu)?, numbers("--s", s)?).map_err(library);
    }
    let text = method.schedule.as_str();
    if text == "paper" {
        return Ok(Schedule::paper());
    }
    match text.strip_prefix("log:").and_then(|stages| stages.parse::<usize>().ok()) {
        Some(stages) if (1..=10_000).contains(&stages) => Schedule::logarithmic(stages).map_err(library),
        _ => Err(Failure::input(format!("--schedule `{text}`: write `paper` or `log:N` with N from 1 to 10000"))),
    }
}

fn floor(text: &str, d: usize) -> Outcome<Floor> {
    match text.split_once(':') {
        None if text == "negligible" => Ok(Floor::Negligible),
        None if text == "paper" => Ok(Floor::Paper),
        Some(("relative", fraction)) => match numbers("--floor", fraction)?.as_slice() {
            &[fraction] => Ok(Floor::Relative(fraction)),
            _ => Err(Failure::input(format!("--floor `{text}`: relative takes one number"))),
        },
        Some(("absolute", values)) => Ok(Floor::Absolute(one_or_each("--floor", values, d)?)),
        _ => {
            Err(Failure::input(format!("--floor `{text}`: write `negligible`, `paper`, `relative:X` or `absolute:X`")))
        }
    }
}

/// Values of λ in a grid from the data.
const GRID: usize = 12;
/// The smallest λ of the grid, as a share of the largest.
const GRID_RATIO: f64 = 1e-4;

fn path_length(text: &str) -> usize {
    if text.trim() == "auto" { GRID } else { text.split(',').count() }
}

/// The values of λ to try: a list, or `None` for a grid from the data.
pub(super) fn sparsity_path(text: &str) -> Outcome<Option<Vec<f64>>> {
    if text.trim() == "auto" {
        return Ok(None);
    }
    let lambdas = numbers("--sparsity-path", text)?;
    match lambdas.iter().find(|lambda| !(**lambda >= 0.0 && lambda.is_finite())) {
        Some(bad) => Err(Failure::input(format!("--sparsity-path holds {bad}; each λ must be finite and >= 0"))),
        None => Ok(Some(lambdas)),
    }
}

/// The grid from the data: from where the path finds nothing at its start, down by four powers of ten.
pub(super) fn sparsity_grid(config: &Colide, sample: &Sample) -> Outcome<Vec<f64>> {
    let grid = config.lambda_grid(&sample.covariance, GRID, GRID_RATIO);
    let mut grid = grid.map_err(|error| words::failure(&error, &sample.names))?;
    // Without any correlation all of it is zero.
    grid.dedup();
    Ok(grid)
}

/// One number for all variables, or one for each.
fn one_or_each(option: &str, text: &str, d: usize) -> Outcome<Array1<f64>> {
    let values = numbers(option, text)?;
    match values.len() {
        1 => Ok(Array1::from_elem(d, values[0])),
        n if n == d => Ok(Array1::from_vec(values)),
        n => Err(Failure::input(format!("{option} has {n} numbers for {d} variables; give one, or one for each"))),
    }
}

fn numbers(option: &str, text: &str) -> Outcome<Vec<f64>> {
    let parse = |part: &str| match part.trim().parse::<f64>() {
        Ok(value) if !value.is_nan() => Ok(value),
        _ => Err(Failure::input(format!("{option} `{text}`: `{}` is not a number", part.trim()))),
    };
    text.split(',').map(parse).collect()
}

/// A matrix with a row and a column for each variable; by name when it has a header.
pub(super) fn square(path: &Path, names: &[String]) -> Outcome<Array2<f64>> {
    let matrix = read_matrix(path, &Request::default())?;
    let d = matrix.check_square()?;
    if d != names.len() {
        let file = &matrix.file;
        return Err(Failure::input(format!("`{file}` is {d} × {d}, but there are {} variables", names.len())));
    }
    arranged(&matrix, names)
}

/// The matrix in the order of the variables.
fn arranged(matrix: &Matrix, names: &[String]) -> Outcome<Array2<f64>> {
    let Some(header) = &matrix.names else { return Ok(matrix.values.clone()) };
    let mut position = Vec::with_capacity(names.len());
    for name in names {
        let Some(at) = header.iter().position(|candidate| candidate == name) else {
            return Err(Failure::input(format!("`{}`: the header has no column `{name}`", matrix.file)));
        };
        position.push(at);
    }
    Ok(Array2::from_shape_fn((names.len(), names.len()), |(i, j)| matrix.values[[position[i], position[j]]]))
}
