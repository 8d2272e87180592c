//! Kernels that are orthogonal from the start.

use super::Convolutions;
use super::kernel::tensor;
use crate::generate::{delta, reshaped, strided};
use crate::{Error, Geometry, Padding, Result, existence};
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;
use core_tensor::random::Streams;
use ndarray::{ArrayD, Axis, concatenate};

/// What became of a kernel.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Initialised {
    /// The path of the parameter.
    pub path: String,
    /// How its kernel was made.
    pub construction: Construction,
}

/// How a kernel was made.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Construction {
    /// The layer is orthogonal with circular padding.
    Orthogonal,
    /// No such layer exists, or no construction of it is known: the flattened kernel is semi-orthogonal, and the layer's norm at most 1.
    Reshaped {
        /// Why.
        reason: String,
    },
}

impl Convolutions {
    /// Replaces every kernel by a random orthogonal one, and says where there is none. `seed` decides all of them.
    ///
    /// # Errors
    /// A named layer that the module does not have, strides or groups that do not fit.
    pub fn orthogonal<M: Module>(&self, module: M, seed: u64) -> Result<(M, Vec<Initialised>)> {
        self.check_names(&module)?;
        let streams = Streams::new(seed);
        let mut mapper = Draw { convolutions: self, streams, path: Vec::new(), initialised: Vec::new(), failure: None };
        let module = module.map(&mut mapper);
        match mapper.failure {
            Some(error) => Err(error),
            None => Ok((module, mapper.initialised)),
        }
    }
}

struct Draw<'a> {
    convolutions: &'a Convolutions,
    streams: Streams,
    path: Vec<String>,
    initialised: Vec<Initialised>,
    failure: Option<Error>,
}

impl ModuleMapper for Draw<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let path = self.path.join(".");
        if self.failure.is_some() || !self.convolutions.covers(&path, D) {
            return param;
        }
        let shape = param.val().dims();
        let seed = self.streams.child(self.initialised.len() as u64).seed();
        let made = self.convolutions.geometry(&path, &shape).and_then(|geometry| draw(&geometry, seed));
        match made {
            Ok((kernel, construction)) => {
                self.initialised.push(Initialised { path, construction });
                param.map(|old| {
                    let tracked = old.is_require_grad();
                    tensor(&kernel, &old).set_require_grad(tracked)
                })
            }
            Err(error) => {
                self.failure = Some(error);
                param
            }
        }
    }

    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }
}

/// The groups' kernels, one below the other.
fn draw(geometry: &Geometry, seed: u64) -> Result<(ArrayD<f64>, Construction)> {
    let (one, streams) = (geometry.group(), Streams::new(seed));
    let (outputs, inputs, size, stride) = (one.outputs(), one.inputs(), one.size(), one.stride());
    let verdict = existence(&one, Padding::Circular)?;
    let make = |seed: u64| {
        // Block convolutions have one or two dimensions; in three the kernel with one tap is left.
        if size.len() == 3 && stride.iter().all(|&s| s == 1) {
            delta::<f64>(outputs, inputs, size, seed)
        } else {
            strided(outputs, inputs, size, stride, seed)
        }
    };
    let seeds: Vec<u64> = (0..geometry.groups() as u64).map(|group| streams.child(group).seed()).collect();
    let reason = if verdict.exists {
        match seeds.iter().map(|&seed| make(seed)).collect::<Result<Vec<_>>>() {
            Ok(kernels) => return Ok((stacked(&kernels)?, Construction::Orthogonal)),
            Err(error) => error.to_string(),
        }
    } else {
        verdict.reason
    };
    let kernels: Vec<ArrayD<f64>> =
        seeds.iter().map(|&seed| reshaped(outputs, inputs, size, stride, seed)).collect::<Result<_>>()?;
    Ok((stacked(&kernels)?, Construction::Reshaped { reason }))
}

fn stacked(kernels: &[ArrayD<f64>]) -> Result<ArrayD<f64>> {
    let views: Vec<_> = kernels.iter().map(|kernel| kernel.view()).collect();
    // Kernels of one geometry always fit.
    concatenate(Axis(0), &views).map_err(|_| core_tensor::Error::Empty { argument: "groups", expected: "group" }.into())
}
