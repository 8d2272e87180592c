//! Blocks small enough for plain loops.
//!
//! A block has a length that the compiler knows; a smaller one is bordered by the identity, which changes nothing in its
//! own rows and columns and lets every inner loop run over full columns.

use super::BadPivot;
use crate::{Kernel, Scalar, vectorised};
use faer::{MatMut, MatRef};

/// Rows and columns of a full block.
pub(super) const BLOCK: usize = 24;

/// A block by columns.
type Block<T> = [[T; BLOCK]; BLOCK];

/// Factorises `a` (at most [`BLOCK`] rows) in place and writes the inverses of both factors to `lower` and `upper` (as
/// large as `a`). `first` is the index of its first pivot in the whole matrix.
pub(super) fn factorise<T: Scalar>(
    a: MatMut<'_, T>,
    lower: MatMut<'_, T>,
    upper: MatMut<'_, T>,
    first: usize,
    good: impl Fn(T) -> bool,
) -> Result<(), BadPivot> {
    vectorised(Factorise { a, lower, upper, first, good })
}

struct Factorise<'a, T, G> {
    a: MatMut<'a, T>,
    lower: MatMut<'a, T>,
    upper: MatMut<'a, T>,
    first: usize,
    good: G,
}

impl<T: Scalar, G: Fn(T) -> bool> Kernel for Factorise<'_, T, G> {
    type Output = Result<(), BadPivot>;

    #[inline(always)]
    fn run(self) -> Result<(), BadPivot> {
        let Self { mut a, mut lower, mut upper, first, good } = self;
        let n = a.nrows();
        let mut block = load(a.as_ref());
        let mut pivot_inverses = [T::one(); BLOCK];
        for k in 0..n {
            let pivot = block[k][k];
            if !good(pivot) {
                return Err(BadPivot(first + k));
            }
            pivot_inverses[k] = T::one() / pivot;
            let mut multipliers = [T::zero(); BLOCK];
            for (v, multiplier) in block[k].iter_mut().zip(&mut multipliers).skip(k + 1) {
                *v *= pivot_inverses[k];
                *multiplier = *v;
            }
            for column in &mut block[k + 1..n] {
                let top = column[k];
                if top != T::zero() {
                    subtract(column, top, &multipliers);
                }
            }
        }
        store(&block, a.as_mut());
        store(&invert_lower(&block), lower.as_mut());
        store(&invert_upper(&block, &pivot_inverses), upper.as_mut());
        Ok(())
    }
}

/// The inverse of the unit lower triangle, with zeros above the diagonal.
#[inline(always)]
fn invert_lower<T: Scalar>(block: &Block<T>) -> Block<T> {
    let mut inverse = identity();
    for k in 0..BLOCK {
        let mut multipliers = [T::zero(); BLOCK];
        multipliers[k + 1..].copy_from_slice(&block[k][k + 1..]);
        for column in &mut inverse[..=k] {
            let top = column[k];
            if top != T::zero() {
                subtract(column, top, &multipliers);
            }
        }
    }
    inverse
}

/// The inverse of the upper triangle, with zeros below the diagonal.
#[inline(always)]
fn invert_upper<T: Scalar>(block: &Block<T>, pivot_inverses: &[T; BLOCK]) -> Block<T> {
    let mut inverse = identity();
    for k in (0..BLOCK).rev() {
        let mut multipliers = [T::zero(); BLOCK];
        multipliers[..k].copy_from_slice(&block[k][..k]);
        for column in &mut inverse[k..] {
            column[k] *= pivot_inverses[k];
            let bottom = column[k];
            if bottom != T::zero() {
                subtract(column, bottom, &multipliers);
            }
        }
    }
    inverse
}

#[inline(always)]
fn subtract<T: Scalar>(column: &mut [T; BLOCK], factor: T, other: &[T; BLOCK]) {
    for (v, &l) in column.iter_mut().zip(other) {
        *v -= factor * l;
    }
}

#[inline(always)]
fn identity<T: Scalar>() -> Block<T> {
    let mut block = [[T::zero(); BLOCK]; BLOCK];
    for (j, column) in block.iter_mut().enumerate() {
        column[j] = T::one();
    }
    block
}

#[inline(always)]
fn load<T: Scalar>(a: MatRef<'_, T>) -> Block<T> {
    let n = a.nrows();
    let mut block = if n == BLOCK { [[T::zero(); BLOCK]; BLOCK] } else { identity() };
    for (column, from) in block.iter_mut().zip(a.col_iter()) {
        match from.try_as_col_major() {
            Some(from) => column[..n].copy_from_slice(from.as_slice()),
            None => column.iter_mut().zip(from.iter()).for_each(|(v, &from)| *v = from),
        }
    }
    block
}

#[inline(always)]
fn store<T: Scalar>(block: &Block<T>, a: MatMut<'_, T>) {
    let n = a.nrows();
    for (column, mut to) in block.iter().zip(a.col_iter_mut()) {
        if let Some(to) = to.as_mut().try_as_col_major_mut() {
            to.as_slice_mut().copy_from_slice(&column[..n]);
        } else {
            to.iter_mut().zip(column).for_each(|(to, &v)| *to = v);
        }
    }
}
