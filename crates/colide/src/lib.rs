#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod accumulator;
mod acyclicity;
mod adam;
mod adjustment;
mod bootstrap;
mod cholesky;
mod colide;
mod column;
mod components;
mod covariance;
mod cpdag;
mod effects;
mod environments;
mod error;
mod evidence;
mod fit;
mod floor;
mod graph;
mod knowledge;
mod lambda_path;
mod likelihood;
mod metrics;
mod missing;
mod newton;
mod node_set;
mod order;
mod parallel;
mod polish;
mod problem;
mod refit;
mod residuals;
mod run;
mod schedule;
mod score;
mod search;
mod separation;
mod sid;
mod sortability;
mod stability;
mod stage;
mod student;
mod time_series;
mod to_dag;
mod trace;
mod updated_cholesky;

pub use self::colide::{Colide, Finish, NewtonOptions, Solver, Start};
pub use accumulator::CovarianceAccumulator;
pub use acyclicity::{Acyclicity, LogDet, log_det_acyclicity};
pub use adam::AdamOptions;
pub use adjustment::{is_valid_adjustment, optimal_adjustment_set};
pub use bootstrap::{Begin, Bootstrap, Replicates, Resampling};
pub use column::Sign;
pub use components::strongly_connected_components;
pub use covariance::{Covariance, check_covariance, covariance};
pub use cpdag::{Cpdag, cpdag};
pub use effects::{CausalModel, Intervened};
pub use environments::Environment;
pub use error::{Error, Result};
pub use fit::{Candidate, EdgeEstimate, Fit, Warning};
pub use floor::{Floor, Units};
pub use graph::{Dag, Graph, support};
pub use knowledge::{Constraints, Diagonal, Edge, Knowledge};
pub use lambda_path::RegularisationPath;
pub use likelihood::negative_log_likelihood;
pub use metrics::{GraphMetrics, compare, noise_error, shd_cpdag};
pub use missing::{IncompleteCovariance, MissingData, covariance_with_missing};
pub use node_set::NodeSet;
pub use order::{PivotOrder, min_pivot_order};
pub use refit::{Refit, refit};
pub use residuals::ResidualDiagnostics;
pub use schedule::Schedule;
pub use score::{
    NoiseModel, mean_squared_residuals_into, noise_scales, profile_score, residual_covariance_into, score,
    score_gradient_into,
};
pub use separation::d_separated;
pub use sid::{ancestor_aid, oset_aid, sid};
pub use sortability::{r2_sortability, varsortability};
pub use stability::Stability;
pub use stage::{OrderOptimum, StageOutcome, StagePoint, StageProblem};
pub use time_series::TimeSeriesFit;
pub use to_dag::{
    drop_only_cycle_edges, greedy_acyclic_subset, min_dag_threshold, prune, threshold, threshold_and_prune,
};
pub use trace::{Progress, Stage, StageEnd, Step};
