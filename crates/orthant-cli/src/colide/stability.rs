//! The bootstrap: how often each edge comes back when the rows are drawn again.

use ndarray::{Array1, Array2, ArrayRef2};
use orthant::colide::{CausalModel, Colide, CovarianceAccumulator, Error, refit};
use rayon::prelude::*;

/// What refits of resampled rows say; all matrices are d × d.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stability {
    pub(super) replicates: usize,
    pub(super) seed: u64,
    pub(super) confidence: f64,
    /// Share of the replicates with the edge.
    pub(super) edge_frequency: Array2<f64>,
    /// Share of the replicates with a directed path.
    pub(super) path_frequency: Array2<f64>,
    /// Interval of the least-squares weight; 0 counts where the edge is absent.
    pub(super) weight_lower: Array2<f64>,
    pub(super) weight_upper: Array2<f64>,
    /// Interval and median of the total effect; 0 counts where there is no path.
    pub(super) effect_lower: Array2<f64>,
    pub(super) effect_median: Array2<f64>,
    pub(super) effect_upper: Array2<f64>,
}

/// Draws the rows of `x` (n × d) anew `replicates` times and fits each time. `done` is called after each replicate, from
/// any thread. The same seed gives the same result for any number of threads.
pub(super) fn bootstrap(
    config: &Colide,
    x: &ArrayRef2<f64>,
    (replicates, seed, confidence): (usize, u64, f64),
    done: impl Fn() + Sync,
) -> Result<Stability, Error> {
    let d = x.ncols();
    let one = |replicate: usize| {
        let found = replicate_of(config, x, seed, replicate as u64);
        done();
        found
    };
    let found: Vec<Replicate> = (0..replicates).into_par_iter().map(one).collect::<Result<_, _>>()?;
    let share = |pick: fn(&Replicate) -> &Array2<f64>| {
        let count = |edge: (usize, usize)| found.iter().filter(|f| pick(f)[[edge.0, edge.1]] != 0.0).count();
        Array2::from_shape_fn((d, d), |edge| count(edge) as f64 / replicates as f64)
    };
    let quantile = |pick: fn(&Replicate) -> &Array2<f64>, level: f64| {
        Array2::from_shape_fn((d, d), |(i, j)| {
            let mut values: Vec<f64> = found.iter().map(|f| pick(f)[[i, j]]).collect();
            values.sort_by(f64::total_cmp);
            interpolate(&values, level)
        })
    };
    let tail = (1.0 - confidence) / 2.0;
    Ok(Stability {
        replicates,
        seed,
        confidence,
        edge_frequency: share(|f| &f.weights),
        path_frequency: share(|f| &f.effects),
        weight_lower: quantile(|f| &f.weights, tail),
        weight_upper: quantile(|f| &f.weights, 1.0 - tail),
        effect_lower: quantile(|f| &f.effects, tail),
        effect_median: quantile(|f| &f.effects, 0.5),
        effect_upper: quantile(|f| &f.effects, 1.0 - tail),
    })
}

/// What one draw leads to.
struct Replicate {
    /// Least-squares weights (d × d).
    weights: Array2<f64>,
    /// Total effects (d × d).
    effects: Array2<f64>,
}

fn replicate_of(config: &Colide, x: &ArrayRef2<f64>, seed: u64, replicate: u64) -> Result<Replicate, Error> {
    let (n, d) = x.dim();
    let mut random = SplitMix(SplitMix(seed).next() ^ SplitMix(replicate.wrapping_add(0x9e37_79b9)).next());
    let mut weights = Array1::<f64>::zeros(n);
    for _ in 0..n {
        // The bias of at most n / 2⁶⁴ does not matter.
        let row = ((u128::from(random.next()) * n as u128) >> 64) as usize;
        weights[row] += 1.0;
    }
    let mut accumulator = CovarianceAccumulator::new(d);
    accumulator.push_weighted_rows(x, &weights)?;
    let mut covariance = match accumulator.covariance() {
        // The rare draw of identical rows only has no edge.
        Err(Error::TooFewSamples { .. } | Error::ZeroVariance { .. }) => {
            return Ok(Replicate { weights: Array2::zeros((d, d)), effects: Array2::zeros((d, d)) });
        }
        other => other?,
    };
    covariance.samples = n as f64;
    let fit = config.fit_covariance(&covariance)?;
    let refitted = refit(&covariance.matrix, &fit.weights, covariance.samples)?;
    let effects = CausalModel::new(&refitted.weights, &covariance.mean, &refitted.noise_variance.mapv(f64::sqrt))?
        .total_effects();
    Ok(Replicate { weights: refitted.weights, effects })
}

/// The quantile of sorted values, between neighbours.
fn interpolate(values: &[f64], level: f64) -> f64 {
    let Some(last) = values.len().checked_sub(1) else { return f64::NAN };
    let at = level * last as f64;
    let below = (at.floor() as usize).min(last);
    let above = (below + 1).min(last);
    values[below] + (at - below as f64) * (values[above] - values[below])
}

/// Steele, Lea and Flood's generator: one stream for each seed.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::interpolate;

    #[test]
    fn quantiles_lie_between_neighbours() {
        let values = [0.0, 1.0, 4.0];
        assert_eq!(interpolate(&values, 0.5), 1.0);
        assert_eq!(interpolate(&values, 0.25), 0.5);
        assert_eq!(interpolate(&values, 1.0), 4.0);
        assert!(interpolate(&[], 0.5).is_nan());
    }
}
