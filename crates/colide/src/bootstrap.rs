//! Bootstrap and stability selection: how much of a graph survives when the rows are drawn anew.

use crate::evidence::Evidence;
use crate::run::{self, Warm};
use crate::stability::{Replicate, Stability};
use crate::{Colide, Covariance, CovarianceAccumulator, Fit, Result};
use core_optim::{Observer, Unobserved};
use core_tensor::check_range;
use core_tensor::random::{Streams, bootstrap_indices, permutation};
use ndarray::{Array1, ArrayRef2};

/// Fits the same configuration to resampled rows, in parallel, and counts what comes out.
///
/// | setting | default | purpose | legal |
/// | --- | --- | --- | --- |
/// | replicates | | number of resampled data sets | ≥ 1 |
/// | [`seed`](Self::seed) | 0 | replicate k uses random stream k of this seed | any |
/// | [`resampling`](Self::resampling) | with replacement | how rows are drawn | |
/// | [`begin`](Self::begin) | at the full fit | where each replicate's solver begins | |
/// | [`confidence`](Self::confidence) | 0.95 | coverage of the percentile intervals | in (0, 1) |
///
/// The same seed gives the same bits, whatever the number of threads.
///
/// ```
/// use colide::{Bootstrap, Colide};
///
/// let sachs = datasets::sachs();
/// let stability = Bootstrap::new(20).seed(7).run(&Colide::heteroscedastic(), &sachs.observational())?;
/// assert!(stability.edge_frequency.iter().all(|f| (0.0..=1.0).contains(f)));
/// # Ok::<(), colide::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Bootstrap {
    replicates: usize,
    seed: u64,
    resampling: Resampling,
    begin: Begin,
    confidence: f64,
}

/// How the rows of a replicate are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Resampling {
    /// n rows with replacement (the bootstrap).
    WithReplacement,
    /// This fraction of the rows without replacement; one half is stability selection.
    Subsample(f64),
}

/// Where the solver of a replicate begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Begin {
    /// At the fit of all rows: the last stage of the path from its weights, or the search from its graph. Many times
    /// faster; the frequencies then speak of the neighbourhood of that fit.
    FullFit,
    /// From nothing, like the fit of all rows: the frequencies then include how often another basin is found.
    Cold,
}

/// How far the replicates are, as an observer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replicates {
    /// Replicates that are done.
    pub done: usize,
    /// Replicates in all.
    pub total: usize,
}

/// Replicates between two looks of the observer; a constant, so that nothing depends on the number of threads.
const BATCH: usize = 16;

impl Bootstrap {
    /// `replicates` bootstrap samples.
    pub fn new(replicates: usize) -> Self {
        Self { replicates, seed: 0, resampling: Resampling::WithReplacement, begin: Begin::FullFit, confidence: 0.95 }
    }

    /// Sets the seed of the random streams.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets how rows are drawn.
    #[must_use]
    pub fn resampling(mut self, resampling: Resampling) -> Self {
        self.resampling = resampling;
        self
    }

    /// Sets where the solver of each replicate begins.
    #[must_use]
    pub fn begin(mut self, begin: Begin) -> Self {
        self.begin = begin;
        self
    }

    /// Sets the coverage of the percentile intervals.
    #[must_use]
    pub fn confidence(mut self, confidence: f64) -> Self {
        self.confidence = confidence;
        self
    }

    /// Fits `config` to all rows of `x` (n × d), then to each replicate.
    ///
    /// # Errors
    /// As [`Colide::fit`]; no replicate; a fraction or a confidence outside (0, 1). A replicate in which every column is
    /// constant is an error of the data as well.
    pub fn run(&self, config: &Colide, x: &ArrayRef2<f64>) -> Result<Stability> {
        self.run_observed(config, x, &mut Unobserved)
    }

    /// [`Bootstrap::run`] under the eyes of an observer, which may stop it between replicates; the result then speaks of
    /// those that are done.
    ///
    /// # Errors
    /// As [`Bootstrap::run`].
    pub fn run_observed(
        &self,
        config: &Colide,
        x: &ArrayRef2<f64>,
        observer: &mut dyn Observer<Replicates>,
    ) -> Result<Stability> {
        self.validate()?;
        let full = config.fit(x)?;
        self.run_around(config, x, full, observer)
    }

    /// [`Bootstrap::run_observed`] around a fit of all rows that is already there.
    ///
    /// # Errors
    /// As [`Bootstrap::run`]; a fit of another number of variables.
    pub fn run_around(
        &self,
        config: &Colide,
        x: &ArrayRef2<f64>,
        full: Fit,
        observer: &mut dyn Observer<Replicates>,
    ) -> Result<Stability> {
        self.validate()?;
        config.validate()?;
        let d = x.ncols();
        core_tensor::check_shape("full.weights", &full.weights, &[d, d], "`x` has that many columns")?;
        let warm = match self.begin {
            Begin::FullFit => Warm::at_fit(&full),
            Begin::Cold => Warm::default(),
        };
        let streams = Streams::new(self.seed);
        let mut found: Vec<Replicate> = Vec::with_capacity(self.replicates);
        for start in (0..self.replicates).step_by(BATCH) {
            let batch = start..(start + BATCH).min(self.replicates);
            let results = crate::parallel::map(batch.clone(), |_, replicate| {
                let covariance = self.resampled(x, &streams, replicate as u64)?;
                let fit = run::fit_warm(config, Evidence::single(&covariance), &mut Unobserved, &warm)?.0;
                Replicate::new(&fit)
            });
            for result in results {
                found.push(result?);
            }
            if observer.iteration(&Replicates { done: batch.end, total: self.replicates }).is_break() {
                break;
            }
        }
        Ok(Stability::new(full, &found, self.seed, self.confidence))
    }

    fn validate(&self) -> Result<()> {
        check_range("replicates", self.replicates as f64, self.replicates > 0, ">= 1")?;
        let confidence = self.confidence;
        check_range("confidence", confidence, confidence > 0.0 && confidence < 1.0, "> 0 and < 1")?;
        if let Resampling::Subsample(fraction) = self.resampling {
            check_range("fraction", fraction, fraction > 0.0 && fraction < 1.0, "> 0 and < 1")?;
        }
        Ok(())
    }

    /// The covariance of one replicate, from weights on the rows.
    fn resampled(&self, x: &ArrayRef2<f64>, streams: &Streams, replicate: u64) -> Result<Covariance> {
        let n = x.nrows();
        let mut rng = streams.stream(replicate);
        let mut weights = Array1::<f64>::zeros(n);
        let rows = match self.resampling {
            Resampling::WithReplacement => bootstrap_indices(&mut rng, n),
            Resampling::Subsample(fraction) => {
                let mut order = permutation(&mut rng, n);
                order.truncate(((fraction * n as f64).round() as usize).clamp(2.min(n), n));
                order
            }
        };
        rows.iter().for_each(|&row| weights[row] += 1.0);
        let mut accumulator = CovarianceAccumulator::new(x.ncols());
        accumulator.push_weighted_rows(x, &weights)?;
        let mut covariance = accumulator.covariance()?;
        // A resampled row counts like any other: the criteria see as many rows as were drawn.
        covariance.samples = rows.len() as f64;
        Ok(covariance)
    }
}
