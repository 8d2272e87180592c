//! A regularised loss of a linear model, as a smooth objective.

use super::{EmpiricalLoss, Loss};
use crate::design::DesignMatrix;
use crate::error::{check_length, check_non_negative, check_positive};
use crate::reduce::{constant, dot};
use crate::{Result, SmoothObjective, TwiceDifferentiable};
use core_tensor::Scalar;
use ndarray::{Array1, ArrayRef1, Zip};

/// f(w) = c Σᵢ sᵢ ℓ((X w)ᵢ, yᵢ) + ρ/2 ‖w‖² for X (n × d), w (d).
///
/// c = 1 and ρ = 0 by default; c = 1/n gives the mean. One evaluation is a product with X and one with Xᵀ.
#[derive(Debug, Clone)]
pub struct LinearModel<'a, T, X: ?Sized, L> {
    design: &'a X,
    loss: &'a EmpiricalLoss<T, L>,
    scale: T,
    ridge: T,
    /// X w, its loss derivatives, and a spare vector of n numbers.
    predictors: Array1<T>,
    slopes: Array1<T>,
}

impl<'a, T: Scalar, X: DesignMatrix<T> + ?Sized, L: Loss<T>> LinearModel<'a, T, X, L> {
    /// The model of `design` and `loss`.
    ///
    /// # Errors
    /// A design whose rows are not the loss's samples.
    pub fn new(design: &'a X, loss: &'a EmpiricalLoss<T, L>) -> Result<Self> {
        let n = design.rows();
        check_length("targets", &loss.targets(), n, "the design has that many rows")?;
        let vector = || Array1::zeros(n);
        Ok(Self { design, loss, scale: T::one(), ridge: T::zero(), predictors: vector(), slopes: vector() })
    }

    /// Sets c > 0.
    ///
    /// # Errors
    /// A scale that is not finite and > 0.
    pub fn scale(mut self, scale: T) -> Result<Self> {
        check_positive("scale", Scalar::to_f64(scale))?;
        self.scale = scale;
        Ok(self)
    }

    /// Sets ρ ≥ 0.
    ///
    /// # Errors
    /// A ridge that is negative or not finite.
    pub fn ridge(mut self, ridge: T) -> Result<Self> {
        check_non_negative("ridge", Scalar::to_f64(ridge))?;
        self.ridge = ridge;
        Ok(self)
    }

    fn ridge_value(&self, w: &ArrayRef1<T>) -> T {
        if self.ridge == T::zero() { T::zero() } else { self.ridge * constant::<T>(0.5) * dot(w, w) }
    }

    /// out ← c Xᵀ slopes + ρ v.
    fn back(&mut self, v: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        self.design.apply_transposed_into(&self.slopes, out)?;
        let (scale, ridge) = (self.scale, self.ridge);
        Zip::from(out).and(v).for_each(|out, &v| *out = scale * *out + ridge * v);
        Ok(())
    }

    fn try_value_and_gradient(&mut self, w: &ArrayRef1<T>, gradient: &mut ArrayRef1<T>) -> Result<T> {
        self.design.apply_into(w, &mut self.predictors)?;
        let value = self.loss.value_and_gradient_into(&self.predictors, &mut self.slopes)?;
        self.back(w, gradient)?;
        Ok(self.scale * value + self.ridge_value(w))
    }

    fn try_hessian_vector(&mut self, w: &ArrayRef1<T>, v: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        self.design.apply_into(w, &mut self.predictors)?;
        self.loss.curvature_into(&self.predictors, &mut self.slopes)?;
        self.design.apply_into(v, &mut self.predictors)?;
        Zip::from(&mut self.slopes).and(&self.predictors).for_each(|c, &z| *c *= z);
        self.back(v, out)
    }
}

/// Vectors of a wrong length give NaN: the trait has no other way to say so, and solvers check before.
impl<T: Scalar, X: DesignMatrix<T> + ?Sized, L: Loss<T>> SmoothObjective<T> for LinearModel<'_, T, X, L> {
    fn dimension(&self) -> usize {
        self.design.columns()
    }

    fn value(&mut self, w: &ArrayRef1<T>) -> T {
        let predicted = self.design.apply_into(w, &mut self.predictors);
        match predicted.and_then(|()| self.loss.value(&self.predictors)) {
            Ok(value) => self.scale * value + self.ridge_value(w),
            Err(_) => T::nan(),
        }
    }

    fn value_and_gradient_into(&mut self, w: &ArrayRef1<T>, gradient: &mut ArrayRef1<T>) -> T {
        self.try_value_and_gradient(w, gradient).unwrap_or(T::nan())
    }
}

impl<T: Scalar, X: DesignMatrix<T> + ?Sized, L: Loss<T>> TwiceDifferentiable<T> for LinearModel<'_, T, X, L> {
    fn hessian_vector_into(&mut self, w: &ArrayRef1<T>, v: &ArrayRef1<T>, out: &mut ArrayRef1<T>) {
        if self.try_hessian_vector(w, v, out).is_err() {
            out.fill(T::nan());
        }
    }
}
