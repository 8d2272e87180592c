//! Tables with a response: what a regression or a classification is fitted to.

use super::request::Request;
use super::selection::find_name;
use crate::failure::{Failure, Outcome};
use ndarray::{Array1, Array2};

/// What is asked of a table with a response.
#[derive(Debug, Clone)]
pub(crate) struct RegressionRequest {
    /// Header, separator, columns, missing values, groups of rows, memory.
    pub(crate) table: Request,
    /// The column with the response; a name or 0-based index.
    pub(crate) response: Option<String>,
    /// The column with the sample weights.
    pub(crate) weights: Option<String>,
    /// What the response holds.
    pub(crate) kind: ResponseKind,
}

/// What the response holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseKind {
    /// Numbers.
    Numbers,
    /// Names of classes.
    Classes,
}

/// A response.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Response {
    /// A number for each row.
    Numbers(Array1<f64>),
    /// The names of the classes, and the class of each row. Names that are numbers are in the order of the numbers.
    Classes(Vec<String>, Vec<usize>),
}

/// The features.
#[derive(Debug, Clone)]
pub(crate) enum Features {
    /// n × d, column after column.
    Dense(Array2<f64>),
    /// n × d, the stored entries of each column.
    Sparse(SparseColumns),
}

/// The stored entries of column j are those from `starts[j]` to `starts[j + 1]`, in ascending order of rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SparseColumns {
    pub(crate) rows: usize,
    pub(crate) starts: Vec<usize>,
    pub(crate) indices: Vec<usize>,
    pub(crate) values: Vec<f64>,
}

/// A table with a response.
#[derive(Debug, Clone)]
pub(crate) struct Regression {
    /// What was read, as the user named it.
    pub(crate) source: String,
    /// Names of the features (d).
    pub(crate) names: Vec<String>,
    pub(crate) features: Features,
    /// Name of the response.
    pub(crate) response_name: String,
    pub(crate) response: Response,
    /// Sample weights (n).
    pub(crate) weights: Option<Array1<f64>>,
    /// Names of the groups, and the group of each row.
    pub(crate) groups: Option<(Vec<String>, Vec<usize>)>,
    /// Rows that were left out for a missing value.
    pub(crate) dropped: usize,
}

impl Response {
    /// Number of rows n.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Numbers(y) => y.len(),
            Self::Classes(_, y) => y.len(),
        }
    }
}

impl Regression {
    /// Number of rows n.
    pub(crate) fn rows(&self) -> usize {
        match &self.features {
            Features::Dense(x) => x.nrows(),
            Features::Sparse(x) => x.rows,
        }
    }

    /// Share of entries that are stored.
    pub(crate) fn density(&self) -> f64 {
        match &self.features {
            Features::Dense(_) => 1.0,
            Features::Sparse(x) => x.values.len() as f64 / (x.rows as f64 * self.names.len() as f64),
        }
    }
}

/// Where the parts of a row stand.
#[derive(Debug, Clone)]
pub(super) struct Roles {
    /// The features.
    pub(super) features: Vec<usize>,
    pub(super) response: Option<usize>,
    pub(super) weights: Option<usize>,
    pub(super) group: Option<usize>,
}

impl Roles {
    /// Finds the columns among `all` of `file`; the features are those that have no other part.
    pub(super) fn new(file: &str, all: &[String], named: bool, request: &RegressionRequest) -> Outcome<Self> {
        let find = |option: &str, name: &Option<String>| name.as_deref().map(|n| find_name(option, n, all)).transpose();
        let response = find("--response", &request.response)?;
        let weights = find("--weights", &request.weights)?;
        let group = find("--group-by", &request.table.group_by)?;
        for (option, column) in [("--weights", weights), ("--group-by", group)] {
            if column.is_some() && column == response {
                return Err(Failure::input(format!("{option} and --response name the same column")));
            }
        }
        // Whether the features fit into memory depends on the rows, which are not known yet.
        let table = Request { memory: 0, group_by: None, ..request.table.clone() };
        let others = [response, weights, group];
        let kept = super::choose_columns(file, all, false, &table)?;
        let features: Vec<usize> = kept.into_iter().filter(|&index| !others.contains(&Some(index))).collect();
        if features.is_empty() {
            return Err(Failure::input(format!("`{file}`: no column is left as a feature")));
        }
        if named {
            super::selection::check_names(file, all, &features)?;
        }
        Ok(Self { features, response, weights, group })
    }
}

/// Collects rows of a dense table.
pub(super) struct Rows<'a> {
    source: String,
    all: Vec<String>,
    roles: Roles,
    request: &'a RegressionRequest,
    features: Vec<f64>,
    numbers: Vec<f64>,
    labels: Vec<String>,
    weights: Vec<f64>,
    groups: Vec<String>,
    rows: usize,
    dropped: usize,
}

impl<'a> Rows<'a> {
    pub(super) fn new(source: String, all: Vec<String>, roles: Roles, request: &'a RegressionRequest) -> Self {
        let (features, numbers, weights) = (Vec::new(), Vec::new(), Vec::new());
        let (labels, groups) = (Vec::new(), Vec::new());
        Self { source, all, roles, request, features, numbers, labels, weights, groups, rows: 0, dropped: 0 }
    }

    pub(super) fn roles(&self) -> &Roles {
        &self.roles
    }

    /// "`file`, row 3, column 2 (`b`)".
    pub(super) fn place(&self, row: u64, column: usize) -> String {
        format!("`{}`, row {row}, column {} (`{}`)", self.source, column + 1, self.all[column])
    }

    /// Notes a row that is left out.
    pub(super) fn drop_row(&mut self) {
        self.dropped += 1;
    }

    /// Adds a row: features, number or class of the response where it stands in the table, weight, group.
    pub(super) fn push(
        &mut self,
        row: u64,
        features: &[f64],
        response: Option<Answer<'_>>,
        weight: Option<f64>,
        group: Option<&str>,
    ) -> Outcome<()> {
        if let Some(weight) = weight {
            if !(weight >= 0.0) {
                let place = self.place(row, self.roles.weights.unwrap_or(0));
                return Err(Failure::input(format!("{place}: the weight is {weight}; it must be >= 0")));
            }
            self.weights.push(weight);
        }
        match response {
            Some(Answer::Number(number)) => self.numbers.push(number),
            Some(Answer::Class(class)) => self.labels.push(class.to_owned()),
            None => {}
        }
        self.groups.extend(group.map(|group| group.trim().to_owned()));
        self.features.extend_from_slice(features);
        self.rows += 1;
        self.request.table.check_numbers(&self.source, self.features.len())
    }

    /// The table, with `response` where it does not stand in it.
    pub(super) fn finish(self, response: Option<(String, Response)>) -> Outcome<Regression> {
        if self.rows == 0 {
            let what = if self.dropped > 0 { "no row without a missing value" } else { "no rows of numbers" };
            return Err(Failure::input(format!("`{}` has {what}", self.source)));
        }
        let d = self.roles.features.len();
        let rows = Array2::from_shape_vec((self.rows, d), self.features)
            .map_err(|error| Failure::Internal(error.to_string()))?;
        // Column after column.
        let features = rows.t().as_standard_layout().into_owned().reversed_axes();
        let (response_name, response) = match (response, self.roles.response) {
            (Some(response), _) => response,
            (None, Some(column)) => {
                let response = match self.request.kind {
                    ResponseKind::Numbers => Response::Numbers(Array1::from(self.numbers)),
                    ResponseKind::Classes => classes(self.labels),
                };
                (self.all[column].clone(), response)
            }
            (None, None) => return Err(no_response(&self.source, &self.all)),
        };
        check_length(&self.source, self.rows, self.dropped, &response)?;
        let weights = self.roles.weights.map(|_| Array1::from(self.weights));
        let groups = self.roles.group.map(|_| numbered(self.groups));
        Ok(Regression {
            names: self.roles.features.iter().map(|&index| self.all[index].clone()).collect(),
            source: self.source,
            features: Features::Dense(features),
            response_name,
            response,
            weights,
            groups,
            dropped: self.dropped,
        })
    }
}

/// The response of a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer<'t> {
    Number(f64),
    Class(&'t str),
}

pub(super) fn no_response(file: &str, all: &[String]) -> Failure {
    let shown = if all.len() <= 12 { all.join(", ") } else { format!("{}, …", all[..8].join(", ")) };
    Failure::input(format!("`{file}`: which column is the response? Pass --response NAME; there are {shown}"))
}

/// A response has a value for each row.
pub(super) fn check_length(file: &str, rows: usize, dropped: usize, response: &Response) -> Outcome<()> {
    let found = response.len();
    if found == rows {
        return Ok(());
    }
    let hint = if dropped > 0 { format!(" ({dropped} left out for missing values)") } else { String::new() };
    Err(Failure::input(format!("`{file}` has {rows} rows{hint}, but the response has {found} values")))
}

/// The classes of labels: in the order of the numbers when all labels are numbers, else of the alphabet.
pub(super) fn classes(labels: Vec<String>) -> Response {
    let mut names: Vec<String> = labels.clone();
    names.sort();
    names.dedup();
    let numbers: Option<Vec<f64>> = names.iter().map(|name| name.parse().ok()).collect();
    if let Some(numbers) = numbers {
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
        names = order.into_iter().map(|index| names[index].clone()).collect();
    }
    let index: std::collections::HashMap<&str, usize> =
        names.iter().enumerate().map(|(index, name)| (name.as_str(), index)).collect();
    let codes = labels.iter().map(|label| index[label.as_str()]).collect();
    Response::Classes(names.clone(), codes)
}

/// Names in order of appearance, and the number of each entry's name.
fn numbered(labels: Vec<String>) -> (Vec<String>, Vec<usize>) {
    let mut names: Vec<String> = Vec::new();
    let mut index = std::collections::HashMap::new();
    let codes = labels
        .into_iter()
        .map(|label| {
            *index.entry(label.clone()).or_insert_with(|| {
                names.push(label);
                names.len() - 1
            })
        })
        .collect();
    (names, codes)
}

#[cfg(test)]
mod tests {
    use super::{Response, classes, numbered};

    #[test]
    fn classes_have_a_sensible_order() {
        let of = |labels: &[&str]| classes(labels.iter().map(|&l| l.to_owned()).collect());
        let names = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>();
        assert_eq!(of(&["10", "9", "10"]), Response::Classes(names(&["9", "10"]), vec![1, 0, 1]));
        assert_eq!(of(&["yes", "no"]), Response::Classes(names(&["no", "yes"]), vec![1, 0]));
    }

    #[test]
    fn groups_are_numbered_as_they_come() {
        let labels = ["b", "a", "b"].map(str::to_owned).to_vec();
        assert_eq!(numbered(labels), (vec!["b".to_owned(), "a".to_owned()], vec![0, 1, 0]));
    }
}
