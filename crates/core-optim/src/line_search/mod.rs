//! How far to go along a descent direction.
//!
//! A search sees the objective along the direction only: φ(t) = f(x + t d), with φ(0) and φ'(0) = ∇f(x)ᵀd < 0 known. A
//! trial whose value is NaN or infinite counts as infinitely bad, so the searches shorten their step until they are back
//! in the function's domain.

mod armijo;
mod interpolation;
mod outcome;
mod wolfe;

pub use armijo::Armijo;
pub use outcome::{LineSearchEnd, LineSearchOutcome};
pub use wolfe::StrongWolfe;
