//! The summary, the drawing and `report.html`.

use super::document::FitDocument;
use crate::output::{Align, Table, short, signed};
use crate::regression::{COEFFICIENT_COLUMNS, COEFFICIENT_NOTE};
use crate::report::{HtmlTable, Page};
use chart::{Chart, Palette, Plot};
use std::fmt::Write;

/// Coefficients in the summary and on the page; the files hold all.
const SHOWN: usize = 30;
const ON_PAGE: usize = 300;
/// Points of the drawing.
const POINTS: usize = 400;

/// The facts of the run, name and value.
fn facts(document: &FitDocument) -> Vec<(&'static str, String)> {
    let (settings, result) = (&document.settings, &document.result);
    let mut facts = vec![("objective", short(result.objective))];
    if let Some(gap) = result.gap {
        facts.push(("duality gap", format!("{} (the objective is at most this above the optimum)", short(gap))));
    }
    facts.push(("optimality residual", short(result.kkt)));
    if let Some(lambda) = settings.lambda {
        let of = settings.lambda_max.map_or_else(String::new, |max| format!(" (largest useful {})", short(max)));
        facts.push(("λ", format!("{}{of}", short(lambda))));
    }
    facts.push((
        "nonzero coefficients",
        format!("{} of {}", document.coefficients.len(), document.coefficients.len() + document.zeros),
    ));
    if let Some(score) = result.score {
        let name = if document.data.classes.is_some() { "right classes in the table" } else { "R² in the table" };
        facts.push((name, format!("{score:.4}")));
    }
    let mut how = format!("{} updates, {}", result.iterations, result.stopped);
    if result.identified_at > 0 {
        let _ = write!(how, "; the pattern of zeros stayed the same from update {}", result.identified_at);
    }
    facts.push(("run", how));
    facts
}

fn title(document: &FitDocument) -> String {
    let loss = match document.settings.loss.as_str() {
        "squared" => "Least squares",
        "logistic" => "Logistic regression",
        _ => "Softmax regression",
    };
    match document.settings.penalty.as_str() {
        "none" => loss.to_owned(),
        penalty => format!("{loss}, penalty {penalty}"),
    }
}

/// The text of the summary.
pub(super) fn summary(document: &FitDocument) -> String {
    let mut text = format!("{}: {}\n\n", title(document), document.data.sentence());
    let mut table = Table::new(&COEFFICIENT_COLUMNS);
    document.coefficients.iter().take(SHOWN).for_each(|record| table.row(record.cells()));
    text.push_str(&table.text());
    if document.coefficients.len() > SHOWN {
        let _ = writeln!(text, "  … and {} more", document.coefficients.len() - SHOWN);
    }
    if let [intercept] = document.intercepts[..] {
        let _ = writeln!(text, "  intercept {}", signed(intercept));
    }
    text.push('\n');
    let mut table = Table::new(&[("", Align::Left), ("", Align::Left)]);
    facts(document).into_iter().for_each(|(name, value)| table.row(vec![name.to_owned(), value]));
    text.push_str(&table.text());
    for warning in &document.warnings {
        let _ = writeln!(text, "\nPlease note\n  - {warning}");
    }
    text
}

/// How the objective fell.
pub(super) fn convergence(document: &FitDocument) -> Chart {
    let last = document.result.objective;
    let every = document.trace.len().div_ceil(POINTS).max(1);
    let points = document.trace.iter().step_by(every).map(|step| (step.iteration as f64, step.objective - last));
    let points: Vec<(f64, f64)> = points.filter(|point| point.1 > 0.0).collect();
    Chart {
        title: "Objective above its last value".to_owned(),
        y: "difference".to_owned(),
        plot: Plot::Lines {
            x: "update".to_owned(),
            log_x: false,
            log_y: true,
            series: vec![("objective".to_owned(), points)],
        },
    }
}

/// The text of the page.
pub(super) fn html(document: &FitDocument) -> String {
    let mut page = Page::new(&format!("{} of {}", title(document), document.data.response), &document.data.sentence());
    page.figures(&[
        (document.coefficients.len().to_string(), "nonzero coefficients"),
        (short(document.result.objective), "objective"),
        (document.result.gap.map_or("–".to_owned(), short), "duality gap"),
        (document.result.iterations.to_string(), "updates"),
    ]);
    if !document.warnings.is_empty() {
        page.warnings(&document.warnings);
    }
    page.section("Coefficients");
    let mut table = HtmlTable::new(&COEFFICIENT_COLUMNS);
    document.coefficients.iter().take(ON_PAGE).for_each(|record| table.row(&record.cells()));
    page.raw(&table.html());
    page.note(COEFFICIENT_NOTE);
    page.section("The run");
    let mut table = HtmlTable::new(&[("", Align::Left), ("", Align::Left)]);
    facts(document).into_iter().for_each(|(name, value)| table.row(&[name.to_owned(), value]));
    page.raw(&table.html());
    page.picture(&convergence(document).to_svg(Palette::Page));
    page.section("Repeat it");
    page.code(&document.head.command_line());
    page.html()
}
