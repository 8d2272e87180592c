//! What a list of numbers holds, in one pass.

use core_tensor::{Kernel, vectorised};

/// Count, largest and finiteness of numbers ≥ 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Survey {
    pub(crate) positive: usize,
    pub(crate) finite: bool,
}

/// Counts the positive values and looks for one that is not finite.
pub(crate) fn survey(values: &[f64]) -> Survey {
    struct Pass<'a>(&'a [f64]);

    impl Kernel for Pass<'_> {
        type Output = Survey;

        #[inline(always)]
        fn run(self) -> Survey {
            let mut positive = [0.0; 8];
            // 0 · v is NaN exactly when v is not finite.
            let mut nothing = [0.0; 8];
            let (blocks, rest) = self.0.as_chunks::<8>();
            for block in blocks {
                for l in 0..8 {
                    positive[l] += if block[l] > 0.0 { 1.0 } else { 0.0 };
                    nothing[l] += block[l] * 0.0;
                }
            }
            let count = positive.iter().sum::<f64>() as usize + rest.iter().filter(|&&v| v > 0.0).count();
            let finite = nothing.iter().sum::<f64>() == 0.0 && rest.iter().all(|v| v.is_finite());
            Survey { positive: count, finite }
        }
    }

    vectorised(Pass(values))
}

/// The largest of the values, at least 0; NaN is passed over.
pub(crate) fn largest(values: &[f64]) -> f64 {
    struct Pass<'a>(&'a [f64]);

    impl Kernel for Pass<'_> {
        type Output = f64;

        #[inline(always)]
        fn run(self) -> f64 {
            let mut lanes = [0.0_f64; 16];
            let (blocks, rest) = self.0.as_chunks::<16>();
            for block in blocks {
                for l in 0..16 {
                    lanes[l] = if block[l] > lanes[l] { block[l] } else { lanes[l] };
                }
            }
            lanes.iter().chain(rest).fold(0.0, |m, &v| if v > m { v } else { m })
        }
    }

    vectorised(Pass(values))
}
