//! The curve of an edge: a monotone cubic through its bends, so that it never swings out.

use super::layout::{Layout, NODE_HEIGHT, PORT};
use super::picture::Picture;

/// A point.
pub(super) type Point = (f64, f64);

/// The curve of one edge.
#[derive(Debug, Clone)]
pub(super) struct Route {
    /// Start, then three points for each cubic Bézier piece.
    pub(super) points: Vec<Point>,
    /// Where the arrow head ends, and the direction it points to (of length 1).
    pub(super) tip: Point,
    pub(super) direction: Point,
}

/// The curves of all edges of the picture, in order. `head` is the length of the arrow head of an edge.
pub(super) fn routes(picture: &Picture, layout: &Layout, head: impl Fn(usize) -> f64) -> Vec<Route> {
    let starts = ports(layout, true);
    let ends = ports(layout, false);
    (0..picture.arrows.len())
        .map(|edge| {
            let chain = &layout.chains[edge];
            let vertex = |v: usize| layout.vertices[v];
            let y = |v: usize| layout.y[layout.vertices[v].layer];
            let start = (starts[edge], y(chain[0]) + NODE_HEIGHT / 2.0);
            let mut through = vec![start];
            let place = |at: usize| match at {
                0 => start,
                at if at + 1 == chain.len() => (ends[edge], y(chain[at])),
                at => (vertex(chain[at]).x, y(chain[at])),
            };
            for bend in 1..chain.len() - 1 {
                let (x, y) = place(bend);
                let flat = |other: Point| ((other.0 - x) / (other.1 - y)).abs() > STEEP;
                if flat(place(bend - 1)) || flat(place(bend + 1)) {
                    // Straight down past the nodes of the layer.
                    through.push((x, y - NODE_HEIGHT / 2.0));
                    through.push((x, y + NODE_HEIGHT / 2.0));
                } else {
                    through.push((x, y));
                }
            }
            through.push((ends[edge], y(chain[chain.len() - 1]) - NODE_HEIGHT / 2.0 - 1.0));
            curve(through, head(edge))
        })
        .collect()
}

/// Where each edge leaves (or enters) its node: side by side, in the order of where it comes from.
fn ports(layout: &Layout, leaving: bool) -> Vec<f64> {
    let mut at = vec![0.0; layout.chains.len()];
    let mut by_node = vec![Vec::new(); layout.vertices.len()];
    for (edge, chain) in layout.chains.iter().enumerate() {
        let (node, next) =
            if leaving { (chain[0], chain[1]) } else { (chain[chain.len() - 1], chain[chain.len() - 2]) };
        by_node[node].push((layout.vertices[next].x, edge));
    }
    for (node, edges) in by_node.iter_mut().enumerate() {
        edges.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let middle = (edges.len().max(1) - 1) as f64 / 2.0;
        for (rank, &(_, edge)) in edges.iter().enumerate() {
            at[edge] = layout.vertices[node].x + (rank as f64 - middle) * PORT;
        }
    }
    at
}

/// Largest sideways slope (dx/dy) at the ends of a curve.
const FLATTEST: f64 = 1.1;
/// Largest sideways slope where a curve passes nodes: the gap beside a bend over half the height of a node.
const STEEP: f64 = 0.9;

fn curve(mut through: Vec<Point>, head: f64) -> Route {
    let last = through.len() - 1;
    let secant = |a: Point, b: Point| (b.0 - a.0) / (b.1 - a.1);
    let tip = through[last];
    let end_slope = secant(through[last - 1], tip).clamp(-FLATTEST, FLATTEST);
    let length = end_slope.hypot(1.0);
    let direction = (end_slope / length, 1.0 / length);
    through[last] = (tip.0 - head * direction.0, tip.1 - head * direction.1);
    let secants: Vec<f64> = through.windows(2).map(|pair| secant(pair[0], pair[1])).collect();
    let mut slopes = vec![secants[0].clamp(-FLATTEST, FLATTEST)];
    for pair in secants.windows(2) {
        // Harmonic mean, zero at a turn (Fritsch and Carlson): the curve stays between its points.
        let product = pair[0] * pair[1];
        // Steep enough to pass between the nodes of the layer.
        let slope = if product > 0.0 { 2.0 * product / (pair[0] + pair[1]) } else { 0.0 };
        slopes.push(slope.clamp(-STEEP, STEEP));
    }
    slopes.push(end_slope);
    let mut points = vec![through[0]];
    for (k, pair) in through.windows(2).enumerate() {
        let third = (pair[1].1 - pair[0].1) / 3.0;
        points.push((pair[0].0 + slopes[k] * third, pair[0].1 + third));
        points.push((pair[1].0 - slopes[k + 1] * third, pair[1].1 - third));
        points.push(pair[1]);
    }
    Route { points, tip, direction }
}

impl Route {
    /// Points along the curve, about evenly in height.
    pub(super) fn samples(&self, per_piece: usize) -> Vec<Point> {
        let mut samples = vec![self.points[0]];
        for piece in self.points[..].windows(4).step_by(3) {
            for step in 1..=per_piece {
                let t = step as f64 / per_piece as f64;
                let u = 1.0 - t;
                let weights = [u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t];
                let at = |pick: fn(&Point) -> f64| piece.iter().zip(weights).map(|(p, w)| w * pick(p)).sum::<f64>();
                samples.push((at(|p| p.0), at(|p| p.1)));
            }
        }
        samples
    }
}
