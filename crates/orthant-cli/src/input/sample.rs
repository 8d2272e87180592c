//! What a fit needs of the data.

use ndarray::{Array1, Array2};
use orthant::colide::Covariance;

/// A sample: its covariance, and the rows where they are asked for.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// What was read, as the user named it.
    pub(crate) source: String,
    /// Names of the variables (d).
    pub(crate) names: Vec<String>,
    /// Covariance, mean and number of rows.
    pub(crate) covariance: Covariance,
    /// The rows (n × d) after all transforms, centred within their groups when there are some.
    pub(crate) rows: Option<Array2<f64>>,
    /// Rows that were left out for a missing value.
    pub(crate) dropped: usize,
    /// Groups and their sizes, in order of appearance.
    pub(crate) groups: Vec<(String, usize)>,
    /// The group of each kept row.
    pub(crate) group_of: Vec<usize>,
    /// Mean and standard deviation (d each) before standardising, when that was done.
    pub(crate) standardised: Option<(Array1<f64>, Array1<f64>)>,
}

impl Sample {
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
