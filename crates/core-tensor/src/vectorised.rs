//! Loops compiled a second time for wide vector units.

#[cfg(feature = "linalg")]
use pulp::{Arch, Simd, WithSimd};

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
/// there is one, else the baseline), chosen at run time. Without feature `linalg`, which brings the dispatch, it runs as the
/// build's target has it.
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
#[cfg(feature = "linalg")]
pub fn vectorised<K: Kernel>(kernel: K) -> K::Output {
    struct Adapter<K>(K);
    impl<K: Kernel> WithSimd for Adapter<K> {
        type Output = K::Output;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _simd: S) -> K::Output {
            self.0.run()
        }
    }
    Arch::new().dispatch(Adapter(kernel))
}

/// Runs `kernel`: with feature `linalg`, compiled for the widest vector unit of the processor.
#[inline(always)]
#[cfg(not(feature = "linalg"))]
pub fn vectorised<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}
