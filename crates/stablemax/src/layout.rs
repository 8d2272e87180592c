//! Where the tensors of a model lie in its flat vector of parameters.

use std::ops::Range;

/// Shapes of consecutive tensors (rows × columns, row-major) in one flat vector. A bias of n units is 1 × n.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    shapes: Vec<(usize, usize)>,
    starts: Vec<usize>,
}

impl Layout {
    /// Tensors of these shapes, one after the other.
    #[must_use]
    pub fn new(shapes: &[(usize, usize)]) -> Self {
        let mut starts = vec![0];
        let mut total: usize = 0;
        for &(rows, columns) in shapes {
            total = total.saturating_add(rows.saturating_mul(columns));
            starts.push(total);
        }
        Self { shapes: shapes.to_vec(), starts }
    }

    /// Number of parameters.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Shapes of the tensors.
    #[must_use]
    pub fn shapes(&self) -> &[(usize, usize)] {
        &self.shapes
    }

    /// Where each tensor lies.
    pub fn ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.starts.windows(2).map(|pair| pair[0]..pair[1])
    }
}
