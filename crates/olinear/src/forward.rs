//! The forward pass (see `docs/olinear.md`), keeping what the backward pass needs.

use crate::Result;
use crate::kernels::{Add, Branch, Gelu, Mix, Multiply, ResidualNorm, run};
use crate::loss::Loss;
use crate::mask::fill_mask;
use crate::matrix::{add_product, collapse, matrix, product};
use crate::network::{Mixing, Network, Temporal};
use crate::revin::guarded;
use crate::rotation::rotate;
use crate::workspace::{BlockMemory, Dropout, NormMemory, Workspace};
use core_tensor::Scalar;
use core_tensor::random::Streams;

/// Above this many series the mixing goes through matrix products.
const SMALL_MIXING: usize = 24;

/// `out_i = Σ_j A_ij v_j` for each batch item.
pub(crate) fn mix<T: Scalar>(
    a: &[T],
    series: usize,
    transposed: bool,
    v: &[T],
    width: usize,
    out: &mut [T],
) -> Result<()> {
    if series <= SMALL_MIXING {
        run(Mix { a, series, transposed, v, width, out });
        return Ok(());
    }
    let a = matrix(a, series, series);
    let a = if transposed { a.reversed_axes() } else { a };
    for (v, out) in v.chunks_exact(series * width).zip(out.chunks_exact_mut(series * width)) {
        product(out, a, matrix(v, series, width))?;
    }
    Ok(())
}

/// Derivative by the mixing matrix, `g_ij = Σ_items <d_i, v_j>`.
pub(crate) fn mix_gradient<T: Scalar>(d: &[T], v: &[T], series: usize, width: usize, g: &mut [T]) -> Result<()> {
    if series <= SMALL_MIXING {
        run(crate::kernels::MixGradient { d, v, series, width, g });
        return Ok(());
    }
    g.fill(T::zero());
    for (d, v) in d.chunks_exact(series * width).zip(v.chunks_exact(series * width)) {
        add_product(g, matrix(d, series, width), matrix(v, series, width).reversed_axes())?;
    }
    Ok(())
}

/// `b + W x` for one vector x: (rows of W).
fn affine_into<T: Scalar>(w: &[T], x: &[T], b: &[T], out: &mut [T]) {
    for ((out, w), &b) in out.iter_mut().zip(w.chunks_exact(x.len())).zip(b) {
        *out = w.iter().zip(x).map(|(&w, &x)| w * x).sum::<T>() + b;
    }
}

impl<T: Scalar> Workspace<T> {
    pub(crate) fn forward(&mut self, network: &Network<T>, dropout: Option<Dropout>, keep: bool) -> Result<()> {
        let a = network.architecture;
        let (n, t, h, width) = (a.channels, a.look_back, a.horizon, a.width);
        let rows = self.batch * n;
        let streams = dropout.map(|d| (Streams::new(d.seed).child(d.step), d.rate));
        self.input(network)?;
        for index in 0..a.blocks {
            let (before, after) = self.states.split_at_mut(index + 1);
            let (Some(state), Some(next)) = (before.last(), after.first_mut()) else { continue };
            let block = &mut self.blocks[index];
            if let Some((streams, rate)) = &streams {
                let masks = [&mut block.mixing_mask, &mut block.branch_mask, &mut block.slope, &mut block.mlp_mask];
                for (place, mask) in masks.into_iter().enumerate() {
                    let length = if place == 0 { mask.len() } else { mask.len().min(rows * width.max(a.hidden)) };
                    fill_mask(&mut streams.stream((4 * index + place) as u64), *rate, &mut mask[..length]);
                }
            }
            let (masked, fold) = (streams.is_some(), self.fold_mixing);
            let memory = BlockPass { network, index, rows, masked, keep };
            memory.cross_series(block, &state[..rows * width], &mut self.wide, &mut self.per_series, fold)?;
            memory.intra_series(block, next, &mut self.wide[0], &mut self.hidden)?;
        }
        let state = &self.states[a.blocks][..rows * width];
        norm(network, &network.ranges.norm, state, None, &mut self.norm, rows, &mut self.last);
        self.output(network, keep)?;
        if let Some((streams, rate)) = &streams {
            let mask = &mut self.out_mask[..rows * h];
            fill_mask(&mut streams.stream(4 * a.blocks as u64), *rate, mask);
            run(Multiply(&mut self.normal_out[..rows * h], mask));
        }
        let (w, b) = (network.at(&network.ranges.revin_w), network.at(&network.ranges.revin_b));
        for row in 0..rows {
            let (scale, shift) = (guarded(w[row % n]), b[row % n]);
            let (sd, mu) = (self.deviation[row], self.centre[row]);
            let normal = &self.normal_out[row * h..(row + 1) * h];
            let out = &mut self.forecast[row * h..(row + 1) * h];
            out.iter_mut().zip(normal).for_each(|(out, &o)| *out = (o - shift) / scale * sd + mu);
        }
        if let Some(map) = &network.residual {
            let mut linear = vec![T::zero(); rows * h];
            product(&mut linear, matrix(&self.standardised, rows, t), map.view())?;
            for (row, linear) in linear.chunks_exact(h).enumerate() {
                let sd = self.deviation[row];
                let out = &mut self.forecast[row * h..(row + 1) * h];
                out.iter_mut().zip(linear).for_each(|(out, &v)| *out += v * sd);
            }
        }
        Ok(())
    }

    fn input(&mut self, network: &Network<T>) -> Result<()> {
        let a = network.architecture;
        let (n, t, width) = (a.channels, a.look_back, a.width);
        let rows = self.batch * n;
        let ranges = &network.ranges;
        let (w, b) = (network.at(&ranges.revin_w), network.at(&ranges.revin_b));
        let windows = self.standardised.chunks_exact(t).zip(self.affine.chunks_exact_mut(t)).take(rows);
        for (row, (x, out)) in windows.enumerate() {
            let (scale, shift) = (w[row % n], b[row % n]);
            out.iter_mut().zip(x).for_each(|(out, &x)| *out = x * scale + shift);
        }
        rotate(&network.input, true, 1, t, &self.affine[..rows * t], &mut self.rotated)?;
        collapse(network.at(&ranges.w_in), t, network.phi(), &mut self.w_eff);
        if network.shifts_input() {
            collapse(network.at(&ranges.w_in), t, network.ones(), &mut self.w_sum);
        }
        let (bias, shifts) = (network.at(&ranges.b_in), network.at(&ranges.delta1));
        for (out, shift) in self.input_bias.chunks_exact_mut(width).zip(shifts.chunks_exact(t)) {
            if network.shifts_input() {
                affine_into(&self.w_sum, shift, bias, out);
            } else {
                out.copy_from_slice(bias);
            }
        }
        let state = &mut self.states[0][..rows * width];
        product(state, matrix(&self.rotated, rows, t), matrix(&self.w_eff, width, t).reversed_axes())?;
        run(Add(state, &self.input_bias));
        Ok(())
    }

    fn output(&mut self, network: &Network<T>, keep: bool) -> Result<()> {
        let a = network.architecture;
        let (n, h, d, width, hidden) = (a.channels, a.horizon, a.extension, a.width, a.hidden);
        let rows = self.batch * n;
        let ranges = &network.ranges;
        let (f1, fb1) = (network.at(&ranges.f1), network.at(&ranges.fb1));
        let last = matrix(&self.last, rows, width);
        let (w_out, b_out) = (matrix(network.at(&ranges.w_out), d * h, width), network.at(&ranges.b_out));
        let shifts = network.at(&ranges.delta2);
        let head = &mut self.head[..rows * hidden];
        if self.fold_output {
            collapse(f1, h, network.ones(), &mut self.f_sum);
            rotate(&network.output, true, hidden * d, h, f1, &mut self.p)?;
            product(&mut self.m, matrix(&self.p, hidden, d * h), w_out)?;
            product(head, last, matrix(&self.m, hidden, width).reversed_axes())?;
            for (out, shift) in self.head_bias.chunks_exact_mut(hidden).zip(shifts.chunks_exact(h)) {
                affine_into(&self.p, b_out, fb1, out);
                if network.shifts_output() {
                    let base = out.to_vec();
                    affine_into(&self.f_sum, shift, &base, out);
                }
            }
        } else {
            let copies = &mut self.copies[..rows * d * h];
            product(copies, last, w_out.reversed_axes())?;
            run(Add(copies, b_out));
            let turned = &mut self.turned[..rows * d * h];
            rotate(&network.output, false, d, h, copies, turned)?;
            if network.shifts_output() {
                for (row, copies) in turned.chunks_exact_mut(d * h).enumerate() {
                    run(Add(copies, &shifts[(row % n) * h..(row % n + 1) * h]));
                }
            }
            product(head, matrix(turned, rows, d * h), matrix(f1, hidden, d * h).reversed_axes())?;
            self.head_bias.chunks_exact_mut(hidden).for_each(|bias| bias.copy_from_slice(fb1));
        }
        let slope = keep.then_some(&mut self.head_slope[..rows * hidden]);
        run(Gelu { values: head, bias: &self.head_bias, slope });
        let out = &mut self.normal_out[..rows * h];
        let f2 = matrix(network.at(&ranges.f2), h, hidden);
        product(out, matrix(head, rows, hidden), f2.reversed_axes())?;
        run(Add(out, network.at(&ranges.fb2)));
        Ok(())
    }

    /// Loss of the forecasts; leaves its gradient by them in their place.
    pub(crate) fn loss(&mut self, network: &Network<T>, loss: &Loss, weights: &[T]) -> f64 {
        let h = network.architecture.horizon;
        let rows = self.batch * network.architecture.channels;
        let (mut sum, mut count) = (0.0, 0_usize);
        for (out, target) in self.forecast.chunks_exact_mut(h).zip(self.target.chunks_exact(h)).take(rows) {
            for ((out, &y), &weight) in out.iter_mut().zip(target).zip(weights) {
                *out = match loss.term(*out, y) {
                    Some((term, slope)) => {
                        sum += Scalar::to_f64(weight * term);
                        count += 1;
                        weight * slope
                    }
                    None => T::zero(),
                };
            }
        }
        let scale = 1.0 / count.max(1) as f64;
        let factor = <T as Scalar>::from_f64(scale);
        self.forecast[..rows * h].iter_mut().for_each(|g| *g *= factor);
        sum * scale
    }
}

/// `out ← LayerNorm(h + branch)` with the parameters of `range`.
pub(crate) fn norm<T: Scalar>(
    network: &Network<T>,
    range: &(std::ops::Range<usize>, std::ops::Range<usize>),
    h: &[T],
    branch: Option<Branch<'_, T>>,
    memory: &mut NormMemory<T>,
    rows: usize,
    out: &mut [T],
) {
    let length = rows * network.architecture.width;
    run(ResidualNorm {
        h,
        branch,
        gamma: network.at(&range.0),
        beta: network.at(&range.1),
        out: &mut out[..length],
        keep: Some((&mut memory.standardised[..length], &mut memory.inverse[..rows])),
    });
}

/// One block of a forward pass.
struct BlockPass<'a, T> {
    network: &'a Network<T>,
    index: usize,
    rows: usize,
    masked: bool,
    keep: bool,
}

impl<T: Scalar> BlockPass<'_, T> {
    /// `middle = LN1(h + drop(Wo (A (Wv h + bv)) + bo))`.
    fn cross_series(
        &self,
        block: &mut BlockMemory<T>,
        state: &[T],
        wide: &mut [Vec<T>; 2],
        per_series: &mut [T],
        fold: bool,
    ) -> Result<()> {
        let network = self.network;
        let a = network.architecture;
        let (n, width) = (a.channels, a.width);
        let rows = self.rows;
        let ranges = &network.ranges.blocks[self.index];
        if a.mixing == Mixing::None {
            block.middle[..rows * width].copy_from_slice(state);
            return Ok(());
        }
        network.mixing_into(ranges, &mut crate::matrix::matrix_mut(&mut block.mixing, n, n));
        block.mixing_used.copy_from_slice(&block.mixing);
        if self.masked {
            run(Multiply(&mut block.mixing_used, &block.mixing_mask));
        }
        let [out, spare] = wide;
        let out = &mut out[..rows * width];
        let mixed = &mut block.mixed[..rows * width];
        if a.mixing == Mixing::Linear {
            mix(&block.mixing_used, n, false, state, width, out)?;
            for (bias, &b) in per_series.chunks_exact_mut(width).zip(network.at(&ranges.mix_bias)) {
                bias.fill(b);
            }
        } else {
            let (wv, wo) = (matrix(network.at(&ranges.wv), width, width), matrix(network.at(&ranges.wo), width, width));
            let (bv, bo) = (network.at(&ranges.bv), network.at(&ranges.bo));
            if fold {
                product(&mut block.fold, wo, wv)?;
                mix(&block.mixing_used, n, false, state, width, mixed)?;
                product(out, matrix(mixed, rows, width), matrix(&block.fold, width, width).reversed_axes())?;
                // The bias bv comes through scaled by the sum of the mixing row.
                let row_bias = &mut spare[..width];
                product(row_bias, matrix(bv, 1, width), wo.t())?;
                for (bias, mixing) in per_series.chunks_exact_mut(width).zip(block.mixing_used.chunks_exact(n)) {
                    let total: T = mixing.iter().copied().sum();
                    bias.iter_mut().zip(&*row_bias).zip(bo).for_each(|((bias, &u), &b)| *bias = total * u + b);
                }
            } else {
                let values = &mut block.values[..rows * width];
                product(values, matrix(state, rows, width), wv.reversed_axes())?;
                run(Add(values, bv));
                mix(&block.mixing_used, n, false, values, width, mixed)?;
                product(out, matrix(mixed, rows, width), wo.reversed_axes())?;
                per_series.chunks_exact_mut(width).for_each(|bias| bias.copy_from_slice(bo));
            }
        }
        let mask = self.masked.then_some(&block.branch_mask[..rows * width]);
        let branch = Branch { o: out, bias: per_series, mask };
        norm(network, &ranges.norm1, state, Some(branch), &mut block.norm1, rows, &mut block.middle);
        Ok(())
    }

    /// `next = LN2(a + drop(W2 drop(GELU(W1 a + b1)) + b2))`.
    fn intra_series(
        &self,
        block: &mut BlockMemory<T>,
        next: &mut [T],
        wide: &mut [T],
        hidden_scratch: &mut [T],
    ) -> Result<()> {
        let network = self.network;
        let (width, hidden) = (network.architecture.width, network.architecture.hidden);
        let rows = self.rows;
        let ranges = &network.ranges.blocks[self.index];
        let middle = &block.middle[..rows * width];
        if network.architecture.temporal == Temporal::None {
            next[..rows * width].copy_from_slice(middle);
            return Ok(());
        }
        let gelu = &mut block.gelu[..rows * hidden];
        let w1 = matrix(network.at(&ranges.w1), hidden, width);
        product(gelu, matrix(middle, rows, width), w1.reversed_axes())?;
        let slope = &mut block.slope[..rows * hidden];
        if self.masked {
            // The mask was drawn into the slope's place; both GELU and its slope are multiplied by it.
            let mask = &mut hidden_scratch[..rows * hidden];
            mask.copy_from_slice(slope);
            run(Gelu { values: gelu, bias: network.at(&ranges.b1), slope: Some(slope) });
            run(Multiply(gelu, mask));
            run(Multiply(slope, mask));
        } else {
            run(Gelu { values: gelu, bias: network.at(&ranges.b1), slope: self.keep.then_some(slope) });
        }
        let out = &mut wide[..rows * width];
        let w2 = matrix(network.at(&ranges.w2), width, hidden);
        product(out, matrix(gelu, rows, hidden), w2.reversed_axes())?;
        let mask = self.masked.then_some(&block.mlp_mask[..rows * width]);
        let branch = Branch { o: out, bias: network.at(&ranges.b2), mask };
        norm(network, &ranges.norm2, middle, Some(branch), &mut block.norm2, rows, next);
        Ok(())
    }
}
