//! What is drawn.

/// One edge of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Arrow {
    /// Index of the cause.
    pub(crate) from: usize,
    /// Index of the effect.
    pub(crate) to: usize,
    /// Its weight: the size is drawn as thickness, the sign as colour.
    pub(crate) weight: f64,
    /// Rarely found in the bootstrap: drawn dashed.
    pub(crate) doubtful: bool,
    /// Data cannot tell the direction: drawn with an open head.
    pub(crate) reversible: bool,
}

/// A directed acyclic graph to draw.
#[derive(Debug, Clone, Default)]
pub(crate) struct Picture {
    /// Names of the nodes.
    pub(crate) names: Vec<String>,
    /// The edges.
    pub(crate) arrows: Vec<Arrow>,
    /// Edges of the graph that are not drawn, because there are too many.
    pub(crate) omitted: usize,
    /// For each node how many rows back in time it stands: the past is drawn above. Empty when there is no time.
    pub(crate) lags: Vec<usize>,
}

impl Picture {
    /// The picture with at most `limit` edges, the strongest ones.
    pub(crate) fn strongest(names: &[String], lags: Vec<usize>, mut arrows: Vec<Arrow>, limit: usize) -> Self {
        arrows.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then((a.from, a.to).cmp(&(b.from, b.to))));
        let omitted = arrows.len().saturating_sub(limit);
        arrows.truncate(limit);
        Self { names: names.to_vec(), arrows, omitted, lags }
    }

    /// The largest size of a weight; 1 without edges.
    pub(crate) fn largest(&self) -> f64 {
        let largest = self.arrows.iter().map(|arrow| arrow.weight.abs()).fold(0.0, f64::max);
        if largest > 0.0 && largest.is_finite() { largest } else { 1.0 }
    }

    /// How many rows back in time a node stands.
    pub(super) fn lag(&self, node: usize) -> usize {
        self.lags.get(node).copied().unwrap_or(0)
    }

    /// The nodes that edges touch, and the others; of the past only those that edges touch.
    pub(crate) fn split(&self) -> (Vec<usize>, Vec<usize>) {
        let mut touched = vec![false; self.names.len()];
        for arrow in &self.arrows {
            touched[arrow.from] = true;
            touched[arrow.to] = true;
        }
        (0..self.names.len()).filter(|&node| touched[node] || self.lag(node) == 0).partition(|&node| touched[node])
    }
}
