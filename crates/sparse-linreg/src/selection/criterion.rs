//! Information criteria.

use crate::subset::log_log;

/// An information criterion for a model with residual sum of squares `rss`, `df` coefficients (the intercept is not counted) chosen
/// from p columns, on n rows. Smaller is better; an exact fit has -∞.
///
/// | criterion | value |
/// | --- | --- |
/// | AIC | n log(rss/n) + 2 df |
/// | AICc | AIC + 2 df (df + 1) / (n - df - 1); ∞ when n - df - 1 ≤ 0 |
/// | BIC | n log(rss/n) + df log n |
/// | EBIC(γ) | BIC + 2 γ df log p |
/// | GIC | n log(rss/n) + df log(p) log(log n) |
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Criterion {
    /// Akaike's.
    Aic,
    /// Akaike's with the correction for few rows.
    Aicc,
    /// The Bayesian one.
    Bic,
    /// The extended Bayesian one (Chen and Chen); γ = 1 is usual when p exceeds n.
    Ebic {
        /// γ ≥ 0.
        gamma: f64,
    },
    /// The generalised one, as best-subset selection uses it.
    Gic,
}

impl Criterion {
    /// The value of the criterion.
    pub fn value(self, rss: f64, n: usize, df: f64, p: usize) -> f64 {
        let (n, p) = (n as f64, (p.max(1)) as f64);
        let fit = if rss > 0.0 { n * (rss / n).ln() } else { f64::NEG_INFINITY };
        match self {
            Self::Aic => fit + 2.0 * df,
            Self::Aicc => {
                let left = n - df - 1.0;
                if left > 0.0 { fit + 2.0 * df + 2.0 * df * (df + 1.0) / left } else { f64::INFINITY }
            }
            Self::Bic => fit + n.ln() * df,
            Self::Ebic { gamma } => fit + n.ln() * df + 2.0 * gamma * df * p.ln(),
            Self::Gic => fit + df * p.ln() * log_log(n),
        }
    }
}

/// Position of the smallest value, the first on ties; NaN counts as largest.
pub(crate) fn first_smallest(values: &[f64]) -> Option<usize> {
    let key = |v: f64| if v.is_nan() { f64::INFINITY } else { v };
    (0..values.len()).reduce(|best, i| if key(values[i]) < key(values[best]) { i } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        assert_eq!(Criterion::Bic.value(0.0, 10, 2.0, 5), f64::NEG_INFINITY);
        assert_eq!(Criterion::Aicc.value(1.0, 4, 3.0, 5), f64::INFINITY);
        assert_eq!(Criterion::Gic.value(10.0, 10, 3.0, 1), 0.0);
        assert_eq!(first_smallest(&[2.0, f64::NAN, 1.0, 1.0]), Some(2));
        assert_eq!(first_smallest(&[]), None);
    }
}
