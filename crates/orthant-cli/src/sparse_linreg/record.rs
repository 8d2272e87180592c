//! A fitted model in the documents of results.

use crate::output::{Align, Table, short, signed};
use crate::regression::{COEFFICIENT_COLUMNS, COEFFICIENT_NOTE, CoefficientRecord, explained};
use crate::report::{HtmlTable, Page};
use ndarray::Array1;
use orthant::sparse_linreg::{LinearFit, Model, RandomSpan, RspFit};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// Coefficients in a summary and on a page; the files hold all.
const SHOWN: usize = 30;
const ON_PAGE: usize = 300;

/// One model on all rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ModelRecord {
    /// The method, in words.
    pub(super) method: String,
    /// Penalty level, where there is one.
    pub(super) lambda: Option<f64>,
    pub(super) intercept: f64,
    /// Coefficients that are not zero.
    pub(super) nonzero: usize,
    /// R² in the table; `null` for a constant response.
    pub(super) r_squared: Option<f64>,
    /// Duality gap relative to the objective at w = 0, for convex methods.
    pub(super) relative_gap: Option<f64>,
    /// Estimate of the standard deviation of the noise, where the method has one.
    pub(super) sigma: Option<f64>,
    /// False when the solver did not reach its tolerance.
    pub(super) converged: bool,
    /// What was projected out, for `rsp`.
    pub(super) span: Option<SpanRecord>,
    /// Those that are not zero, the largest effect first.
    pub(super) coefficients: Vec<CoefficientRecord>,
}

/// A random span.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SpanRecord {
    /// Its dimension.
    pub(super) dimension: usize,
    /// The features that span it.
    pub(super) features: Vec<String>,
    /// Features inside the span, those that span it among them.
    pub(super) inside: usize,
    /// Smallest and largest part of a feature's length that is outside.
    pub(super) outside: (f64, f64),
    /// Why it was not made larger, in words.
    pub(super) reason: String,
}

/// What the records of all models need of the table.
pub(super) struct Scales<'a> {
    pub(super) names: &'a [String],
    /// Standard deviations of the features.
    pub(super) deviations: Array1<f64>,
    /// Σ (yᵢ - ȳ)².
    pub(super) total: f64,
}

impl SpanRecord {
    pub(super) fn new(span: &RandomSpan, names: &[String]) -> Self {
        let found = span.diagnostics();
        Self {
            dimension: found.rank,
            features: span.set.iter().map(|&j| names[j].clone()).collect(),
            inside: found.inside,
            outside: found.relative_residuals,
            reason: found.reason.to_string(),
        }
    }
}

impl ModelRecord {
    /// A model of which only the coefficients are known, and its residual sum of squares.
    pub(super) fn new(
        method: impl Into<String>,
        coefficients: &Array1<f64>,
        intercept: f64,
        rss: f64,
        scales: &Scales<'_>,
    ) -> Self {
        let coefficients = CoefficientRecord::list(coefficients, &scales.deviations, scales.names);
        Self {
            method: method.into(),
            lambda: None,
            intercept,
            nonzero: coefficients.len(),
            r_squared: explained(rss, scales.total),
            relative_gap: None,
            sigma: None,
            converged: true,
            span: None,
            coefficients,
        }
    }

    pub(super) fn linear(method: impl Into<String>, fit: &LinearFit, scales: &Scales<'_>) -> Self {
        Self {
            lambda: Some(fit.lambda),
            relative_gap: Some(fit.relative_gap),
            converged: fit.converged,
            ..Self::new(method, &fit.coefficients, fit.intercept, fit.rss, scales)
        }
    }

    pub(super) fn rsp(method: impl Into<String>, fit: &RspFit, scales: &Scales<'_>) -> Self {
        let level = &fit.level;
        Self {
            lambda: Some(level.lambda),
            relative_gap: Some(level.relative_gap),
            sigma: level.sigma,
            converged: level.converged,
            span: Some(SpanRecord::new(&fit.span, scales.names)),
            ..Self::new(method, &level.coefficients, level.intercept, level.rss, scales)
        }
    }

    /// The model of a race, with its residual sum of squares.
    pub(super) fn raced(method: &str, model: &Model, rss: f64, scales: &Scales<'_>) -> Self {
        match model {
            Model::Linear(fit) => Self::linear(method, fit, scales),
            Model::Rsp(fit) => Self::rsp(method, fit, scales),
            Model::Relaxed(fit) => {
                Self { lambda: Some(fit.lambda), ..Self::new(method, &fit.coefficients, fit.intercept, rss, scales) }
            }
            _ => Self::new(method, model.coefficients(), model.intercept(), rss, scales),
        }
    }

    /// What the user should know, in sentences.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.converged {
            warnings.push(
                "The solver did not reach its tolerance; the relative gap says how far the model is from the optimum."
                    .to_owned(),
            );
        }
        if self.span.as_ref().is_some_and(|span| span.dimension > 0) {
            warnings.push(
                "Features of the span have least-squares coefficients, which are not sparse; where features nearly depend \
                 on one another they can be huge and cancel. Judge the model by its predictions."
                    .to_owned(),
            );
        }
        warnings
    }

    /// Facts, name and value.
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![("method", self.method.clone())];
        facts.extend(self.lambda.map(|lambda| ("λ", short(lambda))));
        facts.push(("intercept", signed(self.intercept)));
        facts.push(("nonzero coefficients", self.nonzero.to_string()));
        facts.extend(self.r_squared.map(|r| ("R² in the table", format!("{r:.4}"))));
        facts.extend(self.sigma.map(|sigma| ("noise (standard deviation)", short(sigma))));
        facts.extend(self.relative_gap.map(|gap| ("relative duality gap", format!("{gap:.0e}"))));
        if let Some(span) = &self.span {
            facts.push(("span projected out", format!("{} dimensions; {}", span.dimension, span.reason)));
        }
        facts
    }

    /// Coefficients and facts for a terminal.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        if !self.coefficients.is_empty() {
            let mut table = Table::new(&COEFFICIENT_COLUMNS);
            self.coefficients.iter().take(SHOWN).for_each(|record| table.row(record.cells()));
            text.push_str(&table.text());
            if self.coefficients.len() > SHOWN {
                let _ = writeln!(text, "  … and {} more", self.coefficients.len() - SHOWN);
            }
            text.push('\n');
        }
        let mut table = Table::new(&[("", Align::Left), ("", Align::Left)]);
        self.facts().into_iter().for_each(|(name, value)| table.row(vec![name.to_owned(), value]));
        text.push_str(&table.text());
        for warning in self.warnings() {
            let _ = writeln!(text, "\nPlease note\n  - {warning}");
        }
        text
    }

    /// The same on a page.
    pub(super) fn section(&self, page: &mut Page, heading: &str) {
        page.section(heading);
        let mut table = HtmlTable::new(&[("", Align::Left), ("", Align::Left)]);
        self.facts().into_iter().for_each(|(name, value)| table.row(&[name.to_owned(), value]));
        page.raw(&table.html());
        if self.coefficients.is_empty() {
            page.paragraph("All coefficients are zero.");
            return;
        }
        let mut table = HtmlTable::new(&COEFFICIENT_COLUMNS);
        self.coefficients.iter().take(ON_PAGE).for_each(|record| table.row(&record.cells()));
        page.raw(&table.html());
        page.note(COEFFICIENT_NOTE);
    }
}
