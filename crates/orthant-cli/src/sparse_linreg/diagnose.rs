//! `orthant sparse-linreg diagnose`.

use super::arguments::DiagnoseArguments;
use super::model::design;
use super::words;
use crate::failure::Outcome;
use crate::input::ResponseKind;
use crate::output::{Align, Folder, Head, Table, document_json};
use crate::regression::{Matrix, Session, TableRecord};
use crate::report::{HtmlTable, Page};
use orthant::sparse_linreg::{Diagnosis, diagnose as look};
use serde::{Deserialize, Serialize};

const FILES: [&str; 2] = ["report.html", "diagnosis.json"];
const SCHEMA: &str = "orthant-sparse-linreg-diagnosis";
const SCHEMA_VERSION: u32 = 1;

/// `diagnosis.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct DiagnosisDocument {
    #[serde(flatten)]
    head: Head,
    data: TableRecord,
    diagnoses: Vec<DiagnosisRecord>,
}

/// The diagnosis for one number of coefficients.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct DiagnosisRecord {
    sparsity: usize,
    lasso_is_safe: bool,
    /// Fraction of the features that a random block of `sparsity - 1` others shortens by half.
    explained_fraction: f64,
    /// The fraction up to which that is harmless.
    threshold: f64,
    /// Dimensions that preconditioning would take out.
    dimensions: usize,
    /// Smallest and largest part of a feature's length that is left.
    outside: (f64, f64),
    /// Why no more were taken out, in words.
    reason: String,
}

/// Looks at the design and writes the folder.
pub(crate) fn diagnose(arguments: &DiagnoseArguments) -> Outcome<()> {
    let mut session = Session::open("sparse-linreg", &arguments.table, &arguments.results, ResponseKind::Numbers)?;
    let data = TableRecord::new(&session.table);
    let x = Matrix::take(&mut session.table)?;
    let mut diagnoses = Vec::new();
    session.progress.begin("looking", arguments.sparsity.len());
    for (step, &sparsity) in arguments.sparsity.iter().enumerate() {
        session.progress.at(step, || format!("{sparsity} coefficients"));
        let found = look(design(&x), sparsity).map_err(|error| words::failure(&session.table.source, &error))?;
        diagnoses.push(record(sparsity, &found));
    }
    let document = DiagnosisDocument { head: Head::new(SCHEMA, SCHEMA_VERSION), data, diagnoses };
    let json = document_json(&document)?;
    let mut folder = Folder::new();
    folder.add("report.html", report(&document));
    folder.add("diagnosis.json", json.clone());
    session.finish(&folder, &FILES, &json, &summary(&document))
}

fn record(sparsity: usize, found: &Diagnosis) -> DiagnosisRecord {
    DiagnosisRecord {
        sparsity,
        lasso_is_safe: found.lasso_is_safe,
        explained_fraction: found.explained_fraction,
        threshold: found.threshold,
        dimensions: found.span.rank,
        outside: found.span.relative_residuals,
        reason: found.span.reason.to_string(),
    }
}

const COLUMNS: [(&str, Align); 5] = [
    ("coefficients", Align::Right),
    ("explained", Align::Right),
    ("harmless up to", Align::Right),
    ("Lasso", Align::Left),
    ("dimensions to take out", Align::Right),
];

fn cells(record: &DiagnosisRecord) -> Vec<String> {
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    vec![
        record.sparsity.to_string(),
        percent(record.explained_fraction),
        percent(record.threshold),
        if record.lasso_is_safe { "safe" } else { "not safe" }.to_owned(),
        record.dimensions.to_string(),
    ]
}

/// What follows from the diagnoses, in a sentence.
fn verdict(document: &DiagnosisDocument) -> String {
    let unsafe_for: Vec<String> =
        document.diagnoses.iter().filter(|d| !d.lasso_is_safe).map(|d| d.sparsity.to_string()).collect();
    if unsafe_for.is_empty() {
        return "The columns hardly depend on one another: the plain Lasso is safe on supports that nobody chose to be hard."
            .to_owned();
    }
    format!(
        "For {} nonzero coefficients a few columns explain many of the others: the plain Lasso can miss the signal. Compare \
         it with `orthant sparse-linreg cv --methods lasso,rsp:{}`.",
        unsafe_for.join(", "),
        unsafe_for[0]
    )
}

fn summary(document: &DiagnosisDocument) -> String {
    let mut table = Table::new(&COLUMNS);
    document.diagnoses.iter().for_each(|record| table.row(cells(record)));
    let sentence = document.data.sentence();
    format!("Is the plain Lasso safe here? {sentence}\n\n{}\n{}\n", table.text(), verdict(document))
}

fn report(document: &DiagnosisDocument) -> String {
    let mut page = Page::new("Is the plain Lasso safe on these columns?", &document.data.sentence());
    page.paragraph(&verdict(document));
    page.section("Diagnoses");
    let mut table = HtmlTable::new(&COLUMNS);
    document.diagnoses.iter().for_each(|record| table.row(&cells(record)));
    page.raw(&table.html());
    page.note(
        "“Explained” is the share of columns that a random block of others shortens by half. Only the columns are looked at, \
         never the response; and nothing is promised for supports that were chosen to be hard.",
    );
    page.section("Repeat it");
    page.code(&document.head.command_line());
    page.html()
}
