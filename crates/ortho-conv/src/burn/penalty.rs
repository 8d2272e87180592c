//! `λ Σ L_orth` in burn's graph.

use super::Convolutions;
use super::kernel::{array, tensor};
use crate::{Geometry, LOrth, Result};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{DType, Element, Tensor};
use core_tensor::{Scalar, check_range};
use ndarray::ArrayD;
use std::collections::HashMap;

/// The regulariser over the convolutions of a module. Keeps the memory of its kernels between steps.
#[derive(Debug, Clone)]
pub struct ConvolutionPenalty {
    convolutions: Convolutions,
    lambda: f64,
    layers: HashMap<String, Layer>,
    l_orth: f64,
    checked: bool,
}

impl Convolutions {
    /// `λ Σ L_orth` over these layers.
    ///
    /// # Errors
    /// λ not finite or < 0.
    pub fn penalty(&self, lambda: f64) -> Result<ConvolutionPenalty> {
        check_lambda(lambda)?;
        let convolutions = self.clone();
        Ok(ConvolutionPenalty { convolutions, lambda, layers: HashMap::new(), l_orth: 0.0, checked: false })
    }
}

fn check_lambda(lambda: f64) -> Result<()> {
    Ok(check_range("lambda", lambda, lambda >= 0.0 && lambda.is_finite(), "finite and >= 0")?)
}

impl ConvolutionPenalty {
    /// The penalty of `module`, to be added to its loss; `None` without a layer. Layers in double precision are computed in it, all others
    /// in single precision with sums in double.
    ///
    /// # Errors
    /// A named layer that the module does not have (looked at in the first call), strides or groups that do not fit, kernels that are not
    /// finite.
    pub fn of<M: Module>(&mut self, module: &M) -> Result<Option<Tensor<1>>> {
        if !self.checked {
            self.convolutions.check_names(module)?;
            self.checked = true;
        }
        let lambda = self.lambda;
        let mut sum = Sum { penalty: self, path: Vec::new(), slope: None, l_orth: 0.0, failure: None };
        module.visit(&mut sum);
        let Sum { slope, l_orth, failure, .. } = sum;
        if let Some(error) = failure {
            return Err(error);
        }
        self.l_orth = l_orth;
        Ok(slope.map(|slope| slope.add_scalar(lambda * l_orth)))
    }

    /// Σ L_orth of the last [`of`](Self::of), without λ.
    #[must_use]
    pub fn l_orth(&self) -> f64 {
        self.l_orth
    }

    /// λ.
    #[must_use]
    pub fn lambda(&self) -> f64 {
        self.lambda
    }

    /// Replaces λ.
    ///
    /// # Errors
    /// λ not finite or < 0.
    pub fn set_lambda(&mut self, lambda: f64) -> Result<()> {
        check_lambda(lambda)?;
        self.lambda = lambda;
        Ok(())
    }
}

/// The memory of a layer, in its precision.
#[derive(Debug, Clone)]
enum Layer {
    Single(Box<Work<f32>>),
    Double(Box<Work<f64>>),
}

#[derive(Debug, Clone)]
struct Work<T> {
    l_orth: LOrth<T>,
    gradient: ArrayD<T>,
}

impl<T: Scalar + Element> Work<T> {
    fn new(geometry: &Geometry, shape: &[usize]) -> Self {
        Self { l_orth: LOrth::new(geometry), gradient: ArrayD::zeros(shape) }
    }

    /// L_orth, and the gradient as a tensor.
    fn evaluate<const D: usize>(&mut self, kernel: &Tensor<D>) -> Result<(f64, Tensor<D>)> {
        let value = self.l_orth.value_and_gradient_into(&array::<T, D>(kernel), &mut self.gradient)?;
        Ok((value, tensor(&self.gradient, kernel)))
    }
}

/// Adds up over the parameters of a module.
struct Sum<'a> {
    penalty: &'a mut ConvolutionPenalty,
    path: Vec<String>,
    slope: Option<Tensor<1>>,
    l_orth: f64,
    failure: Option<crate::Error>,
}

impl Sum<'_> {
    fn layer<const D: usize>(&mut self, kernel: Tensor<D>) -> Result<()> {
        let path = self.path.join(".");
        if !self.penalty.convolutions.covers(&path, D) {
            return Ok(());
        }
        let (shape, double) = (kernel.dims(), kernel.dtype() == DType::F64);
        let fits = match self.penalty.layers.get(&path) {
            Some(Layer::Single(work)) => !double && work.gradient.shape() == shape,
            Some(Layer::Double(work)) => double && work.gradient.shape() == shape,
            None => false,
        };
        if !fits {
            let geometry = self.penalty.convolutions.geometry(&path, &shape)?;
            let layer = if double {
                Layer::Double(Box::new(Work::new(&geometry, &shape)))
            } else {
                Layer::Single(Box::new(Work::new(&geometry, &shape)))
            };
            self.penalty.layers.insert(path.clone(), layer);
        }
        let (value, gradient) = match self.penalty.layers.get_mut(&path) {
            Some(Layer::Single(work)) => work.evaluate(&kernel)?,
            Some(Layer::Double(work)) => work.evaluate(&kernel)?,
            None => return Ok(()),
        };
        self.l_orth += value;
        // Zero, with the gradient as its slope: unlike ⟨kernel, gradient⟩ it cannot overflow.
        let slope = ((kernel.clone() - kernel.detach()) * gradient).sum().mul_scalar(self.penalty.lambda);
        self.slope = Some(match self.slope.take() {
            Some(sum) => sum + slope,
            None => slope,
        });
        Ok(())
    }
}

impl ModuleVisitor for Sum<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.failure.is_none() {
            self.failure = self.layer(param.val()).err();
        }
    }

    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }
}
