//! Proximal Newton steps.

use crate::active_set::ActiveSet;
use crate::block_descent::{Descent, block_descent};
use crate::line_search::LineSearch;
use crate::number::{constant, dot};
use crate::penalty::Shape;
use crate::step::{Block, Memory, Problem, Step, move_to};
use crate::{Curvature, Result, State};
use core_tensor::Scalar;

/// How the model of a block is minimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Inner {
    /// [`Inner::ActiveSet`] where the penalty allows it, [`Inner::Descent`] otherwise.
    #[default]
    Auto,
    /// Exactly, by a finite active-set method: L1, elastic net, bounds, none.
    ActiveSet,
    /// By cyclic coordinate (or group) descent on the block's matrix until its KKT residual has fallen by 10⁻³.
    Descent,
}

/// Item 7: `min_d ∇_bᵀd + ½ dᵀH d + g_b(x_b + d)`, with the bound (no line search) or the Hessian at x (line search unless f is
/// quadratic); with `most` > 1 repeated until the block is optimal.
#[derive(Debug, Clone)]
pub(crate) struct ProxNewtonStep<T: Scalar> {
    memory: Memory<T>,
    active: ActiveSet<T>,
    shapes: Vec<Shape<T>>,
    q: Vec<T>,
    descent: Descent<T>,
    curvature: Curvature,
    inner: Inner,
    search: LineSearch,
    most: usize,
}

impl<T: Scalar> ProxNewtonStep<T> {
    pub(crate) fn new(curvature: Curvature, inner: Inner, search: LineSearch, most: usize) -> Self {
        let (memory, active) = (Memory::new(), ActiveSet::new());
        Self {
            memory,
            active,
            shapes: Vec::new(),
            q: Vec::new(),
            descent: Descent::new(),
            curvature,
            inner,
            search,
            most,
        }
    }

    /// u ← minimiser of the model, d ← u - x.
    fn minimise_model(&mut self, problem: &Problem<'_, T>, block: &[usize]) -> Result<()> {
        let Memory { g, x, d, u, h, solver } = &mut self.memory;
        u.copy_from_slice(x);
        self.shapes.clear();
        self.shapes.extend(block.iter().filter_map(|&i| problem.penalty.shape(i)));
        let exact = self.inner != Inner::Descent && self.shapes.len() == block.len();
        let solved = exact && self.active.solve(h, g, &self.shapes, u, block, solver)?;
        if !solved {
            if !exact {
                u.copy_from_slice(x);
            }
            let factor = constant::<T>(if self.most > 1 { 1e-12 } else { 1e-3 }).max(T::epsilon());
            // From where the exact method gave up the model gradient must be found anew.
            let start = &mut self.q;
            start.clone_from(g);
            for (k, row) in h.rows().into_iter().enumerate() {
                start[k] += row.iter().zip(u.iter().zip(&*x)).map(|(&h, (&u, &x))| h * (u - x)).sum::<T>();
            }
            block_descent(h, start, problem.penalty, block, u, factor, &mut self.descent);
        }
        for k in 0..block.len() {
            d[k] = u[k] - x[k];
        }
        Ok(())
    }
}

impl<T: Scalar> Step<T> for ProxNewtonStep<T> {
    fn check(&self, problem: &Problem<'_, T>) -> Result<()> {
        if self.inner == Inner::ActiveSet && problem.penalty.shape(0).is_none() {
            let reason = "it needs a separable penalty whose kinks it knows; use Inner::Descent";
            return Err(problem.penalty.incompatible("Inner::ActiveSet", reason));
        }
        Ok(())
    }

    fn step(&mut self, problem: &Problem<'_, T>, state: &mut State<T>, block: Block<'_>) -> Result<()> {
        let indices = block.indices;
        let curvature = if problem.objective.is_quadratic() { Curvature::Bound } else { self.curvature };
        for _ in 0..self.most {
            self.memory.load(problem, state, indices)?;
            self.memory.load_hessian(problem, state, indices, curvature)?;
            self.minimise_model(problem, indices)?;
            let Memory { g, x, d, u, .. } = &self.memory;
            if d.iter().all(|&d| d == T::zero()) {
                break;
            }
            if curvature == Curvature::Bound {
                move_to(problem, state, indices, d, u)?;
                if problem.objective.is_quadratic() {
                    break;
                }
                continue;
            }
            let before = problem.penalty.block_value(indices, x);
            let slope = dot(g, d) + problem.penalty.block_value(indices, u) - before;
            self.q.clear();
            self.q.resize(x.len(), T::zero());
            let trial = &mut self.q;
            let extra = |a: T| {
                for k in 0..x.len() {
                    trial[k] = x[k] + a * d[k];
                }
                problem.penalty.block_value(indices, trial) - before
            };
            let Some(a) = self.search.search(problem, state, indices, d, slope, extra)? else { break };
            problem.objective.advance(state, indices, d, a)?;
            if a == T::one() {
                indices.iter().zip(u).for_each(|(&i, &u)| state.x[i] = u);
            }
            let size = d.iter().zip(x).fold(T::zero(), |m, (d, x)| m.max(d.abs() / x.abs().max(T::one())));
            if size <= constant::<T>(64.0) * T::epsilon() {
                break;
            }
        }
        Ok(())
    }
}
