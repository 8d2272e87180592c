//! What the replicates of a bootstrap agree on.

use crate::{Fit, Result, greedy_acyclic_subset};
use ndarray::Array2;

/// Frequencies and percentile intervals over the replicates of a [`Bootstrap`](crate::Bootstrap). All matrices are
/// d × d with cause = row, effect = column.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Stability {
    /// The fit of all rows.
    pub fit: Fit,
    /// Replicates that were made.
    pub replicates: usize,
    /// The seed.
    pub seed: u64,
    /// Coverage of the intervals.
    pub confidence: f64,
    /// Share of the replicates with the edge i → j.
    pub edge_frequency: Array2<f64>,
    /// Share of the replicates with a directed path from i to j.
    pub path_frequency: Array2<f64>,
    /// Lower end of the interval of the least-squares weight; a replicate without the edge counts as 0.
    pub weight_lower: Array2<f64>,
    /// Upper end of the interval of the least-squares weight.
    pub weight_upper: Array2<f64>,
    /// Lower end of the interval of the total effect.
    pub effect_lower: Array2<f64>,
    /// Median total effect.
    pub effect_median: Array2<f64>,
    /// Upper end of the interval of the total effect.
    pub effect_upper: Array2<f64>,
    /// The edges in more than half of the replicates as a DAG of 0 and 1: inserted from the most frequent down, leaving
    /// out those that would close a cycle.
    pub consensus: Array2<f64>,
    /// Mean number of edges of a replicate.
    pub mean_edges: f64,
}

impl Stability {
    pub(crate) fn new(fit: Fit, replicates: &[Replicate], seed: u64, confidence: f64) -> Self {
        let d = fit.weights.nrows();
        let count = replicates.len();
        let tail = 0.5 * (1.0 - confidence);
        let weights = Entries::collect(d, replicates.iter().map(|r| &r.weights));
        let effects = Entries::collect(d, replicates.iter().map(|r| &r.effects));
        let edge_frequency = weights.frequency(count);
        let frequent = edge_frequency.mapv(|f| if f > 0.5 { f } else { 0.0 });
        // The frequencies are finite and the matrix square: nothing else can go wrong here.
        let consensus = greedy_acyclic_subset(&frequent).unwrap_or_else(|_| Array2::zeros((d, d)));
        let edges: usize = replicates.iter().map(|r| r.weights.len()).sum();
        Self {
            fit,
            replicates: count,
            seed,
            confidence,
            path_frequency: effects.frequency(count),
            weight_lower: weights.quantile(count, tail),
            weight_upper: weights.quantile(count, 1.0 - tail),
            effect_lower: effects.quantile(count, tail),
            effect_median: effects.quantile(count, 0.5),
            effect_upper: effects.quantile(count, 1.0 - tail),
            consensus: consensus.mapv(|f| f64::from(u8::from(f > 0.0))),
            edge_frequency,
            mean_edges: edges as f64 / count.max(1) as f64,
        }
    }

    /// The edges in at least this share of the replicates, the most frequent first.
    pub fn stable_edges(&self, frequency: f64) -> Vec<(usize, usize, f64)> {
        let frequent = self.edge_frequency.indexed_iter().filter(|&(_, &f)| f > 0.0 && f >= frequency);
        let mut edges: Vec<_> = frequent.map(|((i, j), &f)| (i, j, f)).collect();
        edges.sort_by(|a, b| b.2.total_cmp(&a.2));
        edges
    }

    /// Upper bound on the expected number of false edges among [`stable_edges`](Self::stable_edges) at a frequency above
    /// one half, `q² / ((2 π − 1) p)` with q the mean number of edges and p = d (d − 1) possible ones (Meinshausen and
    /// Bühlmann 2010): valid for subsamples of half the rows when the method is no worse than guessing and false edges
    /// are exchangeable. `None` at a frequency of one half or less.
    pub fn expected_false_edges(&self, frequency: f64) -> Option<f64> {
        let d = self.edge_frequency.nrows() as f64;
        let possible = (d * (d - 1.0)).max(1.0);
        (frequency > 0.5).then(|| self.mean_edges * self.mean_edges / ((2.0 * frequency - 1.0) * possible))
    }
}

/// The non-zero weights and total effects of one replicate, by flat index.
pub(crate) struct Replicate {
    weights: Vec<(usize, f64)>,
    effects: Vec<(usize, f64)>,
}

impl Replicate {
    pub(crate) fn new(fit: &Fit) -> Result<Self> {
        let d = fit.weights.ncols();
        let model = fit.causal_model()?;
        let (mut weights, mut effects) = (Vec::new(), Vec::new());
        for ((i, j), &w) in fit.weights.indexed_iter() {
            if w != 0.0 {
                weights.push((i * d + j, fit.refit.weights[[i, j]]));
            }
        }
        let total = model.total_effects();
        for i in 0..d {
            for j in model.dag().graph().descendants(i).iter().filter(|&j| j != i) {
                effects.push((i * d + j, total[[i, j]]));
            }
        }
        Ok(Self { weights, effects })
    }
}

/// All replicates' values, grouped by entry and sorted within.
struct Entries {
    d: usize,
    groups: Vec<(usize, Vec<f64>)>,
}

impl Entries {
    fn collect<'a>(d: usize, lists: impl Iterator<Item = &'a Vec<(usize, f64)>>) -> Self {
        let mut all: Vec<(usize, f64)> = lists.flatten().copied().collect();
        all.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let groups = all
            .chunk_by(|a, b| a.0 == b.0)
            .map(|group| (group[0].0, group.iter().map(|&(_, value)| value).collect()))
            .collect();
        Self { d, groups }
    }

    fn fill(&self, value: impl Fn(&[f64]) -> f64) -> Array2<f64> {
        let mut out = Array2::zeros((self.d, self.d));
        for (index, values) in &self.groups {
            out[[index / self.d, index % self.d]] = value(values);
        }
        out
    }

    fn frequency(&self, replicates: usize) -> Array2<f64> {
        self.fill(|values| values.len() as f64 / replicates.max(1) as f64)
    }

    fn quantile(&self, replicates: usize, level: f64) -> Array2<f64> {
        self.fill(|values| quantile_with_zeros(values, replicates, level))
    }
}

/// The quantile (linear between order statistics) of sorted `values` and as many zeros as `count` leaves room for.
fn quantile_with_zeros(values: &[f64], count: usize, level: f64) -> f64 {
    let zeros = count.saturating_sub(values.len());
    let negative = values.partition_point(|&v| v < 0.0);
    let at = |rank: usize| {
        if rank < negative {
            values[rank]
        } else if rank < negative + zeros {
            0.0
        } else {
            values[rank - zeros]
        }
    };
    let last = values.len() + zeros - 1;
    let position = level * last as f64;
    let (low, part) = ((position.floor() as usize).min(last), position.fract());
    let (a, b) = (at(low), at((low + 1).min(last)));
    a + part * (b - a)
}

#[cfg(test)]
mod tests {
    use super::quantile_with_zeros;

    #[test]
    fn zeros_take_their_place_among_the_values() {
        let q = |values: &[f64], count, level| quantile_with_zeros(values, count, level);
        assert_eq!(q(&[-1.0, 2.0], 5, 0.0), -1.0);
        assert_eq!(q(&[-1.0, 2.0], 5, 0.5), 0.0);
        assert_eq!(q(&[-1.0, 2.0], 5, 0.875), 1.0);
        assert_eq!(q(&[-1.0, 2.0], 5, 1.0), 2.0);
        assert_eq!(q(&[3.0], 1, 0.3), 3.0);
        assert_eq!(q(&[1.0, 2.0, 3.0], 3, 0.5), 2.0);
    }
}
