//! The failures that every crate of the workspace shares, and the checks that raise them.

use crate::Scalar;
use ndarray::{ArrayRef, Dimension};

/// What can be wrong with an argument, or with a matrix that is to be factorised.
///
/// Method crates wrap this type with `#[error(transparent)]` and add only what is theirs.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An array has a shape that does not fit the others.
    #[error("`{argument}` has shape {found:?}, but {expected:?} is needed because {reason}")]
    Shape {
        /// The argument's name.
        argument: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape that fits.
        expected: Vec<usize>,
        /// What the expectation comes from.
        reason: &'static str,
    },
    /// A number lies outside its legal range.
    #[error("`{argument}` is {found}; it must be {expected}")]
    OutOfRange {
        /// The argument's name.
        argument: &'static str,
        /// Its value.
        found: f64,
        /// The legal range, in words.
        expected: &'static str,
    },
    /// An entry is NaN or infinite.
    #[error("`{argument}` holds {found} at {index:?}; every entry must be finite")]
    NotFinite {
        /// The argument's name.
        argument: &'static str,
        /// The entry.
        found: f64,
        /// Where it stands, one index per axis.
        index: Vec<usize>,
    },
    /// An array has no entries where some are needed.
    #[error("`{argument}` is empty; at least one {expected} is needed")]
    Empty {
        /// The argument's name.
        argument: &'static str,
        /// What is missing ("row", "column", "entry").
        expected: &'static str,
    },
    /// A matrix that must be symmetric is not.
    #[error(
        "`{argument}` is not symmetric: entries ({row}, {column}) and ({column}, {row}) differ by {difference:e}, \
         more than rounding explains"
    )]
    NotSymmetric {
        /// The argument's name.
        argument: &'static str,
        /// Row of the first entry.
        row: usize,
        /// Column of the first entry.
        column: usize,
        /// Absolute difference of the two.
        difference: f64,
    },
    /// A Cholesky pivot is zero or negative.
    #[error("`{argument}` is not positive definite: pivot {pivot} is not positive")]
    NotPositiveDefinite {
        /// The argument's name.
        argument: &'static str,
        /// Index of the first such pivot.
        pivot: usize,
    },
    /// A matrix has no inverse in floating-point arithmetic.
    #[error("`{argument}` is singular: pivot {pivot} vanishes")]
    Singular {
        /// The argument's name.
        argument: &'static str,
        /// Index of the vanishing pivot.
        pivot: usize,
    },
    /// A matrix has a smaller rank than the question needs.
    #[error("`{argument}` has numerical rank {rank}, but {needed} is needed because {reason}")]
    RankDeficient {
        /// The argument's name.
        argument: &'static str,
        /// Its numerical rank.
        rank: usize,
        /// The rank that would do.
        needed: usize,
        /// What the need comes from.
        reason: &'static str,
    },
    /// A factorisation was asked for something before it had a matrix (or after it had rejected one).
    #[error("`{argument}` holds no factorisation: call `factorise` first, and check that it succeeds")]
    NotFactorised {
        /// Which factorisation.
        argument: &'static str,
    },
    /// An iterative factorisation did not settle.
    #[error("the {what} of `{argument}` did not converge")]
    NoConvergence {
        /// The argument's name.
        argument: &'static str,
        /// Which computation ("singular value decomposition", …).
        what: &'static str,
    },
}

/// Result with the shared [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Accepts `found` when `holds` is true. Write the condition as what must hold, so that NaN fails it.
///
/// # Errors
/// [`Error::OutOfRange`] otherwise.
pub fn check_range(argument: &'static str, found: f64, holds: bool, expected: &'static str) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::OutOfRange { argument, found, expected }) }
}

/// Accepts an array whose entries are all finite.
///
/// # Errors
/// [`Error::NotFinite`] with the first offending entry in row-major order.
pub fn check_finite<T: Scalar, D: Dimension>(argument: &'static str, x: &ArrayRef<T, D>) -> Result<()> {
    // The sum of 0 x is NaN exactly when some entry is not finite: one vectorised pass for the usual case.
    let suspicious = match x.as_slice_memory_order() {
        Some(entries) => !all_finite(entries),
        None => x.iter().any(|v| !v.is_finite()),
    };
    if suspicious { Err(first_not_finite(argument, x)) } else { Ok(()) }
}

fn all_finite<T: Scalar>(entries: &[T]) -> bool {
    entries.chunks(1024).all(|chunk| chunk.iter().fold(T::zero(), |sum, &v| sum + v * T::zero()) == T::zero())
}

#[cold]
fn first_not_finite<T: Scalar, D: Dimension>(argument: &'static str, x: &ArrayRef<T, D>) -> Error {
    let shape = x.shape();
    let flat = x.iter().position(|v| !v.is_finite()).unwrap_or(0);
    let found = x.iter().nth(flat).map_or(f64::NAN, |v| Scalar::to_f64(*v));
    let mut index = vec![0; shape.len()];
    let mut rest = flat;
    for (position, &length) in index.iter_mut().zip(shape).rev() {
        *position = rest % length.max(1);
        rest /= length.max(1);
    }
    Error::NotFinite { argument, found, index }
}

/// Accepts an array of exactly the given shape.
///
/// # Errors
/// [`Error::Shape`] otherwise.
pub fn check_shape<T, D: Dimension>(
    argument: &'static str,
    x: &ArrayRef<T, D>,
    expected: &[usize],
    reason: &'static str,
) -> Result<()> {
    if x.shape() == expected {
        Ok(())
    } else {
        Err(Error::Shape { argument, found: x.shape().to_vec(), expected: expected.to_vec(), reason })
    }
}

/// Accepts a matrix with as many rows as columns and returns that number.
///
/// # Errors
/// [`Error::Shape`] otherwise.
pub fn check_square<T>(argument: &'static str, x: &ndarray::ArrayRef2<T>) -> Result<usize> {
    let n = x.nrows();
    check_shape(argument, x, &[n, n], "the matrix must be square")?;
    Ok(n)
}

/// Accepts a square matrix that is symmetric up to `tolerance` times its largest absolute entry.
///
/// A pair whose difference is NaN is not symmetric; NaN on the diagonal is not seen (that is for [`check_finite`]).
///
/// # Errors
/// [`Error::Shape`] or [`Error::NotSymmetric`] with the worst pair of entries.
pub fn check_symmetric<T: Scalar>(argument: &'static str, x: &ndarray::ArrayRef2<T>, tolerance: f64) -> Result<()> {
    let n = check_square(argument, x)?;
    let largest = x.iter().fold(0.0_f64, |m, v| m.max(Scalar::to_f64(v.abs())));
    let mut worst = (0.0, 0, 0);
    for i in 0..n {
        for j in i + 1..n {
            let difference = Scalar::to_f64((x[[i, j]] - x[[j, i]]).abs());
            if difference.is_nan() {
                return Err(Error::NotSymmetric { argument, row: i, column: j, difference });
            }
            if difference > worst.0 {
                worst = (difference, i, j);
            }
        }
    }
    if worst.0 <= tolerance * largest {
        Ok(())
    } else {
        Err(Error::NotSymmetric { argument, row: worst.1, column: worst.2, difference: worst.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn the_first_bad_entry_is_named() {
        let mut x = Array2::<f64>::zeros((3, 4));
        assert_eq!(check_finite("x", &x), Ok(()));
        x[[1, 2]] = f64::INFINITY;
        x[[2, 0]] = f64::NAN;
        let error = check_finite("x", &x).unwrap_err();
        assert_eq!(error.to_string(), "`x` holds inf at [1, 2]; every entry must be finite");
        assert_eq!(
            check_finite("x", &x.t()).unwrap_err().to_string(),
            "`x` holds NaN at [0, 2]; every entry must be finite"
        );
    }

    #[test]
    fn messages_are_interface() {
        let x = array![[1.0, 2.0], [2.5, 1.0]];
        assert_eq!(
            check_symmetric("covariance", &x, 1e-10).unwrap_err().to_string(),
            "`covariance` is not symmetric: entries (0, 1) and (1, 0) differ by 5e-1, more than rounding explains"
        );
        assert_eq!(
            check_shape("y", &x, &[2, 3], "`x` has 3 columns").unwrap_err().to_string(),
            "`y` has shape [2, 2], but [2, 3] is needed because `x` has 3 columns"
        );
        assert_eq!(
            check_range("lambda", f64::NAN, false, "finite and >= 0").unwrap_err().to_string(),
            "`lambda` is NaN; it must be finite and >= 0"
        );
        assert_eq!(
            Error::Empty { argument: "x", expected: "row" }.to_string(),
            "`x` is empty; at least one row is needed"
        );
        assert_eq!(
            Error::NotPositiveDefinite { argument: "a", pivot: 3 }.to_string(),
            "`a` is not positive definite: pivot 3 is not positive"
        );
        assert_eq!(Error::Singular { argument: "a", pivot: 0 }.to_string(), "`a` is singular: pivot 0 vanishes");
        assert_eq!(
            Error::RankDeficient { argument: "a", rank: 2, needed: 3, reason: "it has 3 columns" }.to_string(),
            "`a` has numerical rank 2, but 3 is needed because it has 3 columns"
        );
        assert_eq!(
            Error::NotFactorised { argument: "Llt" }.to_string(),
            "`Llt` holds no factorisation: call `factorise` first, and check that it succeeds"
        );
        assert_eq!(
            Error::NoConvergence { argument: "a", what: "singular value decomposition" }.to_string(),
            "the singular value decomposition of `a` did not converge"
        );
    }
}
