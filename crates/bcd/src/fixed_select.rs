//! Selection among fixed blocks.

use crate::block_scores::{BlockScores, block_lipschitz};
use crate::rule::{Rule, ScoreNorm};
use crate::select::Select;
use crate::step::{Block, Problem, Step};
use crate::top::first_largest;
use crate::{Result, State};
use core_tensor::Scalar;
use core_tensor::random::{Streams, permutation, uniform_array};

/// The rules of section 3.1.
pub(crate) struct FixedSelect<T: Scalar> {
    blocks: Vec<Vec<usize>>,
    rule: Rule,
    scores: Option<BlockScores<T>>,
    values: Vec<T>,
    /// Running sums of L_b, for sampling.
    cumulative: Vec<f64>,
    order: Vec<usize>,
    streams: Streams,
    /// The exact update that MI tries on every block.
    exact: Option<Box<dyn Step<T>>>,
}

impl<T: Scalar> FixedSelect<T> {
    pub(crate) fn new(
        problem: &Problem<'_, T>,
        state: &mut State<T>,
        blocks: Vec<Vec<usize>>,
        rule: Rule,
        norm: ScoreNorm,
        seed: u64,
    ) -> Result<Self> {
        let scores = if rule.is_greedy() && rule != Rule::MaximumImprovement {
            Some(BlockScores::new(problem, state, &blocks, rule, norm)?)
        } else {
            None
        };
        let mut cumulative = Vec::new();
        if rule == Rule::Lipschitz {
            let mut total = 0.0;
            for l in block_lipschitz(problem, state, &blocks)? {
                total += Scalar::to_f64(l);
                cumulative.push(total);
            }
        }
        let exact: Option<Box<dyn Step<T>>> =
            if rule == Rule::MaximumImprovement { Some(crate::Update::Exact.build(problem)?) } else { None };
        let values = Vec::with_capacity(blocks.len());
        Ok(Self { blocks, rule, scores, values, cumulative, order: Vec::new(), streams: Streams::new(seed), exact })
    }

    fn number(&mut self, problem: &Problem<'_, T>, state: &mut State<T>, iteration: usize) -> Result<usize> {
        let m = self.blocks.len();
        let draw = || uniform_array::<f64, _, _>(&mut self.streams.stream(1 + iteration as u64), 1)[0];
        Ok(match self.rule {
            Rule::Cyclic => iteration % m,
            Rule::Permuted => {
                if iteration.is_multiple_of(m) || self.order.len() != m {
                    self.order = permutation(&mut self.streams.stream(1 + (iteration / m) as u64), m);
                }
                self.order[iteration % m]
            }
            Rule::Random => ((draw() * m as f64) as usize).min(m - 1),
            Rule::Lipschitz => {
                let total = self.cumulative.last().copied().unwrap_or(0.0);
                let goal = draw() * total;
                self.cumulative.partition_point(|&sum| sum <= goal).min(m - 1)
            }
            Rule::MaximumImprovement => {
                self.values.clear();
                for (number, indices) in self.blocks.iter().enumerate() {
                    let mut copy = state.clone();
                    let before = copy.value + problem.penalty.value(&copy.x);
                    if let Some(exact) = &mut self.exact {
                        exact.step(problem, &mut copy, Block { indices, number: Some(number) })?;
                    }
                    self.values.push(before - copy.value - problem.penalty.value(&copy.x));
                }
                first_largest(&self.values)?
            }
            _ => {
                if let Some(scores) = &mut self.scores {
                    scores.scores_into(problem, state, &mut self.values)?;
                }
                first_largest(&self.values)?
            }
        })
    }
}

impl<T: Scalar> Select<T> for FixedSelect<T> {
    fn needs_gradient(&self) -> bool {
        self.rule.is_greedy()
    }

    fn select(
        &mut self,
        problem: &Problem<'_, T>,
        state: &mut State<T>,
        iteration: usize,
        block: &mut Vec<usize>,
    ) -> Result<Option<usize>> {
        let number = self.number(problem, state, iteration)?;
        block.clear();
        block.extend_from_slice(&self.blocks[number]);
        Ok(Some(number))
    }

    fn epoch(&self) -> usize {
        self.blocks.len()
    }
}
