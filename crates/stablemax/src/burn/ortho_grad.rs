//! Orthogonal gradients around any optimiser of burn.

use crate::ortho::{Arithmetic, Rescale};
use burn::optim::{LearningRate, Optimizer};
use burn::tensor::{DType, Device, Tensor};

/// An optimiser whose gradients have no component along the weights, parameter by parameter:
/// `ModuleOptimizer::from(OrthoGrad::new(AdamWConfig::new().build()))`.
///
/// The state and its records are the inner optimiser's. Weight decay inside the inner optimiser is not projected. For parameters that
/// are to be left alone (embeddings, gains of normalisation layers), give the optimiser a parameter group of their own.
#[derive(Debug, Clone)]
pub struct OrthoGrad<O> {
    inner: O,
    rescale: Rescale,
    arithmetic: Arithmetic,
    per_unit: bool,
}

impl<O> OrthoGrad<O> {
    /// Each parameter tensor is one vector, its gradient keeps its norm, guarded: the reference code with guards.
    pub fn new(inner: O) -> Self {
        Self { inner, rescale: Rescale::KeepNorm, arithmetic: Arithmetic::Guarded, per_unit: false }
    }

    /// What happens to the length of the gradient; default [`Rescale::KeepNorm`].
    #[must_use]
    pub fn rescale(mut self, rescale: Rescale) -> Self {
        self.rescale = rescale;
        self
    }

    /// Default [`Arithmetic::Guarded`].
    #[must_use]
    pub fn arithmetic(mut self, arithmetic: Arithmetic) -> Self {
        self.arithmetic = arithmetic;
        self
    }

    /// The weights into one unit are a vector of their own: columns of a linear layer's matrix (inputs × outputs), the kernels of one
    /// output channel of a convolution. Vectors (biases) stay whole.
    #[must_use]
    pub fn per_unit(mut self) -> Self {
        self.per_unit = true;
        self
    }

    /// The gradient without its component along `weights`.
    pub fn project<const D: usize>(&self, weights: &Tensor<D>, gradient: Tensor<D>) -> Tensor<D> {
        let dims = weights.dims();
        // The axis of the units, which sums keep.
        let unit = (self.per_unit && D > 1).then_some(if D == 2 { 1 } else { 0 });
        let count: usize = dims.iter().enumerate().filter(|(axis, _)| Some(*axis) != unit).map(|(_, n)| n).product();
        let sums = Sums { unit };
        match self.arithmetic {
            Arithmetic::Guarded if count < 2 => gradient,
            Arithmetic::Guarded => sums.guarded(weights.clone(), gradient, self.rescale, count),
            Arithmetic::Reference => sums.reference(weights.clone(), gradient, self.rescale),
        }
    }
}

impl<O: Optimizer> Optimizer for OrthoGrad<O> {
    type State<const D: usize> = O::State<D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        tensor: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<Self::State<D>>,
    ) -> (Tensor<D>, Option<Self::State<D>>) {
        let gradient = self.project(&tensor, gradient);
        self.inner.step(rate, tensor, gradient, state)
    }

    fn to_device<const D: usize>(state: Self::State<D>, device: &Device) -> Self::State<D> {
        O::to_device::<D>(state, device)
    }
}

/// Sums over all axes but that of the units; results have extent 1 along the others.
struct Sums {
    unit: Option<usize>,
}

impl Sums {
    fn over<const D: usize>(&self, x: Tensor<D>, reduce: impl Fn(Tensor<D>, usize) -> Tensor<D>) -> Tensor<D> {
        (0..D).filter(|axis| Some(*axis) != self.unit).fold(x, reduce)
    }

    fn inner<const D: usize>(&self, a: &Tensor<D>, b: &Tensor<D>) -> Tensor<D> {
        self.over(a.clone() * b.clone(), |x, axis| x.sum_dim(axis))
    }

    /// x divided by its largest absolute entry, and that entry (1 for zero vectors): squares then neither overflow nor vanish.
    fn normalised<const D: usize>(&self, x: Tensor<D>) -> (Tensor<D>, Tensor<D>) {
        let largest = positive(self.over(x.clone().abs(), |x, axis| x.max_dim(axis)));
        (x / largest.clone(), largest)
    }

    /// As [`project`](crate::ortho::project): twice, and 0 where only rounding noise is left.
    fn guarded<const D: usize>(&self, w: Tensor<D>, g: Tensor<D>, rescale: Rescale, count: usize) -> Tensor<D> {
        let (epsilon, floor) = precision(g.dtype());
        let noise = (8.0 * epsilon * (count as f64).sqrt()).max(floor);
        let ((w, _), (g, size)) = (self.normalised(w), self.normalised(g));
        let (ww, gg) = (positive(self.inner(&w, &w)), self.inner(&g, &g));
        let once = g.clone() - w.clone() * (self.inner(&w, &g) / ww.clone());
        let twice = once.clone() - w.clone() * (self.inner(&w, &once) / ww);
        let rest = self.inner(&twice, &twice);
        let noise = rest.clone().sqrt().lower_equal(gg.clone().sqrt().mul_scalar(noise));
        let factor = match rescale {
            Rescale::KeepNorm => (gg / positive(rest)).sqrt(),
            Rescale::None => rest.ones_like(),
        };
        twice * (factor * size).mask_fill(noise, 0.0)
    }

    fn reference<const D: usize>(&self, w: Tensor<D>, g: Tensor<D>, rescale: Rescale) -> Tensor<D> {
        const GUARD: f64 = 1e-30;
        let along = self.inner(&w, &g) / self.inner(&w, &w).add_scalar(GUARD);
        let rest = g.clone() - w * along;
        match rescale {
            Rescale::None => rest,
            Rescale::KeepNorm => {
                let (norm, left) = (self.inner(&g, &g).sqrt(), self.inner(&rest, &rest).sqrt());
                rest * (norm / left.add_scalar(GUARD))
            }
        }
    }
}

/// x with 1 in the place of 0, as a divisor.
fn positive<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let zero = x.clone().equal_elem(0.0);
    x.mask_fill(zero, 1.0)
}

/// Spacing above 1, and the relative size below which what is left counts as noise.
fn precision(dtype: DType) -> (f64, f64) {
    match dtype {
        DType::F64 => (f64::EPSILON, 1e-12),
        DType::F16 => (2.0_f64.powi(-10), 1e-2),
        DType::BF16 => (2.0_f64.powi(-7), 1e-1),
        _ => (f64::from(f32::EPSILON), 1e-5),
    }
}
