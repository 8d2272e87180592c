//! Memory of a training step.

use crate::loss::Loss;
use crate::network::{Mixing, Network, Temporal};
use crate::revin::normalise_row;
use crate::rotation::Rotation;
use crate::{Error, Result};
use core_tensor::{Error as ArgumentError, Scalar, check_range, check_shape};
use ndarray::{Array3, ArrayRef2, ArrayRef3};

/// Which products of matrices are formed before they meet the rows (see `docs/olinear.md`): the same function and the
/// same gradients, at a cost that depends on sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Folding {
    /// Whatever takes fewer multiplications for the batch at hand.
    #[default]
    Automatic,
    /// Everything.
    Always,
    /// Only the dimension extension, which is never carried out.
    Never,
}

/// Dropout of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// Probability of dropping, in [0, 1).
    pub rate: f64,
    /// Seed of the whole training.
    pub seed: u64,
    /// Number of the step: each draws its own masks.
    pub step: u64,
}

/// What a block keeps for its backward pass.
#[derive(Debug, Clone, Default)]
pub(crate) struct BlockMemory<T> {
    /// Mixing matrix, before and after its dropout (N × N).
    pub(crate) mixing: Vec<T>,
    pub(crate) mixing_used: Vec<T>,
    pub(crate) mixing_mask: Vec<T>,
    /// `v` (plain) or nothing (folded), and what is multiplied by `Woᵀ` or `Uᵀ`.
    pub(crate) values: Vec<T>,
    pub(crate) mixed: Vec<T>,
    /// `U = Wo Wv` when folded.
    pub(crate) fold: Vec<T>,
    pub(crate) norm1: NormMemory<T>,
    pub(crate) branch_mask: Vec<T>,
    /// Output of the cross-series learner.
    pub(crate) middle: Vec<T>,
    /// GELU's output, its slope.
    pub(crate) gelu: Vec<T>,
    pub(crate) slope: Vec<T>,
    pub(crate) norm2: NormMemory<T>,
    pub(crate) mlp_mask: Vec<T>,
}

/// What a layer norm keeps.
#[derive(Debug, Clone, Default)]
pub(crate) struct NormMemory<T> {
    pub(crate) standardised: Vec<T>,
    pub(crate) inverse: Vec<T>,
}

impl<T: Scalar> NormMemory<T> {
    fn new(rows: usize, width: usize) -> Self {
        Self { standardised: vec![T::zero(); rows * width], inverse: vec![T::zero(); rows] }
    }
}

/// All memory of forward and backward passes for batches up to a size, made once: a step allocates no more than a few short vectors.
///
/// ```
/// use ndarray::Array3;
/// use olinear::{Architecture, Folding, Loss, Network, Rotation, Workspace};
///
/// let form = Architecture { width: 8, hidden: 8, extension: 2, ..Architecture::new(12, 4, 3) };
/// let network = Network::<f64>::new(form, Rotation::Identity, Rotation::Identity, None, 1)?;
/// let mut workspace = Workspace::new(&network, 5, Folding::Automatic)?;
/// let (x, y) = (Array3::from_shape_fn((5, 12, 3), |(b, t, n)| ((b + t * n) as f64).sin()), Array3::zeros((5, 4, 3)));
/// let loss = workspace.loss_and_gradient(&network, &x, &y, &Loss::default(), None)?;
/// assert!(loss > 0.0 && workspace.gradient().len() == network.parameters().len());
/// # Ok::<(), olinear::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Workspace<T> {
    pub(crate) capacity: usize,
    pub(crate) batch: usize,
    pub(crate) fold_mixing: bool,
    pub(crate) fold_output: bool,
    pub(crate) centre: Vec<T>,
    pub(crate) deviation: Vec<T>,
    pub(crate) standardised: Vec<T>,
    pub(crate) affine: Vec<T>,
    pub(crate) rotated: Vec<T>,
    pub(crate) target: Vec<T>,
    pub(crate) w_eff: Vec<T>,
    pub(crate) w_sum: Vec<T>,
    pub(crate) input_bias: Vec<T>,
    pub(crate) states: Vec<Vec<T>>,
    pub(crate) blocks: Vec<BlockMemory<T>>,
    pub(crate) norm: NormMemory<T>,
    pub(crate) last: Vec<T>,
    /// Output of `W_out`, and the same after the output rotation (plain); `P` and `M` (folded).
    pub(crate) copies: Vec<T>,
    pub(crate) turned: Vec<T>,
    pub(crate) p: Vec<T>,
    pub(crate) m: Vec<T>,
    pub(crate) f_sum: Vec<T>,
    pub(crate) head_bias: Vec<T>,
    pub(crate) head: Vec<T>,
    pub(crate) head_slope: Vec<T>,
    pub(crate) out_mask: Vec<T>,
    pub(crate) normal_out: Vec<T>,
    pub(crate) forecast: Vec<T>,
    /// Scratch of rows × D (two of them), of rows × F, of N × D, of N × F, of D × T, of N × N.
    pub(crate) wide: [Vec<T>; 2],
    pub(crate) hidden: Vec<T>,
    pub(crate) per_series: Vec<T>,
    pub(crate) per_series_hidden: Vec<T>,
    pub(crate) d_input: Vec<T>,
    pub(crate) d_fold: Vec<T>,
    pub(crate) d_mixing: Vec<T>,
    pub(crate) gradient: Vec<T>,
}

impl<T: Scalar> Workspace<T> {
    /// For batches of up to `batch` windows of `network`.
    ///
    /// # Errors
    /// A batch of 0 windows.
    pub fn new(network: &Network<T>, batch: usize, folding: Folding) -> Result<Self> {
        check_range("batch", batch as f64, batch >= 1, ">= 1")?;
        let a = &network.architecture;
        let (n, t, h, d, w, f) = (a.channels, a.look_back, a.horizon, a.extension, a.width, a.hidden);
        let r = batch * n;
        let per_channel = matches!(network.output, Rotation::PerChannel(_));
        let [rf, df, wf, ff, hf] = [r, d, w, f, h].map(|v| v as f64);
        let plain = rf * df * hf * (3.0 * wf + 3.0 * ff + 2.0 * hf);
        let folded = 3.0 * wf * ff * df * hf + 2.0 * df * ff * hf * hf + 3.0 * rf * wf * ff;
        let projections = !matches!(a.mixing, Mixing::None | Mixing::Linear);
        let (fold_mixing, fold_output) = match folding {
            Folding::Automatic => (r > w, plain > folded),
            Folding::Always => (true, true),
            Folding::Never => (false, false),
        };
        let (fold_mixing, fold_output) = (fold_mixing && projections, fold_output && !per_channel);
        let zeros = |length: usize| vec![T::zero(); length];
        let when = |condition: bool, length: usize| zeros(if condition { length } else { 0 });
        let mixing = a.mixing != Mixing::None;
        let mlp = a.temporal == Temporal::Mlp;
        let block = || BlockMemory {
            mixing: when(mixing, n * n),
            mixing_used: when(mixing, n * n),
            mixing_mask: when(mixing, n * n),
            values: when(projections && !fold_mixing, r * w),
            mixed: when(mixing, r * w),
            fold: when(fold_mixing, w * w),
            norm1: NormMemory::new(r, w),
            branch_mask: when(mixing, r * w),
            middle: zeros(r * w),
            gelu: when(mlp, r * f),
            slope: when(mlp, r * f),
            norm2: NormMemory::new(r, w),
            mlp_mask: when(mlp, r * w),
        };
        Ok(Self {
            capacity: batch,
            batch: 0,
            fold_mixing,
            fold_output,
            centre: zeros(r),
            deviation: zeros(r),
            standardised: zeros(r * t),
            affine: zeros(r * t),
            rotated: zeros(r * t),
            target: zeros(r * h),
            w_eff: zeros(w * t),
            w_sum: zeros(w * t),
            input_bias: zeros(n * w),
            states: (0..=a.blocks).map(|_| zeros(r * w)).collect(),
            blocks: (0..a.blocks).map(|_| block()).collect(),
            norm: NormMemory::new(r, w),
            last: zeros(r * w),
            copies: when(!fold_output, r * d * h),
            turned: when(!fold_output, r * d * h),
            p: when(fold_output, f * d * h),
            m: when(fold_output, f * w),
            f_sum: zeros(f * h),
            head_bias: zeros(n * f),
            head: zeros(r * f),
            head_slope: zeros(r * f),
            out_mask: zeros(r * h),
            normal_out: zeros(r * h),
            forecast: zeros(r * h),
            wide: [zeros(r * w), zeros(r * w)],
            hidden: zeros(r * f),
            per_series: zeros(n * w),
            per_series_hidden: zeros(n * f),
            d_input: zeros((w * t).max(r * t)),
            d_fold: zeros(if fold_mixing { w * w } else { 0 }.max(if fold_output { f * w } else { 0 })),
            d_mixing: zeros(n * n),
            gradient: zeros(network.parameters.len()),
        })
    }

    /// The gradient of the last [`Workspace::loss_and_gradient`], laid out like [`Network::parameters`].
    pub fn gradient(&self) -> &[T] {
        &self.gradient
    }

    /// Loss of `network` on windows `x` (B × T × N) with targets `y` (B × H × N, NaN where missing), and its gradient by all
    /// parameters. B may be less than the batch that the workspace was made for.
    ///
    /// # Errors
    /// Shapes that do not fit the network, more windows than the workspace holds, infinite entries, a bad loss or dropout rate.
    pub fn loss_and_gradient(
        &mut self,
        network: &Network<T>,
        x: &ArrayRef3<T>,
        y: &ArrayRef3<T>,
        loss: &Loss,
        dropout: Option<Dropout>,
    ) -> Result<f64> {
        self.load(network, x)?;
        let a = &network.architecture;
        let shape = [x.dim().0, a.horizon, a.channels];
        check_shape("y", y, &shape, "there is a target per window, step and channel")?;
        crate::scaler::check_no_infinity("y", y)?;
        for (row, target) in self.target.chunks_exact_mut(a.horizon).take(self.batch * a.channels).enumerate() {
            let (item, channel) = (row / a.channels, row % a.channels);
            target.iter_mut().enumerate().for_each(|(t, v)| *v = y[[item, t, channel]]);
        }
        self.step(network, loss, dropout)
    }

    /// Loss and gradient of the loaded windows and targets.
    pub(crate) fn step(&mut self, network: &Network<T>, loss: &Loss, dropout: Option<Dropout>) -> Result<f64> {
        if let Some(dropout) = &dropout {
            check_range("dropout", dropout.rate, (0.0..1.0).contains(&dropout.rate), ">= 0 and < 1")?;
        }
        let dropout = dropout.filter(|d| d.rate > 0.0);
        let weights = loss.weights::<T>(network.architecture.horizon)?.to_vec();
        self.forward(network, dropout, true)?;
        let value = self.loss(network, loss, &weights);
        self.backward(network, dropout.is_some())?;
        Ok(value)
    }

    /// Forecasts of the network for `x` (B × T × N): (B × H × N). The same as [`Network::forecast`], without folding.
    ///
    /// # Errors
    /// Shapes that do not fit the network, more windows than the workspace holds, infinite entries.
    pub fn forecast(&mut self, network: &Network<T>, x: &ArrayRef3<T>) -> Result<Array3<T>> {
        self.load(network, x)?;
        self.forward(network, None, false)?;
        let a = &network.architecture;
        Ok(Array3::from_shape_fn((x.dim().0, a.horizon, a.channels), |(b, t, n)| {
            self.forecast[(b * a.channels + n) * a.horizon + t]
        }))
    }

    fn fits(&mut self, network: &Network<T>, batch: usize) -> Result<()> {
        let made_for =
            self.gradient.len() == network.parameters.len() && self.states.len() == network.architecture.blocks + 1;
        if !made_for {
            let reason = "the workspace was made for a network of that many parameters";
            return Err(Error::Argument(ArgumentError::Shape {
                argument: "network",
                found: vec![network.parameters.len()],
                expected: vec![self.gradient.len()],
                reason,
            }));
        }
        check_range("batch", batch as f64, batch <= self.capacity, "at most what the workspace was made for")?;
        self.batch = batch;
        Ok(())
    }

    fn load(&mut self, network: &Network<T>, x: &ArrayRef3<T>) -> Result<()> {
        let a = &network.architecture;
        let shape = [x.dim().0, a.look_back, a.channels];
        check_shape("x", x, &shape, "the network looks back that many steps of that many channels")?;
        crate::scaler::check_no_infinity("x", x)?;
        self.fits(network, x.dim().0)?;
        for row in 0..self.batch * a.channels {
            let (item, channel) = (row / a.channels, row % a.channels);
            let window = &mut self.standardised[row * a.look_back..(row + 1) * a.look_back];
            window.iter_mut().enumerate().for_each(|(t, v)| *v = x[[item, t, channel]]);
            (self.centre[row], self.deviation[row]) = normalise_row(window, a.subtract_last);
        }
        Ok(())
    }

    /// Loads windows of a series (rows × N) that begin at `starts`, with their targets: gathering and normalising in one pass.
    pub(crate) fn load_windows(&mut self, network: &Network<T>, series: &ArrayRef2<T>, starts: &[usize]) -> Result<()> {
        self.fits(network, starts.len())?;
        let a = &network.architecture;
        for (item, &start) in starts.iter().enumerate() {
            for channel in 0..a.channels {
                let row = item * a.channels + channel;
                let window = &mut self.standardised[row * a.look_back..(row + 1) * a.look_back];
                window.iter_mut().enumerate().for_each(|(t, v)| *v = series[[start + t, channel]]);
                (self.centre[row], self.deviation[row]) = normalise_row(window, a.subtract_last);
                let target = &mut self.target[row * a.horizon..(row + 1) * a.horizon];
                let first = start + a.look_back;
                target.iter_mut().enumerate().for_each(|(t, v)| *v = series[[first + t, channel]]);
            }
        }
        Ok(())
    }
}
