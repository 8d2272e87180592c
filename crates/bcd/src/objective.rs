//! The smooth part of a problem.

use crate::graph::Graph;
use crate::{Fit, Penalty, Result, State};
use core_tensor::Scalar;
use ndarray::{Array1, ArrayRef1, ArrayRef2};

/// Which second derivatives a block uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Curvature {
    /// The fixed matrix H_b with ∇²_bb f(x) ≤ H_b for all x.
    Bound,
    /// ∇²_bb f(x) at the current x.
    AtPoint,
}

/// A smooth convex f of p variables with a Lipschitz gradient (section 1).
///
/// An objective of your own needs the first four methods; the others have defaults that evaluate f as a whole, and are there
/// to be overridden where something cheaper is known. Indices are checked by the callers in this crate.
pub trait Objective<T: Scalar> {
    /// p ≥ 1.
    fn variables(&self) -> usize;

    /// f(x), and ∇f(x) into `gradient` (p).
    ///
    /// # Errors
    /// Lengths that are not p.
    fn evaluate_into(&self, x: &ArrayRef1<T>, gradient: &mut ArrayRef1<T>) -> Result<T>;

    /// H_b or ∇²_bb f(x) into `out` (τ × τ). Of the state only scratch may change.
    ///
    /// # Errors
    /// A shape that is not τ × τ.
    fn hessian_into(
        &self,
        state: &mut State<T>,
        block: &[usize],
        curvature: Curvature,
        out: &mut ArrayRef2<T>,
    ) -> Result<()>;

    /// Lᵢ (p): bounds on ∂²f/∂xᵢ².
    fn curvatures(&self) -> Array1<T>;

    /// Length of the kept vector z.
    fn predictors(&self) -> usize {
        0
    }

    /// Computes everything that the state keeps from `state.x`.
    ///
    /// # Errors
    /// Those of [`evaluate_into`](Self::evaluate_into).
    fn refresh(&self, state: &mut State<T>) -> Result<()> {
        state.value = self.evaluate_into(&state.x, &mut state.gradient)?;
        state.gradient_is_current = true;
        Ok(())
    }

    /// ∇f(x) into `state.gradient`, unless it is there.
    ///
    /// # Errors
    /// None of its own.
    fn update_gradient(&self, state: &mut State<T>) -> Result<()> {
        if !state.gradient_is_current {
            self.refresh(state)?;
        }
        Ok(())
    }

    /// ∇_b f(x) into `out` (τ).
    ///
    /// # Errors
    /// None of its own.
    fn block_gradient(&self, state: &mut State<T>, block: &[usize], out: &mut [T]) -> Result<()> {
        self.update_gradient(state)?;
        out.iter_mut().zip(block).for_each(|(out, &i)| *out = state.gradient[i]);
        Ok(())
    }

    /// Gets ready for [`value_along`](Self::value_along) and [`advance`](Self::advance) with the direction `d` (τ) of the block.
    ///
    /// # Errors
    /// None of its own.
    fn prepare(&self, state: &mut State<T>, block: &[usize], d: &[T]) -> Result<()> {
        let _ = (state, block, d);
        Ok(())
    }

    /// f(x + a U_b d) for the prepared d.
    ///
    /// # Errors
    /// None of its own.
    fn value_along(&self, state: &mut State<T>, block: &[usize], d: &[T], a: T) -> Result<T> {
        let (mut x, mut gradient) = (state.x.clone(), state.gradient.clone());
        block.iter().zip(d).for_each(|(&i, &d)| x[i] += a * d);
        self.evaluate_into(&x, &mut gradient)
    }

    /// `x_b += a d` for the prepared d, and everything that depends on it.
    ///
    /// # Errors
    /// None of its own.
    fn advance(&self, state: &mut State<T>, block: &[usize], d: &[T], a: T) -> Result<()> {
        block.iter().zip(d).for_each(|(&i, &d)| state.x[i] += a * d);
        self.refresh(state)
    }

    /// Column i of the matrix H that bounds the whole Hessian, into `out` (p).
    ///
    /// # Errors
    /// None of its own.
    fn bound_column_into(&self, state: &mut State<T>, i: usize, out: &mut ArrayRef1<T>) -> Result<()> {
        let mut entry = ndarray::Array2::zeros((2, 2));
        for j in 0..self.variables() {
            out[j] = if j == i {
                let mut one = ndarray::Array2::zeros((1, 1));
                self.hessian_into(state, &[i], Curvature::Bound, &mut one)?;
                one[[0, 0]]
            } else {
                self.hessian_into(state, &[i, j], Curvature::Bound, &mut entry)?;
                entry[[0, 1]]
            };
        }
        Ok(())
    }

    /// H v into `out` (p), for the same matrix.
    ///
    /// # Errors
    /// None of its own.
    fn bound_product_into(&self, state: &mut State<T>, v: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        let mut column = Array1::zeros(v.len());
        out.fill(T::zero());
        for (i, &v) in v.iter().enumerate().filter(|(_, v)| **v != T::zero()) {
            self.bound_column_into(state, i, &mut column)?;
            out.iter_mut().zip(&column).for_each(|(out, &h)| *out += v * h);
        }
        Ok(())
    }

    /// Σⱼ |Hᵢⱼ| (p).
    ///
    /// # Errors
    /// None of its own.
    fn bound_row_sums(&self, state: &mut State<T>) -> Result<Array1<T>> {
        let p = self.variables();
        let mut column = Array1::zeros(p);
        let mut sums = Array1::zeros(p);
        for i in 0..p {
            self.bound_column_into(state, i, &mut column)?;
            sums[i] = column.iter().map(|v| v.abs()).sum();
        }
        Ok(sums)
    }

    /// The links of the variables in the Hessian, if it is sparse: needed for colourings and forests.
    fn graph(&self) -> Option<&Graph<T>> {
        None
    }

    /// ∂²f/∂xᵢ² (or its bound). Objectives with a [`graph`](Self::graph) give it in O(degree).
    fn diagonal_entry(&self, state: &State<T>, curvature: Curvature, i: usize) -> T {
        let _ = (state, curvature, i);
        T::nan()
    }

    /// The Hessian entry (or its bound) of link number `slot` of the [`graph`](Self::graph).
    fn link_entry(&self, state: &State<T>, curvature: Curvature, slot: usize) -> T {
        let _ = (state, curvature, slot);
        T::nan()
    }

    /// True if [`advance`](Self::advance) needs no [`prepare`](Self::prepare) before it.
    fn advances_unprepared(&self) -> bool {
        false
    }

    /// True if the Hessian does not depend on x: exact block solves then need no line search.
    fn is_quadratic(&self) -> bool {
        false
    }

    /// The whole of f + g minimised from `start` by a method made for such problems, to a duality gap of `tolerance` relative to its
    /// value; `None` (the default) where there is none. Asked by [`Bcd::fit`](crate::Bcd::fit) when blocks, rule and update are all
    /// left open.
    ///
    /// # Errors
    /// Those of the method.
    fn solve_as_a_whole(&self, penalty: &Penalty<T>, start: &ArrayRef1<T>, tolerance: f64) -> Result<Option<Fit<T>>> {
        let _ = (penalty, start, tolerance);
        Ok(None)
    }

    /// M_b with `‖∇²_bb f(x + U_b d) - ∇²_bb f(x)‖ ≤ M_b ‖d‖`; `None` if it is not known.
    ///
    /// # Errors
    /// None of its own.
    fn third_derivative_bound(&self, state: &mut State<T>, block: &[usize]) -> Result<Option<T>> {
        let _ = (state, block);
        Ok(None)
    }

    /// The coefficient ρ of a ridge term ½ ρ ‖x‖² inside f.
    fn ridge(&self) -> T {
        T::zero()
    }

    /// -f₀*(s u) for the loss f₀ of the predictors (without ridge) and u = its gradient in z at the current point: the
    /// part of the dual objective that depends on the loss. `None` if f has no such form.
    ///
    /// # Errors
    /// None of its own.
    fn dual_value(&self, state: &mut State<T>, s: T) -> Result<Option<T>> {
        let _ = (state, s);
        Ok(None)
    }
}

/// The state at `x` (p), evaluated.
///
/// # Errors
/// A wrong length or an entry that is not finite.
pub fn state_at<T: Scalar, F: Objective<T> + ?Sized>(objective: &F, x: &ArrayRef1<T>) -> Result<State<T>> {
    crate::error::check_length("x", x, objective.variables(), "the objective has that many variables")?;
    core_tensor::check_finite("x", x)?;
    let mut state = State::new(x, objective.predictors());
    objective.refresh(&mut state)?;
    Ok(state)
}
