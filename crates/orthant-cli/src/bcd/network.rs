//! Graphs and labels from files.

use crate::failure::{Failure, Outcome};
use crate::input::{Header, Request, read_records};
use std::collections::HashMap;
use std::path::Path;

/// A graph with names.
pub(super) struct Network {
    /// Names of the nodes, in the order of their appearance.
    pub(super) names: Vec<String>,
    pub(super) edges: Vec<(usize, usize, f64)>,
    index: HashMap<String, usize>,
}

impl Network {
    /// Reads edges: node, node, and a weight where there is a third column.
    pub(super) fn read(path: &Path, header: Header) -> Outcome<Self> {
        let file = path.display();
        let mut network = Self { names: Vec::new(), edges: Vec::new(), index: HashMap::new() };
        for (line, cells) in records(path, header, &HashMap::new())? {
            if !(2..=3).contains(&cells.len()) {
                return Err(Failure::input(format!(
                    "`{file}` has {} columns; an edge is node, node, and perhaps a weight",
                    cells.len()
                )));
            }
            let weight = match cells.get(2) {
                None => 1.0,
                Some(text) => match text.parse::<f64>() {
                    Ok(weight) if weight >= 0.0 && weight.is_finite() => weight,
                    _ => {
                        let place = format!("`{file}`, row {line}, column 3");
                        return Err(Failure::input(format!(
                            "{place}: `{text}` is no weight; it must be a number >= 0"
                        )));
                    }
                },
            };
            let ends = [0, 1].map(|end| network.node(&cells[end]));
            if ends[0] == ends[1] {
                return Err(Failure::input(format!("`{file}`, row {line}: the edge joins `{}` to itself", cells[0])));
            }
            network.edges.push((ends[0], ends[1], weight));
        }
        if network.edges.is_empty() {
            return Err(Failure::input(format!("`{file}` has no edges")));
        }
        Ok(network)
    }

    fn node(&mut self, name: &str) -> usize {
        if let Some(&node) = self.index.get(name) {
            return node;
        }
        self.names.push(name.to_owned());
        self.index.insert(name.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }

    /// Reads labels: node, label.
    pub(super) fn labels(&self, path: &Path, header: Header) -> Outcome<Vec<(usize, String)>> {
        let file = path.display();
        let mut labels: Vec<(usize, String)> = Vec::new();
        let mut seen = HashMap::new();
        for (line, cells) in records(path, header, &self.index)? {
            let [name, label] = &cells[..] else {
                return Err(Failure::input(format!("`{file}` has {} columns; a label is node, label", cells.len())));
            };
            let Some(&node) = self.index.get(name) else {
                return Err(Failure::input(format!("`{file}`, row {line}: there is no node `{name}` in the graph")));
            };
            if label.is_empty() {
                return Err(Failure::input(format!("`{file}`, row {line}: the label of `{name}` is empty")));
            }
            if let Some(first) = seen.insert(node, line) {
                return Err(Failure::input(format!("`{file}`, row {line}: `{name}` has a label in row {first}")));
            }
            labels.push((node, label.clone()));
        }
        if labels.is_empty() {
            return Err(Failure::input(format!("`{file}` has no labels")));
        }
        Ok(labels)
    }
}

/// Rows of a short table as text.
///
/// Nodes may have any name, so a first row of text may be a header or not. Unless asked, it is one when its names occur in no
/// other row and, for labels, in no edge.
fn records(path: &Path, header: Header, known: &HashMap<String, usize>) -> Outcome<Vec<(u64, Vec<String>)>> {
    let (named, mut rows) = read_records(path, &Request { header, ..Request::default() })?;
    if let (Header::Auto, Some(first)) = (header, named) {
        let occurs = |name: &String| {
            known.contains_key(name) || rows.iter().any(|(_, row)| row.iter().take(2).any(|cell| cell == name))
        };
        let has_number = first.iter().any(|cell| cell.parse::<f64>().is_ok());
        if rows.is_empty() || has_number || first.iter().take(2).any(occurs) {
            rows.insert(0, (1, first));
        }
    }
    Ok(rows)
}
