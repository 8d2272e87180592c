//! Correlation between the steps of a window.

use crate::lag_products::{dot, lag_products, lag_squares};
use crate::parallel::map;
use crate::scaler::check_no_infinity;
use crate::{Error, Result};
use core_tensor::{Error as ArgumentError, check_range};
use ndarray::{Array2, ArrayRef2, ArrayView1, Axis};

/// How the correlation of two steps of a window is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum CorrelationKind {
    /// `C_ij/√(C_ii C_jj)`: the paper's definition.
    #[default]
    Pearson,
    /// `C_ij/C_jj` of the lower triangle, mirrored: what the authors' program computes.
    Ratio,
    /// The Pearson matrix with each diagonal replaced by its mean. Toeplitz, not always positive semidefinite.
    Toeplitz,
    /// The biased autocorrelation `Σ x_t x_{t+|i-j|}/Σ x_t²` of the centred channel: Toeplitz and positive semidefinite.
    Autocorrelation,
}

/// What stands in for missing entries in a covariance of lags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum MissingPairs {
    /// Nothing: each covariance uses the windows in which both steps were observed. The matrix may be slightly indefinite.
    #[default]
    PairwiseComplete,
    /// The number 0, before centring: what the authors' program does.
    Zero,
}

/// The temporal correlation matrix of lagged windows (section 3.1 of the paper), averaged over channels.
///
/// For a channel of n rows, the step i of all m = n - K + 1 windows is the vector `z_i = (x_i, …, x_{i+m-1})`; `C` holds the
/// sample covariances of z_0, …, z_{K-1}. Costs O(N (n K + K²)) without forming a window.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TemporalCorrelation {
    /// The measure. Default [`CorrelationKind::Pearson`].
    pub kind: CorrelationKind,
    /// A channel with a lagged variance `C_ii` below this is left out. Default 1e-4.
    pub variance_floor: f64,
    /// Whether the floor is relative to the channel's own variance (default) or absolute, in squared units of the data. The
    /// absolute floor of the authors' program drops channels with small units without a word.
    pub relative_floor: bool,
    /// What is done about missing entries (NaN). Default [`MissingPairs::PairwiseComplete`].
    pub missing: MissingPairs,
}

impl Default for TemporalCorrelation {
    fn default() -> Self {
        Self {
            kind: CorrelationKind::Pearson,
            variance_floor: 1e-4,
            relative_floor: true,
            missing: MissingPairs::PairwiseComplete,
        }
    }
}

/// A temporal correlation matrix.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TemporalMatrix {
    /// The matrix (K × K), symmetric.
    pub matrix: Array2<f64>,
    /// Channels that were left out because they hardly vary.
    pub dropped: Vec<usize>,
}

impl TemporalCorrelation {
    /// Exactly what the authors' program computes from raw data: ratios, an absolute floor, zeros for missing entries.
    pub fn reference() -> Self {
        Self { kind: CorrelationKind::Ratio, relative_floor: false, missing: MissingPairs::Zero, ..Self::default() }
    }

    /// The matrix of K = `lags` steps from `series` (n rows × N channels).
    ///
    /// # Errors
    /// `lags` = 0 or above n - 1, a negative floor, infinite entries, no channel, or no channel that varies.
    pub fn of(&self, series: &ArrayRef2<f64>, lags: usize) -> Result<TemporalMatrix> {
        self.check(series, lags)?;
        let channels: Vec<usize> = (0..series.ncols()).collect();
        let mut matrix = Array2::<f64>::zeros((lags, lags));
        let mut dropped = Vec::new();
        // In blocks, so that memory does not grow with the number of channels; added in order, so that threads do not matter.
        for block in channels.chunks(8) {
            for (&channel, found) in block.iter().zip(map(block, |c| self.channel(series.column(c), lags))) {
                match found {
                    Some(found) => matrix += &found,
                    None => dropped.push(channel),
                }
            }
        }
        let kept = series.ncols() - dropped.len();
        if kept == 0 {
            return Err(Error::NoVariation { floor: self.variance_floor });
        }
        matrix /= kept as f64;
        self.finish(&mut matrix);
        Ok(TemporalMatrix { matrix, dropped })
    }

    /// One matrix per channel; `None` for channels that hardly vary.
    ///
    /// # Errors
    /// As for [`TemporalCorrelation::of`], but for channels without variation.
    pub fn per_channel(&self, series: &ArrayRef2<f64>, lags: usize) -> Result<Vec<Option<Array2<f64>>>> {
        self.check(series, lags)?;
        let channels: Vec<usize> = (0..series.ncols()).collect();
        Ok(map(&channels, |c| {
            self.channel(series.column(c), lags).map(|mut matrix| {
                self.finish(&mut matrix);
                matrix
            })
        }))
    }

    fn check(&self, series: &ArrayRef2<f64>, lags: usize) -> Result<()> {
        check_range("variance_floor", self.variance_floor, self.variance_floor >= 0.0, ">= 0")?;
        if series.ncols() == 0 {
            return Err(ArgumentError::Empty { argument: "series", expected: "column" }.into());
        }
        let fits = lags >= 1 && lags < series.nrows();
        check_range("lags", lags as f64, fits, ">= 1 and less than the number of rows")?;
        check_no_infinity("series", series)
    }

    /// The ratio matrix is used as an eigen-solver that reads one triangle would; Toeplitz matrices are averaged at the end
    /// (the mean over channels commutes with it).
    fn finish(&self, matrix: &mut Array2<f64>) {
        let size = matrix.nrows();
        match self.kind {
            CorrelationKind::Ratio => {
                for i in 0..size {
                    for j in 0..i {
                        matrix[[j, i]] = matrix[[i, j]];
                    }
                }
            }
            CorrelationKind::Toeplitz => {
                let mean = |lag: usize| (lag..size).map(|i| matrix[[i, i - lag]]).sum::<f64>() / (size - lag) as f64;
                let means: Vec<f64> = (0..size).map(mean).collect();
                *matrix = Array2::from_shape_fn((size, size), |(i, j)| means[i.abs_diff(j)]);
            }
            CorrelationKind::Pearson | CorrelationKind::Autocorrelation => {}
        }
    }

    fn channel(&self, column: ArrayView1<'_, f64>, lags: usize) -> Option<Array2<f64>> {
        let centred = Centred::new(column, self.missing)?;
        if self.kind == CorrelationKind::Autocorrelation {
            let variance = centred.variance * centred.unit * centred.unit;
            return (self.relative_floor || variance >= self.variance_floor).then(|| centred.autocorrelation(lags));
        }
        let mut c = centred.covariance(lags);
        let scale = if self.relative_floor { centred.variance } else { centred.unit.powi(-2) };
        if (0..lags).any(|i| !(c[[i, i]] >= self.variance_floor * scale && c[[i, i]] > 0.0)) {
            return None;
        }
        let variances: Vec<f64> = c.diag().to_vec();
        for ((i, j), entry) in c.indexed_iter_mut() {
            *entry /= if self.kind == CorrelationKind::Ratio {
                variances[j]
            } else if i == j {
                *entry
            } else {
                (variances[i] * variances[j]).sqrt()
            };
        }
        Some(c)
    }
}

/// A channel with its mean removed, in units of its largest entry, and which entries were observed.
struct Centred {
    values: Vec<f64>,
    /// 1 where observed, else 0; `None` when all are.
    observed: Option<Vec<f64>>,
    unit: f64,
    /// Variance in these units.
    variance: f64,
}

impl Centred {
    fn new(column: ArrayView1<'_, f64>, missing: MissingPairs) -> Option<Self> {
        let mut values = column.to_vec();
        let mut observed = None;
        if values.iter().any(|v| v.is_nan()) {
            if missing == MissingPairs::PairwiseComplete {
                observed = Some(values.iter().map(|v| if v.is_nan() { 0.0 } else { 1.0 }).collect::<Vec<f64>>());
            }
            values.iter_mut().filter(|v| v.is_nan()).for_each(|v| *v = 0.0);
        }
        let count = observed.as_ref().map_or(values.len() as f64, |o| o.iter().sum());
        let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        if count == 0.0 || largest == 0.0 {
            return None;
        }
        let mean = values.iter().map(|v| v / largest).sum::<f64>() / count;
        values.iter_mut().for_each(|v| *v = *v / largest - mean);
        if let Some(observed) = &observed {
            values.iter_mut().zip(observed).for_each(|(v, o)| *v *= o);
        }
        let spread = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        // A constant channel leaves rounding behind.
        if spread <= 8.0 * f64::EPSILON {
            return None;
        }
        values.iter_mut().for_each(|v| *v /= spread);
        let variance = values.iter().map(|v| v * v).sum::<f64>() / count;
        Some(Self { values, observed, unit: largest * spread, variance })
    }

    fn covariance(&self, lags: usize) -> Array2<f64> {
        let windows = self.values.len() + 1 - lags;
        let mut c = lag_squares(&self.values, lags);
        match &self.observed {
            None => {
                let mut sum: f64 = self.values[..windows].iter().sum();
                let means: Vec<f64> = (0..lags)
                    .map(|i| {
                        if i > 0 {
                            sum += self.values[i - 1 + windows] - self.values[i - 1];
                        }
                        sum / windows as f64
                    })
                    .collect();
                for ((i, j), entry) in c.indexed_iter_mut() {
                    *entry = (*entry - windows as f64 * means[i] * means[j]) / (windows as f64 - 1.0);
                }
            }
            Some(observed) => {
                let counts = lag_squares(observed, lags);
                let sums = lag_products(&self.values, observed, lags);
                for ((i, j), entry) in c.indexed_iter_mut() {
                    let count = counts[[i, j]];
                    let enough = count > 1.5;
                    *entry = if enough { (*entry - sums[[i, j]] * sums[[j, i]] / count) / (count - 1.0) } else { 0.0 };
                }
            }
        }
        c
    }

    fn autocorrelation(&self, lags: usize) -> Array2<f64> {
        let x = &self.values;
        let total = dot(x, x);
        let r: Vec<f64> = (0..lags).map(|lag| dot(&x[lag..], &x[..x.len() - lag]) / total).collect();
        Array2::from_shape_fn((lags, lags), |(i, j)| r[i.abs_diff(j)])
    }
}

/// Pearson correlation of the channels of `series` (n × N), pairwise-complete: (N × N), unit diagonal. A channel without
/// variation is correlated with nothing.
///
/// # Errors
/// Infinite entries.
pub fn channel_correlation(series: &ArrayRef2<f64>) -> Result<Array2<f64>> {
    check_no_infinity("series", series)?;
    let columns: Vec<Option<Centred>> =
        series.axis_iter(Axis(1)).map(|column| Centred::new(column, MissingPairs::PairwiseComplete)).collect();
    let mut correlation = Array2::eye(columns.len());
    for (i, a) in columns.iter().enumerate() {
        for (j, b) in columns.iter().enumerate().take(i) {
            let (Some(a), Some(b)) = (a, b) else { continue };
            let r = pair_correlation(a, b);
            correlation[[i, j]] = r;
            correlation[[j, i]] = r;
        }
    }
    Ok(correlation)
}

fn pair_correlation(a: &Centred, b: &Centred) -> f64 {
    let seen = |c: &Centred, t: usize| c.observed.as_ref().is_none_or(|o| o[t] > 0.0);
    let both: Vec<usize> = (0..a.values.len()).filter(|&t| seen(a, t) && seen(b, t)).collect();
    let mean = |c: &Centred| both.iter().map(|&t| c.values[t]).sum::<f64>() / both.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for &t in &both {
        let (x, y) = (a.values[t] - mean_a, b.values[t] - mean_b);
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    let scale = (aa * bb).sqrt();
    if scale > 0.0 { (ab / scale).clamp(-1.0, 1.0) } else { 0.0 }
}
