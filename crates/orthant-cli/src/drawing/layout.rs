//! Nodes and bends of a layered drawing, and where they are.

use super::picture::Picture;
use super::{crossing, layers, position};

/// A node, or a bend of an edge in a layer that it passes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vertex {
    pub(super) layer: usize,
    /// Index in the picture; `None` for a bend.
    pub(super) node: Option<usize>,
    pub(super) width: f64,
    pub(super) x: f64,
}

/// A picture with places.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) vertices: Vec<Vertex>,
    /// For each arrow of the picture the vertices from cause to effect.
    pub(super) chains: Vec<Vec<usize>>,
    /// For each layer its vertices from left to right.
    pub(super) order: Vec<Vec<usize>>,
    /// Vertical centre of each layer.
    pub(super) y: Vec<f64>,
    /// Width of the whole.
    pub(super) width: f64,
    /// Height of the whole.
    pub(super) height: f64,
}

/// Height of a node.
pub(super) const NODE_HEIGHT: f64 = 30.0;
/// Distance between two ends of edges at a node.
pub(super) const PORT: f64 = 13.0;

impl Layout {
    /// Places the nodes that edges touch.
    pub(super) fn new(picture: &Picture) -> Self {
        let (nodes, _) = picture.split();
        let mut local = vec![usize::MAX; picture.names.len()];
        nodes.iter().enumerate().for_each(|(index, &node)| local[node] = index);
        let edges: Vec<(usize, usize)> = picture.arrows.iter().map(|a| (local[a.from], local[a.to])).collect();
        let lags: Vec<usize> = nodes.iter().map(|&node| picture.lag(node)).collect();
        let layer = layers::layers(&lags, &edges);
        let mut vertices: Vec<Vertex> = nodes
            .iter()
            .zip(&layer)
            .map(|(&node, &layer)| {
                let ends = |pick: fn(&super::Arrow) -> usize| picture.arrows.iter().filter(|a| pick(a) == node).count();
                let ports = ends(|a| a.from).max(ends(|a| a.to)) as f64;
                let width = label_width(&picture.names[node]).max(PORT * ports + 10.0);
                Vertex { layer, node: Some(node), width, x: 0.0 }
            })
            .collect();
        let mut chains = Vec::with_capacity(edges.len());
        for &(from, to) in &edges {
            let mut chain = vec![from];
            for passed in layer[from] + 1..layer[to] {
                chain.push(vertices.len());
                vertices.push(Vertex { layer: passed, node: None, width: 8.0, x: 0.0 });
            }
            chain.push(to);
            chains.push(chain);
        }
        let count = layer.iter().max().map_or(0, |&last| last + 1);
        let order = crossing::order(&vertices, &chains, count);
        let mut layout = Self { vertices, chains, order, y: Vec::new(), width: 0.0, height: 0.0 };
        position::place(&mut layout);
        layout.place_layers();
        layout
    }

    /// Layers stand further apart where edges between them are flat.
    fn place_layers(&mut self) {
        let mut flattest = vec![0.0_f64; self.order.len()];
        for pair in self.chains.iter().flat_map(|chain| chain.windows(2)) {
            let (above, below) = (self.vertices[pair[0]], self.vertices[pair[1]]);
            flattest[above.layer] = flattest[above.layer].max((above.x - below.x).abs());
        }
        let mut y = NODE_HEIGHT / 2.0;
        for flat in flattest {
            self.y.push(y);
            y += NODE_HEIGHT + 44.0 + (0.12 * flat).min(60.0);
        }
        self.height = self.y.last().map_or(0.0, |y| y + NODE_HEIGHT / 2.0);
    }
}

/// Width of a node with this name.
pub(super) fn label_width(name: &str) -> f64 {
    (text_width(&clipped(name), 13.0) + 22.0).max(44.0)
}

/// Rough width of a text in a sans-serif font.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    let units: f64 = text
        .chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.34,
            'f' | 't' | 'r' | '(' | ')' | ' ' | '-' => 0.42,
            'm' | 'w' | 'M' | 'W' | '@' => 0.92,
            'A'..='Z' => 0.72,
            c if c.is_ascii() => 0.6,
            '−' | '–' | '·' => 0.62,
            _ => 1.0,
        })
        .sum();
    units * size
}

/// A name that fits into a node.
pub(super) fn clipped(name: &str) -> String {
    if name.chars().count() <= 22 {
        return name.to_owned();
    }
    name.chars().take(21).chain(['…']).collect()
}
