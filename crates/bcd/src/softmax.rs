//! The multinomial logistic loss.

use crate::error::check_length;
use crate::linear_loss::{add_column, column_dot, column_into};
use crate::number::constant;
use crate::objective::{Curvature, Objective};
use crate::{Error, Result, State};
use core_optim::design::DesignMatrix;
use core_tensor::linalg::{Accumulate, gram_into};
use core_tensor::{Scalar, check_finite};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, ArrayView1, ArrayViewMut1, Axis, Slice, Zip};

/// `f(X) = Σⱼ sⱼ [log Σ_c exp(Z_jc) - Z_{j, class j}] + ½ ρ ‖X‖²` with Z = A X, for a design A (n × p) and K classes.
///
/// The variables are X (p × K) in row-major order: index = feature · K + class. The bound of a block is
/// `½ ([c = c'] - 1/k) a_fᵀ diag(s) a_f'` with k = min(K, number of classes in the block + 1); Lᵢ = ¼ `a_fᵀ diag(s) a_f`.
/// The state keeps Z and its slopes class by class (K × n).
#[derive(Debug, Clone)]
pub struct Softmax<'a, T, X: ?Sized> {
    design: &'a X,
    labels: Vec<usize>,
    classes: usize,
    weights: Option<Array1<T>>,
    ridge: T,
    /// a_fᵀ diag(s) a_f.
    norms: Array1<T>,
}

impl<'a, T: Scalar, X: DesignMatrix<T> + ?Sized> Softmax<'a, T, X> {
    /// The loss for the class numbers `labels` (n), each below `classes` ≥ 2.
    ///
    /// # Errors
    /// No column, a wrong number of labels, fewer than 2 classes, a label that is no class.
    pub fn new(design: &'a X, labels: &[usize], classes: usize) -> Result<Self> {
        if design.columns() == 0 {
            return Err(core_tensor::Error::Empty { argument: "design", expected: "column" }.into());
        }
        core_tensor::check_range("classes", classes as f64, classes >= 2, ">= 2")?;
        crate::error::check_count("classes times rows", design.rows().checked_mul(classes))?;
        crate::error::check_count("classes times columns", design.columns().checked_mul(classes))?;
        let found = Array1::from(labels.to_vec());
        check_length("labels", &found, design.rows(), "the design has that many rows")?;
        for &label in labels {
            crate::error::check_index("labels", label, classes, "classes")?;
        }
        let norms = design.column_norms_squared()?;
        Ok(Self { design, labels: labels.to_vec(), classes, weights: None, ridge: T::zero(), norms })
    }

    /// Gives sample j the weight sⱼ ≥ 0.
    ///
    /// # Errors
    /// A wrong number of weights, or one that is negative or not finite.
    pub fn weights(mut self, weights: &ArrayRef1<T>) -> Result<Self> {
        check_length("weights", weights, self.design.rows(), "the design has that many rows")?;
        check_finite("weights", weights)?;
        if let Some(&w) = weights.iter().find(|w| **w < T::zero()) {
            core_tensor::check_range("weights", Scalar::to_f64(w), false, "finite and >= 0")?;
        }
        let mut column = Array1::zeros(self.design.rows());
        for f in 0..self.design.columns() {
            column_into(self.design, f, &mut column)?;
            self.norms[f] = column.iter().zip(weights).map(|(&a, &w)| w * a * a).sum();
        }
        self.weights = Some(weights.to_owned());
        Ok(self)
    }

    /// Sets ρ ≥ 0.
    ///
    /// # Errors
    /// A value that is negative or not finite.
    pub fn with_ridge(mut self, ridge: T) -> Result<Self> {
        let legal = ridge >= T::zero() && ridge.is_finite();
        core_tensor::check_range("ridge", Scalar::to_f64(ridge), legal, "finite and >= 0")?;
        self.ridge = ridge;
        Ok(self)
    }

    /// K.
    pub fn classes(&self) -> usize {
        self.classes
    }

    fn weight(&self, j: usize) -> T {
        self.weights.as_ref().map_or(T::one(), |weights| weights[j])
    }

    fn rows(&self) -> usize {
        self.design.rows()
    }

    fn class<'b>(&self, x: &'b ArrayRef1<T>, c: usize) -> ArrayView1<'b, T> {
        x.slice_axis(Axis(0), Slice::from(c * self.rows()..(c + 1) * self.rows()))
    }

    fn class_mut<'b>(&self, x: &'b mut ArrayRef1<T>, c: usize) -> ArrayViewMut1<'b, T> {
        x.slice_axis_mut(Axis(0), Slice::from(c * self.rows()..(c + 1) * self.rows()))
    }

    /// Largest entry and Σ exp(z - largest) of row j.
    fn log_sum_parts(&self, z: &ArrayRef1<T>, j: usize) -> (T, T) {
        let n = self.rows();
        let top = (0..self.classes).map(|c| z[c * n + j]).fold(T::neg_infinity(), |m, z| if z > m { z } else { m });
        let top = if top.is_finite() { top } else { T::nan() };
        (top, (0..self.classes).map(|c| (z[c * n + j] - top).exp()).sum())
    }

    /// Σⱼ sⱼ (…) for predictors `z`.
    fn loss(&self, z: &ArrayRef1<T>) -> T {
        let n = self.rows();
        (0..n)
            .map(|j| {
                let (top, sum) = self.log_sum_parts(z, j);
                self.weight(j) * (sum.ln() + (top - z[self.labels[j] * n + j]))
            })
            .sum()
    }

    /// The loss, and sⱼ (P - Y) into `slopes`.
    fn loss_and_slopes(&self, z: &ArrayRef1<T>, slopes: &mut ArrayRef1<T>) -> T {
        let n = self.rows();
        let mut total = T::zero();
        for j in 0..n {
            let (top, sum) = self.log_sum_parts(z, j);
            let (w, y) = (self.weight(j), self.labels[j]);
            total += w * (sum.ln() + (top - z[y * n + j]));
            let mut others = T::zero();
            for c in (0..self.classes).filter(|&c| c != y) {
                let p = (z[c * n + j] - top).exp() / sum;
                slopes[c * n + j] = w * p;
                others += p;
            }
            // 1 - p_y from the other classes: p_y - 1 would cancel for confident predictions.
            slopes[y * n + j] = -w * others;
        }
        total
    }

    fn predict_into(&self, x: &ArrayRef1<T>, z: &mut ArrayRef1<T>) -> Result<()> {
        z.fill(T::zero());
        for f in 0..self.design.columns() {
            for c in 0..self.classes {
                let a = x[f * self.classes + c];
                if a != T::zero() {
                    add_column(self.design, f, a, &mut self.class_mut(z, c))?;
                }
            }
        }
        Ok(())
    }

    fn gradient_of(&self, slopes: &ArrayRef1<T>, x: &ArrayRef1<T>, gradient: &mut ArrayRef1<T>) -> Result<()> {
        for c in 0..self.classes {
            let slopes = self.class(slopes, c);
            for f in 0..self.design.columns() {
                gradient[f * self.classes + c] = column_dot(self.design, f, &slopes)?;
            }
        }
        Zip::from(gradient).and(x).for_each(|g, &x| *g += self.ridge * x);
        Ok(())
    }

    fn ridge_value(&self, x: &ArrayRef1<T>) -> T {
        constant::<T>(0.5) * self.ridge * x.iter().map(|&v| v * v).sum::<T>()
    }

    /// Gram matrix of the columns of the features of `block`, each times the factors that `scale` gives for (class, sample).
    fn scaled_gram(
        &self,
        state: &mut State<T>,
        block: &[usize],
        scale: impl Fn(&State<T>, usize, usize) -> T,
        out: &mut ArrayRef2<T>,
    ) -> Result<()> {
        let n = self.rows();
        state.grow_columns(n, block.len());
        let mut columns = std::mem::take(&mut state.columns);
        for (k, &i) in block.iter().enumerate() {
            let (f, c) = (i / self.classes, i % self.classes);
            let mut column = columns.column_mut(k);
            column_into(self.design, f, &mut column)?;
            column.iter_mut().enumerate().for_each(|(j, a)| *a *= scale(state, c, j));
        }
        gram_into(out, Accumulate::Replace, T::one(), &columns.slice_axis(Axis(1), Slice::from(..block.len())))?;
        state.columns = columns;
        Ok(())
    }

    /// P by class into `state.work`.
    fn probabilities(&self, state: &mut State<T>) {
        let n = self.rows();
        for j in 0..n {
            let (top, sum) = self.log_sum_parts(&state.predictors, j);
            for c in 0..self.classes {
                state.work[c * n + j] = (state.predictors[c * n + j] - top).exp() / sum;
            }
        }
    }
}

impl<T: Scalar, X: DesignMatrix<T> + ?Sized> Objective<T> for Softmax<'_, T, X> {
    fn variables(&self) -> usize {
        self.design.columns() * self.classes
    }

    fn predictors(&self) -> usize {
        self.rows() * self.classes
    }

    fn evaluate_into(&self, x: &ArrayRef1<T>, gradient: &mut ArrayRef1<T>) -> Result<T> {
        check_length("x", x, self.variables(), "there is a variable per feature and class")?;
        check_length("gradient", gradient, self.variables(), "there is a variable per feature and class")?;
        let mut z = Array1::zeros(self.predictors());
        let mut slopes = Array1::zeros(self.predictors());
        self.predict_into(x, &mut z)?;
        let value = self.loss_and_slopes(&z, &mut slopes);
        self.gradient_of(&slopes, x, gradient)?;
        Ok(value + self.ridge_value(x))
    }

    fn hessian_into(
        &self,
        state: &mut State<T>,
        block: &[usize],
        curvature: Curvature,
        out: &mut ArrayRef2<T>,
    ) -> Result<()> {
        let (tau, n, classes) = (block.len(), self.rows(), self.classes);
        core_tensor::check_shape("out", out, &[tau, tau], "a Hessian block has a row and a column per coordinate")?;
        match curvature {
            Curvature::Bound => {
                let mut present: Vec<usize> = block.iter().map(|i| i % classes).collect();
                present.sort_unstable();
                present.dedup();
                let inverse = constant::<T>(1.0 / classes.min(present.len() + 1) as f64);
                self.scaled_gram(state, block, |_, _, j| self.weight(j).sqrt(), out)?;
                for (k, &i) in block.iter().enumerate() {
                    for (l, &j) in block.iter().enumerate() {
                        let same = if i % classes == j % classes { T::one() } else { T::zero() };
                        out[[k, l]] *= constant::<T>(0.5) * (same - inverse);
                    }
                }
            }
            Curvature::AtPoint => {
                self.probabilities(state);
                let mut same = Array2::zeros((tau, tau));
                self.scaled_gram(state, block, |s, c, j| (self.weight(j) * s.work[c * n + j]).sqrt(), &mut same)?;
                self.scaled_gram(state, block, |s, c, j| self.weight(j).sqrt() * s.work[c * n + j], out)?;
                for (k, &i) in block.iter().enumerate() {
                    for (l, &j) in block.iter().enumerate() {
                        let plus = if i % classes == j % classes { same[[k, l]] } else { T::zero() };
                        out[[k, l]] = plus - out[[k, l]];
                    }
                }
            }
        }
        (0..tau).for_each(|k| out[[k, k]] += self.ridge);
        Ok(())
    }

    fn curvatures(&self) -> Array1<T> {
        let quarter = constant::<T>(0.25);
        Array1::from_shape_fn(self.variables(), |i| quarter * self.norms[i / self.classes] + self.ridge)
    }

    fn refresh(&self, state: &mut State<T>) -> Result<()> {
        self.predict_into(&state.x, &mut state.predictors)?;
        state.value = self.loss_and_slopes(&state.predictors, &mut state.slopes) + self.ridge_value(&state.x);
        state.gradient_is_current = false;
        Ok(())
    }

    fn update_gradient(&self, state: &mut State<T>) -> Result<()> {
        if !state.gradient_is_current {
            self.gradient_of(&state.slopes, &state.x, &mut state.gradient)?;
            state.gradient_is_current = true;
        }
        Ok(())
    }

    fn block_gradient(&self, state: &mut State<T>, block: &[usize], out: &mut [T]) -> Result<()> {
        for (out, &i) in out.iter_mut().zip(block) {
            *out = if state.gradient_is_current {
                state.gradient[i]
            } else {
                let slopes = self.class(&state.slopes, i % self.classes);
                column_dot(self.design, i / self.classes, &slopes)? + self.ridge * state.x[i]
            };
        }
        Ok(())
    }

    fn prepare(&self, state: &mut State<T>, block: &[usize], d: &[T]) -> Result<()> {
        state.product.fill(T::zero());
        for (&i, &d) in block.iter().zip(d).filter(|(_, d)| **d != T::zero()) {
            let mut product = self.class_mut(&mut state.product, i % self.classes);
            add_column(self.design, i / self.classes, d, &mut product)?;
        }
        let inner = block.iter().zip(d).map(|(&i, &d)| state.x[i] * d).sum::<T>();
        state.along = (self.ridge * inner, self.ridge * d.iter().map(|&d| d * d).sum::<T>());
        Ok(())
    }

    fn value_along(&self, state: &mut State<T>, _block: &[usize], _d: &[T], a: T) -> Result<T> {
        let State { work, predictors, product, .. } = state;
        Zip::from(&mut *work).and(&*predictors).and(&*product).for_each(|w, &z, &q| *w = z + a * q);
        let (slope, curvature) = state.along;
        Ok(self.loss(&state.work) + self.ridge_value(&state.x) + a * (slope + constant::<T>(0.5) * a * curvature))
    }

    fn advance(&self, state: &mut State<T>, block: &[usize], d: &[T], a: T) -> Result<()> {
        block.iter().zip(d).for_each(|(&i, &d)| state.x[i] += a * d);
        let State { predictors, product, .. } = state;
        Zip::from(&mut *predictors).and(&*product).for_each(|z, &q| *z += a * q);
        state.value = self.loss_and_slopes(&state.predictors, &mut state.slopes) + self.ridge_value(&state.x);
        state.gradient_is_current = false;
        Ok(())
    }

    /// Of `½ (I - 11ᵀ/K) ⊗ Aᵀ diag(s) A`, which bounds the Hessian over all classes.
    fn bound_column_into(&self, state: &mut State<T>, i: usize, out: &mut ArrayRef1<T>) -> Result<()> {
        let (f, c) = (i / self.classes, i % self.classes);
        let mut column = Array1::zeros(self.rows());
        column_into(self.design, f, &mut column)?;
        column.iter_mut().enumerate().for_each(|(j, a)| *a *= self.weight(j));
        let inverse = constant::<T>(1.0 / self.classes as f64);
        for g in 0..self.design.columns() {
            let inner = constant::<T>(0.5) * column_dot(self.design, g, &column)?;
            for k in 0..self.classes {
                out[g * self.classes + k] = inner * (if k == c { T::one() - inverse } else { -inverse });
            }
        }
        out[i] += self.ridge;
        let _ = state;
        Ok(())
    }

    /// H v for the same matrix.
    fn bound_product_into(&self, state: &mut State<T>, v: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        let n = self.rows();
        let mut image = std::mem::take(&mut state.product);
        self.predict_into(v, &mut image)?;
        let inverse = constant::<T>(1.0 / self.classes as f64);
        for j in 0..n {
            let mean = (0..self.classes).map(|c| image[c * n + j]).sum::<T>() * inverse;
            for c in 0..self.classes {
                image[c * n + j] = constant::<T>(0.5) * self.weight(j) * (image[c * n + j] - mean);
            }
        }
        self.gradient_of(&image, v, out)?;
        state.product = image;
        Ok(())
    }

    fn third_derivative_bound(&self, state: &mut State<T>, block: &[usize]) -> Result<Option<T>> {
        state.grow_columns(self.rows(), 2);
        let (mut first, mut second) = state.columns.view_mut().split_at(Axis(1), 1);
        let (mut sums, mut column) = (first.column_mut(0), second.column_mut(0));
        sums.fill(T::zero());
        for &i in block {
            column_into(self.design, i / self.classes, &mut column)?;
            Zip::from(&mut sums).and(&column).for_each(|s, &a| *s += a * a);
        }
        let third = constant::<T>(1.0 / (6.0 * 3.0_f64.sqrt()));
        Ok(Some(third * sums.iter().enumerate().map(|(j, &s)| self.weight(j) * s * s.sqrt()).sum::<T>()))
    }

    fn ridge(&self) -> T {
        self.ridge
    }

    /// `-Σⱼ sⱼ Σ_c Q log Q` with Q = t (P - Y) + Y for the scale t.
    fn dual_value(&self, state: &mut State<T>, t: T) -> Result<Option<T>> {
        let n = self.rows();
        self.probabilities(state);
        let mut total = T::zero();
        for j in 0..n {
            for c in 0..self.classes {
                let p = state.work[c * n + j];
                let q = if c == self.labels[j] { T::one() - t + t * p } else { t * p };
                if q > T::zero() {
                    total += self.weight(j) * q * q.ln();
                }
            }
        }
        Ok(Some(-total))
    }
}

/// Refuses what a softmax problem cannot be asked.
impl<T: Scalar, X: DesignMatrix<T> + ?Sized> Softmax<'_, T, X> {
    /// The groups of all classes of each feature: the blocks of a multi-class group penalty (section 15.7).
    #[must_use]
    pub fn feature_groups(&self) -> Vec<Vec<usize>> {
        (0..self.design.columns()).map(|f| (f * self.classes..(f + 1) * self.classes).collect()).collect()
    }

    /// The most likely class of each row of `design` (any number of rows) at the variables `x`.
    ///
    /// # Errors
    /// A wrong number of columns or variables.
    pub fn predict<Y: DesignMatrix<T> + ?Sized>(&self, design: &Y, x: &ArrayRef1<T>) -> Result<Vec<usize>> {
        check_length("x", x, self.variables(), "there is a variable per feature and class")?;
        if design.columns() != self.design.columns() {
            return Err(Error::Index {
                argument: "columns of `design`",
                found: design.columns(),
                length: self.design.columns(),
                what: "features",
            });
        }
        let mut z = Array2::zeros((self.classes, design.rows()));
        for f in 0..design.columns() {
            for c in 0..self.classes {
                add_column(design, f, x[f * self.classes + c], &mut z.row_mut(c))?;
            }
        }
        Ok(z.columns()
            .into_iter()
            .map(|z| (0..self.classes).fold(0, |best, c| if z[c] > z[best] { c } else { best }))
            .collect())
    }
}
