#![allow(missing_docs, clippy::all)]
use core_tensor::linalg::*;
use faer::Par;
use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::lu::partial_pivoting as pp;
use ndarray::*;
use std::time::Instant;
fn best(mut f: impl FnMut()) -> f64 {
    let mut b = f64::MAX;
    let t0 = Instant::now();
    let mut it = 0;
    while t0.elapsed().as_secs_f64() < 0.4 || it < 3 {
        let t = Instant::now();
        f();
        b = b.min(t.elapsed().as_secs_f64());
        it += 1;
    }
    b
}
fn main() {
    for n in [10usize, 20, 50, 100, 200, 500, 1000] {
        let nf = n as f64;
        let a =
            Array2::from_shape_fn(
                (n, n).f(),
                |(i, j)| if i == j { 2.0 } else { -(((i * 7 + j * 13) % 17) as f64) / 17.0 / nf },
            );
        let mut lu = UnpivotedLu::new(n);
        let t = best(|| assert!(lu.factorise_m_matrix(&a)));
        let mut inv = Array2::zeros((n, n).f());
        let ti = best(|| lu.inverse_into(&mut inv).unwrap());
        let e = (&inv.dot(&a) - &Array2::<f64>::eye(n)).iter().fold(0.0f64, |m, v| m.max(v.abs()));
        // faer
        let par = if n * n * n / 3 < 1 << 22 { Par::Seq } else { Par::rayon(8) };
        let mut f = faer::Mat::<f64>::zeros(n, n);
        let (mut p, mut q) = (vec![0usize; n], vec![0usize; n]);
        let mut mem = MemBuffer::new(StackReq::any_of(&[
            pp::factor::lu_in_place_scratch::<usize, f64>(n, n, par, Default::default()),
            pp::inverse::inverse_scratch::<usize, f64>(n, par),
        ]));
        let tf = best(|| {
            f.copy_from(faer_ref(&a));
            pp::factor::lu_in_place(f.as_mut(), &mut p, &mut q, par, MemStack::new(&mut mem), Default::default());
        });
        let perm = faer::perm::PermRef::new_checked(&p, &q, n);
        let tfi = best(|| {
            pp::inverse::inverse(faer_mut(&mut inv), f.as_ref(), f.as_ref(), perm, par, MemStack::new(&mut mem))
        });
        let b = a.clone();
        let tg = best(|| gemm_into(&mut inv, Accumulate::Replace, 1.0, &a, &b).unwrap());
        println!(
            "n {n:5} err {e:.1e} ours {:9.1}us {:5.1}GF  inv {:9.1}us {:5.1}GF | faer {:9.1}us inv {:9.1}us | gemm {:5.1}GF",
            t * 1e6,
            2e-9 * nf.powi(3) / 3.0 / t,
            ti * 1e6,
            4e-9 * nf.powi(3) / 3.0 / ti,
            tf * 1e6,
            tfi * 1e6,
            2e-9 * nf.powi(3) / tg
        );
    }
}
