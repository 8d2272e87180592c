//! Integrals by Gauss and Legendre's rule on panels.

use core_tensor::Scalar;

const NODES: usize = 16;

/// Nodes and weights of the rule of 16 points on [-1, 1].
pub(crate) struct GaussLegendre {
    nodes: [f64; NODES],
    weights: [f64; NODES],
}

impl GaussLegendre {
    /// Finds the roots of the Legendre polynomial by Newton's iteration from their asymptotic places.
    pub(crate) fn new() -> Self {
        let (mut nodes, mut weights) = ([0.0; NODES], [0.0; NODES]);
        let n = NODES as f64;
        for i in 0..NODES {
            let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..10 {
                let (mut before, mut current) = (1.0, x);
                for k in 2..=NODES {
                    let k = k as f64;
                    (before, current) = (current, ((2.0 * k - 1.0) * x * current - (k - 1.0) * before) / k);
                }
                slope = n * (x * current - before) / (x * x - 1.0);
                x -= current / slope;
            }
            nodes[i] = x;
            weights[i] = 2.0 / ((1.0 - x * x) * slope * slope);
        }
        Self { nodes, weights }
    }

    /// ∫ f over [from, to], on panels no longer than `panel`.
    pub(crate) fn integrate(&self, from: f64, to: f64, panel: f64, f: impl Fn(f64) -> f64) -> f64 {
        // The lengths that occur are those of a logarithm of a finite number: some hundreds of panels at most.
        let count = ((to - from) / panel).ceil().clamp(1.0, 1e5);
        let half = (to - from) / (2.0 * count);
        let mut sum = 0.0;
        for k in 0..count as usize {
            let middle = from + half * (2.0 * k as f64 + 1.0);
            let values = self.nodes.iter().zip(&self.weights).map(|(x, weight)| weight * f(middle + half * x));
            sum += half * values.sum::<f64>();
        }
        sum
    }
}

/// ∫₀ᵘ f(t) dt for an even f that does not decrease in |t|; odd in u. Substitutes t = sinh s, so that a large u needs few panels.
pub(crate) fn odd_integral<T: Scalar>(u: T, f: impl Fn(T) -> T) -> T {
    let end = Scalar::to_f64(u);
    if !end.is_finite() {
        return u;
    }
    // The integrands do not decrease: one that is infinite at the end has an integral beyond all bounds too, or nearly.
    if !f(u).is_finite() {
        return T::infinity().copysign(u);
    }
    let integrand = |s: f64| Scalar::to_f64(f(<T as Scalar>::from_f64(s.sinh()))) * s.cosh();
    let integral = GaussLegendre::new().integrate(0.0, end.abs().asinh(), 0.25, integrand);
    <T as Scalar>::from_f64(integral.copysign(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_for_polynomials_of_degree_31() {
        let rule = GaussLegendre::new();
        for degree in 0..32_i32 {
            let found = rule.integrate(-1.0, 1.0, 2.0, |x| x.powi(degree));
            let exact = if degree % 2 == 0 { 2.0 / (f64::from(degree) + 1.0) } else { 0.0 };
            assert!((found - exact).abs() < 1e-15, "degree {degree}: {found}");
        }
    }

    #[test]
    fn long_integrals_by_substitution() {
        // The integral of 1 is u, of 1 + t² it is u + u³/3.
        for u in [-1e9, -3.0, 1e-9, 0.0, 2.0, 1e12_f64] {
            assert!((odd_integral(u, |_| 1.0) - u).abs() <= 1e-13 * u.abs());
            let exact = u + u * u * u / 3.0;
            assert!((odd_integral(u, |t: f64| 1.0 + t * t) - exact).abs() <= 1e-13 * exact.abs(), "{u}");
        }
        assert_eq!(odd_integral(-2.0, |_: f64| f64::INFINITY), f64::NEG_INFINITY);
    }
}
