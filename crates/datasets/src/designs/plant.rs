//! Signals with a known support.

use crate::Result;
use core_tensor::linalg::Svd;
use core_tensor::random::{normal_array, permutation, rng};
use core_tensor::{check_finite, check_range};
use ndarray::{Array1, Array2, ArrayRef2, ShapeBuilder};

/// How a signal is planted in a design.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plant {
    sparsity: usize,
    support: Support,
    coefficients: Coefficients,
    rms: f64,
}

/// Where the support lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// A uniformly random set of columns.
    Random,
    /// A random set that contains columns 2j and 2j + 1 for a random j: the adversary's choice for
    /// [`HardDesign::Pairs`](super::HardDesign::Pairs).
    WithPair,
}

/// The coefficients on the support T.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coefficients {
    /// The right singular vector of X_T for its smallest singular value: the adversary's choice on a given support.
    Worst,
    /// Independent standard normal numbers.
    Random,
}

/// A planted signal.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Planted {
    /// The support T, ascending.
    pub support: Vec<usize>,
    /// w* (d).
    pub coefficients: Array1<f64>,
    /// X w* (n).
    pub signal: Array1<f64>,
}

impl Plant {
    /// A signal on `sparsity` random columns with worst-case coefficients and root mean square 1.
    pub fn new(sparsity: usize) -> Self {
        Self { sparsity, support: Support::Random, coefficients: Coefficients::Worst, rms: 1.0 }
    }

    /// Where the support lies.
    pub fn support(mut self, support: Support) -> Self {
        self.support = support;
        self
    }

    /// The coefficients on the support.
    pub fn coefficients(mut self, coefficients: Coefficients) -> Self {
        self.coefficients = coefficients;
        self
    }

    /// ‖X w*‖ / √n.
    pub fn rms(mut self, rms: f64) -> Self {
        self.rms = rms;
        self
    }

    /// Plants a signal in `x` (n × d). The same seed gives the same bits.
    ///
    /// # Errors
    /// A design that is not finite or has fewer columns than the support needs; a negative rms; a support whose columns
    /// vanish.
    pub fn draw(self, x: &ArrayRef2<f64>, seed: u64) -> Result<Planted> {
        check_finite("x", x)?;
        let (n, d) = x.dim();
        let k = self.sparsity;
        let enough = k >= 1 && k <= d.min(n) && (self.support == Support::Random || (k >= 2 && d >= 2));
        check_range("sparsity", k as f64, enough, "at least 1 (2 for a pair) and at most the rows and columns of `x`")?;
        check_range("rms", self.rms, self.rms >= 0.0 && self.rms.is_finite(), "finite and >= 0")?;
        let mut rng = rng(seed);
        let mut support = permutation(&mut rng, d);
        if self.support == Support::WithPair {
            let first = 2 * (support.iter().copied().find(|j| j / 2 * 2 + 1 < d).unwrap_or(0) / 2);
            support.retain(|j| j / 2 * 2 != first);
            support.splice(0..0, [first, first + 1]);
        }
        support.truncate(k);
        support.sort_unstable();
        let mut columns = Array2::zeros((n, k).f());
        for (mut to, &j) in columns.columns_mut().into_iter().zip(&support) {
            to.assign(&x.column(j));
        }
        let mut w: Array1<f64> = match self.coefficients {
            Coefficients::Random => normal_array(&mut rng, k),
            Coefficients::Worst => {
                let mut svd = Svd::new(n, k);
                svd.factorise(&columns)?;
                svd.v()?.column(k - 1).to_owned()
            }
        };
        let signal = columns.dot(&w);
        let norm = signal.dot(&signal).sqrt();
        check_range("the norm of the signal", norm, norm > 0.0 && norm.is_finite(), "positive: the columns vanish")?;
        w *= self.rms * (n as f64).sqrt() / norm;
        let signal = columns.dot(&w);
        let mut coefficients = Array1::zeros(d);
        support.iter().zip(&w).for_each(|(&j, &w)| coefficients[j] = w);
        Ok(Planted { support, coefficients, signal })
    }
}

impl Planted {
    /// The signal plus independent normal noise of standard deviation `sigma` (n).
    pub fn response(&self, sigma: f64, seed: u64) -> Array1<f64> {
        let noise: Array1<f64> = normal_array(&mut rng(seed), self.signal.len());
        &self.signal + &(noise * sigma)
    }

    /// ‖f - X w*‖² / n for fitted values f (n); NaN for another length.
    pub fn prediction_error(&self, fitted: &Array1<f64>) -> f64 {
        if fitted.len() != self.signal.len() {
            return f64::NAN;
        }
        let change = fitted - &self.signal;
        change.dot(&change) / change.len() as f64
    }
}
