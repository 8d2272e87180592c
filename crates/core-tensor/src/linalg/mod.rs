//! Dense linear algebra on ndarray views, computed by faer.
//!
//! Products write into the caller's memory; factorisations are values that own their memory, are made once for a shape
//! (`new`) and used any number of times (`factorise`, then solves and accessors). Checks that faer leaves to its caller
//! (finite entries, empty matrices, rank) are made here.

mod complex_svd;
mod gemm;
mod gemv;
mod gram;
mod hermitian_eigenvalues;
#[cfg(feature = "lapack")]
#[cfg_attr(docsrs, doc(cfg(feature = "lapack")))]
pub mod lapack;
mod ldlt;
mod llt;
mod lu;
mod memory;
mod pivoted_qr;
mod qr;
mod reflectors;
mod right_hand_side;
mod solve;
mod svd;
mod swaps;
mod symmetric_eigen;
mod unpivoted_lu;
mod view;

pub use complex_svd::ComplexSvd;
pub use gemm::{Accumulate, gemm_into};
pub use gemv::gemv_into;
pub use gram::gram_into;
pub use hermitian_eigenvalues::HermitianEigenvalues;
pub use ldlt::{Inertia, Ldlt};
pub use llt::Llt;
pub use lu::Lu;
pub use pivoted_qr::PivotedQr;
pub use qr::Qr;
pub use right_hand_side::RightHandSide;
pub use solve::{inverse, log_det, solve, solve_spd};
pub use svd::Svd;
pub use symmetric_eigen::SymmetricEigen;
pub use unpivoted_lu::UnpivotedLu;
pub use view::{faer_column, faer_column_mut, faer_mut, faer_ref, ndarray_ref};
#[cfg(feature = "nalgebra")]
#[cfg_attr(docsrs, doc(cfg(feature = "nalgebra")))]
pub use view::{from_nalgebra, nalgebra_view, to_nalgebra};
