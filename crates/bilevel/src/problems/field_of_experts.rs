//! Field of Experts denoising of one image: learned filters (section 5.3).

use super::image::{check_pair, half_square_into};
use crate::{Error, LowerLevel, Result, UpperLevel};
use core_tensor::random::{normal_array, rng};
use core_tensor::{Kernel, check_range, vectorised};
use ndarray::{Array1, Array2, Array3, ArrayRef1};

/// `h = ½ ‖x - y‖² + ½ e^(t₀) Σ_k e^(a_k) Σ √((c_k * x)² + e^(2 b_k))`, `g = ½ ‖x - truth‖²`.
///
/// θ = [t₀, a₁ … a_K, b₁ … b_K, filters (K × s × s, row-major)]: [`FieldOfExpertsParameters`] packs it. Filters are cross-correlated with the
/// image, padded by reflection (the edge itself is not repeated).
#[derive(Debug, Clone)]
pub struct FieldOfExperts {
    noisy: Array2<f64>,
    truth: Array2<f64>,
    filters: usize,
    size: usize,
    padding: usize,
    /// E ν²/m³ per filter and place, at the last linearised point.
    curvature: Vec<Vec<f64>>,
}

/// The hyperparameters of a [`FieldOfExperts`], by name.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldOfExpertsParameters {
    /// t₀.
    pub level: f64,
    /// a (K).
    pub weights: Array1<f64>,
    /// b (K).
    pub smoothing: Array1<f64>,
    /// K × s × s.
    pub filters: Array3<f64>,
}

impl FieldOfExpertsParameters {
    /// Random filters of K × s × s (normal with deviation 1/√s) with their mean removed; a = -2, b = -3.5, t₀ = -1.
    ///
    /// # Errors
    /// No filter, a size of 0.
    pub fn random(filters: usize, size: usize, seed: u64) -> Result<Self> {
        check_range("filters", filters as f64, filters > 0, ">= 1")?;
        check_range("size", size as f64, size > 0, ">= 1")?;
        let mut drawn: Array3<f64> = normal_array(&mut rng(seed), (filters, size, size));
        drawn /= (size as f64).sqrt();
        for mut filter in drawn.outer_iter_mut() {
            let mean = filter.sum() / filter.len() as f64;
            filter -= mean;
        }
        let weights = Array1::from_elem(filters, -2.0);
        Ok(Self { level: -1.0, weights, smoothing: Array1::from_elem(filters, -3.5), filters: drawn })
    }

    /// θ.
    #[must_use]
    pub fn pack(&self) -> Array1<f64> {
        let Self { level, weights, smoothing, filters } = self;
        [*level].iter().chain(weights).chain(smoothing).chain(filters).copied().collect()
    }

    /// The parts of θ.
    ///
    /// # Errors
    /// A length that is not 1 + 2 K + K s².
    pub fn unpack(theta: &ArrayRef1<f64>, filters: usize, size: usize) -> Result<Self> {
        let expected = 1 + 2 * filters + filters * size * size;
        core_tensor::check_shape("theta", theta, &[expected], "it is [t0, a (K), b (K), filters (K x s x s)]")?;
        let part = |from: usize, count: usize| Array1::from_iter(theta.iter().skip(from).take(count).copied());
        let entries = part(1 + 2 * filters, filters * size * size);
        let drawn =
            entries.into_shape_with_order((filters, size, size)).map_err(|_| Error::NotFinite { what: "theta" })?;
        Ok(Self { level: theta[0], weights: part(1, filters), smoothing: part(1 + filters, filters), filters: drawn })
    }
}

impl FieldOfExperts {
    /// Of images of one size, for K = `filters` of `size` × `size`, and a `padding` that is shorter than the image.
    ///
    /// # Errors
    /// Images without pixels, of different sizes or not finite; no filter; filters larger than the padded image.
    pub fn new(noisy: Array2<f64>, truth: Array2<f64>, filters: usize, size: usize, padding: usize) -> Result<Self> {
        check_pair(&noisy, &truth)?;
        let side = noisy.nrows().min(noisy.ncols());
        check_range("filters", filters as f64, filters > 0, ">= 1")?;
        check_range("padding", padding as f64, padding < side, "below the image's shorter side")?;
        let fits = size > 0 && size <= side + 2 * padding;
        check_range("size", size as f64, fits, "at least 1 and at most the padded image's shorter side")?;
        Ok(Self { noisy, truth, filters, size, padding, curvature: Vec::new() })
    }

    fn padded_size(&self) -> (usize, usize) {
        (self.noisy.nrows() + 2 * self.padding, self.noisy.ncols() + 2 * self.padding)
    }

    fn response_size(&self) -> (usize, usize) {
        let (rows, columns) = self.padded_size();
        (rows + 1 - self.size, columns + 1 - self.size)
    }

    /// Where a padded coordinate comes from.
    fn reflected(&self, i: usize, length: usize) -> usize {
        let (i, pad) = (i as isize - self.padding as isize, length as isize - 1);
        let i = i.abs();
        (if i > pad { 2 * pad - i } else { i }) as usize
    }

    fn pad(&self, x: &ArrayRef1<f64>) -> Vec<f64> {
        let (height, width) = self.noisy.dim();
        let (rows, columns) = self.padded_size();
        let mut padded = Vec::with_capacity(rows * columns);
        for i in 0..rows {
            let from = self.reflected(i, height) * width;
            padded.extend((0..columns).map(|j| x[from + self.reflected(j, width)]));
        }
        padded
    }

    /// The transpose of padding, added to `out`.
    fn fold(&self, padded: &[f64], out: &mut ArrayRef1<f64>) {
        let (height, width) = self.noisy.dim();
        let (rows, columns) = self.padded_size();
        for i in 0..rows {
            let to = self.reflected(i, height) * width;
            for j in 0..columns {
                out[to + self.reflected(j, width)] += padded[i * columns + j];
            }
        }
    }

    fn filter<'a>(&self, theta: &'a [f64], k: usize) -> &'a [f64] {
        let area = self.size * self.size;
        let from = 1 + 2 * self.filters + k * area;
        &theta[from..from + area]
    }

    /// Responses of filter `c` (rows × columns of the response).
    fn correlate(&self, padded: &[f64], c: &[f64], out: &mut Vec<f64>) {
        let (rows, columns) = self.response_size();
        out.clear();
        out.resize(rows * columns, 0.0);
        vectorised(Correlate { image: padded, wide: self.padded_size().1, c, size: self.size, columns, out });
    }

    /// The transpose of [`correlate`](Self::correlate), added to the padded image: the same with the filter turned round, on the response
    /// with a border of zeros.
    fn spread(&self, response: &[f64], turned: &[f64], bordered: &mut Vec<f64>, padded: &mut [f64]) {
        let ((rows, columns), border) = (self.response_size(), self.size - 1);
        let wide = columns + 2 * border;
        bordered.clear();
        bordered.resize(wide * (rows + 2 * border), 0.0);
        for (row, from) in response.chunks_exact(columns).enumerate() {
            let to = (row + border) * wide + border;
            bordered[to..to + columns].copy_from_slice(from);
        }
        let columns = self.padded_size().1;
        vectorised(Correlate { image: bordered, wide, c: turned, size: self.size, columns, out: padded });
    }

    /// The filter with rows and columns in reverse.
    fn turned(&self, theta: &[f64], k: usize) -> Vec<f64> {
        self.filter(theta, k).iter().rev().copied().collect()
    }

    /// ½ e^(t₀ + a_k) and e^(2 b_k).
    fn level(&self, theta: &[f64], k: usize) -> (f64, f64) {
        (0.5 * (theta[0] + theta[1 + k]).exp(), (2.0 * theta[1 + self.filters + k]).exp())
    }
}

impl LowerLevel for FieldOfExperts {
    fn variables(&self) -> usize {
        self.noisy.len()
    }

    fn hyperparameters(&self) -> usize {
        1 + 2 * self.filters + self.filters * self.size * self.size
    }

    fn start(&self) -> Array1<f64> {
        self.noisy.iter().copied().collect()
    }

    fn value_and_gradient_into(
        &mut self,
        x: &ArrayRef1<f64>,
        theta: &ArrayRef1<f64>,
        gradient: &mut ArrayRef1<f64>,
    ) -> f64 {
        let theta = theta.to_vec();
        let (padded, mut response, mut bordered) = (self.pad(x), Vec::new(), Vec::new());
        let mut image = vec![0.0; padded.len()];
        let mut value = 0.0;
        for k in 0..self.filters {
            let (energy, square) = self.level(&theta, k);
            self.correlate(&padded, self.filter(&theta, k), &mut response);
            value += energy * vectorised(Roots { response: &mut response, energy, square });
            self.spread(&response, &self.turned(&theta, k), &mut bordered, &mut image);
        }
        let mut data = 0.0;
        for ((g, x), y) in gradient.iter_mut().zip(x).zip(&self.noisy) {
            *g = x - y;
            data += *g * *g;
        }
        self.fold(&image, gradient);
        0.5 * data + value
    }

    fn linearise(&mut self, x: &ArrayRef1<f64>, theta: &ArrayRef1<f64>) {
        let theta = theta.to_vec();
        let (padded, mut curvature) = (self.pad(x), std::mem::take(&mut self.curvature));
        curvature.resize(self.filters, Vec::new());
        for (k, response) in curvature.iter_mut().enumerate() {
            let (energy, square) = self.level(&theta, k);
            self.correlate(&padded, self.filter(&theta, k), response);
            for r in response {
                let m = (*r * *r + square).sqrt();
                *r = energy * square / (m * m * m);
            }
        }
        self.curvature = curvature;
    }

    fn hessian_vector_into(
        &mut self,
        _x: &ArrayRef1<f64>,
        theta: &ArrayRef1<f64>,
        v: &ArrayRef1<f64>,
        out: &mut ArrayRef1<f64>,
    ) {
        let theta = theta.to_vec();
        let (padded, mut response, mut bordered) = (self.pad(v), Vec::new(), Vec::new());
        let mut image = vec![0.0; padded.len()];
        for (k, curvature) in self.curvature.iter().enumerate() {
            self.correlate(&padded, self.filter(&theta, k), &mut response);
            response.iter_mut().zip(curvature).for_each(|(r, c)| *r *= c);
            self.spread(&response, &self.turned(&theta, k), &mut bordered, &mut image);
        }
        out.assign(v);
        self.fold(&image, out);
    }

    fn cross_transposed_into(
        &mut self,
        x: &ArrayRef1<f64>,
        theta: &ArrayRef1<f64>,
        q: &ArrayRef1<f64>,
        out: &mut ArrayRef1<f64>,
    ) {
        let theta = theta.to_vec();
        let (x_padded, q_padded) = (self.pad(x), self.pad(q));
        let (mut of_x, mut of_q) = (Vec::new(), Vec::new());
        let ((rows, columns), wide) = (self.response_size(), self.padded_size().1);
        out[0] = 0.0;
        for k in 0..self.filters {
            let ((energy, square), c) = (self.level(&theta, k), self.filter(&theta, k));
            self.correlate(&x_padded, c, &mut of_x);
            self.correlate(&q_padded, c, &mut of_q);
            let (mut weight, mut smoothing) = (0.0, 0.0);
            for (r, s) in of_x.iter_mut().zip(&mut of_q) {
                let m = (*r * *r + square).sqrt();
                weight += *r * *s / m;
                smoothing += *r * *s / (m * m * m);
                // What multiplies the two images in the filter's derivative.
                (*r, *s) = (energy * *r / m, energy * square * *s / (m * m * m));
            }
            out[1 + k] = energy * weight;
            out[0] += energy * weight;
            out[1 + self.filters + k] = -energy * square * smoothing;
            let from = 1 + 2 * self.filters + k * self.size * self.size;
            for a in 0..self.size {
                for b in 0..self.size {
                    let mut sum = 0.0;
                    for i in 0..rows {
                        let (at, line) = ((i + a) * wide + b, i * columns..(i + 1) * columns);
                        let x_row = &x_padded[at..at + columns];
                        let q_row = &q_padded[at..at + columns];
                        let both = of_x[line.clone()].iter().zip(&of_q[line]).zip(x_row.iter().zip(q_row));
                        sum += both.map(|((r, s), (x, q))| s * x + r * q).sum::<f64>();
                    }
                    out[from + a * self.size + b] = sum;
                }
            }
        }
    }

    fn strong_convexity(&self, _theta: &ArrayRef1<f64>) -> f64 {
        1.0
    }

    fn smoothness(&self, theta: &ArrayRef1<f64>) -> Option<f64> {
        let theta = theta.to_vec();
        // Reflection counts a pixel up to twice, or three times where both borders are near.
        let side = self.noisy.nrows().min(self.noisy.ncols());
        let times = match self.padding {
            0 => 1.0,
            padding if 2 * padding + 1 < side => 2.0,
            _ => 3.0,
        };
        let part = |k: usize| {
            let (energy, square) = self.level(&theta, k);
            let norm = times * self.filter(&theta, k).iter().map(|c| c.abs()).sum::<f64>();
            energy / square.sqrt() * norm * norm
        };
        Some(1.0 + (0..self.filters).map(part).sum::<f64>())
    }
}

impl UpperLevel for FieldOfExperts {
    fn loss_and_gradient_into(&mut self, x: &ArrayRef1<f64>, gradient: &mut ArrayRef1<f64>) -> f64 {
        half_square_into(x, &self.truth, gradient)
    }

    fn loss_smoothness(&self) -> f64 {
        1.0
    }

    fn loss_is_convex(&self) -> bool {
        true
    }
}

/// Adds to each row of `out` the cross-correlation of `image` (rows of `wide`) with the `size` × `size` filter `c`.
struct Correlate<'a> {
    image: &'a [f64],
    wide: usize,
    c: &'a [f64],
    size: usize,
    columns: usize,
    out: &'a mut [f64],
}

/// Neighbouring outputs that stay in registers while the filter passes over them.
const LANES: usize = 32;

impl Kernel for Correlate<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { image, wide, c, size, columns, out } = self;
        for (i, row) in out.chunks_exact_mut(columns).enumerate() {
            let mut blocks = row.chunks_exact_mut(LANES);
            let mut j = 0;
            for block in &mut blocks {
                let mut sums = [0.0; LANES];
                for a in 0..size {
                    let line = &image[(i + a) * wide + j..(i + a) * wide + j + LANES + size - 1];
                    for (b, weight) in c[a * size..(a + 1) * size].iter().enumerate() {
                        for (s, x) in sums.iter_mut().zip(&line[b..b + LANES]) {
                            *s += weight * x;
                        }
                    }
                }
                block.iter_mut().zip(&sums).for_each(|(o, s)| *o += s);
                j += LANES;
            }
            let rest = blocks.into_remainder();
            let count = rest.len();
            for a in 0..size {
                let line = &image[(i + a) * wide + j..(i + a) * wide + j + count + size - 1];
                for (b, weight) in c[a * size..(a + 1) * size].iter().enumerate() {
                    for (o, x) in rest.iter_mut().zip(&line[b..b + count]) {
                        *o += weight * x;
                    }
                }
            }
        }
    }
}

/// r ↦ E r/m with m = √(r² + ν²); returns Σ m.
struct Roots<'a> {
    response: &'a mut [f64],
    energy: f64,
    square: f64,
}

impl Kernel for Roots<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let Self { response, energy, square } = self;
        let mut sums = [0.0; LANES];
        let mut chunks = response.chunks_exact_mut(LANES);
        for chunk in &mut chunks {
            for (r, sum) in chunk.iter_mut().zip(&mut sums) {
                let m = (*r * *r + square).sqrt();
                *sum += m;
                *r *= energy / m;
            }
        }
        let mut total: f64 = sums.iter().sum();
        for r in chunks.into_remainder() {
            let m = (*r * *r + square).sqrt();
            total += m;
            *r *= energy / m;
        }
        total
    }
}
