//! The forms of fields that the fixtures of this crate use.

use golden::{Case, Check};
use ndarray::{Array1, Array2, ArrayRef, Dimension};
use serde_json::Value;

fn number(value: &Value) -> f64 {
    match value {
        Value::Null => f64::NAN,
        Value::String(text) => text.parse().expect("a number in words"),
        other => other.as_f64().expect("a number"),
    }
}

fn list(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(number).collect()
}

/// A matrix as `{shape, data}` (row-major), or as a list of rows.
pub(crate) fn matrix(case: &Case, field: &str) -> Array2<f64> {
    let value = case.value(field);
    if value.is_array() {
        return case.matrix(field);
    }
    let shape: Vec<usize> = list(&value["shape"]).into_iter().map(|v| v as usize).collect();
    Array2::from_shape_vec((shape[0], shape[1]), list(&value["data"])).expect("rows × columns values")
}

/// A vector as a list, or as `{shape, data}`.
pub(crate) fn vector(case: &Case, field: &str) -> Array1<f64> {
    let value = case.value(field);
    if value.is_array() { list(value).into() } else { list(&value["data"]).into() }
}

/// A vector, or `None` where the field is missing or null.
pub(crate) fn optional_vector(case: &Case, field: &str) -> Option<Array1<f64>> {
    case.optional(field).filter(|value| !value.is_null()).map(|_| vector(case, field))
}

/// A flag, false where it is missing or null.
pub(crate) fn optional_flag(case: &Case, field: &str) -> Option<bool> {
    case.optional(field).and_then(Value::as_bool)
}

/// A list of truth values.
pub(crate) fn flags(case: &Case, field: &str) -> Vec<bool> {
    case.value(field).as_array().expect("a list").iter().map(|v| v.as_bool().expect("true or false")).collect()
}

/// A list of lists of indices.
pub(crate) fn index_lists(value: &Value) -> Vec<Vec<usize>> {
    let indices = |v: &Value| list(v).into_iter().map(|v| v as usize).collect();
    value.as_array().expect("a list of lists").iter().map(indices).collect()
}

/// The rule of these fixtures: |a - b| ≤ tol (1 + max |b| over the array).
pub(crate) fn near<D: Dimension>(
    check: &mut Check,
    what: &str,
    found: &ArrayRef<f64, D>,
    expected: &ArrayRef<f64, D>,
    tol: f64,
) {
    let largest = expected.iter().filter(|v| v.is_finite()).fold(0.0_f64, |m, v| m.max(v.abs()));
    check.close(what, found, expected, golden::Tolerance::new(0.0, tol * (1.0 + largest)));
}

/// The same for one number.
pub(crate) fn near_scalar(check: &mut Check, what: &str, found: f64, expected: f64, tol: f64) {
    check.scalar(what, found, expected, golden::Tolerance::new(tol, tol));
}
