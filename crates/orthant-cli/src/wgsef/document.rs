//! What is reported.

use crate::output::{Align, Head, Table, short};
use crate::report::{HtmlTable, Page};
use crate::tensors::shape_text;
use chart::{Chart, Palette, Plot};
use serde::Serialize;

/// `wgsef.json`.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Document {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) file: String,
    /// `inspect`, `prox` or `prune`.
    pub(super) action: &'static str,
    pub(super) lambda: f64,
    pub(super) global: bool,
    pub(super) groups: usize,
    pub(super) kept: usize,
    /// Entries of the chosen tensors that are left, of all.
    pub(super) share: f64,
    pub(super) tensors: Vec<TensorRecord>,
}

/// One tensor.
#[derive(Debug, Clone, Serialize)]
pub(super) struct TensorRecord {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) shape_after: Vec<usize>,
    pub(super) groups: usize,
    /// The budget, when it is the tensor's own.
    pub(super) budget: Option<usize>,
    pub(super) kept: usize,
    /// Entries in kept groups, of all: the share of multiplications that is left.
    pub(super) share: f64,
    /// Norms before.
    pub(super) norms: Vec<f64>,
    pub(super) kept_groups: Vec<usize>,
}

/// One group, for `groups.csv`.
#[derive(Debug, Serialize)]
pub(super) struct GroupRow<'a> {
    pub(super) tensor: &'a str,
    pub(super) group: usize,
    pub(super) norm: f64,
    pub(super) kept: bool,
}

const COLUMNS: [(&str, Align); 7] = [
    ("tensor", Align::Left),
    ("shape", Align::Right),
    ("after", Align::Right),
    ("groups", Align::Right),
    ("kept", Align::Right),
    ("share left", Align::Right),
    ("largest norm", Align::Right),
];

impl Document {
    fn rows(&self) -> Vec<Vec<String>> {
        let row = |tensor: &TensorRecord| {
            vec![
                tensor.name.clone(),
                shape_text(&tensor.shape),
                shape_text(&tensor.shape_after),
                tensor.groups.to_string(),
                tensor.kept.to_string(),
                format!("{:.1} %", 100.0 * tensor.share),
                short(tensor.norms.iter().fold(0.0, |m, v| v.max(m))),
            ]
        };
        self.tensors.iter().map(row).collect()
    }

    fn sentence(&self) -> String {
        let verb = if self.action == "inspect" { "would stay" } else { "stay" };
        format!("{} of {} groups {verb}, {:.1} % of the entries", self.kept, self.groups, 100.0 * self.share)
    }

    pub(super) fn summary(&self) -> String {
        let mut table = Table::new(&COLUMNS);
        self.rows().into_iter().for_each(|row| table.row(row));
        format!("{}\n{}", self.sentence(), table.text())
    }

    /// The norms of each tensor's groups, from the largest down.
    pub(super) fn chart(&self) -> String {
        let series = self.tensors.iter().map(|tensor| {
            let mut norms: Vec<f64> = tensor.norms.iter().copied().filter(|norm| *norm > 0.0).collect();
            norms.sort_by(|a, b| b.total_cmp(a));
            // A drawing needs no more points than it has pixels.
            let step = norms.len().div_ceil(500).max(1);
            let points =
                norms.iter().enumerate().step_by(step).map(|(rank, norm)| ((rank + 1) as f64, *norm)).collect();
            (tensor.name.clone(), points)
        });
        let plot = Plot::Lines { x: "rank".to_owned(), log_x: false, log_y: true, series: series.take(8).collect() };
        Chart { title: "Norms of the groups".to_owned(), y: "norm".to_owned(), plot }.to_svg(Palette::Fixed)
    }

    pub(super) fn report(&self, chart: &str) -> String {
        let mut page = Page::new(&format!("Groups of {}", self.file), &self.sentence());
        let mut table = HtmlTable::new(&COLUMNS);
        self.rows().iter().for_each(|row| table.row(row));
        page.section("Tensors");
        page.raw(&table.html());
        page.section("Norms");
        page.picture(chart);
        if self.tensors.len() > 8 {
            page.note("The first eight tensors are drawn; groups.csv has all.");
        }
        page.section("Command");
        page.code(&self.head.command_line());
        page.html()
    }
}
