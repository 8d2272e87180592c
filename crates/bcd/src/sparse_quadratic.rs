//! Sparse quadratics.

use crate::error::check_length;
use crate::graph::{Graph, block_into};
use crate::number::constant;
use crate::objective::{Curvature, Objective};
use crate::{Error, Result, State};
use core_tensor::operator::LinearOperator;
use core_tensor::{Scalar, check_finite};
use ndarray::{Array1, ArrayRef1, ArrayRef2};

/// f(x) = ½ xᵀA x - bᵀx for a symmetric positive semi-definite A given by its diagonal and the graph of its other entries.
///
/// The state keeps the gradient A x - b; a block update changes it along the edges of the block only.
#[derive(Debug, Clone, PartialEq)]
pub struct SparseQuadratic<T> {
    graph: Graph<T>,
    diagonal: Array1<T>,
    b: Array1<T>,
}

impl<T: Scalar> SparseQuadratic<T> {
    /// The quadratic whose matrix has `diagonal` (p) and, for each edge of `graph`, the number on it as entries (i, j) and (j, i).
    ///
    /// # Errors
    /// No variable, lengths that do not fit, entries that are not finite, [`Error::Unbounded`] for a negative diagonal entry.
    pub fn new(graph: Graph<T>, diagonal: Array1<T>, b: Array1<T>) -> Result<Self> {
        if diagonal.is_empty() {
            return Err(core_tensor::Error::Empty { argument: "diagonal", expected: "entry" }.into());
        }
        check_length("diagonal", &diagonal, graph.nodes(), "the graph has that many nodes")?;
        check_length("b", &b, graph.nodes(), "the graph has that many nodes")?;
        check_finite("diagonal", &diagonal)?;
        check_finite("b", &b)?;
        if let Some((variable, &d)) = diagonal.iter().enumerate().find(|(_, d)| **d < T::zero()) {
            return Err(Error::Unbounded { variable, curvature: Scalar::to_f64(d) });
        }
        Ok(Self { graph, diagonal, b })
    }

    /// The diagonal of A (p).
    pub fn diagonal(&self) -> &ArrayRef1<T> {
        &self.diagonal
    }

    /// b (p).
    pub fn linear(&self) -> &ArrayRef1<T> {
        &self.b
    }

    /// The same matrix with another linear part.
    ///
    /// # Errors
    /// A wrong length, an entry that is not finite.
    pub fn with_linear(&self, b: Array1<T>) -> Result<Self> {
        Self::new(self.graph.clone(), self.diagonal.clone(), b)
    }

    #[inline]
    fn row_product(&self, i: usize, x: &[T]) -> T {
        let mut sum = self.diagonal[i] * x[i];
        for (&j, &w) in self.graph.neighbours(i).iter().zip(self.graph.weights(i)) {
            sum += w * x[j];
        }
        sum
    }

    fn product_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) {
        match x.as_slice() {
            Some(x) => out.iter_mut().enumerate().for_each(|(i, out)| *out = self.row_product(i, x)),
            None => {
                let x: Vec<T> = x.iter().copied().collect();
                out.iter_mut().enumerate().for_each(|(i, out)| *out = self.row_product(i, &x));
            }
        }
    }
}

impl<T: Scalar> Objective<T> for SparseQuadratic<T> {
    fn variables(&self) -> usize {
        self.b.len()
    }

    fn evaluate_into(&self, x: &ArrayRef1<T>, gradient: &mut ArrayRef1<T>) -> Result<T> {
        const WHY: &str = "the quadratic has that many variables";
        check_length("x", x, self.b.len(), WHY)?;
        check_length("gradient", gradient, self.b.len(), WHY)?;
        self.product_into(x, gradient);
        let half = constant::<T>(0.5);
        let mut value = T::zero();
        for i in 0..self.b.len() {
            value += x[i] * (half * gradient[i] - self.b[i]);
            gradient[i] -= self.b[i];
        }
        Ok(value)
    }

    fn hessian_into(
        &self,
        state: &mut State<T>,
        block: &[usize],
        curvature: Curvature,
        out: &mut ArrayRef2<T>,
    ) -> Result<()> {
        let mut order = std::mem::take(&mut state.touched);
        let at = &*state;
        let diagonal = |i| self.diagonal_entry(at, curvature, i);
        let link = |slot| self.link_entry(at, curvature, slot);
        let done = block_into(&self.graph, block, out, &mut order, diagonal, link);
        state.touched = order;
        done
    }

    fn curvatures(&self) -> Array1<T> {
        self.diagonal.clone()
    }

    /// Slope and curvature along d: the members of the block are marked by writing d over zeros.
    fn prepare(&self, state: &mut State<T>, block: &[usize], d: &[T]) -> Result<()> {
        if state.product.len() != self.b.len() {
            state.product = Array1::zeros(self.b.len());
        }
        let (product, gradient) = (&mut state.product, &state.gradient);
        block.iter().zip(d).for_each(|(&i, &d)| product[i] = d);
        let (mut slope, mut curvature) = (T::zero(), T::zero());
        if let Some(product) = product.as_slice() {
            for (&i, &d) in block.iter().zip(d) {
                slope += gradient[i] * d;
                curvature += d * self.row_product(i, product);
            }
        }
        block.iter().for_each(|&i| product[i] = T::zero());
        state.along = (slope, curvature);
        Ok(())
    }

    fn value_along(&self, state: &mut State<T>, _block: &[usize], _d: &[T], a: T) -> Result<T> {
        Ok(state.value + state.change_along(a))
    }

    /// Needs no preparation: f changes by the mean of the slopes before and after, exactly.
    fn advance(&self, state: &mut State<T>, block: &[usize], d: &[T], a: T) -> Result<()> {
        let State { x, gradient, .. } = state;
        let (Some(x), Some(gradient)) = (x.as_slice_mut(), gradient.as_slice_mut()) else { return Ok(()) };
        let mut slopes = T::zero();
        for (&i, &d) in block.iter().zip(d) {
            slopes += gradient[i] * d;
        }
        for (&i, &d) in block.iter().zip(d) {
            if d == T::zero() {
                continue;
            }
            let step = a * d;
            x[i] += step;
            gradient[i] += step * self.diagonal[i];
            for (&j, &w) in self.graph.neighbours(i).iter().zip(self.graph.weights(i)) {
                gradient[j] += step * w;
            }
        }
        for (&i, &d) in block.iter().zip(d) {
            slopes += gradient[i] * d;
        }
        state.value += constant::<T>(0.5) * a * slopes;
        Ok(())
    }

    fn bound_column_into(&self, _state: &mut State<T>, i: usize, out: &mut ArrayRef1<T>) -> Result<()> {
        out.fill(T::zero());
        out[i] = self.diagonal[i];
        for (&j, &w) in self.graph.neighbours(i).iter().zip(self.graph.weights(i)) {
            out[j] = w;
        }
        Ok(())
    }

    fn bound_product_into(&self, _state: &mut State<T>, v: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        self.product_into(v, out);
        Ok(())
    }

    fn bound_row_sums(&self, _state: &mut State<T>) -> Result<Array1<T>> {
        Ok(Array1::from_shape_fn(self.b.len(), |i| {
            self.diagonal[i].abs() + self.graph.weights(i).iter().map(|w| w.abs()).sum::<T>()
        }))
    }

    fn graph(&self) -> Option<&Graph<T>> {
        Some(&self.graph)
    }

    #[inline]
    fn diagonal_entry(&self, _state: &State<T>, _curvature: Curvature, i: usize) -> T {
        self.diagonal[i]
    }

    #[inline]
    fn link_entry(&self, _state: &State<T>, _curvature: Curvature, slot: usize) -> T {
        self.graph.weight_at(slot)
    }

    fn advances_unprepared(&self) -> bool {
        true
    }

    fn is_quadratic(&self) -> bool {
        true
    }

    fn third_derivative_bound(&self, _state: &mut State<T>, _block: &[usize]) -> Result<Option<T>> {
        Ok(Some(T::zero()))
    }
}

/// x ↦ A x, for conjugate gradients.
impl<T: Scalar> LinearOperator<T> for SparseQuadratic<T> {
    fn rows(&self) -> usize {
        self.b.len()
    }

    fn columns(&self) -> usize {
        self.b.len()
    }

    fn apply_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> core_tensor::Result<()> {
        const WHY: &str = "the quadratic has that many variables";
        core_tensor::check_shape("x", x, &[self.b.len()], WHY)?;
        core_tensor::check_shape("out", out, &[self.b.len()], WHY)?;
        self.product_into(x, out);
        Ok(())
    }

    fn apply_transposed_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> core_tensor::Result<()> {
        LinearOperator::apply_into(self, x, out)
    }
}
