//! What a kernel has to do with a target.

use crate::error::{Result, check_count};
use core_tensor::linalg::Llt;
use core_tensor::{check_finite, check_square};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis};

/// Whether kernel and target are centred before they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Centring {
    /// As they are: what the paper calls alignment, and computes.
    #[default]
    None,
    /// `HKH` and `Hy` with `H = I - 11ᵀ/n`: centred kernel alignment proper.
    Means,
}

/// Alignment `yᵀKy/(|K|_F |y|²)` of a kernel (n × n) with a target (n); at most 1.
///
/// # Errors
/// On shapes and entries that are not finite. 0 when the kernel or the target is zero.
pub fn alignment(kernel: &ArrayRef2<f64>, target: &ArrayRef1<f64>, centring: Centring) -> Result<f64> {
    check(kernel, target)?;
    let (kernel, target) = match centring {
        Centring::None => (kernel.to_owned(), target.to_owned()),
        Centring::Means => centred(kernel, target),
    };
    let norm = kernel.iter().map(|v| v * v).sum::<f64>().sqrt() * target.dot(&target);
    Ok(if norm > 0.0 { target.dot(&kernel.dot(&target)) / norm } else { 0.0 })
}

/// Drift `1 - ⟨K, K₀⟩_F/(|K|_F |K₀|_F)` of a kernel from another of the same shape; 0 when one is zero.
///
/// # Errors
/// When the shapes differ or an entry is not finite.
pub fn drift(kernel: &ArrayRef2<f64>, start: &ArrayRef2<f64>) -> Result<f64> {
    crate::error::check_same_shape("start", start.shape(), kernel.shape(), "both kernels are on the same rows")?;
    check_finite("kernel", kernel)?;
    check_finite("start", start)?;
    let (mut kk, mut ks, mut ss) = (0.0, 0.0, 0.0);
    for (k, s) in kernel.iter().zip(start) {
        kk += k * k;
        ks += k * s;
        ss += s * s;
    }
    let norm = (kk * ss).sqrt();
    Ok(if norm > 0.0 { 1.0 - ks / norm } else { 0.0 })
}

/// Difficulty `yᵀ K⁻¹ y` of a target under a kernel (equations 8 and 9): the squared distance that the weights must travel in the lazy
/// limit. A ridge of 1e-10 tr K/n is added when K is singular. O(n³).
///
/// # Errors
/// On shapes, entries that are not finite, and a kernel that is not positive semidefinite.
pub fn difficulty(kernel: &ArrayRef2<f64>, target: &ArrayRef1<f64>) -> Result<f64> {
    Ok(target.dot(&solve(kernel, target)?))
}

/// Mean squared error on test rows of regression with a fixed kernel, `k(x)ᵀ K⁻¹ y`: what the network gives in the lazy limit.
///
/// `kernel` is n × n on the training rows, `cross` m × n between test and training rows.
///
/// # Errors
/// As for [`difficulty`].
pub fn kernel_regression_error(
    kernel: &ArrayRef2<f64>,
    target: &ArrayRef1<f64>,
    cross: &ArrayRef2<f64>,
    test_target: &ArrayRef1<f64>,
) -> Result<f64> {
    check_count("cross", cross.len_of(Axis(1)), target.len(), "it has one column per training row")?;
    check_count("test_target", test_target.len(), cross.len_of(Axis(0)), "it has one entry per test row")?;
    check_finite("cross", cross)?;
    check_finite("test_target", test_target)?;
    let error = cross.dot(&solve(kernel, target)?) - test_target;
    Ok(error.dot(&error) / error.len() as f64)
}

fn solve(kernel: &ArrayRef2<f64>, target: &ArrayRef1<f64>) -> Result<Array1<f64>> {
    check(kernel, target)?;
    let n = target.len();
    let mut factor = Llt::new(n);
    let mut solution = target.to_owned();
    if factor.factorise(kernel).is_err() {
        let ridge = 1e-10 * kernel.diag().sum() / n as f64;
        let mut raised = kernel.to_owned();
        raised.diag_mut().mapv_inplace(|v| v + ridge);
        factor.factorise(&raised)?;
    }
    factor.solve_in_place(&mut solution)?;
    Ok(solution)
}

fn check(kernel: &ArrayRef2<f64>, target: &ArrayRef1<f64>) -> Result<()> {
    check_square("kernel", kernel)?;
    check_count("target", target.len(), kernel.len_of(Axis(0)), "it has one entry per row of `kernel`")?;
    crate::error::check_at_least("target", target.len(), 1, "at least one entry")?;
    check_finite("kernel", kernel)?;
    Ok(check_finite("target", target)?)
}

fn centred(kernel: &ArrayRef2<f64>, target: &ArrayRef1<f64>) -> (Array2<f64>, Array1<f64>) {
    let n = target.len() as f64;
    let (rows, columns) = (kernel.sum_axis(Axis(1)) / n, kernel.sum_axis(Axis(0)) / n);
    let all = rows.sum() / n;
    let mut k = kernel.to_owned();
    k.indexed_iter_mut().for_each(|((i, j), v)| *v += all - rows[i] - columns[j]);
    let mean = target.sum() / n;
    (k, target.mapv(|v| v - mean))
}
