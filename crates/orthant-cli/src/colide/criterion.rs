//! What chooses λ among the fits of a path.

use crate::failure::{Failure, Outcome};
use orthant::colide::Fit;

/// The extended Bayesian information criterion; γ = 0 is the plain one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Criterion {
    gamma: f64,
}

impl Criterion {
    /// From `bic` or `ebic:GAMMA`.
    pub(super) fn parse(text: Option<&str>) -> Outcome<Self> {
        let Some(text) = text.filter(|&text| text != "bic") else { return Ok(Self { gamma: 0.0 }) };
        let gamma = text.strip_prefix("ebic:").and_then(|gamma| gamma.parse::<f64>().ok());
        match gamma.filter(|gamma| (0.0..=1.0).contains(gamma)) {
            Some(gamma) => Ok(Self { gamma }),
            None => Err(Failure::input(format!("--choose `{text}`: write `bic`, or `ebic:G` with G from 0 to 1"))),
        }
    }

    /// Its value at a fit; the lowest is best.
    pub(super) fn of(self, fit: &Fit) -> f64 {
        fit.extended_bic(self.gamma)
    }
}
