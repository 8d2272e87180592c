//! A multilayer perceptron with ReLU units.

use crate::Layout;
use crate::error::{Result, check_at_least, check_count};
use core_tensor::random::{Streams, uniform_array};
use core_tensor::{Scalar, check_finite};
use ndarray::{Array1, ArrayView1, ArrayView2};

/// Whether the layers have biases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Biases {
    /// None: the network is positively homogeneous in its weights and in its input.
    #[default]
    Without,
    /// One per unit.
    With,
}

/// A perceptron with layers `sizes[0] → sizes[1] → …`, ReLU between them, none after the last.
///
/// The parameters lie in one vector: for each layer its weights (outputs × inputs, row-major), then its biases.
#[derive(Debug, Clone, PartialEq)]
pub struct Mlp<T> {
    sizes: Vec<usize>,
    biases: Biases,
    layout: Layout,
    parameters: Vec<T>,
}

impl<T: Scalar> Mlp<T> {
    /// Weights and biases uniform between ±1/√fan-in, from `seed`.
    ///
    /// # Errors
    /// When there are fewer than two sizes or one is 0.
    pub fn new(sizes: &[usize], biases: Biases, seed: u64) -> Result<Self>
    where
        T: Scalar,
    {
        let layout = layout(sizes, biases)?;
        let mut parameters = Vec::with_capacity(layout.parameters());
        let streams = Streams::new(seed);
        let per_layer = if biases == Biases::With { 2 } else { 1 };
        for (i, &(rows, columns)) in layout.shapes().iter().enumerate() {
            let fan_in = sizes[i / per_layer];
            let bound = 1.0 / (fan_in as f64).sqrt();
            // Drawn in f64 for every type, so that f32 and f64 networks of one seed are the same up to rounding.
            let u: Array1<f64> = uniform_array(&mut streams.stream(i as u64), rows * columns);
            parameters.extend(u.iter().map(|&u| <T as Scalar>::from_f64(bound * (2.0 * u - 1.0))));
        }
        Ok(Self { sizes: sizes.to_vec(), biases, layout, parameters })
    }

    /// With given parameters.
    ///
    /// # Errors
    /// As for [`Mlp::new`]; when there are more or fewer parameters than the layers have, or one is not finite.
    pub fn from_parameters(sizes: &[usize], biases: Biases, parameters: Vec<T>) -> Result<Self> {
        let layout = layout(sizes, biases)?;
        check_count("parameters", parameters.len(), layout.parameters(), "the layers have that many")?;
        check_finite("parameters", &ArrayView1::from(&parameters))?;
        Ok(Self { sizes: sizes.to_vec(), biases, layout, parameters })
    }

    /// Sizes of input, hidden layers and output.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// Whether there are biases.
    pub fn biases(&self) -> Biases {
        self.biases
    }

    /// Where the tensors lie.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// All parameters.
    pub fn parameters(&self) -> &[T] {
        &self.parameters
    }

    /// All parameters, to be changed (by an optimiser).
    pub fn parameters_mut(&mut self) -> &mut [T] {
        &mut self.parameters
    }

    /// Number of layers of weights.
    pub fn layers(&self) -> usize {
        self.sizes.len() - 1
    }

    pub(super) fn weights(&self, layer: usize) -> ArrayView2<'_, T> {
        let (rows, columns) = (self.sizes[layer + 1], self.sizes[layer]);
        let start = self.start(layer);
        let entries = &self.parameters[start..start + rows * columns];
        ArrayView2::from_shape((rows, columns), entries).expect("the layout has that many entries")
    }

    pub(super) fn bias(&self, layer: usize) -> Option<&[T]> {
        let rows = self.sizes[layer + 1];
        let start = self.start(layer) + rows * self.sizes[layer];
        (self.biases == Biases::With).then(|| &self.parameters[start..start + rows])
    }

    /// Where the weights of a layer start.
    pub(super) fn start(&self, layer: usize) -> usize {
        let bias = usize::from(self.biases == Biases::With);
        (0..layer).map(|l| self.sizes[l + 1] * (self.sizes[l] + bias)).sum()
    }
}

fn layout(sizes: &[usize], biases: Biases) -> Result<Layout> {
    check_at_least("sizes", sizes.len(), 2, "at least two numbers: inputs and outputs")?;
    sizes.iter().try_for_each(|&size| check_at_least("sizes", size, 1, "at least 1 in each layer"))?;
    let mut shapes = Vec::new();
    for pair in sizes.windows(2) {
        shapes.push((pair[1], pair[0]));
        if biases == Biases::With {
            shapes.push((1, pair[1]));
        }
    }
    Ok(Layout::new(&shapes))
}
