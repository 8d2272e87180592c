//! Set E.

use crate::packed::Packed;
use ndarray::{Array2, Axis, Slice};

const POINTS: Packed =
    Packed { bytes: include_bytes!("../../data/bcd-moons/points.csv.gz"), rows: 2000, columns: 4, header_lines: 0 };
const EDGES: Packed =
    Packed { bytes: include_bytes!("../../data/bcd-moons/edges.csv.gz"), rows: 6094, columns: 2, header_lines: 0 };

/// Two moons with a graph; see [`moons`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Moons {
    /// Points in the plane (2000 × 2), rounded to 10⁻⁶.
    pub points: Array2<f64>,
    /// The class of each point, 1 or 2.
    pub class: Vec<u8>,
    /// The 100 labelled nodes, ascending.
    pub labelled: Vec<usize>,
    /// The undirected edges (i, j), i < j, each of weight 1.
    pub edges: Vec<(usize, usize)>,
}

/// Set E: 2000 points on two moons, joined to their 5 nearest neighbours, 100 of them labelled.
///
/// Drawn for this project, CC0. Details stand in `data/bcd-moons/README.md`.
///
/// ```
/// let moons = datasets::bcd::moons();
/// assert_eq!((moons.edges.len(), moons.labelled.len()), (6094, 100));
/// ```
#[must_use]
pub fn moons() -> Moons {
    let table = POINTS.table();
    let edges = EDGES.table();
    Moons {
        points: table.slice_axis(Axis(1), Slice::from(..2)).to_owned(),
        class: table.column(2).iter().map(|&c| c as u8).collect(),
        labelled: (0..table.nrows()).filter(|&i| table[[i, 3]] == 1.0).collect(),
        edges: edges.rows().into_iter().map(|e| (e[0] as usize, e[1] as usize)).collect(),
    }
}
