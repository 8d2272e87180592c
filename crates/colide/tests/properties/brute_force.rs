//! Graph queries by enumeration, straight from the definitions; for a handful of nodes.

use ndarray::Array2;

/// All directed paths from `from` to `to`, as lists of nodes.
pub(crate) fn directed_paths(graph: &Array2<f64>, from: usize, to: usize) -> Vec<Vec<usize>> {
    paths(from, to, &|i, j| graph[[i, j]] != 0.0, graph.nrows())
}

/// All paths without repeated nodes from `from` to `to` in the skeleton.
fn skeleton_paths(graph: &Array2<f64>, from: usize, to: usize) -> Vec<Vec<usize>> {
    paths(from, to, &|i, j| graph[[i, j]] != 0.0 || graph[[j, i]] != 0.0, graph.nrows())
}

fn paths(from: usize, to: usize, linked: &dyn Fn(usize, usize) -> bool, d: usize) -> Vec<Vec<usize>> {
    let mut open = vec![vec![from]];
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        let last = path[path.len() - 1];
        if last == to && path.len() > 1 {
            found.push(path);
            continue;
        }
        for next in (0..d).filter(|&next| linked(last, next) && !path.contains(&next)) {
            let mut longer = path.clone();
            longer.push(next);
            open.push(longer);
        }
    }
    found
}

/// `node` and everything it leads to.
pub(crate) fn with_descendants(graph: &Array2<f64>, node: usize) -> Vec<usize> {
    (0..graph.nrows()).filter(|&to| to == node || !directed_paths(graph, node, to).is_empty()).collect()
}

/// A path is open given Z when every collider has a descendant-or-self in Z and no other inner node is in Z.
fn is_open(graph: &Array2<f64>, path: &[usize], z: &[usize]) -> bool {
    path.windows(3).all(|triple| {
        let (a, b, c) = (triple[0], triple[1], triple[2]);
        let collider = graph[[a, b]] != 0.0 && graph[[c, b]] != 0.0;
        if collider { with_descendants(graph, b).iter().any(|n| z.contains(n)) } else { !z.contains(&b) }
    })
}

pub(crate) fn d_separated(graph: &Array2<f64>, x: usize, y: usize, z: &[usize]) -> bool {
    z.contains(&x) || z.contains(&y) || (x != y && !skeleton_paths(graph, x, y).iter().any(|p| is_open(graph, p, z)))
}

/// The adjustment criterion: no member of Z is a descendant of a node (other than the cause) on a directed path from
/// cause to effect, and Z blocks every path that is not directed.
pub(crate) fn is_valid_adjustment(graph: &Array2<f64>, cause: usize, effect: usize, z: &[usize]) -> bool {
    if cause == effect || z.contains(&cause) || z.contains(&effect) {
        return false;
    }
    let causal = directed_paths(graph, cause, effect);
    let forbidden =
        causal.iter().flat_map(|p| &p[1..]).any(|&n| with_descendants(graph, n).iter().any(|m| z.contains(m)));
    let confounded =
        skeleton_paths(graph, cause, effect).iter().any(|path| !causal.contains(path) && is_open(graph, path, z));
    !forbidden && !confounded
}

/// The structural intervention distance, pair by pair: the parents of i in `estimate` as adjustment set, judged in the
/// truth by d-separation after the first edges of all directed paths are removed.
pub(crate) fn sid(truth: &Array2<f64>, estimate: &Array2<f64>) -> usize {
    let d = truth.nrows();
    let mut wrong = 0;
    for i in 0..d {
        let z: Vec<usize> = (0..d).filter(|&k| estimate[[k, i]] != 0.0).collect();
        for j in (0..d).filter(|&j| j != i) {
            let causal = directed_paths(truth, i, j);
            let is_wrong = if z.contains(&j) {
                !causal.is_empty()
            } else {
                let spoiled = causal
                    .iter()
                    .flat_map(|p| &p[1..])
                    .any(|&n| with_descendants(truth, n).iter().any(|m| z.contains(m)));
                let mut cut = truth.clone();
                causal.iter().for_each(|path| cut[[path[0], path[1]]] = 0.0);
                spoiled || !d_separated(&cut, i, j, &z)
            };
            wrong += usize::from(is_wrong);
        }
    }
    wrong
}

/// Every DAG on d nodes.
pub(crate) fn all_dags(d: usize) -> Vec<Array2<f64>> {
    let pairs: Vec<(usize, usize)> = (0..d).flat_map(|i| (i + 1..d).map(move |j| (i, j))).collect();
    let mut dags = Vec::new();
    for code in 0..3_usize.pow(pairs.len() as u32) {
        let mut graph = Array2::zeros((d, d));
        let mut rest = code;
        for &(i, j) in &pairs {
            match rest % 3 {
                1 => graph[[i, j]] = 1.0,
                2 => graph[[j, i]] = 1.0,
                _ => {}
            }
            rest /= 3;
        }
        if is_acyclic(&graph) {
            dags.push(graph);
        }
    }
    dags
}

/// Nodes without parents can be taken away until none is left.
fn is_acyclic(graph: &Array2<f64>) -> bool {
    let mut left: Vec<usize> = (0..graph.nrows()).collect();
    while let Some(at) = left.iter().position(|&j| left.iter().all(|&i| graph[[i, j]] == 0.0)) {
        left.remove(at);
    }
    left.is_empty()
}

/// Skeleton and v-structures: two DAGs are Markov equivalent exactly when they share both (Verma and Pearl).
pub(crate) fn markov_signature(graph: &Array2<f64>) -> (Vec<bool>, Vec<[usize; 3]>) {
    let d = graph.nrows();
    let adjacent = |i: usize, j: usize| graph[[i, j]] != 0.0 || graph[[j, i]] != 0.0;
    let skeleton = (0..d).flat_map(|i| (0..d).map(move |j| (i, j))).map(|(i, j)| adjacent(i, j)).collect();
    let mut colliders = Vec::new();
    for b in 0..d {
        for a in 0..d {
            for c in a + 1..d {
                if graph[[a, b]] != 0.0 && graph[[c, b]] != 0.0 && !adjacent(a, c) {
                    colliders.push([a, b, c]);
                }
            }
        }
    }
    (skeleton, colliders)
}
