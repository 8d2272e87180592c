//! `orthant sparse-linreg select`.

use super::arguments::{SearchName, SelectArguments, SelectionName};
use super::model::design;
use super::record::{ModelRecord, Scales};
use super::words;
use crate::failure::{Failure, Outcome};
use crate::input::{Regression, ResponseKind, find_name, split_list};
use crate::output::{Align, Folder, Head, Table, document_json, records_csv, short};
use crate::progress::Progress;
use crate::regression::{Matrix, Session, TableRecord, explained, moments, numbers, total_variation};
use crate::report::{HtmlTable, Page};
use ndarray::Array1;
use orthant::sparse_linreg::{
    BestSubset, Criterion, ElasticNet, Error, Omp, Search, SearchProgress, SearchStage, SelectionProgress,
    StabilitySelection, StableColumns,
};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

const FILES: [&str; 5] = ["sizes.csv", "frequencies.csv", "coefficients.csv", "report.html", "selection.json"];
const SCHEMA: &str = "orthant-sparse-linreg-selection";
const SCHEMA_VERSION: u32 = 1;
/// Sizes that are tried without --max-size.
const SIZES: usize = 20;
/// Features in a table.
const SHOWN: usize = 40;

/// `selection.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SelectionDocument {
    #[serde(flatten)]
    head: Head,
    data: TableRecord,
    /// `subset`, `omp` or `stability`.
    method: String,
    /// The criterion that chose the size.
    criterion: Option<String>,
    /// One model for each size; empty for `stability`.
    sizes: Vec<SizeRecord>,
    /// Position of the chosen size.
    chosen: Option<usize>,
    /// How often each feature was chosen, the most frequent first; empty without `stability`.
    frequencies: Vec<FrequencyRecord>,
    /// Bound of the expected number of falsely chosen features.
    expected_false: Option<f64>,
    /// The chosen model on all rows: least squares on its features.
    model: Option<ModelRecord>,
}

/// The model of one size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SizeRecord {
    size: usize,
    features: Vec<String>,
    r_squared: Option<f64>,
    rss: f64,
    /// `null` when it is infinite: an exact fit, or too few rows.
    criterion: Option<f64>,
    /// What is known about the model, in words.
    certificate: Option<String>,
}

/// A row of `sizes.csv`.
#[derive(Debug, Serialize)]
struct Row<'a> {
    size: usize,
    rss: f64,
    r_squared: Option<f64>,
    criterion: Option<f64>,
    features: String,
    certificate: &'a str,
}

/// How often a feature was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct FrequencyRecord {
    feature: String,
    frequency: f64,
    stable: bool,
}

/// One size before names are known.
struct Candidate {
    coefficients: Array1<f64>,
    intercept: f64,
    rss: f64,
    /// In the order of entry where there is one.
    support: Vec<usize>,
    certificate: Option<String>,
}

/// Selects features and writes the folder.
pub(crate) fn select(arguments: &SelectArguments) -> Outcome<()> {
    let criterion = criterion(&arguments.criterion)?;
    let mut session = Session::open("sparse-linreg", &arguments.table, &arguments.results, ResponseKind::Numbers)?;
    let y = numbers(&session.table)?;
    let data = TableRecord::new(&session.table);
    let always = match &arguments.always_in {
        None => Vec::new(),
        Some(text) => split_list("--always-in", text)?
            .iter()
            .map(|name| find_name("--always-in", name, &session.table.names))
            .collect::<Outcome<Vec<usize>>>()?,
    };
    let x = Matrix::take(&mut session.table)?;
    let table = &session.table;
    let refuse = |error| words::failure(&table.source, &error);
    let progress = &session.progress;
    let weights = table.weights.as_ref();
    let total = total_variation(&y, weights, !arguments.no_intercept);
    let scales = Scales { names: &table.names, deviations: moments(&x, weights).1, total };
    let document = |method: &str| SelectionDocument {
        head: Head::new(SCHEMA, SCHEMA_VERSION),
        data: data.clone(),
        method: method.to_owned(),
        criterion: None,
        sizes: Vec::new(),
        chosen: None,
        frequencies: Vec::new(),
        expected_false: None,
        model: None,
    };
    let document = match arguments.method {
        SelectionName::Stability => {
            if !always.is_empty() || arguments.max_size.is_some() {
                return Err(Failure::input("--always-in and --max-size do not go with --method stability"));
            }
            let found = stability(arguments, table, &x, &y, progress).map_err(refuse)?;
            SelectionDocument {
                frequencies: frequencies(&found, &table.names),
                expected_false: Some(found.expected_false),
                ..document("stability")
            }
        }
        method => {
            let (name, candidates) = match method {
                SelectionName::Omp => ("omp", pursuit(arguments, always, table, &x, &y)),
                _ => ("subset", subsets(arguments, always, table, &x, &y, progress)),
            };
            let candidates = candidates.map_err(refuse)?;
            let (n, p) = x.dim();
            let value = |c: &Candidate| criterion.value(c.rss, n, c.support.len() as f64, p);
            let chosen = (0..candidates.len()).min_by(|&a, &b| value(&candidates[a]).total_cmp(&value(&candidates[b])));
            let size = |candidate: &Candidate| SizeRecord {
                size: candidate.support.len(),
                features: candidate.support.iter().map(|&j| table.names[j].clone()).collect(),
                r_squared: explained(candidate.rss, total),
                rss: candidate.rss,
                criterion: Some(value(candidate)).filter(|value| value.is_finite()),
                certificate: candidate.certificate.clone(),
            };
            let words = if name == "omp" { "Orthogonal matching pursuit" } else { "Best subset" };
            let model = |at: usize| {
                let c = &candidates[at];
                ModelRecord::new(words, &c.coefficients, c.intercept, c.rss, &scales)
            };
            SelectionDocument {
                criterion: Some(arguments.criterion.clone()),
                sizes: candidates.iter().map(size).collect(),
                chosen,
                model: chosen.map(model),
                ..document(name)
            }
        }
    };
    let json = document_json(&document)?;
    let mut folder = Folder::new();
    if document.sizes.is_empty() {
        folder.add("frequencies.csv", records_csv(&document.frequencies)?);
    } else {
        folder.add("sizes.csv", records_csv(&rows(&document))?);
    }
    if let Some(model) = &document.model {
        folder.add("coefficients.csv", records_csv(&model.coefficients)?);
    }
    folder.add("report.html", report(&document));
    folder.add("selection.json", json.clone());
    session.finish(&folder, &FILES, &json, &summary(&document))
}

/// The criterion that an option names.
fn criterion(text: &str) -> Outcome<Criterion> {
    Ok(match text.split_once(':') {
        None if text == "aic" => Criterion::Aic,
        None if text == "aicc" => Criterion::Aicc,
        None if text == "bic" => Criterion::Bic,
        None if text == "gic" => Criterion::Gic,
        Some(("ebic", gamma)) => match gamma.parse::<f64>() {
            Ok(gamma) if gamma >= 0.0 && gamma.is_finite() => Criterion::Ebic { gamma },
            _ => return Err(Failure::input(format!("--criterion `{text}`: the number must be finite and >= 0"))),
        },
        _ => {
            return Err(Failure::input(format!(
                "--criterion `{text}`: there are `aic`, `aicc`, `bic`, `gic` and `ebic:G`"
            )));
        }
    })
}

/// The sizes that are tried.
fn sizes(arguments: &SelectArguments, always: usize, (n, d): (usize, usize)) -> Vec<usize> {
    let rows = n - usize::from(!arguments.no_intercept).min(n);
    let largest = arguments.max_size.unwrap_or(SIZES.min(d).min(rows.saturating_sub(1)).max(always));
    (always..=largest.max(always)).collect()
}

fn subsets(
    arguments: &SelectArguments,
    always: Vec<usize>,
    table: &Regression,
    x: &Matrix,
    y: &Array1<f64>,
    progress: &Progress,
) -> Result<Vec<Candidate>, Error> {
    let mut method = BestSubset::new()
        .sizes(sizes(arguments, always.len(), x.dim()))
        .always_in(always)
        .intercept(!arguments.no_intercept)
        .search(match arguments.search {
            SearchName::Splicing => Search::Splicing,
            SearchName::MultiStart => Search::MultiStart,
            SearchName::Exhaustive => Search::Exhaustive,
        });
    if let Some(weights) = &table.weights {
        method = method.sample_weights(weights.clone());
    }
    let mut bar = |state: &SearchProgress| {
        let what = if state.stage == SearchStage::BranchAndBound { "nodes at most" } else { "sizes" };
        progress.step("selecting", state.done, state.total, what)
    };
    let path = method.fit_observed(design(x), y, &mut bar)?;
    let candidate = |model: orthant::sparse_linreg::SubsetModel| Candidate {
        coefficients: model.coefficients,
        intercept: model.intercept,
        rss: model.rss,
        support: model.support,
        certificate: Some(model.certificate.to_string()),
    };
    Ok(path.models.into_iter().map(candidate).collect())
}

fn pursuit(
    arguments: &SelectArguments,
    always: Vec<usize>,
    table: &Regression,
    x: &Matrix,
    y: &Array1<f64>,
) -> Result<Vec<Candidate>, Error> {
    let largest = sizes(arguments, always.len(), x.dim()).last().copied().unwrap_or(0);
    let mut method = Omp::new(largest).intercept(!arguments.no_intercept).always_in(always);
    if let Some(weights) = &table.weights {
        method = method.sample_weights(weights.clone());
    }
    let path = match x {
        Matrix::Dense(x) => method.fit(x, y)?,
        Matrix::Sparse(x) => method.fit(&x.to_dense(), y)?,
    };
    let d = path.columns;
    let candidate = |step: orthant::sparse_linreg::OmpStep| {
        let mut coefficients = Array1::zeros(d);
        step.support.iter().zip(&step.coefficients).for_each(|(&j, &w)| coefficients[j] = w);
        let (intercept, rss, support) = (step.intercept, step.rss, step.support);
        Candidate { coefficients, intercept, rss, support, certificate: None }
    };
    Ok(path.steps.into_iter().map(candidate).collect())
}

fn stability(
    arguments: &SelectArguments,
    table: &Regression,
    x: &Matrix,
    y: &Array1<f64>,
    progress: &Progress,
) -> Result<StableColumns, Error> {
    let mut lasso = ElasticNet::lasso().intercept(!arguments.no_intercept).standardise(true);
    if let Some(weights) = &table.weights {
        lasso = lasso.sample_weights(weights.clone());
    }
    let mut bar = |state: &SelectionProgress| progress.step("selecting", state.done, state.total, "samples");
    StabilitySelection::new(lasso)
        .samples(arguments.samples)
        .threshold(arguments.threshold)
        .seed(arguments.seed)
        .run_observed(design(x), y, &mut bar)
}

fn frequencies(found: &StableColumns, names: &[String]) -> Vec<FrequencyRecord> {
    let mut records: Vec<FrequencyRecord> = found
        .frequencies
        .iter()
        .enumerate()
        .filter(|(_, frequency)| **frequency > 0.0)
        .map(|(j, &frequency)| FrequencyRecord {
            feature: names[j].clone(),
            frequency,
            stable: found.selected.contains(&j),
        })
        .collect();
    records.sort_by(|a, b| b.frequency.total_cmp(&a.frequency));
    records
}

fn rows(document: &SelectionDocument) -> Vec<Row<'_>> {
    let row = |record: &'_ SizeRecord| Row {
        size: record.size,
        rss: record.rss,
        r_squared: record.r_squared,
        criterion: record.criterion,
        features: record.features.join(" "),
        certificate: "",
    };
    document
        .sizes
        .iter()
        .map(|record| Row { certificate: record.certificate.as_deref().unwrap_or(""), ..row(record) })
        .collect()
}

const SIZE_COLUMNS: [(&str, Align); 5] = [
    ("features", Align::Right),
    ("R²", Align::Right),
    ("criterion", Align::Right),
    ("which", Align::Left),
    ("known", Align::Left),
];
const FREQUENCY_COLUMNS: [(&str, Align); 3] =
    [("feature", Align::Left), ("chosen in", Align::Right), ("stable", Align::Left)];

fn size_cells(document: &SelectionDocument, index: usize) -> Vec<String> {
    let record = &document.sizes[index];
    let mut which = record.features.iter().take(8).cloned().collect::<Vec<_>>().join(" ");
    if record.features.len() > 8 {
        which.push_str(" …");
    }
    let mark = if document.chosen == Some(index) { " (chosen)" } else { "" };
    let known = record.certificate.as_deref().and_then(|text| text.split(':').next()).unwrap_or("");
    vec![
        format!("{}{mark}", record.size),
        record.r_squared.map_or("–".to_owned(), |r| format!("{r:.4}")),
        record.criterion.map_or("–".to_owned(), short),
        which,
        known.to_owned(),
    ]
}

fn frequency_cells(record: &FrequencyRecord) -> Vec<String> {
    let stable = if record.stable { "yes" } else { "" };
    vec![record.feature.clone(), format!("{:.0} %", 100.0 * record.frequency), stable.to_owned()]
}

/// What the bound of stability selection says.
fn bound(document: &SelectionDocument) -> Option<String> {
    let stable = document.frequencies.iter().filter(|record| record.stable).count();
    document.expected_false.map(|bound| {
        format!("{stable} stable features; at most {bound:.2} of them are expected to be chosen by chance (for exchangeable noise features)")
    })
}

fn summary(document: &SelectionDocument) -> String {
    let title = match document.method.as_str() {
        "stability" => "Stability selection",
        "omp" => "Orthogonal matching pursuit",
        _ => "Best subsets",
    };
    let mut text = format!("{title}: {}\n\n", document.data.sentence());
    if document.sizes.is_empty() {
        let mut table = Table::new(&FREQUENCY_COLUMNS);
        document.frequencies.iter().take(SHOWN).for_each(|record| table.row(frequency_cells(record)));
        text.push_str(&table.text());
        if document.frequencies.len() > SHOWN {
            let _ = writeln!(text, "  … and {} more", document.frequencies.len() - SHOWN);
        }
    } else {
        let mut table = Table::new(&SIZE_COLUMNS);
        (0..document.sizes.len()).for_each(|index| table.row(size_cells(document, index)));
        text.push_str(&table.text());
    }
    if let Some(bound) = bound(document) {
        let _ = writeln!(text, "\n  {bound}");
    }
    if let Some(model) = &document.model {
        let criterion = document.criterion.as_deref().unwrap_or("");
        let _ = write!(text, "\nThe size that {criterion} chooses\n\n{}", model.text());
    }
    text
}

fn report(document: &SelectionDocument) -> String {
    let title = format!("Features that explain {}", document.data.response);
    let mut page = Page::new(&title, &document.data.sentence());
    if document.sizes.is_empty() {
        page.section("How often each feature was chosen");
        let mut table = HtmlTable::new(&FREQUENCY_COLUMNS);
        document.frequencies.iter().take(10 * SHOWN).for_each(|record| table.row(&frequency_cells(record)));
        page.raw(&table.html());
    } else {
        page.section("The best model of each size");
        let mut table = HtmlTable::new(&SIZE_COLUMNS);
        (0..document.sizes.len()).for_each(|index| table.row(&size_cells(document, index)));
        page.raw(&table.html());
        page.note(
            "R² always grows with the size; the criterion weighs it against the number of features. “Optimal” is certified: no \
             model of that size fits better.",
        );
    }
    if let Some(bound) = bound(document) {
        page.paragraph(&bound);
    }
    if let Some(model) = &document.model {
        model.section(&mut page, "The chosen model");
    }
    page.section("Repeat it");
    page.code(&document.head.command_line());
    page.html()
}
