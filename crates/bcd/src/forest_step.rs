//! Updates of blocks that induce a forest.

use crate::forest_solve::{ForestFactor, ForestOrder, OrderScratch, no_graph};
use crate::line_search::LineSearch;
use crate::number::dot;
use crate::objective::Curvature;
use crate::penalty::Shape;
use crate::step::{Block, Memory, Problem, Step};
use crate::two_metric::{ActiveRule, Bounds, only_bounds};
use crate::{Result, State};
use core_tensor::Scalar;

/// Item 10: Newton's method on a forest by message passing, exact for quadratics; with bounds a two-metric projection, whose working
/// set is a forest as well. Orders and factors of fixed blocks are kept.
pub(crate) struct ForestStep<T: Scalar> {
    kept: Vec<Option<(ForestOrder, Option<ForestFactor<T>>)>>,
    memory: Memory<T>,
    bounds: Bounds<T>,
    active: Vec<bool>,
    factor: ForestFactor<T>,
    /// The order of a block that is not kept.
    order: ForestOrder,
    scratch: OrderScratch,
    s: Vec<T>,
}

impl<T: Scalar> ForestStep<T> {
    pub(crate) fn new() -> Self {
        Self {
            kept: Vec::new(),
            memory: Memory::new(),
            bounds: Bounds::new(),
            active: Vec::new(),
            factor: ForestFactor::new(),
            order: ForestOrder::empty(),
            scratch: OrderScratch::default(),
            s: Vec::new(),
        }
    }

    /// The step on a block with its order, and the kept factor if there is one.
    fn solve(
        &mut self,
        problem: &Problem<'_, T>,
        state: &mut State<T>,
        order: &ForestOrder,
        kept: Option<&ForestFactor<T>>,
    ) -> Result<()> {
        let (nodes, objective) = (order.nodes(), problem.objective);
        self.memory.load(problem, state, nodes)?;
        let Memory { g, x, d, u, .. } = &mut self.memory;
        let bounded = !problem.penalty.is_none();
        if bounded {
            self.bounds.load(problem, nodes, g)?;
            self.bounds.mark_active(ActiveRule::Adaptive, x, g, &mut self.active);
        }
        let factor = match kept.filter(|_| !bounded) {
            Some(factor) => factor,
            None => {
                let (at, masked) = (&*state, bounded.then_some(&self.active[..]));
                let diagonal = |i| objective.diagonal_entry(at, Curvature::AtPoint, i);
                self.factor.factorise(
                    order,
                    diagonal,
                    |slot| objective.link_entry(at, Curvature::AtPoint, slot),
                    masked,
                )?;
                &self.factor
            }
        };
        self.s.clear();
        self.s.extend(g.iter().enumerate().map(|(k, &g)| if bounded && self.active[k] { T::zero() } else { -g }));
        factor.solve(order, &mut self.s)?;
        if bounded {
            for k in (0..nodes.len()).filter(|&k| self.active[k]) {
                let scale = problem.curvatures[nodes[k]];
                self.s[k] = if scale > T::zero() { -g[k] / scale } else { -g[k] };
            }
            return self.bounds.search(
                ActiveRule::Adaptive,
                problem,
                state,
                nodes,
                (g, x, &self.s),
                &self.active,
                d,
                u,
            );
        }
        if objective.is_quadratic() {
            if !objective.advances_unprepared() {
                objective.prepare(state, nodes, &self.s)?;
            }
            return objective.advance(state, nodes, &self.s, T::one());
        }
        let slope = dot(g, &self.s);
        if let Some(a) = LineSearch::default().search(problem, state, nodes, &self.s, slope, |_| T::zero())? {
            objective.advance(state, nodes, &self.s, a)?;
        }
        Ok(())
    }
}

impl<T: Scalar> Step<T> for ForestStep<T> {
    fn check(&self, problem: &Problem<'_, T>) -> Result<()> {
        if problem.objective.graph().is_none() {
            return Err(no_graph("update Forest"));
        }
        match problem.penalty.shape(0) {
            Some(Shape::Interval { .. }) => Ok(()),
            _ => Err(only_bounds(problem)),
        }
    }

    fn step(&mut self, problem: &Problem<'_, T>, state: &mut State<T>, block: Block<'_>) -> Result<()> {
        let Some(graph) = problem.objective.graph() else { return Err(no_graph("update Forest")) };
        let Some(number) = block.number else {
            let mut order = std::mem::replace(&mut self.order, ForestOrder::empty());
            let outcome = order
                .renew(graph, block.indices, &mut self.scratch)
                .and_then(|()| self.solve(problem, state, &order, None));
            self.order = order;
            return outcome;
        };
        if self.kept.len() <= number {
            self.kept.resize_with(number + 1, || None);
        }
        let (order, factor) = match self.kept[number].take() {
            Some(kept) => kept,
            None => {
                let order = ForestOrder::new(graph, block.indices)?;
                let factor = if problem.objective.is_quadratic() && problem.penalty.is_none() {
                    let mut factor = ForestFactor::new();
                    let at = &*state;
                    factor.factorise(
                        &order,
                        |i| problem.objective.diagonal_entry(at, Curvature::Bound, i),
                        |slot| problem.objective.link_entry(at, Curvature::Bound, slot),
                        None,
                    )?;
                    Some(factor)
                } else {
                    None
                };
                (order, factor)
            }
        };
        let outcome = self.solve(problem, state, &order, factor.as_ref());
        self.kept[number] = Some((order, factor));
        outcome
    }
}
