//! The column problem of the proximal-Newton solver: an elastic net on the Gram matrix, solved exactly.
//!
//! For one variable j, with C the covariance, e_j the j-th unit vector, a > 0 a curvature, g ≥ 0 quadratic weights and
//! t ≥ 0 l1 weights,
//!
//! ```text
//! minimise over w:   (a/2) (e_j − w)ᵀ C (e_j − w)  +  Σ_i g_i w_i²  +  Σ_i t_i |w_i|
//! ```
//!
//! by an active-set method with fixed signs: solve on the support by Cholesky, step to the first sign change and drop
//! that coordinate, add the coordinates that violate their optimality condition. The factor is kept up to date by
//! appending rows and by Givens rotations, so a change of the support costs O(k²) for a support of size k.

use crate::updated_cholesky::{UpdatedCholesky, subtract_multiple};

/// Which values a weight may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Sign {
    /// Any real number.
    #[default]
    Free,
    /// Zero or positive.
    NonNegative,
    /// Zero or negative.
    NonPositive,
}

impl Sign {
    /// True when a weight of this sign (±1) is allowed.
    #[inline]
    pub(crate) fn allows(self, sign: f64) -> bool {
        match self {
            Sign::Free => true,
            Sign::NonNegative => sign > 0.0,
            Sign::NonPositive => sign < 0.0,
        }
    }
}

/// The data of one column problem; see the module documentation.
pub(crate) struct ColumnProblem<'a> {
    /// d × d covariance, row-major.
    pub(crate) covariance: &'a [f64],
    /// The variable that is explained.
    pub(crate) target: usize,
    /// a.
    pub(crate) curvature: f64,
    /// g and what may join the l1 weights.
    pub(crate) acyclicity: Linearised<'a>,
    /// t without what acyclicity adds, one entry per variable; infinite where the weight is fixed at zero.
    pub(crate) l1: &'a [f64],
    /// Sign constraints; `None` for all free.
    pub(crate) signs: Option<&'a [Sign]>,
    /// Added to the diagonal of the quadratic part when a pivot vanishes (collinear variables).
    pub(crate) ridge: f64,
}

/// What the linearisation of the acyclicity function adds to a column problem: `factor` times the weights (d).
#[derive(Clone, Copy)]
pub(crate) enum Linearised<'a> {
    /// Nothing.
    Nothing,
    /// Quadratic weights g.
    Quadratic { weights: &'a [f64], factor: f64 },
    /// Additional l1 weights: for non-negative W.
    Linear { weights: &'a [f64], factor: f64 },
}

impl ColumnProblem<'_> {
    /// 2 g_i.
    #[inline]
    fn curvature_of(&self, i: usize) -> f64 {
        match self.acyclicity {
            Linearised::Quadratic { weights, factor } => 2.0 * factor * weights[i],
            _ => 0.0,
        }
    }

    /// t_i.
    #[inline]
    fn l1(&self, i: usize) -> f64 {
        match self.acyclicity {
            Linearised::Linear { weights, factor } => self.l1[i] + factor * weights[i],
            _ => self.l1[i],
        }
    }
}

/// What the solver did for one column.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ColumnReport {
    /// Largest violation of the optimality conditions, in units of the gradient.
    pub(crate) violation: f64,
    /// True when a ridge had to be added.
    pub(crate) ridged: bool,
}

/// Memory of the solver, reused across columns.
pub(crate) struct ColumnWorkspace {
    factor: UpdatedCholesky,
    /// Support, in the order of the factor's rows, with the sign of each entry.
    active: Vec<usize>,
    sign: Vec<f64>,
    is_active: Vec<bool>,
    /// Solution on the support, right-hand side, new row of the factor.
    solution: Vec<f64>,
    row: Vec<f64>,
    violators: Vec<(f64, usize)>,
}

impl ColumnWorkspace {
    pub(crate) fn new(variables: usize) -> Self {
        Self {
            factor: UpdatedCholesky::new(),
            active: Vec::with_capacity(variables),
            sign: Vec::with_capacity(variables),
            is_active: vec![false; variables],
            solution: Vec::with_capacity(variables),
            row: Vec::with_capacity(variables),
            violators: Vec::with_capacity(variables),
        }
    }
}

/// Largest number of rounds (solve on the support, look for violators); a handful is usual, and each lowers the
/// objective, so the limit only guards against rounding.
const MAXIMUM_ROUNDS: usize = 200;

/// Solves one column problem from the warm start `w` (d), to which the solution is written.
///
/// `residual` (d) enters as C (e_j − w) of the warm start and leaves as that of the solution. A violation of the
/// optimality conditions of at most `tolerance` times the l1 weight (or times the largest gradient entry where that
/// weight is zero) is accepted.
pub(crate) fn solve_column(
    problem: &ColumnProblem<'_>,
    w: &mut [f64],
    residual: &mut [f64],
    tolerance: f64,
    work: &mut ColumnWorkspace,
) -> ColumnReport {
    let d = w.len();
    let a = problem.curvature;
    let scale = a * problem.covariance[problem.target * d + problem.target].max(0.0);
    let mut report = ColumnReport::default();
    let mut one_at_a_time = false;

    work.start(w);
    if !work.active.is_empty() {
        report.ridged |= work.factor_support(problem);
    }
    for _ in 0..MAXIMUM_ROUNDS {
        let moved = work.solve_on_support(problem, w, residual);

        // Optimality of the rest: |a r_i| ≤ t_i where w_i = 0. (On the support the solve is exact.)
        work.violators.clear();
        let mut worst = 0.0_f64;
        for i in 0..d {
            let l1 = problem.l1(i);
            if work.is_active[i] || l1 == f64::INFINITY {
                continue;
            }
            let pull = a * residual[i] - problem.curvature_of(i) * w[i];
            let excess = pull.abs() - l1;
            let allowed = tolerance * if l1 > 0.0 { l1 } else { scale };
            if excess > allowed && problem.signs.is_none_or(|signs| signs[i].allows(pull.signum())) {
                work.violators.push((excess, i));
                worst = worst.max(excess);
            }
        }
        report.violation = worst;
        if work.violators.is_empty() {
            break;
        }
        // Entering many at once saves rounds; when such a round achieved nothing, the worst alone must make progress.
        if one_at_a_time && !moved {
            break;
        }
        one_at_a_time = !moved;
        if one_at_a_time {
            let best = work.violators.iter().copied().fold((0.0, usize::MAX), |b, v| if v.0 > b.0 { v } else { b });
            work.violators.clear();
            work.violators.push(best);
        } else if work.violators.len() > 8 {
            // Only the clear violators: entering those that a first step would satisfy costs a drop each.
            work.violators.retain(|&(excess, _)| excess >= 0.1 * worst);
        }
        for index in 0..work.violators.len() {
            let (_, i) = work.violators[index];
            let sign = residual[i].signum();
            report.ridged |= work.enter(problem, i, sign);
        }
    }
    work.finish();
    report
}

impl ColumnWorkspace {
    fn start(&mut self, w: &[f64]) {
        self.active.clear();
        self.sign.clear();
        self.factor.clear();
        for (i, &value) in w.iter().enumerate() {
            if value != 0.0 {
                self.active.push(i);
                self.sign.push(value.signum());
                self.is_active[i] = true;
            }
        }
    }

    fn finish(&mut self) {
        for &i in &self.active {
            self.is_active[i] = false;
        }
    }

    fn factor_support(&mut self, problem: &ColumnProblem<'_>) -> bool {
        let mut ridged = false;
        for position in 0..self.active.len() {
            ridged |= self.append_row(problem, position);
        }
        ridged
    }

    /// Appends the row of the variable at `position` of the support to the factor.
    fn append_row(&mut self, problem: &ColumnProblem<'_>, position: usize) -> bool {
        let d = self.is_active.len();
        let i = self.active[position];
        let column = &problem.covariance[i * d..(i + 1) * d];
        self.row.clear();
        self.row.extend(self.active[..position].iter().map(|&k| problem.curvature * column[k]));
        let diagonal = problem.curvature * column[i] + problem.curvature_of(i);
        self.factor.append(&self.row, diagonal, problem.curvature * problem.ridge)
    }

    fn enter(&mut self, problem: &ColumnProblem<'_>, i: usize, sign: f64) -> bool {
        self.active.push(i);
        self.sign.push(sign);
        self.is_active[i] = true;
        self.append_row(problem, self.active.len() - 1)
    }

    fn drop(&mut self, position: usize) {
        let i = self.active.remove(position);
        self.sign.remove(position);
        self.is_active[i] = false;
        self.factor.remove(position);
    }

    /// Minimises over the support with fixed signs, dropping what would change sign; true when `w` changed.
    fn solve_on_support(&mut self, problem: &ColumnProblem<'_>, w: &mut [f64], residual: &mut [f64]) -> bool {
        let d = w.len();
        let target = &problem.covariance[problem.target * d..(problem.target + 1) * d];
        let mut moved = false;
        while !self.active.is_empty() {
            self.solution.clear();
            for (&i, &sign) in self.active.iter().zip(&self.sign) {
                self.solution.push(problem.curvature * target[i] - problem.l1(i) * sign);
            }
            self.factor.solve_in_place(&mut self.solution);

            // The longest step that keeps every sign, and the coordinate that ends it.
            let mut step = 1.0_f64;
            let mut ends = None;
            for (position, (&i, &sign)) in self.active.iter().zip(&self.sign).enumerate() {
                let (from, to) = (w[i], self.solution[position]);
                let legal = problem.signs.is_none_or(|signs| signs[i].allows(sign));
                // With no l1 weight a free coordinate may cross zero without a kink.
                let kink = problem.l1(i) > 0.0 || problem.signs.is_some_and(|signs| signs[i] != Sign::Free);
                if (kink && to * sign < 0.0) || !legal {
                    let reach = if from == 0.0 || !legal { 0.0 } else { from / (from - to) };
                    if reach < step || ends.is_none() {
                        step = reach.min(step);
                        ends = Some(position);
                    }
                }
            }
            for (position, &i) in self.active.iter().enumerate() {
                let change = step * (self.solution[position] - w[i]);
                let next = if Some(position) == ends {
                    0.0
                } else if step == 1.0 {
                    self.solution[position]
                } else {
                    w[i] + change
                };
                let change = next - w[i];
                if change != 0.0 {
                    moved |= change.abs() > 1e-14 * next.abs();
                    w[i] = next;
                    let column = &problem.covariance[i * d..(i + 1) * d];
                    subtract_multiple(residual, change, column);
                }
            }
            match ends {
                Some(position) => self.drop(position),
                None => break,
            }
        }
        moved
    }
}
