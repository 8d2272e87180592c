//! How much of the other columns a block of columns explains.

use super::residuals::{Residuals, norm};
use crate::error::Result;
use crate::reduction::select_columns;
use core_tensor::linalg::{Accumulate, gemm_into};
use ndarray::{Array1, Array2, ArrayView2, Axis, ShapeBuilder, Slice};

/// A direction of a block with at most this relative residual counts as dependent on the others.
const DEPENDENT: f64 = 1e-10;

/// Measures, for a block B of columns, the fraction of the columns i outside B with dist(rᵢ, span R_B) < η ρᵢ.
pub(super) struct Probe {
    /// The columns on which it is measured; all when `None`.
    tested: Option<Vec<usize>>,
    columns: usize,
    eta: f64,
}

impl Probe {
    pub(super) fn new(tested: Option<Vec<usize>>, columns: usize, eta: f64) -> Self {
        Self { tested, columns, eta }
    }

    /// The fraction for each block. All bases go through one product.
    pub(super) fn fractions(&mut self, residuals: &Residuals, blocks: &[Vec<usize>]) -> Result<Vec<f64>> {
        let n = residuals.residual.nrows();
        let mut bases = Array2::zeros((n, blocks.iter().map(Vec::len).sum::<usize>()).f());
        let mut ends = Vec::with_capacity(blocks.len());
        let mut used = 0;
        for block in blocks {
            used = orthonormalise(residuals, block, &mut bases, used);
            ends.push(used);
        }
        let bases = bases.slice_axis(Axis(1), Slice::from(..used));
        let gathered;
        let sample: ArrayView2<'_, f64> = match &self.tested {
            None => residuals.residual.view(),
            Some(tested) => {
                gathered = select_columns(&residuals.residual, tested);
                gathered.view()
            }
        };
        let mut products = Array2::zeros((used, sample.ncols()).f());
        gemm_into(&mut products, Accumulate::Replace, 1.0, &bases.t(), &sample)?;
        let mut inside = vec![false; self.columns];
        let mut begin = 0;
        let mut fractions = Vec::with_capacity(blocks.len());
        for (block, &end) in blocks.iter().zip(&ends) {
            block.iter().for_each(|&j| inside[j] = true);
            fractions.push(self.fraction(residuals, &products, begin..end, &inside));
            block.iter().for_each(|&j| inside[j] = false);
            begin = end;
        }
        Ok(fractions)
    }

    fn fraction(
        &self,
        residuals: &Residuals,
        products: &Array2<f64>,
        rows: std::ops::Range<usize>,
        inside: &[bool],
    ) -> f64 {
        let (mut explained, mut others) = (0_usize, 0_usize);
        for (at, product) in products.columns().into_iter().enumerate() {
            let i = self.tested.as_ref().map_or(at, |tested| tested[at]);
            if inside[i] {
                continue;
            }
            others += 1;
            if residuals.is_active(i) {
                let rho = residuals.rho[i];
                let along: f64 = product.iter().skip(rows.start).take(rows.len()).map(|c| c * c).sum();
                let left = (rho * rho - along).max(0.0);
                explained += usize::from(left.sqrt() < self.eta * rho);
            }
        }
        if others == 0 { 0.0 } else { explained as f64 / others as f64 }
    }
}

/// Appends an orthonormal basis of the active residual columns of `block` (in the order given, each direction twice
/// projected) to the columns of `bases` from `begin` on; returns where it ends.
fn orthonormalise(residuals: &Residuals, block: &[usize], bases: &mut Array2<f64>, begin: usize) -> usize {
    let mut end = begin;
    for &j in block.iter().filter(|&&j| residuals.is_active(j)) {
        let mut v: Array1<f64> = residuals.residual.column(j).to_owned() / residuals.rho[j];
        for _ in 0..2 {
            for i in begin..end {
                let q = bases.column(i);
                let c = q.dot(&v);
                v.scaled_add(-c, &q);
            }
        }
        let length = norm(&v.view());
        if length > DEPENDENT {
            bases.column_mut(end).assign(&(v / length));
            end += 1;
        }
    }
    end
}
