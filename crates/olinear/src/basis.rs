//! Orthonormal bases of windows.

use crate::temporal::{CorrelationKind, TemporalCorrelation};
use crate::{Error, Result};
use core_tensor::linalg::{Accumulate, SymmetricEigen, gemm_into};
use core_tensor::{Scalar, check_finite, check_range, check_shape, check_square};
use ndarray::{Array1, Array2, ArrayRef2, Axis};
use std::f64::consts::{PI, SQRT_2};

/// A choice of basis, made before the data are seen.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Basis {
    /// No change of coordinates (and no shifts δ₁, δ₂ in the network).
    Identity,
    /// Eigenvectors of the temporal correlation of the training rows: OrthoTrans.
    Correlation(TemporalCorrelation),
    /// Cosines: the orthonormal discrete cosine transform of type 2.
    Dct2,
    /// Constant, cosines and sines of whole frequencies.
    RealFourier,
    /// Haar wavelets on all levels. Where a level has an odd number of averages, the last one goes to the next level as it is.
    Haar,
    /// Discrete Legendre polynomials: the monomials on an even grid, made orthonormal.
    DiscreteLegendre,
}

impl Default for Basis {
    fn default() -> Self {
        Basis::Correlation(TemporalCorrelation::default())
    }
}

impl Basis {
    /// The basis of windows of `size` steps; `rows` (n × N) are the training rows, used by [`Basis::Correlation`] alone.
    ///
    /// # Errors
    /// `size` = 0, and those of [`TemporalCorrelation::of`].
    pub fn build(&self, size: usize, rows: &ArrayRef2<f64>) -> Result<OrthoBasis> {
        check_range("size", size as f64, size >= 1, ">= 1")?;
        let matrix = match self {
            Basis::Correlation(correlation) => return OrthoBasis::of_correlation(correlation, rows, size),
            Basis::Identity => Array2::eye(size),
            Basis::Dct2 => cosines(size),
            Basis::RealFourier => fourier(size),
            Basis::Haar => haar(size),
            Basis::DiscreteLegendre => legendre(size),
        };
        Ok(OrthoBasis { matrix, eigenvalues: Array1::zeros(0) })
    }
}

/// An orthonormal basis of windows of K steps, the vectors in rows.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OrthoBasis {
    matrix: Array2<f64>,
    eigenvalues: Array1<f64>,
}

impl OrthoBasis {
    /// From a matrix (K × K) with orthonormal rows, for instance one that somebody published.
    ///
    /// # Errors
    /// When an entry of `Q Qᵀ - I` exceeds 1e-4.
    pub fn new(matrix: Array2<f64>) -> Result<Self> {
        let size = check_square("matrix", &matrix)?;
        check_finite("matrix", &matrix)?;
        let mut gram = Array2::zeros((size, size));
        gemm_into(&mut gram, Accumulate::Replace, 1.0, &matrix, &matrix.t())?;
        gram.diag_mut().mapv_inplace(|v| v - 1.0);
        let deviation = gram.iter().fold(0.0_f64, |m, v: &f64| m.max(v.abs()));
        if deviation > 1e-4 {
            return Err(Error::NotOrthogonal { argument: "matrix", deviation });
        }
        Ok(Self { matrix, eigenvalues: Array1::zeros(0) })
    }

    /// Eigenvectors of a symmetric matrix S (K × K), eigenvalues descending, the entry of largest magnitude of each vector
    /// (the first one on ties) positive. Only the lower triangle is read.
    ///
    /// Eigenvalues that agree to rounding leave a rotation of their vectors free, as sines and cosines of a season do.
    ///
    /// # Errors
    /// Entries that are not finite; no convergence.
    pub fn of_symmetric(matrix: &ArrayRef2<f64>) -> Result<Self> {
        let size = check_square("matrix", matrix)?;
        let mut eigen = SymmetricEigen::new(size);
        eigen.factorise(matrix)?;
        Ok(Self::descending(eigen.values()?.to_vec(), eigen.vectors()?.t().to_owned()))
    }

    /// OrthoTrans: the eigenvectors of the temporal correlation of `rows` (n × N) for windows of `size` steps.
    ///
    /// # Errors
    /// Those of [`TemporalCorrelation::of`].
    pub fn of_correlation(correlation: &TemporalCorrelation, rows: &ArrayRef2<f64>, size: usize) -> Result<Self> {
        let found = correlation.of(rows, size)?;
        match correlation.kind {
            CorrelationKind::Toeplitz | CorrelationKind::Autocorrelation => of_centrosymmetric(&found.matrix),
            CorrelationKind::Pearson | CorrelationKind::Ratio => Self::of_symmetric(&found.matrix),
        }
    }

    fn descending(values: Vec<f64>, rows: Array2<f64>) -> Self {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
        let mut matrix = rows.select(Axis(0), &order);
        for mut row in matrix.axis_iter_mut(Axis(0)) {
            let largest = row.iter().fold(0.0_f64, |m, v| if v.abs() > m.abs() { *v } else { m });
            if largest < 0.0 {
                row.mapv_inplace(|v| -v);
            }
        }
        Self { matrix, eigenvalues: order.iter().map(|&i| values[i]).collect() }
    }

    /// Q (K × K): basis vectors in rows.
    pub fn matrix(&self) -> &Array2<f64> {
        &self.matrix
    }

    /// Eigenvalues, descending (K); empty when the basis is not made of eigenvectors.
    pub fn eigenvalues(&self) -> &Array1<f64> {
        &self.eigenvalues
    }

    /// Number of steps K.
    pub fn size(&self) -> usize {
        self.matrix.nrows()
    }

    /// Coordinates `s = Q u` of each row u of `windows` (R × K).
    ///
    /// # Errors
    /// Rows of another length.
    pub fn encode<T: Scalar>(&self, windows: &ArrayRef2<T>) -> Result<Array2<T>> {
        self.product(windows, true)
    }

    /// Windows `u = Qᵀ s` of each row s of `coordinates` (R × K).
    ///
    /// # Errors
    /// Rows of another length.
    pub fn decode<T: Scalar>(&self, coordinates: &ArrayRef2<T>) -> Result<Array2<T>> {
        self.product(coordinates, false)
    }

    fn product<T: Scalar>(&self, rows: &ArrayRef2<T>, encode: bool) -> Result<Array2<T>> {
        let shape = [rows.nrows(), self.size()];
        check_shape("windows", rows, &shape, "the basis is made for windows of that many steps")?;
        let q = self.matrix.mapv(<T as Scalar>::from_f64);
        let mut out = Array2::zeros(rows.dim());
        let q = if encode { q.t() } else { q.view() };
        gemm_into(&mut out, Accumulate::Replace, T::one(), rows, &q)?;
        Ok(out)
    }

    /// How far the span of the first k vectors of `other` has turned away from that of this basis:
    /// `1 - ‖Q_k Q'_kᵀ‖²_F/k`, 0 when they are the same, 1 when they are orthogonal. A monitor of drift.
    ///
    /// # Errors
    /// Bases of different sizes; k = 0 or above K.
    pub fn drift(&self, other: &OrthoBasis, k: usize) -> Result<f64> {
        check_shape("other", &other.matrix, self.matrix.shape(), "both bases are of windows of the same length")?;
        check_range("k", k as f64, (1..=self.size()).contains(&k), ">= 1 and at most the size of the basis")?;
        let mut overlap = 0.0;
        for a in self.matrix.outer_iter().take(k) {
            overlap += other.matrix.outer_iter().take(k).map(|b| a.dot(&b).powi(2)).sum::<f64>();
        }
        Ok((1.0 - overlap / k as f64).max(0.0))
    }
}

/// A symmetric matrix that equals its own mirror image in the antidiagonal has symmetric and antisymmetric eigenvectors: two
/// problems of half the size.
fn of_centrosymmetric(matrix: &Array2<f64>) -> Result<OrthoBasis> {
    let size = matrix.nrows();
    let half = size / 2;
    let middle = size % 2;
    let mirrored = |i: usize| size - 1 - i;
    let mut even = Array2::zeros((half + middle, half + middle));
    let mut odd = Array2::zeros((half, half));
    for i in 0..half {
        for j in 0..half {
            even[[i, j]] = matrix[[i, j]] + matrix[[i, mirrored(j)]];
            odd[[i, j]] = matrix[[i, j]] - matrix[[i, mirrored(j)]];
        }
    }
    if middle == 1 {
        for i in 0..half {
            even[[i, half]] = SQRT_2 * matrix[[i, half]];
            even[[half, i]] = even[[i, half]];
        }
        even[[half, half]] = matrix[[half, half]];
    }
    let mut values = Vec::with_capacity(size);
    let mut rows = Array2::zeros((size, size));
    for (part, sign) in [(even, 1.0), (odd, -1.0)] {
        let mut eigen = SymmetricEigen::new(part.nrows());
        eigen.factorise(&part)?;
        for (&value, vector) in eigen.values()?.iter().zip(eigen.vectors()?.axis_iter(Axis(1))) {
            let mut row = rows.row_mut(values.len());
            for i in 0..half {
                row[i] = vector[i] / SQRT_2;
                row[mirrored(i)] = sign * vector[i] / SQRT_2;
            }
            if vector.len() > half {
                row[half] = vector[half];
            }
            values.push(value);
        }
    }
    Ok(OrthoBasis::descending(values, rows))
}

fn cosines(size: usize) -> Array2<f64> {
    let n = size as f64;
    Array2::from_shape_fn((size, size), |(k, t)| {
        let scale = if k == 0 { (1.0 / n).sqrt() } else { (2.0 / n).sqrt() };
        scale * (PI * k as f64 * (2.0 * t as f64 + 1.0) / (2.0 * n)).cos()
    })
}

fn fourier(size: usize) -> Array2<f64> {
    let n = size as f64;
    Array2::from_shape_fn((size, size), |(row, t)| {
        let frequency = row.div_ceil(2);
        // The phase is reduced in whole numbers: exact for any length.
        let phase = 2.0 * PI * ((frequency * t) % size) as f64 / n;
        if row == 0 {
            (1.0 / n).sqrt()
        } else if 2 * frequency == size {
            (1.0 / n).sqrt() * if t % 2 == 0 { 1.0 } else { -1.0 }
        } else {
            (2.0 / n).sqrt() * if row % 2 == 1 { phase.cos() } else { phase.sin() }
        }
    })
}

fn haar(size: usize) -> Array2<f64> {
    // The averages of the present level, as vectors.
    let mut averages: Vec<Array1<f64>> = Array2::<f64>::eye(size).outer_iter().map(|row| row.to_owned()).collect();
    let mut details = Vec::new();
    while averages.len() > 1 {
        let mut next = Vec::with_capacity(averages.len().div_ceil(2));
        let mut level = Vec::with_capacity(averages.len() / 2);
        for pair in averages.chunks(2) {
            match pair {
                [a, b] => {
                    next.push((a + b) / SQRT_2);
                    level.push((a - b) / SQRT_2);
                }
                rest => next.extend(rest.iter().cloned()),
            }
        }
        details.push(level);
        averages = next;
    }
    let mut matrix = Array2::zeros((size, size));
    let rows = averages.iter().chain(details.iter().rev().flatten());
    matrix.outer_iter_mut().zip(rows).for_each(|(mut out, row)| out.assign(row));
    matrix
}

fn legendre(size: usize) -> Array2<f64> {
    let grid = Array1::from_shape_fn(size, |t| if size > 1 { 2.0 * t as f64 / (size as f64 - 1.0) - 1.0 } else { 0.0 });
    let mut matrix = Array2::<f64>::zeros((size, size));
    for degree in 0..size {
        // The next power is the grid times the last polynomial: monomials themselves lose all digits by degree 30.
        let mut next = if degree == 0 { Array1::ones(size) } else { &matrix.row(degree - 1) * &grid };
        for _ in 0..2 {
            for earlier in matrix.outer_iter().take(degree) {
                let part: f64 = earlier.dot(&next);
                next.scaled_add(-part, &earlier);
            }
        }
        let norm = next.dot(&next).sqrt();
        matrix.row_mut(degree).assign(&(next / norm));
    }
    matrix
}
