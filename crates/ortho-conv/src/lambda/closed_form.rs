//! Maps with closed forms, and the constrained problem that the penalty stands for.

use super::affine::AffineMap;
use super::penalty::orthogonality_distance;
use crate::orthogonaliser::polar;
use crate::{Error, Result};
use core_optim::{Lbfgs, SmoothObjective, StoppingRule};
use core_tensor::linalg::{Accumulate, Qr, gemm_into, gram_into};
use core_tensor::{check_finite, check_range, check_shape};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis};

/// The orthogonal W (d × d) that minimises `‖new Wᵀ - old‖_F` (both n × d): U Vᵀ of oldᵀ new (Procrustes).
///
/// # Errors
/// Other shapes, entries that are not finite; oldᵀ new of deficient rank.
pub fn procrustes(new: &ArrayRef2<f64>, old: &ArrayRef2<f64>) -> Result<Array2<f64>> {
    check_pair(new, old)?;
    polar(&old.t().dot(new))
}

/// The affine map that minimises `‖map(new) - old‖_F` (n × d → n × e), n > d.
///
/// # Errors
/// Another number of rows, too few of them, dependent columns, entries that are not finite.
pub fn least_squares_map(new: &ArrayRef2<f64>, old: &ArrayRef2<f64>) -> Result<AffineMap> {
    check_finite("new", new)?;
    check_finite("old", old)?;
    check_shape("old", old, &[new.nrows(), old.ncols()], "it has a row per row of `new`")?;
    check_range("rows", new.nrows() as f64, new.nrows() > new.ncols(), "above the number of columns")?;
    let (centre_new, centre_old) = (mean(new), mean(old));
    let mut qr = Qr::new(new.nrows(), new.ncols());
    qr.factorise(&(new.to_owned() - &centre_new))?;
    let mut solution = Array2::zeros((new.ncols(), old.ncols()));
    qr.least_squares_into(&(old.to_owned() - &centre_old), &mut solution)?;
    let weight = solution.reversed_axes();
    let bias = centre_old - weight.dot(&centre_new);
    Ok(AffineMap { weight, bias })
}

/// The W (d × d) that minimises the mean of `‖W newᵢ - oldᵢ‖²` subject to `‖W Wᵀ - I‖_F ≤ lambda`, by the augmented Lagrangian method with
/// L-BFGS inside. Returns W; a check on what training with the penalty reaches. (The problem is not convex: a local solution, from the
/// Procrustes map.)
///
/// # Errors
/// Other shapes, entries that are not finite; λ < 0 or not finite; [`Error::Optimisation`] where the inner solver fails.
pub fn constrained_map(new: &ArrayRef2<f64>, old: &ArrayRef2<f64>, lambda: f64) -> Result<Array2<f64>> {
    check_pair(new, old)?;
    check_range("lambda", lambda, lambda >= 0.0 && lambda.is_finite(), "finite and >= 0")?;
    let d = new.ncols();
    let start = procrustes(new, old)?;
    if lambda == 0.0 {
        return Ok(start);
    }
    let mut problem = Augmented::new(new, old, lambda)?;
    let solver = Lbfgs::new().max_iterations(2000).stopping(StoppingRule::none().gradient_abs(1e-10));
    let mut w = Array1::from_iter(start);
    let mut violation = f64::INFINITY;
    for _ in 0..30 {
        w = solver.minimise(&mut problem, &w)?.x;
        let constraint = problem.constraint(&w);
        problem.multiplier = (problem.multiplier + problem.weight * constraint).max(0.0);
        let now = constraint.max(-problem.multiplier / problem.weight).abs();
        if now < 1e-10 {
            break;
        }
        if now > 0.25 * violation {
            problem.weight *= 4.0;
        }
        violation = now;
    }
    let shape = |_| Error::Unsupported { what: "a solution of another size", reason: "it has d² entries" };
    w.into_shape_with_order((d, d)).map_err(shape)
}

/// `mean ‖W x - y‖² + (1/2ρ) (max(0, μ + ρ c)² - μ²)` with c = (R² - λ²)/2.
struct Augmented {
    d: usize,
    /// newᵀ new/n, oldᵀ new/n.
    gram: Array2<f64>,
    cross: Array2<f64>,
    constant: f64,
    lambda: f64,
    multiplier: f64,
    weight: f64,
}

impl Augmented {
    fn new(new: &ArrayRef2<f64>, old: &ArrayRef2<f64>, lambda: f64) -> Result<Self> {
        let (n, d) = new.dim();
        let mut gram = Array2::zeros((d, d));
        gram_into(&mut gram, Accumulate::Replace, (n as f64).recip(), new)?;
        let cross = old.t().dot(new) / n as f64;
        let constant = old.iter().map(|v| v * v).sum::<f64>() / n as f64;
        Ok(Self { d, gram, cross, constant, lambda, multiplier: 0.0, weight: 1.0 })
    }

    fn matrix(&self, w: &ArrayRef1<f64>) -> Array2<f64> {
        let mut entries = w.iter();
        Array2::from_shape_simple_fn((self.d, self.d), || entries.next().copied().unwrap_or(0.0))
    }

    fn constraint(&self, w: &ArrayRef1<f64>) -> f64 {
        let distance = orthogonality_distance(&self.matrix(w)).unwrap_or(f64::INFINITY);
        0.5 * (distance * distance - self.lambda * self.lambda)
    }
}

impl SmoothObjective<f64> for Augmented {
    fn dimension(&self) -> usize {
        self.d * self.d
    }

    fn value(&mut self, w: &ArrayRef1<f64>) -> f64 {
        let mut gradient = Array1::zeros(w.len());
        self.value_and_gradient_into(w, &mut gradient)
    }

    fn value_and_gradient_into(&mut self, w: &ArrayRef1<f64>, gradient: &mut ArrayRef1<f64>) -> f64 {
        let w = self.matrix(w);
        let moved = w.dot(&self.gram);
        let fit = self.constant + (&moved - &(2.0 * &self.cross)).iter().zip(&w).map(|(a, b)| a * b).sum::<f64>();
        let mut residual = Array2::zeros((self.d, self.d));
        // Shapes fit: both are d × d.
        let _ = gemm_into(&mut residual, Accumulate::Replace, 1.0, &w, &w.t());
        residual.diag_mut().iter_mut().for_each(|r| *r -= 1.0);
        let squared: f64 = residual.iter().map(|r| r * r).sum();
        let constraint = 0.5 * (squared - self.lambda * self.lambda);
        let push = (self.multiplier + self.weight * constraint).max(0.0);
        // ∇c = 2 (W Wᵀ - I) W.
        let whole = 2.0 * (moved - &self.cross) + 2.0 * push * residual.dot(&w);
        gradient.iter_mut().zip(&whole).for_each(|(g, &v)| *g = v);
        fit + (push * push - self.multiplier * self.multiplier) / (2.0 * self.weight)
    }
}

fn check_pair(new: &ArrayRef2<f64>, old: &ArrayRef2<f64>) -> Result<()> {
    check_finite("new", new)?;
    check_finite("old", old)?;
    check_shape("old", old, new.shape(), "`new` has that shape")?;
    Ok(check_range("rows", new.nrows() as f64, !new.is_empty(), "at least 1, with at least one column")?)
}

fn mean(x: &ArrayRef2<f64>) -> Array1<f64> {
    x.sum_axis(Axis(0)) / x.nrows() as f64
}
