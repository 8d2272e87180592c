//! The softmax loss of several classes.

use crate::error::check_index;
use crate::reduce::constant;
use crate::{Error, Result};
use core_tensor::{Scalar, check_range, check_shape};
use ndarray::{ArrayRef1, ArrayRef2};

/// `f(Z) = Σᵢ log Σ_c exp(Z_ic) - Z_{i, yᵢ}` for predictors Z (n × k) and class numbers y (n).
///
/// Row maxima are subtracted first, so that no predictor overflows. With P = softmax(Z) by rows and Y the 0/1 matrix of the
/// classes, the gradient is P - Y; its Lipschitz constant is 1/2. The conjugate is `Σᵢ Σ_c Q log Q` for Q = U + Y with
/// rows in the probability simplex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Multinomial {
    classes: usize,
    targets: Vec<usize>,
}

const PER_SAMPLE: &str = "there is a row per sample and a column per class";

impl Multinomial {
    /// Targets counted from 0, each below `classes` ≥ 2.
    ///
    /// # Errors
    /// Fewer than two classes, no target, or [`Error::Index`] for one that is no class.
    pub fn new(classes: usize, targets: &[usize]) -> Result<Self> {
        check_range("classes", classes as f64, classes >= 2, ">= 2")?;
        if targets.is_empty() {
            return Err(core_tensor::Error::Empty { argument: "targets", expected: "entry" }.into());
        }
        for &target in targets {
            check_index("targets", target, classes, "classes")?;
        }
        Ok(Self { classes, targets: targets.to_vec() })
    }

    /// Number of samples n.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.targets.len()
    }

    /// Number of classes k.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The class numbers (n).
    #[must_use]
    pub fn targets(&self) -> &[usize] {
        &self.targets
    }

    /// 1/2: the Lipschitz constant of the gradient in Z.
    #[must_use]
    pub fn curvature_bound<T: Scalar>(&self) -> T {
        constant::<T>(0.5)
    }

    fn check<T>(&self, argument: &'static str, x: &ArrayRef2<T>) -> Result<()> {
        check_shape(argument, x, &[self.samples(), self.classes], PER_SAMPLE).map_err(Error::from)
    }

    /// f(Z).
    ///
    /// # Errors
    /// A `z` that is not n × k.
    pub fn value<T: Scalar>(&self, z: &ArrayRef2<T>) -> Result<T> {
        self.check("z", z)?;
        Ok(z.rows()
            .into_iter()
            .zip(&self.targets)
            .map(|(z, &y)| {
                let (top, sum) = log_sum_parts(&z);
                sum.ln() + (top - z[y])
            })
            .sum())
    }

    /// P - Y into `gradient` (n × k), and f(Z).
    ///
    /// # Errors
    /// Shapes that are not n × k.
    pub fn value_and_gradient_into<T: Scalar>(&self, z: &ArrayRef2<T>, gradient: &mut ArrayRef2<T>) -> Result<T> {
        self.check("z", z)?;
        self.check("gradient", gradient)?;
        let mut total = T::zero();
        for ((z, mut g), &y) in z.rows().into_iter().zip(gradient.rows_mut()).zip(&self.targets) {
            let (top, sum) = softmax_row(&z, &mut g);
            total += sum.ln() + (top - z[y]);
            // 1 - p_y from the other classes: p_y - 1 would cancel for confident predictions.
            g[y] = T::zero();
            g[y] = -g.iter().copied().sum::<T>();
        }
        Ok(total)
    }

    /// P - Y into `gradient` (n × k).
    ///
    /// # Errors
    /// Shapes that are not n × k.
    pub fn gradient_into<T: Scalar>(&self, z: &ArrayRef2<T>, gradient: &mut ArrayRef2<T>) -> Result<()> {
        self.value_and_gradient_into(z, gradient).map(|_| ())
    }

    /// P = softmax(Z) by rows, into `out` (n × k): what Hessian products at the same Z share.
    ///
    /// # Errors
    /// Shapes that are not n × k.
    pub fn probabilities_into<T: Scalar>(&self, z: &ArrayRef2<T>, out: &mut ArrayRef2<T>) -> Result<()> {
        self.check("z", z)?;
        self.check("out", out)?;
        for (z, mut p) in z.rows().into_iter().zip(out.rows_mut()) {
            softmax_row(&z, &mut p);
        }
        Ok(())
    }

    /// ∇²f(Z) V = P∘V - P∘(row sums of P∘V), from P, into `out` (n × k).
    ///
    /// # Errors
    /// Shapes that are not n × k.
    pub fn hessian_vector_into<T: Scalar>(
        &self,
        probabilities: &ArrayRef2<T>,
        v: &ArrayRef2<T>,
        out: &mut ArrayRef2<T>,
    ) -> Result<()> {
        self.check("probabilities", probabilities)?;
        self.check("v", v)?;
        self.check("out", out)?;
        for ((p, v), mut out) in probabilities.rows().into_iter().zip(v.rows()).zip(out.rows_mut()) {
            let mean: T = p.iter().zip(&v).map(|(&p, &v)| p * v).sum();
            for ((out, &p), &v) in out.iter_mut().zip(&p).zip(&v) {
                *out = p * (v - mean);
            }
        }
        Ok(())
    }

    /// f*(U); +∞ if a row of U + Y is not in the probability simplex (up to 4 k ε in its sum).
    ///
    /// s U stays in the domain for every U in it and s in [0, 1].
    ///
    /// # Errors
    /// A `u` that is not n × k.
    pub fn conjugate<T: Scalar>(&self, u: &ArrayRef2<T>) -> Result<T> {
        self.check("u", u)?;
        let slack = constant::<T>(4.0 * self.classes as f64) * T::epsilon();
        let mut total = T::zero();
        for (u, &y) in u.rows().into_iter().zip(&self.targets) {
            if !(u.iter().copied().sum::<T>().abs() <= slack) {
                return Ok(T::infinity());
            }
            for (c, &u) in u.iter().enumerate() {
                let q = if c == y { T::one() + u } else { u };
                if !(q >= T::zero()) {
                    return Ok(T::infinity());
                }
                if q > T::zero() {
                    total += q * if c == y { u.ln_1p() } else { q.ln() };
                }
            }
        }
        Ok(total)
    }
}

/// The largest entry (or NaN) and Σ exp(z - largest).
fn log_sum_parts<T: Scalar>(z: &ArrayRef1<T>) -> (T, T) {
    let top = z.iter().fold(T::neg_infinity(), |m, &z| if z.is_nan() || z > m { z } else { m });
    (top, z.iter().map(|&z| (z - top).exp()).sum())
}

/// p ← softmax(z); returns the parts of the log of the sum.
fn softmax_row<T: Scalar>(z: &ArrayRef1<T>, p: &mut ArrayRef1<T>) -> (T, T) {
    let top = z.iter().fold(T::neg_infinity(), |m, &z| if z.is_nan() || z > m { z } else { m });
    let mut sum = T::zero();
    for (p, &z) in p.iter_mut().zip(z) {
        *p = (z - top).exp();
        sum += *p;
    }
    p.mapv_inplace(|p| p / sum);
    (top, sum)
}
