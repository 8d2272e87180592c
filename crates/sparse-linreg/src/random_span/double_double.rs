//! Numbers of twice the precision, as unevaluated sums of two: for residuals at the edge of `f64`.

/// hi + lo with |lo| at most half a unit in the last place of hi: about 32 decimal digits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct DoubleDouble {
    pub(super) hi: f64,
    pub(super) lo: f64,
}

/// a + b exactly (Knuth).
#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    let t = s - a;
    (s, (a - (s - t)) + (b - t))
}

/// a · b exactly (Veltkamp and Dekker): no fused multiply-add, so that the bits do not depend on the processor.
/// Right for |a|, |b| < 2⁹⁹⁵, which the callers' unit-scaled columns satisfy.
#[inline(always)]
fn two_product(a: f64, b: f64) -> (f64, f64) {
    const SPLIT: f64 = 134_217_729.0; // 2²⁷ + 1
    let p = a * b;
    let (sa, sb) = (SPLIT * a, SPLIT * b);
    let (ah, bh) = (sa - (sa - a), sb - (sb - b));
    let (al, bl) = (a - ah, b - bh);
    (p, ((ah * bh - p) + ah * bl + al * bh) + al * bl)
}

impl DoubleDouble {
    pub(super) const ZERO: Self = Self { hi: 0.0, lo: 0.0 };

    #[inline(always)]
    pub(super) fn new(hi: f64, lo: f64) -> Self {
        Self { hi, lo }
    }

    #[inline(always)]
    pub(super) fn plus(self, other: Self) -> Self {
        let (s, e) = two_sum(self.hi, other.hi);
        let (t, f) = two_sum(self.lo, other.lo);
        let (s, e) = two_sum(s, e + t);
        let (hi, lo) = two_sum(s, e + f);
        Self { hi, lo }
    }

    #[inline(always)]
    pub(super) fn times(self, other: Self) -> Self {
        let (p, e) = two_product(self.hi, other.hi);
        let (hi, lo) = two_sum(p, e + (self.hi * other.lo + self.lo * other.hi));
        Self { hi, lo }
    }

    #[inline(always)]
    pub(super) fn negated(self) -> Self {
        Self { hi: -self.hi, lo: -self.lo }
    }

    /// self / a for a ≠ 0, and √self: one Newton correction each.
    pub(super) fn divided_by(self, a: Self) -> Self {
        let q = self.hi / a.hi;
        let rest = self.plus(a.times(Self::new(q, 0.0)).negated());
        let (hi, lo) = two_sum(q, rest.hi / a.hi);
        Self { hi, lo }
    }

    pub(super) fn square_root(self) -> Self {
        if !(self.hi > 0.0) {
            return Self::ZERO;
        }
        let root = self.hi.sqrt();
        let (p, e) = two_product(root, root);
        let rest = self.plus(Self::new(-p, -e));
        let (hi, lo) = two_sum(root, rest.hi / (2.0 * root));
        Self { hi, lo }
    }
}

/// A vector of such numbers, by its two parts.
pub(super) type Parts<'a> = (&'a [f64], &'a [f64]);

/// aᵀb.
pub(super) fn dot(a: Parts<'_>, b: Parts<'_>) -> DoubleDouble {
    let mut sum = DoubleDouble::ZERO;
    for ((&ah, &al), (&bh, &bl)) in a.0.iter().zip(a.1).zip(b.0.iter().zip(b.1)) {
        sum = sum.plus(DoubleDouble::new(ah, al).times(DoubleDouble::new(bh, bl)));
    }
    sum
}

/// y ← y + c x.
pub(super) fn axpy(c: DoubleDouble, x: Parts<'_>, y: (&mut [f64], &mut [f64])) {
    for ((&xh, &xl), (yh, yl)) in x.0.iter().zip(x.1).zip(y.0.iter_mut().zip(y.1)) {
        let sum = DoubleDouble::new(*yh, *yl).plus(c.times(DoubleDouble::new(xh, xl)));
        (*yh, *yl) = (sum.hi, sum.lo);
    }
}

/// y ← y / c.
pub(super) fn divide(c: DoubleDouble, y: (&mut [f64], &mut [f64])) {
    for (yh, yl) in y.0.iter_mut().zip(y.1) {
        let quotient = DoubleDouble::new(*yh, *yl).divided_by(c);
        (*yh, *yl) = (quotient.hi, quotient.lo);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_digits_are_kept() {
        let third = DoubleDouble::new(1.0, 0.0).divided_by(DoubleDouble::new(3.0, 0.0));
        let one = third.times(DoubleDouble::new(3.0, 0.0)).plus(DoubleDouble::new(-1.0, 0.0));
        assert!(one.hi.abs() < 1e-31, "{one:?}");
        let two = DoubleDouble::new(2.0, 0.0).square_root();
        assert!(two.times(two).plus(DoubleDouble::new(-2.0, 0.0)).hi.abs() < 1e-31);
        // (1 + 2⁻⁶⁰)² - 1 - 2⁻⁵⁹ = 2⁻¹²⁰, lost in single precision.
        let x = DoubleDouble::new(1.0, 2.0_f64.powi(-60));
        let rest = x.times(x).plus(DoubleDouble::new(-1.0, 0.0)).plus(DoubleDouble::new(-2.0_f64.powi(-59), 0.0));
        assert!(rest.hi.abs() < 1e-31);
        assert_eq!(DoubleDouble::ZERO.square_root(), DoubleDouble::ZERO);
    }
}
