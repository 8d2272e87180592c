//! What belongs to the data rather than to the method.

use crate::Result;
use crate::error::{check_length, check_weights};
use core_tensor::{Error, Scalar, check_finite};
use ndarray::ArrayRef1;

/// Whether the model has a constant b.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Intercept {
    /// b = 0.
    #[default]
    Absent,
    /// b is free and not penalised.
    Free,
}

/// Sample weights, intercept and starting point of a fit; none of them by default.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a, T> {
    pub(super) weights: Option<&'a ArrayRef1<T>>,
    pub(super) intercept: Intercept,
    pub(super) start: Option<&'a ArrayRef1<T>>,
    pub(super) start_intercept: T,
}

impl<T: Scalar> Default for Options<'_, T> {
    fn default() -> Self {
        Self { weights: None, intercept: Intercept::Absent, start: None, start_intercept: T::zero() }
    }
}

impl<'a, T: Scalar> Options<'a, T> {
    /// Sample weights sᵢ ≥ 0 (n), not all zero. They are used as given: weight 2 is the sample twice.
    #[must_use]
    pub fn weights(mut self, weights: &'a ArrayRef1<T>) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Adds an unpenalised constant b, or not (the default).
    #[must_use]
    pub fn intercept(mut self, intercept: Intercept) -> Self {
        self.intercept = intercept;
        self
    }

    /// Starts from the coefficients w (d), clipped to the bounds, instead of 0.
    #[must_use]
    pub fn start(mut self, w: &'a ArrayRef1<T>) -> Self {
        self.start = Some(w);
        self
    }

    /// Starts the intercept at b. The squared loss does not need it.
    #[must_use]
    pub fn start_intercept(mut self, b: T) -> Self {
        self.start_intercept = b;
        self
    }

    pub(super) fn check(&self, n: usize, d: usize) -> Result<()> {
        if let Some(s) = self.weights {
            check_length("weights", s, n, "the matrix has that many rows")?;
            check_weights("weights", s)?;
            let largest = s.iter().fold(T::zero(), |m, &s| m.max(s));
            let expected = "> 0 for at least one sample";
            core_tensor::check_range("weights", Scalar::to_f64(largest), largest > T::zero(), expected)?;
        }
        if let Some(w) = self.start {
            check_length("start", w, d, "the matrix has that many columns")?;
            check_finite("start", w)?;
        }
        if !self.start_intercept.is_finite() {
            let (found, expected) = (Scalar::to_f64(self.start_intercept), "finite");
            return Err(Error::OutOfRange { argument: "start_intercept", found, expected }.into());
        }
        Ok(())
    }
}
