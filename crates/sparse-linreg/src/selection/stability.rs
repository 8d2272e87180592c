//! Stability selection.

use super::progress::{Count, SelectionProgress};
use crate::design::Columns;
use crate::error::{Result, check_count};
use crate::random_span::distinct;
use crate::{Design, ElasticNet, parallel};
use core_optim::Observer;
use core_tensor::check_range;
use core_tensor::random::Streams;
use ndarray::{Array1, ArrayRef1};

/// Which columns a Lasso chooses again and again on random halves of the rows (Meinshausen and Bühlmann 2010).
///
/// | setting | default | legal |
/// | --- | --- | --- |
/// | `lasso` | the Lasso | any [`ElasticNet`] |
/// | `samples` | 100 | ≥ 1 |
/// | `threshold` π | 0.6 | above 0.5, at most 1 |
/// | `columns` q | ⌈√(0.8 d)⌉ | ≥ 1: each half's path ends when it holds more columns |
/// | `seed` | 0 | |
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StabilitySelection {
    lasso: ElasticNet,
    samples: usize,
    threshold: f64,
    columns: Option<usize>,
    seed: u64,
}

/// What stability selection found.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct StableColumns {
    /// How often each column was chosen, as a fraction of the samples (d).
    pub frequencies: Array1<f64>,
    /// The columns at or above the threshold, the most frequent first.
    pub selected: Vec<usize>,
    /// Bound q² / ((2π - 1) d) of the expected number of falsely selected columns, for exchangeable ones.
    pub expected_false: f64,
    /// Mean number of columns chosen in a sample.
    pub mean_chosen: f64,
    /// Half samples that were fitted: fewer than asked for when an observer stopped.
    pub samples: usize,
}

impl StabilitySelection {
    /// With the settings of `lasso`.
    pub fn new(lasso: ElasticNet) -> Self {
        Self { lasso, samples: 100, threshold: 0.6, columns: None, seed: 0 }
    }

    /// Number of half samples.
    pub fn samples(mut self, samples: usize) -> Self {
        self.samples = samples;
        self
    }

    /// Frequency from which a column counts as stable.
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// Most columns that a half sample chooses.
    pub fn columns(mut self, columns: usize) -> Self {
        self.columns = Some(columns);
        self
    }

    /// Seed of the half samples.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Runs on `x` (n × d) and `y` (n). Bits do not depend on the number of threads.
    ///
    /// # Errors
    /// As [`ElasticNet::fit_path`]; fewer than two rows; a setting outside its range.
    pub fn run(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>) -> Result<StableColumns> {
        self.run_counted(x.as_columns(), y, &mut Count::unobserved())
    }

    /// [`run`](Self::run) under the eyes of an observer, which may stop it between samples; the result then speaks of those that
    /// are done.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_observed(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        observer: &mut dyn Observer<SelectionProgress>,
    ) -> Result<StableColumns> {
        self.run_counted(x.as_columns(), y, &mut Count::observed(observer, self.samples))
    }

    fn run_counted(&self, columns: Columns<'_>, y: &ArrayRef1<f64>, count: &mut Count<'_>) -> Result<StableColumns> {
        check_count("samples", self.samples)?;
        check_range(
            "threshold",
            self.threshold,
            self.threshold > 0.5 && self.threshold <= 1.0,
            "above 0.5, at most 1",
        )?;
        let (n, d) = columns.dim();
        // The checks of the data, once.
        let grid = self.lasso.grid(&self.lasso.prepare(columns, y)?)?;
        check_range("the number of rows", n as f64, n >= 2, ">= 2")?;
        let q = self.columns.unwrap_or((0.8 * d as f64).sqrt().ceil() as usize);
        check_count("columns", q)?;
        let streams = Streams::new(self.seed);
        let choose = |sample: usize| {
            let mut rows = distinct(&mut streams.stream(sample as u64), n, n / 2);
            rows.sort_unstable();
            let part = columns.rows(&rows)?;
            let config = self.lasso.on_rows(&rows).largest_support(q);
            let y: Array1<f64> = crate::design::select(y, &rows);
            let path = config.walk(&config.prepare(part.borrow(), &y)?, &grid)?;
            let mut ever = vec![false; d];
            for fit in path.fits.iter().filter(|fit| fit.support().len() <= q) {
                fit.support().into_iter().for_each(|j| ever[j] = true);
            }
            Ok::<_, crate::Error>(ever)
        };
        let mut frequencies = Array1::<f64>::zeros(d);
        let mut samples = 0;
        while samples < self.samples {
            let end = samples.saturating_add(count.batch()).min(self.samples);
            for ever in parallel::map(samples..end, |_, sample| choose(sample)) {
                ever?.iter().zip(&mut frequencies).for_each(|(&ever, count)| *count += f64::from(u8::from(ever)));
            }
            let fits = end - samples;
            samples = end;
            count.add(fits);
            if count.is_stopped() {
                break;
            }
        }
        let mean_chosen = frequencies.sum() / samples as f64;
        frequencies.mapv_inplace(|count| count / samples as f64);
        let mut selected: Vec<usize> = (0..d).filter(|&j| frequencies[j] >= self.threshold).collect();
        selected.sort_by(|&a, &b| frequencies[b].total_cmp(&frequencies[a]).then(a.cmp(&b)));
        let expected_false = mean_chosen * mean_chosen / ((2.0 * self.threshold - 1.0) * d as f64);
        Ok(StableColumns { frequencies, selected, expected_false, mean_chosen, samples })
    }
}
