//! `orthant bcd propagate`.

use super::arguments::PropagateArguments;
use super::network::Network;
use super::parts::bounds;
use crate::failure::{Failure, Outcome};
use crate::output::{Align, Folder, Head, Table, document_json, records_csv, short};
use crate::regression::Target;
use crate::report::Page;
use orthant::bcd::{Error, Graph, LabelPropagation, Method, Propagated};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

const FILES: [&str; 3] = ["nodes.csv", "report.html", "propagation.json"];
const SCHEMA: &str = "orthant-bcd-propagation";
const SCHEMA_VERSION: u32 = 1;

/// `propagation.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PropagationDocument {
    #[serde(flatten)]
    head: Head,
    nodes: usize,
    edges: usize,
    labelled: usize,
    /// Names of the classes, and how many nodes ended in each; empty for values.
    classes: Vec<(String, usize)>,
    /// One for each class; one for values.
    runs: Vec<RunRecord>,
}

/// How the values were found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct RunRecord {
    /// `direct`, `conjugate-gradients` or `projected-conjugate-gradients`.
    method: String,
    iterations: usize,
    residual: f64,
    converged: bool,
}

/// One node.
#[derive(Debug, Serialize)]
struct NodeRow<'a> {
    node: &'a str,
    labelled: bool,
    /// The class, or the value.
    label: String,
    /// By how much the class leads; empty for values.
    margin: Option<f64>,
}

/// Spreads labels and writes the folder.
pub(crate) fn propagate(arguments: &PropagateArguments) -> Outcome<()> {
    let target = Target::open("bcd", &arguments.results)?;
    let network = Network::read(&arguments.edges, arguments.header)?;
    let labels = network.labels(&arguments.labels, arguments.header)?;
    let refuse = |error: Error| refusal(&arguments.edges.display().to_string(), &network, &error);
    let graph = Graph::new(network.names.len(), &network.edges).map_err(refuse)?;
    let mut is_labelled = vec![false; network.names.len()];
    labels.iter().for_each(|&(node, _)| is_labelled[node] = true);
    let mut document = PropagationDocument {
        head: Head::new(SCHEMA, SCHEMA_VERSION),
        nodes: network.names.len(),
        edges: graph.edges(),
        labelled: labels.len(),
        classes: Vec::new(),
        runs: Vec::new(),
    };
    let rows: Vec<NodeRow<'_>> = if arguments.values {
        let found = values(arguments, &graph, &labels, &network)?;
        document.runs.push(RunRecord::new(&found));
        let row = |(node, value): (usize, &f64)| NodeRow {
            node: &network.names[node],
            labelled: is_labelled[node],
            label: value.to_string(),
            margin: None,
        };
        found.values.iter().enumerate().map(row).collect()
    } else {
        let mut names: Vec<String> = labels.iter().map(|(_, label)| label.clone()).collect();
        names.sort();
        names.dedup();
        let all = classes(&graph, &labels, &names, arguments.tolerance).map_err(refuse)?;
        document.runs = all.iter().map(RunRecord::new).collect();
        let mut counts = vec![0; names.len()];
        let rows = (0..network.names.len()).map(|node| {
            let score = |class: usize| all[class].values[node];
            let best = (0..names.len()).fold(0, |best, class| if score(class) > score(best) { class } else { best });
            let others = (0..names.len()).filter(|&class| class != best).map(score);
            counts[best] += 1;
            NodeRow {
                node: &network.names[node],
                labelled: is_labelled[node],
                label: names[best].clone(),
                margin: others.reduce(f64::max).map(|second| score(best) - second),
            }
        });
        let rows = rows.collect();
        document.classes = names.iter().cloned().zip(counts).collect();
        rows
    };
    let json = document_json(&document)?;
    let mut folder = Folder::new();
    folder.add("nodes.csv", records_csv(&rows)?);
    folder.add("report.html", report(&document));
    folder.add("propagation.json", json.clone());
    target.finish(&folder, &FILES, &json, &summary(&document))
}

/// The values of all nodes from labels that are numbers.
fn values(
    arguments: &PropagateArguments,
    graph: &Graph<f64>,
    labels: &[(usize, String)],
    network: &Network,
) -> Outcome<Propagated<f64>> {
    let number = |(node, text): &(usize, String)| match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((*node, value)),
        _ => Err(Failure::input(format!(
            "`{}`: the label `{text}` of `{}` is not a finite number; leave out --values for names of classes",
            arguments.labels.display(),
            network.names[*node]
        ))),
    };
    let labels = labels.iter().map(number).collect::<Outcome<Vec<_>>>()?;
    let refuse = |error: Error| refusal(&arguments.edges.display().to_string(), network, &error);
    let mut problem = LabelPropagation::new(graph, &labels).map_err(refuse)?;
    if let Some(text) = &arguments.bounds {
        let (low, high) = bounds(text)?;
        problem = problem.bounds(low, high).map_err(refuse)?;
    }
    problem.solve(arguments.tolerance).map_err(refuse)
}

/// For each class the values when its labels are 1 and the others 0.
fn classes(
    graph: &Graph<f64>,
    labels: &[(usize, String)],
    names: &[String],
    tolerance: f64,
) -> Result<Vec<Propagated<f64>>, Error> {
    let indicator =
        |class: &String| -> Vec<f64> { labels.iter().map(|(_, label)| f64::from(u8::from(label == class))).collect() };
    let first: Vec<(usize, f64)> = labels.iter().map(|&(node, _)| (node, 0.0)).collect();
    let problem = LabelPropagation::new(graph, &first)?;
    names.iter().map(|class| problem.relabelled(&indicator(class))?.solve(tolerance)).collect()
}

/// The library's refusal, with the names of the nodes.
fn refusal(file: &str, network: &Network, error: &Error) -> Failure {
    match error {
        Error::UnlabelledComponent { node } => Failure::input(format!(
            "`{file}`: no label reaches the part of the graph with the node `{}`; label a node of it, or leave it out",
            network.names[*node]
        )),
        error => Failure::input(format!("`{file}`: {error}")),
    }
}

impl RunRecord {
    fn new(found: &Propagated<f64>) -> Self {
        let method = match found.method {
            Method::Direct => "direct",
            Method::ConjugateGradients => "conjugate-gradients",
            Method::ProjectedConjugateGradients => "projected-conjugate-gradients",
            _ => "other",
        };
        let Propagated { iterations, residual, converged, .. } = *found;
        Self { method: method.to_owned(), iterations, residual, converged }
    }
}

fn sentence(document: &PropagationDocument) -> String {
    format!("{} nodes, {} edges, {} labels", document.nodes, document.edges, document.labelled)
}

/// What was done, in a sentence.
fn run(document: &PropagationDocument) -> String {
    let worst = document.runs.iter().map(|run| run.residual).fold(0.0, f64::max);
    let method = document.runs.first().map_or("", |run| run.method.as_str());
    let iterations = document.runs.iter().map(|run| run.iterations).max().unwrap_or(0);
    let mut text = format!("{method}, at most {iterations} iterations, residual {}", short(worst));
    if document.runs.iter().any(|run| !run.converged) {
        text.push_str("; the tolerance was not reached");
    }
    text
}

const COLUMNS: [(&str, Align); 2] = [("class", Align::Left), ("nodes", Align::Right)];

fn summary(document: &PropagationDocument) -> String {
    let mut text = format!("Label propagation: {}\n\n", sentence(document));
    if !document.classes.is_empty() {
        let mut table = Table::new(&COLUMNS);
        document.classes.iter().for_each(|(class, nodes)| table.row(vec![class.clone(), nodes.to_string()]));
        text.push_str(&table.text());
        text.push('\n');
    }
    let _ = writeln!(text, "  {}", run(document));
    text
}

fn report(document: &PropagationDocument) -> String {
    let mut page = Page::new("Labels spread over a graph", &sentence(document));
    if !document.classes.is_empty() {
        page.section("Classes");
        let mut table = crate::report::HtmlTable::new(&COLUMNS);
        document.classes.iter().for_each(|(class, nodes)| table.row(&[class.clone(), nodes.to_string()]));
        page.raw(&table.html());
        page.note(
            "For each class its labels count as 1 and the others as 0; every other node takes the weighted mean of its \
             neighbours, and belongs to the class with the largest value. nodes.csv says by how much it leads.",
        );
    }
    page.section("The run");
    page.paragraph(&run(document));
    page.section("Repeat it");
    page.code(&document.head.command_line());
    page.html()
}
