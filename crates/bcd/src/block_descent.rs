//! The block model solved by cyclic coordinate descent.

use crate::Penalty;
use core_tensor::Scalar;
use ndarray::ArrayRef2;
use std::ops::Range;

/// Memory of [`block_descent`].
#[derive(Debug, Clone)]
pub(crate) struct Descent<T> {
    /// The model gradient.
    q: Vec<T>,
    v: Vec<T>,
    w: Vec<T>,
    pieces: Vec<Range<usize>>,
}

impl<T> Descent<T> {
    pub(crate) fn new() -> Self {
        Self { q: Vec::new(), v: Vec::new(), w: Vec::new(), pieces: Vec::new() }
    }
}

/// Minimises gᵀ(u - x) + ½ (u - x)ᵀH(u - x) + `g_b`(u) from u = x (section 4, item 7b), with the model gradient `q` kept up to date:
/// coordinate by coordinate, or group by group. Stops when the KKT residual of the model has fallen by `factor`.
pub(crate) fn block_descent<T: Scalar>(
    h: &ArrayRef2<T>,
    g: &[T],
    penalty: &Penalty<T>,
    block: &[usize],
    u: &mut [T],
    factor: T,
    memory: &mut Descent<T>,
) {
    let Descent { q, v, w, pieces: all } = memory;
    q.clear();
    q.extend_from_slice(g);
    pieces(penalty, block, all);
    for v in [&mut *v, &mut *w] {
        v.clear();
        v.resize(block.len(), T::zero());
    }
    let mut first = None;
    for _ in 0..1000 {
        let mut residual = T::zero();
        for piece in &*all {
            // The largest row sum of the piece bounds its eigenvalues; for one coordinate it is exact.
            let sum = |k: usize| piece.clone().map(|l| h[[k, l]].abs()).sum::<T>();
            let curvature = piece.clone().map(sum).fold(T::zero(), |m, s| if s > m { s } else { m });
            let step = curvature.recip();
            for k in piece.clone() {
                v[k] = if curvature > T::zero() { u[k] - q[k] * step } else { u[k] };
            }
            penalty.block_prox(&block[piece.clone()], &v[piece.clone()], |_| step, &mut w[piece.clone()]);
            for k in piece.clone() {
                let change = w[k] - u[k];
                if change != T::zero() {
                    u[k] = w[k];
                    residual = residual.max((change * curvature).abs());
                    q.iter_mut().zip(&h.row(k)).for_each(|(q, &h)| *q += h * change);
                }
            }
        }
        let goal = *first.get_or_insert(residual) * factor;
        if !(residual > goal) {
            break;
        }
    }
}

/// The coordinates of a separable penalty, the groups of a group penalty, as ranges of the block.
fn pieces<T: Scalar>(penalty: &Penalty<T>, block: &[usize], pieces: &mut Vec<Range<usize>>) {
    pieces.clear();
    let Some(groups) = penalty.groups() else {
        pieces.extend((0..block.len()).map(|k| k..k + 1));
        return;
    };
    for k in 0..block.len() {
        match pieces.last_mut() {
            Some(last)
                if groups.owner(block[k]).is_some() && groups.owner(block[last.start]) == groups.owner(block[k]) =>
            {
                last.end = k + 1;
            }
            _ => pieces.push(k..k + 1),
        }
    }
}
