//! A trained network, folded: everything between two non-linearities is one matrix.

use crate::Result;
use crate::forward::mix;
use crate::kernels::{Add, Branch, Gelu, ResidualNorm, run};
use crate::matrix::{collapse, matrix, product};
use crate::network::{Architecture, Mixing, Network, Temporal};
use crate::revin::{guarded, normalise_row};
use crate::rotation::{Rotation, rotate};
use core_tensor::{Scalar, check_shape};
use ndarray::{Array3, ArrayRef3};

/// A network for forecasting only: basis, dimension extension and affine maps are multiplied out (see
/// `docs/olinear.md`). The same function as the [`Network`] it comes from, at a fraction of the work.
#[derive(Debug, Clone)]
pub struct FoldedOLinear<T> {
    architecture: Architecture,
    /// (D × T), acting on standardised windows scaled by `scale`; one per series when bases differ.
    input: Vec<Vec<T>>,
    /// (N × D).
    input_bias: Vec<T>,
    blocks: Vec<FoldedBlock<T>>,
    norm: Norm<T>,
    /// (F × D), one per series when bases differ, and (N × F).
    head: Vec<Vec<T>>,
    head_bias: Vec<T>,
    f2: Vec<T>,
    /// Bias of the last layer, the shift of RevIN taken off (N × H).
    out_bias: Vec<T>,
    scale: Vec<T>,
    residual: Option<ndarray::Array2<T>>,
}

#[derive(Debug, Clone)]
struct Norm<T> {
    gamma: Vec<T>,
    beta: Vec<T>,
}

#[derive(Debug, Clone)]
struct FoldedBlock<T> {
    mixing: Vec<T>,
    /// `U = Wo Wv` (D × D); `None` for plain linear mixing.
    u: Option<Vec<T>>,
    mix_bias: Vec<T>,
    norm1: Norm<T>,
    w1: Vec<T>,
    b1: Vec<T>,
    w2: Vec<T>,
    b2: Vec<T>,
    norm2: Norm<T>,
}

#[derive(Debug, Clone, Default)]
struct Memory<T> {
    windows: Vec<T>,
    centre: Vec<T>,
    deviation: Vec<T>,
    state: Vec<T>,
    mixed: Vec<T>,
    branch: Vec<T>,
    next: Vec<T>,
    hidden: Vec<T>,
    out: Vec<T>,
}

impl<T: Scalar> Network<T> {
    /// The network, folded for forecasting.
    ///
    /// # Errors
    /// None that a valid network raises.
    pub fn fold(&self) -> Result<FoldedOLinear<T>> {
        let a = self.architecture;
        let (n, t, h, d, width, hidden) = (a.channels, a.look_back, a.horizon, a.extension, a.width, a.hidden);
        let r = &self.ranges;
        let zeros = |length: usize| vec![T::zero(); length];
        let (scale, shift) = (self.at(&r.revin_w).to_vec(), self.at(&r.revin_b));
        let (mut w_eff, mut w_sum) = (zeros(width * t), zeros(width * t));
        collapse(self.at(&r.w_in), t, self.phi(), &mut w_eff);
        collapse(self.at(&r.w_in), t, self.ones(), &mut w_sum);
        let input = per_basis(&self.input, |q| turned(q, false, 1, t, &w_eff))?;
        let mut input_bias = zeros(n * width);
        for (series, bias) in input_bias.chunks_exact_mut(width).enumerate() {
            let delta = &self.at(&r.delta1)[series * t..(series + 1) * t];
            let turned = &input[series % input.len()];
            for (i, bias) in bias.iter_mut().enumerate() {
                let row = i * t..(i + 1) * t;
                let row_sum: T = turned[row.clone()].iter().copied().sum();
                *bias = self.at(&r.b_in)[i] + shift[series] * row_sum;
                if self.shifts_input() {
                    *bias += w_sum[row].iter().zip(delta).map(|(&w, &x)| w * x).sum::<T>();
                }
            }
        }
        let blocks = (0..a.blocks).map(|index| self.fold_block(index)).collect::<Result<Vec<_>>>()?;
        let f1 = self.at(&r.f1);
        let p = per_basis(&self.output, |q| turned(q, true, d, h, f1))?;
        let w_out = matrix(self.at(&r.w_out), d * h, width);
        let mut head = Vec::with_capacity(p.len());
        for p in &p {
            let mut m = zeros(hidden * width);
            product(&mut m, matrix(p, hidden, d * h), w_out)?;
            head.push(m);
        }
        let mut f_sum = zeros(hidden * h);
        collapse(f1, h, self.ones(), &mut f_sum);
        let mut head_bias = zeros(n * hidden);
        for (series, bias) in head_bias.chunks_exact_mut(hidden).enumerate() {
            let delta = &self.at(&r.delta2)[series * h..(series + 1) * h];
            for (i, bias) in bias.iter_mut().enumerate() {
                let row = &p[series % p.len()][i * d * h..(i + 1) * d * h];
                *bias = self.at(&r.fb1)[i] + row.iter().zip(self.at(&r.b_out)).map(|(&p, &b)| p * b).sum::<T>();
                if self.shifts_output() {
                    *bias += f_sum[i * h..(i + 1) * h].iter().zip(delta).map(|(&f, &x)| f * x).sum::<T>();
                }
            }
        }
        let fb2 = self.at(&r.fb2);
        let out_bias = (0..n * h).map(|i| fb2[i % h] - shift[i / h]).collect();
        Ok(FoldedOLinear {
            architecture: a,
            input,
            input_bias,
            blocks,
            norm: self.norm_of(&r.norm),
            head,
            head_bias,
            f2: self.at(&r.f2).to_vec(),
            out_bias,
            scale,
            residual: self.residual.clone(),
        })
    }

    fn norm_of(&self, ranges: &(std::ops::Range<usize>, std::ops::Range<usize>)) -> Norm<T> {
        Norm { gamma: self.at(&ranges.0).to_vec(), beta: self.at(&ranges.1).to_vec() }
    }

    fn fold_block(&self, index: usize) -> Result<FoldedBlock<T>> {
        let a = self.architecture;
        let (n, width) = (a.channels, a.width);
        let r = &self.ranges.blocks[index];
        let mut mixing = vec![T::zero(); n * n];
        let mut mix_bias = vec![T::zero(); n * width];
        let mut u = None;
        if a.mixing != Mixing::None {
            self.mixing_into(r, &mut crate::matrix::matrix_mut(&mut mixing, n, n));
            if a.mixing == Mixing::Linear {
                let biases = mix_bias.chunks_exact_mut(width).zip(self.at(&r.mix_bias));
                biases.for_each(|(bias, &b)| bias.fill(b));
            } else {
                let (wv, wo) = (matrix(self.at(&r.wv), width, width), matrix(self.at(&r.wo), width, width));
                let mut folded = vec![T::zero(); width * width];
                product(&mut folded, wo, wv)?;
                let mut ub = vec![T::zero(); width];
                product(&mut ub, matrix(self.at(&r.bv), 1, width), wo.t())?;
                for (bias, row) in mix_bias.chunks_exact_mut(width).zip(mixing.chunks_exact(n)) {
                    let total: T = row.iter().copied().sum();
                    let parts = bias.iter_mut().zip(&ub).zip(self.at(&r.bo));
                    parts.for_each(|((bias, &u), &b)| *bias = total * u + b);
                }
                u = Some(folded);
            }
        }
        let copy = |range: &std::ops::Range<usize>| self.at(range).to_vec();
        Ok(FoldedBlock {
            mixing,
            u,
            mix_bias,
            norm1: self.norm_of(&r.norm1),
            w1: copy(&r.w1),
            b1: copy(&r.b1),
            w2: copy(&r.w2),
            b2: copy(&r.b2),
            norm2: self.norm_of(&r.norm2),
        })
    }

    /// Forecasts for windows `x` (B × T × N): (B × H × N). Folds the network first; to forecast often, keep [`Network::fold`].
    ///
    /// # Errors
    /// Shapes that do not fit the network, infinite entries.
    pub fn forecast(&self, x: &ArrayRef3<T>) -> Result<Array3<T>> {
        self.fold()?.forecast(x)
    }
}

impl<T: Scalar> FoldedOLinear<T> {
    /// The form of the network.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// How many numbers the folded network holds.
    pub fn size(&self) -> usize {
        let blocks: usize = self
            .blocks
            .iter()
            .map(|b| {
                b.mixing.len()
                    + b.u.as_ref().map_or(0, Vec::len)
                    + b.mix_bias.len()
                    + b.w1.len()
                    + b.w2.len()
                    + b.b1.len()
                    + b.b2.len()
                    + 2 * (b.norm1.gamma.len() + b.norm2.gamma.len())
            })
            .sum();
        let matrices = |m: &[Vec<T>]| m.iter().map(Vec::len).sum::<usize>();
        blocks
            + matrices(&self.input)
            + matrices(&self.head)
            + self.input_bias.len()
            + self.head_bias.len()
            + self.f2.len()
            + self.out_bias.len()
            + 2 * self.norm.gamma.len()
    }

    /// Forecasts for windows `x` (B × T × N, NaN where missing): (B × H × N). An empty batch gives an empty array.
    ///
    /// # Errors
    /// Shapes that do not fit the network, infinite entries.
    pub fn forecast(&self, x: &ArrayRef3<T>) -> Result<Array3<T>> {
        let a = self.architecture;
        let (n, t, h) = (a.channels, a.look_back, a.horizon);
        let batch = x.dim().0;
        check_shape("x", x, &[batch, t, n], "the network looks back that many steps of that many channels")?;
        crate::scaler::check_no_infinity("x", x)?;
        let mut out = Array3::zeros((batch, h, n));
        // In pieces, so that memory does not grow with the batch.
        let piece = (1024 / n).max(1);
        let mut memory = Memory::default();
        for begin in (0..batch).step_by(piece) {
            let items = piece.min(batch - begin);
            memory.reserve(&a, items);
            for row in 0..items * n {
                let window = &mut memory.windows[row * t..(row + 1) * t];
                window.iter_mut().enumerate().for_each(|(step, v)| *v = x[[begin + row / n, step, row % n]]);
                (memory.centre[row], memory.deviation[row]) = normalise_row(window, a.subtract_last);
            }
            self.run(items, &mut memory)?;
            for row in 0..items * n {
                for step in 0..h {
                    out[[begin + row / n, step, row % n]] = memory.out[row * h + step];
                }
            }
        }
        Ok(out)
    }

    fn run(&self, items: usize, m: &mut Memory<T>) -> Result<()> {
        let a = self.architecture;
        let (n, t, h, width, hidden) = (a.channels, a.look_back, a.horizon, a.width, a.hidden);
        let rows = items * n;
        let linear = match &self.residual {
            Some(map) => {
                let mut linear = vec![T::zero(); rows * h];
                product(&mut linear, matrix(&m.windows, rows, t), map.view())?;
                Some(linear)
            }
            None => None,
        };
        for (row, window) in m.windows.chunks_exact_mut(t).take(rows).enumerate() {
            let scale = self.scale[row % n];
            window.iter_mut().for_each(|v| *v *= scale);
        }
        apply(&self.input, n, rows, (width, t), &m.windows, &mut m.state)?;
        run(Add(&mut m.state[..rows * width], &self.input_bias));
        for block in &self.blocks {
            if a.mixing != Mixing::None {
                let mixed = &mut m.mixed[..rows * width];
                mix(&block.mixing, n, false, &m.state[..rows * width], width, mixed)?;
                let out = match &block.u {
                    Some(u) => {
                        product(&mut m.branch, matrix(mixed, rows, width), matrix(u, width, width).reversed_axes())?;
                        &m.branch
                    }
                    None => &m.mixed,
                };
                let branch = Branch { o: &out[..rows * width], bias: &block.mix_bias, mask: None };
                block.norm1.apply(&m.state, Some(branch), &mut m.next[..rows * width]);
                std::mem::swap(&mut m.state, &mut m.next);
            }
            if a.temporal == Temporal::Mlp {
                let values = &mut m.hidden[..rows * hidden];
                let w1 = matrix(&block.w1, hidden, width);
                product(values, matrix(&m.state, rows, width), w1.reversed_axes())?;
                run(Gelu { values, bias: &block.b1, slope: None });
                let w2 = matrix(&block.w2, width, hidden);
                product(&mut m.branch, matrix(values, rows, hidden), w2.reversed_axes())?;
                let branch = Branch { o: &m.branch[..rows * width], bias: &block.b2, mask: None };
                block.norm2.apply(&m.state, Some(branch), &mut m.next[..rows * width]);
                std::mem::swap(&mut m.state, &mut m.next);
            }
        }
        self.norm.apply(&m.state, None, &mut m.next[..rows * width]);
        apply(&self.head, n, rows, (hidden, width), &m.next, &mut m.hidden)?;
        run(Gelu { values: &mut m.hidden[..rows * hidden], bias: &self.head_bias, slope: None });
        let f2 = matrix(&self.f2, h, hidden);
        product(&mut m.out, matrix(&m.hidden, rows, hidden), f2.reversed_axes())?;
        for (row, out) in m.out.chunks_exact_mut(h).take(rows).enumerate() {
            let series = row % n;
            let factor = m.deviation[row] / guarded(self.scale[series]);
            let bias = &self.out_bias[series * h..(series + 1) * h];
            out.iter_mut().zip(bias).for_each(|(out, &b)| *out = (*out + b) * factor + m.centre[row]);
            if let Some(linear) = &linear {
                let linear = &linear[row * h..(row + 1) * h];
                out.iter_mut().zip(linear).for_each(|(out, &v)| *out += v * m.deviation[row]);
            }
        }
        Ok(())
    }
}

impl<T: Scalar> Memory<T> {
    fn reserve(&mut self, a: &Architecture, items: usize) {
        let rows = items * a.channels;
        let grow = |v: &mut Vec<T>, length: usize| v.resize(length.max(v.len()), T::zero());
        grow(&mut self.windows, rows * a.look_back);
        grow(&mut self.centre, rows);
        grow(&mut self.deviation, rows);
        for v in [&mut self.state, &mut self.mixed, &mut self.branch, &mut self.next] {
            grow(v, rows * a.width);
        }
        grow(&mut self.hidden, rows * a.hidden);
        grow(&mut self.out, rows * a.horizon);
    }
}

impl<T: Scalar> Norm<T> {
    fn apply(&self, h: &[T], branch: Option<Branch<'_, T>>, out: &mut [T]) {
        run(ResidualNorm { h, branch, gamma: &self.gamma, beta: &self.beta, out, keep: None });
    }
}

/// One matrix for all series, or one for each.
fn per_basis<T: Scalar>(rotation: &Rotation<T>, f: impl Fn(&Rotation<T>) -> Result<Vec<T>>) -> Result<Vec<Vec<T>>> {
    match rotation {
        Rotation::PerChannel(bases) => bases.iter().map(|q| f(&Rotation::Shared(q.clone()))).collect(),
        shared => Ok(vec![f(shared)?]),
    }
}

fn turned<T: Scalar>(rotation: &Rotation<T>, forward: bool, copies: usize, size: usize, from: &[T]) -> Result<Vec<T>> {
    let mut to = vec![T::zero(); from.len()];
    rotate(rotation, forward, copies, size, from, &mut to)?;
    Ok(to)
}

/// `out_r ← M_n x_r` for rows r of series n.
fn apply<T: Scalar>(
    matrices: &[Vec<T>],
    series: usize,
    rows: usize,
    shape: (usize, usize),
    x: &[T],
    out: &mut [T],
) -> Result<()> {
    let (to, from) = shape;
    if let [shared] = matrices {
        return product(out, matrix(x, rows, from), matrix(shared, to, from).reversed_axes());
    }
    for row in 0..rows {
        let m = matrix(&matrices[row % series], to, from);
        product(&mut out[row * to..(row + 1) * to], matrix(&x[row * from..(row + 1) * from], 1, from), m.t())?;
    }
    Ok(())
}
