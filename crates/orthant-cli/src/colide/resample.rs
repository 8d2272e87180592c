//! How sure the edges are: the library's bootstrap with the program's options.

use super::arguments::{BeginName, BootstrapArguments};
use super::document::{BootstrapRecord, EffectRecord, FalseEdgesRecord, OtherEdgeRecord};
use super::words;
use crate::failure::{Failure, Outcome};
use crate::input::Sample;
use crate::progress::Progress;
use orthant::colide::{Begin, Bootstrap, Colide, Error, Fit, Replicates, Resampling, Stability};
use std::ops::ControlFlow;

/// Shares of the draws for which the number of false edges is bounded.
const LEVELS: [f64; 4] = [0.6, 0.7, 0.8, 0.9];

/// The bootstrap that is asked for.
pub(super) fn options(arguments: &BootstrapArguments) -> Outcome<Option<Bootstrap>> {
    let confidence = arguments.confidence;
    if !(confidence > 0.0 && confidence < 1.0) {
        return Err(Failure::input(format!("--confidence is {confidence}; it must be between 0 and 1")));
    }
    let resampling = resampling(arguments)?;
    let begin = match arguments.bootstrap_begin {
        BeginName::Fit => Begin::FullFit,
        BeginName::Cold => Begin::Cold,
    };
    let with = |replicates: u32| {
        Bootstrap::new(replicates as usize)
            .seed(arguments.seed)
            .confidence(confidence)
            .resampling(resampling)
            .begin(begin)
    };
    Ok(arguments.bootstrap.map(with))
}

fn resampling(arguments: &BootstrapArguments) -> Outcome<Resampling> {
    match arguments.resampling.as_deref() {
        None | Some("bootstrap") => Ok(Resampling::WithReplacement),
        Some("half") => Ok(Resampling::Subsample(0.5)),
        Some(text) => match text.parse::<f64>() {
            Ok(fraction) if fraction > 0.0 && fraction < 1.0 => Ok(Resampling::Subsample(fraction)),
            _ => Err(Failure::input(format!(
                "--resampling `{text}`: write `bootstrap`, `half`, or a fraction of the rows between 0 and 1"
            ))),
        },
    }
}

/// Runs it around the fit of all rows. Rows of groups are centred once, before they are drawn.
pub(super) fn run(
    bootstrap: &Bootstrap,
    config: &Colide,
    sample: &Sample,
    fit: &Fit,
    progress: &Progress,
) -> Outcome<Stability> {
    let Some(rows) = &sample.rows else {
        return Err(Failure::Internal("the rows of the bootstrap were not kept".to_owned()));
    };
    let mut begun = false;
    let mut observer = |state: &Replicates| {
        if !std::mem::replace(&mut begun, true) {
            progress.begin("bootstrap", state.total);
        }
        progress.at(state.done, || "replicates".to_owned());
        ControlFlow::Continue(())
    };
    bootstrap.run_around(config, rows, fit.clone(), &mut observer).map_err(|error| match error {
        Error::TooFewSamples { .. } | Error::ZeroVariance { .. } => Failure::input(format!(
            "--bootstrap: in one of the draws all rows of `{}` are equal; it has too few different rows",
            sample.source
        )),
        other => words::failure(&other, &sample.names),
    })
}

/// What it says beyond the edges of the graph.
pub(super) fn record(arguments: &BootstrapArguments, fit: &Fit, stability: &Stability) -> Outcome<BootstrapRecord> {
    let mut other_edges: Vec<OtherEdgeRecord> = stability
        .edge_frequency
        .indexed_iter()
        .filter(|&(edge, &frequency)| frequency >= 0.1 && fit.weights[edge] == 0.0)
        .map(|((cause, effect), &frequency)| OtherEdgeRecord { cause, effect, frequency })
        .collect();
    other_edges.sort_by(|a, b| b.frequency.total_cmp(&a.frequency).then((a.cause, a.effect).cmp(&(b.cause, b.effect))));
    let mut effects: Vec<EffectRecord> = stability
        .path_frequency
        .indexed_iter()
        .filter(|&(_, &frequency)| frequency >= 0.5)
        .map(|((cause, effect), &path_frequency)| EffectRecord {
            cause,
            effect,
            path_frequency,
            median: stability.effect_median[[cause, effect]],
            interval: (stability.effect_lower[[cause, effect]], stability.effect_upper[[cause, effect]]),
        })
        .collect();
    effects
        .sort_by(|a, b| b.median.abs().total_cmp(&a.median.abs()).then((a.cause, a.effect).cmp(&(b.cause, b.effect))));
    let resampling = resampling(arguments)?;
    let bound = |frequency: f64| {
        let edges = stability.stable_edges(frequency).len();
        stability.expected_false_edges(frequency).map(|at_most| FalseEdgesRecord { frequency, edges, at_most })
    };
    Ok(BootstrapRecord {
        replicates: stability.replicates,
        seed: stability.seed,
        confidence: stability.confidence,
        resampling: match resampling {
            Resampling::Subsample(0.5) => "half".to_owned(),
            Resampling::Subsample(fraction) => fraction.to_string(),
            _ => "bootstrap".to_owned(),
        },
        begin: arguments.bootstrap_begin.text().to_owned(),
        mean_edges: Some(stability.mean_edges),
        consensus: stability.consensus.indexed_iter().filter(|&(_, &v)| v != 0.0).map(|(edge, _)| edge).collect(),
        expected_false_edges: match resampling {
            Resampling::Subsample(_) => LEVELS.into_iter().filter_map(bound).collect(),
            _ => Vec::new(),
        },
        other_edges,
        effects,
    })
}
