//! What a fit knows of the data: one covariance, or one for each set of columns that the same rows may explain.

use crate::{Covariance, Result, check_covariance};
use core_tensor::check_range;

/// The covariances that explain the columns.
#[derive(Debug, Clone)]
pub(crate) struct Evidence {
    /// What is reported, and what orders and units are read from.
    pub(crate) main: Covariance,
    /// The covariances of the columns' own rows, when they differ from `main`.
    own: Option<Own>,
}

#[derive(Debug, Clone)]
struct Own {
    covariances: Vec<Covariance>,
    of: Vec<usize>,
}

impl Evidence {
    /// The same rows explain all columns.
    pub(crate) fn single(covariance: &Covariance) -> Self {
        Self { main: covariance.clone(), own: None }
    }

    /// Column j is explained by `covariances[of[j]]`.
    pub(crate) fn by_column(main: Covariance, covariances: Vec<Covariance>, of: Vec<usize>) -> Self {
        Self { main, own: Some(Own { covariances, of }) }
    }

    pub(crate) fn variables(&self) -> usize {
        self.main.matrix.nrows()
    }

    /// The covariance that explains column j.
    pub(crate) fn of_column(&self, j: usize) -> &Covariance {
        self.own.as_ref().map_or(&self.main, |own| &own.covariances[own.of[j]])
    }

    /// All distinct covariances, and which of them explains each column.
    pub(crate) fn covariances(&self) -> (Vec<&Covariance>, Vec<usize>) {
        match &self.own {
            None => (vec![&self.main], vec![0; self.variables()]),
            Some(own) => (own.covariances.iter().collect(), own.of.clone()),
        }
    }

    /// Checks every covariance and returns the number of variables.
    pub(crate) fn check(&self) -> Result<usize> {
        let d = check_covariance("covariance", &self.main.matrix)?;
        core_tensor::check_shape("mean", &self.main.mean, &[d], "there is one mean for each variable")?;
        core_tensor::check_finite("mean", &self.main.mean)?;
        let (all, _) = self.covariances();
        for one in all {
            check_covariance("covariance", &one.matrix)?;
            check_range("samples", one.samples, one.samples >= 1.0 && one.samples.is_finite(), "finite and >= 1")?;
        }
        Ok(d)
    }
}
