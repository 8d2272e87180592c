//! `orthant colide fit`.

use super::arguments::{DataArguments, FitArguments};
use super::criterion::Criterion;
use super::results::Found;
use super::solve::{Evidence, Solved, solve, solve_path};
use super::trace;
use super::truth::{self, Metrics};
use super::{conflicts, knowledge, resample, residuals, results, settings, summary};
use crate::failure::{Failure, Outcome};
use crate::input::{Bundled, BundledName, Request, Sample, find_name, read_matrix, read_sample, split_list};
use crate::output::{Folder, print, write_file};
use crate::progress::Progress;
use crate::threads::set_threads;
use ndarray::Array2;
use orthant::colide::Covariance;

/// Learns a graph and writes its folder.
pub(crate) fn fit(arguments: &FitArguments) -> Outcome<()> {
    let output = &arguments.output;
    Folder::check(&output.out, output.force)?;
    set_threads(output.threads)?;
    let progress = Progress::new(output.quiet);
    conflicts::check(arguments)?;
    let bootstrap = resample::options(&arguments.bootstrap)?;
    let criterion = Criterion::parse(arguments.method.choose.as_deref())?;
    let request = settings::request(arguments)?;
    let (mut sample, bundled) = read(arguments, &request, &progress)?;
    if arguments.data.standardise {
        sample.standardise();
    }
    let series = match arguments.data.lags() {
        0 => None,
        lags => Some(Evidence::Series(sample.join_past(lags)?, lags)),
    };
    let known = knowledge::knowledge(&arguments.knowledge, &sample.names)?;
    let mut config = settings::configuration(&arguments.method, known, &sample.names)?;
    if arguments.knowledge.non_negative {
        config = config.non_negative();
    }
    let targets = targets(&arguments.data.intervened, &sample)?;
    let evidence = match series {
        Some(series) => series,
        None if targets.is_empty() => Evidence::Covariance,
        None => Evidence::environments(&sample, targets)?,
    };
    let truth = true_graph(arguments, bundled.as_ref(), &sample)?;

    let Solved { config, fit, path, points } = match &arguments.method.sparsity_path {
        None => solve(config, &evidence, &sample, &progress)?,
        Some(text) => {
            let lambdas = match settings::sparsity_path(text)? {
                Some(lambdas) => lambdas,
                None => settings::sparsity_grid(&config, &sample)?,
            };
            solve_path(&config, lambdas, criterion, &evidence, &sample, &progress)?
        }
    };
    let stability =
        bootstrap.map(|bootstrap| resample::run(&bootstrap, &config, &sample, &fit, &progress)).transpose()?;
    let found = Found {
        path,
        stability,
        residuals: residuals::records(&fit, &evidence, &sample)?,
        truth: truth.map(|truth| Metrics::new(&truth, &fit.weights, &sample.names)).transpose()?,
    };
    let document = results::document(arguments, &sample, &fit, found)?;
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
        estimated: None,
        lags: Vec::new(),
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
