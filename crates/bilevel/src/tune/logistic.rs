//! Binary logistic regression with one penalty.

use super::line;
use super::{BOX, check_box};
use crate::{Error, Result};
use core_tensor::linalg::{Llt, gram_into};
use core_tensor::{check_finite, check_shape};
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
        Ok(Self { x, x_validation, signs, signs_validation, signed, penalised })
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
        let mut w = start.to_owned();
        self.newton(theta, &mut w, &mut Newton::new(self.x.dim()))?;
        Ok(w)
    }

    /// The validation loss at w(θ), and its derivative in θ.
    ///
    /// # Errors
    /// As [`coefficients`](Self::coefficients).
    pub fn value_and_slope(&self, theta: f64, w: &ArrayRef1<f64>) -> Result<(f64, f64)> {
        let mut work = Newton::new(self.x.dim());
        self.weigh(w, theta, &mut work);
        work.factor.factorise(&work.hessian)?;
        self.judge(theta, w, &work)
    }

    fn judge(&self, theta: f64, w: &ArrayRef1<f64>, work: &Newton) -> Result<(f64, f64)> {
        let rows = self.signs_validation.len() as f64;
        let mut margins = self.x_validation.dot(w) * &self.signs_validation;
        let value = margins.iter().map(|&m| log_loss(m)).sum::<f64>() / rows;
        ndarray::Zip::from(&mut margins).and(&self.signs_validation).for_each(|m, s| *m = -s * logistic(-*m) / rows);
        let mut q = self.x_validation.t().dot(&margins);
        work.factor.solve_in_place(&mut q)?;
        let along: f64 = w.iter().zip(&q).take(self.penalised).map(|(w, q)| w * q).sum();
        Ok((value, -theta.exp() * along))
    }

    /// Gradient and Hessian at w into the workspace; the value.
    fn weigh(&self, w: &ArrayRef1<f64>, theta: f64, work: &mut Newton) -> f64 {
        let (n, penalty) = (self.x.nrows() as f64, theta.exp());
        work.margins.assign(&self.signed.dot(w));
        let mut value = 0.0;
        for ((m, slope), row) in work.margins.iter().zip(&mut work.slopes).zip(0..) {
            value += log_loss(*m);
            let p = logistic(-*m);
            *slope = -p / n;
            let weight = (p * (1.0 - p) / n).sqrt();
            for (to, x) in work.weighted.row_mut(row).iter_mut().zip(self.x.row(row)) {
                *to = weight * x;
            }
        }
        work.gradient.assign(&self.signed.t().dot(&work.slopes));
        work.gradient.iter_mut().zip(w).take(self.penalised).for_each(|(g, w)| *g += penalty * w);
        // Shapes fit by construction.
        if gram_into(&mut work.hessian, core_tensor::linalg::Accumulate::Replace, 1.0, &work.weighted).is_err() {
            work.hessian.fill(f64::NAN);
        }
        work.hessian.diag_mut().iter_mut().take(self.penalised).for_each(|h| *h += penalty);
        value / n + 0.5 * penalty * w.iter().take(self.penalised).map(|w| w * w).sum::<f64>()
    }

    /// To a relative gradient of rounding; leaves the factor at the solution.
    fn newton(&self, theta: f64, w: &mut Array1<f64>, work: &mut Newton) -> Result<()> {
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
            if decrement <= 1e-15 * (1.0 + value.abs()) {
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

struct Newton {
    margins: Array1<f64>,
    slopes: Array1<f64>,
    weighted: Array2<f64>,
    gradient: Array1<f64>,
    hessian: Array2<f64>,
    factor: Llt<f64>,
}

impl Newton {
    fn new((n, p): (usize, usize)) -> Self {
        Self {
            margins: Array1::zeros(n),
            slopes: Array1::zeros(n),
            weighted: Array2::zeros((n, p)),
            gradient: Array1::zeros(p),
            hessian: Array2::zeros((p, p)),
            factor: Llt::new(p),
        }
    }
}

/// log(1 + e^-m).
fn log_loss(m: f64) -> f64 {
    if m > 0.0 { (-m).exp().ln_1p() } else { m.exp().ln_1p() - m }
}

/// 1/(1 + e^-m).
fn logistic(m: f64) -> f64 {
    if m >= 0.0 {
        1.0 / (1.0 + (-m).exp())
    } else {
        let e = m.exp();
        e / (1.0 + e)
    }
}

/// Chooses the penalty: descent by safeguarded secants of the slope, from warm-started Newton solves; `bounds` by default [-12, 4].
///
/// # Errors
/// A box out of range, errors of the solver.
pub fn tune_logistic(model: &LogisticRegression, bounds: Option<(f64, f64)>) -> Result<LogisticFit> {
    let bounds = bounds.unwrap_or((-12.0_f64.max(BOX.0), 4.0_f64.min(BOX.1)));
    check_box(bounds)?;
    let mut work = Newton::new(model.x.dim());
    let mut w = Array1::zeros(model.x.ncols());
    // From strong penalties down: each solution is near the next.
    let mirrored = (-bounds.1, -bounds.0);
    let (t, value) = line::minimise(mirrored, 1e-9, |t| {
        model.newton(-t, &mut w, &mut work)?;
        let (value, slope) = model.judge(-t, &w, &work)?;
        Ok((value, -slope))
    })?;
    let coefficients = model.coefficients(-t, &w)?;
    Ok(LogisticFit { theta: -t, coefficients, value, features: model.penalised })
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
