//! Block convolutions of projectors (BCOP): orthogonal kernels of stride 1, and their derivatives.

use super::compose::tap;
use crate::orthogonaliser::haar;
use crate::polyphase::for_each_index;
use crate::{Error, Geometry, Result};
use core_tensor::random::Streams;
use core_tensor::{Scalar, check_finite, check_shape};
use ndarray::{Array2, ArrayD, ArrayRef, Dimension, IxDyn};

/// An orthogonal layer of stride 1 as a product: with n = max(M, C),
///
/// ```text
/// W ← W ⊛ B,   B[a][b] = Pᵃ Qᵇ,   P⁰ = P, P¹ = I - P,   (W ⊛ B)[i + a][j + b] += W[i][j] B[a][b]
/// K[a][b] = W[a][b] H (M ≥ C)   or   Hᵀ W[a][b] (M < C)
/// ```
///
/// The layer is orthogonal for every signal size when H (n × min(M, C)) has orthonormal columns and P, Q are orthogonal projectors. In one
/// dimension there are only P's; sizes that differ are reached by steps along one dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockConvolution<T> {
    outputs: usize,
    inputs: usize,
    dimensions: usize,
    head: Array2<T>,
    /// A projector per dimension and step; `None` where the step does not extend the kernel.
    steps: Vec<Vec<Option<Array2<T>>>>,
}

/// Gradients with respect to the parts of a [`BlockConvolution`].
#[derive(Debug, Clone, PartialEq)]
pub struct BlockGradient<T> {
    /// With respect to H.
    pub head: Array2<T>,
    /// With respect to each projector, all of its entries taken as free.
    pub steps: Vec<Vec<Option<Array2<T>>>>,
}

/// A random block convolution's kernel (M × C × k or M × C × k₁ × k₂): projectors of rank ⌊n/2⌋ on random spaces. Sizes may be even and
/// differ.
///
/// # Errors
/// A zero among the numbers; other than 1 or 2 dimensions.
pub fn bcop<T: Scalar>(outputs: usize, inputs: usize, size: &[usize], seed: u64) -> Result<ArrayD<T>> {
    Ok(BlockConvolution::random(outputs, inputs, size, seed)?.kernel())
}

impl<T: Scalar> BlockConvolution<T> {
    /// The random one behind [`bcop`].
    ///
    /// # Errors
    /// As there.
    pub fn random(outputs: usize, inputs: usize, size: &[usize], seed: u64) -> Result<Self> {
        let geometry = Geometry::new(outputs, inputs, size, &vec![1; size.len()])?;
        check_dimensions(geometry.dimensions())?;
        let n = outputs.max(inputs);
        let streams = Streams::new(seed);
        let mut next = 0;
        let mut seed = || {
            next += 1;
            streams.child(next).seed()
        };
        let head = haar(n, outputs.min(inputs), seed())?;
        let longest = size.iter().copied().max().unwrap_or(1);
        let mut steps = Vec::new();
        for step in 1..longest {
            let mut along = Vec::new();
            for &k in size {
                along.push(if step < k { Some(projector(n, seed())?) } else { None });
            }
            steps.push(along);
        }
        Ok(Self { outputs, inputs, dimensions: size.len(), head, steps })
    }

    /// From given parts: `head` H (n × min(M, C)), and for each step a projector (n × n) per dimension, or `None`.
    ///
    /// # Errors
    /// Parts of other shapes or not finite; steps of other than 1 or 2 dimensions, or of different numbers of them. That the head has
    /// orthonormal columns and that the others are projectors is not checked: they are free parameters for whoever differentiates.
    pub fn from_parts(
        outputs: usize,
        inputs: usize,
        head: Array2<T>,
        steps: Vec<Vec<Option<Array2<T>>>>,
    ) -> Result<Self> {
        let dimensions = steps.first().map_or(1, Vec::len);
        check_dimensions(dimensions)?;
        Geometry::new(outputs, inputs, &vec![1; dimensions], &vec![1; dimensions])?;
        let n = outputs.max(inputs);
        check_shape("head", &head, &[n, outputs.min(inputs)], "it is max(M, C) x min(M, C)")?;
        check_finite("head", &head)?;
        for step in &steps {
            if step.len() != dimensions {
                let (found, expected) = (vec![step.len()], vec![dimensions]);
                return Err(core_tensor::Error::Shape {
                    argument: "steps",
                    found,
                    expected,
                    reason: "all steps have one entry per dimension",
                }
                .into());
            }
            for projector in step.iter().flatten() {
                check_shape("steps", projector, &[n, n], "projectors are max(M, C) x max(M, C)")?;
                check_finite("steps", projector)?;
            }
        }
        Ok(Self { outputs, inputs, dimensions, head, steps })
    }

    /// H.
    #[must_use]
    pub fn head(&self) -> &Array2<T> {
        &self.head
    }

    /// The projectors.
    #[must_use]
    pub fn steps(&self) -> &[Vec<Option<Array2<T>>>] {
        &self.steps
    }

    /// The kernel (M × C × k…); one-dimensional when made from parts without a step.
    #[must_use]
    pub fn kernel(&self) -> ArrayD<T> {
        let whole = self.products().pop().unwrap_or_else(|| Block::identity(self.head.nrows(), self.dimensions));
        let mut shape = vec![self.outputs, self.inputs];
        shape.extend_from_slice(&whole.size);
        let mut kernel = ArrayD::zeros(IxDyn(&shape));
        for_each_index(&whole.size, |at| {
            let w = whole.at(at);
            let matrix = if self.outputs >= self.inputs { w.dot(&self.head) } else { self.head.t().dot(w) };
            let mut index = vec![0, 0];
            index.extend_from_slice(at);
            for ((m, c), &v) in matrix.indexed_iter() {
                (index[0], index[1]) = (m, c);
                kernel[index.as_slice()] = v;
            }
        });
        kernel
    }

    /// The gradients of a function of the kernel whose gradient there is `upstream` (of the kernel's shape).
    ///
    /// # Errors
    /// Another shape.
    pub fn pullback<D: Dimension>(&self, upstream: &ArrayRef<T, D>) -> Result<BlockGradient<T>> {
        let products = self.products();
        let Some(whole) = products.last() else {
            return Ok(BlockGradient { head: self.head.clone(), steps: Vec::new() });
        };
        let mut shape = vec![self.outputs, self.inputs];
        shape.extend_from_slice(&whole.size);
        check_shape("upstream", upstream, &shape, "the kernel has that shape")?;
        let mut head = Array2::zeros(self.head.raw_dim());
        let mut pulled = whole.zeros_like();
        for_each_index(&whole.size, |at| {
            let (g, w) = (tap(upstream, at), whole.at(at));
            if self.outputs >= self.inputs {
                head += &w.t().dot(&g);
                *pulled.at_mut(at) += &g.dot(&self.head.t());
            } else {
                head += &w.dot(&g.t());
                *pulled.at_mut(at) += &self.head.dot(&g);
            }
        });
        let mut steps = Vec::with_capacity(self.steps.len());
        for (step, before) in self.steps.iter().zip(&products).rev() {
            let block = Block::of_step(step, self.head.nrows());
            let (mut of_before, mut of_block) = (before.zeros_like(), block.zeros_like());
            for_each_index(&before.size, |i| {
                for_each_index(&block.size, |a| {
                    let sum: Vec<usize> = i.iter().zip(a).map(|(i, a)| i + a).collect();
                    let g = pulled.at(&sum);
                    *of_before.at_mut(i) += &g.dot(&block.at(a).t());
                    *of_block.at_mut(a) += &before.at(i).t().dot(g);
                });
            });
            steps.push(pull_step(step, &of_block));
            pulled = of_before;
        }
        steps.reverse();
        Ok(BlockGradient { head, steps })
    }

    /// W before each step and after the last.
    fn products(&self) -> Vec<Block<T>> {
        let mut products = vec![Block::identity(self.head.nrows(), self.dimensions)];
        for step in &self.steps {
            let block = Block::of_step(step, self.head.nrows());
            if let Some(last) = products.last() {
                products.push(last.convolved(&block));
            }
        }
        products
    }
}

/// A kernel as matrices n × n, tap by tap.
#[derive(Debug, Clone)]
struct Block<T> {
    size: Vec<usize>,
    taps: Vec<Array2<T>>,
}

impl<T: Scalar> Block<T> {
    fn identity(n: usize, dimensions: usize) -> Self {
        Self { size: vec![1; dimensions], taps: vec![Array2::eye(n)] }
    }

    /// B of one step.
    fn of_step(step: &[Option<Array2<T>>], n: usize) -> Self {
        let size: Vec<usize> = step.iter().map(|along| 1 + usize::from(along.is_some())).collect();
        let mut taps = Vec::new();
        for_each_index(&size, |a| {
            let mut product = Array2::eye(n);
            for (along, &a) in step.iter().zip(a) {
                if let Some(projector) = along {
                    product = product.dot(&power(projector, a));
                }
            }
            taps.push(product);
        });
        Self { size, taps }
    }

    fn zeros_like(&self) -> Self {
        Self { size: self.size.clone(), taps: self.taps.iter().map(|tap| Array2::zeros(tap.raw_dim())).collect() }
    }

    fn at(&self, tap: &[usize]) -> &Array2<T> {
        &self.taps[self.position(tap)]
    }

    fn at_mut(&mut self, tap: &[usize]) -> &mut Array2<T> {
        let position = self.position(tap);
        &mut self.taps[position]
    }

    fn position(&self, tap: &[usize]) -> usize {
        tap.iter().zip(&self.size).fold(0, |at, (t, k)| at * k + t)
    }

    fn convolved(&self, block: &Self) -> Self {
        let size: Vec<usize> = self.size.iter().zip(&block.size).map(|(k, b)| k + b - 1).collect();
        let n = self.taps[0].nrows();
        let mut whole = Self { taps: vec![Array2::zeros((n, n)); size.iter().product()], size };
        for_each_index(&self.size, |i| {
            for_each_index(&block.size, |a| {
                let sum: Vec<usize> = i.iter().zip(a).map(|(i, a)| i + a).collect();
                *whole.at_mut(&sum) += &self.at(i).dot(block.at(a));
            });
        });
        whole
    }
}

/// P⁰ = P, P¹ = I - P.
fn power<T: Scalar>(projector: &Array2<T>, exponent: usize) -> Array2<T> {
    if exponent == 0 { projector.clone() } else { Array2::eye(projector.nrows()) - projector }
}

/// Gradients of one step's projectors from that of B.
fn pull_step<T: Scalar>(step: &[Option<Array2<T>>], of_block: &Block<T>) -> Vec<Option<Array2<T>>> {
    let n = of_block.taps[0].nrows();
    let pulled = |dimension: usize| {
        step[dimension].as_ref().map(|_| {
            let mut gradient = Array2::zeros((n, n));
            for_each_index(&of_block.size, |a| {
                let (mut left, mut right) = (Array2::eye(n), Array2::eye(n));
                for (d, (along, &a)) in step.iter().zip(a).enumerate() {
                    if let (Some(projector), true) = (along, d != dimension) {
                        let factor = power(projector, a);
                        if d < dimension { left = left.dot(&factor) } else { right = right.dot(&factor) }
                    }
                }
                let part = left.t().dot(of_block.at(a)).dot(&right.t());
                if a[dimension] == 0 { gradient += &part } else { gradient -= &part }
            });
            gradient
        })
    };
    (0..step.len()).map(pulled).collect()
}

/// U Uᵀ of rank ⌊n/2⌋ with a random U.
fn projector<T: Scalar>(n: usize, seed: u64) -> Result<Array2<T>> {
    if n < 2 {
        return Ok(Array2::zeros((n, n)));
    }
    let u = haar::<f64>(n, n / 2, seed)?;
    Ok(u.dot(&u.t()).mapv(<T as Scalar>::from_f64))
}

fn check_dimensions(dimensions: usize) -> Result<()> {
    if (1..=2).contains(&dimensions) {
        return Ok(());
    }
    Err(Error::Unsupported { what: "a block convolution of that many dimensions", reason: "1 and 2 are" })
}
