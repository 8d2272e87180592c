//! The Euclidean norms of all groups.

use crate::sums::add_squares;
use crate::survey::survey;
use crate::{Error, Groups, Result};
use core_tensor::{Kernel, Scalar, vectorised};
use ndarray::ArrayViewD;

/// Writes the norm of each group to `out` (m); `scratch` holds m numbers.
///
/// Sums of squares in double precision; where those overflow or underflow, once more with each group scaled by its largest entry.
///
/// # Errors
/// Tensors of other shapes, entries in a group that are not finite, a norm beyond the largest number.
pub(crate) fn norms_into<T: Scalar>(
    groups: &Groups,
    argument: &'static str,
    tensors: &[ArrayViewD<'_, T>],
    out: &mut [f64],
    scratch: &mut [f64],
) -> Result<()> {
    groups.check(argument, tensors)?;
    if let [x] = tensors
        && groups.are_singletons()
        && let Some(data) = x.as_slice()
    {
        absolute(data, out);
        return if survey(out).finite { Ok(()) } else { Err(not_finite(groups, argument, tensors)) };
    }
    out.fill(0.0);
    for (part, x) in groups.parts().iter().zip(tensors) {
        add_squares(&part.layout, x, &mut out[part.first..part.first + part.count]);
    }
    // Squares of single-precision numbers do neither.
    const SAFE: std::ops::Range<f64> = 1e-280..f64::INFINITY;
    let safe = if size_of::<T>() == 4 { 0.0..f64::INFINITY } else { SAFE };
    if out.iter().all(|sum| safe.contains(sum)) {
        root(out);
        return Ok(());
    }
    if out.iter().any(|sum| !sum.is_finite()) && tensors.iter().any(|x| x.iter().any(|v| !v.is_finite())) {
        let error = not_finite(groups, argument, tensors);
        if !matches!(error, Error::Overflow { .. }) {
            return Err(error);
        }
    }
    scratch.fill(0.0);
    visit(groups, tensors, |group, v| scratch[group] = scratch[group].max(v.abs()));
    // A vanishing group stays; the others that lost digits are summed again.
    let again = |sum: f64, largest: f64| largest > 0.0 && !SAFE.contains(&sum);
    if out.iter().zip(scratch.iter()).any(|(&sum, &largest)| again(sum, largest)) {
        for (sum, largest) in out.iter_mut().zip(scratch.iter_mut()) {
            if again(*sum, *largest) {
                *sum = 0.0;
            } else {
                *largest = 0.0;
            }
        }
        visit(groups, tensors, |group, v| {
            if scratch[group] > 0.0 {
                let v = v / scratch[group];
                out[group] += v * v;
            }
        });
        for (sum, &largest) in out.iter_mut().zip(scratch.iter()) {
            *sum = if largest > 0.0 { largest * sum.sqrt() } else { sum.sqrt() };
        }
        return match out.iter().position(|norm| !norm.is_finite()) {
            Some(group) => Err(Error::Overflow { group }),
            None => Ok(()),
        };
    }
    root(out);
    Ok(())
}

/// Calls `f(group, entry)` for each entry in a group.
pub(crate) fn visit<T: Scalar>(groups: &Groups, tensors: &[ArrayViewD<'_, T>], mut f: impl FnMut(usize, f64)) {
    for (part, x) in groups.parts().iter().zip(tensors) {
        for (owner, &v) in part.owners().zip(x.iter()) {
            if let Some(group) = owner {
                f(group, Scalar::to_f64(v));
            }
        }
    }
}

fn absolute<T: Scalar>(data: &[T], out: &mut [f64]) {
    struct Absolute<'a, T>(&'a [T], &'a mut [f64]);
    impl<T: Scalar> Kernel for Absolute<'_, T> {
        type Output = ();
        #[inline(always)]
        fn run(self) {
            self.1.iter_mut().zip(self.0).for_each(|(out, &v)| *out = Scalar::to_f64(v).abs());
        }
    }
    #[cfg(feature = "rayon")]
    if data.len() > 100_000 {
        use rayon::prelude::*;
        out.par_chunks_mut(1 << 16)
            .zip(data.par_chunks(1 << 16))
            .for_each(|(out, data)| vectorised(Absolute(data, out)));
        return;
    }
    vectorised(Absolute(data, out));
}

fn root(out: &mut [f64]) {
    struct Root<'a>(&'a mut [f64]);
    impl Kernel for Root<'_> {
        type Output = ();
        #[inline(always)]
        fn run(self) {
            self.0.iter_mut().for_each(|v| *v = v.sqrt());
        }
    }
    vectorised(Root(out));
}

/// The first entry in a group that is not finite.
#[cold]
fn not_finite<T: Scalar>(groups: &Groups, argument: &'static str, tensors: &[ArrayViewD<'_, T>]) -> Error {
    for (part, x) in groups.parts().iter().zip(tensors) {
        for ((index, v), owner) in x.indexed_iter().zip(part.owners()) {
            if owner.is_some() && !v.is_finite() {
                let found = Scalar::to_f64(*v);
                let index = ndarray::Dimension::slice(&index).to_vec();
                return core_tensor::Error::NotFinite { argument, found, index }.into();
            }
        }
    }
    Error::Overflow { group: 0 }
}
