//! Columns minus their projection on a growing span.

use super::double_double;
use crate::error::Result;
use core_tensor::linalg::{Accumulate, gemm_into, gemv_into};
use ndarray::{Array1, Array2, ArrayRef2, ArrayView1, ArrayView2, ArrayViewMut1, Axis, ShapeBuilder, Slice};

/// Precision of the residuals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Precision {
    /// `f64`, each projection done twice: residuals down to about 1e-13 of their column.
    #[default]
    Double,
    /// Sums of two `f64`: residuals down to about 1e-28, for columns that are exact as given. Twenty to forty times the
    /// time.
    DoubleDouble,
}

impl Precision {
    /// Relative residual at or below which a column counts as inside the span: 100 units of rounding.
    pub(crate) fn default_tolerance(self) -> f64 {
        match self {
            Self::Double => 100.0 * f64::EPSILON,
            Self::DoubleDouble => 100.0 * f64::EPSILON * f64::EPSILON,
        }
    }
}

/// The residuals rᵢ = (I - P) xᵢ of all columns, P the projector on the span of the columns added so far.
///
/// Columns are scaled by powers of two to norms in [1/2, 1): exact, so that no rounding precedes the first projection.
#[derive(Debug, Clone)]
pub(super) struct Residuals {
    /// Scaled columns (n × d).
    columns: Array2<f64>,
    /// The power of two that scaled each column.
    pub(super) factors: Array1<f64>,
    /// ‖xᵢ‖ and ‖rᵢ‖ of the scaled columns.
    pub(super) norms: Array1<f64>,
    pub(super) rho: Array1<f64>,
    pub(super) residual: Array2<f64>,
    /// Lower parts of the residuals, in double-double precision.
    low: Option<Array2<f64>>,
    /// Orthonormal basis (n × capacity) and its lower parts; `rank` columns are in use.
    basis: Array2<f64>,
    basis_low: Option<Array2<f64>>,
    /// Which column gave each basis vector.
    pub(super) set: Vec<usize>,
    tolerance: f64,
    rounds: usize,
}

/// Rounds between second passes over the whole basis.
const FULL_PASS: usize = 4;

fn columns_of(x: &Array2<f64>, from: usize, to: usize) -> ArrayView2<'_, f64> {
    x.slice_axis(Axis(1), Slice::from(from..to))
}

/// A contiguous column as a slice; the arrays of this file are column-major.
fn part(x: &Array2<f64>, j: usize) -> &[f64] {
    let n = x.nrows();
    x.as_slice_memory_order().and_then(|all| all.get(j * n..(j + 1) * n)).unwrap_or(&[])
}

fn part_mut(x: &mut Array2<f64>, j: usize) -> &mut [f64] {
    let n = x.nrows();
    x.as_slice_memory_order_mut().and_then(|all| all.get_mut(j * n..(j + 1) * n)).unwrap_or(&mut [])
}

/// 2^-e with the e for which `norm` = f 2^e, f in [1/2, 1); 1 for a zero column.
fn scaling(norm: f64) -> f64 {
    if norm == 0.0 { 1.0 } else { (2.0_f64).powi((-norm.log2().floor() as i32 - 1).clamp(-1022, 1022)) }
}

/// ‖x‖ without overflow or underflow.
pub(super) fn norm(x: &ArrayView1<'_, f64>) -> f64 {
    let squared = x.dot(x);
    if squared.is_finite() && squared > 1e-280 {
        return squared.sqrt();
    }
    let largest = x.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    if largest == 0.0 { 0.0 } else { x.iter().map(|v| (v / largest) * (v / largest)).sum::<f64>().sqrt() * largest }
}

impl Residuals {
    /// The columns of `x` (n × d, checked), nothing projected out yet.
    pub(super) fn new(x: &ArrayRef2<f64>, tolerance: f64, precision: Precision) -> Self {
        let (n, d) = x.dim();
        let mut columns = Array2::zeros((n, d).f());
        columns.assign(x);
        let factors = Array1::from_shape_fn(d, |j| scaling(norm(&columns.column(j))));
        for (mut column, &factor) in columns.columns_mut().into_iter().zip(&factors) {
            column.mapv_inplace(|v| v * factor);
        }
        let norms = Array1::from_shape_fn(d, |j| norm(&columns.column(j)));
        let double = precision == Precision::DoubleDouble;
        Self {
            residual: columns.clone(),
            low: double.then(|| Array2::zeros((n, d).f())),
            basis: Array2::zeros((n, 0).f()),
            basis_low: double.then(|| Array2::zeros((n, 0).f())),
            rho: norms.clone(),
            set: Vec::new(),
            rounds: 0,
            columns,
            factors,
            norms,
            tolerance,
        }
    }

    pub(super) fn rank(&self) -> usize {
        self.set.len()
    }

    /// True when column j lies outside the span.
    pub(super) fn is_active(&self, j: usize) -> bool {
        self.rho[j] > self.tolerance * self.norms[j]
    }

    /// Q (n × m).
    pub(super) fn basis(&self) -> ArrayView2<'_, f64> {
        columns_of(&self.basis, 0, self.rank())
    }

    /// Xᵢ of the set, scaled (n).
    pub(super) fn column(&self, j: usize) -> ArrayView1<'_, f64> {
        self.columns.column(j)
    }

    /// Adds columns to the span in the given order and returns those that were independent of it.
    pub(super) fn add(&mut self, columns: &[usize]) -> Result<Vec<usize>> {
        let before = self.rank();
        self.reserve(before + columns.len());
        let mut added = Vec::new();
        for &j in columns {
            if self.rank() < self.residual.nrows() && self.is_active(j) && self.append(j)? {
                added.push(j);
            }
        }
        if !added.is_empty() {
            self.rounds += 1;
            let full = self.rounds.is_multiple_of(FULL_PASS);
            self.project_out(before)?;
            self.project_out(if full { 0 } else { before })?;
            self.measure();
        }
        Ok(added)
    }

    /// One more pass over the whole basis: afterwards the residuals are orthogonal to the span to working precision.
    pub(super) fn settle(&mut self) -> Result<()> {
        if self.rank() > 0 {
            self.project_out(0)?;
            self.measure();
        }
        Ok(())
    }

    fn reserve(&mut self, capacity: usize) {
        let grown = |basis: &Array2<f64>| {
            let mut wider = Array2::zeros((basis.nrows(), capacity.max(2 * basis.ncols())).f());
            wider.slice_axis_mut(Axis(1), Slice::from(..basis.ncols())).assign(basis);
            wider
        };
        if capacity > self.basis.ncols() {
            self.basis = grown(&self.basis);
            self.basis_low = self.basis_low.as_ref().map(grown);
        }
    }

    /// Orthonormalises the residual of column j against the basis, twice, and appends it unless nothing is left.
    fn append(&mut self, j: usize) -> Result<bool> {
        let m = self.rank();
        let limit = self.tolerance * self.norms[j];
        match (&mut self.basis_low, &self.low) {
            (Some(basis_low), Some(low)) => {
                let (mut high, mut below) = (part(&self.residual, j).to_vec(), part(low, j).to_vec());
                for i in (0..m).chain(0..m) {
                    let q = (part(&self.basis, i), part(basis_low, i));
                    let c = double_double::dot(q, (&high, &below));
                    double_double::axpy(c.negated(), q, (&mut high, &mut below));
                }
                let length = double_double::dot((&high, &below), (&high, &below)).square_root();
                if !(length.hi > limit) {
                    return Ok(false);
                }
                double_double::divide(length, (&mut high, &mut below));
                part_mut(&mut self.basis, m).copy_from_slice(&high);
                part_mut(basis_low, m).copy_from_slice(&below);
            }
            _ => {
                let mut v = self.residual.column(j).to_owned();
                let q = columns_of(&self.basis, 0, m);
                let mut c = Array1::zeros(m);
                for _ in 0..2 {
                    gemv_into(&mut c, Accumulate::Replace, 1.0, &q.t(), &v)?;
                    gemv_into(&mut v, Accumulate::Add, -1.0, &q, &c)?;
                }
                let length = norm(&v.view());
                if !(length > limit) {
                    return Ok(false);
                }
                v.mapv_inplace(|v| v / length);
                self.basis.column_mut(m).assign(&v);
            }
        }
        self.set.push(j);
        Ok(true)
    }

    /// R ← R - Q (Qᵀ R) with the basis vectors from `first` on.
    fn project_out(&mut self, first: usize) -> Result<()> {
        let m = self.rank();
        match (&self.basis_low, &mut self.low) {
            (Some(basis_low), Some(low)) => {
                for j in 0..self.residual.ncols() {
                    for i in first..m {
                        let q = (part(&self.basis, i), part(basis_low, i));
                        let c = double_double::dot(q, (part(&self.residual, j), part(low, j)));
                        double_double::axpy(c.negated(), q, (part_mut(&mut self.residual, j), part_mut(low, j)));
                    }
                }
                Ok(())
            }
            _ => {
                let q = columns_of(&self.basis, first, m);
                let mut c = Array2::zeros((m - first, self.residual.ncols()).f());
                gemm_into(&mut c, Accumulate::Replace, 1.0, &q.t(), &self.residual)?;
                Ok(gemm_into(&mut self.residual, Accumulate::Add, -1.0, &q, &c)?)
            }
        }
    }

    /// Lengths of the residuals; columns of the basis have none.
    fn measure(&mut self) {
        for &j in &self.set {
            self.residual.column_mut(j).fill(0.0);
            if let Some(low) = &mut self.low {
                low.column_mut(j).fill(0.0);
            }
        }
        for (column, rho) in self.residual.columns().into_iter().zip(&mut self.rho) {
            *rho = norm(&column);
        }
    }

    /// The residuals as columns of length `length`, zero for columns inside the span; takes the memory of the residuals.
    pub(super) fn into_directions(mut self, length: f64) -> Array2<f64> {
        for j in 0..self.residual.ncols() {
            let factor = if self.is_active(j) { length / self.rho[j] } else { 0.0 };
            let mut column: ArrayViewMut1<'_, f64> = self.residual.column_mut(j);
            column.mapv_inplace(|v| v * factor);
        }
        self.residual
    }
}
