//! Whether a function of one's own is a compander.

use crate::{CompandingFunction, Error, Result};

/// Checks on a grid of about 400 points from 1e-6 to 1e6 what every bounded compander promises: ψ is odd, increasing,
/// bounded by its supremum and reaches it; ψ' is even, not negative, largest at 0 and not increasing in |u|; ψ' and ψ''
/// are the derivatives (by central differences); ψ⁻¹ undoes ψ; u ψ'(u) is the elasticity.
///
/// # Errors
/// [`Error::Contract`] with the first violation and where it is.
pub fn check_contract<F: CompandingFunction<f64>>(function: &F) -> Result<()> {
    let f = |u: f64| function.value(u);
    let supremum = function.supremum();
    let peak = function.derivative(0.0);
    demand(f(0.0) == 0.0, "ψ(0) is not 0", 0.0)?;
    demand(supremum > 0.0, "the supremum is not positive", 0.0)?;
    demand(peak > 0.0 && peak.is_finite(), "the slope at 0 is not positive and finite", 0.0)?;
    demand(f(f64::INFINITY) == supremum, "ψ(∞) is not the supremum", f64::INFINITY)?;
    demand(f(f64::NAN).is_nan(), "ψ(NaN) is a number", f64::NAN)?;
    let mut before = (0.0, 0.0, peak);
    for k in -200..=200 {
        let u = 10.0_f64.powf(f64::from(k) * 0.03);
        let (value, slope) = (f(u), function.derivative(u));
        demand(f(-u) == -value, "it is not odd", -u)?;
        demand(function.derivative(-u) == slope, "the derivative is not even", -u)?;
        demand(value >= before.1, "it decreases", u)?;
        demand(value <= supremum, "it exceeds its supremum", u)?;
        demand(slope >= 0.0 && slope <= before.2 * (1.0 + 1e-14), "the derivative increases with |u|", u)?;
        // Differences of fourth order: truncation below 1e-14 for functions that change on the scale of u or of one, and
        // rounding of a few units of the value over h.
        let h = u * 1e-5;
        let noise = 1e-9 * slope + 16.0 * f64::EPSILON * value / h;
        demand((difference(f, u, h) - slope).abs() <= noise, "the derivative is not that of ψ", u)?;
        let curvature = function.second_derivative(u);
        let noise = 1e-8 * curvature.abs() + 32.0 * f64::EPSILON * slope * u.max(1.0) / h;
        let found = difference(|u| function.derivative(u), u, h);
        demand((found - curvature).abs() <= noise, "the second derivative is not that of ψ", u)?;
        let elasticity = function.elasticity(u);
        demand(
            (elasticity - u * slope).abs() <= 1e-13 * elasticity.abs() + 1e-300,
            "the elasticity is not u ψ'(u)",
            u,
        )?;
        if value < supremum && elasticity > 0.0 {
            let condition = value / elasticity;
            let error = (function.inverse(value) - u).abs();
            demand(condition > 1e12 || error <= 8.0 * f64::EPSILON * condition * u, "the inverse does not undo ψ", u)?;
        }
        before = (u, value, slope);
    }
    Ok(())
}

/// Richardson's extrapolation of two central differences.
fn difference(f: impl Fn(f64) -> f64, u: f64, h: f64) -> f64 {
    let central = |h: f64| (f(u + h) - f(u - h)) / ((u + h) - (u - h));
    (4.0 * central(h / 2.0) - central(h)) / 3.0
}

fn demand(holds: bool, violation: &'static str, at: f64) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::Contract { violation, at }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Algebraic, Arctan, Asinh, ErrorFunction, Identity, Softsign, Tanh};

    #[test]
    fn the_families_keep_it() {
        check_contract(&Arctan).unwrap();
        check_contract(&Tanh).unwrap();
        check_contract(&Softsign).unwrap();
        check_contract(&Algebraic).unwrap();
        check_contract(&ErrorFunction).unwrap();
        check_contract(&Asinh).unwrap();
        check_contract(&Identity).unwrap();
    }

    /// ψ(u) = arctan u with one thing wrong.
    #[derive(Clone, Copy)]
    enum Wrong {
        Derivative,
        SecondDerivative,
        Inverse,
        Supremum,
        Even,
    }

    impl CompandingFunction<f64> for Wrong {
        fn value(&self, u: f64) -> f64 {
            if matches!(self, Self::Even) { u.atan().abs() } else { u.atan() }
        }
        fn derivative(&self, u: f64) -> f64 {
            if matches!(self, Self::Derivative) { 1.0 / (1.0 + u.abs()) } else { 1.0 / (1.0 + u * u) }
        }
        fn second_derivative(&self, u: f64) -> f64 {
            let right = -2.0 * u / (1.0 + u * u).powi(2);
            if matches!(self, Self::SecondDerivative) { -right } else { right }
        }
        fn inverse(&self, t: f64) -> f64 {
            if matches!(self, Self::Inverse) { t.sin() } else { t.tan() }
        }
        fn supremum(&self) -> f64 {
            if matches!(self, Self::Supremum) { 1.0 } else { std::f64::consts::FRAC_PI_2 }
        }
    }

    #[test]
    fn each_violation_is_named() {
        for (wrong, violation) in [
            (Wrong::Derivative, "the derivative is not that of ψ"),
            (Wrong::SecondDerivative, "the second derivative is not that of ψ"),
            (Wrong::Inverse, "the inverse does not undo ψ"),
            (Wrong::Supremum, "ψ(∞) is not the supremum"),
            (Wrong::Even, "it is not odd"),
        ] {
            match check_contract(&wrong) {
                Err(Error::Contract { violation: found, .. }) => assert_eq!(found, violation),
                other => panic!("{violation}: {other:?}"),
            }
        }
    }
}
