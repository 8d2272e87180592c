//! The root by sorting all break points (algorithm S): the oracle of the fast one.

use crate::root::{Root, RootMemory, Terms};

/// Sweeps the sorted break points with running sums.
pub(crate) fn sorted_root(terms: Terms<'_>, root: &Root, k: f64, memory: &mut RootMemory) -> f64 {
    let events = &mut memory.events;
    events.clear();
    for (j, &c) in terms.c.iter().enumerate() {
        let c = c * root.scale;
        if !(c > 0.0) {
            continue;
        }
        let e = terms.e.at(j);
        let e = if root.base == 0.0 { e } else { -c.mul_add(root.base, -e) };
        // (where, change of slope, change of intercept): the term is c t - e from e/c to (1 + e)/c, and 1 from there.
        events.push((e / c, c, -e));
        events.push(((1.0 + e) / c, -c, 1.0 + e));
    }
    events.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut slope, mut intercept) = (0.0, 0.0);
    let mut previous = f64::NEG_INFINITY;
    for &(point, change, rise) in events.iter() {
        if slope * point + intercept >= k && slope > 0.0 {
            let t = (k - intercept) / slope;
            // Rounding of the running sums must not leave the piece.
            return t.clamp(previous.min(point), point);
        }
        slope += change;
        intercept += rise;
        previous = point;
    }
    previous
}
