//! `orthant stablemax diagnose`.

use super::arguments::CollapseArguments;
use crate::failure::{Failure, Outcome};
use crate::input::{read_labels, read_logits};
use crate::output::{Align, Head, Table, document_json, print, records_csv, short};
use orthant::stablemax::collapse::{CollapseReport, report};
use serde::Serialize;

const SCHEMA: &str = "orthant-stablemax-collapse";
const SCHEMA_VERSION: u32 = 1;

#[derive(Debug, Serialize)]
struct Document {
    #[serde(flatten)]
    head: Head,
    rows: usize,
    classes: usize,
    reports: Vec<CollapseReport>,
}

/// One line of the CSV.
#[derive(Debug, Serialize)]
struct Record {
    float: &'static str,
    rows: usize,
    accuracy: f64,
    collapsed: f64,
    collapsed_sequential: f64,
    collapsed_correct: f64,
    zero_loss: f64,
    zero_label_gradient: f64,
    zero_gradient: f64,
    overflowed: f64,
    margin_smallest: f64,
    margin_lower_quartile: f64,
    margin_median: f64,
    margin_upper_quartile: f64,
    margin_largest: f64,
}

impl Record {
    fn new(r: &CollapseReport) -> Self {
        let [margin_smallest, margin_lower_quartile, margin_median, margin_upper_quartile, margin_largest] = r.margin;
        Self {
            float: r.float.name(),
            rows: r.rows,
            accuracy: r.accuracy,
            collapsed: r.collapsed,
            collapsed_sequential: r.collapsed_sequential,
            collapsed_correct: r.collapsed_correct,
            zero_loss: r.zero_loss,
            zero_label_gradient: r.zero_label_gradient,
            zero_gradient: r.zero_gradient,
            overflowed: r.overflowed,
            margin_smallest,
            margin_lower_quartile,
            margin_median,
            margin_upper_quartile,
            margin_largest,
        }
    }
}

/// Reads logits and labels and prints the report.
pub(crate) fn diagnose(arguments: &CollapseArguments) -> Outcome<()> {
    let logits = read_logits(&arguments.logits)?;
    let (rows, classes) = logits.dim();
    let labels = read_labels(&arguments.labels, rows, classes)?;
    let file = arguments.logits.display();
    let reports: Vec<CollapseReport> = arguments
        .floats
        .iter()
        .map(|&float| report(&logits, &labels, float).map_err(|error| Failure::input(format!("`{file}`: {error}"))))
        .collect::<Outcome<_>>()?;
    if arguments.csv {
        let records: Vec<Record> = reports.iter().map(Record::new).collect();
        let text = String::from_utf8(records_csv(&records)?).map_err(|error| Failure::Internal(error.to_string()))?;
        return print(&text);
    }
    if arguments.json {
        return print(&document_json(&Document { head: Head::new(SCHEMA, SCHEMA_VERSION), rows, classes, reports })?);
    }
    let mut table = Table::new(&[
        ("type", Align::Left),
        ("collapsed", Align::Right),
        ("of them right", Align::Right),
        ("zero loss", Align::Right),
        ("zero gradients", Align::Right),
        ("overflowed", Align::Right),
        ("margin: smallest", Align::Right),
        ("median", Align::Right),
        ("largest", Align::Right),
    ]);
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    for r in &reports {
        table.row(vec![
            r.float.name().to_owned(),
            percent(r.collapsed),
            percent(r.collapsed_correct),
            percent(r.zero_loss),
            percent(r.zero_gradient),
            percent(r.overflowed),
            short(r.margin[0]),
            short(r.margin[2]),
            short(r.margin[4]),
        ]);
    }
    let accuracy = reports.first().map_or(f64::NAN, |r| r.accuracy);
    print(&format!(
        "Softmax cross-entropy on {rows} rows of {classes} classes, {} right\n\n{}\n{}\n",
        percent(accuracy),
        table.text(),
        verdict(&reports)
    ))
}

/// What follows, in a sentence or two.
fn verdict(reports: &[CollapseReport]) -> String {
    let meaning = "Collapsed rows have loss and label gradient exactly zero; margins are powers of two, positive ones not yet there.";
    let names = |holds: &dyn Fn(&CollapseReport) -> bool| {
        reports.iter().filter(|r| holds(r)).map(|r| r.float.name()).collect::<Vec<_>>().join(", ")
    };
    let (dead, near) = (names(&|r| r.collapsed >= 0.5), names(&|r| r.collapsed < 0.5 && r.margin[2] < 4.0));
    let mut text = meaning.to_owned();
    if !dead.is_empty() {
        text += &format!(
            "\nHalf of the rows or more no longer learn in {dead}: use the rest-mass form of the loss, or StableMax."
        );
    }
    if !near.is_empty() {
        text += &format!("\nHalf of the rows are within four powers of two of it in {near}.");
    }
    text
}
