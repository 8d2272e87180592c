//! Student's t distribution.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, PI};

/// `P(|T| >= |t|)` for Student's t with `freedom > 0` degrees of freedom: the regularised incomplete beta function
/// `I_x(ν/2, 1/2)` at `x = ν / (ν + t²)`, by its continued fraction (Lentz); from ν = 10⁵ on, where that cancels, by
/// Hill's expansion about the normal law.
pub(crate) fn two_sided_p(t: f64, freedom: f64) -> f64 {
    if t.is_nan() || !(freedom > 0.0) {
        return f64::NAN;
    }
    let ratio = t * t / freedom;
    if ratio == 0.0 {
        return 1.0;
    }
    if ratio.is_infinite() {
        return 0.0;
    }
    if freedom > 1e5 {
        return erfc(normal_deviate(ratio, freedom) * FRAC_1_SQRT_2);
    }
    let a = 0.5 * freedom;
    // x = 1 / (1 + ratio), 1 − x = ratio / (1 + ratio); x^a (1 − x)^(1/2) / B(a, 1/2).
    let (x, rest) = (1.0 / (1.0 + ratio), ratio / (1.0 + ratio));
    let front = (-a * ratio.ln_1p() + log_gamma_half_step(a)).exp() * (rest / PI).sqrt();
    if x < (a + 1.0) / (a + 2.5) {
        (front * continued_fraction(a, 0.5, x) / a).clamp(0.0, 1.0)
    } else {
        (1.0 - front * continued_fraction(0.5, a, rest) / 0.5).clamp(0.0, 1.0)
    }
}

/// The normal deviate with the same tails as t, from `ratio = t² / ν` (Hill 1970).
fn normal_deviate(ratio: f64, freedom: f64) -> f64 {
    let a = freedom - 0.5;
    let b = 48.0 * a * a;
    let y = a * ratio.ln_1p();
    let correction = (((-0.4 * y - 3.3) * y - 24.0) * y - 85.5) / (0.8 * y * y + 100.0 + b);
    ((correction + y + 3.0) / b + 1.0) * y.sqrt()
}

/// Complementary error function for `x >= 0`: Taylor series below 2, continued fraction above.
fn erfc(x: f64) -> f64 {
    if x < 2.0 {
        // erf x = 2/√π e^(−x²) Σ 2^k x^(2k+1) / (1·3·…·(2k+1)): all terms positive.
        let mut term = x;
        let mut sum = x;
        for k in 1..100 {
            term *= 2.0 * x * x / f64::from(2 * k + 1);
            sum += term;
        }
        1.0 - FRAC_2_SQRT_PI * (-x * x).exp() * sum
    } else {
        let tail = (1..200).rev().fold(x, |below, k| x + 0.5 * f64::from(k) / below);
        0.5 * FRAC_2_SQRT_PI * (-x * x).exp() / tail
    }
}

/// `ln Γ(a + 1/2) − ln Γ(a)`, by its asymptotic series beyond 20 and the recurrence below.
fn log_gamma_half_step(mut a: f64) -> f64 {
    let mut sum = 0.0;
    while a < 20.0 {
        sum -= (0.5 / a).ln_1p();
        a += 1.0;
    }
    let r = 1.0 / a;
    let r2 = r * r;
    sum + 0.5 * a.ln() - r * (1.0 / 8.0 - r2 * (1.0 / 192.0 - r2 * (1.0 / 640.0 - r2 * (17.0 / 14336.0))))
}

/// The continued fraction of `I_x(a, b)`.
fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    let guard = |v: f64| if v.abs() < 1e-300 { 1e-300 } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for m in 1..100_000 {
        let m = f64::from(m);
        for term in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 / guard(1.0 + term * d);
            c = guard(1.0 + term / c);
            h *= d * c;
        }
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    h
}

#[cfg(test)]
mod tests {
    use super::two_sided_p;

    #[track_caller]
    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-12 * expected, "found {found:e}, expected {expected:e}");
    }

    #[test]
    fn closed_forms() {
        for t in [1e-3, 0.3, 1.0, 2.5, 40.0, 1e6_f64] {
            // ν = 1 is Cauchy's law: 1 − (2/π) atan t = (2/π) atan (1/t).
            near(two_sided_p(t, 1.0), std::f64::consts::FRAC_2_PI * (1.0 / t).atan());
            // ν = 2: 1 − t / √(2 + t²) = 2 / (√(2 + t²) (√(2 + t²) + t)).
            let root = (2.0 + t * t).sqrt();
            near(two_sided_p(-t, 2.0), 2.0 / (root * (root + t)));
        }
        assert_eq!(two_sided_p(0.0, 5.0), 1.0);
        assert_eq!(two_sided_p(f64::INFINITY, 5.0), 0.0);
        assert!(two_sided_p(f64::NAN, 5.0).is_nan() && two_sided_p(1.0, 0.0).is_nan());
    }

    #[test]
    fn many_degrees_of_freedom_are_normal() {
        // erfc(2 / √2) and erfc(5 / √2); the t law differs by about t⁴ / (4 ν) of that.
        assert!((two_sided_p(2.0, 1e10) / 0.045_500_263_896_358_4 - 1.0).abs() < 1e-8);
        assert!((two_sided_p(5.0, 1e10) / 5.733_031_437_583_87e-7 - 1.0).abs() < 2e-8);
        // Both ways of computing meet.
        for t in [0.5, 2.0, 6.0, 20.0] {
            let (below, above) = (two_sided_p(t, 99_999.999), two_sided_p(t, 100_000.001));
            assert!((above / below - 1.0).abs() < 1e-8, "{t}: {below:e} {above:e}");
        }
    }
}
