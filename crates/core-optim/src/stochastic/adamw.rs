//! AdamW: Adam with decoupled weight decay.

use super::optimiser::{Optimiser, check_step, check_update};
use crate::Result;
use crate::error::{check_count, check_non_negative};
use crate::reduce::constant;
use core_tensor::{Kernel, Scalar, check_finite, check_range, vectorised};
use ndarray::ArrayView1;

/// AdamW on a flat vector of n parameters.
///
/// With gradient g, step number t = 1, 2, …:
///
/// ```text
/// w ← (1 - lr·wd) w
/// m ← β₁ m + (1 - β₁) g          v ← β₂ v + (1 - β₂) g²
/// w ← w - lr · (m / (1 - β₁ᵗ)) / (√(v / (1 - β₂ᵗ)) + ε)
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AdamW<T> {
    options: AdamWOptions,
    state: AdamWState<T>,
}

/// Options of [`AdamW`]; the defaults are PyTorch's, but for the weight decay (0 here, 0.01 there).
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AdamWOptions {
    /// Learning rate lr, finite and ≥ 0. Default 1e-3.
    pub learning_rate: f64,
    /// Decay β₁ of the first moment, in [0, 1). Default 0.9.
    pub beta1: f64,
    /// Decay β₂ of the second moment, in [0, 1). Default 0.999.
    pub beta2: f64,
    /// ε, finite and ≥ 0. Default 1e-8; gradients far below it do not move the weights any more.
    pub epsilon: f64,
    /// Decoupled weight decay wd, finite and ≥ 0. Default 0.
    pub weight_decay: f64,
    /// How the second moment is kept. Default [`SecondMoment::Square`].
    pub second_moment: SecondMoment,
}

/// How the second moment is kept between steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SecondMoment {
    /// v itself, as PyTorch does. In `f32` squares of gradients below 1e-19 lose digits and below 3e-23 vanish: the step then
    /// blows up or stalls.
    #[default]
    Square,
    /// √v, updated without forming a square that could underflow: with s = max(√v, |g|),
    /// `√v ← s √(β₂ (√v/s)² + (1 - β₂)(g/s)²)`. Right for gradients of every size, at about twice the arithmetic.
    Root,
}

/// Everything that changes from step to step, to be saved and restored.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AdamWState<T> {
    /// Steps taken.
    pub step: u64,
    /// First moment m (n).
    pub first: Vec<T>,
    /// Second moment (n): v, or √v with [`SecondMoment::Root`].
    pub second: Vec<T>,
}

impl Default for AdamWOptions {
    fn default() -> Self {
        Self {
            learning_rate: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            second_moment: SecondMoment::Square,
        }
    }
}

impl AdamWOptions {
    fn validate(&self) -> Result<()> {
        check_non_negative("learning_rate", self.learning_rate)?;
        check_range("beta1", self.beta1, (0.0..1.0).contains(&self.beta1), ">= 0 and < 1")?;
        check_range("beta2", self.beta2, (0.0..1.0).contains(&self.beta2), ">= 0 and < 1")?;
        check_non_negative("epsilon", self.epsilon)?;
        check_non_negative("weight_decay", self.weight_decay)
    }
}

impl<T: Scalar> AdamW<T> {
    /// For `parameters` weights, with moments zero.
    ///
    /// # Errors
    /// When an option is out of range.
    pub fn new(parameters: usize, options: AdamWOptions) -> Result<Self> {
        options.validate()?;
        let zeros = || vec![T::zero(); parameters];
        Ok(Self { options, state: AdamWState { step: 0, first: zeros(), second: zeros() } })
    }

    /// Continues from a saved state.
    ///
    /// # Errors
    /// When an option is out of range, the two moments differ in length, one is not finite, or the second is negative.
    pub fn restore(options: AdamWOptions, state: AdamWState<T>) -> Result<Self> {
        options.validate()?;
        check_count("second", state.second.len(), state.first.len(), "both moments have one entry per parameter")?;
        check_finite("first", &ArrayView1::from(&state.first))?;
        check_finite("second", &ArrayView1::from(&state.second))?;
        if let Some(&found) = state.second.iter().find(|v| !(**v >= T::zero())) {
            check_range("second", Scalar::to_f64(found), false, ">= 0")?;
        }
        Ok(Self { options, state })
    }

    /// The options.
    pub fn options(&self) -> &AdamWOptions {
        &self.options
    }

    /// The state.
    pub fn state(&self) -> &AdamWState<T> {
        &self.state
    }

    /// The numbers of step t, after counting it.
    fn begin(&mut self) -> Numbers<T> {
        self.state.step += 1;
        let o = &self.options;
        let t = self.state.step as f64;
        let correction = |beta: f64| 1.0 - beta.powf(t);
        Numbers {
            beta1: constant(o.beta1),
            one_minus_beta1: constant(1.0 - o.beta1),
            beta2: constant(o.beta2),
            one_minus_beta2: constant(1.0 - o.beta2),
            root_scale: constant(1.0 / correction(o.beta2).sqrt()),
            epsilon: constant(o.epsilon),
            rate: constant(o.learning_rate / correction(o.beta1)),
            keep: constant(1.0 - o.learning_rate * o.weight_decay),
        }
    }
}

impl<T: Scalar> Optimiser<T> for AdamW<T> {
    fn parameters(&self) -> usize {
        self.state.first.len()
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
        let numbers = self.begin();
        let (m, v) = (&mut self.state.first, &mut self.state.second);
        match self.options.second_moment {
            SecondMoment::Square => vectorised(Step::<T, false> { numbers, w, g, m, v }),
            SecondMoment::Root => vectorised(Step::<T, true> { numbers, w, g, m, v }),
        }
        Ok(())
    }

    fn update_into(&mut self, w: &[T], g: &[T], update: &mut [T]) -> Result<T> {
        check_step(self.parameters(), w, g)?;
        check_update(self.parameters(), update)?;
        let mut numbers = self.begin();
        let keep = numbers.keep;
        // The step on a zero vector is minus the update: one kernel serves both.
        numbers.keep = T::zero();
        numbers.rate = -numbers.rate;
        update.fill(T::zero());
        let (m, v) = (&mut self.state.first, &mut self.state.second);
        match self.options.second_moment {
            SecondMoment::Square => vectorised(Step::<T, false> { numbers, w: update, g, m, v }),
            SecondMoment::Root => vectorised(Step::<T, true> { numbers, w: update, g, m, v }),
        }
        Ok(keep)
    }
}

struct Numbers<T> {
    beta1: T,
    one_minus_beta1: T,
    beta2: T,
    one_minus_beta2: T,
    /// 1/√(1 - β₂ᵗ).
    root_scale: T,
    epsilon: T,
    /// lr/(1 - β₁ᵗ).
    rate: T,
    keep: T,
}

struct Step<'a, T, const ROOT: bool> {
    numbers: Numbers<T>,
    w: &'a mut [T],
    g: &'a [T],
    m: &'a mut [T],
    v: &'a mut [T],
}

impl<T: Scalar, const ROOT: bool> Kernel for Step<'_, T, ROOT> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Numbers { beta1, one_minus_beta1, beta2, one_minus_beta2, root_scale, epsilon, rate, keep } = self.numbers;
        let tiny = T::min_positive_value();
        let moments = self.m.iter_mut().zip(self.v);
        for ((w, &g), (m, v)) in self.w.iter_mut().zip(self.g).zip(moments) {
            *m = beta1 * *m + one_minus_beta1 * g;
            let root = if ROOT {
                let size = if g < T::zero() { -g } else { g };
                let scale = if *v > size { *v } else { size };
                let scale = if scale > tiny { scale } else { tiny };
                let (old, new) = (*v / scale, g / scale);
                *v = scale * (beta2 * (old * old) + one_minus_beta2 * (new * new)).sqrt();
                *v
            } else {
                *v = beta2 * *v + one_minus_beta2 * (g * g);
                v.sqrt()
            };
            let denominator = root * root_scale + epsilon;
            // 0/0 when ε = 0 and the weight never had a gradient: no step.
            let denominator = if denominator > T::zero() { denominator } else { T::one() };
            *w = *w * keep - rate * (*m / denominator);
        }
    }
}
