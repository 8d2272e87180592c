//! Learning rates by epoch.

use core_tensor::check_range;

/// How the learning rate falls from epoch to epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Schedule {
    /// The base rate for two epochs, then half as much each epoch.
    #[default]
    Type1,
    /// The base rate for two epochs, then a fixed table: 5e-5 from epoch 3, 1e-5 from 5, 5e-6 from 7, 1e-6 from 9, 5e-7 from 11,
    /// 1e-7 from 16, 5e-8 from 21.
    Type2,
    /// The base rate for four epochs, then nine tenths as much each epoch.
    Type3,
    /// `(1 + cos(π (e - 1)/E))/2` of the base rate in epoch e of E.
    Cosine,
    /// The base rate throughout.
    Constant,
}

impl Schedule {
    /// The rate in force during `epoch` (1, 2, …) of `epochs`.
    ///
    /// # Errors
    /// Epoch 0 or above `epochs`; a base rate that is negative or not finite.
    pub fn rate(self, base: f64, epoch: usize, epochs: usize) -> crate::Result<f64> {
        check_range("base", base, base >= 0.0 && base.is_finite(), "finite and >= 0")?;
        check_range("epoch", epoch as f64, (1..=epochs).contains(&epoch), "between 1 and the number of epochs")?;
        let beyond = |epochs: usize| i32::try_from(epoch.saturating_sub(epochs)).unwrap_or(i32::MAX);
        Ok(match self {
            Schedule::Type1 => base * 0.5_f64.powi(beyond(2)),
            Schedule::Type2 => {
                let table = [(21, 5e-8), (16, 1e-7), (11, 5e-7), (9, 1e-6), (7, 5e-6), (5, 1e-5), (3, 5e-5)];
                table.iter().find(|(first, _)| epoch >= *first).map_or(base, |(_, rate)| *rate)
            }
            Schedule::Type3 => base * 0.9_f64.powi(beyond(4)),
            Schedule::Cosine => {
                base * 0.5 * (1.0 + (std::f64::consts::PI * (epoch as f64 - 1.0) / epochs as f64).cos())
            }
            Schedule::Constant => base,
        })
    }
}
