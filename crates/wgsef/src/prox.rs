//! The proximal operator.

use crate::error::check_lambda;
use crate::root::{Offsets, Root, Terms, root};
use crate::scale::scale;
use crate::{Result, Tensors, TensorsMut, Wgsef, Workspace};
use core_tensor::{Kernel, Scalar, vectorised};
use ndarray::{Array, ArrayRef, ArrayViewMutD, Dimension};

/// What a proximal operator found.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ProxInfo {
    /// The root t of the kernel: groups with ‖yⱼ‖ ≤ λ √dⱼ / t vanish. `None` when at most k groups of y are non-zero, or λ = 0.
    pub t: Option<f64>,
    /// Non-zero groups of y.
    pub nonzero: usize,
    /// Non-zero groups of the result.
    pub kept: usize,
    /// Groups with multiplier 1: those that are shrunk as by ridge regression alone.
    pub saturated: usize,
    /// ω of the result.
    pub omega: f64,
}

impl Wgsef {
    /// prox(y) = argmin ½‖x - y‖² + λ ω(x); allocating form of [`prox_in_place`](Self::prox_in_place).
    ///
    /// # Errors
    /// As [`prox_in_place`](Self::prox_in_place).
    pub fn prox<T: Scalar, D: Dimension>(&self, y: &ArrayRef<T, D>, lambda: f64) -> Result<(Array<T, D>, ProxInfo)> {
        let mut x = y.to_owned();
        let info = self.prox_in_place(&mut x, lambda, &mut Workspace::default())?;
        Ok((x, info))
    }

    /// Replaces x by its prox at level λ:
    ///
    /// ```text
    /// xⱼ uⱼ/(uⱼ + λ dⱼ),   uⱼ = clip(√dⱼ ‖xⱼ‖ t - λ dⱼ),   Σ uⱼ = k      (uⱼ = 1 when at most k groups are non-zero)
    /// ```
    ///
    /// Large groups are shrunk as by ridge regression, the middle ones by a group Lasso whose threshold λ/t the data choose, the small
    /// ones vanish. λ = 0 changes no bit. The multipliers stand in the workspace afterwards.
    ///
    /// # Errors
    /// Tensors of other shapes than the groups', entries that are not finite, λ < 0 or not finite.
    pub fn prox_in_place<T: Scalar>(
        &self,
        x: &mut (impl TensorsMut<T> + ?Sized),
        lambda: f64,
        workspace: &mut Workspace,
    ) -> Result<ProxInfo> {
        check_lambda(lambda)?;
        let nonzero = x.with_views(|x| self.read("x", x, workspace))?;
        let info = self.prox_of_norms(nonzero, lambda, workspace);
        if lambda > 0.0 {
            x.with_views_mut(|x| self.apply(x, &workspace.weighted));
        }
        Ok(info)
    }

    /// The factors of the prox (in `weighted`) and the multipliers from the norms in the workspace.
    pub(crate) fn prox_of_norms(&self, nonzero: usize, lambda: f64, workspace: &mut Workspace) -> ProxInfo {
        if lambda == 0.0 {
            let value = self.value_of_norms(nonzero, workspace);
            workspace.weighted.fill(1.0);
            let saturated = value.saturated;
            return ProxInfo { t: None, nonzero, kept: nonzero, saturated, omega: value.omega };
        }
        let mut offsets = std::mem::take(&mut workspace.offsets);
        let info = self.prox_of_offsets(nonzero, self.offsets(lambda, &mut offsets), workspace);
        workspace.offsets = offsets;
        info
    }

    /// The same for any offsets > 0.
    pub(crate) fn prox_of_offsets(&self, nonzero: usize, e: Offsets<'_>, workspace: &mut Workspace) -> ProxInfo {
        let Workspace { norms, weighted, multipliers, root: memory, passes, .. } = workspace;
        let found = (nonzero > self.budget()).then(|| {
            let terms = Terms { c: self.terms(norms, weighted), e };
            root(terms, self.budget(), self.method(), memory)
        });
        *passes = found.map_or(0, |root| root.passes);
        let c = (self.all_weights().roots().is_none()).then_some(norms.as_slice());
        let tally = factors(c, e, found, weighted, multipliers);
        ProxInfo {
            t: found.map(|root| root.t()),
            nonzero,
            kept: tally.kept as usize,
            saturated: tally.saturated as usize,
            omega: 0.5 * tally.energy,
        }
    }

    /// Multiplies each group by its factor.
    pub(crate) fn apply<T: Scalar>(&self, tensors: &mut [ArrayViewMutD<'_, T>], factors: &[f64]) {
        for (part, x) in self.groups().parts().iter().zip(tensors) {
            scale(&part.layout, x, &factors[part.first..part.first + part.count]);
        }
    }

    /// prox of σ ω*: y - σ prox_{ω/σ}(y/σ) by Moreau's identity, for σ > 0.
    ///
    /// # Errors
    /// As [`prox_in_place`](Self::prox_in_place), and σ not finite and > 0.
    pub fn conjugate_prox<T: Scalar, D: Dimension>(&self, y: &ArrayRef<T, D>, sigma: f64) -> Result<Array<T, D>> {
        let mut x = y.to_owned();
        self.conjugate_prox_in_place(&mut x, sigma, &mut Workspace::default())?;
        Ok(x)
    }

    /// Replaces x by the prox of σ ω*.
    ///
    /// # Errors
    /// As [`conjugate_prox`](Self::conjugate_prox).
    pub fn conjugate_prox_in_place<T: Scalar>(
        &self,
        x: &mut (impl TensorsMut<T> + ?Sized),
        sigma: f64,
        workspace: &mut Workspace,
    ) -> Result<()> {
        crate::error::check_positive("sigma", sigma)?;
        let lambda = sigma.recip();
        check_lambda(lambda)?;
        let nonzero = x.with_views(|x| self.read("y", x, workspace))?;
        // The prox is homogeneous: σ prox_{ω/σ}(y/σ) = prox_{ω/σ}(y). The factor 1 - u/(u + e) is e/(u + e), without cancellation.
        self.prox_of_norms(nonzero, lambda, workspace);
        let Workspace { weighted, multipliers, .. } = workspace;
        for (j, (factor, &u)) in weighted.iter_mut().zip(multipliers.iter()).enumerate() {
            let e = lambda * self.weight(j);
            *factor = if u > 0.0 { e / (u + e) } else { 1.0 };
        }
        x.with_views_mut(|x| self.apply(x, &workspace.weighted));
        Ok(())
    }

    /// True when x is in the shape that the groups were made for.
    ///
    /// # Errors
    /// A shape error otherwise.
    pub fn check<T: Scalar>(&self, x: &(impl Tensors<T> + ?Sized)) -> Result<()> {
        x.with_views(|x| self.groups().check("x", x))
    }
}

#[derive(Default, Clone, Copy)]
struct Tally {
    kept: f64,
    saturated: f64,
    /// Σ dⱼ ‖xⱼ‖²/uⱼ of the result.
    energy: f64,
}

/// Multipliers and factors of all groups. `weighted` holds the terms c on entry, unless they are given, and the factors on return.
fn factors(
    c: Option<&[f64]>,
    e: Offsets<'_>,
    root: Option<Root>,
    weighted: &mut [f64],
    multipliers: &mut [f64],
) -> Tally {
    struct Factors<'a> {
        c: Option<&'a [f64]>,
        e: Offsets<'a>,
        root: Option<Root>,
        weighted: &'a mut [f64],
        multipliers: &'a mut [f64],
    }

    impl Kernel for Factors<'_> {
        type Output = Tally;

        #[inline(always)]
        fn run(self) -> Tally {
            let Self { c, e, root, weighted, multipliers } = self;
            match (c, e, root) {
                // The common case, in a form that vectorises.
                (Some(c), Offsets::All(e), Some(r)) if r.base == 0.0 && r.scale == 1.0 => {
                    plain(c, e, r.delta, r.rounding(0.0, e), weighted, multipliers)
                }
                (c, e, root) => general(c, e, root, weighted, multipliers),
            }
        }
    }

    vectorised(Factors { c, e, root, weighted, multipliers })
}

const LANES: usize = 8;

#[inline(always)]
fn plain(c: &[f64], e: f64, t: f64, rounding: f64, weighted: &mut [f64], multipliers: &mut [f64]) -> Tally {
    let mut kept = [0.0; LANES];
    let mut saturated = [0.0; LANES];
    let mut energy = [0.0; LANES];
    let (c_blocks, c_rest) = c.as_chunks::<LANES>();
    let (w_blocks, w_rest) = weighted.as_chunks_mut::<LANES>();
    let (u_blocks, u_rest) = multipliers.as_chunks_mut::<LANES>();
    for ((c, weighted), multipliers) in c_blocks.iter().zip(w_blocks).zip(u_blocks) {
        for l in 0..LANES {
            let (u, factor, spent) = one(c[l], e, c[l] * t - e, rounding);
            multipliers[l] = u;
            weighted[l] = factor;
            kept[l] += if u > 0.0 { 1.0 } else { 0.0 };
            saturated[l] += if u >= 1.0 { 1.0 } else { 0.0 };
            energy[l] += spent;
        }
    }
    let mut total = Tally { kept: kept.iter().sum(), saturated: saturated.iter().sum(), energy: energy.iter().sum() };
    for ((&c, weighted), multiplier) in c_rest.iter().zip(w_rest).zip(u_rest) {
        let (u, factor, spent) = one(c, e, c * t - e, rounding);
        (*multiplier, *weighted) = (u, factor);
        total.count(u, spent);
    }
    total
}

#[inline(always)]
fn general(
    c: Option<&[f64]>,
    e: Offsets<'_>,
    root: Option<Root>,
    weighted: &mut [f64],
    multipliers: &mut [f64],
) -> Tally {
    let mut total = Tally::default();
    for (j, (weighted, multiplier)) in weighted.iter_mut().zip(multipliers).enumerate() {
        let c = c.map_or(*weighted, |c| c[j]);
        let e = e.at(j);
        let (value, rounding) = match root {
            Some(root) => (root.at(c, e), root.rounding(c, e)),
            None => (if c > 0.0 { 1.0 } else { 0.0 }, 0.0),
        };
        let (u, factor, spent) = one(c, e, value, rounding);
        (*multiplier, *weighted) = (u, factor);
        total.count(u, spent);
    }
    total
}

impl Tally {
    #[inline(always)]
    fn count(&mut self, u: f64, energy: f64) {
        self.kept += if u > 0.0 { 1.0 } else { 0.0 };
        self.saturated += if u >= 1.0 { 1.0 } else { 0.0 };
        self.energy += energy;
    }
}

/// Multiplier, factor u/(u + e) and energy c² u/(u + e)² of a group.
#[inline(always)]
fn one(c: f64, e: f64, value: f64, rounding: f64) -> (f64, f64, f64) {
    // Snapped: no group survives by rounding alone.
    let u = if value > 1.0 - rounding { 1.0 } else { value };
    let u = if u < rounding || u <= 0.0 { 0.0 } else { u };
    let inverse = 1.0 / (u + e);
    // Where both u and e vanish there is no quotient.
    let factor = if u > 0.0 { u * inverse } else { 0.0 };
    let energy = if u > 0.0 { (c * factor) * (c * inverse) } else { 0.0 };
    (u, factor, energy)
}
