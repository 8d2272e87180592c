//! Changes of coordinates of windows.

use crate::basis::OrthoBasis;
use crate::matrix::{matrix, product};
use crate::{Error, Result};
use core_tensor::{Scalar, check_finite, check_range, check_shape};
use ndarray::Array2;

/// The orthogonal change of coordinates of input or output windows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Rotation<T> {
    /// None; the shifts δ are not used.
    Identity,
    /// One basis for all series, vectors in rows.
    Shared(Array2<T>),
    /// One basis per series; the shifts δ are not used.
    PerChannel(Vec<Array2<T>>),
}

impl<T: Scalar> Rotation<T> {
    /// From a basis.
    pub fn shared(basis: &OrthoBasis) -> Self {
        Rotation::Shared(basis.matrix().mapv(<T as Scalar>::from_f64))
    }

    /// From a basis per series.
    pub fn per_channel(bases: &[OrthoBasis]) -> Self {
        Rotation::PerChannel(bases.iter().map(|b| b.matrix().mapv(<T as Scalar>::from_f64)).collect())
    }

    pub(crate) fn check(&self, argument: &'static str, size: usize, channels: usize) -> Result<()> {
        let check = |q: &Array2<T>| -> Result<()> {
            check_shape(argument, q, &[size, size], "the basis is of windows of that many steps")?;
            check_finite(argument, q)?;
            OrthoBasis::new(q.mapv(Scalar::to_f64)).map(|_| ()).map_err(|error| match error {
                Error::NotOrthogonal { deviation, .. } => Error::NotOrthogonal { argument, deviation },
                other => other,
            })
        };
        match self {
            Rotation::Identity => Ok(()),
            Rotation::Shared(q) => check(q),
            Rotation::PerChannel(bases) => {
                check_range(argument, bases.len() as f64, bases.len() == channels, "one basis per channel")?;
                bases.iter().try_for_each(check)
            }
        }
    }
}

/// Rotates each row: `s = Q u` (`forward`), or `u = Qᵀ s`. Rows are ordered (window, series), `copies` rows of `size` each.
pub(crate) fn rotate<T: Scalar>(
    rotation: &Rotation<T>,
    forward: bool,
    copies: usize,
    size: usize,
    from: &[T],
    to: &mut [T],
) -> Result<()> {
    let side = |q: &Array2<T>| if forward { q.t().to_owned() } else { q.clone() };
    match rotation {
        Rotation::Identity => to[..from.len()].copy_from_slice(from),
        Rotation::Shared(q) => {
            let rows = from.len() / size;
            let q = if forward { q.t() } else { q.view() };
            product(to, matrix(from, rows, size), q)?;
        }
        Rotation::PerChannel(bases) => {
            let sides: Vec<Array2<T>> = bases.iter().map(side).collect();
            let length = copies * size;
            for (row, (from, to)) in from.chunks_exact(length).zip(to.chunks_exact_mut(length)).enumerate() {
                let q = &sides[row % sides.len()];
                product(to, matrix(from, copies, size), q.view())?;
            }
        }
    }
    Ok(())
}
