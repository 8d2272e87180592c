//! From options to the estimator, and from the table to a design.

use super::arguments::{LevelArguments, ModelArguments};
use crate::failure::{Failure, Outcome};
use crate::input::{Features, Regression, Response, find_name, split_list};
use ndarray::{Array1, Array2};
use orthant::sparse_linreg::{CscMatrix, Design, ElasticNet};

/// The features as the library takes them.
pub(super) enum Matrix {
    Dense(Array2<f64>),
    Sparse(CscMatrix<f64>),
}

impl Matrix {
    /// The features of the table, which keeps none.
    pub(super) fn take(table: &mut Regression) -> Outcome<Self> {
        let none = Features::Dense(Array2::zeros((0, 0)));
        Ok(match std::mem::replace(&mut table.features, none) {
            Features::Dense(x) => Self::Dense(x),
            Features::Sparse(x) => Self::Sparse(
                CscMatrix::new(x.rows, x.starts, x.indices, x.values)
                    .map_err(|error| Failure::input(format!("`{}`: {error}", table.source)))?,
            ),
        })
    }

    pub(super) fn design(&self) -> &dyn Design {
        match self {
            Self::Dense(x) => x,
            Self::Sparse(x) => x,
        }
    }
}

/// The response as numbers.
pub(super) fn numbers(table: &Regression) -> Outcome<Array1<f64>> {
    match &table.response {
        Response::Numbers(y) => Ok(y.clone()),
        Response::Classes(..) => Err(Failure::Internal("the response was read as classes".to_owned())),
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
    if !arguments.penalty_factor.is_empty() {
        let mut factors = Array1::ones(table.names.len());
        for text in &arguments.penalty_factor {
            let (column, value) = assignment("--penalty-factor", text, &table.names)?;
            factors[column] = number("--penalty-factor", text, value)?;
        }
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
            let end = |end: &str, none: f64| if end.is_empty() { Ok(none) } else { number("--bound", text, end) };
            lower[column] = end(low.trim(), f64::NEG_INFINITY)?;
            upper[column] = end(high.trim(), f64::INFINITY)?;
        }
        model = model.bounds(lower, upper);
    }
    Ok(model)
}

/// The levels that are listed, the largest first; `None` for a grid, whose settings the model then has.
pub(super) fn levels(arguments: &LevelArguments, model: ElasticNet) -> Outcome<(ElasticNet, Option<Array1<f64>>)> {
    let Some(text) = &arguments.lambdas else {
        let model = model.levels(arguments.levels);
        return Ok((if let Some(ratio) = arguments.ratio { model.ratio(ratio) } else { model }, None));
    };
    let parts = split_list("--lambdas", text)?;
    let mut lambdas = parts.iter().map(|part| number("--lambdas", text, part)).collect::<Outcome<Vec<_>>>()?;
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

fn number(option: &str, text: &str, value: &str) -> Outcome<f64> {
    value.trim().parse().map_err(|_| Failure::input(format!("{option} `{text}`: `{value}` is not a number")))
}
