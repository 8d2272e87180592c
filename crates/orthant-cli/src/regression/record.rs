//! The table in the documents of results.

use crate::failure::{Failure, Outcome};
use crate::input::{Regression, Response};
use ndarray::Array1;
use serde::{Deserialize, Serialize};

/// What a model was fitted to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TableRecord {
    pub(crate) source: String,
    pub(crate) rows: usize,
    pub(crate) features: usize,
    /// Share of the entries that are stored; 1 for a dense table.
    pub(crate) density: f64,
    pub(crate) response: String,
    /// Names of the classes of the response; `null` for numbers.
    pub(crate) classes: Option<Vec<String>>,
    /// Rows left out for a missing value.
    pub(crate) dropped_rows: usize,
    /// Whether the rows have weights.
    pub(crate) weighted: bool,
}

impl TableRecord {
    pub(crate) fn new(table: &Regression) -> Self {
        Self {
            source: table.source.clone(),
            rows: table.rows(),
            features: table.names.len(),
            density: table.density(),
            response: table.response_name.clone(),
            classes: match &table.response {
                Response::Numbers(_) => None,
                Response::Classes(names, _) => Some(names.clone()),
            },
            dropped_rows: table.dropped,
            weighted: table.weights.is_some(),
        }
    }

    /// "diabetes, 442 rows, 10 features, response `progression`".
    pub(crate) fn sentence(&self) -> String {
        let base = self.source.rsplit(['/', '\\']).next().unwrap_or(&self.source);
        let mut text = format!("{base}, {} rows, {} features, response `{}`", self.rows, self.features, self.response);
        if let Some(classes) = &self.classes {
            text.push_str(&format!(" of {} classes", classes.len()));
        }
        if self.density < 1.0 {
            text.push_str(&format!(", {:.2} % of the entries stored", 100.0 * self.density));
        }
        if self.weighted {
            text.push_str(", weighted");
        }
        if self.dropped_rows > 0 {
            text.push_str(&format!(", {} rows with missing values left out", self.dropped_rows));
        }
        text
    }
}

/// The response of a table that was read with numbers.
pub(crate) fn numbers(table: &Regression) -> Outcome<Array1<f64>> {
    match &table.response {
        Response::Numbers(y) => Ok(y.clone()),
        Response::Classes(..) => Err(Failure::Internal("the response was read as classes".to_owned())),
    }
}
