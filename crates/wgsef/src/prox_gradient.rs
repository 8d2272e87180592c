//! Stochastic proximal gradient steps: what a training loop calls after each mini-batch.

use crate::adam_metric::AdamMetric;
use crate::error::{check_lambda, check_length, check_positive};
use crate::{Error, HalfSpaceInfo, Result, Wgsef, Workspace};
use core_tensor::{Scalar, check_range};
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, IxDyn, Zip};

/// One regulariser λ ω on some of the tensors of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Regulariser {
    /// The function; its groups lie in as many tensors as are named.
    pub omega: Wgsef,
    /// λ ≥ 0.
    pub lambda: f64,
    /// The numbers of those tensors, in the order of the groups' parts.
    pub tensors: Vec<usize>,
}

/// How gradients are averaged.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Momentum {
    /// `m = ρ m + (1 - ρ) g`, ρ in [0, 1).
    Average(f64),
    /// `m = ρ m + g`, ρ in [0, 1). Gradients add up to 1/(1 - ρ) times themselves, the regulariser does not: it acts like (1 - ρ) λ.
    HeavyBall(f64),
}

/// What a step is measured in.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Metric {
    /// The Euclidean one: stochastic gradient descent.
    Plain,
    /// Adam's: `C = √(second moment) + ε`, and the proximal operator in exactly that metric.
    Adam {
        /// β₂ in [0, 1).
        beta2: f64,
        /// ε > 0.
        epsilon: f64,
    },
    /// Adam's for the step, and its mean over each group for the proximal operator: an approximation, and faster.
    AdamGroupMean {
        /// β₂ in [0, 1).
        beta2: f64,
        /// ε > 0.
        epsilon: f64,
    },
}

impl Metric {
    /// Adam with β₂ = 0.999 and ε = 10⁻⁸.
    #[must_use]
    pub fn adam() -> Self {
        Metric::Adam { beta2: 0.999, epsilon: 1e-8 }
    }
}

/// Stochastic proximal gradient descent on the tensors of a network:
///
/// ```text
/// m ← momentum(m, g),   C ← metric(g)
/// θ ← argmin ⟨m, θ⟩ + ½/α ‖θ - θ₀‖²_{C + δ} + Σ λ ω(θ)        = prox in the metric (C + δ)/α of θ₀ - α m/(C + δ)
/// ```
///
/// | option | default | legal |
/// | --- | --- | --- |
/// | [`momentum`](Self::momentum) | average, ρ = 0.9 | ρ in [0, 1) |
/// | [`metric`](Self::metric) | plain | β₂ in [0, 1), ε > 0 |
/// | [`delta`](Self::delta) | 0 (of no use to the plain metric) | finite, ≥ 0 |
/// | [`every`](Self::every) | 1 | ≥ 1 |
///
/// Tensors that no regulariser names, and coordinates in no group, take the plain step. A tensor belongs to one regulariser at most.
///
/// ```
/// use ndarray::{Array2, ArrayD};
/// use wgsef::{Groups, ProxGradient, Regulariser, Wgsef};
///
/// // One dense layer; its inputs (columns) compete for 2 places.
/// let omega = Wgsef::new(Groups::columns(3, 8)?, 2)?;
/// let mut training = ProxGradient::<f64>::new(&[&[3, 8]], vec![Regulariser { omega, lambda: 0.5, tensors: vec![0] }])?;
/// let mut weight = Array2::from_shape_fn((3, 8), |(i, j)| (1.0 + i as f64) / (1.0 + j as f64)).into_dyn();
/// let target = weight.clone();
/// for _ in 0..100 {
///     let gradient = &weight - &target;
///     training.step(&mut [weight.view_mut()], &[gradient.view()], 0.1)?;
/// }
/// assert!((2..8).contains(&training.kept()[0]));
/// # Ok::<(), wgsef::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ProxGradient<T> {
    regularisers: Vec<Regulariser>,
    momentum: Momentum,
    metric: Metric,
    delta: f64,
    every: usize,
    steps: usize,
    means: Vec<ArrayD<T>>,
    metrics: Vec<AdamMetric<T>>,
    /// (C + δ)/α of each tensor.
    gamma: Vec<ArrayD<T>>,
    workspaces: Vec<Workspace>,
    kept: Vec<usize>,
}

impl<T: Scalar> ProxGradient<T> {
    /// For tensors of these shapes.
    ///
    /// # Errors
    /// A regulariser with λ < 0, with groups of other shapes than its tensors', or on a tensor that does not exist or has one.
    pub fn new(shapes: &[&[usize]], regularisers: Vec<Regulariser>) -> Result<Self> {
        let mut taken = vec![false; shapes.len()];
        let zeros = |shape: &&[usize]| ArrayD::zeros(IxDyn(shape));
        let means: Vec<ArrayD<T>> = shapes.iter().map(zeros).collect();
        for regulariser in &regularisers {
            check_lambda(regulariser.lambda)?;
            for &tensor in &regulariser.tensors {
                let Some(taken) = taken.get_mut(tensor) else {
                    let expected = "the number of a tensor";
                    return Err(
                        core_tensor::Error::OutOfRange { argument: "tensors", found: tensor as f64, expected }.into()
                    );
                };
                if std::mem::replace(taken, true) {
                    return Err(Error::Incompatible {
                        first: "a regulariser",
                        second: "another one on the same tensor",
                        reason: "regularisers act on different tensors; put the groups into one",
                    });
                }
            }
            let views: Vec<_> = regulariser.tensors.iter().map(|&tensor| means[tensor].view()).collect();
            regulariser.omega.groups().check("tensors", &views)?;
        }
        let workspaces = regularisers.iter().map(|r| Workspace::new(r.omega.groups().count())).collect();
        let kept = regularisers.iter().map(|r| r.omega.groups().count()).collect();
        let (metrics, gamma) = (Vec::new(), Vec::new());
        let (momentum, metric) = (Momentum::Average(0.9), Metric::Plain);
        Ok(Self {
            regularisers,
            momentum,
            metric,
            delta: 0.0,
            every: 1,
            steps: 0,
            means,
            metrics,
            gamma,
            workspaces,
            kept,
        })
    }

    /// Sets how gradients are averaged.
    ///
    /// # Errors
    /// ρ outside [0, 1).
    pub fn momentum(mut self, momentum: Momentum) -> Result<Self> {
        let (Momentum::Average(rho) | Momentum::HeavyBall(rho)) = momentum;
        check_range("momentum", rho, (0.0..1.0).contains(&rho), "in [0, 1)")?;
        self.momentum = momentum;
        Ok(self)
    }

    /// Sets the metric, and forgets what an earlier one has gathered.
    ///
    /// # Errors
    /// β₂ outside [0, 1), ε not finite and > 0.
    pub fn metric(mut self, metric: Metric) -> Result<Self> {
        (self.metrics, self.gamma) = (Vec::new(), Vec::new());
        if let Metric::Adam { beta2, epsilon } | Metric::AdamGroupMean { beta2, epsilon } = metric {
            self.metrics =
                self.means.iter().map(|m| AdamMetric::new(m.shape(), beta2, epsilon)).collect::<Result<_>>()?;
            self.gamma = self.means.iter().map(|m| ArrayD::zeros(m.raw_dim())).collect();
        }
        self.metric = metric;
        Ok(self)
    }

    /// Sets δ ≥ 0, added to the metric of Adam.
    ///
    /// # Errors
    /// δ negative or not finite.
    pub fn delta(mut self, delta: f64) -> Result<Self> {
        check_range("delta", delta, delta >= 0.0 && delta.is_finite(), "finite and >= 0")?;
        self.delta = delta;
        Ok(self)
    }

    /// Applies the proximal operator only in every `steps`-th step, with `steps` times the level: an approximation.
    ///
    /// # Errors
    /// `steps` = 0.
    pub fn every(mut self, steps: usize) -> Result<Self> {
        check_range("every", steps as f64, steps > 0, ">= 1")?;
        self.every = steps;
        Ok(self)
    }

    /// Non-zero groups of each regulariser after the last proximal operator; all of them before the first.
    #[must_use]
    pub fn kept(&self) -> &[usize] {
        &self.kept
    }

    /// The regularisers.
    #[must_use]
    pub fn regularisers(&self) -> &[Regulariser] {
        &self.regularisers
    }

    /// Changes λ ≥ 0 of a regulariser: continuation.
    ///
    /// # Errors
    /// No such regulariser; λ < 0 or not finite.
    pub fn set_lambda(&mut self, regulariser: usize, lambda: f64) -> Result<()> {
        check_lambda(lambda)?;
        self.regulariser(regulariser)?.lambda = lambda;
        Ok(())
    }

    /// Changes the budget of a regulariser: a schedule of k.
    ///
    /// # Errors
    /// No such regulariser; k = 0.
    pub fn set_budget(&mut self, regulariser: usize, k: usize) -> Result<()> {
        self.regulariser(regulariser)?.omega.set_budget(k)
    }

    fn regulariser(&mut self, number: usize) -> Result<&mut Regulariser> {
        let found = number as f64;
        self.regularisers.get_mut(number).ok_or_else(|| {
            core_tensor::Error::OutOfRange { argument: "regulariser", found, expected: "the number of a regulariser" }
                .into()
        })
    }

    /// One step with the step length `alpha` > 0 from mini-batch gradients, in the order of the tensors.
    ///
    /// Allocates a few views, nothing of the size of the tensors.
    ///
    /// # Errors
    /// Another number of tensors or other shapes, α not finite and > 0, entries that are not finite; the parameters have taken the
    /// gradient step then.
    pub fn step(
        &mut self,
        parameters: &mut [ArrayViewMutD<'_, T>],
        gradients: &[ArrayViewD<'_, T>],
        alpha: f64,
    ) -> Result<()> {
        check_positive("alpha", alpha)?;
        self.check(parameters, gradients)?;
        self.steps += 1;
        let correction = match (self.metric, self.momentum) {
            // As in Adam; heavy-ball momentum is no average.
            (Metric::Adam { .. } | Metric::AdamGroupMean { .. }, Momentum::Average(rho)) => {
                1.0 - rho.powi(i32::try_from(self.steps).unwrap_or(i32::MAX))
            }
            _ => 1.0,
        };
        let (old, new) = match self.momentum {
            Momentum::Average(rho) => (rho, 1.0 - rho),
            Momentum::HeavyBall(rho) => (rho, 1.0),
        };
        for (tensor, ((x, g), m)) in parameters.iter_mut().zip(gradients).zip(&mut self.means).enumerate() {
            Zip::from(&mut *m).and(g).for_each(|m, &g| {
                *m = <T as Scalar>::from_f64(old * Scalar::to_f64(*m) + new * Scalar::to_f64(g));
            });
            if let Some(metric) = self.metrics.get_mut(tensor) {
                let gamma = &mut self.gamma[tensor];
                metric.update_into(g, self.delta, gamma);
                gamma.mapv_inplace(|c| <T as Scalar>::from_f64(Scalar::to_f64(c) / alpha));
                Zip::from(x).and(&*m).and(&*gamma).for_each(|x, &m, &gamma| {
                    let moved = Scalar::to_f64(m) / (correction * Scalar::to_f64(gamma));
                    *x = <T as Scalar>::from_f64(Scalar::to_f64(*x) - moved);
                });
            } else {
                Zip::from(x).and(&*m).for_each(|x, &m| {
                    *x = <T as Scalar>::from_f64(Scalar::to_f64(*x) - alpha * Scalar::to_f64(m));
                });
            }
        }
        if self.steps.is_multiple_of(self.every) { self.shrink(parameters, alpha) } else { Ok(()) }
    }

    fn shrink(&mut self, parameters: &mut [ArrayViewMutD<'_, T>], alpha: f64) -> Result<()> {
        for (number, regulariser) in self.regularisers.iter().enumerate() {
            let workspace = &mut self.workspaces[number];
            let lambda = regulariser.lambda * self.every as f64;
            let gamma = &self.gamma;
            let (omega, metric) = (&regulariser.omega, self.metric);
            let mut chosen = choose(parameters, &regulariser.tensors);
            let info = match metric {
                Metric::Plain => omega.prox_in_place(chosen.as_mut_slice(), alpha * lambda, workspace)?,
                _ => {
                    let gamma: Vec<_> = regulariser.tensors.iter().map(|&tensor| gamma[tensor].view()).collect();
                    let x = chosen.as_mut_slice();
                    if matches!(metric, Metric::Adam { .. }) {
                        omega.metric_prox_in_place(x, gamma.as_slice(), lambda, workspace)?
                    } else {
                        omega.mean_metric_prox_in_place(x, gamma.as_slice(), lambda, workspace)?
                    }
                }
            };
            self.kept[number] = info.kept;
        }
        Ok(())
    }

    /// One half-space step with step length `alpha` in place of a proximal one: see [`Wgsef::half_space_step`]. Tensors without a regulariser
    /// take a plain gradient step. Momentum and metric are not used and not changed.
    ///
    /// # Errors
    /// As [`step`](Self::step); ε outside [0, 1).
    pub fn half_space_step(
        &mut self,
        parameters: &mut [ArrayViewMutD<'_, T>],
        gradients: &[ArrayViewD<'_, T>],
        alpha: f64,
        epsilon: f64,
    ) -> Result<Vec<HalfSpaceInfo>> {
        check_positive("alpha", alpha)?;
        check_range("epsilon", epsilon, (0.0..1.0).contains(&epsilon), "in [0, 1)")?;
        self.check(parameters, gradients)?;
        let mut infos = Vec::with_capacity(self.regularisers.len());
        for (number, regulariser) in self.regularisers.iter().enumerate() {
            let workspace = &mut self.workspaces[number];
            let chosen_gradients: Vec<_> = regulariser.tensors.iter().map(|&tensor| gradients[tensor].view()).collect();
            let mut chosen = choose(parameters, &regulariser.tensors);
            let (x, lambda) = (chosen.as_mut_slice(), regulariser.lambda);
            let gradient = chosen_gradients.as_slice();
            let info = regulariser.omega.half_space_step(x, gradient, lambda, alpha, epsilon, workspace)?;
            self.kept[number] = info.kept;
            infos.push(info);
        }
        for (tensor, (x, g)) in parameters.iter_mut().zip(gradients).enumerate() {
            if !self.regularisers.iter().any(|r| r.tensors.contains(&tensor)) {
                Zip::from(x).and(g).for_each(|x, &g| {
                    *x = <T as Scalar>::from_f64(Scalar::to_f64(*x) - alpha * Scalar::to_f64(g));
                });
            }
        }
        Ok(infos)
    }

    /// Cuts each regulariser's groups to its budget: keeps the k with the largest norm, unchanged. What is kept is reported by
    /// [`kept`](Self::kept).
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn cut(&mut self, parameters: &mut [ArrayViewMutD<'_, T>]) -> Result<()> {
        self.check_shapes("parameters", parameters.iter().map(|x| x.shape()))?;
        for (number, regulariser) in self.regularisers.iter().enumerate() {
            let mut chosen = choose(parameters, &regulariser.tensors);
            let workspace = &mut self.workspaces[number];
            self.kept[number] = regulariser.omega.hard_prox_in_place(chosen.as_mut_slice(), 0.0, workspace)?;
        }
        Ok(())
    }

    fn check(&self, parameters: &[ArrayViewMutD<'_, T>], gradients: &[ArrayViewD<'_, T>]) -> Result<()> {
        self.check_shapes("parameters", parameters.iter().map(|x| x.shape()))?;
        self.check_shapes("gradients", gradients.iter().map(|x| x.shape()))
    }

    fn check_shapes<'s>(
        &self,
        argument: &'static str,
        shapes: impl ExactSizeIterator<Item = &'s [usize]>,
    ) -> Result<()> {
        check_length(argument, shapes.len(), self.means.len(), "there is one per tensor")?;
        for (shape, mean) in shapes.zip(&self.means) {
            if shape != mean.shape() {
                let (found, expected) = (shape.to_vec(), mean.shape().to_vec());
                let reason = "the tensors were announced with that shape";
                return Err(core_tensor::Error::Shape { argument, found, expected, reason }.into());
            }
        }
        Ok(())
    }
}

/// The named tensors, in the order of their names.
fn choose<'a, T: Scalar>(parameters: &'a mut [ArrayViewMutD<'_, T>], tensors: &[usize]) -> Vec<ArrayViewMutD<'a, T>> {
    let mut chosen: Vec<(usize, ArrayViewMutD<'a, T>)> = parameters
        .iter_mut()
        .enumerate()
        .filter_map(|(number, x)| {
            tensors.iter().position(|&tensor| tensor == number).map(|place| (place, x.view_mut()))
        })
        .collect();
    chosen.sort_by_key(|(place, _)| *place);
    chosen.into_iter().map(|(_, x)| x).collect()
}
