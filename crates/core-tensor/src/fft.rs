//! Fast Fourier transforms with reusable plans, by rustfft and realfft.
//!
//! ```text
//! X(k) = Σ x(t) e^(−2πi k t / n),   sum over t = 0 … n − 1
//! ```
//!
//! is the forward transform, unscaled. Inverses come in two kinds, and their names say which: `inverse_unscaled` is the
//! bare sum (n times the inverse), `inverse` divides by n.
//!
//! Plans are made once for a length and then used any number of times without allocating. A length need not be a power
//! of two; [`next_fast_len`] finds a nearby length that factorises well.

mod complex;
mod convolution;
mod fast_len;
mod real;
mod two_dimensional;

pub use complex::ComplexFft;
pub use convolution::{CircularConvolution, circular_convolution};
pub use fast_len::next_fast_len;
pub use real::RealFft;
pub use rustfft::num_complex::Complex;
pub use two_dimensional::Fft2;

use crate::{Result, check_range, check_shape};
use ndarray::{Array1, ArrayRef1};

/// Accepts a transform length.
fn check_length(n: usize) -> Result<()> {
    check_range("n", n as f64, n >= 1, ">= 1")
}

/// Accepts a vector of exactly `n` entries.
fn check_entries<A>(argument: &'static str, x: &ArrayRef1<A>, n: usize) -> Result<()> {
    check_shape(argument, x, &[n], "the plan was made for that length")
}

/// Runs `f` on the entries of `x` in order: in place when they are contiguous, by way of `buffer` when they are not.
fn with_slice<A: Copy>(x: &mut ArrayRef1<A>, buffer: &mut Array1<A>, f: impl FnOnce(&mut [A])) {
    if let Some(slice) = x.as_slice_mut() {
        f(slice);
    } else {
        buffer.iter_mut().zip(x.iter()).for_each(|(to, &from)| *to = from);
        if let Some(slice) = buffer.as_slice_mut() {
            f(slice);
        }
        x.iter_mut().zip(buffer.iter()).for_each(|(to, &from)| *to = from);
    }
}
