//! Do the residuals look as the model says they should?

use crate::{Fit, Result};
use core_tensor::{check_finite, check_shape};
use ndarray::{Array1, Array2, ArrayRef2, ArrayView1, Axis};

/// What the residuals of a fit look like, one entry for each variable (d).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ResidualDiagnostics {
    /// Skewness; 0 for symmetric noise.
    pub skewness: Array1<f64>,
    /// Excess kurtosis; 0 for Gaussian noise, positive for heavy tails.
    pub excess_kurtosis: Array1<f64>,
    /// p-value of the test of Jarque and Bera for Gaussian noise (asymptotic: χ² with 2 degrees of freedom). The method
    /// does not need Gaussian noise; standard errors and criteria lean on it.
    pub normality_p: Array1<f64>,
    /// Largest absolute correlation of the residual under the fit's own (shrunk) weights with a parent: what the l1 norm
    /// left unexplained. 0 without parents.
    pub parent_correlation: Array1<f64>,
    /// Largest absolute correlation of the squared residual (least-squares weights) with the squared parents, both
    /// centred: a sign of a non-linear effect or of noise that depends on the parents.
    pub squared_correlation: Array1<f64>,
}

impl Fit {
    /// Looks at the residuals of the rows of `x` (n × d), usually those that were fitted. Variables without residual
    /// variance get zeros and a p-value of 1.
    ///
    /// # Errors
    /// A wrong number of columns; no row; an entry that is not finite.
    pub fn residual_diagnostics(&self, x: &ArrayRef2<f64>) -> Result<ResidualDiagnostics> {
        let d = self.weights.ncols();
        check_shape("x", x, &[x.nrows(), d], "the fit has that many variables")?;
        check_finite("x", x)?;
        let Some(mean) = x.mean_axis(Axis(0)) else {
            return Err(core_tensor::Error::Empty { argument: "x", expected: "row" }.into());
        };
        let centred = &x.view() - &mean;
        let under = |w: &Array2<f64>| &centred - &centred.dot(w);
        let (residual, shrunk) = (under(&self.refit.weights), under(&self.weights));
        let mut found = ResidualDiagnostics {
            skewness: Array1::zeros(d),
            excess_kurtosis: Array1::zeros(d),
            normality_p: Array1::ones(d),
            parent_correlation: Array1::zeros(d),
            squared_correlation: Array1::zeros(d),
        };
        let n = x.nrows() as f64;
        for j in 0..d {
            let r = residual.column(j);
            let moment = |power: i32| r.iter().map(|r| r.powi(power)).sum::<f64>() / n;
            let variance = moment(2);
            // Residuals at the rounding of the data say nothing.
            let scale = centred.column(j).iter().fold(0.0_f64, |m, v| m.max(v.abs()));
            if !(variance.sqrt() > 1e-12 * scale) {
                continue;
            }
            let skewness = moment(3) / variance.powf(1.5);
            let kurtosis = moment(4) / (variance * variance) - 3.0;
            found.skewness[j] = skewness;
            found.excess_kurtosis[j] = kurtosis;
            found.normality_p[j] = (-n / 12.0 * (skewness * skewness + 0.25 * kurtosis * kurtosis)).exp();
            for i in (0..d).filter(|&i| self.weights[[i, j]] != 0.0) {
                let linear = correlation(shrunk.column(j), centred.column(i));
                let square = |v: ArrayView1<'_, f64>| v.mapv(|v| v * v);
                let squared = correlation(square(r).view(), square(centred.column(i)).view());
                found.parent_correlation[j] = found.parent_correlation[j].max(linear.abs());
                found.squared_correlation[j] = found.squared_correlation[j].max(squared.abs());
            }
        }
        Ok(found)
    }
}

/// Pearson's correlation; 0 when one of the two does not vary.
fn correlation(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> f64 {
    let n = a.len() as f64;
    let (a, b) = (a.mapv(|v| v - a.sum() / n), b.mapv(|v| v - b.sum() / n));
    let norm = (a.dot(&a) * b.dot(&b)).sqrt();
    if norm > 0.0 { a.dot(&b) / norm } else { 0.0 }
}
