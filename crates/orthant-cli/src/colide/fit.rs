//! `orthant colide fit`.

use super::arguments::{DataArguments, FitArguments};
use super::document::{SparsityRecord, finite};
use super::stability::{self, Stability};
use super::trace::{self, Point};
use super::truth::{self, Metrics};
use super::{knowledge, results, settings, summary, words};
use crate::failure::{Failure, Outcome};
use crate::input::{Bundled, BundledName, Request, Sample, find_name, read_matrix, read_sample, split_list};
use crate::output::{Folder, print, write_file};
use crate::progress::Progress;
use ndarray::{Array2, Axis};
use orthant::colide::{Colide, Covariance, Environment, Fit};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Learns a graph and writes its folder.
pub(crate) fn fit(arguments: &FitArguments) -> Outcome<()> {
    let output = &arguments.output;
    Folder::check(&output.out, output.force)?;
    set_threads(output.threads)?;
    let progress = Progress::new(output.quiet);
    let confidence = arguments.bootstrap.confidence;
    if !(confidence > 0.0 && confidence < 1.0) {
        return Err(Failure::input(format!("--confidence is {confidence}; it must be between 0 and 1")));
    }
    let request = settings::request(&arguments.data, arguments.bootstrap.bootstrap)?;
    let (mut sample, bundled) = read(arguments, &request, &progress)?;
    if arguments.data.standardise {
        sample.standardise();
    }
    let known = knowledge::knowledge(&arguments.knowledge, &sample.names)?;
    let mut config = settings::configuration(&arguments.method, known, &sample.names)?;
    if arguments.knowledge.non_negative {
        config = config.non_negative();
    }
    let targets = targets(&arguments.data.intervened, &sample)?;
    let truth = true_graph(arguments, bundled.as_ref(), &sample)?;

    let (config, path, fit, points) = solve(&config, arguments, &sample, &targets, &progress)?;
    let stability = resample(&config, arguments, &sample, &progress)?;
    let metrics = truth.map(|truth| Metrics::new(&truth, &fit.weights, &sample.names)).transpose()?;
    let document = results::document(arguments, &sample, &fit, path, stability.as_ref(), metrics);
    progress.finish();

    let folder = results::folder(&document, &fit, &points, output.draw)?;
    let traced = output.trace.as_ref().map(|path| trace::csv(&points).map(|text| (path, text))).transpose()?;
    if let Some((path, text)) = traced {
        write_file(path, &text)?;
    }
    folder.write(&output.out, output.force, &results::FILES)?;
    match (output.json, output.quiet) {
        (true, _) => print(&document.to_json()?),
        (false, true) => Ok(()),
        (false, false) => print(&summary::text(&document, &output.out)),
    }
}

fn set_threads(threads: Option<u16>) -> Outcome<()> {
    let Some(threads) = threads else { return Ok(()) };
    rayon::ThreadPoolBuilder::new()
        .num_threads(usize::from(threads))
        .build_global()
        .map_err(|error| Failure::Internal(format!("cannot start {threads} threads: {error}")))
}

fn read(arguments: &FitArguments, request: &Request, progress: &Progress) -> Outcome<(Sample, Option<Bundled>)> {
    let data = &arguments.data;
    if let Some(name) = data.dataset {
        let bundled = Bundled::load(name)?;
        let conditions = conditions(data, &bundled)?;
        let sample = bundled.sample(request, conditions.as_deref())?;
        return Ok((sample, Some(bundled)));
    }
    let Some(path) = &arguments.file else {
        return Err(Failure::input("a FILE or --dataset is needed"));
    };
    let sample = match data.samples {
        Some(samples) if data.covariance => covariance(path, request, samples)?,
        _ => read_sample(path, request, progress)?,
    };
    Ok((sample, None))
}

/// The conditions of the bundled data that are used: for sachs the observational one unless groups are asked for.
fn conditions(data: &DataArguments, bundled: &Bundled) -> Outcome<Option<Vec<u8>>> {
    let Some(text) = &data.conditions else {
        let observational = bundled.name == BundledName::Sachs && data.group_by.is_none();
        return Ok(observational.then(|| vec![1]));
    };
    let Some((_, labels)) = bundled.group.as_ref().filter(|_| bundled.name == BundledName::Sachs) else {
        return Err(Failure::input(format!("--conditions: `{}` has no conditions", bundled.name.text())));
    };
    let mut chosen = Vec::new();
    for part in split_list("--conditions", text)? {
        match part.parse::<u8>() {
            Ok(condition) if labels.contains(&condition) => chosen.push(condition),
            _ => return Err(Failure::input(format!("--conditions: there is no condition `{part}`; legal are 1 to 9"))),
        }
    }
    Ok(Some(chosen))
}

/// A sample from a file with a covariance matrix.
fn covariance(path: &std::path::Path, request: &Request, samples: f64) -> Outcome<Sample> {
    if !(samples >= 2.0 && samples.is_finite()) {
        return Err(Failure::input(format!("--samples is {samples}; it must be finite and at least 2")));
    }
    let matrix = read_matrix(path, request)?;
    let d = matrix.check_square()?;
    let all: Vec<String> = matrix.names.clone().unwrap_or_else(|| (0..d).map(|j| format!("x{j}")).collect());
    let kept = crate::input::choose_columns(&matrix.file, &all, matrix.names.is_some(), request)?;
    let chosen = Array2::from_shape_fn((kept.len(), kept.len()), |(i, j)| matrix.values[[kept[i], kept[j]]]);
    let covariance = Covariance::from_matrix(&chosen, samples)
        .map_err(|error| Failure::input(format!("`{}`: {error}", matrix.file)))?;
    Ok(Sample {
        source: matrix.file,
        names: kept.iter().map(|&j| all[j].clone()).collect(),
        covariance,
        rows: None,
        dropped: 0,
        groups: Vec::new(),
        group_of: Vec::new(),
        standardised: None,
    })
}

/// The truth from a file, or the one that comes with the data; only edges between variables that are used.
fn true_graph(arguments: &FitArguments, bundled: Option<&Bundled>, sample: &Sample) -> Outcome<Option<Array2<f64>>> {
    if let Some(path) = &arguments.output.truth {
        return truth::read(path, &sample.names).map(Some);
    }
    let Some((bundled, edges)) = bundled.and_then(|b| b.edges.as_ref().map(|edges| (b, edges))) else {
        return Ok(None);
    };
    let place = |column: usize| sample.names.iter().position(|name| *name == bundled.names[column]);
    let kept: Vec<(usize, usize)> =
        edges.iter().filter_map(|&(cause, effect)| place(cause).zip(place(effect))).collect();
    Ok(Some(truth::of_edges(sample.names.len(), &kept)))
}

/// What was tried, what was chosen, and the steps that led to it.
type Solved = (Colide, Vec<SparsityRecord>, Fit, Vec<Point>);

/// One fit, or one for each λ of a path, of which the one with the lowest BIC is kept.
fn solve(
    config: &Colide,
    arguments: &FitArguments,
    sample: &Sample,
    targets: &[Vec<usize>],
    progress: &Progress,
) -> Outcome<Solved> {
    let Some(text) = &arguments.method.sparsity_path else {
        let (fit, points) = solve_one(config, sample, targets, progress)?;
        return Ok((config.clone(), Vec::new(), fit, points));
    };
    let mut tried = Vec::new();
    let mut best: Option<(Colide, Fit, Vec<Point>)> = None;
    for lambda in settings::sparsity_path(text, &sample.covariance)? {
        let config = config.clone().sparsity(lambda);
        let (fit, points) = solve_one(&config, sample, targets, progress)?;
        let edges = fit.weights.iter().filter(|&&weight| weight != 0.0).count();
        tried.push(SparsityRecord { sparsity: lambda, edges, bic: finite(fit.bic()) });
        if best.as_ref().is_none_or(|(_, kept, _)| fit.bic() < kept.bic()) {
            best = Some((config, fit, points));
        }
    }
    match best {
        Some((config, fit, points)) => Ok((config, tried, fit, points)),
        None => Err(Failure::input("--sparsity-path is empty")),
    }
}

/// The bootstrap, when it is asked for.
fn resample(
    config: &Colide,
    arguments: &FitArguments,
    sample: &Sample,
    progress: &Progress,
) -> Outcome<Option<Stability>> {
    let options = &arguments.bootstrap;
    let (Some(replicates), Some(rows)) = (options.bootstrap, &sample.rows) else { return Ok(None) };
    let replicates = replicates as usize;
    progress.begin("bootstrap", replicates);
    let done = AtomicUsize::new(0);
    let count = || {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        progress.at(done, || "replicates".to_owned());
    };
    stability::bootstrap(config, rows, (replicates, options.seed, options.confidence), count)
        .map(Some)
        .map_err(|error| words::failure(&error, &sample.names))
}

/// The targets of each group, from `GROUP:A,B`; empty when there are none.
fn targets(texts: &[String], sample: &Sample) -> Outcome<Vec<Vec<usize>>> {
    let mut targets = vec![Vec::new(); if texts.is_empty() { 0 } else { sample.groups.len() }];
    for text in texts {
        let Some((label, names)) = text.split_once(':') else {
            return Err(Failure::input(format!("--intervened `{text}`: write GROUP:A,B")));
        };
        let Some(group) = sample.groups.iter().position(|(known, _)| known == label.trim()) else {
            return Err(Failure::input(format!("--intervened `{text}`: there is no group `{}`", label.trim())));
        };
        for name in split_list("--intervened", names)? {
            targets[group].push(find_name("--intervened", &name, &sample.names)?);
        }
    }
    Ok(targets)
}

/// One fit to groups with interventions.
fn solve_environments(config: &Colide, sample: &Sample, targets: &[Vec<usize>]) -> Outcome<Fit> {
    let Some(rows) = &sample.rows else {
        return Err(Failure::Internal("the rows of the groups were not kept".to_owned()));
    };
    let of_group = |group: usize| -> Vec<usize> {
        sample.group_of.iter().enumerate().filter(|&(_, &other)| other == group).map(|(row, _)| row).collect()
    };
    let parts: Vec<Array2<f64>> = (0..targets.len()).map(|group| rows.select(Axis(0), &of_group(group))).collect();
    let environments: Vec<Environment<'_>> = parts
        .iter()
        .zip(targets)
        .map(|(part, targets)| Environment { x: part.view(), targets: targets.clone() })
        .collect();
    let mut fit = config.fit_environments(&environments).map_err(|error| words::failure(&error, &sample.names))?;
    // The rows were centred.
    fit.covariance.mean.assign(&sample.covariance.mean);
    Ok(fit)
}

fn solve_one(
    config: &Colide,
    sample: &Sample,
    targets: &[Vec<usize>],
    progress: &Progress,
) -> Outcome<(Fit, Vec<Point>)> {
    if !targets.is_empty() {
        return Ok((solve_environments(config, sample, targets)?, Vec::new()));
    }
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
    let fit = config
        .fit_observed(&sample.covariance, &mut observer)
        .map_err(|error| words::failure(&error, &sample.names))?;
    Ok((fit, points))
}
