//! Options that exclude each other, each pair with its reason.

use super::arguments::{FitArguments, MissingName};
use crate::failure::{Failure, Outcome};

/// Refuses what cannot be done together.
pub(super) fn check(arguments: &FitArguments) -> Outcome<()> {
    let (data, bootstrap) = (&arguments.data, arguments.bootstrap.bootstrap.is_some());
    let grouped = data.group_by.is_some();
    let intervened = !data.intervened.is_empty();
    if data.lags.is_some() {
        refuse(
            "--lags",
            &[
                (bootstrap, "--bootstrap, which draws rows one by one and so tears the series apart"),
                (intervened, "--intervened, which treats rows as independent of each other"),
                (grouped, "--group-by, because the first row of a group does not follow the last one of another"),
                (data.covariance, "--covariance, which has no rows and so no order of time"),
                (data.missing().is_some(), "--missing or --drop-missing; fill the gaps of the series first"),
                (arguments.output.trace.is_some(), "--trace; the steps of such a fit are not recorded"),
            ],
        )?;
    }
    if let Some(how @ (MissingName::Em | MissingName::Pairwise)) = data.missing() {
        let option = if how == MissingName::Em { "--missing em" } else { "--missing pairwise" };
        refuse(
            option,
            &[
                (bootstrap, "--bootstrap, whose draws need complete rows; use --missing drop"),
                (intervened, "--intervened, which needs complete rows; use --missing drop"),
                (grouped, "--group-by, because the means of the groups need complete rows; use --missing drop"),
            ],
        )?;
    }
    let traced_path = arguments.output.trace.is_some() && arguments.method.sparsity_path.is_some();
    refuse("--trace", &[(traced_path, "--sparsity-path; to follow the chosen fit, pass its λ as --sparsity")])
}

fn refuse(option: &str, others: &[(bool, &str)]) -> Outcome<()> {
    match others.iter().find(|(given, _)| *given) {
        Some((_, other)) => Err(Failure::input(format!("{option} cannot be combined with {other}"))),
        None => Ok(()),
    }
}
