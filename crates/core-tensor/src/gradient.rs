//! Checks of derivatives against finite differences, for the tests of every crate and of their users.

use crate::{Result, Scalar, check_finite, check_range, check_shape};
use ndarray::{Array, ArrayRef, Dimension, Zip};

/// How a derivative is approximated. Steps are relative: coordinate x is moved by `step` · max(1, |x|).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Difference {
    /// (f(x + h) − f(x − h)) / 2h: two evaluations, error of order h² f‴ + ε f / h.
    Central {
        /// The relative step.
        step: f64,
    },
    /// Richardson's extrapolation of the central difference with steps h and h/2, (4 D(h/2) − D(h)) / 3: four
    /// evaluations, error of order h⁴ f⁽⁵⁾ + ε f / h.
    Richardson {
        /// The relative step.
        step: f64,
    },
}

impl Difference {
    /// The central difference with the step ε^⅓ that balances both errors: good to about ε^⅔ (4e-11 in `f64`).
    #[must_use]
    pub fn central<T: Scalar>() -> Self {
        Self::Central { step: Scalar::to_f64(T::epsilon()).cbrt() }
    }

    /// The extrapolated difference with the step ε^⅕: good to about ε^⅘ (3e-13 in `f64`).
    #[must_use]
    pub fn richardson<T: Scalar>() -> Self {
        Self::Richardson { step: Scalar::to_f64(T::epsilon()).powf(0.2) }
    }

    fn step(self) -> f64 {
        match self {
            Self::Central { step } | Self::Richardson { step } => step,
        }
    }

    /// d/dt g(t) at t = 0, with unit `scale` · step.
    fn derivative<T: Scalar>(self, scale: T, mut g: impl FnMut(T) -> T) -> T {
        let h = scale * <T as Scalar>::from_f64(self.step());
        let two = T::one() + T::one();
        let mut central = |h: T| (g(h) - g(-h)) / (two * h);
        match self {
            Self::Central { .. } => central(h),
            Self::Richardson { .. } => {
                let four = two * two;
                (four * central(h / two) - central(h)) / (four - T::one())
            }
        }
    }
}

/// How far a gradient is from the finite differences.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GradientReport {
    /// Index of the coordinate with the largest relative error; empty for an empty point.
    pub worst: Vec<usize>,
    /// The claimed derivative there.
    pub claimed: f64,
    /// The finite difference there.
    pub measured: f64,
    /// Largest absolute error of all coordinates.
    pub absolute: f64,
    /// Largest error relative to max(1, |claimed|, |measured|) of all coordinates. NaN in either counts as infinite.
    pub relative: f64,
}

impl GradientReport {
    /// Whether the largest relative error is at most `tolerance`.
    #[must_use]
    pub fn agrees(&self, tolerance: f64) -> bool {
        self.relative <= tolerance
    }

    fn new() -> Self {
        Self { worst: Vec::new(), claimed: 0.0, measured: 0.0, absolute: 0.0, relative: 0.0 }
    }

    fn compare(&mut self, index: &[usize], claimed: f64, measured: f64) {
        let finite_or_infinite = |v: f64| if v.is_nan() { f64::INFINITY } else { v };
        let absolute = finite_or_infinite((claimed - measured).abs());
        let relative = finite_or_infinite(absolute / claimed.abs().max(measured.abs()).max(1.0));
        self.absolute = self.absolute.max(absolute);
        if self.worst.is_empty() || relative > self.relative {
            self.worst = index.to_vec();
            (self.claimed, self.measured, self.relative) = (claimed, measured, relative);
        }
    }
}

/// Compares `gradient` (the shape of `x`) with the extrapolated differences of `f` at `x`, coordinate by coordinate.
///
/// Four evaluations of `f` per coordinate; [`check_gradient_by`] chooses another difference.
///
/// ```
/// use core_tensor::gradient::check_gradient;
/// use ndarray::array;
///
/// let x = array![1.0_f64, -2.0, 0.5];
/// let report = check_gradient(|x| x.iter().map(|v| v.powi(3)).sum(), &x.mapv(|v| 3.0 * v * v), &x)?;
/// assert!(report.agrees(1e-10), "{report:?}");
/// # Ok::<(), core_tensor::Error>(())
/// ```
///
/// # Errors
/// `gradient` not of the shape of `x`; `x` not finite. A wrong gradient is a report, not an error.
pub fn check_gradient<T: Scalar, D: Dimension>(
    f: impl FnMut(&Array<T, D>) -> T,
    gradient: &ArrayRef<T, D>,
    x: &ArrayRef<T, D>,
) -> Result<GradientReport> {
    check_gradient_by(Difference::richardson::<T>(), f, gradient, x)
}

/// [`check_gradient`] with a difference of choice.
///
/// # Errors
/// The same, and a step that is not in (0, 1).
pub fn check_gradient_by<T: Scalar, D: Dimension>(
    difference: Difference,
    mut f: impl FnMut(&Array<T, D>) -> T,
    gradient: &ArrayRef<T, D>,
    x: &ArrayRef<T, D>,
) -> Result<GradientReport> {
    check_step(difference)?;
    check_shape("gradient", gradient, x.shape(), "it has a derivative per entry of `x`")?;
    check_finite("x", x)?;
    // In row-major order, so that flat positions and indices match.
    let mut point = Array::from_shape_vec(x.raw_dim(), x.iter().copied().collect()).unwrap_or_else(|_| x.to_owned());
    let mut report = GradientReport::new();
    for (flat, (&claimed, &centre)) in gradient.iter().zip(x).enumerate() {
        let scale = centre.abs().max(T::one());
        let measured = difference.derivative(scale, |t| {
            set(&mut point, flat, centre + t);
            f(&point)
        });
        set(&mut point, flat, centre);
        report.compare(&unravel(flat, x.shape()), Scalar::to_f64(claimed), Scalar::to_f64(measured));
    }
    Ok(report)
}

/// Compares `slope`, the claimed derivative of `f` at `x` along `direction`, with the extrapolated difference: four
/// evaluations of `f` whatever the size of `x`. The report's index is empty.
///
/// # Errors
/// `direction` not of the shape of `x`; either not finite.
pub fn check_directional<T: Scalar, D: Dimension>(
    mut f: impl FnMut(&Array<T, D>) -> T,
    slope: T,
    x: &ArrayRef<T, D>,
    direction: &ArrayRef<T, D>,
) -> Result<GradientReport> {
    check_direction(x, direction)?;
    let mut point = x.to_owned();
    let measured = Difference::richardson::<T>().derivative(scale_along(x, direction), |t| {
        move_to(&mut point, x, direction, t);
        f(&point)
    });
    let mut report = GradientReport::new();
    report.compare(&[], Scalar::to_f64(slope), Scalar::to_f64(measured));
    Ok(report)
}

/// Compares `product`, the claimed Hessian at `x` times `direction`, with extrapolated differences of `gradient` along
/// `direction`: four evaluations of the gradient, `gradient(point, out)`.
///
/// # Errors
/// `product` or `direction` not of the shape of `x`; `x` or `direction` not finite.
pub fn check_hessian_vector<T: Scalar, D: Dimension>(
    mut gradient: impl FnMut(&Array<T, D>, &mut Array<T, D>),
    product: &ArrayRef<T, D>,
    x: &ArrayRef<T, D>,
    direction: &ArrayRef<T, D>,
) -> Result<GradientReport> {
    check_direction(x, direction)?;
    check_shape("product", product, x.shape(), "the Hessian maps directions to gradients")?;
    let scale = scale_along(x, direction);
    let h = scale * <T as Scalar>::from_f64(Difference::richardson::<T>().step());
    let half = h / (T::one() + T::one());
    let mut point = x.to_owned();
    let mut at = |t: T| {
        let mut out = Array::zeros(x.raw_dim());
        move_to(&mut point, x, direction, t);
        gradient(&point, &mut out);
        out
    };
    let (far, near) = ([at(h), at(-h)], [at(half), at(-half)]);
    let mut report = GradientReport::new();
    for (flat, &claimed) in product.iter().enumerate() {
        let entry = |x: &Array<T, D>| x.iter().nth(flat).map_or(f64::NAN, |v| Scalar::to_f64(*v));
        let h = Scalar::to_f64(h);
        let wide = (entry(&far[0]) - entry(&far[1])) / (2.0 * h);
        let narrow = (entry(&near[0]) - entry(&near[1])) / h;
        report.compare(&unravel(flat, x.shape()), Scalar::to_f64(claimed), (4.0 * narrow - wide) / 3.0);
    }
    Ok(report)
}

fn check_step(difference: Difference) -> Result<()> {
    let step = difference.step();
    check_range("step", step, step > 0.0 && step < 1.0, "in (0, 1)")
}

fn check_direction<T: Scalar, D: Dimension>(x: &ArrayRef<T, D>, direction: &ArrayRef<T, D>) -> Result<()> {
    check_shape("direction", direction, x.shape(), "a direction has an entry per entry of `x`")?;
    check_finite("x", x)?;
    check_finite("direction", direction)
}

/// A step of this length times the direction changes no entry by more than max(1, its size).
fn scale_along<T: Scalar, D: Dimension>(x: &ArrayRef<T, D>, direction: &ArrayRef<T, D>) -> T {
    let norm = |x: &ArrayRef<T, D>| x.iter().fold(T::zero(), |m, v| m.max(v.abs()));
    let length = norm(direction);
    if length > T::zero() { norm(x).max(T::one()) / length } else { T::one() }
}

fn move_to<T: Scalar, D: Dimension>(point: &mut Array<T, D>, x: &ArrayRef<T, D>, direction: &ArrayRef<T, D>, t: T) {
    Zip::from(point).and(x).and(direction).for_each(|p, &x, &d| *p = x + t * d);
}

fn set<T: Scalar, D: Dimension>(point: &mut Array<T, D>, flat: usize, value: T) {
    if let Some(entry) = point.as_slice_mut().and_then(|entries| entries.get_mut(flat)) {
        *entry = value;
    }
}

fn unravel(mut flat: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (position, &length) in index.iter_mut().zip(shape).rev() {
        *position = flat % length.max(1);
        flat /= length.max(1);
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2, array};

    fn f(x: &Array2<f64>) -> f64 {
        x.iter().enumerate().map(|(k, v)| (k as f64 + 1.0) * v.sin() * v.exp()).sum()
    }

    fn gradient(x: &Array2<f64>) -> Array2<f64> {
        let mut flat = 0.0;
        Array2::from_shape_fn(x.dim(), |at| {
            flat += 1.0;
            flat * x[at].exp() * (x[at].sin() + x[at].cos())
        })
    }

    #[test]
    fn a_right_gradient_agrees_in_every_layout() {
        let x = array![[0.1, -1.2, 2.0], [0.7, 0.0, -0.3]];
        let g = gradient(&x);
        let report = check_gradient(f, &g, &x).unwrap();
        assert!(report.agrees(1e-11), "{report:?}");
        // Error of the central difference: about ε^⅔ f‴ ≈ 4e-11 · 100.
        let report = check_gradient_by(Difference::central::<f64>(), f, &g, &x).unwrap();
        assert!(report.agrees(1e-9) && !report.agrees(1e-14), "{report:?}");
        let transposed = x.t();
        let report = check_gradient(|x| x.iter().map(|v| v * v).sum(), &transposed.mapv(|v| 2.0 * v), &transposed);
        assert!(report.unwrap().agrees(1e-11));
        let x = array![0.5_f32, 2.0];
        // Single precision: ε^⅘ = 3e-6.
        assert!(check_gradient(|x| x.iter().map(|v| v * v).sum(), &array![1.0, 4.0], &x).unwrap().agrees(3e-5));
    }

    #[test]
    fn a_wrong_entry_is_named() {
        let x = array![[0.1, -1.2, 2.0], [0.7, 0.0, -0.3]];
        let mut g = gradient(&x);
        g[[1, 2]] += 0.5;
        let report = check_gradient(f, &g, &x).unwrap();
        assert_eq!(report.worst, [1, 2]);
        assert!((report.absolute - 0.5).abs() < 1e-9 && !report.agrees(1e-3));
        g[[0, 1]] = f64::NAN;
        let report = check_gradient(f, &g, &x).unwrap();
        assert_eq!(report.worst, [0, 1]);
        assert!(!report.agrees(1e9));
        assert!(check_gradient(|_| f64::NAN, &gradient(&x), &x).unwrap().relative.is_infinite());
    }

    #[test]
    fn directions_and_hessians() {
        let x = array![[0.1, -1.2, 2.0], [0.7, 0.0, -0.3]];
        let d = array![[1.0, 0.5, -0.2], [0.0, 3.0, 1.0]];
        let slope = (&gradient(&x) * &d).sum();
        assert!(check_directional(f, slope, &x, &d).unwrap().agrees(1e-10));
        assert!(!check_directional(f, slope + 0.1, &x, &d).unwrap().agrees(1e-3));
        let mut flat = 0.0;
        let hessian = x.mapv(|v| {
            flat += 1.0;
            2.0 * flat * v.exp() * v.cos()
        });
        let product = &hessian * &d;
        let assign = |x: &Array2<f64>, out: &mut Array2<f64>| out.assign(&gradient(x));
        assert!(check_hessian_vector(assign, &product, &x, &d).unwrap().agrees(1e-10));
        let report = check_hessian_vector(assign, &(&product + 0.1), &x, &d).unwrap();
        assert!((report.absolute - 0.1).abs() < 1e-6);
    }

    #[test]
    fn bad_input() {
        let x = array![1.0, 2.0];
        assert!(check_gradient(|x| x.sum(), &array![1.0], &x).is_err());
        assert!(check_gradient(|x| x.sum(), &array![1.0, 1.0], &array![f64::NAN, 0.0]).is_err());
        for step in [0.0, -1.0, f64::NAN, 1.0] {
            assert!(check_gradient_by(Difference::Central { step }, |x| x.sum(), &array![1.0, 1.0], &x).is_err());
        }
        let empty = Array1::<f64>::zeros(0);
        assert_eq!(check_gradient(|_| 0.0, &empty, &empty).unwrap().relative, 0.0);
        assert!(check_directional(|x| x.sum(), 1.0, &x, &array![1.0]).is_err());
        assert!(check_hessian_vector(|_, _| (), &array![1.0], &x, &x).is_err());
    }
}
