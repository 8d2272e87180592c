//! The root by sorting all break points (algorithm S): the oracle of the fast one.

use crate::root::{Root, RootMemory, Terms};

/// Sorts the break points, finds the two between which the root lies by bisection over them, and solves the linear piece.
///
/// Each look evaluates the sum anew: running sums would cancel where the terms differ by many orders of magnitude.
pub(crate) fn sorted_root(terms: Terms<'_>, root: &Root, k: f64, memory: &mut RootMemory) -> f64 {
    let shifted = |j: usize, c: f64| root.offset(c, terms.e.at(j));
    let points = &mut memory.points;
    points.clear();
    for (j, &c) in terms.c.iter().enumerate() {
        let c = c * root.scale;
        if c > 0.0 {
            let e = shifted(j, c);
            points.extend([e / c, (1.0 + e) / c].into_iter().filter(|point| point.is_finite()));
        }
    }
    points.sort_unstable_by(f64::total_cmp);
    // Saturated terms, and Σ c and Σ e of the linear ones.
    let classes = |t: f64| {
        let (mut saturated, mut slope, mut intercept, mut value) = (0.0, 0.0, 0.0, 0.0);
        for (j, &c) in terms.c.iter().enumerate() {
            let c = c * root.scale;
            let e = shifted(j, c);
            let v = c * t - e;
            if v >= 1.0 {
                saturated += 1.0;
            } else if c > 0.0 && v > 0.0 {
                slope += c;
                intercept += e;
                value += v;
            }
        }
        (saturated, slope, intercept, value)
    };
    let below = points.partition_point(|&point| {
        let (saturated, _, _, value) = classes(point);
        saturated + value < k
    });
    let Some(&high) = points.get(below) else { return points.last().copied().unwrap_or(0.0) };
    let Some(&low) = below.checked_sub(1).and_then(|before| points.get(before)) else { return high };
    let middle = low + 0.5 * (high - low);
    let (saturated, slope, intercept, _) = classes(middle);
    if slope > 0.0 {
        ((k - saturated + intercept) / slope).clamp(low, high)
    } else if saturated > k {
        // Linear terms so steep that they saturate within the rounding of their break point.
        low
    } else {
        middle
    }
}
