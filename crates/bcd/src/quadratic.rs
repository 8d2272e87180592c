//! Dense quadratics.

use crate::error::check_length;
use crate::number::constant;
use crate::objective::{Curvature, Objective};
use crate::{Error, Result, State};
use core_tensor::{Scalar, check_finite, check_symmetric};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};

/// f(x) = ½ xᵀA x - bᵀx + c for a symmetric positive semi-definite A (p × p).
///
/// The state keeps the gradient A x - b, which a block update changes in O(p τ).
#[derive(Debug, Clone, PartialEq)]
pub struct Quadratic<T> {
    a: Array2<T>,
    b: Array1<T>,
    offset: T,
}

impl<T: Scalar> Quadratic<T> {
    /// The quadratic with matrix `a` and linear part `b`, c = 0.
    ///
    /// # Errors
    /// An empty or not square matrix, a `b` that does not fit, entries that are not finite, a matrix that is not symmetric to 10⁻¹⁰
    /// (10⁻⁴ in `f32`), or [`Error::Unbounded`] for a negative diagonal entry. Negative curvature elsewhere shows in the block solves.
    pub fn new(a: Array2<T>, b: Array1<T>) -> Result<Self> {
        if a.is_empty() {
            return Err(core_tensor::Error::Empty { argument: "a", expected: "row" }.into());
        }
        check_finite("a", &a)?;
        check_symmetric("a", &a, if T::NAME == "f32" { 1e-4 } else { 1e-10 })?;
        check_length("b", &b, a.nrows(), "the matrix has that many rows")?;
        check_finite("b", &b)?;
        if let Some(variable) = (0..a.nrows()).find(|&i| a[[i, i]] < T::zero()) {
            return Err(Error::Unbounded { variable, curvature: Scalar::to_f64(a[[variable, variable]]) });
        }
        Ok(Self { a, b, offset: T::zero() })
    }

    /// Sets c.
    ///
    /// # Errors
    /// A value that is not finite.
    pub fn offset(mut self, c: T) -> Result<Self> {
        core_tensor::check_range("offset", Scalar::to_f64(c), c.is_finite(), "finite")?;
        self.offset = c;
        Ok(self)
    }

    /// A (p × p).
    pub fn matrix(&self) -> &ArrayRef2<T> {
        &self.a
    }

    /// b (p).
    pub fn linear(&self) -> &ArrayRef1<T> {
        &self.b
    }
}

impl<T: Scalar> Objective<T> for Quadratic<T> {
    fn variables(&self) -> usize {
        self.b.len()
    }

    fn predictors(&self) -> usize {
        self.b.len()
    }

    fn evaluate_into(&self, x: &ArrayRef1<T>, gradient: &mut ArrayRef1<T>) -> Result<T> {
        const WHY: &str = "the quadratic has that many variables";
        check_length("x", x, self.b.len(), WHY)?;
        check_length("gradient", gradient, self.b.len(), WHY)?;
        let half = constant::<T>(0.5);
        let mut value = self.offset;
        for (i, row) in self.a.rows().into_iter().enumerate() {
            let product = row.dot(x);
            gradient[i] = product - self.b[i];
            value += x[i] * (half * product - self.b[i]);
        }
        Ok(value)
    }

    fn hessian_into(
        &self,
        _state: &mut State<T>,
        block: &[usize],
        _curvature: Curvature,
        out: &mut ArrayRef2<T>,
    ) -> Result<()> {
        let tau = block.len();
        core_tensor::check_shape("out", out, &[tau, tau], "a Hessian block has a row and a column per coordinate")?;
        for (k, &i) in block.iter().enumerate() {
            for (l, &j) in block.iter().enumerate() {
                out[[k, l]] = self.a[[i, j]];
            }
        }
        Ok(())
    }

    fn curvatures(&self) -> Array1<T> {
        self.a.diag().to_owned()
    }

    /// `product` ← A U_b d.
    fn prepare(&self, state: &mut State<T>, block: &[usize], d: &[T]) -> Result<()> {
        state.product.fill(T::zero());
        for (&i, &d) in block.iter().zip(d).filter(|(_, d)| **d != T::zero()) {
            state.product.scaled_add(d, &self.a.row(i));
        }
        let slope = block.iter().zip(d).map(|(&i, &d)| state.gradient[i] * d).sum();
        let curvature = block.iter().zip(d).map(|(&i, &d)| state.product[i] * d).sum();
        state.along = (slope, curvature);
        Ok(())
    }

    fn value_along(&self, state: &mut State<T>, _block: &[usize], _d: &[T], a: T) -> Result<T> {
        Ok(state.value + state.change_along(a))
    }

    fn advance(&self, state: &mut State<T>, block: &[usize], d: &[T], a: T) -> Result<()> {
        state.value += state.change_along(a);
        block.iter().zip(d).for_each(|(&i, &d)| state.x[i] += a * d);
        let State { gradient, product, .. } = state;
        gradient.scaled_add(a, product);
        Ok(())
    }

    fn bound_column_into(&self, _state: &mut State<T>, i: usize, out: &mut ArrayRef1<T>) -> Result<()> {
        out.assign(&self.a.row(i));
        Ok(())
    }

    fn bound_product_into(&self, _state: &mut State<T>, v: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        out.fill(T::zero());
        for (i, &v) in v.iter().enumerate().filter(|(_, v)| **v != T::zero()) {
            out.scaled_add(v, &self.a.row(i));
        }
        Ok(())
    }

    fn is_quadratic(&self) -> bool {
        true
    }

    fn third_derivative_bound(&self, _state: &mut State<T>, _block: &[usize]) -> Result<Option<T>> {
        Ok(Some(T::zero()))
    }
}
