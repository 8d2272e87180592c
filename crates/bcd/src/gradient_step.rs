//! Steps of length 1/L_b.

use crate::line_search::rounding_slack;
use crate::number::{constant, dot, norm_squared};
use crate::step::{Block, Memory, Problem, Step, move_to};
use crate::{Curvature, Result, State};
use core_tensor::Scalar;

/// Item 1: `prox_{1/L_b}(x_b - ∇_b / L_b)` with the exact largest eigenvalue of H_b (an upper estimate beyond 200 coordinates),
/// kept for fixed blocks.
#[derive(Debug, Clone)]
pub(crate) struct GradientStep<T: Scalar> {
    memory: Memory<T>,
    kept: Vec<Option<T>>,
}

impl<T: Scalar> GradientStep<T> {
    pub(crate) fn new() -> Self {
        Self { memory: Memory::new(), kept: Vec::new() }
    }
}

/// u ← prox of the gradient step with 1/`lipschitz`, d ← u - x.
pub(crate) fn proximal_step<T: Scalar>(
    problem: &Problem<'_, T>,
    block: &[usize],
    lipschitz: T,
    memory: &mut Memory<T>,
) {
    let Memory { g, x, d, u, .. } = memory;
    for k in 0..block.len() {
        // A zero curvature comes with a zero gradient.
        d[k] = if lipschitz > T::zero() { x[k] - g[k] / lipschitz } else { x[k] };
    }
    problem.penalty.block_prox(block, d, |_| lipschitz.recip(), u);
    for k in 0..block.len() {
        d[k] = u[k] - x[k];
    }
}

impl<T: Scalar> Step<T> for GradientStep<T> {
    fn step(&mut self, problem: &Problem<'_, T>, state: &mut State<T>, block: Block<'_>) -> Result<()> {
        let Block { indices, number } = block;
        self.memory.load(problem, state, indices)?;
        let kept = number.and_then(|number| self.kept.get(number).copied().flatten());
        let lipschitz = match kept {
            Some(lipschitz) => lipschitz,
            None => {
                self.memory.load_hessian(problem, state, indices, Curvature::Bound)?;
                let found = self.memory.solver.largest_eigenvalue(&self.memory.h)?;
                if let Some(number) = number {
                    if self.kept.len() <= number {
                        self.kept.resize(number + 1, None);
                    }
                    self.kept[number] = Some(found);
                }
                found
            }
        };
        proximal_step(problem, indices, lipschitz, &mut self.memory);
        move_to(problem, state, indices, &self.memory.d, &self.memory.u)
    }
}

/// Item 2: the same with an estimate of L_b that starts at the least Lᵢ of the block and is doubled until the step makes the
/// progress that an upper bound would guarantee. One estimate per coordinate, kept in the state; a block takes the largest of its own.
#[derive(Debug, Clone)]
pub(crate) struct EstimatedStep<T: Scalar> {
    memory: Memory<T>,
    relax: T,
}

impl<T: Scalar> EstimatedStep<T> {
    /// `relax` in (0, 1]: the factor on an estimate at each visit.
    pub(crate) fn new(relax: f64) -> Self {
        Self { memory: Memory::new(), relax: constant(relax) }
    }
}

impl<T: Scalar> Step<T> for EstimatedStep<T> {
    fn step(&mut self, problem: &Problem<'_, T>, state: &mut State<T>, block: Block<'_>) -> Result<()> {
        let indices = block.indices;
        self.memory.load(problem, state, indices)?;
        state.estimates.resize(problem.curvatures.len(), T::zero());
        let (mut lipschitz, visited) = state.estimate(&problem.curvatures, indices);
        if visited {
            lipschitz *= self.relax;
        }
        let (start, slack) = (state.value, rounding_slack(state.value));
        // Enough doublings to pass τ max Lᵢ, which bounds every L_b.
        for _ in 0..200 {
            proximal_step(problem, indices, lipschitz, &mut self.memory);
            let Memory { g, d, .. } = &self.memory;
            if lipschitz == T::zero() || d.iter().all(|&d| d == T::zero()) {
                break;
            }
            problem.objective.prepare(state, indices, d)?;
            let value = problem.objective.value_along(state, indices, d, T::one())?;
            let model = dot(g, d) + constant::<T>(0.5) * lipschitz * norm_squared(d);
            if value - start <= model + slack {
                break;
            }
            lipschitz = lipschitz + lipschitz;
        }
        indices.iter().for_each(|&i| state.estimates[i] = lipschitz);
        move_to(problem, state, indices, &self.memory.d, &self.memory.u)
    }
}
