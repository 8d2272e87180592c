//! Least squares on a growing and shrinking set of columns.

use crate::error::Result;
use core_tensor::linalg::Svd;
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, ShapeBuilder};

/// X_A = Q R for a set A of columns, appended and removed one by one: O(n |A|) each, never from scratch.
#[derive(Debug, Clone)]
pub(crate) struct SubsetQr {
    /// n × capacity; the first |A| columns are in use.
    q: Array2<f64>,
    /// capacity × capacity, upper triangular.
    r: Array2<f64>,
    /// Qᵀ y.
    qy: Vec<f64>,
    y: Array1<f64>,
    /// ‖y - Q Qᵀ y‖².
    pub(crate) rss: f64,
    /// A, in the order of the columns of R.
    pub(crate) support: Vec<usize>,
}

/// A column whose remainder is at most this part of it depends on the others.
const DEPENDENT: f64 = 1e-12;

impl SubsetQr {
    /// No column yet.
    pub(crate) fn new(y: &ArrayRef1<f64>, capacity: usize) -> Self {
        Self {
            q: Array2::zeros((y.len(), capacity).f()),
            r: Array2::zeros((capacity, capacity).f()),
            qy: Vec::with_capacity(capacity),
            y: y.to_owned(),
            rss: y.dot(y),
            support: Vec::with_capacity(capacity),
        }
    }

    /// All of `support`, leaving out what depends on earlier columns.
    pub(crate) fn of(x: &ArrayRef2<f64>, y: &ArrayRef1<f64>, support: &[usize]) -> Self {
        let mut qr = Self::new(y, support.len());
        for &j in support {
            qr.append(x, j);
        }
        qr
    }

    /// The newest basis vector and its product with y.
    pub(crate) fn newest(&self) -> Option<(ndarray::ArrayView1<'_, f64>, f64)> {
        let last = self.support.len().checked_sub(1)?;
        Some((self.q.column(last), *self.qy.get(last)?))
    }

    /// Adds column j: one pass of Gram-Schmidt and one of correction. False, and no change, if it depends on the others.
    pub(crate) fn append(&mut self, x: &ArrayRef2<f64>, j: usize) -> bool {
        let k = self.support.len();
        let column = x.column(j);
        let length = column.dot(&column).sqrt();
        if k >= self.q.ncols() || k >= self.y.len() || !(length > 0.0) {
            return false;
        }
        let mut v = column.to_owned();
        let mut coefficients = Array1::<f64>::zeros(k);
        for _ in 0..2 {
            for i in 0..k {
                let q = self.q.column(i);
                let c = q.dot(&v);
                coefficients[i] += c;
                v.scaled_add(-c, &q);
            }
        }
        let rest = v.dot(&v).sqrt();
        if !(rest > DEPENDENT * length) {
            return false;
        }
        v.mapv_inplace(|v| v / rest);
        for i in 0..k {
            self.r[[i, k]] = coefficients[i];
        }
        self.r[[k, k]] = rest;
        let qy = v.dot(&self.y);
        self.q.column_mut(k).assign(&v);
        self.qy.push(qy);
        self.support.push(j);
        self.rss = self.residual_norm_squared();
        true
    }

    /// Removes the column at position `at` of the support, by Givens rotations.
    pub(crate) fn remove(&mut self, at: usize) {
        let k = self.support.len();
        if at >= k {
            return;
        }
        for column in at + 1..k {
            for row in 0..k {
                self.r[[row, column - 1]] = self.r[[row, column]];
            }
        }
        for i in at..k - 1 {
            let (a, b) = (self.r[[i, i]], self.r[[i + 1, i]]);
            let length = a.hypot(b);
            let (c, s) = if length > 0.0 { (a / length, b / length) } else { (1.0, 0.0) };
            for column in i..k - 1 {
                let (top, below) = (self.r[[i, column]], self.r[[i + 1, column]]);
                self.r[[i, column]] = c * top + s * below;
                self.r[[i + 1, column]] = c * below - s * top;
            }
            for row in 0..self.y.len() {
                let (left, right) = (self.q[[row, i]], self.q[[row, i + 1]]);
                self.q[[row, i]] = c * left + s * right;
                self.q[[row, i + 1]] = c * right - s * left;
            }
            let (top, below) = (self.qy[i], self.qy[i + 1]);
            (self.qy[i], self.qy[i + 1]) = (c * top + s * below, c * below - s * top);
        }
        for row in 0..k {
            self.r[[row, k - 1]] = 0.0;
        }
        self.support.remove(at);
        self.qy.truncate(k - 1);
        self.rss = self.residual_norm_squared();
    }

    fn residual_norm_squared(&self) -> f64 {
        let residual = self.residual();
        residual.dot(&residual)
    }

    /// y - Q Qᵀ y.
    pub(crate) fn residual(&self) -> Array1<f64> {
        let mut residual = self.y.clone();
        for (i, &qy) in self.qy.iter().enumerate() {
            residual.scaled_add(-qy, &self.q.column(i));
        }
        residual
    }

    /// The least-squares coefficients, in the order of the support.
    pub(crate) fn coefficients(&self) -> Vec<f64> {
        let mut c = self.qy.clone();
        for i in (0..c.len()).rev() {
            let known: f64 = (i + 1..c.len()).map(|j| self.r[[i, j]] * c[j]).sum();
            c[i] = (c[i] - known) / self.r[[i, i]];
        }
        c
    }

    /// The coefficients as a vector of `columns` entries.
    pub(crate) fn dense(&self, columns: usize) -> Array1<f64> {
        let mut w = Array1::zeros(columns);
        for (&j, c) in self.support.iter().zip(self.coefficients()) {
            w[j] = c;
        }
        w
    }
}

/// Least squares of smallest norm on the columns `support`: coefficients in that order, and the residual.
pub(crate) fn least_squares(
    x: &ArrayRef2<f64>,
    y: &ArrayRef1<f64>,
    support: &[usize],
) -> Result<(Vec<f64>, Array1<f64>)> {
    let qr = SubsetQr::of(x, y, support);
    if qr.support.len() == support.len() {
        return Ok((qr.coefficients(), qr.residual()));
    }
    let columns = crate::reduction::select_columns(x, support);
    let mut svd = Svd::new(x.nrows(), support.len());
    svd.factorise(&columns)?;
    let mut w = Array1::zeros(support.len());
    svd.solve_into(svd.default_cutoff(), y, &mut w)?;
    let mut residual = y.to_owned();
    for (column, &w) in columns.columns().into_iter().zip(&w) {
        residual.scaled_add(-w, &column);
    }
    Ok((w.to_vec(), residual))
}

#[cfg(test)]
mod tests {
    use super::*;
    use core_tensor::random::{normal_array, rng};

    #[test]
    fn appending_and_removing_equals_starting_anew() {
        let x: Array2<f64> = normal_array(&mut rng(1), (12, 8));
        let y: Array1<f64> = normal_array(&mut rng(2), 12);
        let mut qr = SubsetQr::of(&x, &y, &[3, 0, 7, 5, 1]);
        qr.remove(1);
        qr.remove(3);
        assert!(qr.append(&x, 4));
        qr.remove(0);
        let fresh = SubsetQr::of(&x, &y, &[7, 5, 4]);
        assert_eq!(qr.support, fresh.support);
        // Orthogonal transformations of a well-conditioned matrix: a few hundred roundings.
        assert!((qr.rss - fresh.rss).abs() < 1e-13 * y.dot(&y));
        let change = &qr.dense(8) - &fresh.dense(8);
        assert!(change.iter().all(|c| c.abs() < 1e-12));
        assert!(!qr.append(&x, 4), "a column twice is dependent");
        let (w, residual) = least_squares(&x, &y, &[2, 2, 6]).unwrap();
        // The smallest norm shares the weight between the equal columns.
        assert!((w[0] - w[1]).abs() < 1e-12 && x.column(6).dot(&residual).abs() < 1e-12);
    }
}
