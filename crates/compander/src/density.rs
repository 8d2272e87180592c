//! How effective weights are distributed when latent ones are normal.

use crate::families::inverse_error_function;
use crate::quadrature::GaussLegendre;
use crate::{Compander, CompandingFunction, Error, Result, UniformGrid};
use core_tensor::check_range;
use std::f64::consts::{PI, SQRT_2};

/// Moments of w = a ψ(v/b) for v ~ N(0, σ²), exact but for quadrature (1e-13).
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct WeightDistribution {
    /// Var w; the mean is 0.
    pub variance: f64,
    /// E w⁴/(Var w)² - 3; for a bounded compander it tends to -2 as σ/b grows (all weights near ±B).
    pub excess_kurtosis: f64,
    /// σ/b relative to its critical value: √2 σ/b for the arc tangent. Above 1 the density has two modes.
    pub bimodality: f64,
    /// True when the density has a dip at zero.
    pub bimodal: bool,
}

impl<F: CompandingFunction<f64>> Compander<f64, F> {
    /// The density of w for v ~ N(0, σ²): N(v; 0, σ²)/(dw/dv) at v = b ψ⁻¹(w/a), and 0 from the bound on.
    ///
    /// # Errors
    /// [`Error::Argument`] unless `deviation` (σ) is finite and positive and w is a number.
    pub fn density(&self, w: f64, deviation: f64) -> Result<f64> {
        check_deviation(deviation)?;
        check_range("w", w, !w.is_nan(), "a number")?;
        if !(w.abs() < self.bound()) {
            return Ok(0.0);
        }
        let Ok(u) = self.latent_ratio(w) else { return Ok(0.0) };
        let z = u * self.width() / deviation;
        let latent = (-0.5 * z * z).exp() / ((2.0 * PI).sqrt() * deviation);
        let slope = self.range() / self.width() * self.function().derivative(u);
        // Both tend to 0 at the bound; the normal density is faster.
        Ok(if latent == 0.0 { 0.0 } else { latent / slope })
    }

    /// Moments and shape of the distribution of w for v ~ N(0, σ²).
    ///
    /// # Errors
    /// [`Error::Argument`] unless `deviation` (σ) is finite and positive.
    pub fn distribution(&self, deviation: f64) -> Result<WeightDistribution> {
        check_deviation(deviation)?;
        let ratio = deviation / self.width();
        let (second, fourth) = (moment(&self.function(), ratio, 2), moment(&self.function(), ratio, 4));
        let critical = self.function().critical_deviation();
        Ok(WeightDistribution {
            variance: self.range() * self.range() * second,
            excess_kurtosis: fourth / (second * second) - 3.0,
            bimodality: ratio / critical,
            bimodal: ratio > critical,
        })
    }

    /// The compander of gain κ for which w has standard deviation `effective` when v has `latent`: start the latent
    /// weights as usual, and the network sees the deviation that its initialisation asks for.
    ///
    /// # Errors
    /// [`Error::Argument`] unless the three are finite and positive, and `effective` < κ `latent`: companding
    /// shrinks.
    pub fn calibrated_deviation(function: F, gain: f64, latent: f64, effective: f64) -> Result<Self> {
        check_gain(gain)?;
        check_range("latent", latent, positive(latent), "finite and > 0")?;
        let attainable = positive(effective) && effective < gain * latent;
        check_range("effective", effective, attainable, "finite, > 0 and below gain x latent deviation")?;
        // std(w) = κ b/ψ'(0) std ψ(σ z/b) rises from 0 to κ σ with b.
        let peak = function.derivative(0.0);
        let excess = |width: f64| gain * width / peak * moment(&function, latent / width, 2).sqrt() - effective;
        let width = root(excess, latent)?;
        Self::new(function, gain * width / peak, width)
    }

    /// The compander of gain κ for which the fraction `saturated` of normal latent weights of deviation σ lies beyond 95 %
    /// of the bound.
    ///
    /// # Errors
    /// [`Error::Argument`] unless gain and deviation are finite and positive, 0 < `saturated` < 1, and ψ is bounded.
    pub fn calibrated_saturation(function: F, gain: f64, deviation: f64, saturated: f64) -> Result<Self> {
        check_gain(gain)?;
        check_deviation(deviation)?;
        check_range("saturated", saturated, saturated > 0.0 && saturated < 1.0, "> 0 and < 1")?;
        let edge = function.inverse(check_bounded(&function)? * crate::SATURATED);
        // P(|v| > b edge) = saturated.
        let width = deviation * SQRT_2 * inverse_error_function(1.0 - saturated) / edge;
        Self::new(function, gain * width / function.derivative(0.0), width)
    }

    /// The widest compander of gain κ whose weights, rounded to a symmetric grid of `bits` over [-B, B], carry at most
    /// `noise` times their own variance as rounding noise (step²/12), for normal latent weights of deviation σ.
    ///
    /// # Errors
    /// [`Error::Argument`] unless gain and deviation are finite and positive, `bits` is 2 to 24, ψ is bounded, and `noise`
    /// lies above what a grid of so many bits can reach (weights all at ±B).
    pub fn calibrated_bits(function: F, gain: f64, deviation: f64, bits: u32, noise: f64) -> Result<Self> {
        check_gain(gain)?;
        check_deviation(deviation)?;
        let supremum = check_bounded(&function)?;
        let step = UniformGrid::symmetric(bits, supremum)?.step();
        let (power, least) = (step * step / 12.0, step * step / 12.0 / (supremum * supremum));
        check_range("noise", noise, noise > least && noise.is_finite(), "finite and above step²/(12 B²)")?;
        // Noise over signal rises with b: the wider, the smaller the weights within their bound.
        let excess = |width: f64| power / moment(&function, deviation / width, 2) - noise;
        let width = root(excess, deviation)?;
        Self::new(function, gain * width / function.derivative(0.0), width)
    }
}

/// E ψ(r z)ᵏ for z ~ N(0, 1), even k.
fn moment<F: CompandingFunction<f64>>(function: &F, ratio: f64, power: i32) -> f64 {
    // Substituting u = r z = sinh s makes both the scale of ψ (one) and that of the density (r) of order one in s. The
    // normal density is below 1e-300 from 38 deviations on, and less than 1e-17 of it lies below 1e-17 deviations.
    let (start, end) = ((1e-17 * ratio).asinh(), (38.0 * ratio).asinh());
    let panel = 0.25_f64.min((end - start) / 32.0);
    let density = |s: f64| {
        let u = s.sinh();
        let z = u / ratio;
        function.value(u).powi(power) * (-0.5 * z * z).exp() * s.cosh() / ratio
    };
    (2.0 / PI).sqrt() * GaussLegendre::new().integrate(start, end, panel, density)
}

/// The root of an increasing function of a positive number, by bisection of its logarithm around `start`.
fn root(excess: impl Fn(f64) -> f64, start: f64) -> Result<f64> {
    let (mut low, mut high) = (start, start);
    for _ in 0..400 {
        if excess(low) <= 0.0 {
            break;
        }
        low /= 8.0;
    }
    for _ in 0..400 {
        if excess(high) >= 0.0 {
            break;
        }
        high *= 8.0;
    }
    if !(low > 0.0 && high.is_finite()) {
        return Err(Error::InvalidShape { range: low, width: high });
    }
    for _ in 0..200 {
        let middle = low.sqrt() * high.sqrt();
        if !(middle > low && middle < high) {
            break;
        }
        if excess(middle) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

fn positive(x: f64) -> bool {
    x > 0.0 && x.is_finite()
}

fn check_deviation(deviation: f64) -> Result<()> {
    Ok(check_range("deviation", deviation, positive(deviation), "finite and > 0")?)
}

fn check_gain(gain: f64) -> Result<()> {
    Ok(check_range("gain", gain, positive(gain), "finite and > 0")?)
}

fn check_bounded<F: CompandingFunction<f64>>(function: &F) -> Result<f64> {
    let supremum = function.supremum();
    check_range("supremum", supremum, supremum.is_finite(), "finite: only bounded functions saturate")?;
    Ok(supremum)
}
