//! Error function.
//!
//! `erf x = x P(x²)/Q(x²)` for |x| up to the point from which it rounds to 1, found by a weighted least-squares fit in 60 digits
//! with weights that even the error out: within 4.5e-17 (degrees 12 and 12, |x| ≤ 6) and 1.9e-8 (degrees 5 and 5,
//! |x| ≤ 3.93) of the exact ratio. All coefficients are positive, so
//! nothing cancels; what is lost is the rounding of two sums of products and a division,
//! up to 11 units in the last place where both are largest.

use crate::Scalar;

/// The error function of one type; see [`erf`](super::erf).
pub trait ErrorFunction: Sized {
    #[doc(hidden)]
    fn elementary_erf(self) -> Self;
}

#[inline(always)]
fn quotient<T: Scalar, const N: usize>(x: T, end: T, numerator: [T; N], denominator: [T; N]) -> T {
    // Comparisons in this form keep NaN.
    let x = if x > end { end } else { x };
    let x = if x < -end { -end } else { x };
    let u = x * x;
    let (mut p, mut q) = (numerator[0], denominator[0]);
    for i in 1..N {
        p = p * u + numerator[i];
        q = q * u + denominator[i];
    }
    let value = x * (p / q);
    // Rounding may leave the last number below 1 at the end, or step over 1 before it.
    let value = if value > T::one() || x >= end { T::one() } else { value };
    if value < -T::one() || x <= -end { -T::one() } else { value }
}

impl ErrorFunction for f64 {
    #[inline(always)]
    fn elementary_erf(self) -> Self {
        quotient(
            self,
            6.0,
            [
                1.509_021_372_358_523_4e-17,
                2.172_553_696_747_700_2e-14,
                3.324_653_726_131_649e-12,
                1.742_462_815_893_906_5e-10,
                6.832_906_500_406_908e-9,
                1.720_737_246_433_615_3e-7,
                3.940_267_866_692_653e-6,
                5.768_790_632_048_367e-5,
                0.000_861_602_304_514_999_2,
                0.006_955_617_375_264_554,
                0.066_335_566_424_829_14,
                0.221_386_435_445_166_7,
                std::f64::consts::FRAC_2_SQRT_PI,
            ],
            [
                8.563_069_630_557_041_5e-16,
                3.270_145_450_139_565_5e-13,
                2.568_448_548_414_490_6e-11,
                1.138_103_483_201_941_7e-9,
                3.562_038_335_449_776e-8,
                8.456_832_215_460_577e-7,
                1.567_734_239_124_352e-5,
                0.000_228_331_801_609_543_22,
                0.002_585_366_210_815_464,
                0.022_120_255_941_299_106,
                0.135_299_016_199_169_92,
                0.529_531_953_354_845_6,
                1.0,
            ],
        )
    }
}

impl ErrorFunction for f32 {
    #[inline(always)]
    fn elementary_erf(self) -> Self {
        quotient(
            self,
            3.93,
            [
                2.042_227_2e-6,
                0.000_284_777_23,
                0.003_778_206_2,
                0.052_785_974,
                0.190_751_1,
                std::f32::consts::FRAC_2_SQRT_PI,
            ],
            [3.800_508_4e-5, 0.001_164_872_4, 0.014_994_634, 0.114_244_01, 0.502_381_5, 1.0],
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::elementary::erf;
    use crate::elementary::random_bits::bits;

    /// Distance in units of the last place of `exact`.
    fn units(found: f64, exact: f64, digits: i32) -> f64 {
        if found == exact {
            0.0
        } else {
            (found - exact).abs() / 2.0_f64.powi(exact.abs().log2().floor() as i32 - digits)
        }
    }

    #[test]
    fn both_precisions_are_within_sixteen_units() {
        let mut state = 3;
        for _ in 0..400_000 {
            let x = (bits(&mut state) as f64 / 1e18 - 9.2) * 0.7;
            let exact = libm::erf(x);
            assert!(units(erf(x), exact, 52) <= 16.0, "erf({x:e}) = {:e}, not {exact:e}", erf(x));
            let single = x as f32;
            let exact = libm::erf(f64::from(single));
            assert!(
                units(f64::from(erf(single)), exact, 23) <= 16.0,
                "erf({single:e}) = {:e}, not {exact:e}",
                erf(single)
            );
            assert_eq!(erf(-x), -erf(x));
        }
    }

    #[test]
    fn special_values() {
        assert_eq!(erf(f64::INFINITY), 1.0);
        assert_eq!(erf(f32::NEG_INFINITY), -1.0);
        assert_eq!(erf(0.0_f64).to_bits(), 0);
        assert_eq!(erf(-0.0_f32).to_bits(), (-0.0_f32).to_bits());
        assert!(erf(f64::NAN).is_nan() && erf(f32::NAN).is_nan());
        assert_eq!(erf(1e-300), 1e-300 * std::f64::consts::FRAC_2_SQRT_PI);
        assert!(erf(5.9_f64) <= 1.0 && erf(3.92_f32) <= 1.0);
    }
}
