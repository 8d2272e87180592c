//! The library's reports in words, with names in place of indices.

use crate::failure::Failure;
use orthant::colide::{Diagonal, Error, Finish, StageEnd, Start, Warning};

/// A refusal of the library; numbers of variables are explained.
pub(super) fn failure(error: &Error, names: &[String]) -> Failure {
    let text = error.to_string();
    let explained = match error {
        Error::InconsistentKnowledge { .. } | Error::Cyclic { .. } => {
            let mut indices: Vec<usize> = text
                .split(|c: char| !c.is_ascii_digit())
                .filter_map(|digits| digits.parse().ok())
                .filter(|&index| index < names.len())
                .collect();
            indices.sort_unstable();
            indices.dedup();
            let legend: Vec<String> = indices.iter().map(|&index| format!("{index} is {}", names[index])).collect();
            if legend.is_empty() { text } else { format!("{text} ({})", legend.join(", ")) }
        }
        Error::AlwaysIntervened { node, .. } if *node < names.len() => {
            text.replacen(&format!("variable {node} "), &format!("`{}` ", names[*node]), 1)
        }
        _ => text,
    };
    Failure::input(explained)
}

/// A warning with its consequence.
pub(super) fn warning(warning: &Warning, names: &[String]) -> String {
    let name = |column: &usize| names.get(*column).map_or_else(|| column.to_string(), |name| format!("`{name}`"));
    match warning {
        Warning::ConstantColumn { column } => {
            format!("{} is constant: it can have no edges.", name(column))
        }
        Warning::FewSamples { samples, variables } => format!(
            "{samples:.0} rows for {variables} variables: the covariance is singular, and the weights rest on the l1 \
             penalty."
        ),
        Warning::EqualColumnVariances => {
            "All columns have the same variance, as after standardising. The method reads \
             directions from variances: use the original scales."
                .to_owned()
        }
        Warning::SortedByVariance { value } => format!(
            "Varsortability is {value:.2}: sorting the variables by variance alone explains the directions, so they \
             depend on the units of measurement. Trust them only when all variables are measured in the same units."
        ),
        Warning::DomainRaised { stage, s } => format!(
            "Stage {} was solved with s = {s} instead of the scheduled value, to stay inside the domain.",
            stage + 1
        ),
        Warning::Collinear { column } => format!(
            "The causes of {} are collinear: its weights rest on a small ridge and are one choice among many.",
            name(column)
        ),
        other => format!("{other}."),
    }
}

/// The name of a start on the command line.
pub(super) fn start(start: Start) -> &'static str {
    match start {
        Start::Path(Diagonal::Pinned) => "path",
        Start::Path(Diagonal::Free) => "path-free",
        Start::SlowPath(Diagonal::Pinned) => "slow",
        Start::SlowPath(Diagonal::Free) => "slow-free",
        Start::Order => "order",
        _ => "other",
    }
}

/// The name of a finish on the command line.
pub(super) fn finish(finish: Finish) -> &'static str {
    match finish {
        Finish::Threshold => "threshold",
        Finish::Polish => "polish",
        Finish::Search => "search",
        _ => "other",
    }
}

/// Why a stage ended.
pub(super) fn end(end: StageEnd) -> &'static str {
    match end {
        StageEnd::Converged => "converged",
        StageEnd::Stationary => "no step lowers the objective",
        StageEnd::IterationLimit => "limit of steps reached",
        StageEnd::Stopped => "stopped",
        StageEnd::LeftDomain => "left the domain",
        _ => "other",
    }
}
