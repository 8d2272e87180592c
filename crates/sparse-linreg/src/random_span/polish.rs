//! A truly sparse model from a preconditioned path.

use super::rsp::Rsp;
use super::rsp_fit::RspPath;
use crate::error::{Error, Result, check_sparsity};
use crate::reduction::select_columns;
use crate::{BestSubset, Criterion, Design, SubsetModel};
use ndarray::{Array1, ArrayRef1};

/// The best model of k original columns, and whether it should replace the path's fit.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Polished {
    /// Least squares on k columns (its support and coefficients refer to all d columns).
    pub model: SubsetModel,
    /// The criterion of that model, with k coefficients.
    pub model_criterion: f64,
    /// The smallest criterion along the path, with |z| + m coefficients.
    pub path_criterion: f64,
    /// The level of the path that attains it.
    pub path_level: usize,
    /// True when the k-sparse model has the smaller criterion. Do not use it otherwise: it can be far off.
    pub accepted: bool,
}

impl Rsp {
    /// Looks for a model of `sparsity` original columns among those that the path found: the max(3k, 15) columns with the
    /// largest |z| along the path and the columns of the span; splicing with several starts, least squares. It is judged
    /// against the path by an information criterion.
    ///
    /// # Errors
    /// Data that do not belong to the path; more columns than min(n, d).
    pub fn polish(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        path: &RspPath,
        sparsity: usize,
        criterion: Criterion,
    ) -> Result<Polished> {
        let columns = x.as_columns();
        let (n, d) = columns.dim();
        check_sparsity("sparsity", sparsity, (n, d))?;
        if path.span.rho.len() != d || path.span.basis.nrows() != n {
            let reason = "the path was fitted to data of another shape";
            return Err(Error::NotPossible { what: "polishing a path", reason });
        }
        let mut largest = Array1::<f64>::zeros(d);
        for level in &path.levels {
            largest.iter_mut().zip(&level.z).for_each(|(largest, z)| *largest = largest.max(z.abs()));
        }
        let mut pool: Vec<usize> = crate::greedy::largest(&largest, (3 * sparsity).max(15));
        pool.retain(|&j| largest[j] > 0.0);
        pool.extend(&path.span.set);
        pool.sort_unstable();
        pool.dedup();
        let size = sparsity.min(pool.len());
        if pool.is_empty() {
            pool.push(0);
        }
        let mut search = BestSubset::new().size(size).intercept(self.intercept);
        if let Some(weights) = &self.sample_weights {
            search = search.sample_weights(weights.clone());
        }
        let found = search.fit(&select_columns(&columns.to_dense(), &pool), y)?;
        let nothing = Error::NotPossible { what: "polishing a path", reason: "no subset was found" };
        let mut model = found.models.into_iter().next().ok_or(nothing)?;
        let mut coefficients = Array1::zeros(d);
        pool.iter().zip(&model.coefficients).for_each(|(&j, &w)| coefficients[j] = w);
        model.support = model.support.iter().filter_map(|&at| pool.get(at).copied()).collect();
        model.coefficients = coefficients;
        let model_criterion = criterion.value(model.rss, n, size as f64, d);
        let values: Vec<f64> =
            path.levels.iter().map(|level| criterion.value(level.rss, n, level.degrees_of_freedom(), d)).collect();
        let path_level = crate::selection::first_smallest(&values).unwrap_or(0);
        let path_criterion = values.get(path_level).copied().unwrap_or(f64::INFINITY);
        let accepted = model_criterion < path_criterion;
        Ok(Polished { model, model_criterion, path_criterion, path_level, accepted })
    }
}
