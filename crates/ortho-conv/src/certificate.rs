//! Bounds on the distance from orthogonality that hold for every signal size (theorems 2 to 4).

use crate::lag_form::LagForm;
use crate::polyphase::Polyphase;
use crate::{Geometry, Regime, Result};
use core_tensor::linalg::Svd;
use core_tensor::{Scalar, check_finite, check_range};
use ndarray::{ArrayRef, Dimension};

/// What a kernel guarantees for circular signals of every size, without any spectrum.
///
/// The error is `err = ‖𝒦 𝒦ᵀ - I‖₂` (row) or `‖𝒦ᵀ 𝒦 - I‖₂` (column), the largest over groups.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Certificate {
    /// L_orth, of all groups.
    pub l_orth: f64,
    /// err ≤ Σ_δ ‖E_δ‖₂ over the lags of the smaller side: the sharper bound.
    pub block_bound: f64,
    /// err ≤ √(α L_orth), theorem 3.
    pub theorem_bound: f64,
}

impl Certificate {
    /// The bounds of `kernel`, of that geometry.
    ///
    /// # Errors
    /// Another shape, entries that are not finite.
    pub fn of<T: Scalar, D: Dimension>(kernel: &ArrayRef<T, D>, geometry: &Geometry) -> Result<Self> {
        geometry.check("kernel", kernel)?;
        check_finite("kernel", kernel)?;
        let kernel = kernel.mapv(Scalar::to_f64);
        let polyphase = Polyphase::new(geometry);
        let mut form = LagForm::<f64>::new(&polyphase);
        let mut array = vec![0.0; polyphase.len()];
        let mut svd = Svd::new(polyphase.small, polyphase.small);
        let mut found = Self { l_orth: 0.0, block_bound: 0.0, theorem_bound: 0.0 };
        for group in 0..geometry.groups() {
            polyphase.split_into(&kernel, group, &mut array);
            let l_orth = form.value(&array)?;
            check_range("L_orth", l_orth, l_orth.is_finite(), "below the largest number; scale the kernel")?;
            let mut block_bound = 0.0;
            for (number, (_, residual)) in form.residuals().enumerate() {
                svd.factorise(&residual)?;
                let largest = svd.singular_values()?.first().copied().unwrap_or(0.0);
                block_bound += if number == 0 { largest } else { 2.0 * largest };
            }
            found.l_orth += l_orth;
            found.block_bound = found.block_bound.max(block_bound);
            found.theorem_bound = found.theorem_bound.max((alpha(geometry) * l_orth).sqrt());
        }
        Ok(found)
    }

    /// The sharper of the two bounds.
    #[must_use]
    pub fn error_bound(&self) -> f64 {
        self.block_bound.min(self.theorem_bound)
    }

    /// Where all of the min(rows, columns) singular values lie, at every signal size (theorem 4): `[√(1 - err), √(1 + err)]`.
    #[must_use]
    pub fn singular_values(&self) -> (f64, f64) {
        near_isometry(self.error_bound())
    }
}

/// `[√(1 - ε), √(1 + ε)]` for a spectral error ε ≥ 0; the lower end is 0 from ε = 1 on.
#[must_use]
pub fn near_isometry(error: f64) -> (f64, f64) {
    ((1.0 - error).max(0.0).sqrt(), (1.0 + error).sqrt())
}

/// α of theorem 3, `err² ≤ α L_orth` for one group: `M Π(2q + 1)` in the row regime with q = ⌊(k - 1)/s⌋, `C Π(2k - 1)` in the column regime,
/// the smaller of both for square layers.
#[must_use]
pub fn alpha(geometry: &Geometry) -> f64 {
    let group = geometry.group();
    let row: usize = group.size().iter().zip(group.stride()).map(|(k, s)| 2 * ((k - 1) / s) + 1).product::<usize>()
        * group.outputs();
    let column: usize = group.size().iter().map(|k| 2 * k - 1).product::<usize>() * group.inputs();
    (match group.regime() {
        Regime::Row => row,
        Regime::Column => column,
        Regime::Square => row.min(column),
    }) as f64
}

/// `‖𝒦 𝒦ᵀ - I‖_F` (row) or `‖𝒦ᵀ 𝒦 - I‖_F` (column) at output size `n` per dimension, from L_orth: `√(Πn L_orth)` (theorem 2).
///
/// # Errors
/// Sizes of another number of dimensions, or with s n < 2k - 1, where wrapped taps break the identity; an L_orth < 0.
pub fn frobenius_error(geometry: &Geometry, l_orth: f64, n: &[usize]) -> Result<f64> {
    check_sizes(geometry, n)?;
    check_range("l_orth", l_orth, l_orth >= 0.0, ">= 0")?;
    for ((&k, &s), &n) in geometry.size().iter().zip(geometry.stride()).zip(n) {
        check_range(
            "n",
            n as f64,
            s.saturating_mul(n) >= 2 * k - 1,
            "at least (2k - 1)/s, so that no two lags fall together",
        )?;
    }
    Ok((n.iter().map(|&n| n as f64).product::<f64>() * l_orth).sqrt())
}

/// One positive size per spatial dimension.
pub(crate) fn check_sizes(geometry: &Geometry, n: &[usize]) -> Result<()> {
    if n.len() != geometry.dimensions() {
        let (found, expected) = (vec![n.len()], vec![geometry.dimensions()]);
        return Err(core_tensor::Error::Shape {
            argument: "n",
            found,
            expected,
            reason: "it has one entry per spatial dimension",
        }
        .into());
    }
    Ok(n.iter().try_for_each(|&n| check_range("n", n as f64, n > 0, "at least 1"))?)
}
