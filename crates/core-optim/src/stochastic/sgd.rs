//! Stochastic gradient descent with momentum.

use super::optimiser::{Optimiser, check_step, check_update};
use crate::Result;
use crate::error::check_non_negative;
use crate::reduce::{constant, sum_pairs};
use core_tensor::{Kernel, Scalar, check_finite, check_range, vectorised};
use ndarray::ArrayView1;

/// Gradient descent with momentum on a flat vector of n parameters.
///
/// ```text
/// d = g + wd·w                    (wd here only when the decay is coupled)
/// buffer ← μ buffer + d           (first step: buffer = d)
/// w ← w - lr · buffer             (Nesterov: d + μ buffer instead)
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Sgd<T> {
    options: SgdOptions,
    state: SgdState<T>,
}

/// Options of [`Sgd`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SgdOptions {
    /// Learning rate lr, finite and ≥ 0. Default 1e-3.
    pub learning_rate: f64,
    /// Momentum μ, in [0, 1). Default 0.
    pub momentum: f64,
    /// Which form of momentum. Default [`MomentumForm::HeavyBall`].
    pub form: MomentumForm,
    /// Weight decay wd, finite and ≥ 0. Default 0.
    pub weight_decay: f64,
    /// Where the decay enters. Default [`Decay::Coupled`], as in PyTorch.
    pub decay: Decay,
    /// Divide the learning rate by the norm of the whole gradient at each step (normalised gradient descent). Default off.
    pub normalised: bool,
}

/// The form of momentum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MomentumForm {
    /// The step is the buffer.
    #[default]
    HeavyBall,
    /// The step looks ahead: gradient plus μ times the buffer.
    Nesterov,
}

/// Where weight decay enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Decay {
    /// Added to the gradient, before momentum.
    #[default]
    Coupled,
    /// Weights shrink by 1 - lr·wd, apart from the gradient.
    Decoupled,
}

/// Everything that changes from step to step, to be saved and restored.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SgdState<T> {
    /// Steps taken.
    pub step: u64,
    /// The momentum buffer (n).
    pub buffer: Vec<T>,
}

impl Default for SgdOptions {
    fn default() -> Self {
        Self {
            learning_rate: 1e-3,
            momentum: 0.0,
            form: MomentumForm::HeavyBall,
            weight_decay: 0.0,
            decay: Decay::Coupled,
            normalised: false,
        }
    }
}

impl SgdOptions {
    fn validate(&self) -> Result<()> {
        check_non_negative("learning_rate", self.learning_rate)?;
        check_range("momentum", self.momentum, (0.0..1.0).contains(&self.momentum), ">= 0 and < 1")?;
        check_non_negative("weight_decay", self.weight_decay)
    }
}

impl<T: Scalar> Sgd<T> {
    /// For `parameters` weights.
    ///
    /// # Errors
    /// When an option is out of range.
    pub fn new(parameters: usize, options: SgdOptions) -> Result<Self> {
        options.validate()?;
        Ok(Self { options, state: SgdState { step: 0, buffer: vec![T::zero(); parameters] } })
    }

    /// Continues from a saved state.
    ///
    /// # Errors
    /// When an option is out of range or the buffer is not finite.
    pub fn restore(options: SgdOptions, state: SgdState<T>) -> Result<Self> {
        options.validate()?;
        check_finite("buffer", &ArrayView1::from(&state.buffer))?;
        Ok(Self { options, state })
    }

    /// The options.
    pub fn options(&self) -> &SgdOptions {
        &self.options
    }

    /// The state.
    pub fn state(&self) -> &SgdState<T> {
        &self.state
    }

    fn begin(&mut self, g: &[T]) -> Numbers<T> {
        let o = &self.options;
        // The buffer starts at zero, so that the first step needs no case of its own.
        self.state.step += 1;
        let norm = if o.normalised { gradient_norm(g) } else { 1.0 };
        let rate = if norm > 0.0 { o.learning_rate / norm } else { 0.0 };
        let (coupled, keep) = match o.decay {
            Decay::Coupled => (o.weight_decay, 1.0),
            Decay::Decoupled => (0.0, 1.0 - o.learning_rate * o.weight_decay),
        };
        Numbers {
            rate: constant(rate),
            momentum: constant(o.momentum),
            coupled: constant(coupled),
            keep: constant(keep),
        }
    }
}

/// |g|, without overflow or underflow of the squares.
fn gradient_norm<T: Scalar>(g: &[T]) -> f64 {
    let largest = g.iter().fold(T::zero(), |largest, v| largest.max(v.abs()));
    if largest == T::zero() {
        return 0.0;
    }
    let scale = T::one() / largest.max(T::min_positive_value());
    Scalar::to_f64(largest.max(T::min_positive_value()))
        * Scalar::to_f64(sum_pairs(g, g, |a, b| (a * scale) * (b * scale))).sqrt()
}

impl<T: Scalar> Optimiser<T> for Sgd<T> {
    fn parameters(&self) -> usize {
        self.state.buffer.len()
    }

    fn learning_rate(&self) -> f64 {
        self.options.learning_rate
    }

    fn set_learning_rate(&mut self, rate: f64) -> Result<()> {
        check_non_negative("rate", rate)?;
        self.options.learning_rate = rate;
        Ok(())
    }

    fn step(&mut self, w: &mut [T], g: &[T]) -> Result<()> {
        check_step(self.parameters(), w, g)?;
        let numbers = self.begin(g);
        let buffer = &mut self.state.buffer;
        match self.options.form {
            MomentumForm::HeavyBall => vectorised(Step::<T, false> { numbers, w, g, buffer }),
            MomentumForm::Nesterov => vectorised(Step::<T, true> { numbers, w, g, buffer }),
        }
        Ok(())
    }

    fn update_into(&mut self, w: &[T], g: &[T], update: &mut [T]) -> Result<T> {
        check_step(self.parameters(), w, g)?;
        check_update(self.parameters(), update)?;
        let numbers = self.begin(g);
        let keep = numbers.keep;
        let nesterov = self.options.form == MomentumForm::Nesterov;
        vectorised(Update { numbers, nesterov, w, g, buffer: &mut self.state.buffer, update });
        Ok(keep)
    }
}

#[derive(Clone, Copy)]
struct Numbers<T> {
    rate: T,
    momentum: T,
    coupled: T,
    keep: T,
}

impl<T: Scalar> Numbers<T> {
    /// The step of one weight, from its old value; moves its buffer.
    #[inline(always)]
    fn update<const NESTEROV: bool>(&self, w: T, g: T, buffer: &mut T) -> T {
        let d = g + self.coupled * w;
        *buffer = self.momentum * *buffer + d;
        self.rate * if NESTEROV { d + self.momentum * *buffer } else { *buffer }
    }
}

struct Step<'a, T, const NESTEROV: bool> {
    numbers: Numbers<T>,
    w: &'a mut [T],
    g: &'a [T],
    buffer: &'a mut [T],
}

impl<T: Scalar, const NESTEROV: bool> Kernel for Step<'_, T, NESTEROV> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for ((w, &g), buffer) in self.w.iter_mut().zip(self.g).zip(self.buffer) {
            *w = *w * self.numbers.keep - self.numbers.update::<NESTEROV>(*w, g, buffer);
        }
    }
}

struct Update<'a, T> {
    numbers: Numbers<T>,
    nesterov: bool,
    w: &'a [T],
    g: &'a [T],
    buffer: &'a mut [T],
    update: &'a mut [T],
}

impl<T: Scalar> Kernel for Update<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let gradients = self.w.iter().zip(self.g);
        for ((update, (&w, &g)), buffer) in self.update.iter_mut().zip(gradients).zip(self.buffer) {
            *update = if self.nesterov {
                self.numbers.update::<true>(w, g, buffer)
            } else {
                self.numbers.update::<false>(w, g, buffer)
            };
        }
    }
}
