//! Sums in independent lanes.

use core_tensor::Scalar;

/// The sum of the lanes (a power of two of them), halving their number each time: the same bits whatever vectorises it.
#[inline(always)]
pub(crate) fn sum_lanes<T: Scalar, const N: usize>(mut lanes: [T; N]) -> T {
    let mut width = N / 2;
    while width > 0 {
        for l in 0..width {
            lanes[l] += lanes[l + width];
        }
        width /= 2;
    }
    lanes[0]
}
