//! The layer as a linear map: products with its matrix, the matrix itself, its largest singular value.

use crate::certificate::check_sizes;
use crate::polyphase::for_each_index;
use crate::{Geometry, Padding, Result};
use core_tensor::linalg::{Accumulate, gemm_into};
use core_tensor::operator::LinearOperator;
use core_tensor::{Scalar, check_finite, check_range, check_shape};
use ndarray::{Array1, Array2, Array3, ArrayRef, ArrayRef1, ArrayView2, Dimension};

/// `y[m, i] = Σ_{c,a} K[m, c, a] x[c, s i + a - o]` on signals of one size, as a map of vectors: channels × positions, row-major.
///
/// The offset o is ⌊(k - 1)/2⌋, 0 for [`Padding::Valid`]. A [`LinearOperator`], so that all of
/// [`core_tensor::operator`](mod@core_tensor::operator) applies: for instance
/// [`extreme_singular_values`](core_tensor::operator::extreme_singular_values) for both ends of the spectrum under any padding.
#[derive(Debug, Clone)]
pub struct Layer<T> {
    geometry: Geometry,
    /// taps × outputs × inputs per group.
    taps: Array3<T>,
    /// For each tap and output position the input position, or `OUTSIDE`.
    sources: Vec<u32>,
    outputs: usize,
    inputs: usize,
}

const OUTSIDE: u32 = u32::MAX;

impl<T: Scalar> Layer<T> {
    /// The layer of `kernel` on inputs of size s·`n` per dimension.
    ///
    /// # Errors
    /// A kernel of another geometry or not finite; sizes of another number of dimensions or 0; inputs smaller than the kernel without
    /// padding; more than 2³² - 1 positions.
    pub fn new<D: Dimension>(
        kernel: &ArrayRef<T, D>,
        geometry: &Geometry,
        n: &[usize],
        padding: Padding,
    ) -> Result<Self> {
        geometry.check("kernel", kernel)?;
        check_finite("kernel", kernel)?;
        check_sizes(geometry, n)?;
        let (size, stride) = (geometry.size(), geometry.stride());
        let input: Vec<usize> = n.iter().zip(stride).map(|(&n, &s)| n.saturating_mul(s)).collect();
        let mut output = n.to_vec();
        if padding == Padding::Valid {
            for d in 0..n.len() {
                check_range(
                    "n",
                    n[d] as f64,
                    input[d] >= size[d],
                    "so large that the kernel fits into the input (no padding)",
                )?;
                output[d] = (input[d] - size[d]) / stride[d] + 1;
            }
        }
        let positions = input.iter().try_fold(1_usize, |product, &n| product.checked_mul(n));
        check_range(
            "n",
            n[0] as f64,
            positions.is_some_and(|p| p < OUTSIDE as usize),
            "so small that there are less than 2^32 positions",
        )?;
        let mut sources = Vec::new();
        for_each_index(size, |tap| {
            for_each_index(&output, |at| {
                let mut source = Some(0_usize);
                for d in 0..at.len() {
                    let offset = if padding == Padding::Valid { 0 } else { (size[d] - 1) / 2 };
                    let shifted = (stride[d] * at[d] + tap[d]) as isize - offset as isize;
                    let inside = match padding {
                        Padding::Circular => Some(shifted.rem_euclid(input[d] as isize) as usize),
                        _ => usize::try_from(shifted).ok().filter(|&p| p < input[d]),
                    };
                    source = source.zip(inside).map(|(source, p)| source * input[d] + p);
                }
                sources.push(source.map_or(OUTSIDE, |p| p as u32));
            });
        });
        let count: usize = size.iter().product();
        let inputs = geometry.inputs() / geometry.groups();
        let mut taps = Array3::zeros((count, geometry.outputs(), inputs));
        for (number, &entry) in kernel.iter().enumerate() {
            taps[[number % count, number / count / inputs, number / count % inputs]] = entry;
        }
        let outputs = output.iter().product();
        Ok(Self { geometry: geometry.clone(), taps, sources, outputs, inputs: positions.unwrap_or(0) })
    }

    /// The matrix, outputs × inputs: row m·positions + i, column c·positions + p. For small layers and tests.
    #[must_use]
    pub fn matrix(&self) -> Array2<T> {
        let mut matrix = Array2::zeros((self.rows(), self.columns()));
        let (inputs, per_group) = (self.taps.dim().2, self.geometry.outputs() / self.geometry.groups());
        for (tap, sources) in self.taps.outer_iter().zip(self.sources.chunks_exact(self.outputs)) {
            for ((m, c), &entry) in tap.indexed_iter() {
                let channel = m / per_group * inputs + c;
                for (i, &source) in sources.iter().enumerate().filter(|(_, s)| **s != OUTSIDE) {
                    matrix[[m * self.outputs + i, channel * self.inputs + source as usize]] += entry;
                }
            }
        }
        matrix
    }

    /// Calls `f` with the channels of each group: inputs, outputs.
    fn groups(&self) -> impl Iterator<Item = (usize, std::ops::Range<usize>, std::ops::Range<usize>)> {
        let (inputs, outputs) = (self.taps.dim().2, self.geometry.outputs() / self.geometry.groups());
        (0..self.geometry.groups()).map(move |g| (g, g * inputs..(g + 1) * inputs, g * outputs..(g + 1) * outputs))
    }

    /// Rows `range` of tap number `tap`.
    fn tap(&self, tap: usize, range: &std::ops::Range<usize>) -> ArrayView2<'_, T> {
        let tap = self.taps.index_axis(ndarray::Axis(0), tap);
        tap.slice_axis_move(ndarray::Axis(0), ndarray::Slice::from(range.clone()))
    }
}

impl<T: Scalar> LinearOperator<T> for Layer<T> {
    fn rows(&self) -> usize {
        self.geometry.outputs() * self.outputs
    }

    fn columns(&self) -> usize {
        self.geometry.inputs() * self.inputs
    }

    /// One matrix product per tap on the shifted signal. Allocates that signal.
    fn apply_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> core_tensor::Result<()> {
        check_shape("x", x, &[self.columns()], "the layer has that many inputs")?;
        check_shape("out", out, &[self.rows()], "the layer has that many outputs")?;
        let x = x.as_standard_layout();
        let entries = x.as_slice().unwrap_or(&[]);
        let mut y = Array2::<T>::zeros((self.geometry.outputs(), self.outputs));
        for (group, inputs, outputs) in self.groups() {
            let mut shifted = Array2::zeros((inputs.len(), self.outputs));
            let first = group * outputs.len();
            let mut y = y.slice_axis_mut(ndarray::Axis(0), ndarray::Slice::from(outputs.clone()));
            debug_assert_eq!(first, outputs.start);
            for (tap, sources) in self.sources.chunks_exact(self.outputs).enumerate() {
                for (c, mut row) in inputs.clone().zip(shifted.outer_iter_mut()) {
                    let channel = &entries[c * self.inputs..(c + 1) * self.inputs];
                    let of = |&source: &u32| if source == OUTSIDE { T::zero() } else { channel[source as usize] };
                    row.iter_mut().zip(sources).for_each(|(v, source)| *v = of(source));
                }
                gemm_into(&mut y, Accumulate::Add, T::one(), &self.tap(tap, &outputs), &shifted)?;
            }
        }
        out.iter_mut().zip(&y).for_each(|(out, &y)| *out = y);
        Ok(())
    }

    /// The same backwards. Allocates one signal.
    fn apply_transposed_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> core_tensor::Result<()> {
        check_shape("x", x, &[self.rows()], "the layer has that many outputs")?;
        check_shape("out", out, &[self.columns()], "the layer has that many inputs")?;
        let y: Array1<T> = x.iter().copied().collect();
        let y = y.into_shape_with_order((self.geometry.outputs(), self.outputs));
        let Ok(y) = y else { return Ok(()) };
        out.fill(T::zero());
        for (_, inputs, outputs) in self.groups() {
            let mut pulled = Array2::zeros((inputs.len(), self.outputs));
            let y = y.slice_axis(ndarray::Axis(0), ndarray::Slice::from(outputs.clone()));
            for (tap, sources) in self.sources.chunks_exact(self.outputs).enumerate() {
                gemm_into(&mut pulled, Accumulate::Replace, T::one(), &self.tap(tap, &outputs).t(), &y)?;
                for (c, row) in inputs.clone().zip(pulled.outer_iter()) {
                    for (&v, &source) in row.iter().zip(sources).filter(|(_, s)| **s != OUTSIDE) {
                        out[c * self.inputs + source as usize] += v;
                    }
                }
            }
        }
        Ok(())
    }
}
