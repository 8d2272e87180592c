//! Both sides in one table per problem, and the targets.

use crate::Outcome;
use crate::problem::{Task, list};
use orthant_benches::comparison::{Entry, Heading, Rivals, report as compare};
use std::path::Path;

/// Compares all that was written to `folder` and writes the document `file`.
pub(crate) fn report(folder: &Path, file: &Path) -> Outcome<()> {
    let (problems, missing) = list(folder)?;
    let entries: Vec<Entry> = problems
        .into_iter()
        .map(|problem| Entry {
            factor: if problem.name == "ar-0.01" { 2.0 } else { 1.0 },
            title: format!("{}, {}", problem.title, if problem.task == Task::Subset { "excess" } else { "gap" }),
            rivals: if problem.task == Task::Subset { Rivals::All } else { Rivals::AtTarget },
            measure: match problem.task {
                Task::Subset => "largest excess of the residual sum of squares".into(),
                Task::Lasso | Task::Logistic => "largest relative gap".into(),
            },
            name: problem.name,
            target: problem.target,
        })
        .collect();
    let heading = Heading {
        benchmark: "sparse-linreg",
        title: "Sparse linear models against scikit-learn, celer, skglm, adelie, liblinear, glmnet and abess",
        setting: "Every side runs on one thread; processor time is compared, the median of repeats where a fit is short. \
            The gap is computed by one function for all: the residual of the coefficients, rescaled to be dual feasible, \
            relative to the objective at w = 0; over a path, the largest. Every side's tolerance is lowered until this gap \
            reaches the target, and its time is that of the last call; a side that is far behind is not asked for more. Paths \
            have 100 levels from λmax to λmax/100 on centred columns of variance 1; there is no intercept. Best \
            subsets are compared by the residual sum of squares of each size, relative to the smallest that any side found for that \
            size; the largest excess counts, and so does the time of a side that misses the target.",
    };
    compare(folder, file, heading, &entries, &missing)
}
