//! Which layer each node stands in: causes in layers above their effects, no layer too wide.

/// The layer of each node of an acyclic graph. Nodes of the past (`lags` rows before the others, no edge leads to them)
/// stand above all others, the oldest on top.
pub(super) fn layers(lags: &[usize], edges: &[(usize, usize)]) -> Vec<usize> {
    let mut past: Vec<usize> = lags.iter().copied().filter(|&lag| lag > 0).collect();
    past.sort_unstable_by(|a, b| b.cmp(a));
    past.dedup();
    let mut local = vec![None; lags.len()];
    let present: Vec<usize> = (0..lags.len()).filter(|&node| lags[node] == 0).collect();
    present.iter().enumerate().for_each(|(index, &node)| local[node] = Some(index));
    let within: Vec<(usize, usize)> = edges.iter().filter_map(|&(from, to)| local[from].zip(local[to])).collect();
    let below = timeless(present.len(), &within);
    let of = |node: usize| match local[node] {
        Some(index) => past.len() + below[index],
        None => past.iter().position(|&lag| lag == lags[node]).unwrap_or(0),
    };
    (0..lags.len()).map(of).collect()
}

/// The layers of nodes of the same time.
fn timeless(nodes: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut parents = vec![Vec::new(); nodes];
    let mut children = vec![Vec::new(); nodes];
    for &(from, to) in edges {
        parents[to].push(from);
        children[from].push(to);
    }
    let widest = (1.6 * (nodes as f64).sqrt()).ceil().max(8.0) as usize;
    let mut layer = scheduled(&parents, &children, widest);
    balance(&mut layer, &parents, &children, widest);
    layer
}

/// List scheduling: fill layer after layer with nodes whose parents are placed, those with the longest way down first.
fn scheduled(parents: &[Vec<usize>], children: &[Vec<usize>], widest: usize) -> Vec<usize> {
    let nodes = parents.len();
    let mut waiting: Vec<usize> = parents.iter().map(Vec::len).collect();
    let mut order: Vec<usize> = (0..nodes).filter(|&v| waiting[v] == 0).collect();
    let mut next = 0;
    while next < order.len() {
        for &child in &children[order[next]] {
            waiting[child] -= 1;
            if waiting[child] == 0 {
                order.push(child);
            }
        }
        next += 1;
    }
    let mut depth = vec![0; nodes];
    for &v in order.iter().rev() {
        depth[v] = children[v].iter().map(|&c| depth[c] + 1).max().unwrap_or(0);
    }
    let mut layer = vec![usize::MAX; nodes];
    let mut open: Vec<usize> = order;
    let mut current = 0;
    while !open.is_empty() {
        let mut ready: Vec<usize> =
            open.iter().copied().filter(|&v| parents[v].iter().all(|&p| layer[p] < current)).collect();
        ready.sort_by_key(|&v| (std::cmp::Reverse(depth[v]), v));
        ready.truncate(widest);
        for &v in &ready {
            layer[v] = current;
        }
        open.retain(|&v| layer[v] == usize::MAX);
        if ready.is_empty() {
            // Only a cycle leads here; draw what is left in one layer rather than not at all.
            open.drain(..).for_each(|v| layer[v] = current);
        }
        current += 1;
    }
    layer
}

/// Moves nodes within the room that their neighbours leave, to shorten edges.
fn balance(layer: &mut [usize], parents: &[Vec<usize>], children: &[Vec<usize>], widest: usize) {
    let last = layer.iter().copied().max().unwrap_or(0);
    let mut size = vec![0; last + 1];
    layer.iter().for_each(|&l| size[l] += 1);
    for round in 0..6 {
        let mut order: Vec<usize> = (0..layer.len()).collect();
        order.sort_by_key(|&v| if round % 2 == 0 { last - layer[v] } else { layer[v] });
        for v in order {
            let low = parents[v].iter().map(|&p| layer[p] + 1).max().unwrap_or(0);
            let high = children[v].iter().map(|&c| layer[c].saturating_sub(1)).min().unwrap_or(last);
            if low >= high {
                continue;
            }
            let length = |l: usize| {
                let up: usize = parents[v].iter().map(|&p| l.abs_diff(layer[p])).sum();
                let down: usize = children[v].iter().map(|&c| l.abs_diff(layer[c])).sum();
                up + down
            };
            let room = |l: usize| l == layer[v] || size[l] < widest;
            let best = (low..=high).filter(|&l| room(l)).min_by_key(|&l| (length(l), size[l], l.abs_diff(layer[v])));
            if let Some(best) = best {
                size[layer[v]] -= 1;
                size[best] += 1;
                layer[v] = best;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::layers;

    #[test]
    fn causes_stand_above_their_effects() {
        let edges = [(0, 1), (1, 2), (0, 2), (3, 2), (2, 4), (3, 4)];
        let layer = layers(&[0; 5], &edges);
        assert!(edges.iter().all(|&(from, to)| layer[from] < layer[to]), "{layer:?}");
        // 3 moves down, next to its effects.
        assert_eq!(layer[3], layer[2] - 1);
    }

    #[test]
    fn the_past_stands_on_top() {
        // 3 and 4 are one row back, 5 is three rows back.
        let edges = [(0, 1), (3, 0), (4, 1), (5, 2)];
        assert_eq!(layers(&[0, 0, 0, 1, 1, 3], &edges), [2, 3, 2, 1, 1, 0]);
    }

    #[test]
    fn a_star_is_not_one_wide_layer() {
        let edges: Vec<(usize, usize)> = (1..60).map(|to| (0, to)).collect();
        let layer = layers(&[0; 60], &edges);
        for l in 0..=*layer.iter().max().unwrap() {
            assert!(layer.iter().filter(|&&x| x == l).count() <= 13);
        }
    }
}
