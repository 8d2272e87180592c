//! Comparing what was found with what is expected.

use ndarray::{ArrayRef, Dimension};
use std::fmt::Debug;

/// How far a number may lie from the expected one: `absolute + relative |expected|`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Relative part.
    pub relative: f64,
    /// Absolute part.
    pub absolute: f64,
}

impl Tolerance {
    /// The same number as relative and absolute part: right for values of order one.
    pub fn both(tolerance: f64) -> Self {
        Self { relative: tolerance, absolute: tolerance }
    }

    /// Only a relative part, with an absolute one at the rounding of tiny numbers.
    pub fn relative(tolerance: f64) -> Self {
        Self { relative: tolerance, absolute: 1e-300 }
    }

    /// Both parts by value.
    pub fn new(relative: f64, absolute: f64) -> Self {
        Self { relative, absolute }
    }

    fn at(&self, expected: f64) -> f64 {
        self.absolute + self.relative * expected.abs()
    }
}

/// Collects the comparisons of one case.
#[derive(Debug, Default)]
pub struct Check {
    pub(crate) comparisons: usize,
    /// Largest error, as a fraction of what is allowed, with the error and the tolerance behind it.
    pub(crate) worst: Option<(f64, f64, Tolerance)>,
    pub(crate) failures: Vec<String>,
}

impl Check {
    /// Compares two arrays of the same shape entry by entry; NaN equals NaN, infinities equal themselves.
    pub fn close<D: Dimension>(
        &mut self,
        what: &str,
        found: &ArrayRef<f64, D>,
        expected: &ArrayRef<f64, D>,
        tolerance: Tolerance,
    ) {
        if found.shape() != expected.shape() {
            self.comparisons += 1;
            let (found, expected) = (found.shape(), expected.shape());
            self.failures.push(format!("{what}: shape {found:?}, expected {expected:?}"));
            return;
        }
        for ((index, &expected), &found) in expected.indexed_iter().zip(found.iter()) {
            self.number(&format_args!("{what}{index:?}"), found, expected, tolerance);
        }
    }

    /// Compares two numbers.
    pub fn scalar(&mut self, what: &str, found: f64, expected: f64, tolerance: Tolerance) {
        self.number(&format_args!("{what}"), found, expected, tolerance);
    }

    /// Compares two values that must be the same.
    pub fn same<T: PartialEq + Debug>(&mut self, what: &str, found: T, expected: T) {
        self.comparisons += 1;
        if found != expected {
            self.failures.push(format!("{what}: found {found:?}, expected {expected:?}"));
        }
    }

    /// Asks for a condition; `because` is printed when it does not hold.
    pub fn holds(&mut self, condition: bool, because: impl FnOnce() -> String) {
        self.comparisons += 1;
        if !condition {
            self.failures.push(because());
        }
    }

    fn number(&mut self, what: &std::fmt::Arguments<'_>, found: f64, expected: f64, tolerance: Tolerance) {
        self.comparisons += 1;
        if found == expected || (found.is_nan() && expected.is_nan()) {
            self.worst.get_or_insert((0.0, 0.0, tolerance));
            return;
        }
        let error = (found - expected).abs();
        let ratio = error / tolerance.at(expected);
        if self.worst.is_none_or(|(worst, ..)| !(ratio <= worst)) {
            self.worst = Some((ratio, error, tolerance));
        }
        if !(ratio <= 1.0) {
            self.failures.push(format!("{what}: found {found:e}, expected {expected:e}, error {error:e}"));
        }
    }
}
