//! A path of levels.

use super::elastic_net::ElasticNet;
use super::prepared::Prepared;
use super::{LinearFit, PathEnd};
use crate::error::Result;
use ndarray::{Array1, Array2, ArrayRef1};

/// Fits for decreasing levels.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Path {
    /// One fit per level, in the order of the levels.
    pub fits: Vec<LinearFit>,
    /// Why the path ended.
    pub end: PathEnd,
}

impl Path {
    /// The levels that were fitted.
    pub fn lambdas(&self) -> Array1<f64> {
        self.fits.iter().map(|fit| fit.lambda).collect()
    }

    /// Coefficients, one row per level.
    pub fn coefficients(&self) -> Array2<f64> {
        let d = self.fits.first().map_or(0, |fit| fit.coefficients.len());
        Array2::from_shape_fn((self.fits.len(), d), |(i, j)| self.fits[i].coefficients[j])
    }

    /// True when every fit reached its tolerance.
    pub fn converged(&self) -> bool {
        self.fits.iter().all(|fit| fit.converged)
    }
}

impl ElasticNet {
    /// The fits at the given levels, each from the one before.
    pub(crate) fn walk(&self, prepared: &Prepared<'_>, lambdas: &ArrayRef1<f64>) -> Result<Path> {
        let mut fits = Vec::with_capacity(lambdas.len());
        let mut start: Option<Array1<f64>> = None;
        let n = prepared.dim().0 as f64;
        let null = 2.0 * prepared.null * n / prepared.total;
        let mut end = PathEnd::Complete;
        for &lambda in lambdas {
            let (fit, w) = self.level(prepared, lambda, start.as_ref())?;
            self.accept(&fit)?;
            start = Some(w);
            let explained = self.explained.is_some_and(|limit| fit.rss < (1.0 - limit) * null);
            let full = self.largest_support.is_some_and(|limit| fit.support().len() > limit);
            fits.push(fit);
            if explained || full {
                end = if explained { PathEnd::Explained } else { PathEnd::LargestSupport };
                break;
            }
        }
        Ok(Path { fits, end })
    }
}
