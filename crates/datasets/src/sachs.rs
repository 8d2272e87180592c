//! Protein signalling in single cells.

use crate::packed::Packed;
use ndarray::{Array2, ArrayView2, Axis, Slice};

const SIZE: usize = 11;

const TABLE: Packed =
    Packed { bytes: include_bytes!("../data/sachs/sachs.csv.gz"), rows: 7466, columns: SIZE + 1, header_lines: 1 };

/// Rows of condition 1; they come first.
const OBSERVATIONAL: usize = 853;

/// The protein-signalling data of Sachs et al. (Science 308, 2005); see [`sachs`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Sachs {
    /// Fluorescence, 7466 cells × 11 molecules, strictly positive.
    pub x: Array2<f64>,
    /// The 11 molecules, in the order of the columns.
    pub names: [&'static str; SIZE],
    /// The experiment of each cell, 1..=9, in blocks; 1 is observational (anti-CD3/CD28), 2 observational with a second
    /// general stimulus, 3..=9 are interventions.
    pub condition: Vec<u8>,
    /// The 17 edges `(cause, effect)` of the consensus network, as column indices. They form a DAG.
    pub edges: [(usize, usize); 17],
}

impl Sachs {
    /// The 853 cells of condition 1 (853 × 11): the set that GraN-DAG, GOLEM and CoLiDE are scored on.
    pub fn observational(&self) -> ArrayView2<'_, f64> {
        self.x.slice_axis(Axis(0), Slice::from(..OBSERVATIONAL.min(self.x.nrows())))
    }

    /// The cells of one condition, 1 to 9 (rows × 11); no rows for any other number.
    pub fn condition(&self, number: u8) -> Array2<f64> {
        let rows: Vec<usize> = (0..self.condition.len()).filter(|&i| self.condition[i] == number).collect();
        self.x.select(Axis(0), &rows)
    }

    /// The consensus network as an 11 × 11 adjacency matrix; `[[i, j]]` is 1 for an edge i -> j, else 0.
    pub fn adjacency(&self) -> Array2<f64> {
        let mut a = Array2::zeros((SIZE, SIZE));
        for &(cause, effect) in &self.edges {
            a[[cause, effect]] = 1.0;
        }
        a
    }
}

/// Protein signalling in human T cells: 7466 × 11 raw fluorescence values from nine experiments, and the consensus
/// network that structure-learning papers score against.
///
/// Source: Sachs, Perez, Pe'er, Lauffenburger, Nolan, Science 308:523-529 (2005), by way of the Python packages `cdt` and
/// GraN-DAG (both MIT). Details stand in `data/sachs/README.md`.
///
/// ```
/// let sachs = datasets::sachs();
/// assert_eq!(sachs.x.dim(), (7466, 11));
/// assert_eq!(sachs.observational().dim(), (853, 11));
/// let (cause, effect) = sachs.edges[0];
/// assert_eq!((sachs.names[cause], sachs.names[effect]), ("Raf", "Mek"));
/// ```
pub fn sachs() -> Sachs {
    let table = TABLE.table();
    Sachs {
        x: table.slice_axis(Axis(1), Slice::from(..SIZE)).to_owned(),
        names: ["Raf", "Mek", "Plcg", "PIP2", "PIP3", "Erk", "Akt", "PKA", "PKC", "P38", "Jnk"],
        condition: table.column(SIZE).iter().map(|&c| c as u8).collect(),
        edges: [
            (0, 1),
            (1, 5),
            (2, 3),
            (2, 4),
            (4, 3),
            (5, 6),
            (7, 0),
            (7, 1),
            (7, 5),
            (7, 6),
            (7, 9),
            (7, 10),
            (8, 0),
            (8, 1),
            (8, 7),
            (8, 9),
            (8, 10),
        ],
    }
}
