//! A path of levels.

use super::elastic_net::ElasticNet;
use super::prepared::Prepared;
use super::{LinearFit, PathEnd};
use crate::error::{Error, Result};
use core_optim::working_set::SparseFit;
use core_optim::{Observer, Unobserved};
use ndarray::{Array1, Array2, ArrayRef1};
use std::ops::ControlFlow;

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

/// How far a path is, as an observer sees it after each level.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct PathProgress<'a> {
    /// Levels that are fitted.
    pub done: usize,
    /// Levels in all; the path may end before.
    pub total: usize,
    /// The newest fit.
    pub fit: &'a LinearFit,
}

/// An observer of paths.
pub(crate) type Watch<'o> = dyn for<'a> Observer<PathProgress<'a>> + 'o;

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
        self.walk_observed(prepared, lambdas, &mut Unobserved)
    }

    /// The same under the eyes of an observer.
    pub(crate) fn walk_observed(
        &self,
        prepared: &Prepared<'_>,
        lambdas: &ArrayRef1<f64>,
        observer: &mut Watch<'_>,
    ) -> Result<Path> {
        let lambdas = lambdas.to_vec();
        let total = lambdas.len();
        let fits = Vec::with_capacity(total);
        let mut walk = Walk { config: self, prepared, observer, total, fits, last: None, end: None };
        let mut rest = lambdas.as_slice();
        while let (Some(&lambda), None) = (rest.first(), walk.end) {
            rest = match self.known(prepared, lambda)? {
                Some((fit, w)) => {
                    walk.add(fit, w)?;
                    &rest[1..]
                }
                None => walk.solve(rest)?,
            };
        }
        Ok(Path { fits: walk.fits, end: walk.end.unwrap_or(PathEnd::Complete) })
    }
}

/// A path on its way.
struct Walk<'a, 'x, 'o> {
    config: &'a ElasticNet,
    prepared: &'a Prepared<'x>,
    observer: &'a mut Watch<'o>,
    /// Levels in all.
    total: usize,
    fits: Vec<LinearFit>,
    /// Scaled coefficients of the last fit.
    last: Option<Array1<f64>>,
    /// Set when the path ends early.
    end: Option<PathEnd>,
}

impl Walk<'_, '_, '_> {
    fn add(&mut self, fit: LinearFit, w: Array1<f64>) -> Result<()> {
        self.config.accept(&fit)?;
        let null = 2.0 * self.prepared.null * self.prepared.dim().0 as f64 / self.prepared.total;
        let explained = self.config.explained.is_some_and(|limit| fit.rss < (1.0 - limit) * null);
        let full = self.config.largest_support.is_some_and(|limit| fit.support().len() > limit);
        let state = PathProgress { done: self.fits.len() + 1, total: self.total, fit: &fit };
        let enough = self.observer.iteration(&state).is_break();
        self.fits.push(fit);
        self.last = Some(w);
        if explained {
            self.end = Some(PathEnd::Explained);
        } else if full {
            self.end = Some(PathEnd::LargestSupport);
        } else if enough && self.fits.len() < self.total {
            self.end = Some(PathEnd::Observer);
        }
        Ok(())
    }

    /// Solves the first levels in one run of the solver, down to the first that is known without it; returns the others.
    fn solve<'l>(&mut self, lambdas: &'l [f64]) -> Result<&'l [f64]> {
        let (config, prepared) = (self.config, self.prepared);
        // Levels that are known lie at the ends: above the largest, and at 0.
        let is_solved = |lambda: f64| {
            lambda > 0.0 && prepared.zero_level.is_none_or(|largest| lambda < largest * (1.0 - 4.0 * f64::EPSILON))
        };
        let run = lambdas.iter().take_while(|&&lambda| is_solved(lambda)).count().max(1);
        let (now, rest) = lambdas.split_at(run);
        let base = config.penalty(&prepared.factors, prepared.penalty_factors.as_ref())?;
        let levels: Vec<(f64, f64)> = now.iter().map(|&lambda| config.levels_of(prepared, lambda)).collect();
        let start = self.last.clone();
        let (mut at, mut failed) = (0, Ok(()));
        let mut each = |found: SparseFit<f64>| {
            let (lambda, (l1, l2)) = (now[at], levels[at]);
            at += 1;
            failed = base
                .with_l1(l1)
                .and_then(|penalty| penalty.with_l2(l2))
                .map_err(Error::from)
                .and_then(|penalty| config.finish_solved(prepared, lambda, &penalty, found))
                .and_then(|(fit, w)| self.add(fit, w));
            if failed.is_err() || self.end.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        prepared.solve_levels(&config.solver(), &base, &levels, start.as_ref(), &mut each)?;
        failed?;
        Ok(rest)
    }
}
