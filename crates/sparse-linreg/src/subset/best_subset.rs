//! Best subset selection: its configuration.

use super::branch_and_bound;
use super::model::{Certificate, SubsetModel, SubsetPath, log_log};
use super::progress::{SearchProgress, SearchStage};
use super::splicing::{Splicing, SplicingStep, default_threshold};
use super::starts::{Starts, best_of, complete, correlation_scores};
use crate::Design;
use crate::design::Columns;
use crate::error::{Error, Result, check_count, check_distinct, check_not_negative, check_sparsity};
use crate::reduction::{Reduced, apply};
use crate::subset_qr::least_squares;
use core_optim::{Observer, Unobserved};
use ndarray::{Array1, Array2, ArrayRef1, Axis, ShapeBuilder, Slice};

/// The columns on which least squares fits best, for one size or for each of several.
///
/// | setting | default | purpose |
/// | --- | --- | --- |
/// | `sizes` | 0 to min(d, n / (log d log log n)) | supports of these sizes |
/// | `search` | splicing from several starts | or from one, or exhaustive with a certificate (d ≤ 30) |
/// | `always_in` | none | columns of every support |
/// | `exchange` | 5 | most columns exchanged at once |
/// | `rounds` | 100 | exchanges for one support |
/// | `ridge` | 0 | λ₂ of the loss RSS/2n + λ₂ ‖w‖² |
/// | `max_nodes` | 20 million | of the exhaustive search |
/// | `intercept` | true | centre columns and response |
/// | `sample_weights` | none | weights of the rows |
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BestSubset {
    sizes: Option<Vec<usize>>,
    search: Search,
    always_in: Vec<usize>,
    exchange: usize,
    rounds: usize,
    ridge: f64,
    max_nodes: usize,
    intercept: bool,
    sample_weights: Option<Array1<f64>>,
}

/// How supports are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Search {
    /// Splicing from the most correlated columns and from the support of the size before.
    Splicing,
    /// Also from the supports of orthogonal matching pursuit, the Lasso and hard thresholding pursuit: the best counts.
    #[default]
    MultiStart,
    /// Branch and bound over all supports (d ≤ 30), started from the multi-start results.
    Exhaustive,
}

/// The most columns of an exhaustive search.
const EXHAUSTIVE: usize = 30;

impl Default for BestSubset {
    fn default() -> Self {
        Self::new()
    }
}

impl BestSubset {
    /// All sizes up to the default limit, by splicing from several starts.
    pub fn new() -> Self {
        Self {
            sizes: None,
            search: Search::default(),
            always_in: Vec::new(),
            exchange: 5,
            rounds: 100,
            ridge: 0.0,
            max_nodes: 20_000_000,
            intercept: true,
            sample_weights: None,
        }
    }

    /// One size.
    pub fn size(self, size: usize) -> Self {
        self.sizes([size])
    }

    /// Several sizes.
    pub fn sizes(mut self, sizes: impl IntoIterator<Item = usize>) -> Self {
        let mut sizes: Vec<usize> = sizes.into_iter().collect();
        sizes.sort_unstable();
        sizes.dedup();
        self.sizes = Some(sizes);
        self
    }

    /// How supports are searched.
    pub fn search(mut self, search: Search) -> Self {
        self.search = search;
        self
    }

    /// Columns of every support.
    pub fn always_in(mut self, columns: impl Into<Vec<usize>>) -> Self {
        self.always_in = columns.into();
        self
    }

    /// Most columns exchanged at once.
    pub fn exchange(mut self, columns: usize) -> Self {
        self.exchange = columns;
        self
    }

    /// Most exchanges for one support.
    pub fn rounds(mut self, rounds: usize) -> Self {
        self.rounds = rounds;
        self
    }

    /// λ₂ of the loss RSS/2n + λ₂ ‖w‖².
    pub fn ridge(mut self, lambda: f64) -> Self {
        self.ridge = lambda;
        self
    }

    /// Most nodes of the exhaustive search.
    pub fn max_nodes(mut self, nodes: usize) -> Self {
        self.max_nodes = nodes;
        self
    }

    /// With or without intercept.
    pub fn intercept(mut self, intercept: bool) -> Self {
        self.intercept = intercept;
        self
    }

    /// Weights of the rows (n).
    pub fn sample_weights(mut self, weights: Array1<f64>) -> Self {
        self.sample_weights = Some(weights);
        self
    }

    /// Finds the best support of each size in `x` (n × d) for `y` (n).
    ///
    /// # Errors
    /// Data that are empty, not finite or of unequal lengths; a size above min(n, d) or below the number of columns that
    /// are always in; [`Error::TooLarge`] for an exhaustive search in more than 30 columns.
    pub fn fit(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>) -> Result<SubsetPath> {
        self.fit_observed(x, y, &mut Unobserved)
    }

    /// [`fit`](Self::fit) under the eyes of an observer, which sees every size and every thousand nodes of an exhaustive search.
    /// When it stops the search, the path holds the sizes that are done, and an exhaustive search the best models until then, as
    /// [`Certificate::Stopped`].
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_observed(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        observer: &mut dyn Observer<SearchProgress>,
    ) -> Result<SubsetPath> {
        self.fit_columns(x.as_columns(), y, observer)
    }

    pub(crate) fn fit_columns(
        &self,
        x: Columns<'_>,
        y: &ArrayRef1<f64>,
        observer: &mut dyn Observer<SearchProgress>,
    ) -> Result<SubsetPath> {
        let (reduced, n, d) = self.reduce(x, y)?;
        let sizes = self.checked_sizes(n, d)?;
        let h = column_energies(&reduced, n);
        let largest_size = sizes.last().copied().unwrap_or(0);
        let lengths = h.mapv(|h| (h * n as f64).sqrt());
        let several = self.search != Search::Splicing;
        let starts = Starts::new(&reduced.x, &reduced.y, &lengths, largest_size, several)?;
        let mut found: Vec<Vec<usize>> = Vec::new();
        for &size in &sizes {
            let mut supports = Vec::new();
            if let Some(smaller) = found.last() {
                let (_, residual) = least_squares(&reduced.x, &reduced.y, smaller)?;
                let scores = correlation_scores(&reduced.x, &residual, &lengths)?;
                supports.push(complete(smaller.clone(), &scores, size));
            }
            supports.extend(starts.supports(&reduced.y, size, &self.always_in)?);
            let splicing = self.splicing(&reduced, &h, n as f64, size);
            found.push(best_of(&splicing, &supports)?.map(|found| found.support).unwrap_or_default());
            let state = SearchProgress { stage: SearchStage::Splicing, done: found.len(), total: sizes.len() };
            if observer.iteration(&state).is_break() {
                let models =
                    found.into_iter().map(|support| self.model(&reduced, n, support, Certificate::LocalOptimum));
                return Ok(SubsetPath { models: models.collect::<Result<_>>()?, rows: n, columns: d });
            }
        }
        let certificate = match self.search {
            Search::Exhaustive => {
                let task = branch_and_bound::Task {
                    x: &reduced.x,
                    y: &reduced.y,
                    sizes: &sizes,
                    always_in: &self.always_in,
                    max_nodes: self.max_nodes,
                };
                let searched = branch_and_bound::run(&task, &found, observer)?;
                found = searched.supports;
                searched.certificate
            }
            _ => Certificate::LocalOptimum,
        };
        let models = found.into_iter().map(|support| self.model(&reduced, n, support, certificate));
        Ok(SubsetPath { models: models.collect::<Result<_>>()?, rows: n, columns: d })
    }

    /// Splicing from one support, step by step, with loss falls of more than `threshold` (default 0.01 k log(d) log(log n) / n).
    ///
    /// # Errors
    /// As [`fit`](Self::fit); a support with columns that do not exist or stand twice, or without those always in.
    pub fn trace(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        start: &[usize],
        threshold: Option<f64>,
    ) -> Result<Vec<SplicingStep>> {
        let (reduced, n, d) = self.reduce(x.as_columns(), y)?;
        check_distinct("start", start, d, "columns")?;
        check_sparsity("start", start.len(), (n, d))?;
        if self.always_in.iter().any(|j| !start.contains(j)) {
            let reason = "the start lacks a column that is always in";
            return Err(Error::NotPossible { what: "splicing from a support", reason });
        }
        let h = column_energies(&reduced, n);
        let mut splicing = self.splicing(&reduced, &h, n as f64, start.len());
        if let Some(threshold) = threshold {
            check_not_negative("threshold", threshold)?;
            splicing.threshold = threshold;
        }
        Ok(splicing.run(start, &[])?.steps)
    }

    pub(crate) fn weights(&self) -> Option<&Array1<f64>> {
        self.sample_weights.as_ref()
    }

    /// With the sample weights of some rows.
    pub(crate) fn on_rows(&self, rows: &[usize]) -> Self {
        let sample_weights = self.sample_weights.as_ref().map(|s| crate::design::select(s, rows));
        Self { sample_weights, ..self.clone() }
    }

    fn splicing<'a>(&'a self, reduced: &'a Reduced, h: &'a Array1<f64>, n: f64, size: usize) -> Splicing<'a> {
        Splicing {
            x: &reduced.x,
            y: &reduced.y,
            h,
            n,
            always_in: &self.always_in,
            exchange_max: self.exchange.min(size).min(h.len() - size),
            rounds: self.rounds,
            threshold: default_threshold(size, h.len(), n),
        }
    }

    fn reduce(&self, columns: Columns<'_>, y: &ArrayRef1<f64>) -> Result<(Reduced, usize, usize)> {
        check_not_negative("ridge", self.ridge)?;
        check_count("rounds", self.rounds)?;
        check_count("exchange", self.exchange)?;
        columns.check()?;
        let mut reduced = Reduced::of_columns(columns, Some(y), self.sample_weights.as_deref(), self.intercept)?;
        let (n, d) = reduced.dim();
        check_distinct("always_in", &self.always_in, d, "columns")?;
        if self.ridge > 0.0 {
            let root = (2.0 * n as f64 * self.ridge).sqrt();
            let mut x = Array2::zeros((n + d, d).f());
            x.slice_axis_mut(Axis(0), Slice::from(..n)).assign(&reduced.x);
            (0..d).for_each(|j| x[[n + j, j]] = root);
            let mut y = Array1::zeros(n + d);
            y.slice_axis_mut(Axis(0), Slice::from(..n)).assign(&reduced.y);
            (reduced.x, reduced.y) = (x, y);
        }
        Ok((reduced, n, d))
    }

    fn checked_sizes(&self, n: usize, d: usize) -> Result<Vec<usize>> {
        if self.search == Search::Exhaustive && d > EXHAUSTIVE {
            return Err(Error::TooLarge {
                argument: "x",
                found: d,
                what: "columns",
                largest: EXHAUSTIVE,
                method: "exhaustive search",
            });
        }
        let sizes = match &self.sizes {
            Some(sizes) => sizes.clone(),
            None => {
                let limit = n as f64 / ((d as f64).ln().max(1.0) * log_log(n as f64).max(1.0));
                let most = (limit as usize).min(d).min(n).max(self.always_in.len().min(n));
                (self.always_in.len()..=most).collect()
            }
        };
        for &size in &sizes {
            check_sparsity("sizes", size, (n, d))?;
            check_sparsity("always_in", self.always_in.len(), (size, d))?;
        }
        Ok(sizes)
    }

    fn model(&self, reduced: &Reduced, n: usize, support: Vec<usize>, certificate: Certificate) -> Result<SubsetModel> {
        let (values, _) = least_squares(&reduced.x, &reduced.y, &support)?;
        let mut coefficients = Array1::zeros(reduced.x.ncols());
        support.iter().zip(values).for_each(|(&j, w)| coefficients[j] = w);
        let residual = &reduced.y - &apply(&reduced.x, &coefficients);
        // Without the rows of the ridge.
        let rss = residual.iter().take(n).map(|r| r * r).sum();
        let intercept = reduced.intercept(&coefficients);
        Ok(SubsetModel { support, coefficients, intercept, rss, certificate })
    }
}

fn column_energies(reduced: &Reduced, n: usize) -> Array1<f64> {
    reduced.x.columns().into_iter().map(|x| x.dot(&x) / n as f64).collect()
}
