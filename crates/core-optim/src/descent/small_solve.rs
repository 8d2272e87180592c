//! Symmetric positive definite systems of a handful of unknowns.

/// Overwrites `b` with A⁻¹ b for the symmetric k × k matrix `a` (row-major, lower triangle read and overwritten by its Cholesky
/// factor). False, with `b` unspecified, if a pivot is not positive or a result not finite.
pub(super) fn cholesky_solve(a: &mut [f64], b: &mut [f64]) -> bool {
    let k = b.len();
    debug_assert_eq!(a.len(), k * k);
    for j in 0..k {
        for i in j..k {
            let inner: f64 = (0..j).map(|l| a[i * k + l] * a[j * k + l]).sum();
            let rest = a[i * k + j] - inner;
            if i == j {
                if !(rest > 0.0 && rest.is_finite()) {
                    return false;
                }
                a[j * k + j] = rest.sqrt();
            } else {
                a[i * k + j] = rest / a[j * k + j];
            }
        }
    }
    for i in 0..k {
        let inner: f64 = (0..i).map(|l| a[i * k + l] * b[l]).sum();
        b[i] = (b[i] - inner) / a[i * k + i];
    }
    for i in (0..k).rev() {
        let inner: f64 = (i + 1..k).map(|l| a[l * k + i] * b[l]).sum();
        b[i] = (b[i] - inner) / a[i * k + i];
    }
    b.iter().all(|v| v.is_finite())
}

#[cfg(test)]
mod tests {
    use super::cholesky_solve;

    #[test]
    fn solves_and_refuses() {
        let mut b = [8.0, 7.0];
        assert!(cholesky_solve(&mut [4.0, f64::NAN, 2.0, 3.0], &mut b));
        // [[4, 2], [2, 3]] x = (8, 7) at x = (1.25, 1.5).
        assert!((b[0] - 1.25).abs() < 1e-15 && (b[1] - 1.5).abs() < 1e-15);
        assert!(!cholesky_solve(&mut [1.0, 0.0, 1.0, 1.0], &mut [1.0, 1.0]));
        assert!(!cholesky_solve(&mut [f64::NAN], &mut [1.0]));
        assert!(cholesky_solve(&mut [], &mut []));
    }
}
