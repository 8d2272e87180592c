//! temp
#![allow(missing_docs)]
use crate::Result;
use ndarray::*;
pub struct UnpivotedLu<T> {
    a: Array2<T>,
}
impl UnpivotedLu<f64> {
    pub fn new(n: usize) -> Self {
        Self { a: Array2::zeros((n, n)) }
    }
    pub fn factorise_m_matrix(&mut self, a: &ArrayRef2<f64>) -> bool {
        let n = a.nrows();
        self.a.assign(a);
        let f = self.a.as_slice_mut().unwrap();
        for k in 0..n {
            let p = f[k * n + k];
            if !(p > 0.0) || !p.is_finite() {
                return false;
            }
            let (top, bot) = f.split_at_mut((k + 1) * n);
            let pr = &top[k * n + k + 1..k * n + n];
            for row in bot.chunks_exact_mut(n) {
                let l = row[k] / p;
                row[k] = l;
                if l != 0.0 {
                    for (x, &y) in row[k + 1..].iter_mut().zip(pr) {
                        *x -= l * y;
                    }
                }
            }
        }
        true
    }
    pub fn log_abs_det(&self) -> f64 {
        self.a.diag().iter().map(|v| v.abs().ln()).sum()
    }
    pub fn inverse_into(&mut self, out: &mut ArrayRef2<f64>) -> Result<()> {
        use faer::linalg::triangular_solve as ts;
        use faer_ext::IntoFaer;
        out.fill(0.0);
        for i in 0..out.nrows() {
            out[[i, i]] = 1.0;
        }
        let f = self.a.view();
        let f = f.into_faer();
        ts::solve_unit_lower_triangular_in_place(f, out.view_mut().into_faer(), faer::Par::Seq);
        ts::solve_upper_triangular_in_place(f, out.view_mut().into_faer(), faer::Par::Seq);
        Ok(())
    }
}
