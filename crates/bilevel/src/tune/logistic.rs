//! Binary logistic regression with one penalty.

use super::folds::split;
use super::line::{self, Care};
use super::{BOX, FoldsFit, check_box};
use crate::samples::for_each;
use crate::{Error, Result};
use core_tensor::linalg::{Llt, gram_into};
use core_tensor::{Kernel, check_finite, check_shape, vectorised};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};

/// `w(θ) = argmin mean log(1 + exp(-s x·w)) + ½ e^θ ‖w‖²` with labels s = ±1, judged by the mean log-loss of validation rows; without
/// intercept unless [`with_intercept`](Self::with_intercept).
#[derive(Debug, Clone)]
pub struct LogisticRegression {
    x: Array2<f64>,
    x_validation: Array2<f64>,
    signs: Array1<f64>,
    signs_validation: Array1<f64>,
    /// Rows times their labels.
    signed: Array2<f64>,
    /// Leading coefficients that the penalty acts on: all but an intercept.
    penalised: usize,
}

/// A tuned logistic regression.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LogisticFit {
    /// Logarithm of the penalty.
    pub theta: f64,
    /// Coefficients; an intercept is the last.
    pub coefficients: Array1<f64>,
    /// The validation loss.
    pub value: f64,
    features: usize,
}

impl LogisticRegression {
    /// X (n × p), labels -1 or 1 (n), and validation rows.
    ///
    /// # Errors
    /// No rows or features, shapes that do not fit, entries that are not finite, other labels.
    pub fn new(
        (x, signs): (Array2<f64>, Array1<f64>),
        (x_validation, signs_validation): (Array2<f64>, Array1<f64>),
    ) -> Result<Self> {
        super::ridge::check_design(&x, &signs)?;
        let shape = [x_validation.nrows(), x.ncols()];
        check_shape("x_validation", &x_validation, &shape, "it has the features of `x`")?;
        super::ridge::check_design(&x_validation, &signs_validation)?;
        for s in signs.iter().chain(&signs_validation) {
            core_tensor::check_range("label", *s, s.abs() == 1.0, "-1 or 1")?;
        }
        let signed = &x * &signs.view().insert_axis(ndarray::Axis(1));
        let penalised = x.ncols();
        // Kernels go along rows.
        let (x_validation, signed) =
            (x_validation.as_standard_layout().to_owned(), signed.as_standard_layout().to_owned());
        Ok(Self { x, x_validation, signs, signs_validation, signed, penalised })
    }

    /// A model for each of `folds` parts of the rows, trained on the others and validated on the part.
    ///
    /// # Errors
    /// As [`LogisticRegression::new`]; fewer than two folds, or more than rows.
    pub fn folds(x: &ArrayRef2<f64>, signs: &ArrayRef1<f64>, folds: usize, seed: u64) -> Result<Vec<Self>> {
        super::ridge::check_design(x, signs)?;
        let part = |rows: &[usize]| (x.select(ndarray::Axis(0), rows), signs.select(ndarray::Axis(0), rows));
        split(x.nrows(), folds, seed)?.iter().map(|(training, rest)| Self::new(part(training), part(rest))).collect()
    }

    /// With a last coefficient that every row adds, and that is not penalised. Both labels must be there among the training rows.
    ///
    /// # Errors
    /// Training rows of one label.
    pub fn with_intercept(mut self) -> Result<Self> {
        if self.penalised < self.x.ncols() {
            return Ok(self);
        }
        let constant = |rows: usize| Array2::ones((rows, 1));
        let labels = self.signs.clone();
        let both = labels.iter().any(|s| *s > 0.0) && labels.iter().any(|s| *s < 0.0);
        core_tensor::check_range("labels", labels[0], both, "of both signs, for an intercept")?;
        let widen = |x: &Array2<f64>, column: Array2<f64>| {
            ndarray::concatenate(ndarray::Axis(1), &[x.view(), column.view()])
                .map(|wide| wide.as_standard_layout().to_owned())
                .map_err(|_| core_tensor::Error::Empty { argument: "x", expected: "row" })
        };
        self.signed = widen(&self.signed, labels.insert_axis(ndarray::Axis(1)))?;
        self.x = widen(&self.x, constant(self.x.nrows()))?;
        self.x_validation = widen(&self.x_validation, constant(self.x_validation.nrows()))?;
        Ok(self)
    }

    /// w(θ) by Newton's method from `start` (p).
    ///
    /// # Errors
    /// θ not finite or above 700, another length, no progress (never seen: the problem is strongly convex).
    pub fn coefficients(&self, theta: f64, start: &ArrayRef1<f64>) -> Result<Array1<f64>> {
        core_tensor::check_range("theta", theta, theta.abs() <= 700.0, "between -700 and 700")?;
        check_shape("start", start, &[self.x.ncols()], "there is one per feature")?;
        check_finite("start", start)?;
        let mut w = contiguous(start);
        self.newton(theta, &mut w, EXACT, &mut Newton::new(self.x.dim()))?;
        Ok(w)
    }

    /// The validation loss at w(θ), and its derivative in θ.
    ///
    /// # Errors
    /// As [`coefficients`](Self::coefficients).
    pub fn value_and_slope(&self, theta: f64, w: &ArrayRef1<f64>) -> Result<(f64, f64)> {
        check_shape("w", w, &[self.x.ncols()], "there is one per feature")?;
        check_finite("w", w)?;
        core_tensor::check_range("theta", theta, theta.abs() <= 700.0, "between -700 and 700")?;
        let (w, mut work) = (contiguous(w), Newton::new(self.x.dim()));
        self.weigh(&w, theta, &mut work);
        work.factor.factorise(&work.hessian)?;
        self.judge(theta, &w, &work)
    }

    fn judge(&self, theta: f64, w: &ArrayRef1<f64>, work: &Newton) -> Result<(f64, f64)> {
        let rows = self.signs_validation.len() as f64;
        let mut q = Array1::zeros(w.len());
        let (Some(x), Some(w_slice), Some(slopes)) = (self.x_validation.as_slice(), w.as_slice(), q.as_slice_mut())
        else {
            return Err(Error::NotFinite { what: "the validation loss" });
        };
        let mut loss = LogLoss::default();
        for (row, sign) in x.chunks_exact(w_slice.len()).zip(&self.signs_validation) {
            let margin = sign * dot(row, w_slice);
            let e = (-margin.abs()).exp();
            let miss = if margin >= 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) };
            loss.add(margin, e);
            slopes.iter_mut().zip(row).for_each(|(q, x)| *q -= sign * miss / rows * x);
        }
        let value = loss.sum() / rows;
        work.factor.solve_in_place(&mut q)?;
        let along: f64 = w.iter().zip(&q).take(self.penalised).map(|(w, q)| w * q).sum();
        Ok((value, -theta.exp() * along))
    }

    /// Gradient and Hessian at w into the workspace; the value.
    fn weigh(&self, w: &ArrayRef1<f64>, theta: f64, work: &mut Newton) -> f64 {
        let ((n, p), penalty) = (self.signed.dim(), theta.exp());
        work.gradient.fill(0.0);
        let parts = (self.signed.as_slice(), w.as_slice(), work.weighted.as_slice_mut(), work.gradient.as_slice_mut());
        let (Some(rows), Some(w), Some(weighted), Some(gradient)) = parts else { return f64::NAN };
        let value = vectorised(Pass { rows, w, weighted, gradient, p, share: 1.0 / n as f64 });
        let mut penalties = 0.0;
        for (g, w) in gradient.iter_mut().zip(w).take(self.penalised) {
            *g += penalty * w;
            penalties += 0.5 * penalty * w * w;
        }
        // Shapes fit by construction.
        if gram_into(&mut work.hessian, core_tensor::linalg::Accumulate::Replace, 1.0, &work.weighted).is_err() {
            work.hessian.fill(f64::NAN);
        }
        work.hessian.diag_mut().iter_mut().take(self.penalised).for_each(|h| *h += penalty);
        value / n as f64 + penalties
    }

    /// Until what is left of the value is `accuracy` of it, and one step more; leaves the factor at the solution.
    fn newton(&self, theta: f64, w: &mut Array1<f64>, accuracy: f64, work: &mut Newton) -> Result<()> {
        let mut value = self.weigh(w, theta, work);
        for _ in 0..100 {
            work.factor.factorise(&work.hessian)?;
            let mut step = work.gradient.clone();
            work.factor.solve_in_place(&mut step)?;
            let decrement = step.dot(&work.gradient);
            if !decrement.is_finite() {
                return Err(Error::NotFinite { what: "the logistic loss" });
            }
            // Newton's decrement is twice what is left of the value; the next step would square it.
            if decrement <= accuracy * (1.0 + value.abs()) {
                *w -= &step;
                return Ok(());
            }
            let (before, mut length) = (w.clone(), 1.0);
            loop {
                w.assign(&before);
                w.scaled_add(-length, &step);
                let next = self.weigh(w, theta, work);
                if next <= value - 1e-4 * length * decrement || length < 1e-10 {
                    value = next;
                    break;
                }
                length *= 0.5;
            }
            if length < 1e-10 {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Penalties at which the whole interval is looked at: each costs Newton's method.
const SOLVES: usize = 8;
/// Newton's decrement of a full solve: the step after it ends in rounding.
const EXACT: f64 = 1e-9;
/// How far tangents are followed.
const FAR: f64 = 1.0;

fn contiguous(w: &ArrayRef1<f64>) -> Array1<f64> {
    w.iter().copied().collect()
}

/// One pass over the signed rows: the loss, its gradient added to `gradient`, and the rows times the roots of their curvatures.
struct Pass<'a> {
    rows: &'a [f64],
    w: &'a [f64],
    weighted: &'a mut [f64],
    gradient: &'a mut [f64],
    p: usize,
    share: f64,
}

impl Kernel for Pass<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let Self { rows, w, weighted, gradient, p, share } = self;
        let mut loss = LogLoss::default();
        for (row, weighted) in rows.chunks_exact(p).zip(weighted.chunks_exact_mut(p)) {
            let margin = dot(row, w);
            let e = (-margin.abs()).exp();
            // σ(-m), and the loss.
            let miss = if margin >= 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) };
            loss.add(margin, e);
            let (slope, root) = (-miss * share, (miss * (1.0 - miss) * share).sqrt());
            for ((g, to), x) in gradient.iter_mut().zip(weighted).zip(row) {
                *g += slope * x;
                *to = root * x;
            }
        }
        loss.sum()
    }
}

/// Σ log(1 + e^-m) with one logarithm for many rows: factors 1 + e^-|m| are at most 2, so that 500 of them have a product.
#[derive(Default)]
struct LogLoss {
    linear: f64,
    product: Option<f64>,
    factors: usize,
}

impl LogLoss {
    /// Of a margin m and e^-|m|.
    #[inline(always)]
    fn add(&mut self, margin: f64, e: f64) {
        self.linear += (-margin).max(0.0);
        self.product = Some(self.product.unwrap_or(1.0) * (1.0 + e));
        self.factors += 1;
        if self.factors == 500 {
            self.linear = self.sum();
            (self.product, self.factors) = (None, 0);
        }
    }

    #[inline(always)]
    fn sum(&self) -> f64 {
        self.linear + self.product.map_or(0.0, f64::ln)
    }
}

#[inline(always)]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 4;
    let (mut sums, (a_chunks, a_rest), (b_chunks, b_rest)) =
        ([0.0; LANES], a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for l in 0..LANES {
            sums[l] += a[l] * b[l];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums[0] + sums[1] + (sums[2] + sums[3]) + rest
}

struct Newton {
    weighted: Array2<f64>,
    gradient: Array1<f64>,
    hessian: Array2<f64>,
    factor: Llt<f64>,
}

impl Newton {
    fn new((n, p): (usize, usize)) -> Self {
        Self {
            weighted: Array2::zeros((n, p)),
            gradient: Array1::zeros(p),
            hessian: Array2::zeros((p, p)),
            factor: Llt::new(p),
        }
    }
}

/// Chooses the penalty: a look at the interval, then safeguarded secants of the slope, from warm-started Newton solves; `bounds` by default
/// [-12, 4].
///
/// # Errors
/// A box out of range, errors of the solver.
pub fn tune_logistic(model: &LogisticRegression, bounds: Option<(f64, f64)>) -> Result<LogisticFit> {
    let mut folds = [Fold::new(model)];
    let (theta, value) = minimise(&mut folds, bounds)?;
    let w = start(&folds[0].known, -theta).unwrap_or_else(|| Array1::zeros(model.x.ncols()));
    let coefficients = model.coefficients(theta, &w)?;
    Ok(LogisticFit { theta, coefficients, value, features: model.penalised })
}

/// The same for the mean loss of several models, such as [`LogisticRegression::folds`], solved in parallel.
///
/// # Errors
/// No model; as [`tune_logistic`].
pub fn tune_logistic_folds(models: &[LogisticRegression], bounds: Option<(f64, f64)>) -> Result<FoldsFit> {
    if models.is_empty() {
        return Err(core_tensor::Error::Empty { argument: "folds", expected: "model" }.into());
    }
    let mut folds: Vec<Fold<'_>> = models.iter().map(Fold::new).collect();
    let (theta, value) = minimise(&mut folds, bounds)?;
    let values = for_each(&mut folds, |fold| Ok(fold.evaluate(-theta, Care::Exact)?.0))?;
    Ok(FoldsFit { theta: Array1::from_elem(1, theta), value, values })
}

/// θ and the mean loss.
fn minimise(folds: &mut [Fold<'_>], bounds: Option<(f64, f64)>) -> Result<(f64, f64)> {
    let bounds = bounds.unwrap_or((-12.0_f64.max(BOX.0), 4.0_f64.min(BOX.1)));
    check_box(bounds)?;
    let share = 1.0 / folds.len() as f64;
    // From strong penalties down: the variable is the negative logarithm.
    let (t, value) = line::minimise((-bounds.1, -bounds.0), SOLVES, 1e-7, |t, care| {
        let found = for_each(folds, |fold| fold.evaluate(t, care))?;
        Ok(found.iter().fold((0.0, 0.0), |(value, slope), (v, s)| (value + share * v, slope + share * s)))
    })?;
    Ok((-t, value))
}

/// A model with what is known of its solutions.
struct Fold<'a> {
    model: &'a LogisticRegression,
    /// t, w and dw/dt = -H⁻¹ e^-t w, which says where the next solution is.
    known: Vec<(f64, Array1<f64>, Array1<f64>)>,
    work: Newton,
}

impl<'a> Fold<'a> {
    fn new(model: &'a LogisticRegression) -> Self {
        Self { model, known: Vec::new(), work: Newton::new(model.x.dim()) }
    }

    /// Validation loss and its slope in t.
    fn evaluate(&mut self, t: f64, care: Care) -> Result<(f64, f64)> {
        let Self { model, known, work } = self;
        let mut w = start(known, t).unwrap_or_else(|| Array1::zeros(model.x.ncols()));
        let accuracy = if care == Care::Look { 1e-3 } else { EXACT };
        model.newton(-t, &mut w, accuracy, work)?;
        let (value, slope) = model.judge(-t, &w, work)?;
        let mut along = w.clone();
        along.iter_mut().skip(model.penalised).for_each(|v| *v = 0.0);
        work.factor.solve_in_place(&mut along)?;
        known.push((t, w, along * (-t).exp()));
        Ok((value, -slope))
    }
}

/// The nearest known solution, moved along its tangent.
fn start(known: &[(f64, Array1<f64>, Array1<f64>)], t: f64) -> Option<Array1<f64>> {
    let (there, w, slope) = known.iter().min_by(|a, b| (a.0 - t).abs().total_cmp(&(b.0 - t).abs()))?;
    let mut w = w.clone();
    // A tangent is good for a few powers of e at most.
    w.scaled_add((t - there).clamp(-FAR, FAR), slope);
    Some(w)
}

impl LogisticFit {
    /// x·w for each row (with the intercept, if there is one); positive for label 1.
    ///
    /// # Errors
    /// Another number of features.
    pub fn scores(&self, x: &ArrayRef2<f64>) -> Result<Array1<f64>> {
        let p = self.features;
        check_shape("x", x, &[x.nrows(), p], "the model was trained on that many features")?;
        let intercept = self.coefficients.get(p).copied().unwrap_or(0.0);
        Ok(x.dot(&self.coefficients.slice_axis(ndarray::Axis(0), ndarray::Slice::from(..p))) + intercept)
    }
}
