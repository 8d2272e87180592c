//! Columns that are not penalised, projected out.

use super::elastic_net::{Bounds, ElasticNet};
use crate::RandomSpan;
use crate::error::Result;
use crate::greedy::support_of;
use ndarray::{Array1, Array2, ArrayRef1};

/// Least squares takes what unpenalised columns explain; the penalised problem is that of what is left. Faster than descent on
/// them, exact however they depend on one another, and with a dual bound.
#[derive(Debug)]
pub(crate) struct Unpenalised {
    span: RandomSpan,
    x: Array2<f64>,
    y: Array1<f64>,
}

impl Unpenalised {
    /// Projects the columns with factor 0 out of `x` and `y`; `None` where there are none, or where bounds forbid it.
    pub(super) fn project(config: &ElasticNet, x: &mut Array2<f64>, y: &mut Array1<f64>) -> Result<Option<Self>> {
        let Some(p) = &config.penalty_factors else { return Ok(None) };
        let set: Vec<usize> = (0..p.len()).filter(|&j| p[j] == 0.0).collect();
        if set.is_empty() || config.bounds != Bounds::Free {
            return Ok(None);
        }
        let span = RandomSpan::from_set(x, &set)?;
        let root = (x.nrows() as f64).sqrt();
        let (_, outside) = span.split(y)?;
        let mut projected = span.directions().to_owned();
        for (mut column, &rho) in projected.columns_mut().into_iter().zip(&span.rho) {
            column.mapv_inplace(|v| v * (rho / root));
        }
        Ok(Some(Self { span, x: std::mem::replace(x, projected), y: std::mem::replace(y, outside) }))
    }

    /// Adds the unpenalised coefficients to penalised ones.
    pub(super) fn complete(&self, w: &ArrayRef1<f64>) -> Result<Array1<f64>> {
        let mut all = w.to_owned();
        let mut rest = self.y.clone();
        for j in support_of(w) {
            rest.scaled_add(-w[j], &self.x.column(j));
        }
        for (&j, &value) in self.span.set.iter().zip(&self.span.explain(&self.x, &rest)?) {
            all[j] = value;
        }
        Ok(all)
    }

    /// Number of independent unpenalised columns.
    pub(super) fn rank(&self) -> usize {
        self.span.rank()
    }
}
