//! A span of columns that is projected out of a design.

use super::reason::Reason;
use super::residuals::{Precision, Residuals};
use crate::error::{Result, check_distinct};
use crate::reduction::check_design;
use core_tensor::check_shape;
use core_tensor::linalg::{Accumulate, gemm_into, gemv_into};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, ArrayView2, ShapeBuilder};

/// The span U of a few columns of a design X (n × d), and what remains of the other columns outside it.
///
/// Made from X alone (by [`Preconditioner`](super::Preconditioner)), so one span serves any number of responses. With P the projector on U:
/// rᵢ = (I - P) xᵢ, ρᵢ = ‖rᵢ‖, and the *directions* ζᵢ = √n rᵢ / ρᵢ are the columns that phase 2 sees.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RandomSpan {
    /// The set S: the columns that span U, in the order of the basis vectors. Drawn columns that depended on earlier ones
    /// are not in it.
    pub set: Vec<usize>,
    /// Orthonormal basis Q of U (n × m).
    pub basis: Array2<f64>,
    /// ρᵢ (d); exactly 0 for the columns of S.
    pub rho: Array1<f64>,
    /// ‖xᵢ‖ (d).
    pub norms: Array1<f64>,
    /// True for the columns inside U, whose coefficients outside S are fixed at 0 (d).
    pub inside: Vec<bool>,
    /// Why no more columns were added.
    pub reason: Reason,
    /// What each round of the search found; empty for a fixed or given set.
    pub rounds: Vec<Round>,
    /// ζᵢ (n × d), zero for columns inside U.
    pub(crate) directions: Array2<f64>,
    /// R of X_S = Q R (m × m, upper triangular).
    pub(crate) triangle: Array2<f64>,
}

/// One round of the adaptive search.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Round {
    /// For each probed block, the fraction of the other columns that it shortens by the factor η.
    pub fractions: Vec<f64>,
    /// Their mean, which the round compares with δ/k.
    pub mean_fraction: f64,
    /// Which block was added; `None` in the last round.
    pub chosen: Option<usize>,
    /// The columns of that block that were independent of the span.
    pub added: Vec<usize>,
    /// Dimension m of the span after the round.
    pub rank: usize,
}

/// What a span says about its design, in a few numbers.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SpanDiagnostics {
    /// Why the search ended.
    pub reason: Reason,
    /// Dimension m of the span.
    pub rank: usize,
    /// Mean fraction of each round.
    pub mean_fractions: Vec<f64>,
    /// Number of columns inside the span, those of the set among them.
    pub inside: usize,
    /// Smallest and largest ρᵢ / ‖xᵢ‖ of the columns outside; 0 when there are none.
    pub relative_residuals: (f64, f64),
    /// Estimate of φ(U, η) of Theorem A′: the mean fraction of the last round, if there was one.
    pub phi: Option<f64>,
}

impl RandomSpan {
    /// The span of the columns `set` of `x` (n × d), which is taken as it is: centre it first if there is an intercept.
    ///
    /// # Errors
    /// An empty or non-finite design, an index that does not exist or stands twice.
    pub fn from_set(x: &ArrayRef2<f64>, set: &[usize]) -> Result<Self> {
        Self::from_set_with(x, set, Precision::Double)
    }

    /// [`from_set`](Self::from_set) in a precision of choice.
    ///
    /// # Errors
    /// As there.
    pub fn from_set_with(x: &ArrayRef2<f64>, set: &[usize], precision: Precision) -> Result<Self> {
        check_design(x)?;
        check_distinct("set", set, x.ncols(), "columns")?;
        let mut residuals = Residuals::new(x, precision.default_tolerance(), precision);
        residuals.add(set)?;
        Self::finish(residuals, Reason::Given, Vec::new())
    }

    pub(super) fn finish(mut residuals: Residuals, reason: Reason, rounds: Vec<Round>) -> Result<Self> {
        residuals.settle()?;
        let (n, d) = residuals.residual.dim();
        let set = residuals.set.clone();
        let mut basis = Array2::zeros((n, set.len()).f());
        basis.assign(&residuals.basis());
        let mut triangle = Array2::zeros((set.len(), set.len()).f());
        for (i, &j) in set.iter().enumerate() {
            let mut r = Array1::zeros(set.len());
            gemv_into(&mut r, Accumulate::Replace, 1.0 / residuals.factors[j], &basis.t(), &residuals.column(j))?;
            r.iter_mut().skip(i + 1).for_each(|below| *below = 0.0);
            triangle.column_mut(i).assign(&r);
        }
        let inside = (0..d).map(|j| !residuals.is_active(j)).collect();
        let rho = &residuals.rho / &residuals.factors;
        let norms = &residuals.norms / &residuals.factors;
        let directions = residuals.into_directions((n as f64).sqrt());
        Ok(Self { set, basis, rho, norms, inside, reason, rounds, directions, triangle })
    }

    /// Dimension m of the span.
    pub fn rank(&self) -> usize {
        self.set.len()
    }

    /// ζᵢ = √n rᵢ / ρᵢ (n × d), zero for the columns inside the span.
    pub fn directions(&self) -> ArrayView2<'_, f64> {
        self.directions.view()
    }

    /// Penalty factors pᵢ = ρᵢ / √n, 0 on S (d): the Lasso on X with these is the projected Lasso (section "phase 2" of
    /// the method's page), for any solver that knows unpenalised features.
    ///
    /// Columns inside the span but not in S get the factor 0 too; give them no coefficient. Where X_S is ill conditioned
    /// (above 1e8) only the projected form is numerically sound.
    pub fn penalty_factors(&self) -> Array1<f64> {
        let root = (self.basis.nrows() as f64).sqrt();
        Array1::from_shape_fn(self.rho.len(), |j| if self.inside[j] { 0.0 } else { self.rho[j] / root })
    }

    /// B = X_S⁺ X (m × d): how the columns of X are made of those of S, as far as they are. `x` is the design of the span.
    ///
    /// # Errors
    /// A design of another shape.
    pub fn coefficients(&self, x: &ArrayRef2<f64>) -> Result<Array2<f64>> {
        check_shape("x", x, &[self.basis.nrows(), self.rho.len()], "the span was made for that design")?;
        let mut b = Array2::zeros((self.rank(), x.ncols()).f());
        gemm_into(&mut b, Accumulate::Replace, 1.0, &self.basis.t(), x)?;
        for mut column in b.columns_mut() {
            self.back_substitute(&mut column);
        }
        Ok(b)
    }

    /// (Q Qᵀ v, v - Q Qᵀ v) for a vector of n entries; projected twice.
    ///
    /// # Errors
    /// A vector of another length.
    pub fn split(&self, v: &ArrayRef1<f64>) -> Result<(Array1<f64>, Array1<f64>)> {
        check_shape("v", v, &[self.basis.nrows()], "the span lives in that many dimensions")?;
        let mut outside = v.to_owned();
        let mut c = Array1::zeros(self.rank());
        for _ in 0..2 {
            gemv_into(&mut c, Accumulate::Replace, 1.0, &self.basis.t(), &outside)?;
            gemv_into(&mut outside, Accumulate::Add, -1.0, &self.basis, &c)?;
        }
        let inside = v.to_owned() - &outside;
        Ok((inside, outside))
    }

    /// Least squares on S: X_S⁺ v (m).
    pub(crate) fn solve(&self, v: &ArrayRef1<f64>) -> Result<Array1<f64>> {
        let mut c = Array1::zeros(self.rank());
        gemv_into(&mut c, Accumulate::Replace, 1.0, &self.basis.t(), v)?;
        self.back_substitute(&mut c);
        Ok(c)
    }

    /// X_S⁺ v (m) with one step of refinement.
    pub(crate) fn explain(&self, x: &ArrayRef2<f64>, v: &ArrayRef1<f64>) -> Result<Array1<f64>> {
        let mut rest = v.to_owned();
        let mut a = Array1::zeros(self.rank());
        for _ in 0..2 {
            let change = self.solve(&rest)?;
            for (&j, &change) in self.set.iter().zip(&change) {
                rest.scaled_add(-change, &x.column(j));
            }
            a += &change;
        }
        Ok(a)
    }

    /// c ← R⁻¹ c.
    fn back_substitute(&self, c: &mut ArrayRef1<f64>) {
        for i in (0..self.rank()).rev() {
            let known: f64 = (i + 1..self.rank()).map(|j| self.triangle[[i, j]] * c[j]).sum();
            c[i] = (c[i] - known) / self.triangle[[i, i]];
        }
    }

    /// Coefficients on X (d) of z on the directions, where the span takes `y`: wᵢ = √n zᵢ / ρᵢ outside U and the
    /// least-squares remainder on S.
    pub(crate) fn recover(&self, x: &ArrayRef2<f64>, y: &ArrayRef1<f64>, z: &ArrayRef1<f64>) -> Result<Array1<f64>> {
        let root = (self.basis.nrows() as f64).sqrt();
        let mut w = Array1::zeros(self.rho.len());
        let mut rest = y.to_owned();
        for (j, &z) in z.iter().enumerate().filter(|(j, z)| **z != 0.0 && !self.inside[*j]) {
            w[j] = root * z / self.rho[j];
            rest.scaled_add(-w[j], &x.column(j));
        }
        for (&j, &value) in self.set.iter().zip(&self.explain(x, &rest)?) {
            w[j] = value;
        }
        Ok(w)
    }

    /// The span of the same set in other rows: training rows of a fold, say.
    ///
    /// # Errors
    /// A design with another number of columns, empty or not finite.
    pub fn on(&self, x: &ArrayRef2<f64>) -> Result<Self> {
        check_shape("x", x, &[x.nrows(), self.rho.len()], "the span was made for that many columns")?;
        let mut other = Self::from_set(x, &self.set)?;
        other.reason = self.reason;
        other.rounds.clone_from(&self.rounds);
        Ok(other)
    }

    /// The span in a few numbers.
    pub fn diagnostics(&self) -> SpanDiagnostics {
        let relative = |j: usize| self.rho[j] / self.norms[j];
        let outside = (0..self.rho.len()).filter(|&j| !self.inside[j]).map(relative);
        let (low, high) = outside.fold((f64::INFINITY, 0.0_f64), |(low, high), r| (low.min(r), high.max(r)));
        SpanDiagnostics {
            reason: self.reason,
            rank: self.rank(),
            mean_fractions: self.rounds.iter().map(|round| round.mean_fraction).collect(),
            inside: self.inside.iter().filter(|&&inside| inside).count(),
            relative_residuals: (if low.is_finite() { low } else { 0.0 }, high),
            phi: self.rounds.last().map(|round| round.mean_fraction),
        }
    }
}
