//! Fused passes over rows: what is left of a network between its matrix products.

use core_tensor::elementary::{erf, exp};
use core_tensor::{Kernel, Scalar, vectorised};

/// Added to the variance of a layer norm.
const NORM_EPSILON: f64 = 1e-5;
const LANES: usize = 16;

#[inline(always)]
fn constant<T: Scalar>(value: f64) -> T {
    <T as Scalar>::from_f64(value)
}

/// Sum of `f(i)` for i < n, in interleaved partial sums.
#[inline(always)]
fn sum<T: Scalar>(n: usize, f: impl Fn(usize) -> T) -> T {
    let mut lanes = [T::zero(); LANES];
    let whole = n - n % LANES;
    let mut i = 0;
    while i < whole {
        for lane in 0..LANES {
            lanes[lane] += f(i + lane);
        }
        i += LANES;
    }
    let mut total = T::zero();
    for lane in lanes {
        total += lane;
    }
    while i < n {
        total += f(i);
        i += 1;
    }
    total
}

/// `out ← LayerNorm(h + (o + bias) ∘ mask)` by rows of `gamma.len()`.
pub(crate) struct ResidualNorm<'a, T> {
    pub(crate) h: &'a [T],
    /// The branch that is added; `None` for the norm alone.
    pub(crate) branch: Option<Branch<'a, T>>,
    pub(crate) gamma: &'a [T],
    pub(crate) beta: &'a [T],
    pub(crate) out: &'a mut [T],
    /// `(t - mean)/σ` of each entry and `1/σ` of each row, for the backward pass.
    pub(crate) keep: Option<(&'a mut [T], &'a mut [T])>,
}

/// What a block adds to its input.
pub(crate) struct Branch<'a, T> {
    pub(crate) o: &'a [T],
    /// A row of biases, or one row per series.
    pub(crate) bias: &'a [T],
    pub(crate) mask: Option<&'a [T]>,
}

impl<T: Scalar> Kernel for ResidualNorm<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        let width = self.gamma.len();
        for (row, out) in self.out.chunks_exact_mut(width).enumerate() {
            let at = row * width;
            let h = &self.h[at..at + width];
            match &self.branch {
                None => out.copy_from_slice(h),
                Some(branch) => {
                    let o = &branch.o[at..at + width];
                    let bias = &branch.bias[at % branch.bias.len()..][..width];
                    match branch.mask {
                        Some(mask) => {
                            let mask = &mask[at..at + width];
                            for i in 0..width {
                                out[i] = h[i] + (o[i] + bias[i]) * mask[i];
                            }
                        }
                        None => {
                            for i in 0..width {
                                out[i] = h[i] + (o[i] + bias[i]);
                            }
                        }
                    }
                }
            }
            let n = constant::<T>(width as f64);
            let mean = sum(width, |i| out[i]) / n;
            let variance = sum(width, |i| (out[i] - mean) * (out[i] - mean)) / n;
            let inverse = T::one() / (variance + constant::<T>(NORM_EPSILON)).sqrt();
            let (gamma, beta) = (&self.gamma[..width], &self.beta[..width]);
            match &mut self.keep {
                None => {
                    for i in 0..width {
                        out[i] = (out[i] - mean) * inverse * gamma[i] + beta[i];
                    }
                }
                Some((standardised, inverses)) => {
                    inverses[row] = inverse;
                    let standardised = &mut standardised[at..at + width];
                    for i in 0..width {
                        standardised[i] = (out[i] - mean) * inverse;
                        out[i] = standardised[i] * gamma[i] + beta[i];
                    }
                }
            }
        }
    }
}

/// Backward pass of a layer norm: `d` holds dLoss/d out and becomes dLoss/d(input of the norm).
pub(crate) struct NormBackward<'a, T> {
    pub(crate) d: &'a mut [T],
    pub(crate) standardised: &'a [T],
    pub(crate) inverse: &'a [T],
    pub(crate) gamma: &'a [T],
    pub(crate) d_gamma: &'a mut [T],
    pub(crate) d_beta: &'a mut [T],
}

impl<T: Scalar> Kernel for NormBackward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let width = self.gamma.len();
        self.d_gamma.fill(T::zero());
        self.d_beta.fill(T::zero());
        let (d_gamma, d_beta, gamma) = (&mut self.d_gamma[..width], &mut self.d_beta[..width], &self.gamma[..width]);
        for (row, &inverse) in self.inverse.iter().enumerate() {
            let at = row * width;
            let d = &mut self.d[at..at + width];
            let x = &self.standardised[at..at + width];
            for i in 0..width {
                d_gamma[i] += d[i] * x[i];
                d_beta[i] += d[i];
                d[i] *= gamma[i];
            }
            let n = constant::<T>(width as f64);
            let mean = sum(width, |i| d[i]) / n;
            let inner = sum(width, |i| d[i] * x[i]) / n;
            for i in 0..width {
                d[i] = (d[i] - mean - x[i] * inner) * inverse;
            }
        }
    }
}

/// `value ← GELU(e + bias)` in place, and, when asked, its slope.
pub(crate) struct Gelu<'a, T> {
    pub(crate) values: &'a mut [T],
    /// One bias per column, or one row of biases per series: its length is a multiple of the row length.
    pub(crate) bias: &'a [T],
    pub(crate) slope: Option<&'a mut [T]>,
}

impl<T: Scalar> Kernel for Gelu<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let period = self.bias.len();
        if period == 0 {
            return;
        }
        let (half, root) = (constant::<T>(0.5), constant::<T>(std::f64::consts::FRAC_1_SQRT_2));
        match self.slope {
            None => {
                for values in self.values.chunks_mut(period) {
                    let bias = &self.bias[..values.len()];
                    for i in 0..values.len() {
                        let e = values[i] + bias[i];
                        values[i] = e * (half + half * erf(e * root));
                    }
                }
            }
            Some(slope) => {
                // 1/√(2π)
                let density = constant::<T>(0.398_942_280_401_432_7);
                for (values, slope) in self.values.chunks_mut(period).zip(slope.chunks_mut(period)) {
                    let bias = &self.bias[..values.len()];
                    let slope = &mut slope[..values.len()];
                    for i in 0..values.len() {
                        let e = values[i] + bias[i];
                        let cumulative = half + half * erf(e * root);
                        slope[i] = cumulative + e * density * exp(-half * e * e);
                        values[i] = e * cumulative;
                    }
                }
            }
        }
    }
}

/// `y ← y ∘ x`.
pub(crate) struct Multiply<'a, T>(pub(crate) &'a mut [T], pub(crate) &'a [T]);

impl<T: Scalar> Kernel for Multiply<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.0.iter_mut().zip(self.1).for_each(|(y, &x)| *y *= x);
    }
}

/// `y ← y + x`, x repeated as often as it fits.
pub(crate) struct Add<'a, T>(pub(crate) &'a mut [T], pub(crate) &'a [T]);

impl<T: Scalar> Kernel for Add<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        if self.1.is_empty() {
            return;
        }
        for y in self.0.chunks_mut(self.1.len()) {
            y.iter_mut().zip(self.1).for_each(|(y, &x)| *y += x);
        }
    }
}

/// Sums of rows: `x` is cut into pieces as long as `sums` (one row, or a row per series), and their sum replaces `sums`.
pub(crate) struct RowSums<'a, T> {
    pub(crate) x: &'a [T],
    pub(crate) sums: &'a mut [T],
}

impl<T: Scalar> Kernel for RowSums<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.sums.fill(T::zero());
        if self.sums.is_empty() {
            return;
        }
        let period = self.sums.len();
        for x in self.x.chunks(period) {
            let sums = &mut self.sums[..x.len()];
            for i in 0..x.len() {
                sums[i] += x[i];
            }
        }
    }
}

/// Sum of blocks of `size` columns of each row of a matrix, block k weighted by `factors[k]`.
pub(crate) struct Collapse<'a, T> {
    pub(crate) matrix: &'a [T],
    pub(crate) size: usize,
    pub(crate) factors: &'a [T],
    pub(crate) out: &'a mut [T],
}

impl<T: Scalar> Kernel for Collapse<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let size = self.size;
        let rows = self.matrix.chunks_exact(self.factors.len() * size);
        for (row, out) in rows.zip(self.out.chunks_exact_mut(size)) {
            out.fill(T::zero());
            for (part, &factor) in row.chunks_exact(size).zip(self.factors) {
                for i in 0..size {
                    out[i] += factor * part[i];
                }
            }
        }
    }
}

/// Gradient of a matrix of blocks that is used through its [`Collapse`]: `target_k = factors[k] g + shift`, and the inner
/// products `<block_k, g>`, which are added to `inner`.
pub(crate) struct Expand<'a, T> {
    pub(crate) matrix: &'a [T],
    pub(crate) size: usize,
    pub(crate) factors: &'a [T],
    pub(crate) g: &'a [T],
    pub(crate) shift: &'a [T],
    pub(crate) target: &'a mut [T],
    pub(crate) inner: &'a mut [T],
}

impl<T: Scalar> Kernel for Expand<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (size, copies) = (self.size, self.factors.len());
        let rows = self.target.chunks_exact_mut(copies * size).zip(self.matrix.chunks_exact(copies * size));
        for ((target, matrix), (g, shift)) in rows.zip(self.g.chunks_exact(size).zip(self.shift.chunks_exact(size))) {
            for k in 0..copies {
                let factor = self.factors[k];
                let (target, part) = (&mut target[k * size..][..size], &matrix[k * size..][..size]);
                for i in 0..size {
                    target[i] = factor * g[i] + shift[i];
                }
                self.inner[k] += sum(size, |i| part[i] * g[i]);
            }
        }
    }
}

/// Mixing across series: for each batch item, `out_i = Σ_j A_ij v_j` (or with A transposed), rows of `width`.
pub(crate) struct Mix<'a, T> {
    pub(crate) a: &'a [T],
    pub(crate) series: usize,
    pub(crate) transposed: bool,
    pub(crate) v: &'a [T],
    pub(crate) width: usize,
    pub(crate) out: &'a mut [T],
}

impl<T: Scalar> Kernel for Mix<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (n, width) = (self.series, self.width);
        if n * width == 0 {
            return;
        }
        for (v, out) in self.v.chunks_exact(n * width).zip(self.out.chunks_exact_mut(n * width)) {
            for (i, out) in out.chunks_exact_mut(width).enumerate() {
                out.fill(T::zero());
                for (j, v) in v.chunks_exact(width).enumerate() {
                    let a = if self.transposed { self.a[j * n + i] } else { self.a[i * n + j] };
                    for k in 0..width {
                        out[k] += a * v[k];
                    }
                }
            }
        }
    }
}

/// `g_ij ← Σ over batch items <d_i, v_j>`: derivative by the mixing matrix.
pub(crate) struct MixGradient<'a, T> {
    pub(crate) d: &'a [T],
    pub(crate) v: &'a [T],
    pub(crate) series: usize,
    pub(crate) width: usize,
    pub(crate) g: &'a mut [T],
}

impl<T: Scalar> Kernel for MixGradient<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (n, width) = (self.series, self.width);
        self.g.fill(T::zero());
        if n * width == 0 {
            return;
        }
        for (d, v) in self.d.chunks_exact(n * width).zip(self.v.chunks_exact(n * width)) {
            for (i, d) in d.chunks_exact(width).enumerate() {
                for (j, v) in v.chunks_exact(width).enumerate() {
                    let (d, v) = (&d[..width], &v[..width]);
                    self.g[i * n + j] += sum(width, |k| d[k] * v[k]);
                }
            }
        }
    }
}

/// Runs a kernel compiled for the widest units.
pub(crate) fn run<K: Kernel>(kernel: K) -> K::Output {
    vectorised(kernel)
}
