//! Training towards a budget, cutting, shrinking.

use super::exchange::{read, replace};
use super::layer::{Found, Prunable};
use crate::error::check_positive;
use crate::{Groups, Result, Wgsef, Workspace, compact, repeat_kept};
use burn::module::Module;
use core_tensor::check_range;
use ndarray::{ArrayD, Axis};
use std::collections::BTreeMap;

type Parameters = BTreeMap<String, ArrayD<f64>>;

/// Prunes layers of a module to budgets.
///
/// 1. *While training*, [`step`](Self::step) after each step of the optimiser: the proximal operator of rate · λ ω.
/// 2. [`cut`](Self::cut): exactly the budget stays. From then on `step` holds what was cut at zero, for a refit without regulariser.
/// 3. [`shrink`](Self::shrink): the zero outputs leave the layers, their biases, and the layers that read them. The function of the module stays
///    the same where zero outputs of a layer are zero inputs of its readers (ReLU or tanh in between; not the logistic function).
#[derive(Debug)]
pub struct Pruner {
    layers: Vec<Prunable>,
    lambda: f64,
    /// What stays, per layer, after the cut.
    kept: Option<Vec<Vec<bool>>>,
    work: Workspace,
}

/// What is left of the layers.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PruningReport {
    /// Of each layer, in their order.
    pub layers: Vec<LayerReport>,
    /// Entries of all parameters of the module that are not zero.
    pub non_zero: usize,
    /// Entries of all parameters of the module.
    pub entries: usize,
}

/// What is left of one layer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LayerReport {
    /// Its path.
    pub layer: String,
    /// Outputs that are not zero.
    pub kept: usize,
    /// Outputs.
    pub outputs: usize,
    /// The budget.
    pub budget: usize,
}

impl Pruner {
    /// With the level λ > 0 of the regulariser.
    ///
    /// # Errors
    /// λ not finite or ≤ 0.
    pub fn new(lambda: f64) -> Result<Self> {
        check_positive("lambda", lambda)?;
        Ok(Self { layers: Vec::new(), lambda, kept: None, work: Workspace::default() })
    }

    /// Adds a layer.
    #[must_use]
    pub fn layer(mut self, layer: Prunable) -> Self {
        self.layers.push(layer);
        self
    }

    /// λ at present.
    #[must_use]
    pub fn lambda(&self) -> f64 {
        self.lambda
    }

    /// Replaces λ, for instance as a [`Continuation`](crate::Continuation) says.
    ///
    /// # Errors
    /// λ not finite or ≤ 0.
    pub fn set_lambda(&mut self, lambda: f64) -> Result<()> {
        check_positive("lambda", lambda)?;
        self.lambda = lambda;
        Ok(())
    }

    /// After a step of the optimiser at learning rate `rate`.
    ///
    /// # Errors
    /// A layer or parameter that the module does not have, a budget that does not fit, parameters that are not finite, a rate that is not
    /// finite or < 0.
    pub fn step<M: Module>(&mut self, module: M, rate: f64) -> Result<M> {
        check_range("rate", rate, rate >= 0.0 && rate.is_finite(), "finite and >= 0")?;
        if self.kept.is_some() {
            return self.hold(module);
        }
        let level = rate * self.lambda;
        self.operate(module, |omega, tensors, work| omega.prox_in_place(tensors, level, work).map(|_| ()))
    }

    /// Zeroes all but the largest outputs, exactly as many as the budgets say.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn cut<M: Module>(&mut self, module: M) -> Result<M> {
        let module =
            self.operate(module, |omega, tensors, work| omega.hard_prox_in_place(tensors, 0.0, work).map(|_| ()))?;
        self.kept = Some(self.kept_outputs(&read(&module, |path| self.concerns(path)))?);
        Ok(module)
    }

    /// What is left.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn report<M: Module>(&self, module: &M) -> Result<PruningReport> {
        let parameters = read(module, |_| true);
        let kept = self.kept_outputs(&parameters)?;
        let report = |(layer, kept): (&Prunable, Vec<bool>)| LayerReport {
            layer: layer.layer.clone(),
            kept: kept.iter().filter(|kept| **kept).count(),
            outputs: kept.len(),
            budget: layer.budget,
        };
        Ok(PruningReport {
            layers: self.layers.iter().zip(kept).map(report).collect(),
            non_zero: parameters.values().flatten().filter(|v| **v != 0.0).count(),
            entries: parameters.values().map(ArrayD::len).sum(),
        })
    }

    /// The module without its zero outputs. A layer of which nothing is left keeps its first output, so that the module still runs.
    ///
    /// Optimisers that hold moments of the old shapes must be made anew.
    ///
    /// # Errors
    /// As [`step`](Self::step); readers and modules alongside whose sizes do not follow from the layer's.
    pub fn shrink<M: Module>(&self, module: M) -> Result<M> {
        let before = read(&module, |_| true);
        let mut after = before.clone();
        for (layer, mut kept) in self.layers.iter().zip(self.kept_outputs(&before)?) {
            if let (true, Some(first)) = (kept.iter().all(|kept| !kept), kept.first_mut()) {
                *first = true;
            }
            let found = layer.find(&before)?;
            let mut changes = vec![(found.weight.clone(), found.axis, kept.clone())];
            changes.extend(found.bias.iter().map(|bias| (bias.clone(), 0, kept.clone())));
            for path in layer.find_alongside(found.outputs, &before)? {
                changes.push((path, 0, kept.clone()));
            }
            for (path, axis, places) in layer.find_readers(found.outputs, &before)? {
                changes.push((path, axis, repeat_kept(&kept, places)));
            }
            for (path, axis, kept) in changes {
                if let Some(array) = after.get_mut(&path) {
                    *array = compact(array, axis, &kept)?;
                }
            }
        }
        // What did not change keeps its own numbers.
        after.retain(|path, array| array.shape() != before[path].shape());
        Ok(replace(module, after))
    }

    /// Whether a parameter is one of the layers' own: training steps copy no others.
    fn concerns(&self, path: &str) -> bool {
        self.layers.iter().any(|layer| layer.owns(path))
    }

    /// Applies an operator to every layer.
    fn operate<M: Module>(
        &mut self,
        module: M,
        operator: impl Fn(&Wgsef, &mut [ArrayD<f64>], &mut Workspace) -> Result<()>,
    ) -> Result<M> {
        let mut parameters = read(&module, |path| self.concerns(path));
        let mut changed = Parameters::new();
        for layer in &self.layers {
            let found = layer.find(&parameters)?;
            let omega = Wgsef::new(groups(&found, &parameters)?, layer.budget)?;
            let paths: Vec<&String> = [&found.weight].into_iter().chain(&found.bias).collect();
            let mut tensors: Vec<ArrayD<f64>> =
                paths.iter().filter_map(|path| parameters.get(path.as_str()).cloned()).collect();
            operator(&omega, &mut tensors, &mut self.work)?;
            for (path, tensor) in paths.into_iter().zip(tensors) {
                parameters.insert(path.clone(), tensor.clone());
                changed.insert(path.clone(), tensor);
            }
        }
        Ok(replace(module, changed))
    }

    /// Zeroes again what was cut.
    fn hold<M: Module>(&self, module: M) -> Result<M> {
        let mut parameters = read(&module, |path| self.concerns(path));
        let mut changed = Parameters::new();
        for (layer, kept) in self.layers.iter().zip(self.kept.iter().flatten()) {
            let found = layer.find(&parameters)?;
            for (path, axis) in [(&found.weight, found.axis)].into_iter().chain(found.bias.iter().map(|bias| (bias, 0)))
            {
                let Some(mut tensor) = parameters.remove(path) else { continue };
                for (mut output, kept) in tensor.axis_iter_mut(Axis(axis)).zip(kept) {
                    if !kept {
                        output.fill(0.0);
                    }
                }
                changed.insert(path.clone(), tensor);
            }
        }
        Ok(replace(module, changed))
    }

    fn kept_outputs(&self, parameters: &Parameters) -> Result<Vec<Vec<bool>>> {
        let kept = |layer: &Prunable| {
            let found = layer.find(parameters)?;
            let tensors: Vec<ArrayD<f64>> = [&found.weight]
                .into_iter()
                .chain(&found.bias)
                .filter_map(|path| parameters.get(path.as_str()).cloned())
                .collect();
            groups(&found, parameters)?.kept(tensors.as_slice())
        };
        self.layers.iter().map(kept).collect()
    }
}

/// Outputs with their entries of the bias.
fn groups(found: &Found, parameters: &Parameters) -> Result<Groups> {
    let weight = Groups::axes(parameters[&found.weight].shape(), &[found.axis])?;
    match &found.bias {
        Some(_) => Groups::composite([weight, Groups::uniform(found.outputs, 1)?]),
        None => Ok(weight),
    }
}
