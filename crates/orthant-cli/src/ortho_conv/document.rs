//! What is reported.

use crate::output::{Align, Head, Table, short};
use crate::report::{HtmlTable, Page};
use crate::tensors::shape_text;
use chart::{Chart, Palette, Plot};
use serde::Serialize;

/// Lines that a drawing can tell apart.
const DRAWN: usize = 8;

/// `ortho-conv.json`.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Document {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) file: String,
    /// Outputs per dimension.
    pub(super) size: usize,
    pub(super) padding: String,
    pub(super) layers: Vec<LayerRecord>,
}

/// One layer.
#[derive(Debug, Clone, Serialize)]
pub(super) struct LayerRecord {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) stride: usize,
    pub(super) groups: usize,
    pub(super) regime: String,
    pub(super) orthogonal_exists: Option<bool>,
    pub(super) reason: String,
    pub(super) l_orth: f64,
    /// ‖𝒦𝒦ᵀ - I‖_F (or the other product's) at this size.
    pub(super) frobenius_error: Option<f64>,
    /// Bounds of the spectral error at every size.
    pub(super) block_bound: f64,
    pub(super) theorem_bound: f64,
    /// Where they put all singular values.
    pub(super) certified: (f64, f64),
    /// At this size and padding.
    pub(super) smallest: f64,
    pub(super) largest: f64,
    /// The norm at every size and padding, from above.
    pub(super) norm_bound: f64,
    /// The spectral norm of the flattened kernel: not the layer's.
    pub(super) flattened_norm: f64,
    pub(super) singular_values: Vec<f64>,
}

/// One singular value, for `spectrum.csv`.
#[derive(Debug, Serialize)]
pub(super) struct ValueRow<'a> {
    pub(super) tensor: &'a str,
    pub(super) rank: usize,
    pub(super) singular_value: f64,
}

const COLUMNS: [(&str, Align); 10] = [
    ("tensor", Align::Left),
    ("shape", Align::Right),
    ("stride", Align::Right),
    ("case", Align::Left),
    ("orthogonal layer", Align::Left),
    ("L_orth", Align::Right),
    ("σ here", Align::Right),
    ("σ certified", Align::Right),
    ("error: blocks, theorem", Align::Right),
    ("norm at most", Align::Right),
];

impl LayerRecord {
    fn row(&self) -> Vec<String> {
        let range = |(low, high): (f64, f64)| format!("{} … {}", short(low), short(high));
        let verdict = match self.orthogonal_exists {
            Some(true) => "exists",
            Some(false) => "none",
            None => "unknown",
        };
        vec![
            self.name.clone(),
            shape_text(&self.shape),
            self.stride.to_string(),
            self.regime.clone(),
            verdict.to_owned(),
            short(self.l_orth),
            range((self.smallest, self.largest)),
            range(self.certified),
            format!("{}, {}", short(self.block_bound), short(self.theorem_bound)),
            short(self.norm_bound),
        ]
    }
}

impl Document {
    fn sentence(&self) -> String {
        let Self { size, padding, layers, .. } = self;
        let largest = layers.iter().map(|layer| layer.largest).fold(0.0, f64::max);
        let smallest = layers.iter().map(|layer| layer.smallest).fold(f64::INFINITY, f64::min);
        format!(
            "{} {} at {size} outputs per dimension, {padding} padding: singular values from {} to {}",
            layers.len(),
            if layers.len() == 1 { "layer" } else { "layers" },
            short(smallest),
            short(largest)
        )
    }

    /// Where the flattened kernel misleads most.
    fn flattened(&self) -> Option<String> {
        let ratio = |layer: &LayerRecord| layer.largest / layer.flattened_norm;
        let worst =
            self.layers.iter().filter(|l| l.flattened_norm > 0.0).max_by(|a, b| ratio(a).total_cmp(&ratio(b)))?;
        (ratio(worst) > 1.05).then(|| {
            format!(
                "The norm of the flattened kernel is not the layer's: `{}` has {}, its layer {}.",
                worst.name,
                short(worst.flattened_norm),
                short(worst.largest)
            )
        })
    }

    fn reasons(&self) -> Vec<String> {
        let reason = |layer: &LayerRecord| format!("`{}`: {}", layer.name, layer.reason);
        self.layers.iter().filter(|layer| layer.orthogonal_exists != Some(true)).map(reason).collect()
    }

    pub(super) fn summary(&self) -> String {
        let mut table = Table::new(&COLUMNS);
        self.layers.iter().for_each(|layer| table.row(layer.row()));
        let mut text = format!("{}\n{}", self.sentence(), table.text());
        for line in self.flattened().into_iter().chain(self.reasons()) {
            text += &line;
            text.push('\n');
        }
        text
    }

    /// Singular values from the largest down, over the share of them that is passed.
    pub(super) fn chart(&self) -> String {
        let series = self.layers.iter().take(DRAWN).map(|layer| {
            let count = layer.singular_values.len();
            // A drawing needs no more points than it has pixels; the last one always shows.
            let step = count.div_ceil(500).max(1);
            let point = |rank: usize| ((rank + 1) as f64 / count as f64, layer.singular_values[rank]);
            let mut points: Vec<(f64, f64)> = (0..count).step_by(step).map(point).collect();
            if count > 0 && (count - 1) % step != 0 {
                points.push(point(count - 1));
            }
            (layer.name.clone(), points)
        });
        let plot =
            Plot::Lines { x: "share of the spectrum".to_owned(), log_x: false, log_y: false, series: series.collect() };
        Chart { title: "Singular values".to_owned(), y: "singular value".to_owned(), plot }.to_svg(Palette::Fixed)
    }

    pub(super) fn report(&self, chart: &str) -> String {
        let mut page = Page::new(&format!("Convolutions of {}", self.file), &self.sentence());
        let mut table = HtmlTable::new(&COLUMNS);
        self.layers.iter().for_each(|layer| table.row(&layer.row()));
        page.section("Layers");
        page.raw(&table.html());
        page.note(
            "σ here: at this size and padding, exactly. σ certified: at every size with circular padding, from the sharper of the two \
             error bounds. Norm at most: at every size and with every padding.",
        );
        let sentences: Vec<String> = self.flattened().into_iter().chain(self.reasons()).collect();
        for sentence in &sentences {
            page.note(sentence);
        }
        page.section("Spectrum");
        page.picture(chart);
        if self.layers.len() > DRAWN {
            page.note("The first eight layers are drawn; spectrum.csv has all.");
        }
        page.section("Command");
        page.code(&self.head.command_line());
        page.html()
    }
}
