//! Lasso, elastic net and their relatives.

mod elastic_net;
mod fit;
mod fit_end;
mod level;
mod path;
mod path_end;
mod prepared;
mod ridge;
mod square_root;

pub use elastic_net::ElasticNet;
pub use fit_end::FitEnd;
pub use fit::{LinearFit, r_squared};
pub use path::Path;
pub use path_end::PathEnd;
pub use square_root::{SquareRootEnd, SquareRootFit, SquareRootLasso, universal_level};

pub(crate) use elastic_net::{check_levels, geometric};
pub(crate) use prepared::Prepared;
pub(crate) use square_root::fixed_point;
