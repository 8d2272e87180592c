//! The order within the layers: barycentre sweeps and exchanges of neighbours, the best order seen is kept.

use super::layout::Vertex;

const SWEEPS: usize = 24;

/// The vertices of each layer from left to right.
pub(super) fn order(vertices: &[Vertex], chains: &[Vec<usize>], layers: usize) -> Vec<Vec<usize>> {
    let mut above = vec![Vec::new(); vertices.len()];
    let mut below = vec![Vec::new(); vertices.len()];
    for pair in chains.iter().flat_map(|chain| chain.windows(2)) {
        below[pair[0]].push(pair[1]);
        above[pair[1]].push(pair[0]);
    }
    let mut best: Option<(usize, Vec<Vec<usize>>)> = None;
    for from_below in [false, true] {
        let mut order = depth_first(vertices, &above, &below, layers, from_below);
        let mut place = vec![0; vertices.len()];
        order.iter().for_each(|row| number(row, &mut place));
        for sweep in 0..SWEEPS {
            let down = (sweep % 2 == 0) != from_below;
            let neighbours = if down { &above } else { &below };
            let rows: Vec<usize> = if down { (0..layers).collect() } else { (0..layers).rev().collect() };
            for row in rows {
                sort_by_barycentre(&mut order[row], neighbours, &mut place);
            }
            exchange(&mut order, &above, &below, &mut place);
            let found = crossings(&order, &below, &place);
            if best.as_ref().is_none_or(|(least, _)| found < *least) {
                best = Some((found, order.clone()));
            }
        }
    }
    best.map(|(_, order)| order).unwrap_or_default()
}

/// A first order: vertices as a depth-first walk meets them, so that subtrees stay together.
fn depth_first(
    vertices: &[Vertex],
    above: &[Vec<usize>],
    below: &[Vec<usize>],
    layers: usize,
    from_below: bool,
) -> Vec<Vec<usize>> {
    let mut order = vec![Vec::new(); layers];
    let mut seen = vec![false; vertices.len()];
    let mut starts: Vec<usize> = (0..vertices.len()).collect();
    starts.sort_by_key(|&v| if from_below { layers - vertices[v].layer } else { vertices[v].layer });
    for start in starts {
        let mut stack = vec![start];
        while let Some(v) = stack.pop() {
            if std::mem::replace(&mut seen[v], true) {
                continue;
            }
            order[vertices[v].layer].push(v);
            let (last, first) = if from_below { (&below[v], &above[v]) } else { (&above[v], &below[v]) };
            stack.extend(last.iter().rev());
            stack.extend(first.iter().rev());
        }
    }
    order
}

fn number(row: &[usize], place: &mut [usize]) {
    row.iter().enumerate().for_each(|(index, &v)| place[v] = index);
}

fn sort_by_barycentre(row: &mut [usize], neighbours: &[Vec<usize>], place: &mut [usize]) {
    let mut keyed: Vec<(f64, usize)> = row
        .iter()
        .map(|&v| {
            let around = &neighbours[v];
            let sum: usize = around.iter().map(|&u| place[u]).sum();
            let centre = if around.is_empty() { place[v] as f64 } else { sum as f64 / around.len() as f64 };
            (centre, v)
        })
        .collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    row.iter_mut().zip(keyed).for_each(|(v, (_, sorted))| *v = sorted);
    number(row, place);
}

/// Swaps neighbours while that removes crossings.
fn exchange(order: &mut [Vec<usize>], above: &[Vec<usize>], below: &[Vec<usize>], place: &mut [usize]) {
    for _ in 0..10 {
        let mut improved = false;
        for row in order.iter_mut() {
            for i in 1..row.len() {
                let (left, right) = (row[i - 1], row[i]);
                let now = pair(&above[left], &above[right], place) + pair(&below[left], &below[right], place);
                let then = pair(&above[right], &above[left], place) + pair(&below[right], &below[left], place);
                if then < now {
                    row.swap(i - 1, i);
                    place[left] = i;
                    place[right] = i - 1;
                    improved = true;
                }
            }
        }
        if !improved {
            break;
        }
    }
}

/// Crossings between the edges of two neighbours, the first on the left.
fn pair(left: &[usize], right: &[usize], place: &[usize]) -> usize {
    left.iter().map(|&a| right.iter().filter(|&&b| place[b] < place[a]).count()).sum()
}

fn crossings(order: &[Vec<usize>], below: &[Vec<usize>], place: &[usize]) -> usize {
    let mut count = 0;
    for row in order {
        let mut seen: Vec<usize> = Vec::new();
        for &v in row {
            for &u in &below[v] {
                count += seen.iter().filter(|&&other| other > place[u]).count();
            }
            seen.extend(below[v].iter().map(|&u| place[u]));
        }
    }
    count
}
