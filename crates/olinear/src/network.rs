//! The network: its form, its parameters, their initial values.

use crate::layout::{BlockRanges, Ranges, Tensor, layout};
use crate::normlin::NormLin;
use crate::rotation::Rotation;
use crate::{Error, Result};
use core_tensor::random::{Streams, fill_normal, fill_uniform};
use core_tensor::{Error as ArgumentError, Scalar, check_finite, check_range, check_shape};
use ndarray::{Array2, ArrayD, ArrayRef2, ArrayViewMut1, IxDyn};
use rand::distr::{Distribution, StandardUniform};
use rand_distr::StandardNormal;
use std::ops::Range;

/// How series look at one another (the cross-series learner).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Mixing {
    /// A learned matrix with normalised rows per block: OLinear.
    NormLin(NormLin),
    /// The same fixed matrix in every block, given to [`Network::new`]: OLinear-C.
    Fixed,
    /// A linear layer over series with a bias per series, without the layers before and after (ablation).
    Linear,
    /// No cross-series learner at all (ablation).
    None,
}

impl Default for Mixing {
    fn default() -> Self {
        Mixing::NormLin(NormLin::default())
    }
}

/// What happens within a series (the intra-series learner).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Temporal {
    /// Two linear layers with GELU between.
    #[default]
    Mlp,
    /// Nothing (ablation).
    None,
}

/// The form of a network.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Architecture {
    /// Look-back T: steps of a window.
    pub look_back: usize,
    /// Horizon H: steps of a forecast.
    pub horizon: usize,
    /// Number of series N.
    pub channels: usize,
    /// Width d of the dimension extension. Default 16.
    pub extension: usize,
    /// Width D of the blocks. Default 256.
    pub width: usize,
    /// Hidden width F of blocks and head. Default 256.
    pub hidden: usize,
    /// Number L of blocks. Default 2.
    pub blocks: usize,
    /// The cross-series learner. Default NormLin.
    pub mixing: Mixing,
    /// The intra-series learner. Default [`Temporal::Mlp`].
    pub temporal: Temporal,
    /// Whether windows are centred at their last value instead of their mean. Default `false`.
    pub subtract_last: bool,
}

impl Architecture {
    /// The default form for T = `look_back`, H = `horizon` and N = `channels`.
    pub fn new(look_back: usize, horizon: usize, channels: usize) -> Self {
        Self {
            look_back,
            horizon,
            channels,
            extension: 16,
            width: 256,
            hidden: 256,
            blocks: 2,
            mixing: Mixing::default(),
            temporal: Temporal::default(),
            subtract_last: false,
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        // The largest matrices have d·max(T, H)·max(D, F) entries: far below an overflow, and above what fits in memory.
        let bounds: [(&'static str, usize); 6] = [
            ("look_back", self.look_back),
            ("horizon", self.horizon),
            ("channels", self.channels),
            ("extension", self.extension),
            ("width", self.width),
            ("hidden", self.hidden),
        ];
        for (argument, value) in bounds {
            check_range(argument, value as f64, (1..=1 << 20).contains(&value), ">= 1 and at most 2^20")?;
        }
        check_range("blocks", self.blocks as f64, self.blocks <= 1 << 10, "at most 1024")?;
        let parameters = self.parameter_count();
        let fits = parameters <= (1_u64 << 32) as f64;
        Ok(check_range("architecture", parameters, fits, "of at most 2^32 parameters in all")?)
    }

    /// Number of parameters, as a float: it may be absurd.
    fn parameter_count(&self) -> f64 {
        let [t, h, n, d, w, f, l] =
            [self.look_back, self.horizon, self.channels, self.extension, self.width, self.hidden, self.blocks]
                .map(|v| v as f64);
        d + n * (t + h)
            + 2.0 * n
            + w * (d * t + 1.0)
            + l * (2.0 * w * w + 2.0 * w + n * n + n + 2.0 * w * f + w + f + 4.0 * w)
            + 2.0 * w
            + d * h * (w + 1.0)
            + f * (d * h + 1.0)
            + h * (f + 1.0)
    }
}

/// OLinear: parameters and everything fixed that belongs to them.
///
/// Rows are pairs of a window and a series. Gradients come from a [`Workspace`](crate::Workspace), forecasts from
/// [`Network::forecast`] and [`Network::fold`].
#[derive(Debug, Clone, PartialEq)]
pub struct Network<T> {
    pub(crate) architecture: Architecture,
    pub(crate) tensors: Vec<Tensor>,
    pub(crate) ranges: Ranges,
    pub(crate) parameters: Vec<T>,
    pub(crate) input: Rotation<T>,
    pub(crate) output: Rotation<T>,
    pub(crate) fixed_mixing: Option<Array2<T>>,
    pub(crate) residual: Option<Array2<T>>,
    ones: Vec<T>,
}

impl<T: Scalar> Network<T> {
    /// A network with the published initial values, drawn from `seed`.
    ///
    /// `mixing` is the matrix (N × N) of [`Mixing::Fixed`], for instance [`correlation_mixing`](crate::correlation_mixing); it
    /// must be absent otherwise.
    ///
    /// # Errors
    /// Sizes of 0 or absurd ones, bases of other sizes or not orthogonal within 1e-4, a mixing matrix that is missing, not
    /// wanted, of another shape or not finite.
    pub fn new(
        architecture: Architecture,
        input: Rotation<T>,
        output: Rotation<T>,
        mixing: Option<Array2<T>>,
        seed: u64,
    ) -> Result<Self>
    where
        StandardNormal: Distribution<T>,
        StandardUniform: Distribution<T>,
    {
        let mut network = Self::zeros(architecture, input, output, mixing)?;
        network.initialise(seed);
        Ok(network)
    }

    /// A network whose parameters are all 0, to be filled by [`Network::set_tensor`].
    ///
    /// # Errors
    /// Those of [`Network::new`].
    pub fn zeros(
        architecture: Architecture,
        input: Rotation<T>,
        output: Rotation<T>,
        mixing: Option<Array2<T>>,
    ) -> Result<Self> {
        architecture.validate()?;
        let a = &architecture;
        input.check("input", a.look_back, a.channels)?;
        output.check("output", a.horizon, a.channels)?;
        let wanted = a.mixing == Mixing::Fixed;
        let given = mixing.is_some();
        check_range("mixing", f64::from(u8::from(given)), wanted == given, "1 matrix for fixed mixing, 0 otherwise")?;
        if let Some(mixing) = &mixing {
            check_shape("mixing", mixing, &[a.channels, a.channels], "it mixes that many channels")?;
            check_finite("mixing", mixing)?;
        }
        let (tensors, ranges) = layout(a);
        let length = tensors.last().map_or(0, |t| t.range.end);
        let parameters = vec![T::zero(); length];
        let ones = vec![T::one(); architecture.extension];
        Ok(Self {
            architecture,
            tensors,
            ranges,
            parameters,
            input,
            output,
            fixed_mixing: mixing,
            residual: None,
            ones,
        })
    }

    fn initialise(&mut self, seed: u64)
    where
        StandardNormal: Distribution<T>,
        StandardUniform: Distribution<T>,
    {
        let streams = Streams::new(seed);
        let channels = self.architecture.channels;
        for (index, tensor) in self.tensors.iter().enumerate() {
            let rng = &mut streams.stream(index as u64);
            let entries = &mut self.parameters[tensor.range.clone()];
            let name = tensor.name.rsplit('.').next().unwrap_or_default();
            match name {
                "revin_w" | "gamma" => entries.fill(T::one()),
                "revin_b" | "beta" | "delta1" | "delta2" => {}
                "phi" => fill_normal(rng, &mut ArrayViewMut1::from(entries)),
                "W_mix" => {
                    fill_normal(rng, &mut ArrayViewMut1::from(&mut *entries));
                    (0..channels).for_each(|i| entries[i * channels + i] += T::one());
                }
                _ => {
                    let bound = <T as Scalar>::from_f64(1.0 / (Self::fan_in(&self.architecture, name) as f64).sqrt());
                    fill_uniform(rng, &mut ArrayViewMut1::from(&mut *entries));
                    entries.iter_mut().for_each(|v| *v = (*v + *v - T::one()) * bound);
                }
            }
        }
    }

    fn fan_in(a: &Architecture, name: &str) -> usize {
        match name {
            "W_in" | "b_in" => a.extension * a.look_back,
            "mix_bias" => a.channels,
            "W2" | "b2" | "F2" | "fb2" => a.hidden,
            "F1" | "fb1" => a.extension * a.horizon,
            _ => a.width,
        }
    }

    /// The form.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Names, shapes and places of the tensors.
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// All parameters in one vector, in the order of [`Network::tensors`]. The head's first matrix `F1` stands in it with its
    /// columns in the order of `W_out`'s rows (k·H + t); [`Network::tensor`] and [`Network::set_tensor`] use the published order
    /// (t·d + k).
    pub fn parameters(&self) -> &[T] {
        &self.parameters
    }

    /// [`Network::parameters`], to be changed by an optimiser.
    pub fn parameters_mut(&mut self) -> &mut [T] {
        &mut self.parameters
    }

    /// A tensor of a vector laid out like [`Network::parameters`], for instance a gradient.
    ///
    /// # Errors
    /// An unknown name, a vector of another length.
    pub fn tensor_of(&self, name: &str, vector: &[T]) -> Result<ArrayD<T>> {
        check_length("vector", vector.len(), self.parameters.len())?;
        let tensor = self.find(name)?;
        let mut entries = vector[tensor.range.clone()].to_vec();
        if name == "F1" {
            permute(
                &vector[tensor.range.clone()],
                &mut entries,
                self.architecture.extension,
                self.architecture.horizon,
            );
        }
        match ArrayD::from_shape_vec(IxDyn(&tensor.shape), entries) {
            Ok(array) => Ok(array),
            Err(error) => unreachable!("a tensor's range has the length of its shape: {error}"),
        }
    }

    /// A tensor by name.
    ///
    /// # Errors
    /// An unknown name.
    pub fn tensor(&self, name: &str) -> Result<ArrayD<T>> {
        self.tensor_of(name, &self.parameters)
    }

    /// Sets a tensor from its entries in row-major order.
    ///
    /// # Errors
    /// An unknown name, another number of entries, an entry that is not finite.
    pub fn set_tensor(&mut self, name: &str, entries: &[T]) -> Result<()> {
        let range = self.find(name)?.range.clone();
        check_length("entries", entries.len(), range.len())?;
        check_finite("entries", &ndarray::ArrayView1::from(entries))?;
        let target = &mut self.parameters[range];
        if name == "F1" {
            permute(entries, target, self.architecture.horizon, self.architecture.extension);
        } else {
            target.copy_from_slice(entries);
        }
        Ok(())
    }

    fn find(&self, name: &str) -> Result<&Tensor> {
        self.tensors.iter().find(|t| t.name == name).ok_or_else(|| Error::NoTensor { name: name.to_owned() })
    }

    /// Adds `map` (T × H, applied to the normalised window) to every forecast and sets the head's last layer to 0: a network
    /// that begins as that linear forecaster and learns what is left over.
    ///
    /// # Errors
    /// Another shape, entries that are not finite.
    pub fn start_from_linear(&mut self, map: &ArrayRef2<f64>) -> Result<()> {
        let a = &self.architecture;
        check_shape("map", map, &[a.look_back, a.horizon], "it maps a window to a forecast")?;
        check_finite("map", map)?;
        self.residual = Some(map.mapv(<T as Scalar>::from_f64));
        for range in [self.ranges.f2.clone(), self.ranges.fb2.clone()] {
            self.parameters[range].fill(T::zero());
        }
        Ok(())
    }

    /// The mixing matrix of each block (N × N): row i says which series series i looks at. Empty without mixing.
    pub fn mixing_matrices(&self) -> Vec<Array2<T>> {
        let n = self.architecture.channels;
        self.ranges
            .blocks
            .iter()
            .filter_map(|block| match self.architecture.mixing {
                Mixing::None => None,
                Mixing::Fixed => self.fixed_mixing.clone(),
                Mixing::Linear | Mixing::NormLin(_) => {
                    let mut a = Array2::zeros((n, n));
                    self.mixing_into(block, &mut a);
                    Some(a)
                }
            })
            .collect()
    }

    pub(crate) fn mixing_into(&self, block: &BlockRanges, a: &mut ArrayRef2<T>) {
        let n = self.architecture.channels;
        match (self.architecture.mixing, &self.fixed_mixing) {
            (Mixing::Fixed, Some(fixed)) => a.assign(fixed),
            (Mixing::NormLin(form), _) => form.matrix_into(&crate::matrix::matrix(self.at(&block.w_mix), n, n), a),
            (Mixing::Linear, _) => a.assign(&crate::matrix::matrix(self.at(&block.w_mix), n, n)),
            (Mixing::None | Mixing::Fixed, _) => a.fill(T::zero()),
        }
    }

    pub(crate) fn at(&self, range: &Range<usize>) -> &[T] {
        &self.parameters[range.clone()]
    }

    /// Whether δ₁ is added.
    pub(crate) fn shifts_input(&self) -> bool {
        matches!(self.input, Rotation::Shared(_))
    }

    /// Whether δ₂ is added.
    pub(crate) fn shifts_output(&self) -> bool {
        matches!(self.output, Rotation::Shared(_))
    }

    /// Factors of the copies of the dimension extension; a single copy is not scaled.
    pub(crate) fn phi(&self) -> &[T] {
        if self.architecture.extension == 1 { &self.ones[..1] } else { self.at(&self.ranges.phi) }
    }

    /// As many ones as there are copies.
    pub(crate) fn ones(&self) -> &[T] {
        &self.ones
    }
}

pub(crate) fn check_length(argument: &'static str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    let reason = "the parameters of the network have that many entries";
    Err(ArgumentError::Shape { argument, found: vec![found], expected: vec![expected], reason }.into())
}

/// Copies each row of `from`, an (a × b) matrix, transposed.
fn permute<T: Copy>(from: &[T], to: &mut [T], a: usize, b: usize) {
    for (from, to) in from.chunks_exact(a * b).zip(to.chunks_exact_mut(a * b)) {
        for i in 0..a {
            for j in 0..b {
                to[j * a + i] = from[i * b + j];
            }
        }
    }
}
