//! Forward and backward passes in reused memory.

use super::mlp::{Biases, Mlp};
use crate::error::{Result, check_count, check_same_shape};
use crate::task::Inputs;
use core_tensor::{Kernel, Scalar, vectorised};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayRef2, ArrayViewMut2, Axis};

/// Memory for the passes of one network over a fixed number of rows.
#[derive(Debug, Clone)]
pub struct Activations<T> {
    rows: usize,
    /// Output of each layer (rows × units): hidden ones after ReLU, the last are the logits.
    outputs: Vec<Array2<T>>,
    /// Gradients with respect to the hidden outputs.
    deltas: Vec<Array2<T>>,
    /// First weights transposed (inputs × units), and their gradient, for inputs given as positions.
    gathered: Array2<T>,
}

impl<T: Scalar> Activations<T> {
    /// For `rows` rows through `mlp`.
    #[must_use]
    pub fn new(mlp: &Mlp<T>, rows: usize) -> Self {
        let sizes = mlp.sizes();
        let array = |&units: &usize| Array2::zeros((rows, units));
        let deltas = sizes[1..sizes.len() - 1].iter().map(array).collect();
        Self {
            rows,
            outputs: sizes[1..].iter().map(array).collect(),
            deltas,
            gathered: Array2::zeros((sizes[0], sizes[1])),
        }
    }

    /// The logits (rows × classes) of the last forward pass.
    #[must_use]
    pub fn logits(&self) -> &Array2<T> {
        &self.outputs[self.outputs.len() - 1]
    }

    /// Computes the logits of `inputs`.
    ///
    /// # Errors
    /// When rows or width do not fit the memory or the network.
    pub fn forward(&mut self, mlp: &Mlp<T>, inputs: &Inputs<T>) -> Result<&Array2<T>> {
        self.check(mlp, inputs)?;
        for layer in 0..mlp.layers() {
            let (before, after) = self.outputs.split_at_mut(layer);
            let out = &mut after[0];
            match (before.last(), inputs) {
                (Some(previous), _) => general_mat_mul(T::one(), previous, &mlp.weights(layer).t(), T::zero(), out),
                (None, Inputs::Dense(x)) => general_mat_mul(T::one(), x, &mlp.weights(0).t(), T::zero(), out),
                (None, Inputs::Pairs { modulus, pairs }) => {
                    self.gathered.assign(&mlp.weights(0).t());
                    for (mut h, &[a, b]) in out.outer_iter_mut().zip(pairs) {
                        h.assign(&self.gathered.index_axis(Axis(0), a));
                        h += &self.gathered.index_axis(Axis(0), modulus + b);
                    }
                }
            }
            if let Some(bias) = mlp.bias(layer) {
                for mut row in out.outer_iter_mut() {
                    row.iter_mut().zip(bias).for_each(|(h, &b)| *h += b);
                }
            }
            if layer + 1 < mlp.layers()
                && let Some(entries) = out.as_slice_mut()
            {
                vectorised(Rectify(entries));
            }
        }
        Ok(self.logits())
    }

    /// Writes the gradient with respect to all parameters, from that with respect to the logits of the last forward pass on the same
    /// inputs (rows × classes). ReLU has slope 0 at 0.
    ///
    /// # Errors
    /// When a shape does not fit.
    pub fn backward(
        &mut self,
        mlp: &Mlp<T>,
        inputs: &Inputs<T>,
        logit_gradient: &ArrayRef2<T>,
        gradient: &mut [T],
    ) -> Result<()> {
        self.check(mlp, inputs)?;
        check_same_shape(
            "logit_gradient",
            logit_gradient.shape(),
            self.logits().shape(),
            "it has one entry per logit",
        )?;
        let parameters = mlp.layout().parameters();
        check_count("gradient", gradient.len(), parameters, "it has one entry per parameter")?;
        for layer in (0..mlp.layers()).rev() {
            let (rows, columns) = (mlp.sizes()[layer + 1], mlp.sizes()[layer]);
            let start = mlp.start(layer);
            let (earlier, later) = self.deltas.split_at_mut(layer);
            let delta: &ArrayRef2<T> = if layer + 1 == mlp.layers() { logit_gradient } else { &later[0] };
            let (weights, tail) = gradient[start..].split_at_mut(rows * columns);
            let mut weights = ArrayViewMut2::from_shape((rows, columns), weights).expect("the layout has that many");
            if layer > 0 {
                general_mat_mul(T::one(), &delta.t(), &self.outputs[layer - 1], T::zero(), &mut weights);
                let back = &mut earlier[layer - 1];
                general_mat_mul(T::one(), delta, &mlp.weights(layer), T::zero(), back);
                if let (Some(back), Some(h)) = (back.as_slice_mut(), self.outputs[layer - 1].as_slice()) {
                    vectorised(Gate(back, h));
                }
            } else {
                match inputs {
                    Inputs::Dense(x) => general_mat_mul(T::one(), &delta.t(), x, T::zero(), &mut weights),
                    Inputs::Pairs { modulus, pairs } => {
                        self.gathered.fill(T::zero());
                        for (d, &[a, b]) in delta.outer_iter().zip(pairs) {
                            let mut row = self.gathered.index_axis_mut(Axis(0), a);
                            row += &d;
                            let mut row = self.gathered.index_axis_mut(Axis(0), modulus + b);
                            row += &d;
                        }
                        weights.assign(&self.gathered.t());
                    }
                }
            }
            if mlp.biases() == Biases::With {
                tail[..rows].fill(T::zero());
                for d in delta.outer_iter() {
                    tail[..rows].iter_mut().zip(&d).for_each(|(b, &d)| *b += d);
                }
            }
        }
        Ok(())
    }

    fn check(&self, mlp: &Mlp<T>, inputs: &Inputs<T>) -> Result<()> {
        check_count("inputs", inputs.rows(), self.rows, "the memory was made for that many rows")?;
        check_count("inputs", inputs.width(), mlp.sizes()[0], "the network has that many inputs")?;
        check_count("mlp", mlp.layers(), self.outputs.len(), "the memory was made for that many layers")?;
        if let Inputs::Pairs { modulus, pairs } = inputs {
            let largest = pairs.iter().flatten().copied().max().unwrap_or(0);
            crate::error::check_at_least("modulus", *modulus, (largest + 1).min(*modulus + 1), "above every position")?;
        }
        let fits = self.outputs.iter().zip(&mlp.sizes()[1..]).all(|(o, &units)| o.len_of(Axis(1)) == units);
        let expected: Vec<usize> = self.outputs.iter().map(|o| o.len_of(Axis(1))).collect();
        if fits {
            Ok(())
        } else {
            check_same_shape("mlp", &mlp.sizes()[1..], &expected, "the memory was made for those layers")
        }
    }
}

struct Rectify<'a, T>(&'a mut [T]);

impl<T: Scalar> Kernel for Rectify<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        // NaN passes, so that a divergence is seen.
        self.0.iter_mut().for_each(|h| *h = if *h < T::zero() { T::zero() } else { *h });
    }
}

/// Zeroes a gradient where the unit is off.
struct Gate<'a, T>(&'a mut [T], &'a [T]);

impl<T: Scalar> Kernel for Gate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.0.iter_mut().zip(self.1).for_each(|(d, &h)| *d = if h > T::zero() { *d } else { T::zero() });
    }
}
