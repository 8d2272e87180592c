//! An oracle that knows f and its gradient exactly.

use crate::oracle::{Evaluation, Hypergradient, Oracle, Scale};
use crate::{Cost, Error, Result, ValueBounds};
use core_tensor::{check_finite, check_shape};
use ndarray::{Array1, ArrayRef1};

/// An [`Oracle`] made of a function θ ↦ (f, ∇f): for models with closed forms, to which [`Maid`](crate::Maid) is then plain gradient descent
/// with a certified line search. Each call counts as one factorisation.
#[derive(Debug)]
pub struct Exact<F> {
    function: F,
    hyperparameters: usize,
    at: (f64, Array1<f64>),
    trial: (f64, Array1<f64>),
    calls: usize,
}

impl<F: FnMut(&ArrayRef1<f64>) -> Result<(f64, Array1<f64>)>> Exact<F> {
    /// Of a function of `hyperparameters` variables.
    pub fn new(hyperparameters: usize, function: F) -> Self {
        let nothing = || (f64::NAN, Array1::zeros(hyperparameters));
        Self { function, hyperparameters, at: nothing(), trial: nothing(), calls: 0 }
    }

    fn evaluate(&mut self, theta: &ArrayRef1<f64>) -> Result<((f64, Array1<f64>), Evaluation)> {
        self.calls += 1;
        let (value, gradient) = (self.function)(theta)?;
        if gradient.len() != self.hyperparameters {
            return Err(Error::Missing { what: "Exact", needed: "a gradient as long as theta" });
        }
        let bounds = ValueBounds { value, upper: value, lower: value, error: 0.0 };
        Ok(((value, gradient), Evaluation { bounds, solved: true }))
    }
}

impl<F: FnMut(&ArrayRef1<f64>) -> Result<(f64, Array1<f64>)>> Oracle for Exact<F> {
    fn hyperparameters(&self) -> usize {
        self.hyperparameters
    }

    fn check(&self, theta: &ArrayRef1<f64>) -> Result<()> {
        check_shape("theta", theta, &[self.hyperparameters], "the problem has that many hyperparameters")?;
        Ok(check_finite("theta", theta)?)
    }

    fn refine(&mut self, theta: &ArrayRef1<f64>, _accuracy: f64) -> Result<Evaluation> {
        let (known, evaluation) = self.evaluate(theta)?;
        self.at = known;
        Ok(evaluation)
    }

    fn attempt(&mut self, theta: &ArrayRef1<f64>, _accuracy: f64) -> Result<Evaluation> {
        let (known, evaluation) = self.evaluate(theta)?;
        self.trial = known;
        Ok(evaluation)
    }

    fn accept(&mut self) {
        std::mem::swap(&mut self.at, &mut self.trial);
    }

    fn hypergradient_into(
        &mut self,
        _theta: &ArrayRef1<f64>,
        _residual: f64,
        z: &mut ArrayRef1<f64>,
    ) -> Result<Hypergradient> {
        z.assign(&self.at.1);
        Ok(Hypergradient { error: Some(0.0), corrected: self.at.0, solved: true })
    }

    fn cost(&self) -> Cost {
        Cost { factorisations: self.calls, ..Cost::default() }
    }

    fn scale(&mut self, _theta: &ArrayRef1<f64>) -> Result<Scale> {
        Ok(Scale { error: 1.0, size: 1.0 })
    }

    fn state(&self) -> Vec<Array1<f64>> {
        Vec::new()
    }

    fn restore(&mut self, _state: &[Array1<f64>]) -> Result<()> {
        Ok(())
    }
}
