//! A loss summed over samples.

use super::Loss;
use crate::error::{check_length, check_weights};
use crate::reduce::BlockSum;
use crate::{Error, Result};
use core_tensor::Scalar;
use ndarray::{Array1, ArrayRef1, ArrayView1, Zip};

/// f(z) = Σᵢ sᵢ ℓ(zᵢ, yᵢ) for linear predictors z (n), with targets y and sample weights s (1 by default).
///
/// Targets are checked once, when the value is made; predictors may then be anything, and NaN propagates.
///
/// ```
/// use core_optim::loss::{EmpiricalLoss, Logistic};
/// use ndarray::array;
///
/// let loss = EmpiricalLoss::new(Logistic, &array![1.0, -1.0])?;
/// assert!((loss.value(&array![0.0, 0.0])? - 2.0 * 2.0_f64.ln()).abs() < 1e-15);
/// # Ok::<(), core_optim::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct EmpiricalLoss<T, L> {
    loss: L,
    targets: Array1<T>,
    weights: Option<Array1<T>>,
}

const PER_SAMPLE: &str = "there is a target per sample";

impl<T: Scalar, L: Loss<T>> EmpiricalLoss<T, L> {
    /// The loss for `targets` (n).
    ///
    /// # Errors
    /// No target, or [`Error::Target`] for one that the loss is not defined for.
    pub fn new(loss: L, targets: &ArrayRef1<T>) -> Result<Self> {
        if targets.is_empty() {
            return Err(core_tensor::Error::Empty { argument: "targets", expected: "entry" }.into());
        }
        for (index, &y) in targets.iter().enumerate() {
            if let Some((loss, expected)) = loss.reject_target(y) {
                return Err(Error::Target { argument: "targets", found: Scalar::to_f64(y), index, loss, expected });
            }
        }
        Ok(Self { loss, targets: targets.to_owned(), weights: None })
    }

    /// Gives sample i the weight sᵢ ≥ 0.
    ///
    /// # Errors
    /// A wrong number of weights, or one that is negative or not finite.
    pub fn weights(mut self, weights: &ArrayRef1<T>) -> Result<Self> {
        check_length("weights", weights, self.targets.len(), PER_SAMPLE)?;
        check_weights("weights", weights)?;
        self.weights = Some(weights.to_owned());
        Ok(self)
    }

    /// The loss of one sample.
    pub fn sample_loss(&self) -> &L {
        &self.loss
    }

    /// Number of samples n.
    pub fn samples(&self) -> usize {
        self.targets.len()
    }

    /// The targets y (n).
    pub fn targets(&self) -> ArrayView1<'_, T> {
        self.targets.view()
    }

    /// sᵢ; 1 without weights.
    #[inline]
    pub fn weight(&self, i: usize) -> T {
        self.weights.as_ref().and_then(|weights| weights.get(i)).copied().unwrap_or(T::one())
    }

    /// ν max sᵢ: the Lipschitz constant of the gradient in z.
    pub fn curvature_bound(&self) -> T {
        let largest = self.weights.as_ref().map_or(T::one(), |s| s.iter().fold(T::zero(), |m, &s| m.max(s)));
        self.loss.curvature_bound() * largest
    }

    /// f(z).
    ///
    /// # Errors
    /// A `z` that is not of length n.
    pub fn value(&self, z: &ArrayRef1<T>) -> Result<T> {
        check_length("z", z, self.samples(), PER_SAMPLE)?;
        let mut sum = BlockSum::default();
        match &self.weights {
            None => z.iter().zip(&self.targets).for_each(|(&z, &y)| sum.add(self.loss.value(z, y))),
            Some(weights) => {
                Zip::from(z)
                    .and(&self.targets)
                    .and(weights)
                    .for_each(|&z, &y, &s| sum.add(weighted(s, self.loss.value(z, y))));
            }
        }
        Ok(sum.total())
    }

    /// ∇f(z): sᵢ ℓ'(zᵢ, yᵢ), into `gradient` (n).
    ///
    /// # Errors
    /// Lengths that are not n.
    pub fn gradient_into(&self, z: &ArrayRef1<T>, gradient: &mut ArrayRef1<T>) -> Result<()> {
        check_length("z", z, self.samples(), PER_SAMPLE)?;
        check_length("gradient", gradient, self.samples(), PER_SAMPLE)?;
        Zip::from(&mut *gradient).and(z).and(&self.targets).for_each(|g, &z, &y| *g = self.loss.derivative(z, y));
        self.weigh(gradient);
        Ok(())
    }

    /// f(z) and ∇f(z) in one pass.
    ///
    /// # Errors
    /// Lengths that are not n.
    pub fn value_and_gradient_into(&self, z: &ArrayRef1<T>, gradient: &mut ArrayRef1<T>) -> Result<T> {
        check_length("z", z, self.samples(), PER_SAMPLE)?;
        check_length("gradient", gradient, self.samples(), PER_SAMPLE)?;
        let mut sum = BlockSum::default();
        match &self.weights {
            None => Zip::from(&mut *gradient).and(z).and(&self.targets).for_each(|g, &z, &y| {
                let (value, derivative) = self.loss.value_and_derivative(z, y);
                sum.add(value);
                *g = derivative;
            }),
            Some(weights) => {
                Zip::from(&mut *gradient).and(z).and(&self.targets).and(weights).for_each(|g, &z, &y, &s| {
                    let (value, derivative) = self.loss.value_and_derivative(z, y);
                    sum.add(weighted(s, value));
                    *g = weighted(s, derivative);
                });
            }
        }
        Ok(sum.total())
    }

    /// The diagonal of ∇²f(z): sᵢ ℓ''(zᵢ, yᵢ), into `curvature` (n).
    ///
    /// # Errors
    /// Lengths that are not n.
    pub fn curvature_into(&self, z: &ArrayRef1<T>, curvature: &mut ArrayRef1<T>) -> Result<()> {
        check_length("z", z, self.samples(), PER_SAMPLE)?;
        check_length("curvature", curvature, self.samples(), PER_SAMPLE)?;
        Zip::from(&mut *curvature).and(z).and(&self.targets).for_each(|c, &z, &y| *c = self.loss.derivatives(z, y).1);
        self.weigh(curvature);
        Ok(())
    }

    /// ∇²f(z) v, into `out` (n).
    ///
    /// # Errors
    /// Lengths that are not n.
    pub fn hessian_vector_into(&self, z: &ArrayRef1<T>, v: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        check_length("v", v, self.samples(), PER_SAMPLE)?;
        self.curvature_into(z, out)?;
        Zip::from(out).and(v).for_each(|out, &v| *out *= v);
        Ok(())
    }

    /// The conjugate f*(u) = Σ sᵢ ℓ*(uᵢ/sᵢ, yᵢ); +∞ outside its domain. A sample of weight 0 allows only uᵢ = 0.
    ///
    /// # Errors
    /// A `u` that is not of length n.
    pub fn conjugate(&self, u: &ArrayRef1<T>) -> Result<T> {
        check_length("u", u, self.samples(), PER_SAMPLE)?;
        let mut sum = BlockSum::default();
        for (i, (&u, &y)) in u.iter().zip(&self.targets).enumerate() {
            let s = self.weight(i);
            sum.add(if s > T::zero() {
                s * self.loss.conjugate(u / s, y)
            } else if u == T::zero() {
                T::zero()
            } else {
                T::infinity()
            });
        }
        Ok(sum.total())
    }

    fn weigh(&self, x: &mut ArrayRef1<T>) {
        if let Some(weights) = &self.weights {
            Zip::from(x).and(weights).for_each(|x, &s| *x = weighted(s, *x));
        }
    }
}

/// s x, where a weight of 0 also silences NaN and infinity.
#[inline]
fn weighted<T: Scalar>(s: T, x: T) -> T {
    if s == T::zero() { s } else { s * x }
}
