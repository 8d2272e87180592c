//! Minimisers of the polynomials through two trial points.

use crate::reduce::constant;
use core_tensor::Scalar;

/// A step with value and slope.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trial<T> {
    pub(super) step: T,
    pub(super) value: T,
    pub(super) slope: T,
}

/// Minimiser of the cubic with the values and slopes of `a` and `b` (Nocedal and Wright, 2nd ed., eq. 3.59). NaN if it
/// has none.
pub(super) fn cubic<T: Scalar>(a: &Trial<T>, b: &Trial<T>) -> T {
    let width = b.step - a.step;
    let d1 = a.slope + b.slope - constant::<T>(3.0) * (b.value - a.value) / width;
    // Scaled, so that slopes of 1e200 do not overflow when squared.
    let scale = d1.abs().max(a.slope.abs()).max(b.slope.abs());
    let root = (d1 / scale) * (d1 / scale) - (a.slope / scale) * (b.slope / scale);
    let d2 = width.signum() * scale * root.sqrt();
    b.step - width * ((b.slope + d2 - d1) / (b.slope - a.slope + constant::<T>(2.0) * d2))
}

/// Minimiser of the parabola with value and slope at 0 and a value at `step`. Not finite if it opens downwards.
pub(super) fn parabola<T: Scalar>(value: T, slope: T, step: T, value_at_step: T) -> T {
    let bend = value_at_step - value - step * slope;
    if bend > T::zero() { -slope * step * step / (bend + bend) } else { T::infinity() }
}

/// Minimiser of the cubic with value and slope at 0 and values at two steps. NaN if it has none.
pub(super) fn cubic_through<T: Scalar>(value: T, slope: T, (s, f_s): (T, T), (t, f_t): (T, T)) -> T {
    // φ(u) = value + slope u + b u² + a u³, divided by u².
    let (at_s, at_t) = ((f_s - value - slope * s) / (s * s), (f_t - value - slope * t) / (t * t));
    let a = (at_t - at_s) / (t - s);
    let b = at_s - a * s;
    if a == T::zero() {
        return -slope / (b + b);
    }
    let three = constant::<T>(3.0);
    // Both forms of the root are equal; this one does not cancel for b > 0.
    let root = (b * b - three * a * slope).sqrt();
    if b > T::zero() { -slope / (b + root) } else { (root - b) / (three * a) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cubics_are_minimised_exactly() {
        // φ(u) = u³ - 3u has its minimum at 1.
        let phi = |u: f64| u * u * u - 3.0 * u;
        let trial = |u: f64| Trial { step: u, value: phi(u), slope: 3.0 * u * u - 3.0 };
        for (a, b) in [(0.0, 2.0), (2.0, 0.0), (0.5, 1.5), (0.0, 0.5)] {
            assert!((cubic(&trial(a), &trial(b)) - 1.0).abs() < 1e-14, "{a} {b}");
        }
        assert!((cubic_through(0.0, -3.0, (2.0, phi(2.0)), (0.5, phi(0.5))) - 1.0).abs() < 1e-14);
        // A parabola is a cubic too: φ(u) = (u - 3)².
        assert!((parabola(9.0, -6.0, 1.0, 4.0) - 3.0_f64).abs() < 1e-14);
        assert!((cubic_through(9.0, -6.0, (1.0, 4.0), (4.0, 1.0)) - 3.0_f64).abs() < 1e-14);
        assert_eq!(parabola(0.0, -1.0, 1.0, -1.0), f64::INFINITY);
        // No minimum: -u³.
        let falling = |u: f64| Trial { step: u, value: -u * u * u - u, slope: -3.0 * u * u - 1.0 };
        assert!(cubic(&falling(0.0), &falling(1.0)).is_nan());
    }
}
