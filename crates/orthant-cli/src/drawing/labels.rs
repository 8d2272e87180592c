//! Where the weights are written: on the edge, where they cover least.

use super::layout::{Layout, NODE_HEIGHT, text_width};
use super::route::{Point, Route};

/// Height of a label.
const HEIGHT: f64 = 13.0;
/// Size of its font.
pub(super) const SIZE: f64 = 11.0;

/// The middle of each label.
pub(super) fn places(layout: &Layout, routes: &[Route], texts: &[String]) -> Vec<Point> {
    let samples: Vec<Vec<Point>> = routes.iter().map(|route| route.samples(12)).collect();
    let nodes: Vec<Box> = layout
        .vertices
        .iter()
        .filter(|vertex| vertex.node.is_some())
        .map(|v| Box::around((v.x, layout.y[v.layer]), v.width + 4.0, NODE_HEIGHT + 4.0))
        .collect();
    let mut placed: Vec<Box> = Vec::new();
    let mut middles = Vec::with_capacity(routes.len());
    for (edge, text) in texts.iter().enumerate() {
        let width = text_width(text, SIZE) + 4.0;
        let cost = |middle: Point, share: f64| {
            let label = Box::around(middle, width, HEIGHT);
            let on_labels: f64 = placed.iter().map(|other| label.overlap(other)).sum();
            let on_nodes: f64 = nodes.iter().map(|other| label.overlap(other)).sum();
            let lines: usize = samples
                .iter()
                .enumerate()
                .filter(|&(other, line)| other != edge && line.iter().any(|&point| label.holds(point)))
                .count();
            10.0 * on_labels + 20.0 * on_nodes + 25.0 * lines as f64 + 20.0 * (share - 0.5).abs()
        };
        let line = &samples[edge];
        let candidates = (2..=18).map(|step| step as f64 / 20.0).map(|share| {
            let middle = line[((line.len() - 1) as f64 * share).round() as usize];
            (cost(middle, share), middle)
        });
        let middle = candidates.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(line[0], |(_, middle)| middle);
        placed.push(Box::around(middle, width, HEIGHT));
        middles.push(middle);
    }
    middles
}

/// A rectangle.
#[derive(Debug, Clone, Copy)]
struct Box {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Box {
    fn around(middle: Point, width: f64, height: f64) -> Self {
        Self {
            left: middle.0 - width / 2.0,
            right: middle.0 + width / 2.0,
            top: middle.1 - height / 2.0,
            bottom: middle.1 + height / 2.0,
        }
    }

    /// Area in common.
    fn overlap(&self, other: &Self) -> f64 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.bottom.min(other.bottom) - self.top.max(other.top);
        width.max(0.0) * height.max(0.0)
    }

    fn holds(&self, point: Point) -> bool {
        (self.left..=self.right).contains(&point.0) && (self.top..=self.bottom).contains(&point.1)
    }
}
