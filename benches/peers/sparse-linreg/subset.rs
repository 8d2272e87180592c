//! Orthant's best subsets.

use crate::problem::Problem;
use crate::run::timed;
use crate::{Outcome, note};
use ndarray::Array2;
use ndarray_npy::write_npy;
use orthant_benches::design::Design;
use serde_json::{Value, json};
use sparse_linreg::{BestSubset, Search};
use std::path::Path;

/// Splices a support of each size; writes coefficients, returns the time.
pub(crate) fn run(folder: &Path, problem: &Problem) -> Outcome<Value> {
    let Design::Dense(x) = &problem.design else { return Err("best subsets are compared on dense columns".into()) };
    let sizes = problem.levels.iter().map(|&size| size as usize);
    let method = BestSubset::new().sizes(sizes).search(Search::Splicing).intercept(false);
    let (path, seconds) = timed(|| Ok(method.fit(x, &problem.y)?))?;
    let models = &path.models;
    let coefficients = Array2::from_shape_fn((models.len(), x.ncols()), |(k, j)| models[k].coefficients[j]);
    write_npy(folder.join(format!("w-{}.npy", problem.name)), &coefficients)?;
    note(&format!("orthant {}: {seconds:.5} s", problem.name));
    Ok(json!({"problem": problem.name, "seconds": seconds, "setting": "splicing"}))
}
