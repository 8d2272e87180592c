//! The minimum of a smooth function of one variable in an interval, from values and slopes.

use crate::Result;

/// What a value is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// To see where the minimum may be.
    Look,
    /// To close in on it.
    Exact,
}

/// Looks at the interval at `looks` ≥ 2 points, from its lower end up, then closes in on the lowest point by the secant of the slopes, safeguarded by bisection, until the bracket or the
/// slope is below `tolerance`. Returns the argument and the value; `f` gives value and slope.
pub(super) fn minimise(
    (low, high): (f64, f64),
    looks: usize,
    tolerance: f64,
    mut f: impl FnMut(f64, Care) -> Result<(f64, f64)>,
) -> Result<(f64, f64)> {
    if low == high {
        return Ok((low, f(low, Care::Exact)?.0));
    }
    let at = |i: usize| low + (high - low) * i as f64 / (looks - 1) as f64;
    let mut seen = Vec::with_capacity(looks);
    for i in 0..looks {
        seen.push(f(at(i), Care::Look)?);
    }
    let mut best = (f64::NAN, f64::INFINITY);
    // Every bracket with a falling left and a rising right end may hold the minimum.
    for (i, look) in seen.iter().enumerate() {
        if look.0 < best.1 {
            best = (at(i), look.0);
        }
    }
    for i in 1..looks {
        let (left, right) = (seen[i - 1], seen[i]);
        // A minimum inside lies below both ends, but a convex piece cannot be lower than its tangents allow.
        let width = at(i) - at(i - 1);
        let reach = left.0.min(right.0) - width * left.1.abs().min(right.1.abs());
        if left.1 < 0.0 && right.1 > 0.0 && reach < best.1 {
            let found = close_in((at(i - 1), left.1), (at(i), right.1), tolerance, &mut f)?;
            if found.1 < best.1 {
                best = found;
            }
        }
    }
    // At an end of the interval: what was only looked at.
    if seen.iter().enumerate().any(|(i, look)| best == (at(i), look.0)) {
        best.1 = f(best.0, Care::Exact)?.0;
    }
    Ok(best)
}

/// Slopes of opposite signs at both ends.
fn close_in(
    mut left: (f64, f64),
    mut right: (f64, f64),
    tolerance: f64,
    f: &mut impl FnMut(f64, Care) -> Result<(f64, f64)>,
) -> Result<(f64, f64)> {
    let mut best = (f64::NAN, f64::INFINITY);
    let mut halve = false;
    for _ in 0..200 {
        let width = right.0 - left.0;
        let secant = left.0 - left.1 * width / (right.1 - left.1);
        // A step that barely cuts the bracket is followed by a bisection.
        let t = if halve { 0.5 * (left.0 + right.0) } else { secant.clamp(left.0, right.0) };
        let (value, slope) = f(t, Care::Exact)?;
        if value < best.1 {
            best = (t, value);
        }
        if slope.abs() <= tolerance * 1e-3 || !slope.is_finite() {
            break;
        }
        if slope < 0.0 {
            left = (t, slope);
        } else {
            right = (t, slope);
        }
        halve = right.0 - left.0 > 0.5 * width;
        if right.0 - left.0 <= tolerance {
            break;
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::minimise;

    #[test]
    fn the_lower_of_two_minima() {
        // (t² - 1)² + 0.1 t: minima near -1 (lower) and 1.
        let f = |t: f64, _| Ok(((t * t - 1.0).powi(2) + 0.1 * t, 4.0 * t * (t * t - 1.0) + 0.1));
        let (t, value) = minimise((-3.0, 3.0), 24, 1e-12, f).unwrap();
        assert!((4.0 * t * (t * t - 1.0) + 0.1).abs() < 1e-9 && t < -0.9 && value < -0.1, "{t} {value}");
    }

    #[test]
    fn at_the_end_of_the_interval() {
        assert_eq!(minimise((1.0, 2.0), 5, 1e-9, |t, _| Ok((t, 1.0))).unwrap(), (1.0, 1.0));
        assert_eq!(minimise((2.0, 2.0), 5, 1e-9, |t, _| Ok((t, 1.0))).unwrap(), (2.0, 2.0));
    }
}
