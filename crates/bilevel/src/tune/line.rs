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

/// Slopes of opposite signs at both ends: secants after the Illinois rule, which halves the slope of an end that stays.
fn close_in(
    (mut left, mut left_slope): (f64, f64),
    (mut right, mut right_slope): (f64, f64),
    tolerance: f64,
    f: &mut impl FnMut(f64, Care) -> Result<(f64, f64)>,
) -> Result<(f64, f64)> {
    let mut best = (f64::NAN, f64::INFINITY);
    let (mut last, mut stayed, mut widths) = (f64::NAN, 0, [f64::INFINITY; 3]);
    for step in 0..200 {
        let width = right - left;
        let secant = left - left_slope * width / (right_slope - left_slope);
        // Three steps that do not halve the bracket are followed by a bisection.
        let slow = width > 0.5 * widths[step % 3];
        widths[step % 3] = width;
        let t = if slow || !(secant > left && secant < right) { 0.5 * (left + right) } else { secant };
        let (value, slope) = f(t, Care::Exact)?;
        if value < best.1 {
            best = (t, value);
        }
        let settled = (t - last).abs() <= tolerance || width <= tolerance;
        if settled || slope.abs() <= tolerance * 1e-3 || !slope.is_finite() {
            break;
        }
        last = t;
        if slope < 0.0 {
            (left, left_slope) = (t, slope);
            if stayed == 1 {
                right_slope *= 0.5;
            }
            stayed = 1;
        } else {
            (right, right_slope) = (t, slope);
            if stayed == 2 {
                left_slope *= 0.5;
            }
            stayed = 2;
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
