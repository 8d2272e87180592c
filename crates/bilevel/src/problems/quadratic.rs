//! The problem whose solution is known (section 5.1).

use crate::{Constants, LowerLevel, Result, UpperLevel};
use core_tensor::linalg::{Llt, PivotedQr, Svd, SymmetricEigen};
use core_tensor::{check_finite, check_range, check_shape};
use ndarray::{Array1, Array2, ArrayRef1};

/// `h = c ‖A₂ x + A₃ θ - b₂‖²`, `g = c ‖A₁ x - b₁‖²`.
#[derive(Debug, Clone)]
pub struct Quadratic {
    a1: Array2<f64>,
    a2: Array2<f64>,
    a3: Array2<f64>,
    b1: Array1<f64>,
    b2: Array1<f64>,
    c: f64,
    hessian: Array2<f64>,
    factor: Llt<f64>,
    curvature: (f64, f64),
    loss_smoothness: f64,
    cross_norm: f64,
}

impl Quadratic {
    /// A₁ (p × N), b₁ (p), A₂ (r × N) of full column rank, A₃ (r × d), b₂ (r); the factor c > 0 of both squares is ½ in the published code and
    /// 1 in the paper.
    ///
    /// # Errors
    /// Shapes that do not fit, entries that are not finite, an A₂ of lower rank, c out of range.
    pub fn new(
        (a1, b1): (Array2<f64>, Array1<f64>),
        (a2, a3, b2): (Array2<f64>, Array2<f64>, Array1<f64>),
        c: f64,
    ) -> Result<Self> {
        let n = a2.ncols();
        check_shape("a1", &a1, &[b1.len(), n], "it has a row for each entry of `b1` and a column for each of `a2`")?;
        check_shape("a2", &a2, &[b2.len(), n], "it has a row for each entry of `b2`")?;
        check_shape("a3", &a3, &[b2.len(), a3.ncols()], "it has a row for each entry of `b2`")?;
        check_range("c", c, c > 0.0 && c.is_finite(), "finite and > 0")?;
        for (name, x) in [("a1", &a1), ("a2", &a2), ("a3", &a3)] {
            check_finite(name, x)?;
        }
        check_finite("b1", &b1)?;
        check_finite("b2", &b2)?;
        let hessian = a2.t().dot(&a2) * (2.0 * c);
        let mut factor = Llt::new(n);
        factor.factorise(&hessian)?;
        let ends = |matrix: &Array2<f64>| -> Result<(f64, f64)> {
            let mut eigen = SymmetricEigen::new(matrix.nrows());
            eigen.factorise(matrix)?;
            let values = eigen.values()?;
            let (low, high) = values.iter().fold((f64::INFINITY, 0.0_f64), |(a, b), &v| (a.min(v), b.max(v)));
            Ok((low, high))
        };
        let curvature = ends(&hessian)?;
        let loss_smoothness = ends(&(a1.t().dot(&a1) * (2.0 * c)))?.1;
        let cross = a2.t().dot(&a3) * (2.0 * c);
        let mut svd = Svd::new(cross.nrows(), cross.ncols());
        svd.factorise(&cross)?;
        let cross_norm = svd.singular_values()?.first().copied().unwrap_or(0.0);
        Ok(Self { a1, a2, a3, b1, b2, c, hessian, factor, curvature, loss_smoothness, cross_norm })
    }

    /// x̂(θ).
    ///
    /// # Errors
    /// Another length.
    pub fn solution(&self, theta: &ArrayRef1<f64>) -> Result<Array1<f64>> {
        check_shape("theta", theta, &[self.a3.ncols()], "the problem has that many hyperparameters")?;
        let mut x = self.a2.t().dot(&(&self.b2 - &self.a3.dot(theta))) * (2.0 * self.c);
        self.factor.solve_in_place(&mut x)?;
        Ok(x)
    }

    /// f(θ) and ∇f(θ).
    ///
    /// # Errors
    /// Another length.
    pub fn value_and_gradient(&self, theta: &ArrayRef1<f64>) -> Result<(f64, Array1<f64>)> {
        let residual = self.a1.dot(&self.solution(theta)?) - &self.b1;
        let mut q = self.a1.t().dot(&residual) * (2.0 * self.c);
        self.factor.solve_in_place(&mut q)?;
        let gradient = -(self.a3.t().dot(&self.a2.dot(&q))) * (2.0 * self.c);
        Ok((self.c * residual.dot(&residual), gradient))
    }

    /// A minimiser of f, by least squares (a basic solution where there are several).
    ///
    /// # Errors
    /// A failed factorisation.
    pub fn minimiser(&self) -> Result<Array1<f64>> {
        let d = self.a3.ncols();
        let at_zero = self.solution(&Array1::zeros(d))?;
        // x̂ is affine: A₁ M θ = b₁ - A₁ x̂(0), M = -H⁻¹ J.
        let mut sensitivity = self.a2.t().dot(&self.a3) * (-2.0 * self.c);
        self.factor.solve_in_place(&mut sensitivity)?;
        let matrix = self.a1.dot(&sensitivity);
        let mut qr = PivotedQr::new(matrix.nrows(), d);
        qr.factorise(&matrix)?;
        let mut theta = Array1::zeros(d);
        let tolerance = qr.default_tolerance();
        qr.least_squares_into(tolerance, &(&self.b1 - &self.a1.dot(&at_zero)), &mut theta)?;
        Ok(theta)
    }

    fn residual(&self, x: &ArrayRef1<f64>, theta: &ArrayRef1<f64>) -> Array1<f64> {
        self.a2.dot(x) + self.a3.dot(theta) - &self.b2
    }
}

impl LowerLevel for Quadratic {
    fn variables(&self) -> usize {
        self.a2.ncols()
    }

    fn hyperparameters(&self) -> usize {
        self.a3.ncols()
    }

    fn value_and_gradient_into(
        &mut self,
        x: &ArrayRef1<f64>,
        theta: &ArrayRef1<f64>,
        gradient: &mut ArrayRef1<f64>,
    ) -> f64 {
        let residual = self.residual(x, theta);
        gradient.assign(&(self.a2.t().dot(&residual) * (2.0 * self.c)));
        self.c * residual.dot(&residual)
    }

    fn hessian_vector_into(
        &mut self,
        _x: &ArrayRef1<f64>,
        _theta: &ArrayRef1<f64>,
        v: &ArrayRef1<f64>,
        out: &mut ArrayRef1<f64>,
    ) {
        out.assign(&self.hessian.dot(v));
    }

    fn cross_transposed_into(
        &mut self,
        _x: &ArrayRef1<f64>,
        _theta: &ArrayRef1<f64>,
        q: &ArrayRef1<f64>,
        out: &mut ArrayRef1<f64>,
    ) {
        out.assign(&(self.a3.t().dot(&self.a2.dot(q)) * (2.0 * self.c)));
    }

    fn cross_into(
        &mut self,
        _x: &ArrayRef1<f64>,
        _theta: &ArrayRef1<f64>,
        t: &ArrayRef1<f64>,
        out: &mut ArrayRef1<f64>,
    ) {
        out.assign(&(self.a2.t().dot(&self.a3.dot(t)) * (2.0 * self.c)));
    }

    fn strong_convexity(&self, _theta: &ArrayRef1<f64>) -> f64 {
        self.curvature.0
    }

    fn smoothness(&self, _theta: &ArrayRef1<f64>) -> Option<f64> {
        Some(self.curvature.1)
    }

    fn constants(&mut self, _x: &ArrayRef1<f64>, _theta: &ArrayRef1<f64>) -> Option<Constants> {
        Some(Constants { cross_norm: self.cross_norm, inverse_hessian_lipschitz: 0.0, cross_lipschitz: 0.0 })
    }
}

impl UpperLevel for Quadratic {
    fn loss_and_gradient_into(&mut self, x: &ArrayRef1<f64>, gradient: &mut ArrayRef1<f64>) -> f64 {
        let residual = self.a1.dot(x) - &self.b1;
        gradient.assign(&(self.a1.t().dot(&residual) * (2.0 * self.c)));
        self.c * residual.dot(&residual)
    }

    fn loss_smoothness(&self) -> f64 {
        self.loss_smoothness
    }

    fn loss_is_convex(&self) -> bool {
        true
    }
}
