//! Lazy-to-rich training dynamics on polynomial regression, where everything can be computed exactly.
//!
//! A committee machine with fixed read-outs learns `y(x) = Σⱼ (βⱼ·x)²/2` from few samples of `x ~ N(0, I/D)` by plain gradient descent
//! on the squared error. It first fits the training rows as a kernel machine and only later learns the directions βⱼ: the test loss
//! falls long after the training loss, the later the larger the output scale α. Source: T. Kumar, B. Bordelon, S. Gershman,
//! C. Pehlevan, "Grokking as the Transition from Lazy to Rich Training Dynamics", ICLR 2024, arXiv 2310.06110.

mod committee;
mod decomposition;
mod descent;
mod kernel;
mod linearised;
mod problem;
mod run;

pub use committee::Committee;
pub use decomposition::{Decomposition, Statistics};
pub use kernel::{Centring, alignment, difficulty, drift, kernel_regression_error};
pub use linearised::Linearised;
pub use problem::PolynomialProblem;
pub use run::{LabHistory, LabOptions, LabRow, run};
