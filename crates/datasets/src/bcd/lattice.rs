//! Set D.

use crate::mersenne::MersenneTwister;

/// Labels on a grid; node = column · rows + row.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LatticeLabels {
    /// 50.
    pub rows: usize,
    /// 50.
    pub columns: usize,
    /// The weight of every edge, 10⁵.
    pub weight: f64,
    /// The 100 labelled nodes and their values, 10 N(0, 1).
    pub labels: Vec<(usize, f64)>,
}

/// Set D: 100 labels on a 50 × 50 grid. The minimum of ½ xᵀA x - bᵀx over the other nodes is -1045999575.2270696.
///
/// ```
/// let grid = datasets::bcd::lattice_d();
/// assert_eq!(grid.labels[0].0, 1406);
/// ```
#[must_use]
pub fn lattice_d() -> LatticeLabels {
    let mut random = MersenneTwister::new(1);
    let nodes = random.choice(2500, 100);
    let labels = nodes.into_iter().map(|node| (node, 10.0 * random.normal())).collect();
    LatticeLabels { rows: 50, columns: 50, weight: 1e5, labels }
}
