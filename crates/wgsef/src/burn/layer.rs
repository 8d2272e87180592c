//! A layer whose outputs may go, and what goes with them.

use crate::{Error, Result};
use ndarray::{ArrayD, Axis};
use std::collections::BTreeMap;

/// A layer whose outputs are the groups: filters of a convolution (first axis) or neurons of a linear layer (second axis, as burn stores
/// inputs × outputs), each with its entry of the bias.
///
/// Layers and parameters are named by their path: `conv1` is the parameter `conv1` or `conv1.weight`.
#[derive(Debug, Clone, PartialEq)]
pub struct Prunable {
    pub(super) layer: String,
    pub(super) budget: usize,
    axis: Option<usize>,
    bias: Option<String>,
    readers: Vec<(String, usize)>,
    alongside: Vec<String>,
}

impl Prunable {
    /// At most `budget` outputs of `layer` may stay.
    #[must_use]
    pub fn new(layer: impl Into<String>, budget: usize) -> Self {
        let (axis, bias, readers, alongside) = (None, None, Vec::new(), Vec::new());
        Self { layer: layer.into(), budget, axis, bias, readers, alongside }
    }

    /// The axis of the outputs, where it is not the usual one.
    #[must_use]
    pub fn axis(mut self, axis: usize) -> Self {
        self.axis = Some(axis);
        self
    }

    /// The bias, where it is not the layer's own `bias`.
    #[must_use]
    pub fn bias(mut self, parameter: impl Into<String>) -> Self {
        self.bias = Some(parameter.into());
        self
    }

    /// A layer that reads the outputs: it loses the same inputs when the module shrinks. `places` is how many inputs of it belong to one
    /// output: 1, or height · width for a linear layer behind a flattened image.
    #[must_use]
    pub fn read_by(mut self, layer: impl Into<String>, places: usize) -> Self {
        self.readers.push((layer.into(), places));
        self
    }

    /// A module of vectors with an entry for each output, such as a normalisation: it loses the same entries.
    #[must_use]
    pub fn alongside(mut self, module: impl Into<String>) -> Self {
        self.alongside.push(module.into());
        self
    }
}

/// The parameters of one [`Prunable`] in a module.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) weight: String,
    pub(super) axis: usize,
    pub(super) outputs: usize,
    pub(super) bias: Option<String>,
}

impl Prunable {
    /// Whether the parameter at `path` is the layer's weight or bias.
    pub(super) fn owns(&self, path: &str) -> bool {
        path == self.layer
            || path.strip_prefix(self.layer.as_str()).is_some_and(|rest| matches!(rest, ".weight" | ".bias"))
            || self.bias.as_deref() == Some(path)
    }

    /// Looks it up.
    pub(super) fn find(&self, parameters: &BTreeMap<String, ArrayD<f64>>) -> Result<Found> {
        let weight = weight_of(&self.layer, parameters)?;
        let shape = parameters[&weight].shape();
        let axis = self.axis.unwrap_or_else(|| output_axis(shape.len()));
        if axis >= shape.len() {
            return Err(Error::Axis { axis, axes: shape.len(), reason: "does not exist" });
        }
        let outputs = shape[axis];
        let bias = match &self.bias {
            Some(path) => {
                let Some(bias) = parameters.get(path) else {
                    return Err(Error::UnknownParameter { path: path.clone(), expected: "a parameter" });
                };
                check_count(path, bias.len(), outputs, &self.layer)?;
                Some(path.clone())
            }
            None => {
                let own = format!("{}.bias", self.layer);
                parameters.get(&own).is_some_and(|bias| bias.shape() == [outputs]).then_some(own)
            }
        };
        Ok(Found { weight, axis, outputs, bias })
    }

    /// The readers' parameters with the axis of their inputs and the number of inputs for each output.
    pub(super) fn find_readers(
        &self,
        outputs: usize,
        parameters: &BTreeMap<String, ArrayD<f64>>,
    ) -> Result<Vec<(String, usize, usize)>> {
        let find = |(layer, places): &(String, usize)| {
            let weight = weight_of(layer, parameters)?;
            let shape = parameters[&weight].shape();
            let axis = 1 - output_axis(shape.len());
            check_count(layer, shape[axis], outputs.saturating_mul(*places), &self.layer)?;
            Ok((weight, axis, *places))
        };
        self.readers.iter().map(find).collect()
    }

    /// The vectors of the modules alongside.
    pub(super) fn find_alongside(
        &self,
        outputs: usize,
        parameters: &BTreeMap<String, ArrayD<f64>>,
    ) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for module in &self.alongside {
            let begin = found.len();
            let inside = |path: &str| path.strip_prefix(module.as_str()).is_some_and(|rest| rest.starts_with('.'));
            for (path, array) in parameters.iter().filter(|(path, _)| *path == module || inside(path)) {
                check_count(path, array.len_of(Axis(0)), outputs, &self.layer)?;
                found.push(path.clone());
            }
            if found.len() == begin {
                let expected = "a module of vectors with an entry for each output";
                return Err(Error::UnknownParameter { path: module.clone(), expected });
            }
        }
        Ok(found)
    }
}

/// burn keeps linear layers as inputs × outputs and convolutions as outputs × inputs × kernel.
fn output_axis(axes: usize) -> usize {
    usize::from(axes == 2)
}

fn weight_of(layer: &str, parameters: &BTreeMap<String, ArrayD<f64>>) -> Result<String> {
    [layer.to_owned(), format!("{layer}.weight")]
        .into_iter()
        .find(|path| parameters.get(path).is_some_and(|array| array.ndim() >= 2))
        .ok_or_else(|| Error::UnknownParameter {
            path: layer.to_owned(),
            expected: "a parameter with 2 axes or more, or a module with such a `weight`",
        })
}

fn check_count(path: &str, found: usize, expected: usize, layer: &str) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::Chain { path: path.to_owned(), found, expected, layer: layer.to_owned() })
}
