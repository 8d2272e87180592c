//! Local search over graphs by the Gaussian likelihood.
//!
//! The penalised score does not tell good orders from bad ones when the noise variances differ (a wrong order can have
//! the lower objective), but the likelihood with the Bayesian information criterion does. From a starting graph the
//! search takes the single addition, deletion or reversal of an edge that lowers the criterion most, until none does:
//!
//! ```text
//! non-equal variances:  Σ_j n_j log q_j                  + log(n) · edges
//! equal variances:      N log(Σ_j n_j q_j / N)           + log(n) · edges,    N = Σ_j n_j
//! ```
//!
//! with q_j the residual variance of variable j regressed on its parents, over the n_j rows that explain it (n_j = n
//! without interventions, 0 for exogenous variables). A move changes one or two columns; one
//! Cholesky factorisation of a column's parents gives the effect of all its additions and deletions at once.

use crate::knowledge::{Constraints, Edge};
use crate::problem::Problem;
use crate::score::NoiseModel;
use crate::updated_cholesky::UpdatedCholesky;
use ndarray::{Array2, ArrayRef2};

/// One move of the search.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Move {
    Add,
    Delete,
    Reverse,
}

/// The best move of one kind into one column.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    cause: usize,
    /// Change of the data term: of n_j log q_j (non-equal variances) or of n_j q_j (equal variances).
    gain: f64,
}

/// A graph under search, with what each change of an edge would do.
pub(crate) struct Search<'a> {
    problem: &'a Problem,
    constraints: &'a Constraints,
    /// Rows that explain each column.
    samples: Vec<f64>,
    /// Price of an edge.
    penalty: f64,
    parents: Vec<Vec<usize>>,
    children: Vec<Vec<usize>>,
    q: Vec<f64>,
    /// Σ_j n_j.
    rows: f64,
    /// Σ_j n_j q_j of the present graph.
    weighted_residuals: f64,
    /// Row j: residual variance of variable j when variable i is added to, or taken from, its parents.
    changed: Array2<f64>,
    /// Best addition, deletion and reversal into each column.
    best: Vec<[Option<Candidate>; 3]>,
    /// Pairs whose move did not do what it promised: near-collinear variables, where rounding decides.
    unreliable: Vec<(usize, usize)>,
    scratch: ColumnScratch,
}

struct ColumnScratch {
    factor: UpdatedCholesky,
    row: Vec<f64>,
    /// k × d: L⁻¹ C_PV.
    whitened: Vec<f64>,
    conditional: Vec<f64>,
    variance: Vec<f64>,
    unit: Vec<f64>,
    coefficients: Vec<f64>,
}

/// Criteria (in nats) closer than this are equal: equivalent graphs differ by rounding only, and then the lower variable
/// numbers win, whatever the units of the data.
const TIE: f64 = 1e-7;

impl<'a> Search<'a> {
    /// Starts from the support of `start`, which must be acyclic and respect the constraints.
    pub(crate) fn new(
        problem: &'a Problem,
        constraints: &'a Constraints,
        samples: Vec<f64>,
        start: &ArrayRef2<f64>,
    ) -> Self {
        let d = problem.variables();
        let is_edge = |i: usize, j: usize| i != j && start[[i, j]] != 0.0;
        let parents = (0..d).map(|j| (0..d).filter(|&i| is_edge(i, j)).collect()).collect();
        let children = (0..d).map(|i| (0..d).filter(|&j| is_edge(i, j)).collect()).collect();
        let mut search = Self {
            problem,
            constraints,
            rows: samples.iter().sum(),
            weighted_residuals: 0.0,
            penalty: samples.iter().copied().fold(2.0, f64::max).ln(),
            samples,
            parents,
            children,
            q: vec![0.0; d],
            changed: Array2::zeros((d, d)),
            best: vec![[None; 3]; d],
            unreliable: Vec::new(),
            scratch: ColumnScratch {
                factor: UpdatedCholesky::new(),
                row: Vec::new(),
                whitened: Vec::new(),
                conditional: vec![0.0; d],
                variance: vec![0.0; d],
                unit: Vec::new(),
                coefficients: Vec::new(),
            },
        };
        for j in 0..d {
            search.evaluate_column(j);
        }
        search.sum_residuals();
        for j in 0..d {
            search.rank_column(j, false);
        }
        search
    }

    /// The criterion of the present graph (without the parameters that all graphs share).
    pub(crate) fn criterion(&self) -> f64 {
        let edges = self.parents.iter().map(Vec::len).sum::<usize>() as f64;
        let fit = match self.problem.model {
            NoiseModel::NonEqualVariance => self.q.iter().zip(&self.samples).map(|(q, n)| n * q.ln()).sum::<f64>(),
            NoiseModel::EqualVariance if self.rows > 0.0 => self.rows * (self.weighted_residuals / self.rows).ln(),
            NoiseModel::EqualVariance => 0.0,
        };
        fit + self.penalty * edges
    }

    /// The present graph: 1 at (i, j) for the edge i → j.
    pub(crate) fn graph(&self) -> Array2<f64> {
        let d = self.parents.len();
        let mut graph = Array2::zeros((d, d));
        for (j, parents) in self.parents.iter().enumerate() {
            parents.iter().for_each(|&i| graph[[i, j]] = 1.0);
        }
        graph
    }

    /// Takes improving moves until there is none, or `limit` moves were taken; returns their number.
    pub(crate) fn run(&mut self, limit: usize) -> usize {
        let (mut moves, mut criterion) = (0, self.criterion());
        while moves < limit {
            let Some((kind, cause, effect)) = self.next_move() else { break };
            self.take(kind, cause, effect);
            let after = self.criterion();
            if after < criterion - 0.5 * TIE {
                criterion = after;
                moves += 1;
                continue;
            }
            // Each pair is set aside at most once, and every other move lowers the criterion: the search ends.
            self.unreliable.extend([(cause, effect), (effect, cause)]);
            match kind {
                Move::Add => self.take(Move::Delete, cause, effect),
                Move::Delete => self.take(Move::Add, cause, effect),
                Move::Reverse => self.take(Move::Reverse, effect, cause),
            }
        }
        moves
    }

    fn take(&mut self, kind: Move, cause: usize, effect: usize) {
        match kind {
            Move::Add => self.link(cause, effect),
            Move::Delete => self.unlink(cause, effect),
            Move::Reverse => {
                self.unlink(cause, effect);
                self.link(effect, cause);
                self.evaluate_column(cause);
            }
        }
        self.evaluate_column(effect);
        self.sum_residuals();
        self.rank_around(effect);
        if kind == Move::Reverse {
            self.rank_around(cause);
        }
    }

    fn sum_residuals(&mut self) {
        self.weighted_residuals = self.q.iter().zip(&self.samples).map(|(q, n)| n * q).sum();
    }

    fn link(&mut self, cause: usize, effect: usize) {
        self.parents[effect].push(cause);
        self.children[cause].push(effect);
    }

    fn unlink(&mut self, cause: usize, effect: usize) {
        self.parents[effect].retain(|&i| i != cause);
        self.children[cause].retain(|&j| j != effect);
    }

    /// The best legal move. Blocked ones are replaced by their column's best legal one; before giving up, all columns
    /// are ranked afresh, since a deletion elsewhere may have made a blocked move legal.
    fn next_move(&mut self) -> Option<(Move, usize, usize)> {
        for attempt in 0..2 {
            if attempt == 1 {
                (0..self.parents.len()).for_each(|j| self.rank_column(j, true));
            }
            while let Some((kind, candidate, effect)) = self.best_ranked() {
                if self.is_acyclic_after(kind, candidate.cause, effect) {
                    return Some((kind, candidate.cause, effect));
                }
                self.rank_column(effect, true);
            }
        }
        None
    }

    fn best_ranked(&self) -> Option<(Move, Candidate, usize)> {
        let mut best: Option<(f64, Move, Candidate, usize)> = None;
        for (effect, column) in self.best.iter().enumerate() {
            for (kind, candidate) in [Move::Add, Move::Delete, Move::Reverse].into_iter().zip(column) {
                if let Some(candidate) = candidate {
                    let change = self.change(kind, candidate.gain);
                    if change < -TIE && best.is_none_or(|b| change < b.0 - TIE) {
                        best = Some((change, kind, *candidate, effect));
                    }
                }
            }
        }
        best.map(|(_, kind, candidate, effect)| (kind, candidate, effect))
    }

    /// Change of the criterion by a move whose data term changes by `gain`.
    fn change(&self, kind: Move, gain: f64) -> f64 {
        let edges = match kind {
            Move::Add => 1.0,
            Move::Delete => -1.0,
            Move::Reverse => 0.0,
        };
        let fit = match self.problem.model {
            NoiseModel::NonEqualVariance => gain,
            NoiseModel::EqualVariance => self.rows * (gain / self.weighted_residuals).ln_1p(),
        };
        fit + self.penalty * edges
    }

    fn gain(&self, j: usize, q: f64) -> f64 {
        match self.problem.model {
            NoiseModel::NonEqualVariance => self.samples[j] * (q / self.q[j]).ln(),
            NoiseModel::EqualVariance => self.samples[j] * (q - self.q[j]),
        }
    }

    /// Ranks again every column whose moves depend on column j: its own, and the reversals between j and its
    /// neighbours.
    fn rank_around(&mut self, j: usize) {
        self.rank_column(j, false);
        for other in self.children[j].clone() {
            self.rank_column(other, false);
        }
    }

    /// Finds the best moves into column j; with `legal` only those that keep the graph acyclic.
    fn rank_column(&mut self, j: usize, legal: bool) {
        let d = self.parents.len();
        // Adding i → j closes a cycle exactly when i is a descendant of j.
        let after = if legal { self.descendants(j) } else { Vec::new() };
        let mut is_parent = vec![false; d];
        self.parents[j].iter().for_each(|&i| is_parent[i] = true);
        let mut is_child = vec![false; d];
        self.children[j].iter().for_each(|&i| is_child[i] = true);
        let mut best: [Option<Candidate>; 3] = [None; 3];
        for i in 0..d {
            if i == j || self.unreliable.contains(&(i, j)) {
                continue;
            }
            let edge = self.constraints.edges[[i, j]];
            let mut offer = |this: &Self, kind: Move, gain: f64| {
                let slot = &mut best[kind as usize];
                let change = this.change(kind, gain);
                if change < -TIE
                    && slot.is_none_or(|old| change < this.change(kind, old.gain) - TIE)
                    && (!legal
                        || match kind {
                            Move::Add => !after[i],
                            _ => this.is_acyclic_after(kind, i, j),
                        })
                {
                    *slot = Some(Candidate { cause: i, gain });
                }
            };
            if is_parent[i] {
                if edge != Edge::Required {
                    let gain = self.gain(j, self.changed[[j, i]]);
                    offer(self, Move::Delete, gain);
                    if self.constraints.edges[[j, i]] != Edge::Forbidden && self.problem.l1[[j, i]].is_finite() {
                        offer(self, Move::Reverse, gain + self.gain(i, self.changed[[i, j]]));
                    }
                }
            } else if self.problem.l1[[i, j]].is_finite() && !is_child[i] {
                offer(self, Move::Add, self.gain(j, self.changed[[j, i]]));
            }
        }
        self.best[j] = best;
    }

    fn is_acyclic_after(&self, kind: Move, cause: usize, effect: usize) -> bool {
        match kind {
            Move::Delete => true,
            Move::Add => !self.is_ancestor(effect, cause, None),
            Move::Reverse => !self.is_ancestor(cause, effect, Some((cause, effect))),
        }
    }

    /// Which variables a directed path leads to from `node`, itself included.
    fn descendants(&self, node: usize) -> Vec<bool> {
        let mut seen = vec![false; self.children.len()];
        let mut stack = vec![node];
        seen[node] = true;
        while let Some(node) = stack.pop() {
            for &child in &self.children[node] {
                if !std::mem::replace(&mut seen[child], true) {
                    stack.push(child);
                }
            }
        }
        seen
    }

    /// True when a directed path leads from `from` to `to`, not counting the edge `without`.
    fn is_ancestor(&self, from: usize, to: usize, without: Option<(usize, usize)>) -> bool {
        let mut seen = vec![false; self.parents.len()];
        let mut stack = vec![to];
        while let Some(node) = stack.pop() {
            if node == from {
                return true;
            }
            for &parent in &self.parents[node] {
                if without != Some((parent, node)) && !std::mem::replace(&mut seen[parent], true) {
                    stack.push(parent);
                }
            }
        }
        false
    }

    /// Residual variance of column j with its parents, and with each change of one parent.
    fn evaluate_column(&mut self, j: usize) {
        let d = self.parents.len();
        let c = self.problem.covariance_slice(j);
        let (parents, work) = (&self.parents[j], &mut self.scratch);
        work.factor.clear();
        work.whitened.clear();
        work.conditional.copy_from_slice(&c[j * d..(j + 1) * d]);
        for (i, variance) in work.variance.iter_mut().enumerate() {
            *variance = c[i * d + i];
        }
        for (position, &p) in parents.iter().enumerate() {
            work.row.clear();
            work.row.extend(parents[..position].iter().map(|&k| c[p * d + k]));
            work.factor.append(&work.row, c[p * d + p], self.problem.ridge);
            let row = work.factor.row(position);
            let start = work.whitened.len();
            work.whitened.extend_from_slice(&c[p * d..(p + 1) * d]);
            let (earlier, new) = work.whitened.split_at_mut(start);
            for (&l, earlier) in row.iter().zip(earlier.chunks_exact(d)) {
                if l != 0.0 {
                    new.iter_mut().zip(earlier).for_each(|(x, &y)| *x -= l * y);
                }
            }
            let pivot = row[position];
            let own = new[j] / pivot;
            for i in 0..d {
                new[i] /= pivot;
                work.conditional[i] -= own * new[i];
                work.variance[i] -= new[i] * new[i];
            }
        }
        // Never below rounding, so that the logarithm stays finite for collinear variables.
        let smallest = (1e-12 * c[j * d + j]).max(f64::MIN_POSITIVE);
        let q = work.variance[j].max(smallest);
        self.q[j] = q;
        for i in 0..d {
            let usable = work.variance[i] > 1e-10 * c[i * d + i];
            let added = q - if usable { work.conditional[i] * work.conditional[i] / work.variance[i] } else { 0.0 };
            self.changed[[j, i]] = added.max(smallest);
        }
        // Without parent p: q + β_p² / (C_PP⁻¹)_pp.
        work.coefficients.clear();
        work.coefficients.extend(work.whitened.chunks_exact(d.max(1)).map(|row| row[j]));
        work.factor.solve_upper_in_place(&mut work.coefficients);
        for (position, &p) in parents.iter().enumerate() {
            work.unit.clear();
            work.unit.resize(parents.len(), 0.0);
            work.unit[position] = 1.0;
            work.factor.solve_in_place(&mut work.unit);
            let beta = work.coefficients[position];
            self.changed[[j, p]] = q + beta * beta / work.unit[position];
        }
    }
}
