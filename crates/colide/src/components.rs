//! Strongly connected components.

use crate::Graph;

/// The strongly connected components of a graph, effects before causes, each with its nodes in increasing order.
///
/// A graph is acyclic when every component is a single node without a self-loop. Tarjan's algorithm with an explicit
/// stack, O(d + e).
pub fn strongly_connected_components(graph: &Graph) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let d = graph.nodes();
    let mut index = vec![UNSEEN; d];
    let mut low = vec![0; d];
    let mut on_stack = vec![false; d];
    let mut stack = Vec::new();
    let mut components = Vec::new();
    let mut count = 0;
    // Each frame is a node and how many of its children have been looked at.
    let mut frames: Vec<(usize, usize)> = Vec::new();
    for root in 0..d {
        if index[root] == UNSEEN {
            frames.push((root, 0));
        }
        while let Some((node, seen)) = frames.pop() {
            if seen == 0 {
                index[node] = count;
                low[node] = count;
                count += 1;
                stack.push(node);
                on_stack[node] = true;
            } else {
                let child = graph.children(node)[seen - 1];
                if on_stack[child] {
                    low[node] = low[node].min(low[child]);
                }
            }
            match graph.children(node).get(seen) {
                Some(&child) => {
                    frames.push((node, seen + 1));
                    if index[child] == UNSEEN {
                        frames.push((child, 0));
                    }
                }
                None if low[node] == index[node] => {
                    let start = stack.iter().rposition(|&member| member == node).unwrap_or(0);
                    let mut component = stack.split_off(start);
                    for &member in &component {
                        on_stack[member] = false;
                    }
                    component.sort_unstable();
                    components.push(component);
                }
                None => {}
            }
        }
    }
    components
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_of_two_cycles_and_a_bridge() {
        let graph = Graph::from_edges(6, [(0, 1), (1, 0), (1, 2), (2, 3), (3, 4), (4, 2), (5, 5)]);
        let found = strongly_connected_components(&graph);
        assert_eq!(found, [vec![2, 3, 4], vec![0, 1], vec![5]]);
        let long = Graph::from_edges(200_000, (0..200_000).map(|i| (i, (i + 1) % 200_000)));
        assert_eq!(strongly_connected_components(&long).len(), 1, "no recursion: no stack overflow");
    }
}
