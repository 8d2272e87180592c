//! Selection of any τ coordinates.

use crate::block_solver::BlockSolver;
use crate::gsq::{BlockSearch, Growth, greedy_growth, value_with};
use crate::model_decrease::model_decrease;
use crate::objective::Curvature;
use crate::rule::{DiagonalBound, Rule};
use crate::select::Select;
use crate::step::Problem;
use crate::top::top;
use crate::{Error, Result, State};
use core_tensor::Scalar;
use core_tensor::random::{Streams, permutation, uniform_array};
use ndarray::{Array1, Array2};

/// The rules of section 3.2. With a group penalty the units are groups, and τ counts coordinates.
pub(crate) struct VariableSelect<T: Scalar> {
    tau: usize,
    rule: Rule,
    /// Groups, or nothing when the units are coordinates.
    units: Option<Vec<Vec<usize>>>,
    row_sums: Option<Array1<T>>,
    search: BlockSearch<T>,
    growth: Growth<T>,
    solver: BlockSolver<T>,
    h: Array2<T>,
    scores: Vec<T>,
    scratch: Vec<usize>,
    values: Vec<T>,
    other: Vec<usize>,
    order: Vec<usize>,
    chosen: Vec<usize>,
    streams: Streams,
    variables: usize,
}

impl<T: Scalar> VariableSelect<T> {
    pub(crate) fn new(
        problem: &Problem<'_, T>,
        state: &mut State<T>,
        tau: usize,
        rule: Rule,
        seed: u64,
    ) -> Result<Self> {
        if tau == 0 {
            return Err(Error::InvalidBlockSize);
        }
        let incompatible = |reason| Err(Error::Incompatible { first: rule.name(), second: "variable blocks", reason });
        match rule {
            Rule::Gsl | Rule::Gsq => {
                return incompatible("the best τ coordinates are intractable to find; use GsqGreedy");
            }
            Rule::Permuted | Rule::GsqNewton | Rule::MaximumImprovement => {
                return incompatible("it compares blocks of a fixed list; use Blocks::Fixed");
            }
            Rule::Gsd(DiagonalBound::Gershgorin | DiagonalBound::Trace | DiagonalBound::Mixed) => {
                return incompatible("this bound depends on the block; use Lipschitz, Size or RowSums");
            }
            _ => {}
        }
        if !problem.penalty.is_none() && rule.ignores_penalty() {
            let reason = "it looks at the smooth part alone; use GsModel, GsLength or GsSubgradient";
            return Err(problem.penalty.incompatible(rule.name(), reason));
        }
        let variables = problem.objective.variables();
        let units = problem.penalty.groups().map(|groups| {
            let free = (0..variables).filter(|&i| groups.owner(i).is_none()).map(|i| vec![i]);
            (0..groups.penalty().groups()).map(|g| groups.penalty().group(g).to_vec()).chain(free).collect()
        });
        let row_sums = match rule {
            Rule::Gsd(DiagonalBound::RowSums) => Some(problem.objective.bound_row_sums(state)?),
            _ => None,
        };
        Ok(Self {
            tau: tau.min(variables),
            rule,
            units,
            row_sums,
            search: BlockSearch::new(),
            growth: Growth::new(),
            solver: BlockSolver::new(),
            h: Array2::zeros((0, 0)),
            scores: Vec::new(),
            scratch: Vec::new(),
            values: Vec::new(),
            other: Vec::new(),
            order: Vec::new(),
            chosen: Vec::new(),
            streams: Streams::new(seed),
            variables,
        })
    }

    fn unit_count(&self) -> usize {
        self.units.as_ref().map_or(self.variables, Vec::len)
    }

    /// Scores of GS and GSD by coordinate.
    fn smooth_scores(&mut self, problem: &Problem<'_, T>, state: &State<T>, bound: Option<DiagonalBound>) {
        self.scores.clear();
        let (gradient, curvatures, sums) = (&state.gradient, &problem.curvatures, &self.row_sums);
        self.scores.extend((0..gradient.len()).map(|i| {
            let g = gradient[i].abs();
            let d = match (bound, sums) {
                (None, _) => T::one(),
                (Some(DiagonalBound::RowSums), Some(sums)) => sums[i],
                _ => curvatures[i],
            };
            if g == T::zero() { g } else { g / d.sqrt() }
        }));
    }

    /// Scores of the units of a composite problem.
    fn composite_scores(&mut self, problem: &Problem<'_, T>, state: &State<T>) {
        self.scores.clear();
        let rule = self.rule;
        let mut score = |unit: &[usize], x: &[T], g: &[T]| {
            if rule == Rule::GsSubgradient {
                return problem.penalty.block_violation_squared(unit, x, g).sqrt();
            }
            let (decrease, length) = model_decrease(problem, unit, x, g, &mut self.values);
            if rule == Rule::GsLength { length } else { -decrease }
        };
        match &self.units {
            None => {
                for i in 0..self.variables {
                    let found = score(&[i], &[state.x[i]], &[state.gradient[i]]);
                    // Settled coordinates tie at 0: those of the support go first, so that a block large enough holds all of it.
                    let moving = found == T::zero() && !problem.penalty.is_active(i, &state.x);
                    self.scores.push(if moving { T::min_positive_value() } else { found });
                }
            }
            Some(units) => {
                for unit in units {
                    let x: Vec<T> = unit.iter().map(|&i| state.x[i]).collect();
                    let g: Vec<T> = unit.iter().map(|&i| state.gradient[i]).collect();
                    self.scores.push(score(unit, &x, &g));
                }
            }
        }
    }

    /// The units with the largest scores, up to τ coordinates.
    fn take_top(&mut self, block: &mut Vec<usize>) -> Result<()> {
        match &self.units {
            None => top(&self.scores, self.tau, &mut self.scratch, block),
            Some(units) => {
                top(&self.scores, units.len(), &mut self.scratch, &mut self.chosen)?;
                let scores = &self.scores;
                self.chosen.sort_by(|&a, &b| {
                    scores[b].partial_cmp(&scores[a]).unwrap_or(std::cmp::Ordering::Equal).then(a.cmp(&b))
                });
                take_units(units, &self.chosen, self.tau, block);
                Ok(())
            }
        }
    }

    fn take_drawn(&mut self, iteration: usize, block: &mut Vec<usize>, weights: Option<&Array1<T>>) {
        let n = self.unit_count();
        let mut stream = self.streams.stream(1 + iteration as u64);
        let order = match weights {
            None => permutation(&mut stream, n),
            // The largest log(u)/w are a sample without replacement with chances proportional to w (Efraimidis and Spirakis).
            Some(weights) => {
                let uniform = uniform_array::<f64, _, _>(&mut stream, n);
                let weight = |k: usize| match &self.units {
                    None => Scalar::to_f64(weights[k]),
                    Some(units) => units[k].iter().map(|&i| Scalar::to_f64(weights[i])).sum(),
                };
                let keys: Vec<f64> =
                    (0..n).map(|k| (1.0 - uniform[k]).ln() / weight(k).max(f64::MIN_POSITIVE)).collect();
                let mut order: Vec<usize> = (0..n).collect();
                order.sort_by(|&a, &b| keys[b].total_cmp(&keys[a]));
                order
            }
        };
        match &self.units {
            None => {
                block.clear();
                block.extend_from_slice(&order[..self.tau]);
                block.sort_unstable();
            }
            Some(units) => take_units(units, &order, self.tau, block),
        }
    }

    /// The safeguarded cluster and the best of several blocks.
    fn best_of(
        &mut self,
        problem: &Problem<'_, T>,
        state: &mut State<T>,
        iteration: usize,
        block: &mut Vec<usize>,
    ) -> Result<()> {
        self.smooth_scores(problem, state, Some(DiagonalBound::Lipschitz));
        self.take_top(block)?;
        let value = |this: &mut Self, state: &mut State<T>, block: &[usize]| {
            value_with(problem.objective, state, block, Curvature::Bound, &mut this.solver, &mut this.h)
        };
        let mut other = std::mem::take(&mut self.other);
        if let Rule::GsqCluster(sweeps) = self.rule {
            if iteration % 10 != 9 {
                let tenth = value(self, state, block)? * <T as Scalar>::from_f64(0.1);
                self.search.cluster(problem, state, self.tau, sweeps, &mut other)?;
                if value(self, state, &other)? >= tenth && !other.is_empty() {
                    block.clone_from(&other);
                }
            }
        } else {
            let mut best = value(self, state, block)?;
            self.smooth_scores(problem, state, None);
            self.take_top(&mut other)?;
            for candidate in 0..2 {
                if candidate == 1 {
                    self.search.thresholding(problem, state, self.tau, &mut other)?;
                }
                let found = value(self, state, &other)?;
                if found > best {
                    best = found;
                    block.clone_from(&other);
                }
            }
        }
        self.other = other;
        Ok(())
    }
}

fn take_units(units: &[Vec<usize>], order: &[usize], tau: usize, block: &mut Vec<usize>) {
    block.clear();
    for &unit in order {
        if !block.is_empty() && block.len() + units[unit].len() > tau {
            break;
        }
        block.extend_from_slice(&units[unit]);
    }
}

impl<T: Scalar> Select<T> for VariableSelect<T> {
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
        match self.rule {
            Rule::Random => self.take_drawn(iteration, block, None),
            Rule::Lipschitz => self.take_drawn(iteration, block, Some(&problem.curvatures)),
            Rule::Cyclic => {
                let n = self.unit_count();
                if self.order.is_empty() {
                    self.order = permutation(&mut self.streams.stream(1 + iteration as u64), n);
                    self.order.reverse();
                }
                block.clear();
                let single = [0];
                while let Some(&unit) = self.order.last() {
                    let members = self.units.as_ref().map_or(&single[..], |units| &units[unit]);
                    if !block.is_empty() && block.len() + members.len() > self.tau {
                        break;
                    }
                    match &self.units {
                        None => block.push(unit),
                        Some(units) => block.extend_from_slice(&units[unit]),
                    }
                    self.order.pop();
                }
                if self.units.is_none() {
                    block.sort_unstable();
                }
            }
            Rule::Gs => {
                self.smooth_scores(problem, state, None);
                self.take_top(block)?;
            }
            Rule::Gsd(bound) => {
                self.smooth_scores(problem, state, Some(bound));
                self.take_top(block)?;
            }
            Rule::GsqThresholding => {
                self.search.thresholding(problem, state, self.tau, block)?;
                if block.is_empty() {
                    self.smooth_scores(problem, state, None);
                    self.take_top(block)?;
                }
            }
            Rule::GsqGreedy => greedy_growth(problem, state, self.tau, &mut self.growth, block)?,
            Rule::GsqCluster(_) | Rule::BestOf => self.best_of(problem, state, iteration, block)?,
            _ => {
                self.composite_scores(problem, state);
                self.take_top(block)?;
            }
        }
        Ok(None)
    }

    fn epoch(&self) -> usize {
        self.variables.div_ceil(self.tau)
    }
}
