//! A new forest each iteration.

use crate::forest::{ForestGrowth, descending_into};
use crate::forest_solve::no_graph;
use crate::rule::{DiagonalBound, Rule};
use crate::select::Select;
use crate::step::Problem;
use crate::{Error, Result, State};
use core_tensor::Scalar;
use core_tensor::random::{Streams, permutation};
use ndarray::Array1;

/// Grows a forest in the order of decreasing score (section 2): |∇ᵢ| (`Gs`, `GsSubgradient`), |∇ᵢ|/√Lᵢ or |∇ᵢ|/√Σ|Hᵢⱼ| (`Gsd`), or
/// at random. With bounds the gradient is the least subgradient.
pub(crate) struct ForestSelect<T: Scalar> {
    rule: Rule,
    row_sums: Option<Array1<T>>,
    growth: ForestGrowth,
    scores: Vec<T>,
    order: Vec<usize>,
    streams: Streams,
}

impl<T: Scalar> ForestSelect<T> {
    pub(crate) fn new(problem: &Problem<'_, T>, state: &mut State<T>, rule: Rule, seed: u64) -> Result<Self> {
        let Some(graph) = problem.objective.graph() else { return Err(no_graph("Blocks::Forest")) };
        let row_sums = match rule {
            Rule::Gs | Rule::GsSubgradient | Rule::Random | Rule::Gsd(DiagonalBound::Lipschitz) => None,
            Rule::Gsd(DiagonalBound::RowSums) => Some(problem.objective.bound_row_sums(state)?),
            _ => {
                let reason = "forests grow by Gs, GsSubgradient, Gsd (Lipschitz or RowSums) or Random";
                return Err(Error::Incompatible { first: rule.name(), second: "Blocks::Forest", reason });
            }
        };
        let growth = ForestGrowth::new(graph.nodes());
        Ok(Self { rule, row_sums, growth, scores: Vec::new(), order: Vec::new(), streams: Streams::new(seed) })
    }
}

impl<T: Scalar> Select<T> for ForestSelect<T> {
    fn needs_gradient(&self) -> bool {
        self.rule != Rule::Random
    }

    fn select(
        &mut self,
        problem: &Problem<'_, T>,
        state: &mut State<T>,
        iteration: usize,
        block: &mut Vec<usize>,
    ) -> Result<Option<usize>> {
        let Some(graph) = problem.objective.graph() else { return Err(no_graph("Blocks::Forest")) };
        if self.rule == Rule::Random {
            self.order = permutation(&mut self.streams.stream(1 + iteration as u64), graph.nodes());
        } else {
            self.scores.clear();
            for i in 0..graph.nodes() {
                let pull = problem.penalty.block_violation_squared(&[i], &[state.x[i]], &[state.gradient[i]]).sqrt();
                let scale = match (self.rule, &self.row_sums) {
                    (Rule::Gsd(_), Some(sums)) => sums[i].sqrt(),
                    (Rule::Gsd(_), None) => problem.curvatures[i].sqrt(),
                    _ => T::one(),
                };
                self.scores.push(if pull == T::zero() { pull } else { pull / scale });
            }
            descending_into(&self.scores, &mut self.order)?;
        }
        self.growth.grow(graph, self.order.iter().copied(), block);
        Ok(None)
    }

    fn epoch(&self) -> usize {
        // Forests hold about half of the nodes of the graphs one meets.
        4
    }
}
