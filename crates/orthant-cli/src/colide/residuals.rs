//! Do the residuals look as the model says?

use super::document::{FitDocument, ResidualRecord};
use super::solve::Evidence;
use super::words;
use crate::failure::Outcome;
use crate::input::Sample;
use crate::output::{Align, short, signed};
use crate::report::{HtmlTable, Page};
use ndarray::{Axis, concatenate};
use orthant::colide::Fit;

use super::summary::p_value;
use Align::{Left, Right};

/// A p-value below which residuals are called not Gaussian.
const NOT_GAUSSIAN: f64 = 0.01;
/// A correlation of squares above which the noise is said to depend on a cause: it then explains 4 % of the squared
/// residual.
const DEPENDENT: f64 = 0.2;
/// Rows of the table on the page; `fit.json` holds all.
const SHOWN: usize = 300;

/// One record for each variable, when rows are at hand that the fit explains: with interventions, those of the groups
/// without.
pub(super) fn records(fit: &Fit, evidence: &Evidence, sample: &Sample) -> Outcome<Option<Vec<ResidualRecord>>> {
    let observed = match evidence {
        Evidence::Environments(parts) => {
            let free: Vec<_> =
                parts.iter().filter(|(_, targets)| targets.is_empty()).map(|(rows, _)| rows.view()).collect();
            concatenate(Axis(0), &free).ok()
        }
        Evidence::Covariance | Evidence::Series(..) => None,
    };
    let rows = match evidence {
        Evidence::Environments(_) => observed.as_ref(),
        Evidence::Covariance | Evidence::Series(..) => sample.rows.as_ref(),
    };
    let Some(rows) = rows.filter(|rows| rows.nrows() >= 2) else { return Ok(None) };
    let found = fit.residual_diagnostics(rows).map_err(|error| words::failure(&error, &sample.names))?;
    let record = |j: usize| ResidualRecord {
        skewness: found.skewness[j],
        excess_kurtosis: found.excess_kurtosis[j],
        normality_p: found.normality_p[j],
        parent_correlation: found.parent_correlation[j],
        squared_correlation: found.squared_correlation[j],
    };
    Ok(Some((0..sample.names.len()).map(record).collect()))
}

/// The section of the report.
pub(super) fn section(page: &mut Page, document: &FitDocument) {
    // The past has no equation and so no residual.
    let known: Vec<(&str, &ResidualRecord)> = document
        .variables
        .iter()
        .filter(|variable| variable.lag == 0)
        .filter_map(|variable| variable.residuals.as_ref().map(|found| (variable.name.as_str(), found)))
        .collect();
    if known.is_empty() {
        return;
    }
    page.section("Do the residuals look as they should?");
    let names = |wanted: &dyn Fn(&ResidualRecord) -> bool| -> Vec<&str> {
        known.iter().filter(|(_, found)| wanted(found)).map(|&(name, _)| name).collect()
    };
    let odd = names(&|found| found.normality_p < NOT_GAUSSIAN);
    let dependent = names(&|found| found.squared_correlation > DEPENDENT);
    let gaussian = match odd.len() {
        0 => {
            "No variable's residual is clearly different from Gaussian noise, so standard errors, p-values and the BIC \
              can be read as they are."
                .to_owned()
        }
        count => format!(
            "The residuals of {count} of {} variables are clearly not Gaussian (p below {NOT_GAUSSIAN}): {}. The method \
             does not need Gaussian noise, but standard errors, p-values and the BIC lean on it: take them as a guide; \
             intervals from --bootstrap do not.",
            known.len(),
            listed(&odd)
        ),
    };
    page.paragraph(&gaussian);
    let constant = match dependent.len() {
        0 => "No residual's size visibly depends on a cause.".to_owned(),
        _ => format!(
            "The size of the residual depends on a cause for {}: the effect is not linear there, or the noise grows with \
             the cause. A transform (--log for positive values) may help.",
            listed(&dependent)
        ),
    };
    page.paragraph(&constant);
    let mut table = HtmlTable::new(&[
        ("residual of", Left),
        ("skewness", Right),
        ("excess kurtosis", Right),
        ("Gaussian, p-value", Right),
        ("largest squared correlation", Right),
    ]);
    for (name, found) in known.iter().take(SHOWN) {
        table.row(&[
            (*name).to_owned(),
            signed(found.skewness),
            signed(found.excess_kurtosis),
            p_value(found.normality_p),
            short(found.squared_correlation),
        ]);
    }
    page.raw(&table.html());
    page.note(
        "Residual: what the causes leave unexplained, by least squares on the graph. Skewness: 0 is symmetric, positive has \
         a long tail of large values. Excess kurtosis: 0 is Gaussian, positive has heavy tails. Gaussian: test of Jarque \
         and Bera, a small p-value speaks against Gaussian noise; with many rows it finds small differences too. Largest \
         squared correlation: between the squared residual and the square of a cause, 0 when the cause says nothing about \
         the size of the residual.",
    );
}

/// At most a dozen names.
fn listed(names: &[&str]) -> String {
    let shown = names[..names.len().min(12)].join(", ");
    if names.len() > 12 { format!("{shown} and {} more", names.len() - 12) } else { shown }
}
