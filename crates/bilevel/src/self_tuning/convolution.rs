//! A two-dimensional convolution that responds to hyperparameters.

use crate::Result;
use core_tensor::{check_finite, check_range, check_shape};
use ndarray::{Array1, Array2, Array4, ArrayRef2, ArrayRef4};

/// The formula of [`StructuredLinear`](super::StructuredLinear) per output channel, x W replaced by cross-correlation with zero padding.
#[derive(Debug, Clone, PartialEq)]
pub struct StructuredConvolution {
    /// W (out × in × k × k).
    pub weight: Array4<f64>,
    /// U (out × in × k × k).
    pub response: Array4<f64>,
    /// b (out).
    pub bias: Array1<f64>,
    /// u (out).
    pub bias_response: Array1<f64>,
    /// A_w (out × n).
    pub weight_scales: Array2<f64>,
    /// A_b (out × n).
    pub bias_scales: Array2<f64>,
    /// s.
    pub scale: f64,
    /// Rows and columns of zeros on every side.
    pub padding: usize,
    /// The stride.
    pub stride: usize,
}

/// The gradients of a [`StructuredConvolution`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ConvolutionGradient {
    /// Of the parameters, in the layer's form.
    pub parameters: StructuredConvolution,
    /// Of x.
    pub x: Array4<f64>,
    /// Of h.
    pub h: Option<Array2<f64>>,
}

impl StructuredConvolution {
    fn check(&self, x: &ArrayRef4<f64>, h: Option<&ArrayRef2<f64>>) -> Result<(usize, usize)> {
        let (outputs, inputs, rows, columns) = self.weight.dim();
        check_shape("response", &self.response, &[outputs, inputs, rows, columns], "it is of the shape of `weight`")?;
        check_shape("bias", &self.bias, &[outputs], "there is one per output")?;
        check_shape("bias_response", &self.bias_response, &[outputs], "there is one per output")?;
        let shape = [outputs, self.weight_scales.ncols()];
        check_shape("weight_scales", &self.weight_scales, &shape, "there is a row per output")?;
        check_shape("bias_scales", &self.bias_scales, &shape, "it is of the shape of `weight_scales`")?;
        check_range("stride", self.stride as f64, self.stride > 0, ">= 1")?;
        let (batch, _, height, width) = x.dim();
        check_shape("x", x, &[batch, inputs, height, width], "the layer has that many input channels")?;
        check_finite("x", x)?;
        if let Some(h) = h {
            check_shape("h", h, &[batch, shape[1]], "an example has a value for each hyperparameter")?;
            check_finite("h", h)?;
        }
        let (tall, wide) = (height + 2 * self.padding, width + 2 * self.padding);
        let fits = tall >= rows && wide >= columns && rows > 0 && columns > 0;
        check_range("kernel", rows.max(columns) as f64, fits, "at least 1 and at most the padded image")?;
        Ok(((tall - rows) / self.stride + 1, (wide - columns) / self.stride + 1))
    }

    /// Calls `f(output place, input place)` for every pair that tap (a, b) joins: places are row-major in their images.
    fn taps(
        &self,
        (rows, columns): (usize, usize),
        (height, width): (usize, usize),
        a: usize,
        b: usize,
        mut f: impl FnMut(usize, usize),
    ) {
        for i in 0..rows {
            let Some(y) = (i * self.stride + a).checked_sub(self.padding).filter(|y| *y < height) else { continue };
            for j in 0..columns {
                if let Some(x) = (j * self.stride + b).checked_sub(self.padding).filter(|x| *x < width) {
                    f(i * columns + j, y * width + x);
                }
            }
        }
    }

    /// Cross-correlation with `kernel`, without bias: B × out × (rows · columns).
    fn correlate(&self, x: &ArrayRef4<f64>, kernel: &Array4<f64>, size: (usize, usize)) -> Vec<Vec<f64>> {
        let (batch, inputs, height, width) = x.dim();
        let outputs = kernel.dim().0;
        let mut images = vec![vec![0.0; size.0 * size.1]; batch * outputs];
        let flat: Vec<f64> = x.iter().copied().collect();
        let area = height * width;
        for n in 0..batch {
            for o in 0..outputs {
                let image = &mut images[n * outputs + o];
                for c in 0..inputs {
                    let input = &flat[(n * inputs + c) * area..(n * inputs + c + 1) * area];
                    for ((a, b), &weight) in
                        kernel.index_axis(ndarray::Axis(0), o).index_axis(ndarray::Axis(0), c).indexed_iter()
                    {
                        self.taps(size, (height, width), a, b, |to, from| image[to] += weight * input[from]);
                    }
                }
            }
        }
        images
    }

    /// y (B × out × rows × columns); without `h` the plain layer.
    ///
    /// # Errors
    /// Shapes that do not fit, entries that are not finite.
    pub fn forward(&self, x: &ArrayRef4<f64>, h: Option<&ArrayRef2<f64>>) -> Result<Array4<f64>> {
        let size = self.check(x, h)?;
        let (batch, outputs) = (x.dim().0, self.bias.len());
        let mut images = self.correlate(x, &self.weight, size);
        for (index, image) in images.iter_mut().enumerate() {
            let bias = self.bias[index % outputs];
            image.iter_mut().for_each(|v| *v = self.scale * (*v + bias));
        }
        if let Some(h) = h {
            let (by_weight, by_bias) = (h.dot(&self.weight_scales.t()), h.dot(&self.bias_scales.t()));
            for (index, (image, response)) in images.iter_mut().zip(self.correlate(x, &self.response, size)).enumerate()
            {
                let (n, o) = (index / outputs, index % outputs);
                let shift = by_bias[[n, o]] * self.bias_response[o];
                image.iter_mut().zip(response).for_each(|(v, r)| *v += by_weight[[n, o]] * r + shift);
            }
        }
        let mut values = images.into_iter().flatten();
        Ok(Array4::from_shape_simple_fn((batch, outputs, size.0, size.1), || values.next().unwrap_or(0.0)))
    }

    /// The gradients of a function whose gradient in y is `upstream`.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn backward(
        &self,
        x: &ArrayRef4<f64>,
        h: Option<&ArrayRef2<f64>>,
        upstream: &ArrayRef4<f64>,
    ) -> Result<ConvolutionGradient> {
        let size = self.check(x, h)?;
        let (batch, inputs, height, width) = x.dim();
        let outputs = self.bias.len();
        check_shape("upstream", upstream, &[batch, outputs, size.0, size.1], "it is of the shape of y")?;
        let area = size.0 * size.1;
        let up: Vec<f64> = upstream.iter().copied().collect();
        let slice = |index: usize| &up[index * area..(index + 1) * area];
        let mut slope = Self {
            weight: Array4::zeros(self.weight.raw_dim()),
            response: Array4::zeros(self.weight.raw_dim()),
            bias: Array1::zeros(outputs),
            bias_response: Array1::zeros(outputs),
            weight_scales: Array2::zeros(self.weight_scales.raw_dim()),
            bias_scales: Array2::zeros(self.weight_scales.raw_dim()),
            scale: 0.0,
            padding: self.padding,
            stride: self.stride,
        };
        // Per example and output: how much of the upstream gradient goes through W, and through U.
        let by_weight = h.map(|h| h.dot(&self.weight_scales.t()));
        let by_bias = h.map(|h| h.dot(&self.bias_scales.t()));
        let (plain, response) = (self.correlate(x, &self.weight, size), self.correlate(x, &self.response, size));
        let mut to_h = h.map(|h| Array2::<f64>::zeros(h.raw_dim()));
        let mut to_x = vec![0.0; batch * inputs * height * width];
        let flat: Vec<f64> = x.iter().copied().collect();
        for n in 0..batch {
            for o in 0..outputs {
                let index = n * outputs + o;
                let up = slice(index);
                let total: f64 = up.iter().sum();
                slope.scale += plain[index].iter().zip(up).map(|(p, u)| (p + self.bias[o]) * u).sum::<f64>();
                slope.bias[o] += self.scale * total;
                let through = by_weight.as_ref().map_or(0.0, |by| by[[n, o]]);
                if let (Some(h), Some(to_h), Some(by_bias)) = (h, &mut to_h, &by_bias) {
                    slope.bias_response[o] += by_bias[[n, o]] * total;
                    let of_weight: f64 = response[index].iter().zip(up).map(|(r, u)| r * u).sum();
                    let of_bias = self.bias_response[o] * total;
                    for k in 0..h.ncols() {
                        slope.weight_scales[[o, k]] += of_weight * h[[n, k]];
                        slope.bias_scales[[o, k]] += of_bias * h[[n, k]];
                        to_h[[n, k]] += of_weight * self.weight_scales[[o, k]] + of_bias * self.bias_scales[[o, k]];
                    }
                }
                for c in 0..inputs {
                    let at = (n * inputs + c) * height * width;
                    for a in 0..self.weight.dim().2 {
                        for b in 0..self.weight.dim().3 {
                            let place = [o, c, a, b];
                            let back = self.scale * self.weight[place] + through * self.response[place];
                            let mut sum = 0.0;
                            self.taps(size, (height, width), a, b, |to, from| {
                                sum += up[to] * flat[at + from];
                                to_x[at + from] += up[to] * back;
                            });
                            slope.weight[place] += self.scale * sum;
                            slope.response[place] += through * sum;
                        }
                    }
                }
            }
        }
        let mut values = to_x.into_iter();
        let x = Array4::from_shape_simple_fn((batch, inputs, height, width), || values.next().unwrap_or(0.0));
        Ok(ConvolutionGradient { parameters: slope, x, h: to_h })
    }
}
