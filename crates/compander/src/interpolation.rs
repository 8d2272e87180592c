//! The bias of training latent weights, in the one case where it is known exactly: linear models with more weights than
//! equations.

use crate::{Compander, CompandingFunction, Error, Result};
use core_tensor::operator::{ConjugateGradients, Limits, LinearOperator};
use core_tensor::{check_finite, check_shape};
use ndarray::{Array1, ArrayRef1, ArrayRef2, Zip};
use std::cell::RefCell;

/// The weights of least potential that solve X w = y.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Interpolation {
    /// w (d).
    pub weights: Array1<f64>,
    /// The multipliers z (m): φ'(wᵢ) = (Xᵀ z)ᵢ.
    pub multipliers: Array1<f64>,
    /// ‖X w - y‖ / ‖y‖.
    pub residual: f64,
    /// Σ φ(wᵢ).
    pub potential: f64,
    /// Newton steps taken.
    pub iterations: usize,
}

impl<F: CompandingFunction<f64>> Compander<f64, F> {
    /// `argmin Σ φ(wᵢ) subject to X w = y` for X (m × d) and y (m): where gradient flow on the latent weights of
    /// ½‖X w - y‖², started from v = 0, ends. Wide ranges give the solution of least Euclidean norm, tight ones approach
    /// that of least maximum.
    ///
    /// Newton's method on the dual, max yᵀz - Σ φ*((Xᵀz)ᵢ), whose gradient is y - X w(z) and whose Hessian is
    /// -X diag(h(w)) Xᵀ; each step is solved by conjugate gradients.
    ///
    /// # Errors
    /// [`Error::Argument`] for shapes that do not fit, no rows or columns, or entries that are not finite;
    /// [`Error::Infeasible`] when no weights within the bound solve the system (or none at all).
    pub fn interpolate(&self, x: &ArrayRef2<f64>, y: &ArrayRef1<f64>) -> Result<Interpolation> {
        /// Relative residual at which the Newton iteration is content.
        const TOLERANCE: f64 = 1e-13;
        const STEPS: usize = 200;
        let (m, d) = x.dim();
        if x.is_empty() {
            return Err(core_tensor::Error::Empty { argument: "x", expected: "row and column" }.into());
        }
        check_shape("y", y, &[m], "`x` has as many rows")?;
        check_finite("x", x)?;
        check_finite("y", y)?;
        let size = norm(y);
        let mut point = Point::at(self, x, Array1::zeros(m));
        let mut hessian = Hessian { x, rates: Array1::zeros(d), product: RefCell::new(Array1::zeros(d)) };
        let mut solver = ConjugateGradients::new(m);
        let mut iterations = 0;
        while point.residual_norm(y) > TOLERANCE * size {
            if iterations == STEPS {
                return Err(self.infeasible(point.residual_norm(y) / size, iterations));
            }
            iterations += 1;
            Zip::from(&mut hessian.rates).and(&point.slopes).for_each(|rate, &slope| *rate = slope * slope);
            let residual = point.residual(y);
            let mut direction = Array1::zeros(m);
            // Products that overflow stop the solver, and the step is then whatever it reached.
            let limits = Limits { tolerance: 1e-12, iterations: 10 * m + 50 };
            solver.solve(&hessian, None, &residual, &mut direction, limits)?;
            let slope = residual.dot(&direction);
            if !(slope > 0.0) {
                return Err(self.infeasible(point.residual_norm(y) / size, iterations));
            }
            // The dual is concave: a step is good when the slope along it has not turned by more than half.
            let mut length = 1.0;
            let mut next = Point::at(self, x, &point.z + &direction);
            while !(next.residual(y).dot(&direction) >= -0.5 * slope && next.products.iter().all(|p| p.is_finite())) {
                length /= 2.0;
                if length < 1e-12 {
                    return Err(self.infeasible(point.residual_norm(y) / size, iterations));
                }
                next = Point::at(self, x, &point.z + &(&direction * length));
            }
            // At the limit of rounding the residual no longer falls.
            if next.residual_norm(y) >= point.residual_norm(y) && point.residual_norm(y) <= 1e-10 * size {
                break;
            }
            point = next;
        }
        let residual = if size > 0.0 { point.residual_norm(y) / size } else { 0.0 };
        let potential = point.ratios.iter().map(|&u| self.function().potential(u)).sum::<f64>();
        Ok(Interpolation {
            weights: point.weights,
            multipliers: point.z,
            residual,
            potential: potential * self.width() * self.width(),
            iterations,
        })
    }

    fn infeasible(&self, residual: f64, iterations: usize) -> Error {
        Error::Infeasible { bound: self.bound(), residual, iterations }
    }
}

/// All that belongs to multipliers z.
struct Point {
    z: Array1<f64>,
    /// u = v/b of each weight.
    ratios: Array1<f64>,
    weights: Array1<f64>,
    /// dw/dv.
    slopes: Array1<f64>,
    /// X w.
    products: Array1<f64>,
}

impl Point {
    fn at<F: CompandingFunction<f64>>(compander: &Compander<f64, F>, x: &ArrayRef2<f64>, z: Array1<f64>) -> Self {
        let ratios = x.t().dot(&z).mapv(|dual| compander.inverse_mirror_ratio(dual));
        let weights = ratios.mapv(|u| compander.range() * compander.function().value(u));
        let slopes = ratios.mapv(|u| compander.range() / compander.width() * compander.function().derivative(u));
        let products = x.dot(&weights);
        Self { z, ratios, weights, slopes, products }
    }

    /// y - X w.
    fn residual(&self, y: &ArrayRef1<f64>) -> Array1<f64> {
        Zip::from(y).and(&self.products).map_collect(|y, product| y - product)
    }

    fn residual_norm(&self, y: &ArrayRef1<f64>) -> f64 {
        norm(&self.residual(y))
    }
}

/// X diag(h) Xᵀ.
struct Hessian<'a> {
    x: &'a ArrayRef2<f64>,
    rates: Array1<f64>,
    product: RefCell<Array1<f64>>,
}

impl LinearOperator<f64> for Hessian<'_> {
    fn rows(&self) -> usize {
        self.x.nrows()
    }

    fn columns(&self) -> usize {
        self.x.nrows()
    }

    fn apply_into(&self, z: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) -> core_tensor::Result<()> {
        let mut product = self.product.borrow_mut();
        ndarray::linalg::general_mat_vec_mul(1.0, &self.x.t(), z, 0.0, &mut *product);
        *product *= &self.rates;
        ndarray::linalg::general_mat_vec_mul(1.0, self.x, &*product, 0.0, out);
        Ok(())
    }

    fn apply_transposed_into(&self, z: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) -> core_tensor::Result<()> {
        self.apply_into(z, out)
    }
}

fn norm(x: &ArrayRef1<f64>) -> f64 {
    x.dot(x).sqrt()
}
