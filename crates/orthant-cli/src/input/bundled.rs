//! The data sets that come with the program.

use super::collector::Collector;
use super::regression::{Answer, Regression, RegressionRequest, ResponseKind, Roles, Rows};
use super::request::Request;
use super::sample::Sample;
use super::selection::Selection;
use crate::failure::{Failure, Outcome};
use ndarray::{Array2, Axis, concatenate};
use orthant::datasets;

/// A bundled data set by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum BundledName {
    /// Protein signalling in single cells.
    Sachs,
    /// Baseline variables and disease progression of patients.
    Diabetes,
    /// Handwritten digits, 8 × 8 pixels.
    Digits,
    /// Measures of cell nuclei, and the diagnosis.
    BreastCancer,
}

impl BundledName {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Sachs, Self::Diabetes, Self::Digits, Self::BreastCancer];

    /// The name on the command line.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Sachs => "sachs",
            Self::Diabetes => "diabetes",
            Self::Digits => "digits",
            Self::BreastCancer => "breast-cancer",
        }
    }

    /// What it holds, in one line.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Sachs => "protein signalling in single cells, nine conditions, 17 known edges (Sachs et al. 2005)",
            Self::Diabetes => "ten baseline variables and disease progression of patients (Efron et al. 2004)",
            Self::Digits => "handwritten digits of 8 × 8 pixels with labels (Alpaydin and Kaynak)",
            Self::BreastCancer => "thirty measures of cell nuclei and the diagnosis (Wolberg et al.)",
        }
    }

    /// The licence.
    pub(crate) fn licence(self) -> &'static str {
        match self {
            Self::Sachs => "MIT (by way of cdt and GraN-DAG)",
            Self::Diabetes => "BSD-3-Clause (by way of scikit-learn)",
            Self::Digits | Self::BreastCancer => "CC BY 4.0",
        }
    }
}

/// A bundled data set.
pub(crate) struct Bundled {
    pub(crate) name: BundledName,
    /// Names of the variables.
    pub(crate) names: Vec<String>,
    /// The numbers.
    pub(crate) x: Array2<f64>,
    /// A column that names the group of each row, and its values.
    pub(crate) group: Option<(&'static str, Vec<u8>)>,
    /// The true edges, where they are known.
    pub(crate) edges: Option<Vec<(usize, usize)>>,
}

impl Bundled {
    /// Unpacks a data set.
    pub(crate) fn load(name: BundledName) -> Outcome<Self> {
        match name {
            BundledName::Sachs => {
                let sachs = datasets::sachs();
                let names = sachs.names.iter().map(|&n| n.to_owned()).collect();
                let group = Some(("condition", sachs.condition));
                Ok(Self { name, names, x: sachs.x, group, edges: Some(sachs.edges.to_vec()) })
            }
            BundledName::Diabetes => {
                let diabetes = datasets::diabetes();
                let mut names: Vec<String> = diabetes.names.iter().map(|&n| n.to_owned()).collect();
                names.push("progression".to_owned());
                let y = diabetes.y.insert_axis(Axis(1));
                let x = concatenate(Axis(1), &[diabetes.x.view(), y.view()])
                    .map_err(|error| Failure::Internal(error.to_string()))?;
                Ok(Self { name, names, x, group: None, edges: None })
            }
            BundledName::Digits => {
                let digits = datasets::digits();
                let names = (0..64).map(|pixel| format!("r{}c{}", pixel / 8, pixel % 8)).collect();
                Ok(Self { name, names, x: digits.x, group: Some(("label", digits.label)), edges: None })
            }
            BundledName::BreastCancer => {
                let cancer = datasets::breast_cancer();
                let names = cancer.names.iter().map(|&n| n.to_owned()).collect();
                let benign = cancer.benign.iter().map(|&b| u8::from(b)).collect();
                Ok(Self { name, names, x: cancer.x, group: Some(("benign", benign)), edges: None })
            }
        }
    }

    /// The table with a response that is asked for, by default the column or group `response`.
    pub(crate) fn regression(&self, request: &mut RegressionRequest, response: &str) -> Outcome<Regression> {
        request.response.get_or_insert_with(|| response.to_owned());
        let mut names = self.names.clone();
        names.extend(self.group.as_ref().map(|(group, _)| (*group).to_owned()));
        let source = self.name.text().to_owned();
        let roles = Roles::new(&source, &names, true, request)?;
        let mut rows = Rows::new(source, names, roles, request);
        let mut features = vec![0.0; rows.roles().features.len()];
        for (i, row) in self.x.rows().into_iter().enumerate() {
            let value = |column: usize| match &self.group {
                Some((_, labels)) if column == self.names.len() => f64::from(labels[i]),
                _ => row[column],
            };
            for (feature, &column) in features.iter_mut().zip(&rows.roles().features) {
                *feature = value(column);
            }
            let number = rows.roles().response.map(value);
            let label = number.map(|number| number.to_string()).unwrap_or_default();
            let answer = number.map(|number| match request.kind {
                ResponseKind::Numbers => Answer::Number(number),
                ResponseKind::Classes => Answer::Class(&label),
            });
            let weight = rows.roles().weights.map(value);
            let group = rows.roles().group.map(|column| value(column).to_string());
            rows.push(i as u64 + 1, &features, answer, weight, group.as_deref())?;
        }
        rows.finish(None)
    }

    /// The sample that is asked for, of all rows or of those in `conditions`.
    pub(crate) fn sample(&self, request: &Request, conditions: Option<&[u8]>) -> Outcome<Sample> {
        let source = self.name.text().to_owned();
        let mut request = request.clone();
        let grouped = request.group_by.take();
        if let Some(name) = &grouped
            && self.group.as_ref().is_none_or(|(group, _)| group != name)
        {
            let known = self.group.as_ref().map_or("none".to_owned(), |(group, _)| format!("`{group}`"));
            return Err(Failure::input(format!("--group-by: `{source}` has no groups `{name}`; it has {known}")));
        }
        let selection = Selection::new(&source, &self.names, true, &request)?;
        request.group_by = grouped;
        let mut collector = Collector::new(source, selection, &request);
        let mut values = vec![0.0; collector.selection().indices.len()];
        for (i, row) in self.x.rows().into_iter().enumerate() {
            let group = self.group.as_ref().map(|(_, labels)| labels[i]);
            if let (Some(wanted), Some(group)) = (conditions, group)
                && !wanted.contains(&group)
            {
                continue;
            }
            for (value, &index) in values.iter_mut().zip(&collector.selection().indices) {
                *value = row[index];
            }
            let label = request.group_by.as_ref().and(group).map(|g| g.to_string());
            collector.push(i as u64 + 1, label.as_deref(), &values)?;
        }
        collector.finish()
    }
}
