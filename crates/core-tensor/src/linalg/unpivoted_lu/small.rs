//! Blocks small enough for plain loops.
//!
//! A block has a length that the compiler knows; a smaller one is bordered by the identity, which changes nothing in its
//! own rows and columns and lets every inner loop run over full columns.

use super::BadPivot;
use crate::Scalar;
use faer::{MatMut, MatRef};

/// Rows and columns of a full block.
pub(super) const BLOCK: usize = 8;

/// A block by columns.
type Block<T> = [[T; BLOCK]; BLOCK];

/// Factorises `a` (at most [`BLOCK`] rows) in place. `first` is the index of its first pivot in the whole matrix.
pub(super) fn factorise<T: Scalar>(
    mut a: MatMut<'_, T>,
    first: usize,
    good: impl Fn(T) -> bool,
) -> Result<(), BadPivot> {
    let n = a.nrows();
    let mut block = load(a.as_ref());
    for k in 0..n {
        let pivot = block[k][k];
        if !good(pivot) {
            return Err(BadPivot(first + k));
        }
        let inverse = T::one() / pivot;
        let mut multipliers = [T::zero(); BLOCK];
        for (v, multiplier) in block[k].iter_mut().zip(&mut multipliers).skip(k + 1) {
            *v *= inverse;
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
    Ok(())
}

/// Writes the inverses of both factors of a factorised block to `lower` and `upper` (as large as `factor`), zeros in
/// their other triangles.
pub(super) fn invert<T: Scalar>(factor: MatRef<'_, T>, lower: MatMut<'_, T>, upper: MatMut<'_, T>) {
    let n = factor.nrows();
    let block = load(factor);
    store(&invert_lower(&block, n), lower);
    store(&invert_upper(&block, n), upper);
}

/// The inverse of the unit lower triangle.
fn invert_lower<T: Scalar>(block: &Block<T>, n: usize) -> Block<T> {
    let mut inverse = identity();
    for k in 0..n {
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

/// The inverse of the upper triangle.
fn invert_upper<T: Scalar>(block: &Block<T>, n: usize) -> Block<T> {
    let mut inverse = identity();
    for k in (0..n).rev() {
        let pivot_inverse = T::one() / block[k][k];
        let mut multipliers = [T::zero(); BLOCK];
        multipliers[..k].copy_from_slice(&block[k][..k]);
        for column in &mut inverse[k..n] {
            column[k] *= pivot_inverse;
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

fn identity<T: Scalar>() -> Block<T> {
    let mut block = [[T::zero(); BLOCK]; BLOCK];
    for (j, column) in block.iter_mut().enumerate() {
        column[j] = T::one();
    }
    block
}

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
