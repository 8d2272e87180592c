//! Proximal operators: one penalty or constraint per file.
//!
//! | type | g(x) | also |
//! | --- | --- | --- |
//! | [`Zero`] | 0 | separable |
//! | [`L1`] | λ Σ pⱼ abs(xⱼ) | separable |
//! | [`ElasticNet`] | Σ pⱼ (λ₁ abs(xⱼ) + λ₂/2 xⱼ²) | separable |
//! | [`NonNegative`] | λ Σ pⱼ xⱼ on x ≥ 0 | separable |
//! | [`BoxConstraint`] | 0 on lower ≤ x ≤ upper | separable, projection |
//! | [`GroupL2`] | `λ Σ w_g ‖x_g‖` | |
//! | [`L1Ball`] | 0 on ‖x‖₁ ≤ r | projection |
//! | [`Simplex`] | 0 on x ≥ 0, Σx = r | projection |
//! | `NuclearNorm` (feature `linalg`) | λ ‖X‖₊, sum of singular values | |
//!
//! Own penalties implement [`Proximal`] (and [`Separable`] for coordinate methods); [`check_prox`] tests an
//! implementation against the inequality that defines it.

mod box_constraint;
mod check;
mod elastic_net;
mod group_l2;
mod l1;
mod l1_ball;
mod non_negative;
#[cfg(feature = "linalg")]
mod nuclear;
mod proximal;
mod separable;
mod simplex;
mod threshold;
mod weights;
mod zero;

pub use box_constraint::BoxConstraint;
pub use check::{ProxReport, check_prox};
pub use elastic_net::ElasticNet;
pub use group_l2::GroupL2;
pub use l1::{L1, soft_threshold};
pub use l1_ball::L1Ball;
pub use non_negative::NonNegative;
#[cfg(feature = "linalg")]
#[cfg_attr(docsrs, doc(cfg(feature = "linalg")))]
pub use nuclear::NuclearNorm;
pub use proximal::Proximal;
pub use separable::Separable;
pub use simplex::Simplex;
pub use zero::Zero;
