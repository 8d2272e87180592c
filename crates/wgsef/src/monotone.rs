//! Roots of increasing functions on the positive half line.

/// The root of the increasing, continuous function `g` on (0, ∞), which is negative near 0 and positive far out.
///
/// A bracket around `start` by powers of 4, then secant steps that never leave it; ends when the bracket is as narrow as rounding.
pub(crate) fn increasing_root(start: f64, mut g: impl FnMut(f64) -> f64) -> f64 {
    // NaN becomes a number, too.
    let start = if start < 1e290 { start.max(1e-290) } else { 1e290 };
    let (mut lo, mut hi) = (start, start);
    let (mut at_lo, mut at_hi) = (g(start), 0.0);
    if at_lo < 0.0 {
        at_hi = at_lo;
        while at_hi < 0.0 && hi < 1e300 {
            (lo, at_lo) = (hi, at_hi);
            hi *= 4.0;
            at_hi = g(hi);
        }
    } else {
        (hi, at_hi) = (lo, if at_lo > 0.0 { at_lo } else { at_hi });
        while at_lo > 0.0 && lo > 1e-300 {
            (hi, at_hi) = (lo, at_lo);
            lo *= 0.25;
            at_lo = g(lo);
        }
    }
    let mut side = 0;
    for step in 0..200 {
        if at_lo == 0.0 {
            return lo;
        }
        if at_hi == 0.0 {
            return hi;
        }
        if !(hi - lo > 2.0 * f64::EPSILON * hi) {
            break;
        }
        let secant = hi - at_hi * ((hi - lo) / (at_hi - at_lo));
        // Every third step halves, on the scale of the numbers.
        let t = if step % 3 == 2 || !(lo < secant && secant < hi) { (lo * hi).sqrt().clamp(lo, hi) } else { secant };
        if t <= lo || t >= hi {
            break;
        }
        let value = g(t);
        // Illinois: the end that stays is believed half as much.
        if value < 0.0 {
            (lo, at_lo) = (t, value);
            if side == -1 {
                at_hi *= 0.5;
            }
            side = -1;
        } else if value > 0.0 {
            (hi, at_hi) = (t, value);
            if side == 1 {
                at_lo *= 0.5;
            }
            side = 1;
        } else {
            return t;
        }
    }
    if at_lo.abs() < at_hi.abs() { lo } else { hi }
}

#[cfg(test)]
mod tests {
    use super::increasing_root;

    #[test]
    fn roots_from_far_away() {
        for root in [1e-30, 3e-4, 1.0, 7.0, 2e20_f64] {
            for start in [1e-10, 1.0, 1e10] {
                let found = increasing_root(start, |t| t.ln() - root.ln());
                assert!((found / root - 1.0).abs() < 1e-13, "{root} from {start}: {found}");
                let found = increasing_root(start, |t| t - root);
                assert!((found / root - 1.0).abs() < 1e-13, "{root} from {start}: {found}");
            }
        }
    }
}
