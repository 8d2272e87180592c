//! Dropout masks.

use core_tensor::Scalar;
use rand::Rng;

/// Fills `mask` with 0 (probability `rate`) and `1/(1 - rate)`; the rate counts in steps of 2⁻¹⁶.
pub(crate) fn fill_mask<T: Scalar>(rng: &mut impl Rng, rate: f64, mask: &mut [T]) {
    let threshold = (rate * 65536.0).round() as u32;
    let kept = <T as Scalar>::from_f64(1.0 / (1.0 - f64::from(threshold) / 65536.0));
    let mut bytes = [0_u8; 4096];
    for chunk in mask.chunks_mut(bytes.len() / 2) {
        rng.fill_bytes(&mut bytes);
        for (factor, pair) in chunk.iter_mut().zip(bytes.chunks_exact(2)) {
            let drawn = u32::from(u16::from_le_bytes([pair[0], pair[1]]));
            *factor = if drawn < threshold { T::zero() } else { kept };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core_tensor::random::rng;

    #[test]
    fn the_mean_is_one() {
        let mut mask = vec![0.0_f32; 200_000];
        fill_mask(&mut rng(1), 0.2, &mut mask);
        let mean = mask.iter().map(|&v| f64::from(v)).sum::<f64>() / 200_000.0;
        // Five standard errors of a mean of 200 000 with variance 0.25.
        assert!((mean - 1.0).abs() < 0.0056, "{mean}");
        assert!(mask.iter().all(|&v| v == 0.0 || (v - 1.25).abs() < 1e-4));
        fill_mask(&mut rng(1), 0.0, &mut mask);
        assert!(mask.iter().all(|&v| v == 1.0));
    }
}
