//! From a fit to the files of its folder.

use super::arguments::{FitArguments, MissingName, SolverName, UnitsName};
use super::document::{
    CandidateRecord, DataRecord, DiagnosticsRecord, EdgeRecord, FitDocument, MissingRecord, ResidualRecord, SCHEMA,
    SCHEMA_VERSION, SettingsRecord, SparsityRecord, StageRecord, VariableRecord, finite,
};
use super::trace::Point;
use super::truth::Metrics;
use super::{report, resample, words};
use crate::drawing::{Arrow, Palette, Picture, dot, svg};
use crate::failure::{Failure, Outcome};
use crate::input::Sample;
use crate::output::{Folder, command};
use ndarray::Array2;
use ndarray_npy::WriteNpyExt;
use orthant::colide::{Fit, NoiseModel, Stability, Warning};

/// All files that a fit may write.
pub(super) const FILES: [&str; 6] = ["edges.csv", "weights.npy", "graph.dot", "graph.svg", "report.html", "fit.json"];

/// What was found beside the fit.
pub(super) struct Found {
    /// The fits that λ was chosen from.
    pub(super) path: Vec<SparsityRecord>,
    pub(super) stability: Option<Stability>,
    /// One for each variable.
    pub(super) residuals: Option<Vec<ResidualRecord>>,
    pub(super) truth: Option<Metrics>,
}

/// Everything that was found, as data.
pub(super) fn document(arguments: &FitArguments, sample: &Sample, fit: &Fit, found: Found) -> Outcome<FitDocument> {
    let deviations = fit.covariance.deviations();
    let lag = |j: usize| sample.lags.get(j).copied().unwrap_or(0);
    let stability = found.stability.as_ref();
    let variables = sample
        .names
        .iter()
        .enumerate()
        .map(|(j, name)| VariableRecord {
            name: name.clone(),
            mean: fit.covariance.mean[j],
            sd: deviations[j],
            noise_scale: fit.noise_scales[j],
            residual_sd: fit.refit.noise_variance[j].sqrt(),
            before_standardising: sample.standardised.as_ref().map(|(mean, sd)| (mean[j], sd[j])),
            lag: lag(j),
            residuals: found.residuals.as_ref().map(|records| records[j]),
        })
        .collect();
    let edges = fit
        .edges()
        .iter()
        .map(|edge| EdgeRecord {
            cause: edge.cause,
            effect: edge.effect,
            weight: edge.weight,
            refit_weight: edge.refit_weight,
            standard_error: finite(edge.standard_error),
            p_value: edge.p_value,
            compelled: edge.compelled || lag(edge.cause) > 0,
            frequency: stability.map(|s| s.edge_frequency[[edge.cause, edge.effect]]),
            interval: stability
                .map(|s| (s.weight_lower[[edge.cause, edge.effect]], s.weight_upper[[edge.cause, edge.effect]])),
        })
        .collect();
    Ok(FitDocument {
        schema: SCHEMA.to_owned(),
        schema_version: SCHEMA_VERSION,
        program: format!("orthant {}", env!("CARGO_PKG_VERSION")),
        command: command(std::env::args().skip(1)),
        data: DataRecord {
            source: sample.source.clone(),
            samples: sample.covariance.samples,
            dropped_rows: sample.dropped,
            missing: missing(arguments, sample),
            lags: arguments.data.lags(),
            groups: sample.groups.clone(),
            log: arguments.data.log,
            standardised: arguments.data.standardise,
        },
        settings: settings(arguments, fit),
        variables,
        order: fit.order.clone(),
        edges,
        diagnostics: diagnostics(fit, found.path),
        bootstrap: stability.map(|s| resample::record(&arguments.bootstrap, fit, s)).transpose()?,
        truth: found.truth,
        warnings: warnings(arguments, sample, fit),
    })
}

/// How the holes of the table were dealt with; rows that were left out are counted elsewhere.
fn missing(arguments: &FitArguments, sample: &Sample) -> Option<MissingRecord> {
    let estimated = sample.estimated?;
    let method = if arguments.data.missing() == Some(MissingName::Pairwise) { "pairwise" } else { "em" };
    Some(MissingRecord {
        method: method.to_owned(),
        share: estimated.share,
        iterations: estimated.iterations,
        converged: estimated.converged,
    })
}

/// What the user should know: of the data, then of the fit.
fn warnings(arguments: &FitArguments, sample: &Sample, fit: &Fit) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(estimated) = sample.estimated.filter(|estimated| estimated.share > 0.0) {
        let share = super::summary::percent(estimated.share);
        let assumed = match arguments.data.missing() {
            Some(MissingName::Pairwise) => "it has nothing to do with any value whether an entry is missing",
            _ => "whether an entry is missing depends only on entries that are there",
        };
        warnings.push(format!(
            "{share} of the entries are missing; the covariance is right only if {assumed}. Standard errors and p-values \
             count every row as complete: they are too optimistic."
        ));
        if !estimated.converged {
            warnings.push(format!(
                "The estimate of the covariance had not settled after {} iterations; --missing pairwise needs none.",
                estimated.iterations
            ));
        }
    }
    warnings.extend(fit.warnings.iter().map(|warning| {
        let text = words::warning(warning, &sample.names);
        let timely = !sample.lags.is_empty() && matches!(warning, Warning::SortedByVariance { .. });
        if timely { format!("{text} Edges from the past have their direction from time.") } else { text }
    }));
    warnings
}

fn settings(arguments: &FitArguments, fit: &Fit) -> SettingsRecord {
    SettingsRecord {
        noise: match fit.model {
            NoiseModel::EqualVariance => "ev",
            NoiseModel::NonEqualVariance => "nv",
        }
        .to_owned(),
        sparsity: fit.sparsity,
        choose: arguments.method.sparsity_path.as_ref().map(|_| {
            let choose = arguments.method.choose.as_deref();
            choose.unwrap_or("bic").to_owned()
        }),
        threshold: fit.threshold,
        solver: match arguments.method.solver {
            SolverName::Newton => "newton",
            SolverName::Adam => "adam",
        }
        .to_owned(),
        finish: words::finish(fit.finish).to_owned(),
        units: match arguments.method.units {
            UnitsName::AsGiven => "as-given",
            UnitsName::MinSd => "min-sd",
        }
        .to_owned(),
    }
}

fn diagnostics(fit: &Fit, sparsity_path: Vec<SparsityRecord>) -> DiagnosticsRecord {
    let log_likelihood = match fit.model {
        NoiseModel::EqualVariance => fit.refit.log_likelihood_ev,
        NoiseModel::NonEqualVariance => fit.refit.log_likelihood_nv,
    };
    let candidates = fit.candidates.iter().map(|candidate| CandidateRecord {
        start: words::start(candidate.start).to_owned(),
        edges: candidate.graph.iter().filter(|&&entry| entry != 0.0).count(),
        objective: finite(candidate.objective),
        criterion: candidate.criterion.and_then(finite),
        moves: candidate.moves,
        stages: candidate
            .stages
            .iter()
            .map(|stage| StageRecord {
                mu: stage.mu,
                s: stage.s,
                steps: stage.steps,
                objective: finite(stage.objective),
                h: finite(stage.h),
                end: words::end(stage.end).to_owned(),
            })
            .collect(),
    });
    DiagnosticsRecord {
        objective: finite(fit.objective),
        optimality: fit.optimality.and_then(finite),
        bic: finite(fit.bic()),
        log_likelihood: finite(log_likelihood),
        // A singular covariance has none.
        varsortability: fit.varsortability().ok().flatten(),
        r2_sortability: fit.r2_sortability().ok().flatten(),
        chosen: fit.chosen,
        candidates: candidates.collect(),
        sparsity_path,
    }
}

/// The graph to draw, with its strongest edges.
pub(super) fn picture(document: &FitDocument, limit: usize) -> Picture {
    let arrow = |edge: &EdgeRecord| Arrow {
        from: edge.cause,
        to: edge.effect,
        weight: edge.weight,
        doubtful: edge.frequency.is_some_and(|frequency| frequency < 0.5),
        reversible: !edge.compelled,
    };
    // A required edge may have weight zero and is not part of the list.
    let lags = document.variables.iter().map(|variable| variable.lag).collect();
    Picture::strongest(&document.names(), lags, document.edges.iter().map(arrow).collect(), limit)
}

/// All files of the folder.
pub(super) fn folder(document: &FitDocument, fit: &Fit, trace: &[Point], draw: usize) -> Outcome<Folder> {
    let picture_drawn = picture(document, draw);
    let mut folder = Folder::new();
    folder.add("edges.csv", edges_csv(document)?);
    folder.add("weights.npy", npy(&fit.weights)?);
    folder.add("graph.dot", dot(&picture(document, usize::MAX)));
    folder.add("graph.svg", svg(&picture_drawn, Palette::Fixed));
    folder.add("report.html", report::html(document, &picture_drawn, trace));
    folder.add("fit.json", document.to_json()?);
    Ok(folder)
}

fn npy(matrix: &Array2<f64>) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    let matrix = matrix.as_standard_layout();
    matrix.write_npy(&mut bytes).map_err(|error| Failure::Internal(error.to_string()))?;
    Ok(bytes)
}

fn edges_csv(document: &FitDocument) -> Outcome<Vec<u8>> {
    let internal = |error: csv::Error| Failure::Internal(error.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut header = vec!["cause", "effect", "weight", "refit_weight", "standard_error", "p_value", "direction"];
    if document.bootstrap.is_some() {
        header.extend(["frequency", "lower", "upper"]);
    }
    writer.write_record(header).map_err(internal)?;
    for edge in &document.edges {
        let mut cells = vec![
            document.variables[edge.cause].name.clone(),
            document.variables[edge.effect].name.clone(),
            edge.weight.to_string(),
            edge.refit_weight.to_string(),
            edge.standard_error.map(|error| error.to_string()).unwrap_or_default(),
            edge.p_value.to_string(),
            if edge.compelled { "compelled" } else { "reversible" }.to_owned(),
        ];
        if let (Some(frequency), Some((lower, upper))) = (edge.frequency, edge.interval) {
            cells.extend([frequency, lower, upper].map(|value| value.to_string()));
        }
        writer.write_record(cells).map_err(internal)?;
    }
    writer.into_inner().map_err(|error| Failure::Internal(error.to_string()))
}
