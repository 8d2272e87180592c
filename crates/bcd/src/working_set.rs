//! The working-set solver of `core_optim` behind the automatic choice.

use crate::certificate::certificate;
use crate::intercept::Without;
use crate::linear_loss::column_into;
use crate::penalty::{Penalty, Shape};
use crate::step::Problem;
use crate::{Fit, Objective, Result, state_at};
use core_optim::design::DesignMatrix;
use core_optim::working_set::{Intercept, Options, SparseFit, SparsePenalty, WorkingSet};
use core_tensor::Scalar;
use ndarray::{Array1, ArrayRef1};

/// Fewer variables than this are solved by blocks: the greedy rule then costs less than the bookkeeping of working sets.
pub(crate) const LEAST_VARIABLES: usize = 200;

/// Which of the two losses that the solver knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LossKind {
    Squared,
    Logistic,
    Other,
}

/// A coordinate whose column is constant.
#[derive(Debug, Clone, Copy)]
struct Constant<T> {
    at: usize,
    /// The value of the column.
    height: T,
}

/// The data of a problem as the solver takes them.
pub(crate) struct Sparse<'a, T, X: ?Sized> {
    pub(crate) design: &'a X,
    pub(crate) kind: LossKind,
    pub(crate) targets: Array1<T>,
    pub(crate) weights: Option<Array1<T>>,
    pub(crate) ridge: T,
}

impl<T: Scalar, X: DesignMatrix<T> + ?Sized> Sparse<'_, T, X> {
    /// The problem solved to a gap of `tolerance` relative to its value; `None` if it is not one that the solver knows.
    pub(crate) fn solve(
        &self,
        objective: &dyn Objective<T>,
        penalty: &Penalty<T>,
        start: &ArrayRef1<T>,
        tolerance: f64,
    ) -> Result<Option<Fit<T>>> {
        let d = self.design.columns();
        if self.kind == LossKind::Other || d < LEAST_VARIABLES || !(tolerance > 0.0) {
            return Ok(None);
        }
        let Some(intercept) = self.intercept(penalty)? else {
            return self.solve_penalised(objective, penalty, start, tolerance, None);
        };
        let design = &Without { design: self.design, at: intercept.at };
        let (targets, weights) = (self.targets.clone(), self.weights.clone());
        let others = Sparse { design, kind: self.kind, targets, weights, ridge: self.ridge };
        others.solve_penalised(objective, penalty, start, tolerance, Some(intercept))
    }

    /// The only coordinate without any penalty, if its column is constant and nothing shrinks it.
    fn intercept(&self, penalty: &Penalty<T>) -> Result<Option<Constant<T>>> {
        let is_free = |&i: &usize| match penalty.shape(i) {
            Some(Shape::Kink { slope, curvature }) => slope == T::zero() && curvature == T::zero(),
            _ => false,
        };
        let mut free = (0..self.design.columns()).filter(is_free);
        let (Some(at), None) = (free.next(), free.next()) else { return Ok(None) };
        if self.ridge != T::zero() {
            return Ok(None);
        }
        let mut column = Array1::zeros(self.design.rows());
        column_into(self.design, at, &mut column)?;
        let height = column.first().copied().unwrap_or(T::zero());
        let is_constant = height != T::zero() && column.iter().all(|&v| v == height);
        Ok(is_constant.then_some(Constant { at, height }))
    }

    /// The same for a design in which all columns are penalised, and the intercept that is not among them.
    fn solve_penalised(
        &self,
        objective: &dyn Objective<T>,
        penalty: &Penalty<T>,
        start: &ArrayRef1<T>,
        tolerance: f64,
        intercept: Option<Constant<T>>,
    ) -> Result<Option<Fit<T>>> {
        let others: Vec<usize> = (0..start.len()).filter(|&i| intercept.is_none_or(|free| free.at != i)).collect();
        let Some(sparse) = sparse_penalty(penalty, &others, self.ridge)? else { return Ok(None) };
        let first: Array1<T> = others.iter().map(|&i| start[i]).collect();
        let base = match intercept {
            Some(free) => Options::default().intercept(Intercept::Free).start_intercept(start[free.at] * free.height),
            None => Options::default(),
        };
        let mut options = base.start(&first);
        if let Some(weights) = &self.weights {
            if weights.iter().all(|&w| w == T::zero()) {
                return Ok(None);
            }
            options = options.weights(weights);
        }
        let size = |fit: &SparseFit<T>| fit.primal.abs().max(fit.dual.abs());
        let wanted = <T as Scalar>::from_f64(tolerance);
        let mut level = wanted;
        let mut found = self.run(&sparse, &options, level)?;
        let mut inner = found.effort.inner_iterations;
        // The solver measures gaps by the objective at 0; here they are measured by the optimum, which may be far smaller.
        for _ in 0..2 {
            if found.gap <= wanted * size(&found) || !found.converged() {
                break;
            }
            level = wanted * size(&found) / found.scale * <T as Scalar>::from_f64(0.5);
            let from = found.coefficients.clone();
            let again = base.start(&from).start_intercept(found.intercept);
            let again = match &self.weights {
                Some(weights) => again.weights(weights),
                None => again,
            };
            found = self.run(&sparse, &again, level)?;
            inner += found.effort.inner_iterations;
        }
        let problem = Problem::new(objective, penalty)?;
        let mut x = Array1::zeros(start.len());
        others.iter().zip(&found.coefficients).for_each(|(&i, &w)| x[i] = w);
        if let Some(free) = intercept {
            x[free.at] = found.intercept / free.height;
        }
        let mut state = state_at(objective, &x)?;
        let mut certificate = certificate(&problem, &mut state)?;
        if found.dual.is_finite() {
            (certificate.dual, certificate.gap) = (Some(found.dual), Some(found.gap));
        }
        let support = (0..x.len()).filter(|&i| !penalty.is_active(i, &x)).collect();
        Ok(Some(Fit {
            x,
            objective: found.primal,
            certificate,
            iterations: inner,
            stopped: found.stopped,
            support,
            // Working sets do not watch the pattern.
            identified_at: inner,
            trace: Vec::new(),
        }))
    }

    fn run(&self, penalty: &SparsePenalty<T>, options: &Options<'_, T>, tolerance: T) -> Result<SparseFit<T>> {
        let solver = WorkingSet::new().tolerance(tolerance);
        Ok(match self.kind {
            LossKind::Logistic => solver.logistic(self.design, &self.targets, penalty, options)?,
            _ => solver.squared(self.design, &self.targets, penalty, options)?,
        })
    }
}

/// The penalty with the ridge term, if the solver can express it.
fn sparse_penalty<T: Scalar>(penalty: &Penalty<T>, columns: &[usize], ridge: T) -> Result<Option<SparsePenalty<T>>> {
    let factors = |weight: &dyn Fn(usize) -> T| columns.iter().map(|&i| weight(i)).collect::<Array1<T>>();
    let (l1, l2, factors, positive) = match penalty {
        Penalty::L1(g) => (g.level(), ridge, factors(&|i| g.weight(i)), false),
        Penalty::ElasticNet(g) => (g.l1(), g.l2() + ridge, factors(&|i| g.weight(i)), false),
        Penalty::NonNegative(g) => (g.level(), ridge, factors(&|i| g.weight(i)), true),
        _ => return Ok(None),
    };
    let plain = factors.iter().all(|&p| p == T::one());
    let penalised = columns.iter().all(|&i| match penalty.shape(i) {
        Some(Shape::Kink { slope, .. } | Shape::Interval { slope, .. }) => slope > T::zero(),
        None => false,
    });
    // The ridge term knows no factors, and without a 1-norm nothing is sparse.
    if !penalised || (ridge != T::zero() && !plain) {
        return Ok(None);
    }
    let sparse = SparsePenalty::new(l1, l2)?;
    let sparse = if plain { sparse } else { sparse.factors(&factors)? };
    Ok(Some(if positive { sparse.non_negative() } else { sparse }))
}
