//! The training objective `w₁ L_F + w₂ L_B + w₃ L_C + L_λ` with its gradients.

use super::affine::AffineMap;
use super::contrastive::contrastive;
use crate::Result;
use ndarray::{Array2, ArrayRef2};

/// Weights of the three losses, and the temperature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LossWeights {
    pub(super) forward: f64,
    pub(super) backward: f64,
    pub(super) contrastive: f64,
    pub(super) temperature: f64,
}

/// The losses of a batch and the gradients of both maps; the regulariser of the backward map's weight is added by whoever holds it.
pub(super) struct Losses {
    pub(super) value: f64,
    pub(super) backward: AffineMap,
    pub(super) forward: AffineMap,
}

/// `L_B` = mean ‖B(h_t) - h_k‖², `L_F` = mean ‖F(h_k) - B(h_t)‖², `L_C` = contr(F(h_k), B(h_t)) + contr(F(h_k), h_k).
pub(super) fn losses(
    backward: &AffineMap,
    forward: &AffineMap,
    new: &ArrayRef2<f64>,
    old: &ArrayRef2<f64>,
    labels: Option<&[usize]>,
    weights: LossWeights,
) -> Result<Losses> {
    let (b, f) = (backward.apply(new)?, forward.apply(old)?);
    let rows = new.nrows() as f64;
    let mean = |difference: &Array2<f64>| difference.iter().map(|d| d * d).sum::<f64>() / rows;
    let (of_backward, of_forward) = (&b - &old.view(), &f - &b);
    let mut value = weights.backward * mean(&of_backward) + weights.forward * mean(&of_forward);
    let step = of_forward * (2.0 * weights.forward / rows);
    let mut db = of_backward * (2.0 * weights.backward / rows) - &step;
    let mut df = step;
    if weights.contrastive > 0.0 {
        let (first, of_f, of_b) = contrastive(&f, &b, labels, weights.temperature)?;
        let (second, of_f_too, _) = contrastive(&f, old, labels, weights.temperature)?;
        value += weights.contrastive * (first + second);
        df.scaled_add(weights.contrastive, &of_f);
        df.scaled_add(weights.contrastive, &of_f_too);
        db.scaled_add(weights.contrastive, &of_b);
    }
    Ok(Losses { value, backward: backward.pullback(new, &db)?, forward: forward.pullback(old, &df)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use core_tensor::random::{normal_array, rng};
    use ndarray::Array1;

    #[test]
    fn gradients_are_those_of_central_differences() {
        let mut random = rng(3);
        let mut matrix = |m: usize, n: usize| -> Array2<f64> { normal_array(&mut random, (m, n)) };
        let (new, old) = (matrix(5, 3), matrix(5, 3));
        let labels = [0, 1, 0, 2, 1];
        let weights = LossWeights { forward: 0.7, backward: 1.3, contrastive: 0.4, temperature: 0.3 };
        for labels in [Some(labels.as_slice()), None] {
            let backward = AffineMap { weight: matrix(3, 3), bias: Array1::from_vec(vec![0.1, -0.2, 0.3]) };
            let forward = AffineMap { weight: matrix(3, 3), bias: Array1::from_vec(vec![-0.1, 0.2, 0.5]) };
            let at = |backward: &AffineMap, forward: &AffineMap| {
                losses(backward, forward, &new, &old, labels, weights).unwrap()
            };
            let found = at(&backward, &forward);
            let h = 1e-6;
            for which in 0..2 {
                for entry in 0..12 {
                    let moved = |by: f64| {
                        let (mut b, mut f) = (backward.clone(), forward.clone());
                        let map = if which == 0 { &mut b } else { &mut f };
                        if entry < 9 {
                            map.weight[[entry / 3, entry % 3]] += by;
                        } else {
                            map.bias[entry - 9] += by;
                        }
                        at(&b, &f).value
                    };
                    let gradient = if which == 0 { &found.backward } else { &found.forward };
                    let analytic =
                        if entry < 9 { gradient.weight[[entry / 3, entry % 3]] } else { gradient.bias[entry - 9] };
                    let numeric = (moved(h) - moved(-h)) / (2.0 * h);
                    assert!(
                        (analytic - numeric).abs() < 1e-7 * (1.0 + numeric.abs()),
                        "{which} {entry}: {analytic} {numeric}"
                    );
                }
            }
        }
    }
}
