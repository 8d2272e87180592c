//! Building blocks of coordinate descent for the quadratic loss ½ ‖y - X w‖² with a separable penalty.
//!
//! Kernels, not solvers: a solver composes a [`sweep`] over its working set, [`elastic_net_gap`] to know how far it is,
//! [`screen_into`] to drop what must be zero, and [`Anderson`] to leap ahead. The loss is not divided by n: for (1/2n) ‖y - X w‖² +
//! λ‖w‖₁ use the level n λ.

mod anderson;
mod gap;
mod screening;
mod small_solve;
mod sweep;

pub use anderson::Anderson;
pub use gap::{Gap, Sign, duality_gap, elastic_net_gap};
pub use screening::{gap_safe_radius, screen_into};
pub use sweep::{SweepChange, sweep};
