//! Splicing: exchange the weakest columns of a support for the strongest outside it.

use crate::error::Result;
use crate::greedy::largest;
use crate::subset_qr::{SubsetQr, least_squares};
use core_tensor::linalg::{Accumulate, gemv_into};
use ndarray::{Array1, ArrayRef1, ArrayRef2};
use std::cmp::Ordering;

/// One round of splicing: the sacrifices of all columns, and the exchange that was accepted.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SplicingStep {
    /// The support, ascending.
    pub active: Vec<usize>,
    /// hⱼ wⱼ² / 2 for the columns of the support, in its order: the loss that dropping one alone costs at least.
    pub backward_sacrifice: Vec<f64>,
    /// The other columns, ascending.
    pub inactive: Vec<usize>,
    /// (xⱼᵀr / n)² / (2 hⱼ) for those, in their order: the loss that adding one alone saves.
    pub forward_sacrifice: Vec<f64>,
    /// RSS / 2n.
    pub loss: f64,
    /// The accepted exchange; `None` in the last round.
    pub exchange: Option<Exchange>,
}

/// An accepted exchange.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Exchange {
    /// How many columns were exchanged.
    pub count: usize,
    /// The new support, ascending.
    pub active: Vec<usize>,
    /// Its loss.
    pub loss: f64,
}

/// The data and limits of splicing for one size.
pub(super) struct Splicing<'a> {
    pub(super) x: &'a ArrayRef2<f64>,
    pub(super) y: &'a ArrayRef1<f64>,
    /// hⱼ = ‖xⱼ‖² / n.
    pub(super) h: &'a ArrayRef1<f64>,
    /// n (the rows of x may be more, where a ridge was appended).
    pub(super) n: f64,
    /// Columns that are never dropped.
    pub(super) always_in: &'a [usize],
    pub(super) exchange_max: usize,
    pub(super) rounds: usize,
    pub(super) threshold: f64,
}

/// A support with its loss.
#[derive(Debug, Clone)]
pub(super) struct Spliced {
    pub(super) support: Vec<usize>,
    pub(super) loss: f64,
    pub(super) steps: Vec<SplicingStep>,
}

impl Splicing<'_> {
    /// Splices from the support `start` until no exchange lowers the loss by more than the threshold, or until one of the supports
    /// `settled` is met, for which that is known.
    pub(super) fn run(&self, start: &[usize], settled: &[Vec<usize>]) -> Result<Spliced> {
        let mut state = State::new(self, start)?;
        let mut steps = Vec::new();
        let mut correlations = Array1::zeros(self.x.ncols());
        for _ in 0..self.rounds {
            if settled.contains(&state.active) {
                break;
            }
            gemv_into(&mut correlations, Accumulate::Replace, 1.0 / self.n, &self.x.t(), &state.residual)?;
            let mut step = self.sacrifices(&state.active, &state.w, &correlations, state.loss);
            let Some(new) = self.exchange(&step, &state)? else {
                steps.push(step);
                break;
            };
            let count = new.active.iter().filter(|j| !state.active.contains(j)).count();
            step.exchange = Some(Exchange { count, active: new.active.clone(), loss: new.loss });
            steps.push(step);
            state = new;
        }
        Ok(Spliced { support: state.active, loss: state.loss, steps })
    }

    fn sacrifices(&self, active: &[usize], w: &[f64], correlations: &ArrayRef1<f64>, loss: f64) -> SplicingStep {
        let mut inside = vec![false; self.x.ncols()];
        active.iter().for_each(|&j| inside[j] = true);
        let inactive: Vec<usize> = (0..inside.len()).filter(|&j| !inside[j]).collect();
        let gain = |&j: &usize| {
            if self.h[j] > 0.0 { correlations[j] * correlations[j] / (2.0 * self.h[j]) } else { 0.0 }
        };
        SplicingStep {
            backward_sacrifice: active.iter().zip(w).map(|(&j, &w)| 0.5 * self.h[j] * w * w).collect(),
            forward_sacrifice: inactive.iter().map(gain).collect(),
            active: active.to_vec(),
            inactive,
            loss,
            exchange: None,
        }
    }

    /// The first exchange, the largest number of columns first, that lowers the loss enough.
    fn exchange(&self, step: &SplicingStep, state: &State) -> Result<Option<State>> {
        let movable: Vec<usize> =
            (0..step.active.len()).filter(|&at| !self.always_in.contains(&step.active[at])).collect();
        let mut weakest = movable;
        weakest.sort_by(|&a, &b| step.backward_sacrifice[a].total_cmp(&step.backward_sacrifice[b]).then(a.cmp(&b)));
        let mut strongest: Vec<usize> = (0..step.inactive.len()).collect();
        let mut count = self.exchange_max.min(weakest.len()).min(strongest.len());
        let gains = &step.forward_sacrifice;
        sort_first(&mut strongest, count, |&a, &b| gains[b].total_cmp(&gains[a]).then(a.cmp(&b)));
        while count > 0 {
            let dropped: Vec<usize> = weakest[..count].iter().map(|&at| step.active[at]).collect();
            let added: Vec<usize> = strongest[..count].iter().map(|&at| step.inactive[at]).collect();
            let new = state.exchanged(self, &dropped, &added)?;
            if state.loss - new.loss > self.threshold {
                return Ok(Some(new));
            }
            count /= 2;
        }
        Ok(None)
    }
}

/// Sorts what belongs to the first `count` places, and leaves the others behind them in any order.
pub(super) fn sort_first<A>(items: &mut [A], count: usize, mut order: impl FnMut(&A, &A) -> Ordering) {
    if count == 0 {
        return;
    }
    if count < items.len() {
        items.select_nth_unstable_by(count, &mut order);
    }
    let first = count.min(items.len());
    items[..first].sort_unstable_by(order);
}

/// Least squares on a support.
struct State {
    qr: SubsetQr,
    /// Ascending, with the coefficients in that order.
    active: Vec<usize>,
    w: Vec<f64>,
    residual: Array1<f64>,
    loss: f64,
}

impl State {
    fn new(task: &Splicing<'_>, support: &[usize]) -> Result<Self> {
        Self::of(task, SubsetQr::of(task.x, task.y, support), support)
    }

    /// The factorisation follows the exchange: columns are removed and appended, never all of them anew.
    fn exchanged(&self, task: &Splicing<'_>, dropped: &[usize], added: &[usize]) -> Result<Self> {
        let mut qr = self.qr.clone();
        for j in dropped {
            if let Some(at) = qr.support.iter().position(|of| of == j) {
                qr.remove(at);
            }
        }
        for &j in added {
            qr.append(task.x, j);
        }
        let mut support: Vec<usize> = self.active.iter().copied().filter(|j| !dropped.contains(j)).collect();
        support.extend(added);
        Self::of(task, qr, &support)
    }

    /// `qr` holds the support, or an independent part of it; then least squares of smallest norm stands in.
    fn of(task: &Splicing<'_>, qr: SubsetQr, support: &[usize]) -> Result<Self> {
        let mut active = support.to_vec();
        active.sort_unstable();
        let (w, residual) = if qr.support.len() == active.len() {
            let coefficients = qr.coefficients();
            let of = |j: &usize| qr.support.iter().position(|s| s == j).map_or(0.0, |at| coefficients[at]);
            (active.iter().map(of).collect(), qr.residual())
        } else {
            least_squares(task.x, task.y, &active)?
        };
        let loss = residual.dot(&residual) / (2.0 * task.n);
        Ok(Self { qr, active, w, residual, loss })
    }
}

/// 0.01 k log(p) log(log n) / n, the loss that an exchange must save.
pub(super) fn default_threshold(k: usize, columns: usize, rows: f64) -> f64 {
    0.01 * k as f64 * (columns as f64).ln() * super::model::log_log(rows) / rows
}

/// Least-squares coefficients on the support that splicing finds among `x`'s columns, for the preconditioned problem.
pub(crate) fn splice_directions(x: &ArrayRef2<f64>, y: &ArrayRef1<f64>, k: usize) -> Result<Array1<f64>> {
    let (n, d) = (x.nrows() as f64, x.ncols());
    let h = Array1::from_shape_fn(d, |j| x.column(j).dot(&x.column(j)) / n);
    let mut correlations = Array1::zeros(d);
    gemv_into(&mut correlations, Accumulate::Replace, 1.0, &x.t(), y)?;
    let start = largest(&correlations, k);
    let splicing = Splicing {
        x,
        y,
        h: &h,
        n,
        always_in: &[],
        exchange_max: 5,
        rounds: 100,
        threshold: default_threshold(k, d, n),
    };
    let support = splicing.run(&start, &[])?.support;
    let (coefficients, _) = least_squares(x, y, &support)?;
    let mut z = Array1::zeros(d);
    support.iter().zip(coefficients).for_each(|(&j, c)| z[j] = c);
    Ok(z)
}
