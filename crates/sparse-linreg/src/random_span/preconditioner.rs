//! Phase 1: choosing the span from the design alone.

use super::probe::Probe;
use super::reason::Reason;
use super::residuals::{Precision, Residuals};
use super::span::{RandomSpan, Round};
use crate::error::{Error, Result, check_count, check_distinct, check_fraction};
use crate::reduction::check_design;
use core_tensor::random::{Streams, permutation};
use core_tensor::{Error as Argument, check_range};
use ndarray::ArrayRef2;
use rand::{Rng, RngExt};

/// How the random span is chosen (phase 1); it looks at X only, never at y.
///
/// | setting | default | purpose | legal |
/// | --- | --- | --- | --- |
/// | `sparsity` k | 5 | expected number of nonzero coefficients | ≥ 1 |
/// | `delta` δ | 0.25 | accepted probability that the guarantee fails | (0, 1) |
/// | `eta` η | 0.5 | a column counts as explained when its residual shrinks by this factor (peel) | (0, 1) |
/// | `probes` | 16 | random blocks looked at in a round (peel) | ≥ 1 |
/// | `choice` | most explaining | which probed block is added (peel) | |
/// | `tolerance` | 100 units of rounding | relative residual at which a column counts as inside the span | [0, 1) |
/// | `blocks` | ⌈k/δ⌉ - 1 | most blocks that are added | |
/// | `rank` | ⌊n/3⌋ (peel), n (fixed) | most basis vectors | |
/// | `tested_columns` | 2000 | random columns on which a drop is measured (peel) | ≥ 1 |
/// | `seed` | 0 | of all draws | |
/// | `precision` | double | of the residuals | |
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Preconditioner {
    construction: Construction,
    sparsity: usize,
    delta: f64,
    eta: f64,
    probes: usize,
    choice: Choice,
    tolerance: Option<f64>,
    blocks: Option<usize>,
    rank: Option<usize>,
    tested_columns: usize,
    seed: u64,
    precision: Precision,
}

/// How many blocks there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Construction {
    Fixed,
    Peel,
}

/// Which of the probed blocks a round adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Choice {
    /// The one that shortens most columns, the first on ties.
    #[default]
    MostExplaining,
    /// The first one: the blocks that are added are then independent and uniform, as Theorem A asks.
    First,
}

impl Default for Preconditioner {
    /// [`Preconditioner::peel`] for five nonzero coefficients.
    fn default() -> Self {
        Self::peel(5)
    }
}

impl Preconditioner {
    /// The adaptive construction: adds blocks only while random blocks explain random columns, so nothing on a design
    /// whose columns hardly depend on one another.
    pub fn peel(sparsity: usize) -> Self {
        Self {
            construction: Construction::Peel,
            sparsity,
            delta: 0.25,
            eta: 0.5,
            probes: 16,
            choice: Choice::default(),
            tolerance: None,
            blocks: None,
            rank: None,
            tested_columns: 2000,
            seed: 0,
            precision: Precision::default(),
        }
    }

    /// The construction of Theorem A: g = ⌈k/δ⌉ - 1 independent uniform blocks of k - 1 columns.
    pub fn fixed(sparsity: usize, delta: f64) -> Self {
        Self { construction: Construction::Fixed, delta, ..Self::peel(sparsity) }
    }

    /// Accepted probability δ that the guarantee fails.
    pub fn delta(mut self, delta: f64) -> Self {
        self.delta = delta;
        self
    }

    /// Factor η by which a residual must shrink to count as explained.
    pub fn eta(mut self, eta: f64) -> Self {
        self.eta = eta;
        self
    }

    /// Number of probed blocks in each round.
    pub fn probes(mut self, probes: usize) -> Self {
        self.probes = probes;
        self
    }

    /// Which probed block is added.
    pub fn choice(mut self, choice: Choice) -> Self {
        self.choice = choice;
        self
    }

    /// Relative residual at or below which a column counts as inside the span.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// Most blocks that are added.
    pub fn max_blocks(mut self, blocks: usize) -> Self {
        self.blocks = Some(blocks);
        self
    }

    /// Most basis vectors.
    pub fn max_rank(mut self, rank: usize) -> Self {
        self.rank = Some(rank);
        self
    }

    /// Number of random columns on which a drop is measured.
    pub fn tested_columns(mut self, columns: usize) -> Self {
        self.tested_columns = columns;
        self
    }

    /// Seed of all draws.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Precision of the residuals.
    pub fn precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// k.
    pub fn sparsity(&self) -> usize {
        self.sparsity
    }

    /// The seed of the draws.
    pub fn seed_value(&self) -> u64 {
        self.seed
    }

    /// Most blocks: as set, else ⌈k/δ⌉ - 1.
    fn most_blocks(&self) -> usize {
        self.blocks.unwrap_or_else(|| ((self.sparsity as f64 / self.delta - 1e-9).ceil() as usize).saturating_sub(1))
    }

    /// Accepts the settings.
    ///
    /// # Errors
    /// The first setting outside its range.
    pub fn validate(&self) -> Result<()> {
        check_count("sparsity", self.sparsity)?;
        check_fraction("delta", self.delta)?;
        check_fraction("eta", self.eta)?;
        check_count("probes", self.probes)?;
        check_count("tested_columns", self.tested_columns)?;
        if let Some(tolerance) = self.tolerance {
            check_range("tolerance", tolerance, (0.0..1.0).contains(&tolerance), "at least 0 and below 1")?;
        }
        Ok(())
    }

    /// The span for the design `x` (n × d), which is taken as it is: centre it first if there is an intercept.
    ///
    /// A round costs probes · n (k - 1) d operations and the final residuals n m d, in matrix products.
    ///
    /// # Errors
    /// A setting outside its range, an empty or non-finite design.
    pub fn span(&self, x: &ArrayRef2<f64>) -> Result<RandomSpan> {
        self.validate()?;
        check_design(x)?;
        let mut rng = Streams::new(self.seed).stream(0);
        match self.construction {
            Construction::Fixed => self.fixed_span(x, &mut rng),
            Construction::Peel if self.sparsity == 1 => {
                RandomSpan::finish(self.residuals(x), Reason::Conditioned, Vec::new())
            }
            Construction::Peel => {
                let d = x.ncols();
                let tested = if d > self.tested_columns {
                    let mut tested = distinct(&mut rng, d, self.tested_columns);
                    tested.sort_unstable();
                    Some(tested)
                } else {
                    None
                };
                let block = (self.sparsity - 1).min(d);
                self.peel_with(x, tested, |_| Some((0..self.probes).map(|_| distinct(&mut rng, d, block)).collect()))
            }
        }
    }

    /// The adaptive construction with the probed blocks of each round given by the caller: nothing is drawn. Ends with
    /// [`Reason::Cap`] when the rounds are used up.
    ///
    /// # Errors
    /// As [`span`](Self::span); a round without blocks, a column that does not exist or stands twice in a block.
    pub fn span_with_blocks(&self, x: &ArrayRef2<f64>, rounds: &[Vec<Vec<usize>>]) -> Result<RandomSpan> {
        self.validate()?;
        check_design(x)?;
        for blocks in rounds {
            if blocks.is_empty() {
                return Err(Argument::Empty { argument: "rounds", expected: "block" }.into());
            }
            blocks.iter().try_for_each(|block| check_distinct("rounds", block, x.ncols(), "columns"))?;
        }
        self.peel_with(x, None, |round| rounds.get(round).cloned())
    }

    fn residuals(&self, x: &ArrayRef2<f64>) -> Residuals {
        Residuals::new(x, self.tolerance.unwrap_or(self.precision.default_tolerance()), self.precision)
    }

    fn fixed_span(&self, x: &ArrayRef2<f64>, rng: &mut impl Rng) -> Result<RandomSpan> {
        let (n, d) = x.dim();
        let mut residuals = self.residuals(x);
        let block = (self.sparsity - 1).min(d);
        let mut drawn = vec![false; d];
        let mut columns = Vec::new();
        for _ in 0..self.most_blocks() {
            if columns.len() == d || block == 0 {
                break;
            }
            columns.extend(distinct(rng, d, block).into_iter().filter(|&j| !std::mem::replace(&mut drawn[j], true)));
        }
        let cap = self.rank.unwrap_or(n);
        let mut reason = Reason::Fixed;
        for &j in &columns {
            if residuals.rank() >= cap.min(n) && residuals.is_active(j) {
                reason = Reason::Cap;
                break;
            }
            residuals.add(&[j])?;
        }
        RandomSpan::finish(residuals, reason, Vec::new())
    }

    fn peel_with(
        &self,
        x: &ArrayRef2<f64>,
        tested: Option<Vec<usize>>,
        mut blocks_of: impl FnMut(usize) -> Option<Vec<Vec<usize>>>,
    ) -> Result<RandomSpan> {
        let n = x.nrows();
        let threshold = self.delta / self.sparsity as f64;
        let cap = self.rank.unwrap_or(n / 3);
        let mut residuals = self.residuals(x);
        let mut probe = Probe::new(tested, x.ncols(), self.eta);
        let mut rounds: Vec<Round> = Vec::new();
        let reason = loop {
            if (0..x.ncols()).all(|j| !residuals.is_active(j)) {
                break Reason::Exhausted;
            }
            let Some(blocks) = blocks_of(rounds.len()) else { break Reason::Cap };
            let fractions = probe.fractions(&residuals, &blocks)?;
            let mean_fraction = fractions.iter().sum::<f64>() / fractions.len() as f64;
            let mut round = Round { fractions, mean_fraction, chosen: None, added: Vec::new(), rank: residuals.rank() };
            if mean_fraction <= threshold {
                rounds.push(round);
                break Reason::Conditioned;
            }
            let chosen = match self.choice {
                Choice::First => 0,
                Choice::MostExplaining => first_largest(&round.fractions),
            };
            let new = blocks[chosen].iter().filter(|&&j| residuals.is_active(j)).count();
            if rounds.len() >= self.most_blocks() || residuals.rank() + new > cap {
                rounds.push(round);
                break Reason::Cap;
            }
            round.added = residuals.add(&blocks[chosen])?;
            round.chosen = Some(chosen);
            round.rank = residuals.rank();
            rounds.push(round);
        };
        RandomSpan::finish(residuals, reason, rounds)
    }
}

fn first_largest(values: &[f64]) -> usize {
    values.iter().enumerate().fold((0, f64::NEG_INFINITY), |best, (i, &v)| if v > best.1 { (i, v) } else { best }).0
}

/// `count` different numbers below `d`, uniformly (Floyd's algorithm for few of many, a permutation otherwise).
pub(crate) fn distinct(rng: &mut impl Rng, d: usize, count: usize) -> Vec<usize> {
    if count >= d / 8 {
        let mut order = permutation(rng, d);
        order.truncate(count);
        return order;
    }
    let mut chosen: Vec<usize> = Vec::with_capacity(count);
    for top in d - count..d {
        let j = rng.random_range(0..=top);
        chosen.push(if chosen.contains(&j) { top } else { j });
    }
    chosen
}

/// Refuses a spread of draws that is no number of draws.
pub(crate) fn check_repetitions(repetitions: usize) -> Result<()> {
    if repetitions >= 1 {
        return Ok(());
    }
    Err(Error::Argument(Argument::OutOfRange { argument: "repetitions", found: 0.0, expected: ">= 1" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_distinct_and_uniform() {
        let mut rng = Streams::new(3).stream(0);
        let mut counts = vec![0_i32; 40];
        for _ in 0..4000 {
            let block = distinct(&mut rng, 40, 4);
            assert!(block.iter().enumerate().all(|(i, j)| !block[..i].contains(j)));
            block.iter().for_each(|&j| counts[j] += 1);
        }
        // 400 expected for each, standard deviation 19.
        assert!(counts.iter().all(|c| (c - 400).abs() < 100), "{counts:?}");
        assert_eq!(distinct(&mut rng, 3, 3).len(), 3);
        assert!(distinct(&mut rng, 3, 0).is_empty());
    }

    #[test]
    fn the_number_of_blocks_is_that_of_the_theorem() {
        assert_eq!(Preconditioner::fixed(4, 0.25).most_blocks(), 15);
        assert_eq!(Preconditioner::fixed(3, 0.5).most_blocks(), 5);
        assert_eq!(Preconditioner::fixed(4, 0.45).most_blocks(), 8);
    }
}
