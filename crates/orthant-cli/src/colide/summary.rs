//! The summary on the standard output.

use super::document::FitDocument;
use crate::output::{Align, Table, short, signed};
use std::fmt::Write;
use std::path::Path;

/// Edges in the summary; all are in the files.
const SHOWN: usize = 40;

/// The text of the summary.
pub(super) fn text(document: &FitDocument, out: &Path) -> String {
    let mut text = heading(document);
    text.push('\n');
    text.push_str(&edges(document));
    text.push('\n');
    text.push_str(&facts(document));
    if !document.warnings.is_empty() {
        text.push_str("\nPlease note\n");
        for warning in &document.warnings {
            let _ = writeln!(text, "  - {warning}");
        }
    }
    let report = out.join("report.html");
    let _ = writeln!(text, "\nWritten to {}; read {}", out.display(), report.display());
    text
}

fn heading(document: &FitDocument) -> String {
    let (data, settings) = (&document.data, &document.settings);
    let model = if settings.noise == "ev" { "equal variances" } else { "non-equal variances" };
    let mut text =
        format!("CoLiDE, {model}: {}, {} rows, {} variables", data.source, short(data.samples), document.present());
    if data.lags > 0 {
        let _ = write!(text, " and {} of the past ({} lags)", document.variables.len() - document.present(), data.lags);
    }
    if let Some(missing) = &data.missing {
        let _ = write!(text, ", {} of the entries missing ({})", percent(missing.share), missing.method);
    }
    if data.dropped_rows > 0 {
        let _ = write!(text, ", {} rows with missing values left out", data.dropped_rows);
    }
    if !data.groups.is_empty() {
        let _ = write!(text, ", {} groups centred on their own", data.groups.len());
    }
    if data.log {
        text.push_str(", logarithms");
    }
    if data.standardised {
        text.push_str(", standardised");
    }
    text.push('\n');
    text
}

fn edges(document: &FitDocument) -> String {
    if document.edges.is_empty() {
        return format!("No edge has a weight above {}.\n", document.settings.threshold);
    }
    let mut columns = vec![
        ("edge", Align::Left),
        ("weight", Align::Right),
        ("least squares", Align::Right),
        ("± error", Align::Right),
        ("p-value", Align::Right),
        ("direction", Align::Left),
    ];
    let interval = document.bootstrap.as_ref().map(|b| format!("{} % interval", short(100.0 * b.confidence)));
    if let Some(interval) = &interval {
        columns.extend([("found in", Align::Right), (interval.as_str(), Align::Left)]);
    }
    let mut table = Table::new(&columns);
    for edge in document.edges.iter().take(SHOWN) {
        let name = |index: usize| &document.variables[index].name;
        let mut cells = vec![
            format!("{} -> {}", name(edge.cause), name(edge.effect)),
            signed(edge.weight),
            signed(edge.refit_weight),
            short(edge.standard_error.unwrap_or(f64::INFINITY)),
            p_value(edge.p_value),
            if edge.compelled { "compelled" } else { "reversible" }.to_owned(),
        ];
        cells.extend(edge.frequency.map(percent));
        cells.extend(edge.interval.map(range));
        table.row(cells);
    }
    let mut text = table.text();
    if document.edges.len() > SHOWN {
        let _ = writeln!(text, "  … and {} more, in edges.csv", document.edges.len() - SHOWN);
    }
    text
}

fn facts(document: &FitDocument) -> String {
    let mut table = Table::new(&[("", Align::Left), ("", Align::Left)]);
    let mut fact = |name: &str, value: String| table.row(vec![name.to_owned(), value]);
    let diagnostics = &document.diagnostics;
    let optional = |value: Option<f64>| value.map_or("–".to_owned(), short);
    fact("edges", document.edges.len().to_string());
    if !diagnostics.sparsity_path.is_empty() {
        let tried = diagnostics.sparsity_path.len();
        let choose = document.settings.choose.as_deref().unwrap_or("bic");
        fact("penalty λ", format!("{}, of {tried} tried, by {choose}", short(document.settings.sparsity)));
    }
    if let Some(bootstrap) = &document.bootstrap {
        let how = match bootstrap.resampling.as_str() {
            "bootstrap" => String::new(),
            "half" => " of half the rows".to_owned(),
            fraction => format!(" of {fraction} of the rows"),
        };
        fact("bootstrap", format!("{} replicates{how}, seed {}", bootstrap.replicates, bootstrap.seed));
        let shared = bootstrap.consensus.iter().filter(|&&pair| document.has_edge(pair)).count();
        fact(
            "consensus of the replicates",
            format!("{} edges, {shared} of them in the graph", bootstrap.consensus.len()),
        );
        if let Some(bound) = bootstrap.expected_false_edges.last() {
            fact(
                "expected false edges",
                format!(
                    "at most {} of the {} found in at least {}",
                    short(bound.at_most),
                    bound.edges,
                    percent(bound.frequency)
                ),
            );
        }
    }
    fact("objective", optional(diagnostics.objective));
    fact("BIC", optional(diagnostics.bic));
    fact(
        "varsortability, R²-sortability",
        format!("{}, {}", optional(diagnostics.varsortability), optional(diagnostics.r2_sortability)),
    );
    if let Some(truth) = &document.truth {
        fact(
            "against the true graph",
            format!(
                "SHD {}, SHD-C {}, SID {}, FDR {:.2}, TPR {:.2} ({} right, {} reversed, {} extra, {} missing of {})",
                truth.shd,
                truth.shd_cpdag,
                truth.sid,
                truth.fdr,
                truth.tpr,
                truth.true_positives,
                truth.reversed,
                truth.false_positives,
                truth.missing,
                truth.true_edges
            ),
        );
    }
    table.text()
}

/// A share in percent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// An interval.
pub(super) fn range((lower, upper): (f64, f64)) -> String {
    format!("{} … {}", signed(lower), signed(upper))
}

/// A p-value as people write it.
pub(super) fn p_value(p: f64) -> String {
    if p < 1e-4 { "< 0.0001".to_owned() } else { format!("{p:.4}") }
}
