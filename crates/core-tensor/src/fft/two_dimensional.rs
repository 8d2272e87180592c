//! Complex transform of two dimensions.

use super::{Complex, ComplexFft};
use crate::{Result, Scalar, check_shape};
use ndarray::{Array1, ArrayRef2, Axis};

/// A plan for complex transforms of m × n arrays: rows first, then columns.
#[derive(Debug, Clone)]
pub struct Fft2<T: Scalar> {
    rows: ComplexFft<T>,
    columns: ComplexFft<T>,
    line: Array1<Complex<T>>,
}

impl<T: Scalar> Fft2<T> {
    /// Plans both directions for m × n arrays.
    ///
    /// # Errors
    /// `m` = 0 or `n` = 0.
    pub fn new(m: usize, n: usize) -> Result<Self> {
        let zero = Complex::new(T::zero(), T::zero());
        Ok(Self { rows: ComplexFft::new(n)?, columns: ComplexFft::new(m)?, line: Array1::from_elem(m.max(n), zero) })
    }

    /// Rows and columns (m, n).
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        (self.columns.n(), self.rows.n())
    }

    /// Overwrites `x` (m × n) with its transform, unscaled. O(mn log mn).
    ///
    /// # Errors
    /// `x` not m × n.
    pub fn forward(&mut self, x: &mut ArrayRef2<Complex<T>>) -> Result<()> {
        self.process(x, false)
    }

    /// Overwrites `x` (m × n) with mn times its inverse transform.
    ///
    /// # Errors
    /// `x` not m × n.
    pub fn inverse_unscaled(&mut self, x: &mut ArrayRef2<Complex<T>>) -> Result<()> {
        self.process(x, true)
    }

    /// Overwrites `x` (m × n) with its inverse transform: `inverse` after `forward` is the identity.
    ///
    /// # Errors
    /// `x` not m × n.
    pub fn inverse(&mut self, x: &mut ArrayRef2<Complex<T>>) -> Result<()> {
        self.process(x, true)?;
        let (m, n) = self.shape();
        let scale = T::one() / <T as Scalar>::from_f64(m as f64 * n as f64);
        x.iter_mut().for_each(|v| *v = v.scale(scale));
        Ok(())
    }

    fn process(&mut self, x: &mut ArrayRef2<Complex<T>>, inverse: bool) -> Result<()> {
        let (m, n) = self.shape();
        check_shape("x", x, &[m, n], "the plan was made for that many rows and columns")?;
        for axis in [Axis(1), Axis(0)] {
            let plan = if axis == Axis(1) { &mut self.rows } else { &mut self.columns };
            for mut lane in x.lanes_mut(axis) {
                if let Some(lane) = lane.as_slice_mut() {
                    plan.process(lane, inverse);
                    continue;
                }
                let length = lane.len();
                let Some(line) = self.line.as_slice_mut().map(|line| &mut line[..length]) else { continue };
                line.iter_mut().zip(&lane).for_each(|(to, &from)| *to = from);
                plan.process(line, inverse);
                lane.iter_mut().zip(line.iter()).for_each(|(to, &from)| *to = from);
            }
        }
        Ok(())
    }
}
