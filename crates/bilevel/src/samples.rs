//! Many independent lower levels under one upper one: f = (1/m) Σ gᵢ(x̂ᵢ(θ)).

use crate::oracle::{Evaluation, Hypergradient, Oracle, Scale};
use crate::{Cost, Error, Implicit, LowerLevel, Result, UpperLevel, ValueBounds};
use ndarray::{Array1, ArrayRef1};

/// An [`Oracle`] whose samples (training images, folds) are solved in parallel. Bounds are averages of the samples'; sums are taken in the
/// samples' order, so that no bit depends on the number of threads.
#[derive(Debug)]
pub struct Samples<P> {
    samples: Vec<Implicit<P>>,
}

impl<P: LowerLevel + UpperLevel> Samples<P> {
    /// Of samples with the same hyperparameters.
    ///
    /// # Errors
    /// No sample, or different numbers of hyperparameters.
    pub fn new(samples: Vec<Implicit<P>>) -> Result<Self> {
        let Some(first) = samples.first() else {
            return Err(core_tensor::Error::Empty { argument: "samples", expected: "sample" }.into());
        };
        let d = first.hyperparameters();
        if let Some(other) = samples.iter().find(|sample| sample.hyperparameters() != d) {
            let (found, expected) = (vec![other.hyperparameters()], vec![d]);
            let reason = "all samples share the hyperparameters";
            return Err(core_tensor::Error::Shape { argument: "samples", found, expected, reason }.into());
        }
        Ok(Self { samples })
    }

    /// The samples.
    #[must_use]
    pub fn samples(&self) -> &[Implicit<P>] {
        &self.samples
    }

    pub(crate) fn samples_mut(&mut self) -> &mut [Implicit<P>] {
        &mut self.samples
    }

    /// One call per sample.
    fn each<R: Send>(&mut self, call: impl Fn(&mut Implicit<P>) -> Result<R> + Sync + Send) -> Result<Vec<R>> {
        for_each(&mut self.samples, call)
    }
}

/// Calls in parallel, results in order.
pub(crate) fn for_each<S: Send, R: Send>(
    items: &mut [S],
    call: impl Fn(&mut S) -> Result<R> + Sync + Send,
) -> Result<Vec<R>> {
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        items.par_iter_mut().map(call).collect()
    }
    #[cfg(not(feature = "rayon"))]
    {
        items.iter_mut().map(call).collect()
    }
}

fn average(evaluations: &[Evaluation]) -> Evaluation {
    let count = evaluations.len() as f64;
    let mean = |get: &dyn Fn(&ValueBounds) -> f64| evaluations.iter().map(|e| get(&e.bounds)).sum::<f64>() / count;
    let bounds = ValueBounds {
        value: mean(&|b| b.value),
        upper: mean(&|b| b.upper),
        lower: mean(&|b| b.lower),
        error: mean(&|b| b.error),
    };
    Evaluation { bounds, solved: evaluations.iter().all(|e| e.solved) }
}

impl<P: LowerLevel + UpperLevel> Oracle for Samples<P> {
    fn hyperparameters(&self) -> usize {
        self.samples[0].hyperparameters()
    }

    fn check(&self, theta: &ArrayRef1<f64>) -> Result<()> {
        self.samples.iter().try_for_each(|sample| sample.check(theta))
    }

    fn refine(&mut self, theta: &ArrayRef1<f64>, accuracy: f64) -> Result<Evaluation> {
        Ok(average(&self.each(|sample| sample.refine(theta, accuracy))?))
    }

    fn attempt(&mut self, theta: &ArrayRef1<f64>, accuracy: f64) -> Result<Evaluation> {
        Ok(average(&self.each(|sample| sample.attempt(theta, accuracy))?))
    }

    fn accept(&mut self) {
        self.samples.iter_mut().for_each(Oracle::accept);
    }

    fn hypergradient_into(
        &mut self,
        theta: &ArrayRef1<f64>,
        residual: f64,
        z: &mut ArrayRef1<f64>,
    ) -> Result<Hypergradient> {
        let found = self.each(|sample| {
            let mut z = Array1::zeros(theta.len());
            let report = sample.hypergradient_into(theta, residual, &mut z)?;
            Ok((z, report))
        })?;
        let count = found.len() as f64;
        z.fill(0.0);
        for (part, _) in &found {
            z.scaled_add(1.0 / count, part);
        }
        let error: Option<f64> = found.iter().map(|(_, report)| report.error).sum();
        Ok(Hypergradient {
            error: error.map(|sum| sum / count),
            corrected: found.iter().map(|(_, report)| report.corrected).sum::<f64>() / count,
            solved: found.iter().all(|(_, report)| report.solved),
        })
    }

    fn cost(&self) -> Cost {
        let mut sum = Cost::default();
        self.samples.iter().for_each(|sample| sum += sample.cost());
        sum
    }

    fn scale(&mut self, theta: &ArrayRef1<f64>) -> Result<Scale> {
        let all = self.each(|sample| sample.scale(theta))?;
        let count = all.len() as f64;
        Ok(Scale {
            error: all.iter().map(|scale| scale.error).sum::<f64>() / count,
            size: all.iter().map(|scale| scale.size).sum::<f64>() / count,
        })
    }

    fn state(&self) -> Vec<Array1<f64>> {
        let parts: Vec<Vec<Array1<f64>>> = self.samples.iter().map(Oracle::state).collect();
        let lengths = Array1::from_iter(parts.iter().map(|part| part.len() as f64));
        [lengths].into_iter().chain(parts.into_iter().flatten()).collect()
    }

    fn restore(&mut self, state: &[Array1<f64>]) -> Result<()> {
        let wrong = Error::State { reason: "it has another number of samples" };
        let Some((lengths, mut rest)) = state.split_first() else { return Err(wrong) };
        if lengths.len() != self.samples.len() {
            return Err(wrong);
        }
        for (sample, length) in self.samples.iter_mut().zip(lengths) {
            let length = *length as usize;
            if length > rest.len() {
                return Err(Error::State { reason: "parts of it are missing" });
            }
            let (part, others) = rest.split_at(length);
            sample.restore(part)?;
            rest = others;
        }
        Ok(())
    }
}
