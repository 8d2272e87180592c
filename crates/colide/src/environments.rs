//! Data from several environments, in some of which variables were set or disturbed from outside.
//!
//! A row in which variable j was intervened on says nothing about the causes of j, but as much as ever about everything
//! else. So column j of the score uses the rows of all environments that left j alone: each column has a covariance of
//! its own, and the rest of the method is unchanged.

use crate::evidence::Evidence;
use crate::{Colide, Covariance, CovarianceAccumulator, Error, Fit, Progress, Result};
use core_optim::{Observer, Unobserved};
use ndarray::ArrayView2;

/// Rows that were measured under the same interventions.
#[derive(Debug, Clone)]
pub struct Environment<'a> {
    /// The rows (n × d).
    pub x: ArrayView2<'a, f64>,
    /// The variables that were intervened on; none for observational data.
    pub targets: Vec<usize>,
}

impl Colide {
    /// Learns one graph from several environments (all with d columns). Each column is explained by the rows in which it
    /// was no target.
    ///
    /// The fit's covariance, from which units, orders and sortabilities are read, is that of the environments without
    /// targets, or of all rows when there are none.
    ///
    /// ```
    /// use colide::{Colide, Environment};
    ///
    /// let sachs = datasets::sachs();
    /// let (observed, akt_inhibited) = (sachs.condition(1), sachs.condition(3));
    /// let fit = Colide::heteroscedastic().fit_environments(&[
    ///     Environment { x: observed.view(), targets: vec![] },
    ///     Environment { x: akt_inhibited.view(), targets: vec![6] },
    /// ])?;
    /// assert!(!fit.edges().is_empty());
    /// # Ok::<(), colide::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Colide::fit`]; no environment; [`Error::UnknownNode`] for a target; [`Error::AlwaysIntervened`] for a variable
    /// that no row explains.
    pub fn fit_environments(&self, environments: &[Environment<'_>]) -> Result<Fit> {
        self.fit_environments_observed(environments, &mut Unobserved)
    }

    /// [`Colide::fit_environments`] under the eyes of an observer, which may stop it.
    ///
    /// # Errors
    /// As [`Colide::fit_environments`].
    pub fn fit_environments_observed(
        &self,
        environments: &[Environment<'_>],
        observer: &mut dyn for<'a> Observer<Progress<'a>>,
    ) -> Result<Fit> {
        self.validate()?;
        crate::run::fit(self, evidence(environments)?, observer)
    }
}

fn evidence(environments: &[Environment<'_>]) -> Result<Evidence> {
    let Some(first) = environments.first() else {
        return Err(core_tensor::Error::Empty { argument: "environments", expected: "environment" }.into());
    };
    let d = first.x.ncols();
    let mut parts = Vec::with_capacity(environments.len());
    for environment in environments {
        for &target in &environment.targets {
            if target >= d {
                return Err(Error::UnknownNode { argument: "targets", found: target, nodes: d });
            }
        }
        let mut part = CovarianceAccumulator::new(d);
        part.push_rows(&environment.x)?;
        parts.push(part);
    }
    let merged = |keep: &dyn Fn(usize) -> bool| -> Result<Covariance> {
        let mut all = CovarianceAccumulator::new(d);
        for (index, part) in parts.iter().enumerate() {
            if keep(index) {
                all.merge(part)?;
            }
        }
        all.covariance()
    };
    let observational = environments.iter().any(|e| e.targets.is_empty() && e.x.nrows() >= 2);
    let main = merged(&|index| !observational || environments[index].targets.is_empty())?;

    // Columns with the same set of usable environments share a covariance.
    let mut sets: Vec<Vec<bool>> = Vec::new();
    let mut of = Vec::with_capacity(d);
    for j in 0..d {
        let usable: Vec<bool> = environments.iter().map(|e| !e.targets.contains(&j)).collect();
        let rows: usize = environments.iter().zip(&usable).filter(|(_, u)| **u).map(|(e, _)| e.x.nrows()).sum();
        if rows < 2 {
            return Err(Error::AlwaysIntervened { node: j, rows });
        }
        let known = sets.iter().position(|set| *set == usable);
        of.push(known.unwrap_or_else(|| {
            sets.push(usable);
            sets.len() - 1
        }));
    }
    let covariances = sets.iter().map(|set| merged(&|index| set[index])).collect::<Result<Vec<_>>>()?;
    Ok(Evidence::by_column(main, covariances, of))
}
