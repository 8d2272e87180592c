//! Which parameters of a module are kernels, and of which layers.

use super::kernel::array;
use crate::{Geometry, LayerReport, Regulariser, Result};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use ndarray::ArrayD;

/// The convolutions of a module: its parameters with 3 to 5 axes, (outputs, inputs/groups, kernel).
///
/// That is the order of burn's `Conv1d`, `Conv2d` and `Conv3d`; the kernels of its transposed convolutions, (inputs, outputs/groups,
/// kernel), have the same singular values read this way. Layers are named by the path of their parameter (`conv1.weight`) or of the module
/// that holds it (`conv1`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Convolutions {
    strides: Vec<(String, usize)>,
    groups: Vec<(String, usize)>,
    only: Option<Vec<String>>,
    except: Vec<String>,
}

impl Convolutions {
    /// All of them, with stride 1 and one group.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The stride of a layer.
    #[must_use]
    pub fn stride(mut self, layer: impl Into<String>, stride: usize) -> Self {
        self.strides.push((layer.into(), stride));
        self
    }

    /// The number of groups of a layer.
    #[must_use]
    pub fn groups(mut self, layer: impl Into<String>, groups: usize) -> Self {
        self.groups.push((layer.into(), groups));
        self
    }

    /// Only these layers.
    #[must_use]
    pub fn only<S: Into<String>>(mut self, layers: impl IntoIterator<Item = S>) -> Self {
        self.only = Some(layers.into_iter().map(Into::into).collect());
        self
    }

    /// Without this layer, for instance a first one of few input channels.
    #[must_use]
    pub fn except(mut self, layer: impl Into<String>) -> Self {
        self.except.push(layer.into());
        self
    }

    /// The certificates and singular values of every layer at `n` outputs per dimension, with its path.
    ///
    /// # Errors
    /// A named layer that the module does not have, strides or groups that do not fit, kernels that are not finite, n = 0.
    pub fn report<M: Module>(&self, module: &M, n: usize) -> Result<Vec<(String, LayerReport)>> {
        self.check_names(module)?;
        let mut found = Kernels { convolutions: self, path: Vec::new(), kernels: Vec::new() };
        module.visit(&mut found);
        let mut reports = Vec::new();
        for (path, kernel) in found.kernels {
            let geometry = self.geometry(&path, kernel.shape())?;
            let one = Regulariser::new(&[geometry], 1.0)?.report(&[kernel.view()], n)?;
            reports.extend(one.into_iter().map(|report| (path.clone(), report)));
        }
        Ok(reports)
    }

    /// Whether the parameter at `path`, with so many axes, is a kernel that is asked for.
    pub(super) fn covers(&self, path: &str, axes: usize) -> bool {
        (3..=5).contains(&axes)
            && self.only.as_ref().is_none_or(|only| only.iter().any(|layer| names(layer, path)))
            && !self.except.iter().any(|layer| names(layer, path))
    }

    /// The layer of the kernel of that shape at `path`. A later word on a layer wins.
    pub(super) fn geometry(&self, path: &str, shape: &[usize]) -> Result<Geometry> {
        let find = |words: &[(String, usize)]| {
            words.iter().rev().find(|(layer, _)| names(layer, path)).map_or(1, |(_, number)| *number)
        };
        let (stride, groups) = (find(&self.strides), find(&self.groups));
        let (outputs, inputs) = (shape[0], shape[1].saturating_mul(groups));
        Geometry::new(outputs, inputs, &shape[2..], &vec![stride; shape.len() - 2])?.grouped(groups)
    }

    /// A name that no kernel of the module answers to is a mistake that would go unseen.
    pub(super) fn check_names<M: Module>(&self, module: &M) -> Result<()> {
        let mut paths = Paths::default();
        module.visit(&mut paths);
        let words = self.strides.iter().chain(&self.groups).map(|(layer, _)| layer);
        for layer in words.chain(self.only.iter().flatten()).chain(&self.except) {
            if !paths.kernels.iter().any(|path| names(layer, path)) {
                return Err(crate::Error::UnknownLayer { layer: layer.clone() });
            }
        }
        Ok(())
    }
}

/// Whether `layer` is the parameter at `path` or the module that holds it.
fn names(layer: &str, path: &str) -> bool {
    path == layer || path.strip_prefix(layer).is_some_and(|rest| rest.starts_with('.'))
}

/// The paths of all parameters with 3 to 5 axes.
#[derive(Default)]
struct Paths {
    path: Vec<String>,
    kernels: Vec<String>,
}

impl ModuleVisitor for Paths {
    fn visit_float<const D: usize>(&mut self, _param: &Param<Tensor<D>>) {
        if (3..=5).contains(&D) {
            self.kernels.push(self.path.join("."));
        }
    }

    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }
}

/// The kernels that are asked for.
struct Kernels<'a> {
    convolutions: &'a Convolutions,
    path: Vec<String>,
    kernels: Vec<(String, ArrayD<f64>)>,
}

impl ModuleVisitor for Kernels<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let path = self.path.join(".");
        if self.convolutions.covers(&path, D) {
            self.kernels.push((path, array(&param.val())));
        }
    }

    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }
}
