//! The proximal operator in a diagonal metric, for preconditioned optimisers.

use crate::error::{check_lambda, check_length, check_positive};
use crate::norms::visit;
use crate::root::Offsets;
use crate::{ProxInfo, Result, Tensors, TensorsMut, Wgsef, Workspace};
use core_tensor::Scalar;
use ndarray::{ArrayViewD, ArrayViewMutD};

impl Wgsef {
    /// Replaces x by argmin ½ Σⱼ γⱼ ‖zⱼ - xⱼ‖² + λ ω(z), with a metric γⱼ > 0 that is constant in each group (m numbers). As fast as
    /// [`prox_in_place`](Self::prox_in_place): the kernel with λ dⱼ/γⱼ for λ dⱼ.
    ///
    /// # Errors
    /// As [`prox_in_place`](Self::prox_in_place); a metric of another length, or with an entry that is not finite and > 0.
    pub fn group_metric_prox_in_place<T: Scalar>(
        &self,
        x: &mut (impl TensorsMut<T> + ?Sized),
        metric: &[f64],
        lambda: f64,
        workspace: &mut Workspace,
    ) -> Result<ProxInfo> {
        check_lambda(lambda)?;
        check_length("metric", metric.len(), self.groups().count(), "there is one number per group")?;
        metric.iter().try_for_each(|&gamma| check_positive("metric", gamma))?;
        let nonzero = x.with_views(|x| self.read("x", x, workspace))?;
        if lambda == 0.0 {
            return Ok(self.prox_of_norms(nonzero, lambda, workspace));
        }
        let mut offsets = std::mem::take(&mut workspace.offsets);
        offsets.clear();
        offsets.extend(metric.iter().enumerate().map(|(j, gamma)| lambda * self.weight(j) / gamma));
        let info = self.prox_of_offsets(nonzero, Offsets::Each(&offsets), workspace);
        workspace.offsets = offsets;
        x.with_views_mut(|x| self.apply(x, &workspace.weighted));
        Ok(info)
    }

    /// As [`metric_prox_in_place`](Self::metric_prox_in_place) with each group's metric replaced by its mean: an approximation at the price of
    /// the plain operator.
    ///
    /// # Errors
    /// As [`metric_prox_in_place`](Self::metric_prox_in_place).
    pub fn mean_metric_prox_in_place<T: Scalar>(
        &self,
        x: &mut (impl TensorsMut<T> + ?Sized),
        metric: &(impl Tensors<T> + ?Sized),
        lambda: f64,
        workspace: &mut Workspace,
    ) -> Result<ProxInfo> {
        metric.with_views(|metric| self.check_metric(metric))?;
        let mut means = std::mem::take(&mut workspace.metric);
        means.clear();
        means.resize(self.groups().count(), 0.0);
        metric.with_views(|metric| visit(self.groups(), metric, |group, gamma| means[group] += gamma));
        for (j, mean) in means.iter_mut().enumerate() {
            let size = self.groups().size(j);
            *mean = if size > 0 { *mean / size as f64 } else { 1.0 };
        }
        let info = self.group_metric_prox_in_place(x, &means, lambda, workspace);
        workspace.metric = means;
        info
    }

    /// Replaces x by argmin ½ Σᵢ γᵢ (zᵢ - xᵢ)² + λ ω(z) with a number γᵢ > 0 per coordinate (`metric`, in the shape of x): exact.
    ///
    /// For a level μ, group j's multiplier solves `λ dⱼ Σᵢ γᵢ² xᵢ²/(γᵢ u + λ dⱼ)² = μ` on [0, 1]; μ is such that Σ uⱼ = k. Newton steps inside
    /// and outside, on 1/√ of both sides, which makes them linear for a metric that is constant in groups. A few tens of
    /// passes over the coordinates of groups with 0 < uⱼ < 1.
    ///
    /// # Errors
    /// As [`prox_in_place`](Self::prox_in_place); a metric of another shape, or with an entry in a group that is not finite and > 0.
    pub fn metric_prox_in_place<T: Scalar>(
        &self,
        x: &mut (impl TensorsMut<T> + ?Sized),
        metric: &(impl Tensors<T> + ?Sized),
        lambda: f64,
        workspace: &mut Workspace,
    ) -> Result<ProxInfo> {
        check_lambda(lambda)?;
        metric.with_views(|metric| self.check_metric(metric))?;
        let nonzero = x.with_views(|x| self.read("x", x, workspace))?;
        if lambda == 0.0 {
            return Ok(self.prox_of_norms(nonzero, lambda, workspace));
        }
        if nonzero <= self.budget() {
            let Workspace { norms, multipliers, .. } = &mut *workspace;
            for (u, &norm) in multipliers.iter_mut().zip(norms.iter()) {
                *u = if norm > 0.0 { 1.0 } else { 0.0 };
            }
        } else {
            x.with_views(|x| metric.with_views(|metric| self.gather(x, metric, workspace)));
            self.solve_multipliers(lambda, workspace);
        }
        let mut energy = 0.0;
        x.with_views_mut(|x| {
            metric.with_views(|metric| energy = self.shrink(x, metric, lambda, &workspace.multipliers));
        });
        let u = &workspace.multipliers;
        Ok(ProxInfo {
            t: None,
            nonzero,
            kept: u.iter().filter(|&&u| u > 0.0).count(),
            saturated: u.iter().filter(|&&u| u == 1.0).count(),
            omega: 0.5 * energy,
        })
    }

    fn check_metric<T: Scalar>(&self, metric: &[ArrayViewD<'_, T>]) -> Result<()> {
        self.groups().check("metric", metric)?;
        let mut outcome = Ok(());
        visit(self.groups(), metric, |_, gamma| {
            if outcome.is_ok() && !(gamma > 0.0 && gamma.is_finite()) {
                outcome = check_positive("metric", gamma);
            }
        });
        outcome
    }

    /// γ|x| and γ in the order of the groups, the former relative to the largest.
    fn gather<T: Scalar>(&self, x: &[ArrayViewD<'_, T>], metric: &[ArrayViewD<'_, T>], workspace: &mut Workspace) {
        let groups = self.groups();
        let Workspace { coordinates, metric: gathered, pointers, norms, .. } = workspace;
        // One place further on, so that filling moves every pointer to its own place.
        pointers.clear();
        pointers.push(0);
        pointers.push(0);
        for j in 0..groups.count() {
            pointers.push(pointers[j + 1] + groups.size(j));
        }
        let entries = pointers[groups.count() + 1];
        coordinates.clear();
        coordinates.resize(entries, 0.0);
        gathered.clear();
        gathered.resize(entries, 0.0);
        let size = norms.iter().fold(0.0_f64, |m, &v| m.max(v));
        for ((part, x), metric) in groups.parts().iter().zip(x).zip(metric) {
            for ((owner, &x), &gamma) in part.owners().zip(x.iter()).zip(metric.iter()) {
                if let Some(group) = owner {
                    let place = &mut pointers[group + 1];
                    let gamma = Scalar::to_f64(gamma);
                    coordinates[*place] = gamma * (Scalar::to_f64(x) / size).abs();
                    gathered[*place] = gamma;
                    *place += 1;
                }
            }
        }
    }

    /// The multipliers, when more than k groups are non-zero.
    fn solve_multipliers(&self, lambda: f64, workspace: &mut Workspace) {
        let Workspace { coordinates, metric, pointers, norms, weighted, multipliers, passes, .. } = workspace;
        let m = norms.len();
        let group = |j: usize| {
            let range = pointers[j]..pointers[j + 1];
            Secular { z: &coordinates[range.clone()], gamma: &metric[range], offset: lambda * self.weight(j) }
        };
        // ψ at u = 0 and u = 1: outside of these the multiplier is 0 and 1.
        let (start, end) = (norms, weighted);
        let (mut lo, mut hi) = (f64::INFINITY, 0.0_f64);
        for j in 0..m {
            if start[j] == 0.0 {
                (start[j], end[j], multipliers[j]) = (f64::INFINITY, f64::INFINITY, 0.0);
                continue;
            }
            (start[j], end[j]) = (group(j).at(0.0).0, group(j).at(1.0).0);
            lo = lo.min(start[j]);
            hi = hi.max(if end[j].is_finite() { end[j] } else { start[j] });
            multipliers[j] = 0.5;
        }
        let k = self.budget() as f64;
        let mut t = (lo * hi).sqrt().clamp(lo, hi);
        for pass in 1..=200 {
            *passes = pass;
            let (mut sum, mut slope) = (0.0, 0.0);
            for j in 0..m {
                multipliers[j] = if t <= start[j] {
                    0.0
                } else if t >= end[j] {
                    sum += 1.0;
                    1.0
                } else {
                    let (u, derivative) = group(j).solve(t, multipliers[j]);
                    sum += u;
                    slope += derivative;
                    u
                };
            }
            let excess = sum - k;
            if excess.abs() <= 4.0 * f64::EPSILON * k {
                break;
            }
            if excess < 0.0 {
                lo = t;
            } else {
                hi = t;
            }
            if !(hi - lo > 2.0 * f64::EPSILON * hi) {
                break;
            }
            let newton = t - excess / slope;
            t = if slope > 0.0 && lo < newton && newton < hi { newton } else { lo + 0.5 * (hi - lo) };
        }
        for j in 0..m {
            let entries = pointers[j + 1] - pointers[j];
            let mean = metric[pointers[j]..pointers[j + 1]].iter().sum::<f64>() / entries.max(1) as f64;
            let rounding = 64.0 * f64::EPSILON * (1.0 + lambda * self.weight(j) / mean);
            let u = &mut multipliers[j];
            if *u < rounding {
                *u = 0.0;
            } else if *u > 1.0 - rounding {
                *u = 1.0;
            }
        }
    }

    /// x becomes γ u x/(γ u + λ d); returns Σ dⱼ ‖xⱼ‖²/uⱼ of the result.
    fn shrink<T: Scalar>(
        &self,
        x: &mut [ArrayViewMutD<'_, T>],
        metric: &[ArrayViewD<'_, T>],
        lambda: f64,
        multipliers: &[f64],
    ) -> f64 {
        let mut energy = 0.0;
        for ((part, x), metric) in self.groups().parts().iter().zip(x).zip(metric) {
            for ((owner, x), &gamma) in part.owners().zip(x.iter_mut()).zip(metric.iter()) {
                let Some(group) = owner else { continue };
                let u = multipliers[group];
                if u == 0.0 {
                    *x = T::zero();
                    continue;
                }
                let (d, reach) = (self.weight(group), Scalar::to_f64(gamma) * u);
                let shrunk = Scalar::to_f64(*x) * (reach / (reach + lambda * d));
                energy += d * shrunk * shrunk / u;
                *x = <T as Scalar>::from_f64(shrunk);
            }
        }
        energy
    }
}

/// One group's equation, as ψ(u) = (c Σ (zᵢ/(γᵢ u + c))²)^(-1/2) = t with c = λ d: ψ increases and is concave.
struct Secular<'a> {
    z: &'a [f64],
    gamma: &'a [f64],
    offset: f64,
}

impl Secular<'_> {
    /// ψ(u) and ψ'(u).
    fn at(&self, u: f64) -> (f64, f64) {
        let (mut value, mut slope) = (0.0, 0.0);
        for (&z, &gamma) in self.z.iter().zip(self.gamma) {
            let inverse = (gamma * u + self.offset).recip();
            let square = (z * inverse) * (z * inverse);
            value += square;
            slope += square * gamma * inverse;
        }
        let psi = (self.offset * value).sqrt().recip();
        (psi, psi * slope / value)
    }

    /// The u with ψ(u) = t and du/dt, from a first guess.
    fn solve(&self, t: f64, guess: f64) -> (f64, f64) {
        let mut u = if guess > 0.0 && guess < 1.0 { guess } else { 0.5 };
        let mut derivative = 0.0;
        for _ in 0..60 {
            let (psi, slope) = self.at(u);
            derivative = slope.recip();
            let next = (u + (t - psi) / slope).clamp(0.0, 1.0);
            let moved = (next - u).abs();
            u = next;
            if !(moved > 2.0 * f64::EPSILON * u) {
                break;
            }
        }
        (u, derivative)
    }
}
