//! The backward pass (see `docs/olinear.md`), every derivative by hand.

use crate::Result;
use crate::forward::{mix, mix_gradient};
use crate::kernels::{Add, Expand, Multiply, NormBackward, RowSums, run};
use crate::matrix::{add_outer, add_product, matrix, matrix_mut, product};
use crate::network::{Mixing, Network, Temporal};
use crate::revin::{SCALE_GUARD, guarded};
use crate::rotation::rotate;
use crate::workspace::{NormMemory, Workspace};
use core_tensor::Scalar;
use std::ops::Range;

impl<T: Scalar> Workspace<T> {
    /// From dLoss/d forecast, in place of the forecast, to the gradient.
    pub(crate) fn backward(&mut self, network: &Network<T>, masked: bool) -> Result<()> {
        let rows = self.batch * network.architecture.channels;
        self.gradient.fill(T::zero());
        self.denormalisation(network, rows, masked);
        self.head(network, rows)?;
        if self.fold_output {
            self.folded_output(network, rows)?;
        } else {
            self.plain_output(network, rows)?;
        }
        // The derivative by the state travels in `wide[0]`.
        norm_backward(network, &network.ranges.norm, &self.norm, rows, &mut self.wide[0], &mut self.gradient);
        for index in (0..network.architecture.blocks).rev() {
            if network.architecture.temporal == Temporal::Mlp {
                self.intra_series(network, index, rows, masked)?;
            }
            if network.architecture.mixing != Mixing::None {
                self.cross_series(network, index, rows, masked)?;
            }
        }
        self.input_backward(network, rows)
    }

    /// Through the inverse of RevIN: leaves dLoss/d(normal output) in `normal_out`.
    fn denormalisation(&mut self, network: &Network<T>, rows: usize, masked: bool) {
        let (n, h) = (network.architecture.channels, network.architecture.horizon);
        let ranges = &network.ranges;
        let (w, b) = (network.at(&ranges.revin_w), network.at(&ranges.revin_b));
        let (mut dw, mut db) = (vec![T::zero(); n], vec![T::zero(); n]);
        for row in 0..rows {
            let (series, sd) = (row % n, self.deviation[row]);
            let scale = guarded(w[series]);
            // Where the guard holds the divisor fast, the scale has no derivative.
            let free = scale == w[series] + <T as Scalar>::from_f64(SCALE_GUARD);
            let d = &self.forecast[row * h..(row + 1) * h];
            for (o, &d) in self.normal_out[row * h..(row + 1) * h].iter_mut().zip(d) {
                let dq = d * sd;
                let through = dq / scale;
                db[series] -= through;
                if free {
                    dw[series] -= through * (*o - b[series]) / scale;
                }
                *o = through;
            }
        }
        self.gradient[ranges.revin_w.clone()].copy_from_slice(&dw);
        self.gradient[ranges.revin_b.clone()].copy_from_slice(&db);
        if masked {
            run(Multiply(&mut self.normal_out[..rows * h], &self.out_mask));
        }
    }

    /// Through F2, GELU and fb1: leaves de in `hidden`.
    fn head(&mut self, network: &Network<T>, rows: usize) -> Result<()> {
        let (h, hidden) = (network.architecture.horizon, network.architecture.hidden);
        let ranges = &network.ranges;
        let d = matrix(&self.normal_out, rows, h);
        product(at(&mut self.gradient, &ranges.f2), d.t(), matrix(&self.head, rows, hidden))?;
        run(RowSums { x: &self.normal_out[..rows * h], sums: at(&mut self.gradient, &ranges.fb2) });
        let de = &mut self.hidden[..rows * hidden];
        product(de, d, matrix(network.at(&ranges.f2), h, hidden))?;
        run(Multiply(de, &self.head_slope));
        run(RowSums { x: de, sums: at(&mut self.gradient, &ranges.fb1) });
        Ok(())
    }

    fn plain_output(&mut self, network: &Network<T>, rows: usize) -> Result<()> {
        let a = &network.architecture;
        let (n, h, d, width, hidden) = (a.channels, a.horizon, a.extension, a.width, a.hidden);
        let ranges = &network.ranges;
        let de = matrix(&self.hidden, rows, hidden);
        let f1 = matrix(network.at(&ranges.f1), hidden, d * h);
        product(at(&mut self.gradient, &ranges.f1), de.t(), matrix(&self.turned, rows, d * h))?;
        let dy = &mut self.turned[..rows * d * h];
        product(dy, de, f1)?;
        if network.shifts_output() {
            let target = at(&mut self.gradient, &ranges.delta2);
            for (row, dy) in dy.chunks_exact(d * h).enumerate() {
                let target = &mut target[(row % n) * h..(row % n + 1) * h];
                dy.chunks_exact(h).for_each(|dy| target.iter_mut().zip(dy).for_each(|(t, &v)| *t += v));
            }
        }
        let dr = &mut self.copies[..rows * d * h];
        rotate(&network.output, true, d, h, dy, dr)?;
        run(RowSums { x: dr, sums: at(&mut self.gradient, &ranges.b_out) });
        let dr = matrix(dr, rows, d * h);
        product(at(&mut self.gradient, &ranges.w_out), dr.t(), matrix(&self.last, rows, width))?;
        product(&mut self.wide[0], dr, matrix(network.at(&ranges.w_out), d * h, width))
    }

    fn folded_output(&mut self, network: &Network<T>, rows: usize) -> Result<()> {
        let a = &network.architecture;
        let (n, h, d, width, hidden) = (a.channels, a.horizon, a.extension, a.width, a.hidden);
        let ranges = &network.ranges;
        let de = matrix(&self.hidden, rows, hidden);
        let gm = &mut self.d_fold[..hidden * width];
        product(gm, de.t(), matrix(&self.last, rows, width))?;
        product(&mut self.wide[0], de, matrix(&self.m, hidden, width))?;
        // E_n, and E, which is the gradient of fb1.
        run(RowSums { x: &self.hidden[..rows * hidden], sums: &mut self.per_series_hidden });
        let total = self.gradient[ranges.fb1.clone()].to_vec();
        let p = matrix(&self.p, hidden, d * h);
        let gm = matrix(gm, hidden, width);
        product(at(&mut self.gradient, &ranges.w_out), p.t(), gm)?;
        product(at(&mut self.gradient, &ranges.b_out), matrix(&total, 1, hidden), p)?;
        // P is not needed any more: its gradient takes its place.
        let dp = &mut self.p[..hidden * d * h];
        product(dp, gm, matrix(network.at(&ranges.w_out), d * h, width).reversed_axes())?;
        add_outer(
            &mut matrix_mut(dp, hidden, d * h),
            &matrix(&total, 1, hidden),
            &matrix(network.at(&ranges.b_out), 1, d * h),
        );
        rotate(&network.output, false, d, h, dp, at(&mut self.gradient, &ranges.f1))?;
        if network.shifts_output() {
            let shifts = matrix(network.at(&ranges.delta2), n, h);
            let en = matrix(&self.per_series_hidden, n, hidden);
            let mut outer = vec![T::zero(); hidden * h];
            product(&mut outer, en.t(), shifts)?;
            for (row, outer) in at(&mut self.gradient, &ranges.f1).chunks_exact_mut(d * h).zip(outer.chunks_exact(h)) {
                run(Add(row, outer));
            }
            product(at(&mut self.gradient, &ranges.delta2), en, matrix(&self.f_sum, hidden, h))?;
        }
        Ok(())
    }

    fn intra_series(&mut self, network: &Network<T>, index: usize, rows: usize, masked: bool) -> Result<()> {
        let (width, hidden) = (network.architecture.width, network.architecture.hidden);
        let ranges = &network.ranges.blocks[index];
        let block = &mut self.blocks[index];
        let [d, branch] = &mut self.wide;
        norm_backward(network, &ranges.norm2, &block.norm2, rows, d, &mut self.gradient);
        let branch = &mut branch[..rows * width];
        branch.copy_from_slice(&d[..rows * width]);
        if masked {
            run(Multiply(branch, &block.mlp_mask));
        }
        run(RowSums { x: branch, sums: at(&mut self.gradient, &ranges.b2) });
        let df = matrix(branch, rows, width);
        product(at(&mut self.gradient, &ranges.w2), df.t(), matrix(&block.gelu, rows, hidden))?;
        let de = &mut self.hidden[..rows * hidden];
        product(de, df, matrix(network.at(&ranges.w2), width, hidden))?;
        run(Multiply(de, &block.slope));
        run(RowSums { x: de, sums: at(&mut self.gradient, &ranges.b1) });
        let de = matrix(de, rows, hidden);
        product(at(&mut self.gradient, &ranges.w1), de.t(), matrix(&block.middle, rows, width))?;
        add_product(d, de, matrix(network.at(&ranges.w1), hidden, width))
    }

    fn cross_series(&mut self, network: &Network<T>, index: usize, rows: usize, masked: bool) -> Result<()> {
        let a = network.architecture;
        let (n, width) = (a.channels, a.width);
        let ranges = &network.ranges.blocks[index];
        let block = &mut self.blocks[index];
        let state = &self.states[index][..rows * width];
        let [d, branch] = &mut self.wide;
        norm_backward(network, &ranges.norm1, &block.norm1, rows, d, &mut self.gradient);
        let d = &mut d[..rows * width];
        let branch = &mut branch[..rows * width];
        branch.copy_from_slice(d);
        if masked {
            run(Multiply(branch, &block.branch_mask));
        }
        // Scratch of the same size: what was mixed is replaced by its derivative once it has been used.
        if a.mixing == Mixing::Linear {
            run(RowSums { x: branch, sums: &mut self.per_series });
            let biases = at(&mut self.gradient, &ranges.mix_bias);
            for (bias, sums) in biases.iter_mut().zip(self.per_series.chunks_exact(width)) {
                *bias = sums.iter().copied().sum();
            }
            mix_gradient(branch, state, n, width, &mut self.d_mixing)?;
            let back = &mut block.mixed[..rows * width];
            mix(&block.mixing_used, n, true, branch, width, back)?;
            run(Add(d, back));
        } else {
            let (wv, wo) = (matrix(network.at(&ranges.wv), width, width), matrix(network.at(&ranges.wo), width, width));
            let bv = matrix(network.at(&ranges.bv), 1, width);
            run(RowSums { x: branch, sums: at(&mut self.gradient, &ranges.bo) });
            let d_out = matrix(branch, rows, width);
            if self.fold_mixing {
                let gu = &mut self.d_fold[..width * width];
                product(gu, d_out.t(), matrix(&block.mixed, rows, width))?;
                // dub = Σ over rows of (sum of the mixing row) · d_out.
                run(RowSums { x: branch, sums: &mut self.per_series });
                let mut dub = vec![T::zero(); width];
                for (sums, mixing) in self.per_series.chunks_exact(width).zip(block.mixing_used.chunks_exact(n)) {
                    let total: T = mixing.iter().copied().sum();
                    dub.iter_mut().zip(sums).for_each(|(out, &v)| *out += total * v);
                }
                let gu = matrix(gu, width, width);
                let dub = matrix(&dub, 1, width);
                let dwo = at(&mut self.gradient, &ranges.wo);
                product(dwo, gu, wv.t())?;
                add_outer(&mut matrix_mut(dwo, width, width), &dub, &bv);
                product(at(&mut self.gradient, &ranges.wv), wo.t(), gu)?;
                product(at(&mut self.gradient, &ranges.bv), dub, wo)?;
                let d_mixed = &mut block.mixed[..rows * width];
                product(d_mixed, matrix(branch, rows, width), matrix(&block.fold, width, width))?;
                mix_gradient(d_mixed, state, n, width, &mut self.d_mixing)?;
                let mut ub = vec![T::zero(); width];
                product(&mut ub, bv, wo.t())?;
                for (g, sums) in self.d_mixing.chunks_exact_mut(n).zip(self.per_series.chunks_exact(width)) {
                    let inner: T = sums.iter().zip(&ub).map(|(&s, &u)| s * u).sum();
                    g.iter_mut().for_each(|g| *g += inner);
                }
                mix(&block.mixing_used, n, true, d_mixed, width, branch)?;
                run(Add(d, branch));
            } else {
                product(at(&mut self.gradient, &ranges.wo), d_out.t(), matrix(&block.mixed, rows, width))?;
                let d_mixed = &mut block.mixed[..rows * width];
                product(d_mixed, d_out, wo)?;
                mix_gradient(d_mixed, &block.values[..rows * width], n, width, &mut self.d_mixing)?;
                let d_values = branch;
                mix(&block.mixing_used, n, true, d_mixed, width, d_values)?;
                run(RowSums { x: d_values, sums: at(&mut self.gradient, &ranges.bv) });
                let d_values = matrix(d_values, rows, width);
                product(at(&mut self.gradient, &ranges.wv), d_values.t(), matrix(state, rows, width))?;
                add_product(d, d_values, wv)?;
            }
        }
        if masked {
            run(Multiply(&mut self.d_mixing, &block.mixing_mask));
        }
        match a.mixing {
            Mixing::NormLin(form) => form.gradient_into(
                &matrix(network.at(&ranges.w_mix), n, n),
                &matrix(&block.mixing, n, n),
                &matrix(&self.d_mixing, n, n),
                &mut matrix_mut(at(&mut self.gradient, &ranges.w_mix), n, n),
            ),
            Mixing::Linear => at(&mut self.gradient, &ranges.w_mix).copy_from_slice(&self.d_mixing),
            Mixing::Fixed | Mixing::None => {}
        }
        Ok(())
    }

    fn input_backward(&mut self, network: &Network<T>, rows: usize) -> Result<()> {
        let a = &network.architecture;
        let (n, t, d, width) = (a.channels, a.look_back, a.extension, a.width);
        let ranges = &network.ranges;
        let dh = &self.wide[0][..rows * width];
        run(RowSums { x: dh, sums: &mut self.per_series });
        run(RowSums { x: dh, sums: at(&mut self.gradient, &ranges.b_in) });
        let dh = matrix(dh, rows, width);
        let gs = &mut self.d_input[..width * t];
        product(gs, dh.t(), matrix(&self.rotated, rows, t))?;
        // Σ_n D_n δ₁_nᵀ, the same for every copy; `w_sum` gives its place once δ₁ has its gradient.
        let per_series = matrix(&self.per_series, n, width);
        if network.shifts_input() {
            let w_sum = matrix(&self.w_sum, width, t);
            product(at(&mut self.gradient, &ranges.delta1), per_series, w_sum)?;
            let shifts = matrix(network.at(&ranges.delta1), n, t);
            product(&mut self.w_sum, per_series.t(), shifts)?;
        } else {
            self.w_sum.fill(T::zero());
        }
        let mut d_phi = vec![T::zero(); d];
        run(Expand {
            matrix: network.at(&ranges.w_in),
            size: t,
            factors: network.phi(),
            g: gs,
            shift: &self.w_sum,
            target: &mut self.gradient[ranges.w_in.clone()],
            inner: &mut d_phi,
        });
        if d > 1 {
            self.gradient[ranges.phi.clone()].copy_from_slice(&d_phi);
        }
        // To the affine map of RevIN.
        let ds = &mut self.d_input[..rows * t];
        product(ds, dh, matrix(&self.w_eff, width, t))?;
        let du = &mut self.affine[..rows * t];
        rotate(&network.input, false, 1, t, ds, du)?;
        for (row, (du, x)) in du.chunks_exact(t).zip(self.standardised.chunks_exact(t)).enumerate() {
            let series = row % n;
            let scale: T = du.iter().zip(x).map(|(&d, &x)| d * x).sum();
            let shift: T = du.iter().copied().sum();
            self.gradient[ranges.revin_w.start + series] += scale;
            self.gradient[ranges.revin_b.start + series] += shift;
        }
        Ok(())
    }
}

/// The entries of a tensor.
fn at<'a, T>(gradient: &'a mut [T], range: &Range<usize>) -> &'a mut [T] {
    &mut gradient[range.clone()]
}

fn norm_backward<T: Scalar>(
    network: &Network<T>,
    ranges: &(Range<usize>, Range<usize>),
    memory: &NormMemory<T>,
    rows: usize,
    d: &mut [T],
    gradient: &mut [T],
) {
    let width = network.architecture.width;
    // Scale and shift of a norm are neighbours in the parameter vector.
    let (d_gamma, d_beta) = gradient[ranges.0.start..ranges.1.end].split_at_mut(width);
    run(NormBackward {
        d: &mut d[..rows * width],
        standardised: &memory.standardised[..rows * width],
        inverse: &memory.inverse[..rows],
        gamma: network.at(&ranges.0),
        d_gamma,
        d_beta,
    });
}
