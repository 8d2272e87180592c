//! The regularisers of a square matrix.

use crate::Result;
use core_tensor::linalg::{Accumulate, gemm_into, gram_into};
use core_tensor::{Scalar, check_finite, check_range, check_shape, check_square};
use ndarray::{Array1, Array2, ArrayRef2};

/// How far from orthogonality a matrix may go.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Threshold {
    /// λ-orthogonality: `σ(α (R - λ)) R`, σ the logistic function.
    Lambda {
        /// λ ≥ 0; infinity switches the penalty off.
        lambda: f64,
        /// The sharpness α > 0.
        alpha: f64,
    },
    /// R where R ≥ λ, else 0; discontinuous.
    Hard {
        /// λ ≥ 0.
        lambda: f64,
    },
    /// R itself, soft orthogonality.
    None,
    /// The spectral norm `‖Wᵀ W - I‖₂`, by power iteration.
    Spectral,
}

/// A regulariser with its memory, for n × n matrices; `R = ‖W Wᵀ - I‖_F`.
///
/// λ-orthogonality is strictly increasing in R, so that its only minimum is R = 0; below λ its slope is about `e^(-α (λ - R))`: a soft dead
/// zone, where competing losses hold R near λ.
#[derive(Debug, Clone)]
pub struct Penalty<T> {
    threshold: Threshold,
    residual: Array2<T>,
    /// Where the last power iteration ended.
    direction: Array1<T>,
}

/// What a [`Penalty`] found.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct PenaltyValue {
    /// The penalty.
    pub loss: f64,
    /// R (the spectral norm for [`Threshold::Spectral`]).
    pub distance: f64,
}

impl<T: Scalar> Penalty<T> {
    /// For n × n matrices.
    ///
    /// # Errors
    /// n = 0; λ < 0 or NaN, or infinite where only [`Threshold::Lambda`] allows it; α not finite and > 0.
    pub fn new(n: usize, threshold: Threshold) -> Result<Self> {
        check_range("n", n as f64, n > 0, "at least 1")?;
        match threshold {
            Threshold::Lambda { lambda, alpha } => {
                check_range("lambda", lambda, lambda >= 0.0, ">= 0 (infinity switches it off)")?;
                check_range("alpha", alpha, alpha > 0.0 && alpha.is_finite(), "finite and > 0")?;
            }
            Threshold::Hard { lambda } => {
                check_range("lambda", lambda, lambda >= 0.0 && lambda.is_finite(), "finite and >= 0")?;
            }
            Threshold::None | Threshold::Spectral => {}
        }
        // Any start works that is not orthogonal to the leading direction: an irregular one.
        let direction = Array1::from_shape_fn(n, |i| <T as Scalar>::from_f64(((i + 1) as f64).sqrt().fract() + 0.1));
        Ok(Self { threshold, residual: Array2::zeros((n, n)), direction })
    }

    /// True when the threshold allows the zero map: R = √n at W = 0, so that λ ≥ √n forbids nothing there.
    #[must_use]
    pub fn allows_zero_map(&self) -> bool {
        let zero = (self.residual.nrows() as f64).sqrt();
        matches!(self.threshold, Threshold::Lambda { lambda, .. } | Threshold::Hard { lambda } if lambda >= zero)
    }

    /// The penalty of `w` (n × n), and its gradient in `gradient`: `L'(R) · 2 (W Wᵀ - I) W / R`, 0 where R < 1e-12 √n. Two products of n³;
    /// does not allocate.
    ///
    /// # Errors
    /// Matrices of other shapes (non-square ones among them); entries that are not finite.
    pub fn value_and_gradient_into(&mut self, w: &ArrayRef2<T>, gradient: &mut ArrayRef2<T>) -> Result<PenaltyValue> {
        check_square("w", w)?;
        check_finite("w", w)?;
        check_shape("w", w, self.residual.shape(), "the penalty was made for that size")?;
        check_shape("gradient", gradient, w.shape(), "`w` has that shape")?;
        let spectral = matches!(self.threshold, Threshold::Spectral);
        // The spectral norm's gradient needs Wᵀ W; both are the same for the Frobenius norm of a square matrix.
        if spectral {
            gram_into(&mut self.residual, Accumulate::Replace, T::one(), w)?;
        } else {
            gram_into(&mut self.residual, Accumulate::Replace, T::one(), &w.t())?;
        }
        self.residual.diag_mut().iter_mut().for_each(|r| *r -= T::one());
        if spectral {
            return self.spectral(w, gradient);
        }
        let distance = self.residual.iter().map(|&r| Scalar::to_f64(r).powi(2)).sum::<f64>().sqrt();
        check_range("‖W Wᵀ - I‖", distance, distance.is_finite(), "below the largest number; scale the matrix")?;
        let (loss, slope) = self.threshold.value_and_slope(distance);
        if distance < 1e-12 * (w.nrows() as f64).sqrt() || slope == 0.0 {
            gradient.fill(T::zero());
        } else {
            let by = <T as Scalar>::from_f64(2.0 * slope / distance);
            gemm_into(gradient, Accumulate::Replace, by, &self.residual, w)?;
        }
        Ok(PenaltyValue { loss, distance })
    }

    /// σ = ‖Wᵀ W - I‖₂ = |vᵀ (Wᵀ W - I) v| at the leading direction v; gradient ±2 W v vᵀ.
    fn spectral(&mut self, w: &ArrayRef2<T>, gradient: &mut ArrayRef2<T>) -> Result<PenaltyValue> {
        const ITERATIONS: usize = 200;
        let norm = |x: &Array1<T>| x.iter().map(|&v| Scalar::to_f64(v).powi(2)).sum::<f64>().sqrt();
        let mut quotient = 0.0;
        for _ in 0..ITERATIONS {
            // Twice: the eigenvalue of largest absolute value may have either sign.
            let image = self.residual.dot(&self.residual.dot(&self.direction));
            let length = norm(&image);
            if length == 0.0 {
                break;
            }
            let next = image.mapv(|v| v / <T as Scalar>::from_f64(length));
            let moved = norm(&(&next - &self.direction));
            self.direction = next;
            if moved < 1e-9 {
                break;
            }
        }
        let length = norm(&self.direction);
        if length > 0.0 {
            self.direction.mapv_inplace(|v| v / <T as Scalar>::from_f64(length));
            quotient = Scalar::to_f64(self.direction.dot(&self.residual.dot(&self.direction)));
        }
        let image = w.dot(&self.direction);
        let sign = <T as Scalar>::from_f64(2.0 * quotient.signum());
        for ((i, j), g) in gradient.indexed_iter_mut() {
            *g = if quotient == 0.0 { T::zero() } else { sign * image[i] * self.direction[j] };
        }
        Ok(PenaltyValue { loss: quotient.abs(), distance: quotient.abs() })
    }
}

impl Threshold {
    /// L(R) and L'(R).
    fn value_and_slope(self, distance: f64) -> (f64, f64) {
        match self {
            Self::Lambda { lambda, .. } if lambda == f64::INFINITY => (0.0, 0.0),
            Self::Lambda { lambda, alpha } => {
                let z = alpha * (distance - lambda);
                // 1 - σ(z) = σ(-z), each in the form that does not overflow.
                let (s, rest) = (logistic(z), logistic(-z));
                (s * distance, s * (1.0 + alpha * distance * rest))
            }
            Self::Hard { lambda } if distance < lambda => (0.0, 0.0),
            _ => (distance, 1.0),
        }
    }
}

fn logistic(z: f64) -> f64 {
    if z >= 0.0 {
        (1.0 + (-z).exp()).recip()
    } else {
        let e = z.exp();
        e / (1.0 + e)
    }
}

/// R = ‖W Wᵀ - I‖_F of a square matrix.
///
/// # Errors
/// A matrix that is not square or not finite.
pub fn orthogonality_distance<T: Scalar>(w: &ArrayRef2<T>) -> Result<f64> {
    let mut gradient = w.to_owned();
    Ok(Penalty::new(w.nrows(), Threshold::None)?.value_and_gradient_into(w, &mut gradient)?.distance)
}
