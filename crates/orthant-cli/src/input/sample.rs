//! What a fit needs of the data.

use crate::failure::{Failure, Outcome};
use ndarray::{Array1, Array2, Axis, Slice, concatenate};
use orthant::colide::{Covariance, covariance};

/// A sample: its covariance, and the rows where they are asked for.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// What was read, as the user named it.
    pub(crate) source: String,
    /// Names of the variables (d).
    pub(crate) names: Vec<String>,
    /// Covariance, mean and number of rows.
    pub(crate) covariance: Covariance,
    /// The rows (n × d) after all transforms, centred within their groups when there are some. `None` when they were not
    /// kept, and when entries are missing.
    pub(crate) rows: Option<Array2<f64>>,
    /// Rows that were left out for a missing value.
    pub(crate) dropped: usize,
    /// What the covariance rests on when entries are missing.
    pub(crate) estimated: Option<Estimated>,
    /// For each variable how many rows back in time it stands (d); empty when the rows are no series.
    pub(crate) lags: Vec<usize>,
    /// Groups and their sizes, in order of appearance.
    pub(crate) groups: Vec<(String, usize)>,
    /// The group of each kept row.
    pub(crate) group_of: Vec<usize>,
    /// Mean and standard deviation (d each) before standardising, when that was done.
    pub(crate) standardised: Option<(Array1<f64>, Array1<f64>)>,
}

/// A covariance that was estimated from a table with holes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimated {
    /// Share of the entries that are missing.
    pub(crate) share: f64,
    /// Iterations of expectation and maximisation.
    pub(crate) iterations: usize,
    /// False when the iterations reached their limit.
    pub(crate) converged: bool,
}

impl Sample {
    /// Takes the rows as a series in time and joins each with the `lags` rows before it: variable `k d + i` becomes
    /// `name[t-k]`. Returns the series as it was (n × d).
    pub(crate) fn join_past(&mut self, lags: usize) -> Outcome<Array2<f64>> {
        let Some(series) = self.rows.take() else {
            return Err(Failure::Internal("the rows of the series were not kept".to_owned()));
        };
        let (n, source) = (series.nrows(), &self.source);
        if n < lags + 2 {
            return Err(Failure::input(format!("--lags {lags} needs at least {} rows; `{source}` has {n}", lags + 2)));
        }
        let past: Vec<_> = (0..=lags).map(|k| series.slice_axis(Axis(0), Slice::from(lags - k..n - k))).collect();
        let rows = concatenate(Axis(1), &past).map_err(|error| Failure::Internal(error.to_string()))?;
        self.covariance =
            covariance(&rows).map_err(|error| Failure::input(format!("`{source}` with its past: {error}")))?;
        let present = self.names.clone();
        for lag in 1..=lags {
            for name in &present {
                let lagged = format!("{name}[t-{lag}]");
                if present.contains(&lagged) {
                    return Err(Failure::input(format!(
                        "--lags calls the past of `{name}` `{lagged}`, and `{source}` has a column of that name; rename it"
                    )));
                }
                self.names.push(lagged);
            }
        }
        self.lags = (0..=lags).flat_map(|lag| present.iter().map(move |_| lag)).collect();
        let repeated = |values: &Array1<f64>| Array1::from_iter((0..=lags).flat_map(|_| values.iter().copied()));
        self.standardised = self.standardised.as_ref().map(|(mean, sd)| (repeated(mean), repeated(sd)));
        self.rows = Some(rows);
        Ok(series)
    }

    /// Divides each column by its standard deviation and centres it; a constant column is only centred.
    pub(crate) fn standardise(&mut self) {
        let sd = self.covariance.deviations();
        let divisor = sd.mapv(|sd| if sd > 0.0 { sd } else { 1.0 });
        let mean = self.covariance.mean.clone();
        for ((i, j), value) in self.covariance.matrix.indexed_iter_mut() {
            *value = if i == j && sd[i] > 0.0 { 1.0 } else { *value / divisor[i] / divisor[j] };
        }
        self.covariance.mean.fill(0.0);
        if let Some(rows) = &mut self.rows {
            for mut row in rows.rows_mut() {
                row -= &mean;
                row /= &divisor;
            }
        }
        self.standardised = Some((mean, sd));
    }
}
