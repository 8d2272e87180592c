//! Losses of linear predictors: least squares, logistic, Huber and one's own.

use crate::error::check_length;
use crate::number::constant;
use crate::objective::{Curvature, Objective};
use crate::working_set::{LossKind, Sparse};
use crate::{Error, Fit, Penalty, Result, State};
use core_optim::design::DesignMatrix;
use core_optim::loss::{EmpiricalLoss, Logistic, Loss, Squared};
use core_tensor::Scalar;
use core_tensor::linalg::{Accumulate, gram_into};
use ndarray::{Array1, ArrayRef1, ArrayRef2, Axis, Slice, Zip};

/// f(x) = Σⱼ sⱼ ℓ(zⱼ, yⱼ) + ½ ρ ‖x‖² with z = A x (n), for a design A (n × p, dense or sparse).
///
/// The state keeps z and ℓ'(z). `H_b = ν A_bᵀ diag(s) A_b + ρ I` with ν = sup ℓ''. For an intercept wrap the design in
/// [`WithIntercept`](crate::WithIntercept) and give its coordinate the penalty weight 0; the ridge term would shrink it as well.
///
/// ```
/// use bcd::{LinearLoss, Objective, state_at};
/// use core_optim::design::Dense;
/// use ndarray::array;
///
/// let a = array![[1.0, 2.0], [0.0, 1.0]];
/// let design = Dense::new(&a)?;
/// let f = LinearLoss::least_squares(&design, &array![1.0, 1.0])?;
/// let state = state_at(&f, &array![1.0, 0.0])?;
/// assert_eq!(state.value, 0.5);
/// # Ok::<(), bcd::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct LinearLoss<'a, T, X: ?Sized, L> {
    design: &'a X,
    loss: EmpiricalLoss<T, L>,
    ridge: T,
    /// sup |ℓ'''|, if known.
    third: Option<T>,
    kind: LossKind,
    curvatures: Array1<T>,
    weighted: bool,
}

/// Above this many entries the columns of a block are taken one at a time instead of side by side.
const SIDE_BY_SIDE: usize = 1 << 22;

impl<'a, T: Scalar, X: DesignMatrix<T> + ?Sized> LinearLoss<'a, T, X, Squared> {
    /// ½ ‖A x - y‖².
    ///
    /// # Errors
    /// A design without columns, targets that are not n finite numbers.
    pub fn least_squares(design: &'a X, y: &ArrayRef1<T>) -> Result<Self> {
        let mut f = Self::new(design, EmpiricalLoss::new(Squared, y)?)?;
        (f.third, f.kind) = (Some(T::zero()), LossKind::Squared);
        Ok(f)
    }
}

impl<'a, T: Scalar, X: DesignMatrix<T> + ?Sized> LinearLoss<'a, T, X, Logistic> {
    /// Σ log(1 + exp(-yⱼ zⱼ)), labels ±1.
    ///
    /// # Errors
    /// A design without columns, targets that are not n labels -1 or 1.
    pub fn logistic(design: &'a X, y: &ArrayRef1<T>) -> Result<Self> {
        let mut f = Self::new(design, EmpiricalLoss::new(Logistic, y)?)?;
        // max |σ''| = 1/(6 √3).
        (f.third, f.kind) = (Some(constant::<T>(1.0 / (6.0 * 3.0_f64.sqrt()))), LossKind::Logistic);
        Ok(f)
    }
}

impl<'a, T: Scalar, X: DesignMatrix<T> + ?Sized, L: Loss<T>> LinearLoss<'a, T, X, L> {
    /// Any loss, with its targets (and sample weights).
    ///
    /// # Errors
    /// A design without columns, or without a row per target.
    pub fn new(design: &'a X, loss: EmpiricalLoss<T, L>) -> Result<Self> {
        if design.columns() == 0 {
            return Err(core_tensor::Error::Empty { argument: "design", expected: "column" }.into());
        }
        check_length("targets", &loss.targets(), design.rows(), "the design has that many rows")?;
        let weighted = (0..loss.samples()).any(|i| loss.weight(i) != T::one());
        let mut f = Self {
            design,
            loss,
            ridge: T::zero(),
            third: None,
            kind: LossKind::Other,
            curvatures: Array1::zeros(design.columns()),
            weighted,
        };
        f.curvatures = f.column_curvatures()?;
        Ok(f)
    }

    /// Gives sample j the weight sⱼ ≥ 0.
    ///
    /// # Errors
    /// A wrong number of weights, or one that is negative or not finite.
    pub fn weights(mut self, weights: &ArrayRef1<T>) -> Result<Self> {
        self.loss = self.loss.weights(weights)?;
        self.weighted = true;
        self.curvatures = self.column_curvatures()?;
        Ok(self)
    }

    /// Sets ρ ≥ 0.
    ///
    /// # Errors
    /// A value that is negative or not finite.
    pub fn with_ridge(mut self, ridge: T) -> Result<Self> {
        core_tensor::check_range(
            "ridge",
            Scalar::to_f64(ridge),
            ridge >= T::zero() && ridge.is_finite(),
            "finite and >= 0",
        )?;
        self.ridge = ridge;
        Ok(self)
    }

    /// The targets y (n).
    pub fn targets(&self) -> ndarray::ArrayView1<'_, T> {
        self.loss.targets()
    }

    /// ν Σⱼ sⱼ aⱼᵢ², without ridge.
    fn column_curvatures(&self) -> Result<Array1<T>> {
        let bound = self.loss.sample_loss().curvature_bound();
        if !self.weighted {
            return Ok(self.design.column_norms_squared()?.mapv(|v| bound * v));
        }
        let mut column = Array1::zeros(self.design.rows());
        let mut out = Array1::zeros(self.design.columns());
        for i in 0..self.design.columns() {
            column_into(self.design, i, &mut column)?;
            out[i] = bound * column.iter().enumerate().map(|(j, &a)| self.loss.weight(j) * a * a).sum::<T>();
        }
        Ok(out)
    }

    /// The weights of the samples in a Hessian block, into `state.work`; the factor that goes with them.
    fn sample_curvatures(&self, state: &mut State<T>, curvature: Curvature) -> Result<T> {
        match curvature {
            Curvature::Bound => {
                if self.weighted {
                    state.work.iter_mut().enumerate().for_each(|(j, w)| *w = self.loss.weight(j));
                } else {
                    state.work.fill(T::one());
                }
                Ok(self.loss.sample_loss().curvature_bound())
            }
            Curvature::AtPoint => {
                self.loss.curvature_into(&state.predictors, &mut state.work)?;
                Ok(T::one())
            }
        }
    }

    fn ridge_value(&self, x: &ArrayRef1<T>) -> T {
        if self.ridge == T::zero() {
            T::zero()
        } else {
            constant::<T>(0.5) * self.ridge * x.iter().map(|&v| v * v).sum::<T>()
        }
    }
}

/// Column i of the design, densely.
pub(crate) fn column_into<T: Scalar, X: DesignMatrix<T> + ?Sized>(
    design: &X,
    i: usize,
    out: &mut ArrayRef1<T>,
) -> Result<()> {
    out.fill(-design.shift(i).unwrap_or(T::zero()));
    Ok(design.stored_axpy(i, T::one(), out)?)
}

/// v ← v + a (column i of the design).
pub(crate) fn add_column<T: Scalar, X: DesignMatrix<T> + ?Sized>(
    design: &X,
    i: usize,
    a: T,
    v: &mut ArrayRef1<T>,
) -> Result<()> {
    design.stored_axpy(i, a, v)?;
    if let Some(shift) = design.shift(i) {
        v.mapv_inplace(|v| v - a * shift);
    }
    Ok(())
}

/// (column i of the design)ᵀ v.
pub(crate) fn column_dot<T: Scalar, X: DesignMatrix<T> + ?Sized>(design: &X, i: usize, v: &ArrayRef1<T>) -> Result<T> {
    let plain = design.stored_dot(i, v)?;
    Ok(match design.shift(i) {
        None => plain,
        Some(shift) => plain - shift * v.iter().copied().sum::<T>(),
    })
}

impl<T: Scalar, X: DesignMatrix<T> + ?Sized, L: Loss<T>> Objective<T> for LinearLoss<'_, T, X, L> {
    fn variables(&self) -> usize {
        self.design.columns()
    }

    fn predictors(&self) -> usize {
        self.design.rows()
    }

    fn evaluate_into(&self, x: &ArrayRef1<T>, gradient: &mut ArrayRef1<T>) -> Result<T> {
        let mut z = Array1::zeros(self.design.rows());
        let mut slopes = Array1::zeros(self.design.rows());
        self.design.apply_into(x, &mut z)?;
        let value = self.loss.value_and_gradient_into(&z, &mut slopes)?;
        self.design.apply_transposed_into(&slopes, gradient)?;
        Zip::from(gradient).and(x).for_each(|g, &x| *g += self.ridge * x);
        Ok(value + self.ridge_value(x))
    }

    fn hessian_into(
        &self,
        state: &mut State<T>,
        block: &[usize],
        curvature: Curvature,
        out: &mut ArrayRef2<T>,
    ) -> Result<()> {
        let (n, tau) = (self.design.rows(), block.len());
        core_tensor::check_shape("out", out, &[tau, tau], "a Hessian block has a row and a column per coordinate")?;
        let factor = self.sample_curvatures(state, curvature)?;
        let plain = curvature == Curvature::Bound && !self.weighted;
        if n.saturating_mul(tau) <= SIDE_BY_SIDE {
            state.grow_columns(n, tau);
            let mut columns = state.columns.slice_axis_mut(Axis(1), Slice::from(..tau));
            if !plain {
                state.work.mapv_inplace(|w| w.sqrt());
            }
            for (&i, mut column) in block.iter().zip(columns.columns_mut()) {
                column_into(self.design, i, &mut column)?;
                if !plain {
                    Zip::from(&mut column).and(&state.work).for_each(|a, &w| *a *= w);
                }
            }
            gram_into(out, Accumulate::Replace, factor, &columns)?;
        } else {
            state.grow_columns(n, 1);
            for (k, &i) in block.iter().enumerate() {
                let mut column = state.columns.column_mut(0);
                column_into(self.design, i, &mut column)?;
                Zip::from(&mut column).and(&state.work).for_each(|a, &w| *a *= w);
                for (l, &j) in block.iter().enumerate().take(k + 1) {
                    out[[k, l]] = factor * column_dot(self.design, j, &column)?;
                    out[[l, k]] = out[[k, l]];
                }
            }
        }
        (0..tau).for_each(|k| out[[k, k]] += self.ridge);
        Ok(())
    }

    fn curvatures(&self) -> Array1<T> {
        self.curvatures.mapv(|v| v + self.ridge)
    }

    fn refresh(&self, state: &mut State<T>) -> Result<()> {
        self.design.apply_into(&state.x, &mut state.predictors)?;
        let value = self.loss.value_and_gradient_into(&state.predictors, &mut state.slopes)?;
        state.value = value + self.ridge_value(&state.x);
        state.gradient_is_current = false;
        Ok(())
    }

    fn update_gradient(&self, state: &mut State<T>) -> Result<()> {
        if !state.gradient_is_current {
            self.design.apply_transposed_into(&state.slopes, &mut state.gradient)?;
            if self.ridge != T::zero() {
                Zip::from(&mut state.gradient).and(&state.x).for_each(|g, &x| *g += self.ridge * x);
            }
            state.gradient_is_current = true;
        }
        Ok(())
    }

    fn block_gradient(&self, state: &mut State<T>, block: &[usize], out: &mut [T]) -> Result<()> {
        for (out, &i) in out.iter_mut().zip(block) {
            *out = if state.gradient_is_current {
                state.gradient[i]
            } else {
                column_dot(self.design, i, &state.slopes)? + self.ridge * state.x[i]
            };
        }
        Ok(())
    }

    fn prepare(&self, state: &mut State<T>, block: &[usize], d: &[T]) -> Result<()> {
        state.product.fill(T::zero());
        for (&i, &d) in block.iter().zip(d).filter(|(_, d)| **d != T::zero()) {
            add_column(self.design, i, d, &mut state.product)?;
        }
        // Of the ridge term: ρ xᵀd and ρ ‖d‖².
        let inner = block.iter().zip(d).map(|(&i, &d)| state.x[i] * d).sum::<T>();
        state.along = (self.ridge * inner, self.ridge * d.iter().map(|&d| d * d).sum::<T>());
        Ok(())
    }

    fn value_along(&self, state: &mut State<T>, _block: &[usize], _d: &[T], a: T) -> Result<T> {
        let State { work, predictors, product, .. } = state;
        Zip::from(&mut *work).and(&*predictors).and(&*product).for_each(|w, &z, &q| *w = z + a * q);
        let (slope, curvature) = state.along;
        Ok(self.loss.value(&state.work)?
            + self.ridge_value(&state.x)
            + a * (slope + constant::<T>(0.5) * a * curvature))
    }

    fn advance(&self, state: &mut State<T>, block: &[usize], d: &[T], a: T) -> Result<()> {
        block.iter().zip(d).for_each(|(&i, &d)| state.x[i] += a * d);
        let State { predictors, product, .. } = state;
        Zip::from(&mut *predictors).and(&*product).for_each(|z, &q| *z += a * q);
        let value = self.loss.value_and_gradient_into(&state.predictors, &mut state.slopes)?;
        state.value = value + self.ridge_value(&state.x);
        state.gradient_is_current = false;
        Ok(())
    }

    fn bound_column_into(&self, state: &mut State<T>, i: usize, out: &mut ArrayRef1<T>) -> Result<()> {
        let factor = self.sample_curvatures(state, Curvature::Bound)?;
        state.grow_columns(self.design.rows(), 1);
        let mut column = state.columns.column_mut(0);
        column_into(self.design, i, &mut column)?;
        Zip::from(&mut column).and(&state.work).for_each(|a, &w| *a *= w * factor);
        self.design.apply_transposed_into(&column, out)?;
        out[i] += self.ridge;
        Ok(())
    }

    fn bound_product_into(&self, state: &mut State<T>, v: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        let factor = self.sample_curvatures(state, Curvature::Bound)?;
        self.design.apply_into(v, &mut state.product)?;
        let State { work, product, .. } = state;
        Zip::from(&mut *product).and(&*work).for_each(|q, &w| *q *= w * factor);
        self.design.apply_transposed_into(&state.product, out)?;
        Zip::from(out).and(v).for_each(|out, &v| *out += self.ridge * v);
        Ok(())
    }

    fn is_quadratic(&self) -> bool {
        self.kind == LossKind::Squared
    }

    /// By working sets, for l1, elastic net and non-negative l1 with many variables.
    fn solve_as_a_whole(&self, penalty: &Penalty<T>, start: &ArrayRef1<T>, tolerance: f64) -> Result<Option<Fit<T>>> {
        let weights = || Array1::from_shape_fn(self.loss.samples(), |j| self.loss.weight(j));
        let problem = Sparse {
            design: self.design,
            kind: self.kind,
            targets: self.loss.targets().to_owned(),
            weights: self.weighted.then(weights),
            ridge: self.ridge,
        };
        problem.solve(self, penalty, start, tolerance)
    }

    fn third_derivative_bound(&self, state: &mut State<T>, block: &[usize]) -> Result<Option<T>> {
        let Some(third) = self.third else { return Ok(None) };
        state.grow_columns(self.design.rows(), 1);
        let State { work, columns, .. } = state;
        let mut sums = columns.column_mut(0);
        sums.fill(T::zero());
        for &i in block {
            column_into(self.design, i, work)?;
            Zip::from(&mut sums).and(&*work).for_each(|s, &a| *s += a * a);
        }
        let total = sums.iter().enumerate().map(|(j, &s)| self.loss.weight(j) * s * s.sqrt()).sum::<T>();
        Ok(Some(third * total))
    }

    fn ridge(&self) -> T {
        self.ridge
    }

    fn dual_value(&self, state: &mut State<T>, s: T) -> Result<Option<T>> {
        let State { work, slopes, .. } = state;
        Zip::from(&mut *work).and(&*slopes).for_each(|w, &u| *w = s * u);
        Ok(Some(-self.loss.conjugate(&state.work)?))
    }
}

impl<T: Scalar, X: DesignMatrix<T> + ?Sized, L: Loss<T>> LinearLoss<'_, T, X, L> {
    /// The least-squares problem as a dense quadratic in x, for p so small that AᵀA (p × p) is worth keeping: iterations then
    /// cost p τ instead of n p (section 8).
    ///
    /// # Errors
    /// [`Error::Incompatible`] for other losses than least squares.
    pub fn to_quadratic(&self) -> Result<crate::Quadratic<T>> {
        if self.kind != LossKind::Squared {
            let reason = "only least squares has a Hessian that does not depend on x";
            return Err(Error::Incompatible { first: "the Gram form", second: "this loss", reason });
        }
        let p = self.variables();
        let mut state = State::new(&Array1::zeros(p), self.predictors());
        self.refresh(&mut state)?;
        self.update_gradient(&mut state)?;
        let mut h = ndarray::Array2::zeros((p, p));
        let all: Vec<usize> = (0..p).collect();
        self.hessian_into(&mut state, &all, Curvature::Bound, &mut h)?;
        crate::Quadratic::new(h, state.gradient.mapv(|g| -g))?.offset(state.value)
    }
}
