//! Reversible instance normalisation.

use crate::Result;
use core_tensor::{Scalar, check_finite, check_shape};
use ndarray::{Array1, Array2, Array3, ArrayRef1, ArrayRef3};

/// Added to the variance, inside the root.
pub(crate) const EPSILON: f64 = 1e-5;
/// Guard of the division by the learned scale: `ε²`.
pub(crate) const SCALE_GUARD: f64 = 1e-10;

/// RevIN: each window of each channel is shifted and scaled to mean 0 and variance 1, then by a learned affine map; forecasts go
/// the way back.
///
/// ```text
/// xh = (x - μ)/σ,  σ = √(variance + 1e-5)        xn = xh w + b        out = (y - b)/(w + 1e-10) σ + μ
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RevIn<T> {
    /// Scale w of each channel (N). Initially 1.
    pub scale: Array1<T>,
    /// Shift b of each channel (N). Initially 0.
    pub shift: Array1<T>,
    /// Subtract the last observed value of a window instead of its mean. Default `false`.
    pub subtract_last: bool,
}

/// What [`RevIn::normalise`] found and did.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Normalised<T> {
    /// The normalised windows `xn` (B × T × N); missing entries became b.
    pub windows: Array3<T>,
    /// `μ` of each window and channel (B × N); 0 where nothing was observed.
    pub centre: Array2<T>,
    /// `σ` (B × N); 1 where nothing was observed.
    pub deviation: Array2<T>,
}

impl<T: Scalar> RevIn<T> {
    /// For N channels, with w = 1 and b = 0.
    pub fn new(channels: usize) -> Self {
        Self { scale: Array1::ones(channels), shift: Array1::zeros(channels), subtract_last: false }
    }

    /// Normalises `x` (B × T × N). Missing entries (NaN) take no part in mean and variance and are 0 before the affine map.
    ///
    /// # Errors
    /// Another number of channels, infinite entries.
    pub fn normalise(&self, x: &ArrayRef3<T>) -> Result<Normalised<T>> {
        let (batch, steps, channels) = x.dim();
        self.check(channels)?;
        crate::scaler::check_no_infinity("x", x)?;
        let mut windows = Array3::zeros(x.dim());
        let (mut centre, mut deviation) = (Array2::zeros((batch, channels)), Array2::ones((batch, channels)));
        let mut row = vec![T::zero(); steps];
        for item in 0..batch {
            for channel in 0..channels {
                (0..steps).for_each(|t| row[t] = x[[item, t, channel]]);
                let (mu, sigma) = normalise_row(&mut row, self.subtract_last);
                centre[[item, channel]] = mu;
                deviation[[item, channel]] = sigma;
                for (t, &value) in row.iter().enumerate() {
                    windows[[item, t, channel]] = value * self.scale[channel] + self.shift[channel];
                }
            }
        }
        Ok(Normalised { windows, centre, deviation })
    }

    /// The way back: `out = (y - b)/(w + 1e-10) σ + μ` for `y` (B × H × N).
    ///
    /// # Errors
    /// Shapes that do not fit those of `normalised`.
    pub fn denormalise(&self, y: &ArrayRef3<T>, normalised: &Normalised<T>) -> Result<Array3<T>> {
        let (batch, steps, channels) = y.dim();
        self.check(channels)?;
        check_shape("centre", &normalised.centre, &[batch, channels], "there is a window per batch item and channel")?;
        check_shape(
            "deviation",
            &normalised.deviation,
            &[batch, channels],
            "there is a window per batch item and channel",
        )?;
        Ok(Array3::from_shape_fn((batch, steps, channels), |(i, t, n)| {
            (y[[i, t, n]] - self.shift[n]) / guarded(self.scale[n]) * normalised.deviation[[i, n]]
                + normalised.centre[[i, n]]
        }))
    }

    fn check(&self, channels: usize) -> Result<()> {
        let check = |argument, x: &ArrayRef1<T>| {
            check_shape(argument, x, &[channels], "there is one per channel of the windows")?;
            check_finite(argument, x)
        };
        check("scale", &self.scale)?;
        Ok(check("shift", &self.shift)?)
    }
}

/// The learned scale as a divisor: never closer to 0 than 1e-6.
#[inline(always)]
pub(crate) fn guarded<T: Scalar>(w: T) -> T {
    let least = <T as Scalar>::from_f64(1e-6);
    let w = w + <T as Scalar>::from_f64(SCALE_GUARD);
    if w.abs() >= least {
        w
    } else if w < T::zero() {
        -least
    } else {
        least
    }
}

/// Replaces the window by `(x - μ)/σ` (0 where x is NaN) and returns (μ, σ).
pub(crate) fn normalise_row<T: Scalar>(row: &mut [T], subtract_last: bool) -> (T, T) {
    let (mut sum, mut count, mut last) = (0.0, 0.0, None);
    for &x in row.iter().filter(|x| !x.is_nan()) {
        sum += Scalar::to_f64(x);
        count += 1.0;
        last = Some(x);
    }
    let Some(last) = last else {
        row.fill(T::zero());
        return (T::zero(), T::one());
    };
    let mean = sum / count;
    let squares: f64 = row.iter().filter(|x| !x.is_nan()).map(|&x| (Scalar::to_f64(x) - mean).powi(2)).sum();
    let deviation = <T as Scalar>::from_f64((squares / count + EPSILON).sqrt());
    let centre = if subtract_last { last } else { <T as Scalar>::from_f64(mean) };
    for x in row.iter_mut() {
        *x = if x.is_nan() { T::zero() } else { (*x - centre) / deviation };
    }
    (centre, deviation)
}
