//! Where splicing starts.

use super::splicing::{Spliced, Splicing, sort_first};
use crate::error::Result;
use crate::greedy::{htp_support, largest, pursue, unit_columns};
use core_optim::design::Dense;
use core_optim::working_set::{Options, SparsePenalty, WorkingSet, Workspace};
use core_tensor::linalg::{Accumulate, gemv_into};
use ndarray::{Array1, Array2, ArrayRef1};
use std::ops::ControlFlow;

/// Supports of every size from several methods, computed once for all sizes.
pub(super) struct Starts {
    /// |xⱼᵀ y| / ‖xⱼ‖.
    scores: Array1<f64>,
    /// Columns in the order in which pursuit takes them.
    pursuit: Vec<usize>,
    /// Coefficients (on unit columns) along a Lasso path, with growing support.
    lasso: Vec<Array1<f64>>,
    unit: Option<Array2<f64>>,
}

impl Starts {
    /// Correlations only (columns of the given lengths), or also pursuit, Lasso and (for each size) HTP.
    pub(super) fn new(
        x: &Array2<f64>,
        y: &Array1<f64>,
        lengths: &ArrayRef1<f64>,
        largest_size: usize,
        several: bool,
    ) -> Result<Self> {
        let scores = correlation_scores(x, y, lengths)?;
        if !several {
            return Ok(Self { scores, pursuit: Vec::new(), lasso: Vec::new(), unit: None });
        }
        let mut unit = x.clone();
        unit_columns(&mut unit);
        let (steps, _) = pursue(&unit, y, largest_size, 0.0, &[], &[])?;
        let pursuit = steps.last().map(|qr| qr.support.clone()).unwrap_or_default();
        let top = scores.iter().fold(0.0_f64, |m, &s| m.max(s));
        let mut lasso: Vec<Array1<f64>> = Vec::new();
        if top > 0.0 {
            let levels = Array1::from_shape_fn(40, |i| top * 1e-3_f64.powf(i as f64 / 39.0));
            let penalty = SparsePenalty::lasso(top)?;
            WorkingSet::new().tolerance(1e-4).squared_path(
                &Dense::new(&unit)?,
                y,
                &penalty,
                &levels,
                &Options::default(),
                &mut Workspace::new(),
                &mut |fit| {
                    let size = fit.coefficients.iter().filter(|w| **w != 0.0).count();
                    lasso.push(fit.coefficients);
                    if size >= largest_size { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                },
            )?;
        }
        Ok(Self { scores, pursuit, lasso, unit: Some(unit) })
    }

    /// The k columns most correlated with y, `always_in` among them.
    fn correlated(&self, k: usize, always_in: &[usize]) -> Vec<usize> {
        complete(always_in.to_vec(), &self.scores, k)
    }

    /// Starting supports of size k, without repetition.
    pub(super) fn supports(&self, y: &Array1<f64>, k: usize, always_in: &[usize]) -> Result<Vec<Vec<usize>>> {
        let mut all = vec![self.correlated(k, always_in)];
        if let Some(unit) = &self.unit {
            let with = |candidates: &[usize]| {
                let mut support = always_in.to_vec();
                support.extend(candidates.iter().filter(|j| !always_in.contains(j)));
                support.truncate(k.max(always_in.len()));
                complete(support, &self.scores, k)
            };
            all.push(with(&self.pursuit));
            let lasso = self.lasso.iter().find(|w| w.iter().filter(|w| **w != 0.0).count() >= k);
            if let Some(w) = lasso.or(self.lasso.last()) {
                all.push(with(&largest(w, k)));
            }
            all.push(with(&htp_support(unit, y, k)?));
        }
        for support in &mut all {
            support.sort_unstable();
        }
        all.sort();
        all.dedup();
        Ok(all)
    }
}

/// Fills a support up to k columns with those of the largest scores.
pub(super) fn complete(mut support: Vec<usize>, scores: &ArrayRef1<f64>, k: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    // At most so many are needed: those that are missing, behind all that are there already.
    sort_first(&mut order, k, |&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
    for j in order {
        if support.len() >= k {
            break;
        }
        if !support.contains(&j) {
            support.push(j);
        }
    }
    support
}

/// |xⱼᵀ r| / ‖xⱼ‖, 0 for columns of length 0.
pub(super) fn correlation_scores(x: &Array2<f64>, r: &ArrayRef1<f64>, lengths: &ArrayRef1<f64>) -> Result<Array1<f64>> {
    let mut scores = Array1::zeros(x.ncols());
    gemv_into(&mut scores, Accumulate::Replace, 1.0, &x.t(), r)?;
    scores.zip_mut_with(lengths, |score, &length| *score = if length > 0.0 { score.abs() / length } else { 0.0 });
    Ok(scores)
}

/// The best result of splicing from several supports.
pub(super) fn best_of(splicing: &Splicing<'_>, supports: &[Vec<usize>]) -> Result<Option<Spliced>> {
    let mut best: Option<Spliced> = None;
    let mut settled: Vec<Vec<usize>> = Vec::new();
    for support in supports {
        let found = splicing.run(support, &settled)?;
        settled.push(found.support.clone());
        if best.as_ref().is_none_or(|best| found.loss < best.loss) {
            best = Some(found);
        }
    }
    Ok(best)
}
