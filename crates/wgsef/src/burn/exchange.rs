//! Parameters of a module as arrays of the host, and back.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};
use ndarray::{ArrayD, IxDyn};
use std::collections::BTreeMap;

/// All parameters of the paths that `wanted` accepts, in double precision.
pub(super) fn read<M: Module>(module: &M, wanted: impl Fn(&str) -> bool) -> BTreeMap<String, ArrayD<f64>> {
    let mut reader = Reader { wanted, path: Vec::new(), found: BTreeMap::new() };
    module.visit(&mut reader);
    reader.found
}

/// The module with other numbers in these parameters, which may have other shapes with as many axes.
pub(super) fn replace<M: Module>(module: M, arrays: BTreeMap<String, ArrayD<f64>>) -> M {
    module.map(&mut Writer { arrays, path: Vec::new() })
}

struct Reader<F> {
    wanted: F,
    path: Vec<String>,
    found: BTreeMap<String, ArrayD<f64>>,
}

impl<F: Fn(&str) -> bool> ModuleVisitor for Reader<F> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let path = self.path.join(".");
        if (self.wanted)(&path) {
            let tensor = param.val();
            let shape = tensor.dims();
            let data = tensor.detach().into_data();
            let mut numbers = data.iter::<f64>();
            let array = ArrayD::from_shape_simple_fn(IxDyn(&shape), || numbers.next().unwrap_or(0.0));
            self.found.insert(path, array);
        }
    }

    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }
}

struct Writer {
    arrays: BTreeMap<String, ArrayD<f64>>,
    path: Vec<String>,
}

impl ModuleMapper for Writer {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(array) = self.arrays.remove(&self.path.join(".")) else { return param };
        let mut shape = [0; D];
        if array.ndim() != D {
            return param;
        }
        shape.copy_from_slice(array.shape());
        param.map(|old| {
            let tracked = old.is_require_grad();
            let data = TensorData::new(array.iter().copied().collect::<Vec<f64>>(), shape);
            Tensor::from_data(data, (&old.device(), old.dtype())).set_require_grad(tracked)
        })
    }

    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }
}
