//! A fully connected layer that responds to hyperparameters.

use crate::Result;
use core_tensor::linalg::{Accumulate, gemm_into};
use core_tensor::random::{fill_normal, fill_uniform, rng};
use core_tensor::{check_finite, check_range, check_shape};
use ndarray::{Array1, Array2, ArrayRef2, Axis};

/// `y = s (x Wᵀ + b) + (h A_wᵀ) ∘ (x Uᵀ) + (h A_bᵀ) ∘ u`: x is B × in, h is B × n (one row of perturbed hyperparameters per example).
#[derive(Debug, Clone, PartialEq)]
pub struct StructuredLinear {
    /// W (out × in).
    pub weight: Array2<f64>,
    /// U (out × in).
    pub response: Array2<f64>,
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
}

/// The gradients of a [`StructuredLinear`], in its form.
pub type LinearGradient = StructuredLinear;

impl StructuredLinear {
    /// W, U, b, u uniform within ±1/√in, A normal with deviation 0.01, s = 1.
    ///
    /// # Errors
    /// No input or output.
    pub fn new(inputs: usize, outputs: usize, hyperparameters: usize, seed: u64) -> Result<Self> {
        check_range("inputs", inputs as f64, inputs > 0, ">= 1")?;
        check_range("outputs", outputs as f64, outputs > 0, ">= 1")?;
        let mut random = rng(seed);
        let limit = 1.0 / (inputs as f64).sqrt();
        let mut uniform = |shape: (usize, usize)| {
            let mut x = Array2::zeros(shape);
            fill_uniform(&mut random, &mut x);
            x.mapv_into(|u: f64| limit * (2.0 * u - 1.0))
        };
        let (weight, response) = (uniform((outputs, inputs)), uniform((outputs, inputs)));
        let (bias, bias_response) = (uniform((1, outputs)), uniform((1, outputs)));
        let mut normal = || {
            let mut x = Array2::zeros((outputs, hyperparameters));
            fill_normal(&mut random, &mut x);
            x * 0.01
        };
        let (weight_scales, bias_scales) = (normal(), normal());
        let row = |x: Array2<f64>| x.remove_axis(Axis(0));
        Ok(Self {
            weight,
            response,
            bias: row(bias),
            bias_response: row(bias_response),
            weight_scales,
            bias_scales,
            scale: 1.0,
        })
    }

    /// A layer of zeros in the same form, for gradients.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        Self {
            weight: Array2::zeros(self.weight.raw_dim()),
            response: Array2::zeros(self.weight.raw_dim()),
            bias: Array1::zeros(self.bias.len()),
            bias_response: Array1::zeros(self.bias.len()),
            weight_scales: Array2::zeros(self.weight_scales.raw_dim()),
            bias_scales: Array2::zeros(self.weight_scales.raw_dim()),
            scale: 0.0,
        }
    }

    fn check(&self, x: &ArrayRef2<f64>, h: Option<&ArrayRef2<f64>>) -> Result<()> {
        let (outputs, inputs) = self.weight.dim();
        check_shape("response", &self.response, &[outputs, inputs], "it is of the shape of `weight`")?;
        check_shape("bias", &self.bias, &[outputs], "there is one per output")?;
        check_shape("bias_response", &self.bias_response, &[outputs], "there is one per output")?;
        let shape = [outputs, self.weight_scales.ncols()];
        check_shape("weight_scales", &self.weight_scales, &shape, "there is a row per output")?;
        check_shape("bias_scales", &self.bias_scales, &shape, "it is of the shape of `weight_scales`")?;
        check_shape("x", x, &[x.nrows(), inputs], "the layer has that many inputs")?;
        check_finite("x", x)?;
        if let Some(h) = h {
            check_shape("h", h, &[x.nrows(), shape[1]], "an example has a value for each hyperparameter")?;
            check_finite("h", h)?;
        }
        Ok(())
    }

    /// y (B × out); without `h` the plain layer s (x Wᵀ + b).
    ///
    /// # Errors
    /// Shapes that do not fit, entries that are not finite.
    pub fn forward(&self, x: &ArrayRef2<f64>, h: Option<&ArrayRef2<f64>>) -> Result<Array2<f64>> {
        self.check(x, h)?;
        let mut y = product(x, &self.weight.t())?;
        y += &self.bias;
        y *= self.scale;
        if let Some(h) = h {
            let (mut response, by_weight, by_bias) = (
                product(x, &self.response.t())?,
                product(h, &self.weight_scales.t())?,
                product(h, &self.bias_scales.t())?,
            );
            response *= &by_weight;
            y += &response;
            y += &(by_bias * &self.bias_response);
        }
        Ok(y)
    }

    /// The gradients of a function whose gradient in y is `upstream`: of the parameters, of x and of h.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn backward(
        &self,
        x: &ArrayRef2<f64>,
        h: Option<&ArrayRef2<f64>>,
        upstream: &ArrayRef2<f64>,
    ) -> Result<(LinearGradient, Array2<f64>, Option<Array2<f64>>)> {
        self.check(x, h)?;
        check_shape("upstream", upstream, &[x.nrows(), self.bias.len()], "it is of the shape of y")?;
        let mut slope = self.zeros_like();
        let mut plain = product(x, &self.weight.t())?;
        plain += &self.bias;
        slope.scale = plain.iter().zip(upstream).map(|(p, u)| p * u).sum();
        slope.weight = product(&upstream.t(), x)? * self.scale;
        slope.bias = upstream.sum_axis(Axis(0)) * self.scale;
        let mut to_x = product(upstream, &self.weight)? * self.scale;
        let Some(h) = h else { return Ok((slope, to_x, None)) };
        let (response, by_weight, by_bias) =
            (product(x, &self.response.t())?, product(h, &self.weight_scales.t())?, product(h, &self.bias_scales.t())?);
        let scaled = by_weight * upstream;
        slope.response = product(&scaled.t(), x)?;
        to_x += &product(&scaled, &self.response)?;
        slope.bias_response = (by_bias * upstream).sum_axis(Axis(0));
        let (of_weight, of_bias) = (response * upstream, upstream.to_owned() * &self.bias_response);
        slope.weight_scales = product(&of_weight.t(), h)?;
        slope.bias_scales = product(&of_bias.t(), h)?;
        let to_h = product(&of_weight, &self.weight_scales)? + product(&of_bias, &self.bias_scales)?;
        Ok((slope, to_x, Some(to_h)))
    }

    /// The weight and bias that one row of hyperparameters selects: s W + diag(A_w h) U, s b + (A_b h) ∘ u.
    ///
    /// # Errors
    /// Another number of hyperparameters.
    pub fn at(&self, h: &ndarray::ArrayRef1<f64>) -> Result<(Array2<f64>, Array1<f64>)> {
        check_shape("h", h, &[self.weight_scales.ncols()], "there is one per hyperparameter")?;
        let (rows, biases) = (self.weight_scales.dot(h), self.bias_scales.dot(h));
        let weight = &self.weight * self.scale + &self.response * &rows.insert_axis(Axis(1));
        Ok((weight, &self.bias * self.scale + &self.bias_response * &biases))
    }

    /// Every parameter, in a fixed order.
    pub(crate) fn parameters_mut(&mut self) -> impl Iterator<Item = &mut f64> {
        self.weight
            .iter_mut()
            .chain(&mut self.response)
            .chain(&mut self.bias)
            .chain(&mut self.bias_response)
            .chain(&mut self.weight_scales)
            .chain(&mut self.bias_scales)
            .chain(std::iter::once(&mut self.scale))
    }

    pub(crate) fn parameters(&self) -> impl Iterator<Item = &f64> {
        self.weight
            .iter()
            .chain(&self.response)
            .chain(&self.bias)
            .chain(&self.bias_response)
            .chain(&self.weight_scales)
            .chain(&self.bias_scales)
            .chain(std::iter::once(&self.scale))
    }
}

fn product(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>) -> Result<Array2<f64>> {
    let mut out = Array2::zeros((a.nrows(), b.ncols()));
    gemm_into(&mut out, Accumulate::Replace, 1.0, a, b)?;
    Ok(out)
}
