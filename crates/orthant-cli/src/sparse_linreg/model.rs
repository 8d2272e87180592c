//! From options to the estimator.

use super::arguments::{LevelArguments, ModelArguments};
use crate::failure::{Failure, Outcome};
use crate::input::{Regression, find_name, parse_number, split_list};
use crate::regression::Matrix;
use ndarray::Array1;
use orthant::sparse_linreg::{Design, ElasticNet};

/// The features as the library takes them.
pub(super) fn design(x: &Matrix) -> &dyn Design {
    match x {
        Matrix::Dense(x) => x,
        Matrix::Sparse(x) => x,
    }
}

/// The estimator for the features of the table.
pub(super) fn elastic_net(arguments: &ModelArguments, table: &Regression) -> Outcome<ElasticNet> {
    let mut model = ElasticNet::new(arguments.alpha)
        .intercept(!arguments.no_intercept)
        .standardise(!arguments.no_standardise)
        .positive(arguments.positive)
        .tolerance(arguments.tolerance);
    if let Some(weights) = &table.weights {
        model = model.sample_weights(weights.clone());
    }
    if let Some(factors) = factors(arguments, &table.names)? {
        model = model.penalty_factors(factors);
    }
    if !arguments.bound.is_empty() {
        let d = table.names.len();
        let (mut lower, mut upper) = (Array1::from_elem(d, f64::NEG_INFINITY), Array1::from_elem(d, f64::INFINITY));
        for text in &arguments.bound {
            let (column, value) = assignment("--bound", text, &table.names)?;
            let Some((low, high)) = value.split_once(':') else {
                return Err(Failure::input(format!("--bound `{text}`: write NAME=LOW:HIGH; either end may be empty")));
            };
            let end = |end: &str, none: f64| if end.is_empty() { Ok(none) } else { parse_number("--bound", text, end) };
            lower[column] = end(low.trim(), f64::NEG_INFINITY)?;
            upper[column] = end(high.trim(), f64::INFINITY)?;
        }
        model = model.bounds(lower, upper);
    }
    Ok(model)
}

/// The penalty factors that are given; `None` when there are none.
pub(super) fn factors(arguments: &ModelArguments, names: &[String]) -> Outcome<Option<Array1<f64>>> {
    if arguments.penalty_factor.is_empty() {
        return Ok(None);
    }
    let mut factors = Array1::ones(names.len());
    for text in &arguments.penalty_factor {
        let (column, value) = assignment("--penalty-factor", text, names)?;
        factors[column] = parse_number("--penalty-factor", text, value)?;
    }
    Ok(Some(factors))
}

/// The levels that are listed, the largest first; `None` for a grid, whose settings the model then has.
pub(super) fn levels(arguments: &LevelArguments, model: ElasticNet) -> Outcome<(ElasticNet, Option<Array1<f64>>)> {
    let Some(text) = &arguments.lambdas else {
        let model = model.levels(arguments.levels);
        return Ok((if let Some(ratio) = arguments.ratio { model.ratio(ratio) } else { model }, None));
    };
    let parts = split_list("--lambdas", text)?;
    let mut lambdas = parts.iter().map(|part| parse_number("--lambdas", text, part)).collect::<Outcome<Vec<_>>>()?;
    lambdas.sort_by(|a, b| b.total_cmp(a));
    Ok((model, Some(Array1::from(lambdas))))
}

/// `NAME=VALUE`; a name may contain an equals sign.
fn assignment<'t>(option: &str, text: &'t str, names: &[String]) -> Outcome<(usize, &'t str)> {
    let Some((name, value)) = text.rsplit_once('=') else {
        return Err(Failure::input(format!("{option} `{text}`: write NAME=VALUE")));
    };
    Ok((find_name(option, name.trim(), names)?, value.trim()))
}
