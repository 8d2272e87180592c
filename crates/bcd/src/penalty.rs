//! The non-smooth part of a problem.

use crate::{Error, Result};
use core_optim::prox::{BoxConstraint, ElasticNet, GroupL2, L1, NonNegative, Proximal, Separable, Zero};
use core_tensor::Scalar;
use ndarray::ArrayRef1;

/// g(x): nothing, one of the separable penalties of `core_optim::prox`, a group penalty, or a separable penalty of one's own.
///
/// Made by `Penalty::from(L1::new(0.1)?)` and so on.
#[non_exhaustive]
pub enum Penalty<T: Scalar> {
    /// g = 0.
    None,
    /// λ Σ pⱼ |xⱼ|.
    L1(L1<T>),
    /// Σ pⱼ (λ₁ |xⱼ| + λ₂/2 xⱼ²).
    ElasticNet(ElasticNet<T>),
    /// λ Σ pⱼ xⱼ on x ≥ 0.
    NonNegative(NonNegative<T>),
    /// Bounds.
    Box(BoxConstraint<T>),
    /// `λ Σ w_g ‖x_g‖`; blocks are unions of groups.
    Group(Groups<T>),
    /// A separable penalty of one's own.
    Separable(Box<dyn Separable<T> + Send + Sync>),
}

/// A group penalty with the owner of each coordinate.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups<T> {
    penalty: GroupL2<T>,
    /// Group of each coordinate; the number of groups for a free one.
    owner: Vec<usize>,
}

impl<T: Scalar> Groups<T> {
    /// The penalty.
    pub fn penalty(&self) -> &GroupL2<T> {
        &self.penalty
    }

    /// The group of coordinate `i`, if it is in one.
    pub fn owner(&self, i: usize) -> Option<usize> {
        self.owner.get(i).copied().filter(|&g| g < self.penalty.groups())
    }

    /// Runs of members of the same group in `block`, as (group, range).
    fn runs<'b>(&'b self, block: &'b [usize]) -> impl Iterator<Item = (Option<usize>, std::ops::Range<usize>)> + 'b {
        let mut from = 0;
        std::iter::from_fn(move || {
            let group = self.owner(*block.get(from)?);
            let length = match group {
                None => 1,
                Some(_) => block[from..].iter().take_while(|&&i| self.owner(i) == group).count(),
            };
            from += length;
            Some((group, from - length..from))
        })
    }
}

impl<T: Scalar> std::fmt::Debug for Penalty<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! from_penalty {
    ($($kind:ident from $source:ident),*) => {
        $(impl<T: Scalar> From<$source<T>> for Penalty<T> {
            fn from(penalty: $source<T>) -> Self {
                Penalty::$kind(penalty)
            }
        })*
    };
}
from_penalty!(L1 from L1, ElasticNet from ElasticNet, NonNegative from NonNegative, Box from BoxConstraint);

impl<T: Scalar> From<Zero> for Penalty<T> {
    fn from(_: Zero) -> Self {
        Penalty::None
    }
}

impl<T: Scalar> From<GroupL2<T>> for Penalty<T> {
    fn from(penalty: GroupL2<T>) -> Self {
        let groups = penalty.groups();
        let largest = (0..groups).flat_map(|g| penalty.group(g)).max().map_or(0, |&i| i + 1);
        let mut owner = vec![groups; largest];
        for g in 0..groups {
            penalty.group(g).iter().for_each(|&i| owner[i] = g);
        }
        Penalty::Group(Groups { penalty, owner })
    }
}

/// Where one coordinate's penalty is smooth: what active-set methods need.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shape<T> {
    /// slope·x on [lower, upper], +∞ outside.
    Interval { lower: T, upper: T, slope: T },
    /// slope·|x| + ½ curvature x².
    Kink { slope: T, curvature: T },
}

impl<T: Scalar> Penalty<T> {
    /// The kind, for messages.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Penalty::None => "no penalty",
            Penalty::L1(_) => "penalty L1",
            Penalty::ElasticNet(_) => "penalty ElasticNet",
            Penalty::NonNegative(_) => "penalty NonNegative",
            Penalty::Box(_) => "penalty Box",
            Penalty::Group(_) => "penalty GroupL2",
            Penalty::Separable(_) => "a penalty of one's own",
        }
    }

    /// True for g = 0.
    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self, Penalty::None)
    }

    /// Accepts the number of variables that g is defined for.
    ///
    /// # Errors
    /// A shape error.
    pub fn check_dimension(&self, p: usize) -> Result<()> {
        Ok(match self {
            Penalty::None => Ok(()),
            Penalty::L1(g) => g.check_dimension(p),
            Penalty::ElasticNet(g) => g.check_dimension(p),
            Penalty::NonNegative(g) => g.check_dimension(p),
            Penalty::Box(g) => g.check_dimension(p),
            Penalty::Group(g) => g.penalty.check_dimension(p),
            Penalty::Separable(g) => g.check_dimension(p),
        }?)
    }

    pub(crate) fn separable(&self) -> Option<&dyn Separable<T>> {
        match self {
            Penalty::None => Some(&Zero),
            Penalty::L1(g) => Some(g),
            Penalty::ElasticNet(g) => Some(g),
            Penalty::NonNegative(g) => Some(g),
            Penalty::Box(g) => Some(g),
            Penalty::Group(_) => None,
            Penalty::Separable(g) => Some(&**g),
        }
    }

    pub(crate) fn groups(&self) -> Option<&Groups<T>> {
        match self {
            Penalty::Group(groups) => Some(groups),
            _ => None,
        }
    }

    /// The shape of coordinate i's penalty, if it is known.
    #[inline]
    pub(crate) fn shape(&self, i: usize) -> Option<Shape<T>> {
        let zero = T::zero();
        Some(match self {
            Penalty::None => Shape::Interval { lower: T::neg_infinity(), upper: T::infinity(), slope: zero },
            Penalty::L1(g) => Shape::Kink { slope: g.level() * g.weight(i), curvature: zero },
            Penalty::ElasticNet(g) => Shape::Kink { slope: g.l1() * g.weight(i), curvature: g.l2() * g.weight(i) },
            Penalty::NonNegative(g) => {
                Shape::Interval { lower: zero, upper: T::infinity(), slope: g.level() * g.weight(i) }
            }
            Penalty::Box(g) => {
                let (lower, upper) = g.interval(i);
                Shape::Interval { lower, upper, slope: zero }
            }
            Penalty::Group(_) | Penalty::Separable(_) => return None,
        })
    }

    /// Σ over the block of g at the values `x_b`; of a group penalty the groups must lie in the block, each in one piece.
    pub(crate) fn block_value(&self, block: &[usize], x_b: &[T]) -> T {
        if let Some(g) = self.groups() {
            return g
                .runs(block)
                .filter_map(|(group, range)| Some(g.penalty.group_level(group?) * norm(&x_b[range])))
                .sum();
        }
        match self.separable() {
            Some(g) if !self.is_none() => block.iter().zip(x_b).map(|(&i, &x)| g.coordinate_value(i, x)).sum(),
            _ => T::zero(),
        }
    }

    /// g(x).
    pub fn value(&self, x: &ArrayRef1<T>) -> T {
        if self.is_none() {
            return T::zero();
        }
        if let Some(g) = self.groups() {
            return (0..g.penalty.groups())
                .map(|k| {
                    let squares = g.penalty.group(k).iter().map(|&i| x.get(i).map_or(T::nan(), |&v| v * v));
                    g.penalty.group_level(k) * squares.sum::<T>().sqrt()
                })
                .sum();
        }
        self.separable().map_or(T::nan(), |g| x.iter().enumerate().map(|(i, &x)| g.coordinate_value(i, x)).sum())
    }

    /// prox(v) of the block with a step per coordinate (for groups: that of the first member).
    pub(crate) fn block_prox(&self, block: &[usize], v: &[T], step: impl Fn(usize) -> T, out: &mut [T]) {
        if let Some(g) = self.groups() {
            for (group, range) in g.runs(block) {
                let length = norm(&v[range.clone()]);
                let t = group.map_or(T::zero(), |group| step(range.start) * g.penalty.group_level(group));
                let factor = if length <= t && group.is_some() { T::zero() } else { T::one() - t / length };
                for k in range {
                    out[k] = if t == T::zero() { v[k] } else { factor * v[k] };
                }
            }
        } else if let Some(g) = self.separable() {
            for (k, &i) in block.iter().enumerate() {
                out[k] = g.coordinate_prox(i, v[k], step(k));
            }
        }
    }

    /// Distance of -`gradient` to the subdifferential at `x_b`, squared and summed over the block (rule GS-s).
    pub(crate) fn block_violation_squared(&self, block: &[usize], x_b: &[T], gradient: &[T]) -> T {
        if let Some(g) = self.groups() {
            return g
                .runs(block)
                .map(|(group, range)| {
                    let level = group.map_or(T::zero(), |group| g.penalty.group_level(group));
                    let size = norm(&x_b[range.clone()]);
                    if size == T::zero() {
                        let excess = norm(&gradient[range]) - level;
                        if excess <= T::zero() { T::zero() } else { excess * excess }
                    } else {
                        range.map(|k| gradient[k] + level * x_b[k] / size).map(|v| v * v).sum()
                    }
                })
                .sum();
        }
        self.separable().map_or(T::nan(), |g| {
            block.iter().zip(x_b).zip(gradient).map(|((&i, &x), &d)| g.violation(i, x, d)).map(|v| v * v).sum()
        })
    }

    /// The largest s in [0, 1] with g*(s y) finite (and then 0).
    pub(crate) fn dual_scale(&self, y: &ArrayRef1<T>) -> Option<T> {
        match self {
            Penalty::L1(g) => g.clone().dual_scale(y),
            Penalty::NonNegative(g) => g.clone().dual_scale(y),
            Penalty::Group(g) => g.penalty.clone().dual_scale(y),
            // Its squares join the loss as a ridge term: what is left is the 1-norm.
            Penalty::ElasticNet(g) => {
                let weights: ndarray::Array1<T> = (0..y.len()).map(|i| g.weight(i)).collect();
                L1::weighted(g.l1(), &weights).ok()?.dual_scale(y)
            }
            _ => None,
        }
    }

    /// Projects on the domain of g.
    pub(crate) fn project(&self, x: &mut ArrayRef1<T>) {
        for (i, x) in x.iter_mut().enumerate() {
            if let Some(Shape::Interval { lower, upper, .. }) = self.shape(i) {
                *x = clip(*x, lower, upper);
            }
        }
    }

    /// `true` where g is non-smooth at x, or x is on a bound: the pattern that identification is about.
    pub(crate) fn is_active(&self, i: usize, x: &ArrayRef1<T>) -> bool {
        match self.shape(i) {
            Some(Shape::Interval { lower, upper, .. }) => x[i] == lower || x[i] == upper,
            Some(Shape::Kink { slope, .. }) => x[i] == T::zero() && slope > T::zero(),
            None => x[i] == T::zero(),
        }
    }

    /// Refuses a combination, in words.
    pub(crate) fn incompatible(&self, first: &'static str, reason: &'static str) -> Error {
        Error::Incompatible { first, second: self.name(), reason }
    }

    /// ‖x - prox₁(x - ∇f)‖∞: the KKT residual (section 7).
    pub(crate) fn kkt_residual(&self, x: &ArrayRef1<T>, gradient: &ArrayRef1<T>) -> T {
        let larger = |m: T, v: T| if v > m || v.is_nan() { v } else { m };
        if let Some(g) = self.groups() {
            let v: ndarray::Array1<T> = x - gradient;
            let mut out = v.clone();
            let mut g = g.penalty.clone();
            return match g.prox_into(&v, T::one(), &mut out) {
                Ok(()) => x.iter().zip(&out).fold(T::zero(), |m, (&x, &y)| larger(m, (x - y).abs())),
                Err(_) => T::nan(),
            };
        }
        let Some(g) = self.separable() else { return T::nan() };
        x.iter()
            .zip(gradient)
            .enumerate()
            .fold(T::zero(), |m, (i, (&x, &d))| larger(m, (x - g.coordinate_prox(i, x - d, T::one())).abs()))
    }
}

pub(crate) fn clip<T: Scalar>(v: T, lower: T, upper: T) -> T {
    let v = if v < lower { lower } else { v };
    if v > upper { upper } else { v }
}

fn norm<T: Scalar>(x: &[T]) -> T {
    let largest = x.iter().fold(T::zero(), |m, v| if v.is_nan() { *v } else { m.max(v.abs()) });
    if !(largest > T::zero()) || !largest.is_finite() {
        return largest;
    }
    let squares: T = x.iter().map(|&v| (v / largest) * (v / largest)).sum();
    largest * squares.sqrt()
}
