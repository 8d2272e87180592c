//! Scores of fixed blocks (section 3.1).

use crate::block_solver::{BlockSolver, resize};
use crate::gsq::value_with;
use crate::model_decrease::model_decrease;
use crate::objective::Curvature;
use crate::rule::{DiagonalBound, Rule, ScoreNorm};
use crate::step::Problem;
use crate::{Error, Result, State};
use core_tensor::Scalar;
use core_tensor::linalg::Llt;
use ndarray::Array2;

/// The scores of `blocks` under a greedy rule: the largest is chosen. What does not depend on x (`L_b`, D, factors of `H_b`) is
/// kept between calls.
///
/// | rule | score |
/// | --- | --- |
/// | `Gs` | `‖∇_b‖` |
/// | `Gsl` | `‖∇_b‖² / L_b`; with estimated constants where the state has some |
/// | `Gsd` | Σ ∇ᵢ²/Dᵢ |
/// | `Gsq`, `GsqNewton` | `∇_bᵀ H⁻¹ ∇_b` |
/// | `GsModel` | decrease of the separable model |
/// | `GsLength`, `GsSubgradient` | norm of the proximal step, of the least subgradient |
#[derive(Debug, Clone)]
pub struct BlockScores<T: Scalar> {
    blocks: Vec<Vec<usize>>,
    rule: Rule,
    norm: ScoreNorm,
    lipschitz: Vec<T>,
    diagonals: Vec<Vec<T>>,
    factors: Vec<Kept<T>>,
    solver: BlockSolver<T>,
    h: Array2<T>,
    x: Vec<T>,
    g: Vec<T>,
    scratch: Vec<T>,
}

#[derive(Debug, Clone)]
enum Kept<T: Scalar> {
    Factor(Llt<T>),
    Singular(Array2<T>),
}

impl<T: Scalar> BlockScores<T> {
    /// Prepares the scores.
    ///
    /// # Errors
    /// [`Error::Incompatible`] for rules that have no block scores or that ignore the penalty; failures of the block algebra.
    pub fn new(
        problem: &Problem<'_, T>,
        state: &mut State<T>,
        blocks: &[Vec<usize>],
        rule: Rule,
        norm: ScoreNorm,
    ) -> Result<Self> {
        let incompatible = |second, reason| Err(Error::Incompatible { first: rule.name(), second, reason });
        if !problem.penalty.is_none() && rule.ignores_penalty() {
            let reason = "it looks at the smooth part alone; use GsModel, GsLength or GsSubgradient";
            return Err(problem.penalty.incompatible(rule.name(), reason));
        }
        if norm == ScoreNorm::L1 && !matches!(rule, Rule::Gs | Rule::Gsl | Rule::Gsd(_)) {
            return incompatible("ScoreNorm::L1", "only Gs, Gsl and Gsd have a 1-norm form");
        }
        if matches!(rule, Rule::GsqThresholding | Rule::GsqGreedy | Rule::GsqCluster(_) | Rule::BestOf) {
            return incompatible("fixed blocks", "it builds its own blocks; use Blocks::Variable");
        }
        for block in blocks {
            crate::error::check_block(block, problem.objective.variables())?;
        }
        let mut scores = Self {
            blocks: blocks.to_vec(),
            rule,
            norm,
            lipschitz: Vec::new(),
            diagonals: Vec::new(),
            factors: Vec::new(),
            solver: BlockSolver::new(),
            h: Array2::zeros((0, 0)),
            x: Vec::new(),
            g: Vec::new(),
            scratch: Vec::new(),
        };
        match rule {
            Rule::Gsl if state.estimates.is_empty() => scores.lipschitz = block_lipschitz(problem, state, blocks)?,
            Rule::Gsd(bound) => scores.diagonals = diagonals(problem, state, blocks, bound)?,
            Rule::Gsq => scores.keep_factors(problem, state)?,
            _ => {}
        }
        Ok(scores)
    }

    /// The blocks.
    #[must_use]
    pub fn blocks(&self) -> &[Vec<usize>] {
        &self.blocks
    }

    fn keep_factors(&mut self, problem: &Problem<'_, T>, state: &mut State<T>) -> Result<()> {
        for block in &self.blocks {
            resize(&mut self.h, block.len());
            problem.objective.hessian_into(state, block, Curvature::Bound, &mut self.h)?;
            let mut llt = Llt::new(block.len());
            let largest = self.h.diag().iter().fold(T::zero(), |m, &v| if v > m { v } else { m });
            let least = <T as Scalar>::from_f64(block.len() as f64) * T::epsilon() * largest;
            let regular =
                llt.factorise(&self.h).is_ok() && llt.lower()?.diag().iter().all(|&pivot| pivot * pivot > least);
            self.factors.push(if regular { Kept::Factor(llt) } else { Kept::Singular(self.h.clone()) });
        }
        Ok(())
    }

    /// Writes the scores; the gradient must be in the state.
    ///
    /// # Errors
    /// A Hessian block with negative curvature.
    pub fn scores_into(&mut self, problem: &Problem<'_, T>, state: &mut State<T>, out: &mut Vec<T>) -> Result<()> {
        out.clear();
        let blocks = std::mem::take(&mut self.blocks);
        let outcome = blocks.iter().enumerate().try_for_each(|(b, block)| {
            out.push(self.score(problem, state, b, block)?);
            Ok(())
        });
        self.blocks = blocks;
        outcome
    }

    fn score(&mut self, problem: &Problem<'_, T>, state: &mut State<T>, b: usize, block: &[usize]) -> Result<T> {
        let gradient = &state.gradient;
        let squares = || block.iter().map(|&i| gradient[i] * gradient[i]).sum::<T>();
        let magnitudes = || block.iter().map(|&i| gradient[i].abs()).sum::<T>();
        let ratio = |a: T, b: T| if a == T::zero() { a } else { a / b };
        Ok(match (self.rule, self.norm) {
            (Rule::Gs, ScoreNorm::L2) => squares().sqrt(),
            (Rule::Gs, ScoreNorm::L1) => magnitudes(),
            (Rule::Gsl, norm) => {
                // An update that estimates the constants is judged by its estimates.
                let lipschitz = match self.lipschitz.get(b) {
                    Some(&exact) if state.estimates.is_empty() => exact,
                    _ => state.estimate(&problem.curvatures, block).0,
                };
                match norm {
                    ScoreNorm::L2 => ratio(squares(), lipschitz),
                    ScoreNorm::L1 => ratio(magnitudes(), lipschitz.sqrt()),
                }
            }
            (Rule::Gsd(_), norm) => {
                let terms = block.iter().zip(&self.diagonals[b]);
                match norm {
                    ScoreNorm::L2 => terms.map(|(&i, &d)| ratio(gradient[i] * gradient[i], d)).sum(),
                    ScoreNorm::L1 => terms.map(|(&i, &d)| ratio(gradient[i].abs(), d.sqrt())).sum(),
                }
            }
            (Rule::Gsq, _) => {
                self.g.clear();
                self.g.extend(block.iter().map(|&i| gradient[i]));
                match &self.factors[b] {
                    Kept::Factor(llt) => {
                        llt.solve_lower_in_place(&mut ndarray::aview_mut1(&mut self.g))?;
                        self.g.iter().map(|&v| v * v).sum()
                    }
                    Kept::Singular(h) => {
                        self.x.clone_from(&self.g);
                        self.solver.solve(h, &mut self.x, block)?;
                        crate::number::dot(&self.g, &self.x)
                    }
                }
            }
            (Rule::GsqNewton, _) => {
                value_with(problem.objective, state, block, Curvature::AtPoint, &mut self.solver, &mut self.h)?
            }
            (Rule::GsSubgradient, _) => {
                self.load(state, block);
                problem.penalty.block_violation_squared(block, &self.x, &self.g).sqrt()
            }
            _ => {
                self.load(state, block);
                let (mut decrease, mut squares) = (T::zero(), T::zero());
                for range in units(problem, block) {
                    let (x, g) = (&self.x[range.clone()], &self.g[range.clone()]);
                    let (change, length) = model_decrease(problem, &block[range], x, g, &mut self.scratch);
                    decrease -= change;
                    squares += length * length;
                }
                if self.rule == Rule::GsLength { squares.sqrt() } else { decrease }
            }
        })
    }

    fn load(&mut self, state: &State<T>, block: &[usize]) {
        state.gather_x(block, &mut self.x);
        self.g.clear();
        self.g.extend(block.iter().map(|&i| state.gradient[i]));
    }
}

/// Coordinates, or groups, as ranges of a block.
pub(crate) fn units<T: Scalar>(problem: &Problem<'_, T>, block: &[usize]) -> Vec<std::ops::Range<usize>> {
    let Some(groups) = problem.penalty.groups() else { return (0..block.len()).map(|k| k..k + 1).collect() };
    let mut out: Vec<std::ops::Range<usize>> = Vec::new();
    for k in 0..block.len() {
        let owner = groups.owner(block[k]);
        match out.last_mut() {
            Some(last) if owner.is_some() && groups.owner(block[last.start]) == owner => last.end = k + 1,
            _ => out.push(k..k + 1),
        }
    }
    out
}

/// `L_b` of each block.
pub(crate) fn block_lipschitz<T: Scalar>(
    problem: &Problem<'_, T>,
    state: &mut State<T>,
    blocks: &[Vec<usize>],
) -> Result<Vec<T>> {
    let (mut solver, mut h) = (BlockSolver::new(), Array2::zeros((0, 0)));
    blocks
        .iter()
        .map(|block| {
            resize(&mut h, block.len());
            problem.objective.hessian_into(state, block, Curvature::Bound, &mut h)?;
            solver.largest_eigenvalue(&h)
        })
        .collect()
}

/// D of each block.
fn diagonals<T: Scalar>(
    problem: &Problem<'_, T>,
    state: &mut State<T>,
    blocks: &[Vec<usize>],
    bound: DiagonalBound,
) -> Result<Vec<Vec<T>>> {
    let sums = if bound == DiagonalBound::RowSums { Some(problem.objective.bound_row_sums(state)?) } else { None };
    let mut h = Array2::zeros((0, 0));
    blocks
        .iter()
        .map(|block| {
            let tau = block.len();
            resize(&mut h, tau);
            problem.objective.hessian_into(state, block, Curvature::Bound, &mut h)?;
            let all = || 0..tau;
            let of = |k: usize| match bound {
                DiagonalBound::Lipschitz => problem.curvatures[block[k]],
                DiagonalBound::Size => <T as Scalar>::from_f64(tau as f64) * h[[k, k]],
                DiagonalBound::Gershgorin => all().map(|l| h[[k, l]].abs()).sum(),
                DiagonalBound::RowSums => sums.as_ref().map_or(T::nan(), |sums| sums[block[k]]),
                DiagonalBound::Trace => all().map(|l| h[[l, l]]).sum(),
                DiagonalBound::Mixed => h[[k, k]].sqrt() * all().map(|l| h[[l, l]].sqrt()).sum::<T>(),
            };
            Ok(all().map(of).collect())
        })
        .collect()
}
