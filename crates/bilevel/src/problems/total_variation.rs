//! Smoothed total variation denoising of one image (section 5.2).

use super::image::{check_pair, half_square_into};
use crate::vector::norm;
use crate::{Constants, LowerLevel, Result, UpperLevel};
use core_tensor::check_range;
use ndarray::{Array1, Array2, ArrayRef1};

/// How differences of neighbours are measured; ν = e^(θ₁) smooths the corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Variation {
    /// Σ √(dx² + ν²) + Σ √(dy² + ν²) over the existing differences.
    #[default]
    Anisotropic,
    /// Σ √(dx² + dy² + ν²) over the pixels, differences past the border being 0.
    Isotropic,
}

/// `h = ½ ‖x - y‖² + w e^(θ₀) R_ν(x)`, ν = e^(θ₁), `g = ½ ‖x - truth‖²`: the weight of the variation and the smoothing are learned from a pair
/// of a noisy image y and the true one. For several pairs take [`Samples`](crate::Samples).
///
/// Passes over the image are fused: a gradient reads x once and writes once.
#[derive(Debug, Clone)]
pub struct TotalVariation {
    noisy: Array2<f64>,
    truth: Array2<f64>,
    variation: Variation,
    weight: f64,
    /// Per pixel: second derivatives of the variation along both differences, at the last linearised point. For the isotropic form the 2 × 2
    /// matrix is (1/m) I - d dᵀ/m³.
    down: Vec<[f64; 2]>,
    right: Vec<[f64; 2]>,
}

impl TotalVariation {
    /// Of images of one size (H × W), with w = ½ as in the published code.
    ///
    /// # Errors
    /// Images without pixels, of different sizes, or not finite.
    pub fn new(noisy: Array2<f64>, truth: Array2<f64>, variation: Variation) -> Result<Self> {
        check_pair(&noisy, &truth)?;
        Ok(Self { noisy, truth, variation, weight: 0.5, down: Vec::new(), right: Vec::new() })
    }

    /// Replaces w > 0.
    ///
    /// # Errors
    /// w out of range.
    pub fn weight(mut self, weight: f64) -> Result<Self> {
        check_range("weight", weight, weight > 0.0 && weight.is_finite(), "finite and > 0")?;
        self.weight = weight;
        Ok(self)
    }

    /// The noisy image.
    #[must_use]
    pub fn noisy(&self) -> &Array2<f64> {
        &self.noisy
    }

    fn coefficients(&self, theta: &ArrayRef1<f64>) -> (f64, f64) {
        (self.weight * theta[0].exp(), (2.0 * theta[1]).exp())
    }

    /// Calls `f` with each pixel, its neighbours below and to the right, and whether there are any.
    fn differences(&self, x: &ArrayRef1<f64>, mut f: impl FnMut(usize, Option<f64>, Option<f64>)) {
        let (rows, columns) = self.noisy.dim();
        for i in 0..rows {
            for j in 0..columns {
                let p = i * columns + j;
                let down = (i + 1 < rows).then(|| x[p + columns] - x[p]);
                let right = (j + 1 < columns).then(|| x[p + 1] - x[p]);
                f(p, down, right);
            }
        }
    }

    /// Adds Dᵀ of the fluxes at pixel p.
    fn scatter(out: &mut [f64], columns: usize, p: usize, down: Option<f64>, right: Option<f64>) {
        if let Some(flux) = down {
            out[p] -= flux;
            out[p + columns] += flux;
        }
        if let Some(flux) = right {
            out[p] -= flux;
            out[p + 1] += flux;
        }
    }

    /// Σ over differences of f(d, along, and their square length).
    fn sums(&self, x: &ArrayRef1<f64>, q: &ArrayRef1<f64>, square: f64) -> (f64, f64) {
        let columns = self.noisy.ncols();
        let (mut first, mut second) = (0.0, 0.0);
        self.differences(x, |p, down, right| {
            let along_down = down.map(|_| q[p + columns] - q[p]);
            let along_right = right.map(|_| q[p + 1] - q[p]);
            let mut add = |product: f64, length: f64| {
                let m = (length + square).sqrt();
                first += product / m;
                second += product / (m * m * m);
            };
            match self.variation {
                Variation::Anisotropic => {
                    for (d, a) in [(down, along_down), (right, along_right)] {
                        if let (Some(d), Some(a)) = (d, a) {
                            add(d * a, d * d);
                        }
                    }
                }
                Variation::Isotropic => {
                    let (d, r) = (down.unwrap_or(0.0), right.unwrap_or(0.0));
                    add(d * along_down.unwrap_or(0.0) + r * along_right.unwrap_or(0.0), d * d + r * r);
                }
            }
        });
        (first, second)
    }
}

impl LowerLevel for TotalVariation {
    fn variables(&self) -> usize {
        self.noisy.len()
    }

    fn hyperparameters(&self) -> usize {
        2
    }

    fn start(&self) -> Array1<f64> {
        self.noisy.iter().copied().collect()
    }

    fn value_and_gradient_into(
        &mut self,
        x: &ArrayRef1<f64>,
        theta: &ArrayRef1<f64>,
        gradient: &mut ArrayRef1<f64>,
    ) -> f64 {
        let (c, square) = self.coefficients(theta);
        let columns = self.noisy.ncols();
        let mut out = vec![0.0; x.len()];
        let mut variation = 0.0;
        self.differences(x, |p, down, right| match self.variation {
            Variation::Anisotropic => {
                let mut flux = |d: Option<f64>| {
                    d.map(|d| {
                        let m = (d * d + square).sqrt();
                        variation += m;
                        d / m
                    })
                };
                let (down, right) = (flux(down), flux(right));
                Self::scatter(&mut out, columns, p, down, right);
            }
            Variation::Isotropic => {
                let (d, r) = (down.unwrap_or(0.0), right.unwrap_or(0.0));
                let m = (d * d + r * r + square).sqrt();
                variation += m;
                Self::scatter(&mut out, columns, p, down.map(|d| d / m), right.map(|r| r / m));
            }
        });
        let mut data = 0.0;
        for (((g, flow), x), y) in gradient.iter_mut().zip(&out).zip(x).zip(&self.noisy) {
            data += (x - y) * (x - y);
            *g = (x - y) + c * flow;
        }
        0.5 * data + c * variation
    }

    fn linearise(&mut self, x: &ArrayRef1<f64>, theta: &ArrayRef1<f64>) {
        let (c, square) = self.coefficients(theta);
        let (mut downs, mut rights) = (std::mem::take(&mut self.down), std::mem::take(&mut self.right));
        downs.resize(x.len(), [0.0; 2]);
        rights.resize(x.len(), [0.0; 2]);
        self.differences(x, |p, down, right| {
            let (d, r) = (down.unwrap_or(0.0), right.unwrap_or(0.0));
            match self.variation {
                Variation::Anisotropic => {
                    let curvature = |d: f64| {
                        let m = (d * d + square).sqrt();
                        c * square / (m * m * m)
                    };
                    downs[p] = [curvature(d), 0.0];
                    rights[p] = [0.0, curvature(r)];
                }
                Variation::Isotropic => {
                    let m = (d * d + r * r + square).sqrt();
                    let cube = m * m * m;
                    downs[p] = [c * (1.0 / m - d * d / cube), -c * d * r / cube];
                    rights[p] = [-c * d * r / cube, c * (1.0 / m - r * r / cube)];
                }
            }
        });
        (self.down, self.right) = (downs, rights);
    }

    fn hessian_vector_into(
        &mut self,
        _x: &ArrayRef1<f64>,
        _theta: &ArrayRef1<f64>,
        v: &ArrayRef1<f64>,
        out: &mut ArrayRef1<f64>,
    ) {
        let columns = self.noisy.ncols();
        let mut image = vec![0.0; v.len()];
        self.differences(v, |p, down, right| {
            let (d, r) = (down.unwrap_or(0.0), right.unwrap_or(0.0));
            let flux = |row: [f64; 2]| row[0] * d + row[1] * r;
            Self::scatter(&mut image, columns, p, down.map(|_| flux(self.down[p])), right.map(|_| flux(self.right[p])));
        });
        for ((o, i), v) in out.iter_mut().zip(&image).zip(v) {
            *o = v + i;
        }
    }

    fn cross_transposed_into(
        &mut self,
        x: &ArrayRef1<f64>,
        theta: &ArrayRef1<f64>,
        q: &ArrayRef1<f64>,
        out: &mut ArrayRef1<f64>,
    ) {
        let (c, square) = self.coefficients(theta);
        let (first, second) = self.sums(x, q, square);
        out[0] = c * first;
        out[1] = -c * square * second;
    }

    fn strong_convexity(&self, _theta: &ArrayRef1<f64>) -> f64 {
        1.0
    }

    fn smoothness(&self, theta: &ArrayRef1<f64>) -> Option<f64> {
        let (c, square) = self.coefficients(theta);
        // ‖D‖² ≤ 8, the second derivative at most 1/ν.
        Some(1.0 + 8.0 * c / square.sqrt())
    }

    fn constants(&mut self, x: &ArrayRef1<f64>, theta: &ArrayRef1<f64>) -> Option<Constants> {
        let (c, square) = self.coefficients(theta);
        // The columns of J are exact: c Dᵀ(d/m) and -c ν² Dᵀ(d/m³).
        let columns = self.noisy.ncols();
        let (mut first, mut second) = (Array1::<f64>::zeros(x.len()), Array1::<f64>::zeros(x.len()));
        if let (Some(first), Some(second)) = (first.as_slice_mut(), second.as_slice_mut()) {
            self.differences(x, |p, down, right| {
                let (d, r) = (down.unwrap_or(0.0), right.unwrap_or(0.0));
                let (m_down, m_right) = match self.variation {
                    Variation::Anisotropic => ((d * d + square).sqrt(), (r * r + square).sqrt()),
                    Variation::Isotropic => {
                        let m = (d * d + r * r + square).sqrt();
                        (m, m)
                    }
                };
                Self::scatter(first, columns, p, down.map(|d| c * d / m_down), right.map(|r| c * r / m_right));
                Self::scatter(
                    second,
                    columns,
                    p,
                    down.map(|d| -c * square * d / m_down.powi(3)),
                    right.map(|r| -c * square * r / m_right.powi(3)),
                );
            });
        }
        let cross_norm = norm(&first).hypot(norm(&second));
        // Of √(s² + ν²): the third derivative is at most 0.85865/ν²; rows of D have length √2.
        let (root, smoothing) = (8.0 * 2.0_f64.sqrt(), square.sqrt());
        Some(Constants {
            cross_norm,
            inverse_hessian_lipschitz: c * root * 0.858_65 / square,
            cross_lipschitz: c * root / smoothing,
        })
    }
}

impl UpperLevel for TotalVariation {
    fn loss_and_gradient_into(&mut self, x: &ArrayRef1<f64>, gradient: &mut ArrayRef1<f64>) -> f64 {
        half_square_into(x, &self.truth, gradient)
    }

    fn loss_smoothness(&self) -> f64 {
        1.0
    }

    fn loss_is_convex(&self) -> bool {
        true
    }
}
