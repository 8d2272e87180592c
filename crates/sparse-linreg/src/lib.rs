#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod design;
mod error;
mod greedy;
mod lasso;
mod parallel;
mod random_span;
mod reduction;
mod selection;
mod subset;
mod subset_qr;

pub use design::Design;
pub use error::{Error, Result};
pub use greedy::{
    Omp, OmpPath, OmpStatus, OmpStep, Thresholding, ThresholdingFit, ThresholdingStatus, ThresholdingStep,
};
pub use lasso::{
    AdaptiveLasso, ColumnMoments, ElasticNet, FitEnd, GapCertificate, Initial, LinearFit, NonConvex, NonConvexFit,
    Path, PathEnd, PathProgress, RelaxedFit, RelaxedLasso, SquareRootEnd, SquareRootFit, SquareRootLasso,
    adaptive_factors, column_moments, mcp_prox, r_squared, scad_prox, universal_level,
};
pub use random_span::{
    Choice, Diagnosis, Greedy, Level, Polished, Precision, Preconditioner, RandomSpan, Reason, Round, Rsp, RspFit,
    RspLevel, RspPath, RspResponses, SpanDiagnostics, diagnose,
};
pub use selection::{
    Criterion, CvCurve, Entrant, Fold, Folds, Heat, Model, Race, RaceResult, Rule, SelectionProgress,
    StabilitySelection, StableColumns, Validated,
};
pub use subset::{
    BestSubset, Certificate, Exchange, Search, SearchProgress, SearchStage, SplicingStep, SubsetModel, SubsetPath,
};
