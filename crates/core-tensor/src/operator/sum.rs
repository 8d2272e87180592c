//! Sums.

use super::LinearOperator;
use super::vector::add_scaled;
use crate::{Error, Result, Scalar};
use ndarray::{Array1, ArrayRef1};
use std::sync::{Mutex, PoisonError};

/// A + B, with memory for the second product.
#[derive(Debug)]
pub struct Sum<T, A, B> {
    first: A,
    second: B,
    forward: Mutex<Array1<T>>,
    transposed: Mutex<Array1<T>>,
}

impl<T: Scalar, A: LinearOperator<T>, B: LinearOperator<T>> Sum<T, A, B> {
    /// The sum of two operators of one shape.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes differ.
    pub fn new(first: A, second: B) -> Result<Self> {
        let (expected, found) = ([first.rows(), first.columns()], [second.rows(), second.columns()]);
        if found != expected {
            let reason = "the summands have one shape";
            return Err(Error::Shape { argument: "second", found: found.into(), expected: expected.into(), reason });
        }
        let (forward, transposed) = (Array1::zeros(expected[0]).into(), Array1::zeros(expected[1]).into());
        Ok(Self { first, second, forward, transposed })
    }
}

impl<T: Scalar, A: LinearOperator<T>, B: LinearOperator<T>> LinearOperator<T> for Sum<T, A, B> {
    fn rows(&self) -> usize {
        self.first.rows()
    }

    fn columns(&self) -> usize {
        self.first.columns()
    }

    fn apply_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        self.first.apply_into(x, out)?;
        // Contents are overwritten before they are read, so a poisoned lock does no harm.
        let mut part = self.forward.lock().unwrap_or_else(PoisonError::into_inner);
        self.second.apply_into(x, &mut part)?;
        add_scaled(out, T::one(), &part);
        Ok(())
    }

    fn apply_transposed_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        self.first.apply_transposed_into(x, out)?;
        let mut part = self.transposed.lock().unwrap_or_else(PoisonError::into_inner);
        self.second.apply_transposed_into(x, &mut part)?;
        add_scaled(out, T::one(), &part);
        Ok(())
    }
}
