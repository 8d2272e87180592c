//! Horizontal places: each layer in turn moves as close to its neighbours as the order and the widths allow. The best
//! places of one layer are a weighted isotonic regression, solved exactly by pooling adjacent violators.

use super::layout::{Layout, Vertex};

const SWEEPS: usize = 40;
/// Least gap between two nodes, and beside a bend.
const NODE_GAP: f64 = 22.0;
const BEND_GAP: f64 = 14.0;

/// Sets `x` of all vertices and the width.
pub(super) fn place(layout: &mut Layout) {
    let mut above = vec![Vec::new(); layout.vertices.len()];
    let mut below = vec![Vec::new(); layout.vertices.len()];
    for pair in layout.chains.iter().flat_map(|chain| chain.windows(2)) {
        // Long edges should be straight: the more so the fewer ends are nodes.
        let bends = pair.iter().filter(|&&v| layout.vertices[v].node.is_none()).count();
        let weight = [1.0, 2.0, 8.0][bends];
        below[pair[0]].push((pair[1], weight));
        above[pair[1]].push((pair[0], weight));
    }
    for row in &layout.order {
        let mut x = 0.0;
        for (index, &v) in row.iter().enumerate() {
            if index > 0 {
                x += separation(&layout.vertices[row[index - 1]], &layout.vertices[v]);
            }
            layout.vertices[v].x = x;
        }
        row.iter().for_each(|&v| layout.vertices[v].x -= x / 2.0);
    }
    let rows = layout.order.len();
    for sweep in 0..SWEEPS {
        let sequence: Vec<usize> = if sweep % 2 == 0 { (0..rows).collect() } else { (0..rows).rev().collect() };
        for row in sequence {
            let near: Vec<&[Vec<(usize, f64)>]> = match (sweep + 8 < SWEEPS, sweep % 2 == 0) {
                (true, true) => vec![&above],
                (true, false) => vec![&below],
                (false, _) => vec![&above, &below],
            };
            settle(&mut layout.vertices, &layout.order[row], &near);
        }
    }
    let left = layout.vertices.iter().map(|v| v.x - v.width / 2.0).fold(f64::INFINITY, f64::min);
    let left = if left.is_finite() { left } else { 0.0 };
    layout.vertices.iter_mut().for_each(|v| v.x -= left);
    layout.width = layout.vertices.iter().map(|v| v.x + v.width / 2.0).fold(0.0, f64::max);
}

fn separation(a: &Vertex, b: &Vertex) -> f64 {
    let gap = if a.node.is_some() && b.node.is_some() { NODE_GAP } else { BEND_GAP };
    (a.width + b.width) / 2.0 + gap
}

/// Moves one row to the weighted least-squares places for its neighbours.
fn settle(vertices: &mut [Vertex], row: &[usize], near: &[&[Vec<(usize, f64)>]]) {
    // With the separations subtracted, the constraint is "not decreasing".
    let mut offset = 0.0;
    let mut offsets = Vec::with_capacity(row.len());
    let mut pools: Vec<(f64, f64, usize)> = Vec::with_capacity(row.len());
    for (index, &v) in row.iter().enumerate() {
        if index > 0 {
            offset += separation(&vertices[row[index - 1]], &vertices[v]);
        }
        offsets.push(offset);
        let (mut weight, mut sum) = (0.0, 0.0);
        for &(u, w) in near.iter().flat_map(|list| &list[v]) {
            weight += w;
            sum += w * vertices[u].x;
        }
        // A vertex without neighbours on this side stays where it is, if nobody pushes.
        let (weight, wish) = if weight > 0.0 { (weight, sum / weight) } else { (0.05, vertices[v].x) };
        pools.push((wish - offset, weight, 1));
        while let [.., (a, wa, na), (b, wb, nb)] = pools[..]
            && a > b
        {
            pools.truncate(pools.len() - 2);
            pools.push(((a * wa + b * wb) / (wa + wb), wa + wb, na + nb));
        }
    }
    let mut index = 0;
    for (value, _, count) in pools {
        for _ in 0..count {
            vertices[row[index]].x = value + offsets[index];
            index += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Arrow, Picture, layout::Layout};
    use super::separation;

    #[test]
    fn nothing_overlaps() {
        let names: Vec<String> = (0..12).map(|i| format!("variable {i}")).collect();
        let arrow = |from, to| Arrow { from, to, weight: 1.0, doubtful: false, reversible: false };
        let arrows = (0..12).flat_map(|i| (i + 1..12).step_by(2 + i % 3).map(move |j| arrow(i, j))).collect();
        let layout = Layout::new(&Picture { names, arrows, ..Picture::default() });
        for row in &layout.order {
            for pair in row.windows(2) {
                let (a, b) = (layout.vertices[pair[0]], layout.vertices[pair[1]]);
                assert!(b.x - a.x >= separation(&a, &b) - 1e-6);
            }
        }
    }
}
