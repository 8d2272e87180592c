//! Linear systems with a block's Hessian.

use crate::number::{constant, dot};
use crate::{Error, Result};
use core_tensor::Scalar;
use core_tensor::linalg::{Llt, SymmetricEigen};
use core_tensor::operator::{Limits, power_iteration};
use ndarray::{Array2, ArrayRef2, aview_mut1};

/// Solves H d = r for positive semi-definite H (τ × τ) by Cholesky, and by the minimum-norm pseudo-inverse where that fails;
/// finds the largest eigenvalue. Keeps its memory between calls.
#[derive(Debug, Clone)]
pub(crate) struct BlockSolver<T: Scalar> {
    factor: Vec<T>,
    large: Option<Llt<T>>,
    eigen: Option<SymmetricEigen<T>>,
    /// Scratch: solutions, and both sides of a quadratic form.
    out: Vec<T>,
    left: Vec<T>,
    right: Vec<T>,
}

/// Up to this size the factorisation is a plain loop; faer takes over beyond.
const SMALL: usize = 40;
/// Up to this size the largest eigenvalue is exact.
const EXACT: usize = 200;

impl<T: Scalar> BlockSolver<T> {
    pub(crate) fn new() -> Self {
        Self { factor: Vec::new(), large: None, eigen: None, out: Vec::new(), left: Vec::new(), right: Vec::new() }
    }

    /// Overwrites `r` with H⁺ r. `block` names the variables for the error.
    pub(crate) fn solve(&mut self, h: &ArrayRef2<T>, r: &mut [T], block: &[usize]) -> Result<()> {
        let n = r.len();
        if n == 1 {
            let h = h[[0, 0]];
            if h < T::zero() {
                return Err(Error::Unbounded { variable: block[0], curvature: Scalar::to_f64(h) });
            }
            r[0] = if h == T::zero() { T::zero() } else { r[0] / h };
            return finite(r, block);
        }
        if n <= SMALL {
            if self.factorise_small(h) {
                solve_factored(&self.factor, r);
                return finite(r, block);
            }
        } else if self.factorise_large(h) {
            if let Some(llt) = &self.large {
                llt.solve_in_place(&mut aview_mut1(r))?;
            }
            return finite(r, block);
        }
        self.pseudo_inverse(h, r, block)
    }

    /// gᵀ H⁺ g.
    pub(crate) fn quadratic_form(
        &mut self,
        h: &ArrayRef2<T>,
        g: impl Iterator<Item = T>,
        block: &[usize],
    ) -> Result<T> {
        let (mut left, mut right) = (std::mem::take(&mut self.left), std::mem::take(&mut self.right));
        left.clear();
        left.extend(g);
        right.clone_from(&left);
        let solved = self.solve(h, &mut right, block);
        let value = dot(&left, &right);
        (self.left, self.right) = (left, right);
        solved.map(|()| value)
    }

    /// The largest eigenvalue of H; for τ > 200 an upper estimate (power iteration + 1 %, at most the largest row sum).
    pub(crate) fn largest_eigenvalue(&mut self, h: &ArrayRef2<T>) -> Result<T> {
        let n = h.nrows();
        if n == 1 {
            return Ok(h[[0, 0]]);
        }
        if n <= EXACT {
            let eigen = self.eigen(n);
            eigen.factorise(h)?;
            return Ok(eigen.values()?[n - 1].max(T::zero()));
        }
        let rows = h.rows().into_iter().map(|row| row.iter().map(|v| v.abs()).sum::<T>());
        let bound = rows.fold(T::zero(), |m, s| if s > m { s } else { m });
        let found = power_iteration(h, Limits { tolerance: 1e-3, iterations: 100 })?;
        Ok((found.value * constant::<T>(1.01) + found.residual).min(bound))
    }

    fn eigen(&mut self, n: usize) -> &mut SymmetricEigen<T> {
        if self.eigen.as_ref().is_some_and(|eigen| eigen.n() != n) {
            self.eigen = None;
        }
        self.eigen.get_or_insert_with(|| SymmetricEigen::new(n))
    }

    /// L by rows into `factor`; false if a pivot is not safely positive.
    fn factorise_small(&mut self, h: &ArrayRef2<T>) -> bool {
        let n = h.nrows();
        self.factor.clear();
        self.factor.resize(n * n, T::zero());
        let largest = (0..n).fold(T::zero(), |m, i| if h[[i, i]] > m { h[[i, i]] } else { m });
        let least = constant::<T>(n as f64) * T::epsilon() * largest;
        for i in 0..n {
            let (above, row) = self.factor.split_at_mut(i * n);
            for j in 0..i {
                let other = &above[j * n..j * n + j + 1];
                row[j] = (h[[i, j]] - dot(&row[..j], &other[..j])) / other[j];
            }
            let pivot = h[[i, i]] - dot(&row[..i], &row[..i]);
            if !(pivot > least) {
                return false;
            }
            row[i] = pivot.sqrt();
        }
        true
    }

    fn factorise_large(&mut self, h: &ArrayRef2<T>) -> bool {
        let n = h.nrows();
        if self.large.as_ref().is_some_and(|llt| llt.n() != n) {
            self.large = None;
        }
        let llt = self.large.get_or_insert_with(|| Llt::new(n));
        if llt.factorise(h).is_err() {
            return false;
        }
        let largest = (0..n).fold(T::zero(), |m, i| if h[[i, i]] > m { h[[i, i]] } else { m });
        let least = constant::<T>(n as f64) * T::epsilon() * largest;
        llt.lower().is_ok_and(|l| l.diag().iter().all(|&l| l * l > least))
    }

    fn pseudo_inverse(&mut self, h: &ArrayRef2<T>, r: &mut [T], block: &[usize]) -> Result<()> {
        let n = r.len();
        let mut out = std::mem::take(&mut self.out);
        let eigen = self.eigen(n);
        eigen.factorise(h)?;
        let (values, vectors) = (eigen.values()?, eigen.vectors()?);
        let largest = values[n - 1].max(-values[0]);
        // Rounding of the Gram products adds to that of the decomposition: the usual cut-off, and a little.
        let cut = constant::<T>(4.0 * n as f64) * T::epsilon() * largest;
        let noise = constant::<T>(1e3 * n as f64) * T::epsilon() * largest;
        if values[0] < -noise {
            let vector = vectors.column(0);
            let most = (0..n).fold(0, |best, i| if vector[i].abs() > vector[best].abs() { i } else { best });
            return Err(Error::Unbounded { variable: block[most], curvature: Scalar::to_f64(values[0]) });
        }
        out.clear();
        out.resize(n, T::zero());
        for (k, vector) in vectors.columns().into_iter().enumerate() {
            if values[k] > cut {
                let factor = vector.iter().zip(&*r).map(|(&v, &r)| v * r).sum::<T>() / values[k];
                out.iter_mut().zip(vector).for_each(|(out, &v)| *out += factor * v);
            }
        }
        r.copy_from_slice(&out);
        self.out = out;
        finite(r, block)
    }
}

fn finite<T: Scalar>(r: &[T], block: &[usize]) -> Result<()> {
    match r.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(k) => Err(Error::NotANumber { what: "block solution", coordinate: block[k] }),
    }
}

/// Solves L Lᵀ d = r for L by rows in the lower triangle of `factor`.
fn solve_factored<T: Scalar>(factor: &[T], r: &mut [T]) {
    let n = r.len();
    for i in 0..n {
        r[i] = (r[i] - dot(&factor[i * n..i * n + i], &r[..i])) / factor[i * n + i];
    }
    for i in (0..n).rev() {
        r[i] /= factor[i * n + i];
        let (above, x) = (&factor[i * n..i * n + i], r[i]);
        r[..i].iter_mut().zip(above).for_each(|(r, &l)| *r -= l * x);
    }
}

/// A square matrix of τ rows in the memory of the one before.
pub(crate) fn resize<T: Scalar>(h: &mut Array2<T>, tau: usize) {
    if h.nrows() != tau {
        let (mut memory, _) = std::mem::take(h).into_raw_vec_and_offset();
        memory.clear();
        memory.resize(tau * tau, T::zero());
        *h = Array2::from_shape_vec((tau, tau), memory).unwrap_or_else(|_| Array2::zeros((tau, tau)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn singular_systems_get_the_minimum_norm_solution() {
        let h = array![[2.0, 2.0], [2.0, 2.0]];
        let mut r = [4.0_f64, 4.0];
        BlockSolver::new().solve(&h, &mut r, &[3, 5]).unwrap();
        assert!((r[0] - 1.0).abs() < 1e-15 && (r[1] - 1.0).abs() < 1e-15);
    }

    #[test]
    fn both_factorisations_agree() {
        for n in [2, 39, 41, 90] {
            let h = Array2::from_shape_fn((n, n), |(i, j)| if i == j { 3.0 } else { 1.0 / (1.0 + (i + j) as f64) });
            let b: Vec<f64> = (0..n).map(|i| (i as f64).sin()).collect();
            let mut x = b.clone();
            let block: Vec<usize> = (0..n).collect();
            BlockSolver::new().solve(&h, &mut x, &block).unwrap();
            for i in 0..n {
                let product: f64 = (0..n).map(|j| h[[i, j]] * x[j]).sum();
                assert!((product - b[i]).abs() < 1e-12, "n = {n}");
            }
        }
    }

    #[test]
    fn negative_curvature_is_named() {
        let h = array![[1.0, 0.0], [0.0, -1.0]];
        let found = BlockSolver::new().solve(&h, &mut [1.0, 1.0], &[3, 5]);
        assert_eq!(found, Err(Error::Unbounded { variable: 5, curvature: -1.0 }));
    }
}
