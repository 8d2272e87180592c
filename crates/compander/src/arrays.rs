//! The kernels on arrays of any dimension: forward, backward, and a whole step of momentum in one pass.

use crate::{Compander, CompandingFunction, Decay, Error, Result};
use core_tensor::{Kernel, Scalar, check_shape, vectorised};
use ndarray::{Array, ArrayRef, Dimension, Zip};

/// Entries of one piece of work. Sums are taken over each piece, then over the pieces in order, so that they do not depend
/// on the number of threads.
const PIECE: usize = 8192;
/// From this many entries on, pieces go to several threads.
#[cfg(feature = "rayon")]
const PARALLEL_FROM: usize = 65_536;
/// Independent sums of a piece. So many that the compiler keeps the loop over them, and vectorises it: eight were unrolled into
/// scalar code.
const LANES: usize = 64;

/// dL/da and dL/db of one compander: sums over all of its weights.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ShapeGradient {
    /// dL/da = Σ G ψ(v/b) = Σ G w / a.
    pub range: f64,
    /// dL/db = -Σ G (a/b) u ψ'(u).
    pub width: f64,
}

impl std::ops::AddAssign for ShapeGradient {
    fn add_assign(&mut self, other: Self) {
        self.range += other.range;
        self.width += other.width;
    }
}

/// One step of gradient descent with momentum on the latent weights, with the conventions of the usual frameworks:
/// `m ← μ m + g`, `v ← v - η m`, where g = dL/dv with the decay added.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MomentumStep {
    /// The learning rate η.
    pub learning_rate: f64,
    /// The momentum μ in [0, 1).
    pub momentum: f64,
    /// Weight decay.
    pub decay: Decay,
}

impl<T: Scalar, F: CompandingFunction<T>> Compander<T, F> {
    /// Writes w = a ψ(v/b) to `w`, of the shape of `v`. Infinities give ±B, NaN gives NaN. Does not allocate.
    ///
    /// # Errors
    /// [`Error::Argument`] when the shapes differ; nothing is written then.
    pub fn compand_into<D: Dimension>(&self, v: &ArrayRef<T, D>, w: &mut ArrayRef<T, D>) -> Result<()> {
        check_shape("w", w, v.shape(), "`v` has that shape")?;
        self.fill(v, w);
        Ok(())
    }

    /// [`Compander::compand_into`] for arrays of one shape.
    pub(crate) fn fill<D: Dimension>(&self, v: &ArrayRef<T, D>, w: &mut ArrayRef<T, D>) {
        if v.strides() == w.strides()
            && let (Some(v), Some(w)) = (v.as_slice_memory_order(), w.as_slice_memory_order_mut())
        {
            for_pieces(w, |start, piece| vectorised(Forward(self, &v[start..start + piece.len()], piece)));
        } else {
            Zip::from(w).and(v).for_each(|w, &v| *w = self.value(v));
        }
    }

    /// Allocating form of [`Compander::compand_into`].
    pub fn compand<D: Dimension>(&self, v: &ArrayRef<T, D>) -> Array<T, D> {
        let mut w = v.to_owned();
        self.fill(v, &mut w);
        w
    }

    /// Writes dL/dv = G (a/b) ψ'(v/b) to `gradient` and returns dL/da and dL/db, for the upstream gradient G = dL/dw. `w`
    /// must be what [`Compander::compand_into`] made of `v`: it saves the function's evaluation. Does not allocate.
    ///
    /// # Errors
    /// [`Error::Argument`] when the shapes differ; nothing is written then.
    pub fn backward_into<D: Dimension>(
        &self,
        v: &ArrayRef<T, D>,
        w: &ArrayRef<T, D>,
        upstream: &ArrayRef<T, D>,
        gradient: &mut ArrayRef<T, D>,
    ) -> Result<ShapeGradient> {
        check_shape("w", w, v.shape(), "`v` has that shape")?;
        check_shape("upstream", upstream, v.shape(), "`v` has that shape")?;
        check_shape("gradient", gradient, v.shape(), "`v` has that shape")?;
        let aligned =
            [w.strides(), upstream.strides(), gradient.strides()].iter().all(|&strides| strides == v.strides());
        let sums = if aligned
            && let (Some(v), Some(w), Some(upstream), Some(gradient)) = (
                v.as_slice_memory_order(),
                w.as_slice_memory_order(),
                upstream.as_slice_memory_order(),
                gradient.as_slice_memory_order_mut(),
            ) {
            sum_pieces(gradient, |start, piece| {
                let there = start..start + piece.len();
                vectorised(Backward(self, &v[there.clone()], &w[there.clone()], &upstream[there], piece))
            })
        } else {
            let mut sums = Sums::default();
            Zip::from(gradient).and(v).and(w).and(upstream).for_each(|gradient, &v, &w, &upstream| {
                let (slope, elasticity) = self.slopes(v);
                *gradient = upstream * slope;
                sums.add(Scalar::to_f64(upstream * w), Scalar::to_f64(upstream * elasticity));
            });
            sums
        };
        Ok(self.shape_gradient(sums))
    }

    /// dL/dv, dL/da and dL/db for the upstream gradient G = dL/dw; allocates.
    ///
    /// # Errors
    /// [`Error::Argument`] when the shapes differ.
    pub fn backward<D: Dimension>(
        &self,
        v: &ArrayRef<T, D>,
        upstream: &ArrayRef<T, D>,
    ) -> Result<(Array<T, D>, ShapeGradient)> {
        check_shape("upstream", upstream, v.shape(), "`v` has that shape")?;
        let mut gradient = v.to_owned();
        let w = self.compand(v);
        let shape = self.backward_into(v, &w, upstream, &mut gradient)?;
        Ok((gradient, shape))
    }

    /// A whole training step in one pass over the memory: dL/dv and dL/da, dL/db (returned) at the old weights, the
    /// momentum's update, and the new effective weights in `w`. Does not allocate.
    ///
    /// # Errors
    /// [`Error::Argument`] when shapes differ or the step's numbers are not legal; nothing is written then.
    pub fn momentum_step<D: Dimension>(
        &self,
        step: &MomentumStep,
        v: &mut ArrayRef<T, D>,
        w: &mut ArrayRef<T, D>,
        velocity: &mut ArrayRef<T, D>,
        upstream: &ArrayRef<T, D>,
    ) -> Result<ShapeGradient> {
        step.check()?;
        check_shape("w", w, v.shape(), "`v` has that shape")?;
        check_shape("velocity", velocity, v.shape(), "`v` has that shape")?;
        check_shape("upstream", upstream, v.shape(), "`v` has that shape")?;
        let rates = Rates::new(step);
        let aligned =
            [w.strides(), velocity.strides(), upstream.strides()].iter().all(|&strides| strides == v.strides());
        let sums = if aligned
            && let (Some(v), Some(w), Some(velocity), Some(upstream)) = (
                v.as_slice_memory_order_mut(),
                w.as_slice_memory_order_mut(),
                velocity.as_slice_memory_order_mut(),
                upstream.as_slice_memory_order(),
            ) {
            // One thread: three arrays are written, and the pass is bound by memory.
            let mut sums = Sums::default();
            let pieces = v.chunks_mut(PIECE).zip(w.chunks_mut(PIECE)).zip(velocity.chunks_mut(PIECE));
            for (((v, w), velocity), upstream) in pieces.zip(upstream.chunks(PIECE)) {
                sums += vectorised(Step { compander: self, rates: &rates, v, w, velocity, upstream });
            }
            sums
        } else {
            let mut sums = Sums::default();
            Zip::from(v).and(w).and(velocity).and(upstream).for_each(|v, w, velocity, &upstream| {
                sums.add(Scalar::to_f64(upstream * *w), Scalar::to_f64(rates.update(self, v, w, velocity, upstream)));
            });
            sums
        };
        Ok(self.shape_gradient(sums))
    }

    /// (a/b) ψ'(u) and u ψ'(u).
    #[inline(always)]
    fn slopes(&self, v: T) -> (T, T) {
        let u = v / self.width();
        let function = self.function();
        (self.range() / self.width() * function.derivative(u), function.elasticity(u))
    }

    fn shape_gradient(&self, sums: Sums) -> ShapeGradient {
        let (range, width) = (Scalar::to_f64(self.range()), Scalar::to_f64(self.width()));
        ShapeGradient { range: sums.value / range, width: -(range / width) * sums.elasticity }
    }
}

impl MomentumStep {
    fn check(&self) -> Result<()> {
        use core_tensor::check_range;
        let (rate, momentum) = (self.learning_rate, self.momentum);
        check_range("learning_rate", rate, rate >= 0.0 && rate.is_finite(), "finite and >= 0")?;
        check_range("momentum", momentum, (0.0..1.0).contains(&momentum), ">= 0 and < 1")?;
        Ok(self.decay.check()?)
    }
}

/// Fails with the first NaN of `v`, infinities being legal latent weights.
///
/// # Errors
/// [`Error::NotANumber`].
pub fn check_latent<T: Scalar, D: Dimension>(v: &ArrayRef<T, D>) -> Result<()> {
    check_no_nan("v", v)
}

pub(crate) fn check_no_nan<T: Scalar, D: Dimension>(argument: &'static str, x: &ArrayRef<T, D>) -> Result<()> {
    // Without an early end the loop over memory is vectorised: the usual array has no NaN.
    let suspicious = match x.as_slice_memory_order() {
        Some(entries) => entries.iter().fold(false, |found, x| found | x.is_nan()),
        None => true,
    };
    let first = if suspicious { x.iter().position(|x| x.is_nan()) } else { None };
    first.map_or(Ok(()), |flat| Err(Error::NotANumber { argument, index: position(x.shape(), flat) }))
}

/// The indices of entry number `flat` in logical order.
pub(crate) fn position(shape: &[usize], mut flat: usize) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (position, &length) in index.iter_mut().zip(shape).rev() {
        *position = flat % length.max(1);
        flat /= length.max(1);
    }
    index
}

/// Σ G w and Σ G u ψ'(u).
#[derive(Default, Clone, Copy)]
struct Sums {
    value: f64,
    elasticity: f64,
}

impl Sums {
    #[inline(always)]
    fn add(&mut self, value: f64, elasticity: f64) {
        self.value += value;
        self.elasticity += elasticity;
    }
}

impl std::ops::AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.add(other.value, other.elasticity);
    }
}

/// The two sums of one piece, in independent lanes.
struct Lanes<T> {
    value: [T; LANES],
    elasticity: [T; LANES],
}

impl<T: Scalar> Lanes<T> {
    #[inline(always)]
    fn new() -> Self {
        Self { value: [T::zero(); LANES], elasticity: [T::zero(); LANES] }
    }

    #[inline(always)]
    fn add(&mut self, lane: usize, value: T, elasticity: T) {
        self.value[lane] += value;
        self.elasticity[lane] += elasticity;
    }

    #[inline(always)]
    fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for lane in 0..LANES {
            sums.add(Scalar::to_f64(self.value[lane]), Scalar::to_f64(self.elasticity[lane]));
        }
        sums
    }
}

struct Forward<'a, T, F>(&'a Compander<T, F>, &'a [T], &'a mut [T]);

impl<T: Scalar, F: CompandingFunction<T>> Kernel for Forward<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self(compander, v, w) = self;
        for (w, &v) in w.iter_mut().zip(v) {
            *w = compander.value(v);
        }
    }
}

struct Backward<'a, T, F>(&'a Compander<T, F>, &'a [T], &'a [T], &'a [T], &'a mut [T]);

impl<T: Scalar, F: CompandingFunction<T>> Kernel for Backward<'_, T, F> {
    type Output = Sums;

    #[inline(always)]
    fn run(self) -> Sums {
        let Self(compander, v, w, upstream, gradient) = self;
        let mut lanes = Lanes::new();
        let (v_lanes, v_rest) = v.as_chunks::<LANES>();
        let (w_lanes, w_rest) = w.as_chunks::<LANES>();
        let (upstream_lanes, upstream_rest) = upstream.as_chunks::<LANES>();
        let (gradient_lanes, gradient_rest) = gradient.as_chunks_mut::<LANES>();
        for (((v, w), upstream), gradient) in v_lanes.iter().zip(w_lanes).zip(upstream_lanes).zip(gradient_lanes) {
            for lane in 0..LANES {
                let (slope, elasticity) = compander.slopes(v[lane]);
                gradient[lane] = upstream[lane] * slope;
                lanes.add(lane, upstream[lane] * w[lane], upstream[lane] * elasticity);
            }
        }
        let rest = v_rest.iter().zip(w_rest).zip(upstream_rest).zip(gradient_rest);
        for (lane, (((&v, &w), &upstream), gradient)) in rest.enumerate() {
            let (slope, elasticity) = compander.slopes(v);
            *gradient = upstream * slope;
            lanes.add(lane, upstream * w, upstream * elasticity);
        }
        lanes.sums()
    }
}

/// The numbers of a [`MomentumStep`] in the array's type.
struct Rates<T> {
    learning_rate: T,
    momentum: T,
    on_latent: T,
    on_effective: T,
}

impl<T: Scalar> Rates<T> {
    fn new(step: &MomentumStep) -> Self {
        let number = <T as Scalar>::from_f64;
        let (on_latent, on_effective) = step.decay.rates();
        Self {
            learning_rate: number(step.learning_rate),
            momentum: number(step.momentum),
            on_latent: number(on_latent),
            on_effective: number(on_effective),
        }
    }

    /// One weight; returns G u ψ'(u) at the old one.
    #[inline(always)]
    fn update<F: CompandingFunction<T>>(
        &self,
        compander: &Compander<T, F>,
        v: &mut T,
        w: &mut T,
        velocity: &mut T,
        upstream: T,
    ) -> T {
        let (slope, elasticity) = compander.slopes(*v);
        let gradient = (upstream + self.on_effective * *w) * slope + self.on_latent * *v;
        *velocity = self.momentum * *velocity + gradient;
        *v -= self.learning_rate * *velocity;
        *w = compander.value(*v);
        upstream * elasticity
    }
}

struct Step<'a, T, F> {
    compander: &'a Compander<T, F>,
    rates: &'a Rates<T>,
    v: &'a mut [T],
    w: &'a mut [T],
    velocity: &'a mut [T],
    upstream: &'a [T],
}

impl<T: Scalar, F: CompandingFunction<T>> Kernel for Step<'_, T, F> {
    type Output = Sums;

    #[inline(always)]
    fn run(self) -> Sums {
        let Self { compander, rates, v, w, velocity, upstream } = self;
        let mut lanes = Lanes::new();
        let (v_lanes, v_rest) = v.as_chunks_mut::<LANES>();
        let (w_lanes, w_rest) = w.as_chunks_mut::<LANES>();
        let (velocity_lanes, velocity_rest) = velocity.as_chunks_mut::<LANES>();
        let (upstream_lanes, upstream_rest) = upstream.as_chunks::<LANES>();
        for (((v, w), velocity), upstream) in v_lanes.iter_mut().zip(w_lanes).zip(velocity_lanes).zip(upstream_lanes) {
            for lane in 0..LANES {
                let value = upstream[lane] * w[lane];
                let elasticity =
                    rates.update(compander, &mut v[lane], &mut w[lane], &mut velocity[lane], upstream[lane]);
                lanes.add(lane, value, elasticity);
            }
        }
        let rest = v_rest.iter_mut().zip(w_rest).zip(velocity_rest).zip(upstream_rest);
        for (lane, (((v, w), velocity), &upstream)) in rest.enumerate() {
            let value = upstream * *w;
            lanes.add(lane, value, rates.update(compander, v, w, velocity, upstream));
        }
        lanes.sums()
    }
}

/// Calls `work(start, piece)` for each piece of `out`, in parallel when there are many.
fn for_pieces<T: Scalar>(out: &mut [T], work: impl Fn(usize, &mut [T]) + Sync) {
    #[cfg(feature = "rayon")]
    if out.len() >= PARALLEL_FROM {
        use rayon::prelude::*;
        out.par_chunks_mut(PIECE).enumerate().for_each(|(k, piece)| work(k * PIECE, piece));
        return;
    }
    out.chunks_mut(PIECE).enumerate().for_each(|(k, piece)| work(k * PIECE, piece));
}

/// The same, with a sum over the pieces in their order.
fn sum_pieces<T: Scalar>(out: &mut [T], work: impl Fn(usize, &mut [T]) -> Sums + Sync) -> Sums {
    #[cfg(feature = "rayon")]
    if out.len() >= PARALLEL_FROM {
        use rayon::prelude::*;
        // A fixed number of groups of pieces, so that their sums fit into an array: no allocation, and the same order of
        // additions whatever the number of threads.
        const GROUPS: usize = 64;
        let group = out.len().div_ceil(PIECE).div_ceil(GROUPS) * PIECE;
        let mut sums = [Sums::default(); GROUPS];
        out.par_chunks_mut(group).zip(sums.par_iter_mut()).enumerate().for_each(|(k, (part, sum))| {
            for (j, piece) in part.chunks_mut(PIECE).enumerate() {
                *sum += work(k * group + j * PIECE, piece);
            }
        });
        return total(sums);
    }
    total(out.chunks_mut(PIECE).enumerate().map(|(k, piece)| work(k * PIECE, piece)))
}

fn total(sums: impl IntoIterator<Item = Sums>) -> Sums {
    sums.into_iter().fold(Sums::default(), |mut total, sum| {
        total += sum;
        total
    })
}
