//! Singular values of complex matrices, and functions of them.

use super::memory::Memory;
use super::right_hand_side::check_factorised;
use crate::parallelism::parallelism_for;
use crate::vectorised::clear_upper_halves;
use crate::{Error, Result, Scalar, check_finite, check_shape};
use faer::diag::Diag;
use faer::linalg::matmul::matmul;
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use faer::{Accum, Mat, Par};
use ndarray::{Array1, ArrayRef2, ArrayView1};
use num_complex::Complex;

/// A + iB = U diag(s) Vᴴ for real A and B (m × n), with k = min(m, n) singular values s, descending and not negative.
///
/// Made once for m × n, then used for any number of matrices without allocating.
#[derive(Debug, Clone)]
pub struct ComplexSvd<T: Scalar> {
    matrix: Mat<Complex<T>>,
    values: Diag<Complex<T>>,
    /// Thin factors, when asked for.
    vectors: Option<[Mat<Complex<T>>; 2]>,
    s: Array1<T>,
    memory: Memory,
    par: Par,
    ready: bool,
}

impl<T: Scalar> ComplexSvd<T> {
    /// Memory for singular values alone, which cost a third of the whole decomposition.
    #[must_use]
    pub fn values_only(m: usize, n: usize) -> Self {
        Self::with(m, n, false)
    }

    /// Memory for the whole decomposition.
    #[must_use]
    pub fn new(m: usize, n: usize) -> Self {
        Self::with(m, n, true)
    }

    fn with(m: usize, n: usize, vectors: bool) -> Self {
        let k = m.min(n);
        let par = parallelism_for(m.saturating_mul(n).saturating_mul(k));
        let compute = if vectors { ComputeSvdVectors::Thin } else { ComputeSvdVectors::No };
        Self {
            matrix: Mat::zeros(m, n),
            values: Diag::zeros(k),
            vectors: vectors.then(|| [Mat::zeros(m, k), Mat::zeros(n, k)]),
            s: Array1::zeros(k),
            memory: Memory::for_any_of(&[svd_scratch::<Complex<T>>(m, n, compute, compute, par, Default::default())]),
            par,
            ready: false,
        }
    }

    /// Decomposes `real` + i `imaginary` (both m × n).
    ///
    /// # Errors
    /// Other shapes, entries that are not finite; [`Error::NoConvergence`], also when singular values overflow. Afterwards the value
    /// holds no decomposition.
    pub fn factorise(&mut self, real: &ArrayRef2<T>, imaginary: &ArrayRef2<T>) -> Result<()> {
        self.ready = false;
        let (m, n) = (self.matrix.nrows(), self.matrix.ncols());
        for (argument, part) in [("real", real), ("imaginary", imaginary)] {
            check_shape(argument, part, &[m, n], "the decomposition was made for that many rows and columns")?;
            check_finite(argument, part)?;
        }
        if m > 0 && n > 0 {
            for j in 0..n {
                for i in 0..m {
                    self.matrix[(i, j)] = Complex::new(real[[i, j]], imaginary[[i, j]]);
                }
            }
            let [u, v] = match &mut self.vectors {
                Some([u, v]) => [Some(u.as_mut()), Some(v.as_mut())],
                None => [None, None],
            };
            let outcome = svd(
                self.matrix.as_ref(),
                self.values.as_mut(),
                u,
                v,
                self.par,
                self.memory.stack(),
                Default::default(),
            );
            clear_upper_halves();
            self.s.iter_mut().enumerate().for_each(|(i, s)| *s = self.values[i].re);
            if outcome.is_err() || !self.s.iter().all(|s| s.is_finite()) {
                return Err(Error::NoConvergence { argument: "real", what: "complex singular value decomposition" });
            }
        }
        self.ready = true;
        Ok(())
    }

    /// The singular values (k), descending.
    ///
    /// # Errors
    /// Nothing decomposed.
    pub fn singular_values(&self) -> Result<ArrayView1<'_, T>> {
        check_factorised(self.ready, "ComplexSvd")?;
        Ok(self.s.view())
    }

    /// Writes the real and imaginary part (m × n) of U diag(f(s)) Vᴴ.
    ///
    /// # Errors
    /// Nothing decomposed, or made for values only; outputs of other shapes.
    pub fn map_into(
        &mut self,
        f: impl Fn(T) -> T,
        real: &mut ArrayRef2<T>,
        imaginary: &mut ArrayRef2<T>,
    ) -> Result<()> {
        check_factorised(self.ready && self.vectors.is_some(), "ComplexSvd")?;
        let (m, n) = (self.matrix.nrows(), self.matrix.ncols());
        check_shape("real", real, &[m, n], "the decomposition was made for that many rows and columns")?;
        check_shape("imaginary", imaginary, &[m, n], "the decomposition was made for that many rows and columns")?;
        let Some([u, v]) = &mut self.vectors else { return Ok(()) };
        let mut scaled = u.clone();
        for (j, &s) in self.s.iter().enumerate() {
            let by = f(s);
            for i in 0..m {
                let entry = scaled[(i, j)];
                scaled[(i, j)] = Complex::new(entry.re * by, entry.im * by);
            }
        }
        let one = Complex::new(T::one(), T::zero());
        matmul(self.matrix.as_mut(), Accum::Replace, scaled.as_ref(), v.adjoint(), one, self.par);
        clear_upper_halves();
        for i in 0..m {
            for j in 0..n {
                (real[[i, j]], imaginary[[i, j]]) = (self.matrix[(i, j)].re, self.matrix[(i, j)].im);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Svd;
    use ndarray::{Array2, Axis, concatenate};

    fn pseudo_random(m: usize, n: usize, seed: usize) -> Array2<f64> {
        Array2::from_shape_fn((m, n), |(i, j)| ((i * 37 + j * 101 + seed * 17) % 23) as f64 / 11.0 - 1.0)
    }

    #[test]
    fn singular_values_are_those_of_the_real_form() {
        for (m, n) in [(3, 5), (6, 6), (7, 2), (1, 1)] {
            let (a, b) = (pseudo_random(m, n, 1), pseudo_random(m, n, 2));
            // [[A, -B], [B, A]] has every singular value twice.
            let top = concatenate(Axis(1), &[a.view(), (-&b).view()]).unwrap();
            let bottom = concatenate(Axis(1), &[b.view(), a.view()]).unwrap();
            let whole = concatenate(Axis(0), &[top.view(), bottom.view()]).unwrap();
            let mut expected = Svd::new(2 * m, 2 * n);
            expected.factorise(&whole).unwrap();
            let expected = expected.singular_values().unwrap().to_owned();
            for mut svd in [ComplexSvd::values_only(m, n), ComplexSvd::new(m, n)] {
                svd.factorise(&a, &b).unwrap();
                for (k, &s) in svd.singular_values().unwrap().iter().enumerate() {
                    assert!((s - expected[2 * k]).abs() < 1e-13 && (s - expected[2 * k + 1]).abs() < 1e-13);
                }
            }
            let mut svd = ComplexSvd::new(m, n);
            svd.factorise(&a, &b).unwrap();
            let (mut real, mut imaginary) = (Array2::zeros((m, n)), Array2::zeros((m, n)));
            svd.map_into(|s| s, &mut real, &mut imaginary).unwrap();
            assert!((real - &a).iter().chain((imaginary - &b).iter()).all(|e| e.abs() < 1e-13));
        }
    }

    #[test]
    fn bad_input_is_refused() {
        let mut svd = ComplexSvd::<f64>::values_only(2, 2);
        let (fine, mut bad) = (pseudo_random(2, 2, 1), pseudo_random(2, 2, 2));
        assert!(svd.singular_values().is_err());
        bad[[0, 1]] = f64::NAN;
        assert!(svd.factorise(&fine, &bad).unwrap_err().to_string().starts_with("`imaginary` holds NaN"));
        assert!(svd.factorise(&pseudo_random(3, 2, 1), &fine).is_err());
        svd.factorise(&fine, &fine).unwrap();
        let (mut a, mut b) = (fine.clone(), fine.clone());
        assert!(svd.map_into(|s| s, &mut a, &mut b).is_err(), "made for values only");
        ComplexSvd::<f32>::new(0, 3).factorise(&Array2::zeros((0, 3)), &Array2::zeros((0, 3))).unwrap();
    }
}
