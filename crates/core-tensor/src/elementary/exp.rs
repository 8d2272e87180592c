//! Exponential function.
//!
//! `exp x = 2ᵏ exp r` with the integer k nearest to x/ln 2 and `r = x - k ln 2`, |r| ≤ 0.347. ln 2 is cut in two numbers, of
//! which the first has so few bits that its product with k is exact. `exp r` is the Taylor polynomial (degree 13 for `f64`,
//! 7 for `f32`: truncation below 5e-18 and 6e-9), summed so that the roundings of r and of the polynomial enter far below the
//! last place. 2ᵏ is applied as two factors, built from bits: subnormal results and those near the largest number need both.

/// The exponential of one type; see [`exp`](super::exp).
pub trait Exponential: Sized {
    #[doc(hidden)]
    fn elementary_exp(self) -> Self;
}

macro_rules! exponential {
    (
        $type:ident, $bits:ident, $mantissa:expr, $bias:expr, $magic:expr, $range:expr, $ln2:expr, $coefficients:expr
    ) => {
        impl Exponential for $type {
            #[inline(always)]
            fn elementary_exp(self) -> Self {
                use std::$type::consts::LOG2_E;
                /// 1.5 · 2^(digits): adding it leaves the nearest integer in the last bits.
                const MAGIC: $type = $magic;
                const LOWEST: $type = $range.0;
                const HIGHEST: $type = $range.1;
                // Comparisons in this form keep NaN.
                let x = if self > HIGHEST { HIGHEST } else { self };
                let x = if x < LOWEST { LOWEST } else { x };
                let k = (x * LOG2_E + MAGIC) - MAGIC;
                let high = x - k * $ln2.0;
                let low = k * $ln2.1;
                let r = high - low;
                let mut p: $type = 0.0;
                for c in $coefficients {
                    p = p * r + c;
                }
                let value = 1.0 + (high - (low - r * r * p));
                let half = k * 0.5 + MAGIC;
                let rest = (k - (half - MAGIC)) + MAGIC;
                // The integer sits in the low bits; what stands above falls off by the shift.
                let power = |shifted: $type| {
                    $type::from_bits((shifted.to_bits() << $mantissa).wrapping_add(($bias as $bits) << $mantissa))
                };
                value * power(half) * power(rest)
            }
        }
    };
}

exponential!(
    f64,
    u64,
    52,
    1023,
    6_755_399_441_055_744.0,
    (-746.0, 710.0),
    (0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10),
    [
        1.0 / 6_227_020_800.0,
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
    ]
);
exponential!(
    f32,
    u32,
    23,
    127,
    12_582_912.0,
    (-104.5, 89.0),
    (0.693_115_23, 3.194_618_5e-5),
    [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5]
);

#[cfg(test)]
mod tests {
    use crate::elementary::exp;
    use crate::elementary::random_bits::bits;

    #[test]
    fn single_precision_is_within_a_unit_of_double_precision() {
        let mut state = 3;
        for i in 0..1_000_000 {
            let bits = bits(&mut state) as u32;
            // Half of them over the range where the result is neither 0 nor infinite.
            let x = if i % 2 == 0 {
                f32::from_bits(bits)
            } else {
                (f64::from(bits) / 4.294_967_296e9 * 194.0 - 105.0) as f32
            };
            if x.is_nan() {
                assert!(exp(x).is_nan());
                continue;
            }
            let exact = f64::from(x).exp();
            if exact > f64::from(f32::MAX) {
                assert!(exp(x) == f32::INFINITY || exact < f64::from(f32::MAX) * (1.0 + 1e-7), "exp({x:e})");
                continue;
            }
            let near = exact as f32;
            let unit =
                if near < f32::MAX { f64::from(near.next_up()) - f64::from(near) } else { f64::from(near) * 6e-8 };
            let error = (f64::from(exp(x)) - exact).abs() / unit;
            assert!(error <= 1.0, "exp({x:e}): {error} units");
        }
    }

    #[test]
    fn double_precision_is_within_a_unit_of_the_system() {
        // The system's own error is below 0.52 units: one unit of the true value is never passed where these agree to one.
        let (mut state, mut worst) = (11, 0.0_f64);
        for i in 0..1_000_000 {
            let bits = bits(&mut state);
            let x = if i % 2 == 0 {
                f64::from_bits(bits)
            } else {
                bits as f64 / 1.844_674_407_370_955_2e19 * 1456.0 - 746.0
            };
            if x.is_nan() {
                assert!(exp(x).is_nan());
                continue;
            }
            let (found, expected) = (exp(x), x.exp());
            if found == expected {
                continue;
            }
            let error = (found - expected).abs() / (expected.next_up() - expected);
            worst = worst.max(error);
            assert!(error <= 1.0, "exp({x:e}): {error} units");
        }
        assert!(worst >= 1.0, "the test sees single units");
    }

    #[test]
    fn special_values() {
        assert_eq!((exp(0.0_f64), exp(-0.0_f64), exp(0.0_f32)), (1.0, 1.0, 1.0));
        assert_eq!((exp(f64::INFINITY), exp(f64::MAX), exp(710.0_f64)), (f64::INFINITY, f64::INFINITY, f64::INFINITY));
        assert_eq!((exp(f64::NEG_INFINITY), exp(f64::MIN), exp(-745.2_f64)), (0.0, 0.0, 0.0));
        assert_eq!((exp(f32::NEG_INFINITY), exp(-104.0_f32), exp(f32::INFINITY)), (0.0, 0.0, f32::INFINITY));
        assert_eq!(exp(-745.0_f64), 5e-324);
        assert!(exp(f64::NAN).is_nan() && exp(f32::NAN).is_nan());
        assert_eq!(exp(5e-324_f64), 1.0);
    }
}
