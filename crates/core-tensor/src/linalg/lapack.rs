//! The factorisations a second time, by LAPACK on the system's OpenBLAS.
//!
//! For checking and racing the rest of [`linalg`](super), not for building on: every call allocates and copies, those
//! that use LU also start a thread, the number of threads is OpenBLAS's own affair, and so are the bits.

use crate::{Error, Result, Scalar, check_finite, check_shape, check_square};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis, Slice};
use ndarray_linalg::error::LinalgError;
use ndarray_linalg::{
    Cholesky, Determinant, Eigh, FactorizeC, Inverse, JobSvd, Lapack, QR, SVDDC, Solve, SolveC, UPLO,
};

/// The numbers that LAPACK knows: `f32` and `f64`.
pub trait LapackScalar: Scalar + Lapack + ndarray_linalg::Scalar<Real = Self> {}

impl LapackScalar for f32 {}
impl LapackScalar for f64 {}

/// The lower Cholesky factor of a symmetric positive definite `a` (n × n), of which the lower triangle is used.
///
/// # Errors
/// `a` not square, not finite or not positive definite.
pub fn cholesky<T: LapackScalar>(a: &ArrayRef2<T>) -> Result<Array2<T>> {
    if door(a)? == 0 {
        return Ok(a.to_owned());
    }
    a.cholesky(UPLO::Lower).map_err(not_positive_definite)
}

/// The solution of A x = b for a symmetric positive definite `a` (n × n) and `b` (n).
///
/// # Errors
/// `a` not square, not finite or not positive definite; `b` not of length n or not finite.
pub fn solve_spd<T: LapackScalar>(a: &ArrayRef2<T>, b: &ArrayRef1<T>) -> Result<Array1<T>> {
    if door_with(a, b)? == 0 {
        return Ok(b.to_owned());
    }
    a.factorizec(UPLO::Lower).and_then(|factor| factor.solvec(b)).map_err(not_positive_definite)
}

/// The solution of A x = b for a square `a` (n × n) and `b` (n), by LU with partial pivoting.
///
/// # Errors
/// `a` not square, not finite or singular; `b` not of length n or not finite.
pub fn solve<T: LapackScalar>(a: &ArrayRef2<T>, b: &ArrayRef1<T>) -> Result<Array1<T>> {
    if door_with(a, b)? == 0 {
        return Ok(b.to_owned());
    }
    on_a_large_stack(|| Solve::solve(a, b).map_err(singular))
}

/// The inverse of a square `a` (n × n), by LU with partial pivoting.
///
/// # Errors
/// `a` not square, not finite or singular.
pub fn inverse<T: LapackScalar>(a: &ArrayRef2<T>) -> Result<Array2<T>> {
    if door(a)? == 0 {
        return Ok(a.to_owned());
    }
    on_a_large_stack(|| a.inv().map_err(singular))
}

/// log |det A| and the sign of det A (1, 0 or −1) of a square `a` (n × n).
///
/// # Errors
/// `a` not square or not finite.
pub fn log_abs_det<T: LapackScalar>(a: &ArrayRef2<T>) -> Result<(T, T)> {
    if door(a)? == 0 {
        return Ok((<T as num_traits::Zero>::zero(), <T as num_traits::One>::one()));
    }
    on_a_large_stack(|| a.sln_det().map(|(sign, log)| (log, sign)).map_err(singular))
}

/// The thin QR factorisation of `a` (m × n): Q (m × k) and R (k × n) with k = min(m, n).
///
/// # Errors
/// `a` empty or not finite.
pub fn qr<T: LapackScalar>(a: &ArrayRef2<T>) -> Result<(Array2<T>, Array2<T>)> {
    not_empty(a)?;
    a.view().qr().map_err(|_| Error::NoConvergence { argument: "a", what: "QR factorisation" })
}

/// The thin singular value decomposition of `a` (m × n): U (m × k), s (k, descending), V (n × k, not transposed), by
/// divide and conquer.
///
/// # Errors
/// `a` empty or not finite; [`Error::NoConvergence`].
pub fn svd<T: LapackScalar>(a: &ArrayRef2<T>) -> Result<(Array2<T>, Array1<T>, Array2<T>)> {
    not_empty(a)?;
    let failed = Error::NoConvergence { argument: "a", what: "singular value decomposition" };
    let Ok((Some(mut u), values, Some(mut vt))) = a.svddc(JobSvd::Some) else { return Err(failed) };
    let k = a.nrows().min(a.ncols());
    u.slice_axis_inplace(Axis(1), Slice::from(..k));
    vt.slice_axis_inplace(Axis(0), Slice::from(..k));
    Ok((u, values, vt.reversed_axes()))
}

/// The eigenvalues (n, ascending) and eigenvectors (n × n, one per column) of a symmetric `a` (n × n), of which the lower
/// triangle is used.
///
/// # Errors
/// `a` not square or not finite; [`Error::NoConvergence`].
pub fn symmetric_eigen<T: LapackScalar>(a: &ArrayRef2<T>) -> Result<(Array1<T>, Array2<T>)> {
    if door(a)? == 0 {
        return Ok((Array1::from_vec(Vec::new()), a.to_owned()));
    }
    a.view().eigh(UPLO::Lower).map_err(|_| Error::NoConvergence { argument: "a", what: "symmetric eigendecomposition" })
}

/// Runs an LU factorisation in a thread of its own with 16 MiB of stack.
///
/// The parallel LU of OpenBLAS keeps a table on the stack that grows with the square of the largest number of threads it
/// was built for: 2 MiB in Debian's build, as much as a Rust thread has by default, and overrunning it kills the process.
fn on_a_large_stack<R: Send>(work: impl FnOnce() -> Result<R> + Send) -> Result<R> {
    let failed = Error::NoConvergence { argument: "a", what: "LU factorisation in a thread of its own" };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(16 << 20).spawn_scoped(scope, work);
        thread.map_or(Err(failed.clone()), |handle| handle.join().unwrap_or(Err(failed)))
    })
}

fn door<T: Scalar>(a: &ArrayRef2<T>) -> Result<usize> {
    let n = check_square("a", a)?;
    check_finite("a", a)?;
    Ok(n)
}

fn door_with<T: Scalar>(a: &ArrayRef2<T>, b: &ArrayRef1<T>) -> Result<usize> {
    let n = door(a)?;
    check_shape("b", b, &[n], "`b` has an entry per row of `a`")?;
    check_finite("b", b)?;
    Ok(n)
}

fn not_empty<T: Scalar>(a: &ArrayRef2<T>) -> Result<()> {
    if a.is_empty() {
        return Err(Error::Empty { argument: "a", expected: "entry" });
    }
    check_finite("a", a)
}

/// The pivot that LAPACK complains of, which counts from one. The code stands in the text of the error only: its type is
/// not part of the interface of ndarray-linalg.
fn pivot(error: &LinalgError) -> usize {
    let text = error.to_string();
    let code = text.rsplit(|c: char| !c.is_ascii_digit()).find(|digits| !digits.is_empty());
    code.and_then(|code| code.parse::<usize>().ok()).unwrap_or(1).saturating_sub(1)
}

fn not_positive_definite(error: LinalgError) -> Error {
    Error::NotPositiveDefinite { argument: "a", pivot: pivot(&error) }
}

fn singular(error: LinalgError) -> Error {
    Error::Singular { argument: "a", pivot: pivot(&error) }
}
