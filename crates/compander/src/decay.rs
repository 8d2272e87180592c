//! Weight decay, on either side of the compander.

use core_tensor::check_range;

/// Which weights are pulled towards zero.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Decay {
    /// None.
    #[default]
    None,
    /// λ/2 |v|², which a framework's optimiser does by default: a barrier at the bound, as a penalty on w
    /// ([`Compander::latent_decay_penalty`](crate::Compander::latent_decay_penalty)).
    OnLatent(f64),
    /// λ/2 |w|²: quadratic in the effective weights.
    OnEffective(f64),
}

impl Decay {
    /// λ on v and λ on w.
    pub(crate) fn rates(self) -> (f64, f64) {
        match self {
            Self::None => (0.0, 0.0),
            Self::OnLatent(rate) => (rate, 0.0),
            Self::OnEffective(rate) => (0.0, rate),
        }
    }

    pub(crate) fn check(self) -> core_tensor::Result<()> {
        let (Self::OnLatent(rate) | Self::OnEffective(rate)) = self else { return Ok(()) };
        check_range("decay", rate, rate >= 0.0 && rate.is_finite(), "finite and >= 0")
    }
}
