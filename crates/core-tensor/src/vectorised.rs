//! Loops compiled a second time for wide vector units.

/// A loop with its data, for [`vectorised`].
///
/// Implementations mark `run`, and every function that it calls, `#[inline(always)]`: only what is inlined is compiled for
/// the wide units. (This is why it is a trait: a closure cannot be marked.)
pub trait Kernel {
    /// What it returns.
    type Output;

    /// Does the work.
    fn run(self) -> Self::Output;
}

/// Runs `kernel` compiled for the widest vector unit that both this build and the processor know (on x86-64: AVX2 where
/// there is one, else the baseline), chosen at run time.
///
/// The order of operations is that of the source and nothing is fused, so the bits do not depend on the processor. A call
/// costs a few nanoseconds.
///
/// ```
/// use core_tensor::{Kernel, vectorised};
///
/// struct Add<'a>(&'a mut [f64], f64, &'a [f64]);
///
/// impl Kernel for Add<'_> {
///     type Output = ();
///     #[inline(always)]
///     fn run(self) {
///         self.0.iter_mut().zip(self.2).for_each(|(y, &x)| *y += self.1 * x);
///     }
/// }
///
/// let (x, mut y) = (vec![1.0_f64; 100], vec![2.0; 100]);
/// vectorised(Add(&mut y, 3.0, &x));
/// assert_eq!(y[99], 5.0);
/// ```
#[inline(always)]
pub fn vectorised<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if wide::is_available() {
        // SAFETY: `wide::run` is safe code; all that calling it asks for is a processor with the units named on it, which
        // `is_available` has just seen.
        #[expect(unsafe_code, reason = "the only way from baseline code into code compiled for wider units")]
        return unsafe { wide::run(kernel) };
    }
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use super::Kernel;

    /// True when the processor has every unit that [`run`] is compiled for: AVX2 alone does not imply the others.
    #[inline(always)]
    pub(super) fn is_available() -> bool {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt")
    }

    #[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn run<K: Kernel>(kernel: K) -> K::Output {
        kernel.run()
    }
}

/// Clears the upper halves of the vector registers.
///
/// faer's matrix-product kernels return without doing so. On x86-64 every instruction that only knows the lower halves then
/// waits for the upper ones: loops with `exp` ran 25 times slower after a small product, until some function compiled for AVX
/// happened to end. The end of this one does it on purpose; it takes a few nanoseconds.
#[cfg(feature = "linalg")]
pub(crate) fn clear_upper_halves() {
    struct Wide;

    impl Kernel for Wide {
        type Output = ();

        #[inline(always)]
        fn run(self) {
            // Hidden from the optimiser, so that wide registers are really used.
            let mut x = std::hint::black_box([0.0_f64; 8]);
            x.iter_mut().for_each(|v| *v += 1.0);
            std::hint::black_box(x);
        }
    }

    vectorised(Wide);
}

#[cfg(all(test, feature = "linalg"))]
mod tests {
    use crate::linalg::{Accumulate, gemm_into, gram_into};
    use ndarray::Array2;
    use std::time::{Duration, Instant};

    /// The shortest of many runs of a loop of exponentials.
    fn exponentials() -> Duration {
        let run = || {
            let begin = Instant::now();
            let sum: f64 = (0..2000).map(|i| std::hint::black_box(f64::from(i) * 1e-3).exp()).sum();
            std::hint::black_box(sum);
            begin.elapsed()
        };
        (0..30).map(|_| run()).min().unwrap_or_default()
    }

    #[test]
    fn products_leave_the_registers_as_they_found_them() {
        let before = exponentials();
        for n in [4, 9, 16, 40, 100] {
            let a = Array2::<f64>::ones((n, n));
            let mut out = Array2::zeros((n, n));
            gemm_into(&mut out, Accumulate::Replace, 1.0, &a, &a).unwrap();
            let after_gemm = exponentials();
            gram_into(&mut out, Accumulate::Replace, 1.0, &a).unwrap();
            // The defect made them 25 times slower; a loaded machine does not, 30 times in a row.
            for after in [after_gemm, exponentials()] {
                assert!(after < 8 * before, "n = {n}: {after:?}, before {before:?}");
            }
        }
    }
}
