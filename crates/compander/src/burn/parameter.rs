//! Range and width of one companded parameter, as a module of burn.

use super::Family;
use burn::module::{Module, Param, Reparameterization};
use burn::tensor::Tensor;

/// What makes a parameter w = a ψ(v/b): its own value is v, this holds ln a and ln b.
#[derive(Module, Debug)]
pub struct CompandedParameter {
    /// ln a, one number or one for each channel.
    pub log_range: Param<Tensor<1>>,
    /// ln b, as many.
    pub log_width: Param<Tensor<1>>,
    #[module(skip)]
    family: Family,
    #[module(skip)]
    channel_axis: usize,
}

impl CompandedParameter {
    pub(super) fn new(
        family: Family,
        channel_axis: usize,
        log_range: Param<Tensor<1>>,
        log_width: Param<Tensor<1>>,
    ) -> Self {
        Self { log_range, log_width, family, channel_axis }
    }

    /// The family ψ.
    pub fn family(&self) -> Family {
        self.family
    }

    /// The axis that the companders run along when there are several.
    pub fn channel_axis(&self) -> usize {
        self.channel_axis
    }

    /// ln x as x, of shape 1 × … × channels × … × 1.
    fn along<const D: usize>(&self, logarithms: &Param<Tensor<1>>) -> Tensor<D> {
        let values = logarithms.val().exp();
        let mut shape = [1; D];
        if D > 0 {
            shape[self.channel_axis.min(D - 1)] = values.dims()[0];
        }
        values.reshape(shape)
    }
}

impl Reparameterization for CompandedParameter {
    const NAME: &'static str = "compander";

    fn apply<const D: usize>(&self, base: Tensor<D>) -> Tensor<D> {
        let (range, width) = (self.along::<D>(&self.log_range), self.along::<D>(&self.log_width));
        self.family.value(base / width) * range
    }
}
