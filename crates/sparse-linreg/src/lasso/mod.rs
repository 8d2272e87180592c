//! Lasso, elastic net and their relatives.

mod adaptive;
mod certificate;
mod elastic_net;
mod fit;
mod fit_end;
mod level;
mod moments;
mod non_convex;
mod non_convex_prox;
mod path;
mod path_end;
mod prepared;
mod relaxed;
mod ridge;
mod square_root;
mod unpenalised;

pub use adaptive::{AdaptiveLasso, Initial, adaptive_factors};
pub use certificate::GapCertificate;
pub use elastic_net::ElasticNet;
pub use fit::{LinearFit, r_squared};
pub use fit_end::FitEnd;
pub use moments::{ColumnMoments, column_moments};
pub use non_convex::{NonConvex, NonConvexFit};
pub use non_convex_prox::{mcp_prox, scad_prox};
pub use path::{Path, PathProgress};
pub use path_end::PathEnd;
pub use relaxed::{RelaxedFit, RelaxedLasso};
pub use square_root::{SquareRootEnd, SquareRootFit, SquareRootLasso, universal_level};

pub(crate) use elastic_net::{check_levels, geometric};
pub(crate) use square_root::fixed_point;
