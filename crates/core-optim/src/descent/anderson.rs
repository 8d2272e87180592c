//! Anderson extrapolation of a sequence of iterates.

use super::small_solve::cholesky_solve;
use crate::Result;
use crate::error::check_length;
use core_tensor::{Scalar, check_range};
use ndarray::{Array2, ArrayRef1};

/// Keeps the last K + 1 iterates of a fixed-point method and combines them into a better one.
///
/// With the differences U (d × K) of consecutive iterates, the weights c minimise ‖U c‖ with Σ c = 1: `(UᵀU + ε tr) c ∝ 1`, ε = 10⁻¹²
/// (Bertrand and Massias, 2021). For linearly converging sweeps this is close to the limit; it is a guess, so accept it only if the
/// objective falls.
///
/// ```
/// use core_optim::descent::Anderson;
/// use ndarray::array;
///
/// // x ← A x + b with eigenvalues 0.9 and -0.5: three differences suffice.
/// let mut anderson = Anderson::new(2, 3)?;
/// let mut x = array![0.0, 0.0];
/// for _ in 0..3 {
///     anderson.push(&x)?;
///     x = array![0.9 * x[0] + 1.0, -0.5 * x[1] + 3.0];
/// }
/// anderson.push(&x)?;
/// let mut limit = array![0.0_f64, 0.0];
/// assert!(anderson.extrapolate_into(&mut limit)?);
/// assert!((limit[0] - 10.0).abs() < 1e-6 && (limit[1] - 2.0).abs() < 1e-6);
/// # Ok::<(), core_optim::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Anderson<T> {
    /// Rows: the last iterates, in a ring.
    iterates: Array2<T>,
    next: usize,
    count: usize,
    gram: Vec<f64>,
    weights: Vec<f64>,
}

impl<T: Scalar> Anderson<T> {
    /// Memory for K = `differences` in 1..=64 (5 is usual) of iterates with `dimension` entries.
    ///
    /// # Errors
    /// `differences` out of range.
    pub fn new(dimension: usize, differences: usize) -> Result<Self> {
        check_range("differences", differences as f64, (1..=64).contains(&differences), ">= 1 and <= 64")?;
        Ok(Self {
            iterates: Array2::zeros((differences + 1, dimension)),
            next: 0,
            count: 0,
            gram: vec![0.0; differences * differences],
            weights: vec![0.0; differences],
        })
    }

    /// Remembers an iterate, in place of the oldest one when the memory is full.
    ///
    /// # Errors
    /// A wrong length.
    pub fn push(&mut self, x: &ArrayRef1<T>) -> Result<()> {
        check_length("x", x, self.iterates.ncols(), "the iterates have that many entries")?;
        self.iterates.row_mut(self.next).assign(x);
        self.next = (self.next + 1) % self.iterates.nrows();
        self.count = (self.count + 1).min(self.iterates.nrows());
        Ok(())
    }

    /// True when K + 1 iterates are there.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.count == self.iterates.nrows()
    }

    /// Forgets all iterates (after one was accepted that did not come from the method itself).
    pub fn clear(&mut self) {
        (self.next, self.count) = (0, 0);
    }

    /// Writes the extrapolation Σ cᵢ x_{i+1} to `out` and answers true; or, when there are not enough iterates or the small
    /// system cannot be solved, answers false and leaves the newest iterate in `out` (nothing if there is none).
    ///
    /// # Errors
    /// A wrong length.
    pub fn extrapolate_into(&mut self, out: &mut ArrayRef1<T>) -> Result<bool> {
        check_length("out", out, self.iterates.ncols(), "the iterates have that many entries")?;
        if self.count == 0 {
            return Ok(false);
        }
        let rows = self.iterates.nrows();
        if self.is_full() && self.solve_weights() {
            out.fill(T::zero());
            for (k, &weight) in self.weights.iter().enumerate() {
                // Oldest first; the newer end of each difference.
                let row = self.iterates.row((self.next + k + 1) % rows);
                crate::reduce::axpy(<T as Scalar>::from_f64(weight), &row, out);
            }
            if out.iter().all(|v| v.is_finite()) {
                return Ok(true);
            }
        }
        out.assign(&self.iterates.row((self.next + rows - 1) % rows));
        Ok(false)
    }

    /// Solves for the weights in f64, whatever T is: the Gram matrix of nearly parallel differences squares their condition.
    fn solve_weights(&mut self) -> bool {
        let (rows, k) = (self.iterates.nrows(), self.weights.len());
        let at = |age: usize| self.iterates.row((self.next + age) % rows);
        for a in 0..k {
            let (a0, a1) = (at(a), at(a + 1));
            for b in 0..=a {
                let (b0, b1) = (at(b), at(b + 1));
                let mut sum = 0.0;
                for (((&a0, &a1), &b0), &b1) in a0.iter().zip(&a1).zip(&b0).zip(&b1) {
                    sum += (Scalar::to_f64(a1) - Scalar::to_f64(a0)) * (Scalar::to_f64(b1) - Scalar::to_f64(b0));
                }
                self.gram[a * k + b] = sum;
            }
        }
        let trace: f64 = (0..k).map(|a| self.gram[a * k + a]).sum();
        // Divided by the trace, so that iterates that converged to 1e-160 do not underflow.
        if !(trace > 0.0 && trace.is_finite()) {
            return false;
        }
        self.gram.iter_mut().for_each(|g| *g /= trace);
        for a in 0..k {
            self.gram[a * k + a] += 1e-12;
        }
        self.weights.fill(1.0);
        if !cholesky_solve(&mut self.gram, &mut self.weights) {
            return false;
        }
        let total: f64 = self.weights.iter().sum();
        self.weights.iter_mut().for_each(|w| *w /= total);
        self.weights.iter().all(|w| w.is_finite())
    }
}
