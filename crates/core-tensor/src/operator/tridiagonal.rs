//! Eigenvalues of small symmetric tridiagonal matrices, in double precision.

/// Eigenvalues of the symmetric tridiagonal matrix with the given diagonal (k) and off-diagonal (k − 1 used), ascending,
/// each with the last component of its unit eigenvector, by implicit QL with Wilkinson's shift. Returns `None` if some
/// eigenvalue does not settle.
///
/// The last components are what Lanczos needs for its residuals, so only that row of the eigenvectors is computed:
/// O(k²) in all.
pub(super) fn eigenvalues(diagonal: &[f64], off_diagonal: &[f64]) -> Option<Vec<(f64, f64)>> {
    let k = diagonal.len();
    let mut d = diagonal.to_vec();
    let mut e = off_diagonal[..k.saturating_sub(1)].to_vec();
    e.push(0.0);
    let mut row = vec![0.0; k];
    if let Some(last) = row.last_mut() {
        *last = 1.0;
    }
    for l in 0..k {
        for sweep in 0.. {
            let m = (l..k - 1).find(|&m| e[m].abs() <= f64::EPSILON * (d[m].abs() + d[m + 1].abs())).unwrap_or(k - 1);
            if m == l {
                break;
            }
            if sweep == 60 {
                return None;
            }
            let mut g = (d[l + 1] - d[l]) / (2.0 * e[l]);
            let r = g.hypot(1.0);
            g = d[m] - d[l] + e[l] / (g + r.copysign(g));
            let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
            let mut underflow = false;
            for i in (l..m).rev() {
                let f = s * e[i];
                let b = c * e[i];
                let r = f.hypot(g);
                e[i + 1] = r;
                if r == 0.0 {
                    d[i + 1] -= p;
                    e[m] = 0.0;
                    underflow = true;
                    break;
                }
                s = f / r;
                c = g / r;
                g = d[i + 1] - p;
                let r = (d[i] - g) * s + 2.0 * c * b;
                p = s * r;
                d[i + 1] = g + p;
                g = c * r - b;
                let next = row[i + 1];
                row[i + 1] = s * row[i] + c * next;
                row[i] = c * row[i] - s * next;
            }
            if !underflow {
                d[l] -= p;
                e[l] = g;
                e[m] = 0.0;
            }
        }
    }
    let mut pairs: Vec<_> = d.into_iter().zip(row).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(pairs)
}

#[cfg(test)]
mod tests {
    use super::eigenvalues;

    #[test]
    fn the_second_difference_matrix() {
        for k in [1, 2, 3, 10, 100] {
            let pairs = eigenvalues(&vec![2.0; k], &vec![-1.0; k]).unwrap();
            let n = k as f64 + 1.0;
            for (j, (value, last)) in pairs.iter().enumerate() {
                let angle = (j as f64 + 1.0) * std::f64::consts::PI / n;
                assert!((value - (2.0 - 2.0 * angle.cos())).abs() < 1e-13, "k = {k}");
                let component = (2.0 / n).sqrt() * (angle * k as f64).sin();
                assert!((last.abs() - component.abs()).abs() < 1e-12);
            }
        }
        assert_eq!(eigenvalues(&[], &[]), Some(vec![]));
    }
}
