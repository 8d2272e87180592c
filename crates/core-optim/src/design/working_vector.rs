//! A vector with an implicit constant.

use crate::Result;
use crate::error::check_length;
use crate::reduce::{constant, dot, sum_by};
use core_tensor::{Scalar, check_finite};
use ndarray::{Array1, ArrayRef1, ArrayView1};

/// The vector v + o·1 of n entries, stored as v and o, with the sum of v kept where it is known.
///
/// Starts as a plain vector (o = 0). Adding a column of [`Standardised`](super::Standardised) moves o instead of touching all of v;
/// [`materialise`](Self::materialise) adds it in.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkingVector<T> {
    values: Array1<T>,
    offset: T,
    /// Σ v, without the offset.
    sum: Option<T>,
}

const ENTRIES: &str = "the working vector has that many entries";

impl<T: Scalar> WorkingVector<T> {
    /// A copy of `x` (n), o = 0.
    ///
    /// # Errors
    /// An entry that is not finite.
    pub fn new(x: &ArrayRef1<T>) -> Result<Self> {
        check_finite("x", x)?;
        Ok(Self { values: x.to_owned(), offset: T::zero(), sum: None })
    }

    /// n zeros.
    #[must_use]
    pub fn zeros(n: usize) -> Self {
        Self { values: Array1::zeros(n), offset: T::zero(), sum: None }
    }

    /// Number of entries n.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// True for n = 0.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// v, without the offset.
    pub fn values(&self) -> ArrayView1<'_, T> {
        self.values.view()
    }

    /// o.
    pub fn offset(&self) -> T {
        self.offset
    }

    /// Takes the entries of `x` (n), o = 0. Does not allocate.
    ///
    /// # Errors
    /// A wrong length or an entry that is not finite.
    pub fn assign(&mut self, x: &ArrayRef1<T>) -> Result<()> {
        check_length("x", x, self.len(), ENTRIES)?;
        check_finite("x", x)?;
        self.values.assign(x);
        (self.offset, self.sum) = (T::zero(), None);
        Ok(())
    }

    /// Adds the offset to the entries and returns them. Also forgets the running sum and with it its rounding errors.
    pub fn materialise(&mut self) -> ArrayView1<'_, T> {
        if self.offset != T::zero() {
            let offset = self.offset;
            self.values.mapv_inplace(|v| v + offset);
            self.offset = T::zero();
        }
        self.sum = None;
        self.values.view()
    }

    /// ‖v + o·1‖².
    pub fn norm_squared(&self) -> T {
        let offset = self.offset;
        sum_by(&self.values, |v| (v + offset) * (v + offset))
    }

    /// xᵀ(v + o·1).
    ///
    /// # Errors
    /// A wrong length.
    pub fn dot(&self, x: &ArrayRef1<T>) -> Result<T> {
        check_length("x", x, self.len(), ENTRIES)?;
        let plain = dot(x, &self.values);
        Ok(if self.offset == T::zero() { plain } else { plain + self.offset * sum_by(x, |x| x) })
    }

    /// Σ (v + o): at once while the sum is known, else in O(n).
    pub fn sum(&self) -> T {
        let sum = self.sum.unwrap_or_else(|| sum_by(&self.values, |v| v));
        sum + constant::<T>(self.len() as f64) * self.offset
    }

    /// The stored entries for a change that moves their sum by `change` (`None`: unknown), and the constant by `shift`.
    pub(super) fn change(&mut self, change: Option<T>, shift: T) -> &mut ArrayRef1<T> {
        self.sum = change.map(|change| self.sum.unwrap_or_else(|| sum_by(&self.values, |v| v)) + change);
        self.offset += shift;
        &mut self.values
    }
}
