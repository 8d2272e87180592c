//! One fit, or one for each λ of a path.

use super::criterion::Criterion;
use super::document::{SparsityRecord, finite};
use super::trace::Point;
use super::words;
use crate::failure::{Failure, Outcome};
use crate::input::Sample;
use crate::progress::Progress;
use ndarray::{Array2, Axis};
use orthant::colide::{Colide, Environment, Fit};
use std::ops::ControlFlow;

/// What the graph is learned from.
pub(super) enum Evidence {
    /// The covariance of the sample.
    Covariance,
    /// The rows of each group, and the variables that were intervened on in it.
    Environments(Vec<(Array2<f64>, Vec<usize>)>),
    /// A series in time (n × d) and how many of its rows join each row.
    Series(Array2<f64>, usize),
}

/// What was tried, what was chosen, and the steps that led to it.
pub(super) struct Solved {
    /// The configuration with the chosen λ.
    pub(super) config: Colide,
    pub(super) fit: Fit,
    /// Empty when λ was given.
    pub(super) path: Vec<SparsityRecord>,
    /// Empty for a path and for a series.
    pub(super) points: Vec<Point>,
}

impl Evidence {
    /// The groups of the sample with their targets.
    pub(super) fn environments(sample: &Sample, targets: Vec<Vec<usize>>) -> Outcome<Self> {
        let Some(rows) = &sample.rows else {
            return Err(Failure::Internal("the rows of the groups were not kept".to_owned()));
        };
        let of_group = |group: usize| -> Vec<usize> {
            sample.group_of.iter().enumerate().filter(|&(_, &other)| other == group).map(|(row, _)| row).collect()
        };
        let part = |(group, targets)| (rows.select(Axis(0), &of_group(group)), targets);
        Ok(Self::Environments(targets.into_iter().enumerate().map(part).collect()))
    }
}

/// One fit.
pub(super) fn solve(config: Colide, evidence: &Evidence, sample: &Sample, progress: &Progress) -> Outcome<Solved> {
    let (fit, points) = fit(&config, evidence, sample, progress)?;
    Ok(Solved { config, fit, path: Vec::new(), points })
}

/// One fit for each λ, the largest first, of which the one with the lowest criterion is kept.
pub(super) fn solve_path(
    config: &Colide,
    lambdas: Vec<f64>,
    criterion: Criterion,
    evidence: &Evidence,
    sample: &Sample,
    progress: &Progress,
) -> Outcome<Solved> {
    let fits = fits(config, lambdas, evidence, sample, progress)?;
    let record = |fit: &Fit| SparsityRecord {
        sparsity: fit.sparsity,
        edges: fit.weights.iter().filter(|&&weight| weight != 0.0).count(),
        bic: finite(fit.bic()),
        criterion: finite(criterion.of(fit)),
    };
    let path = fits.iter().map(record).collect();
    let best = fits.into_iter().min_by(|a, b| criterion.of(a).total_cmp(&criterion.of(b)));
    let Some(fit) = best else { return Err(Failure::input("--sparsity-path is empty")) };
    Ok(Solved { config: config.clone().sparsity(fit.sparsity), fit, path, points: Vec::new() })
}

fn fits(
    config: &Colide,
    mut lambdas: Vec<f64>,
    evidence: &Evidence,
    sample: &Sample,
    progress: &Progress,
) -> Outcome<Vec<Fit>> {
    if matches!(evidence, Evidence::Covariance) {
        progress.begin(&format!("learning with {} values of λ", lambdas.len()), 1);
        let path = config.fit_path(&sample.covariance, &lambdas);
        return path.map(|path| path.fits).map_err(|error| words::failure(&error, &sample.names));
    }
    lambdas.sort_by(|a, b| b.total_cmp(a));
    let one = |lambda| fit(&config.clone().sparsity(lambda), evidence, sample, progress).map(|(fit, _)| fit);
    lambdas.into_iter().map(one).collect()
}

fn fit(config: &Colide, evidence: &Evidence, sample: &Sample, progress: &Progress) -> Outcome<(Fit, Vec<Point>)> {
    let mut points = Vec::new();
    let mut begun = false;
    let mut observer = |state: &orthant::colide::Progress<'_>| {
        if !std::mem::replace(&mut begun, true) {
            progress.begin("learning", state.starts * state.stages);
        }
        progress.at(state.start * state.stages + state.stage, || {
            let step = &state.step;
            format!("start {} of {}, stage {}, step {}", state.start + 1, state.starts, state.stage + 1, step.iteration)
        });
        points.push(Point::new(state));
        ControlFlow::Continue(())
    };
    let found = match evidence {
        Evidence::Covariance => config.fit_observed(&sample.covariance, &mut observer),
        Evidence::Environments(parts) => {
            let environments: Vec<Environment<'_>> =
                parts.iter().map(|(rows, targets)| Environment { x: rows.view(), targets: targets.clone() }).collect();
            config.fit_environments_observed(&environments, &mut observer).map(|mut fit| {
                // The rows were centred.
                fit.covariance.mean.assign(&sample.covariance.mean);
                fit
            })
        }
        Evidence::Series(series, lags) => {
            progress.begin("learning from the series", 1);
            config.fit_time_series(series, *lags).map(|found| found.fit)
        }
    };
    Ok((found.map_err(|error| words::failure(&error, &sample.names))?, points))
}
