//! Newton steps on the support: the exact minimiser of a face, reached through its neighbours if need be.

use super::block::Block;
use super::cholesky::Cholesky;
use super::quadratic::Quadratic;
use crate::reduce::constant;
use core_tensor::Scalar;

/// The factor of the free coordinates' Gram matrix, kept between steps, and scratch memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Newton<T> {
    cholesky: Cholesky<T>,
    /// Slots in the order of the factor.
    members: Vec<usize>,
    /// Position in the block of each slot, plus 1; 0 for slots that are not free.
    place: Vec<usize>,
    slope: Vec<T>,
    direction: Vec<T>,
    pulls: Vec<T>,
    gram: Vec<T>,
    before: Vec<T>,
    origin: Vec<T>,
    saved: Vec<T>,
    by: Vec<T>,
    touched: Vec<usize>,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NewtonStep {
    /// Nothing is free, or nothing moved beyond rounding.
    Idle,
    /// At the minimiser of the face.
    Full,
    /// Some coordinates reached zero or a bound on the way; the rest is at the minimiser of what was left.
    Shrunk,
    /// The objective would have risen: undone.
    Refused,
}

impl<T: Scalar> Newton<T> {
    /// Forgets the factor: the Gram matrix or the ridge has changed.
    pub(super) fn clear(&mut self) {
        self.cholesky.clear();
        self.members.clear();
    }

    /// Moves the free coordinates of `block` towards the minimiser on their face, dropping those that leave it.
    pub(super) fn step<Q: Quadratic<T>>(
        &mut self,
        quadratic: &mut Q,
        block: &mut Block<T>,
        negligible: T,
    ) -> NewtonStep {
        self.follow(quadratic, block);
        if self.members.is_empty() {
            return NewtonStep::Idle;
        }
        self.measure_slopes(quadratic, block);
        self.before.clear();
        self.before.extend_from_slice(&block.w);
        self.origin.clear();
        self.origin.extend_from_slice(&block.w);
        quadratic.save(0);
        let half = constant::<T>(0.5);
        let start = half * quadratic.energy() + block.penalty();
        // The objective at the present point, by the quadratic model.
        let mut present = start;
        self.touched.clear();
        self.touched.extend_from_slice(&self.members);
        let mut outcome = NewtonStep::Full;
        let mut projections = true;
        loop {
            self.direction.clear();
            self.direction.extend_from_slice(&self.slope);
            self.cholesky.solve(&mut self.direction);
            let gain: T = self.direction.iter().zip(&self.slope).map(|(&d, &g)| d * g).sum();
            if !(gain > negligible) {
                if outcome == NewtonStep::Full {
                    return NewtonStep::Idle;
                }
                break;
            }
            let (mut step, mut blocked, mut leaving) = (T::one(), None, 0);
            for (m, (&slot, &d)) in self.members.iter().zip(&self.direction).enumerate() {
                if d == T::zero() {
                    continue;
                }
                let k = self.place[slot] - 1;
                let (lower, upper) = block.face(k);
                let end = if d > T::zero() { upper } else { lower };
                let room = (end - block.w[k]) / d;
                leaving += usize::from(room < T::one());
                if room < step {
                    step = room.max(T::zero());
                    blocked = Some((m, end));
                }
            }
            let after = present - (step - half * step * step) * gain;
            if leaving > 2 && projections {
                if let Some(reached) = self.project(quadratic, block, after) {
                    present = reached;
                    outcome = NewtonStep::Shrunk;
                    if self.members.is_empty() {
                        break;
                    }
                    continue;
                }
                projections = false;
            }
            present = after;
            for (m, (&slot, &d)) in self.members.iter().zip(&self.direction).enumerate() {
                let k = self.place[slot] - 1;
                let moved = block.w[k] + step * d;
                let (lower, upper) = block.face(k);
                // Rounding must not carry a coordinate over its end.
                block.w[k] = moved.max(lower).min(upper);
                self.slope[m] = (T::one() - step) * self.slope[m] + step * self.cholesky.ridges[m] * d;
            }
            let Some((first, end)) = blocked else { break };
            block.w[self.place[self.members[first]] - 1] = end;
            outcome = NewtonStep::Shrunk;
            for m in (0..self.members.len()).rev() {
                // Rounding may have put others on their ends, too.
                if m == first || !block.is_free(self.place[self.members[m]] - 1) {
                    self.members.remove(m);
                    self.slope.remove(m);
                    self.cholesky.remove(m);
                }
            }
            if self.members.is_empty() {
                break;
            }
        }
        self.synchronise(quadratic, block);
        let change = half * quadratic.energy() + block.penalty() - start;
        let slack = constant::<T>(32.0) * T::epsilon() * start;
        if change <= slack {
            return outcome;
        }
        block.w.copy_from_slice(&self.origin);
        quadratic.restore(0);
        self.clear();
        NewtonStep::Refused
    }

    /// Tells the quadratic how far the block has moved since it was told last.
    fn synchronise<Q: Quadratic<T>>(&mut self, quadratic: &mut Q, block: &Block<T>) {
        self.by.clear();
        for &slot in &self.touched {
            let k = self.place[slot] - 1;
            self.by.push(block.w[k] - self.before[k]);
            self.before[k] = block.w[k];
        }
        quadratic.advance(&self.touched, &self.by);
        self.by.clear();
    }

    /// The full step with everything that would leave its face put to the end of it, all at once: the objective there, if it
    /// is at most `bound`; otherwise nothing changes.
    fn project<Q: Quadratic<T>>(&mut self, quadratic: &mut Q, block: &mut Block<T>, bound: T) -> Option<T> {
        self.synchronise(quadratic, block);
        quadratic.save(1);
        self.saved.clear();
        for (&slot, &d) in self.members.iter().zip(&self.direction) {
            let k = self.place[slot] - 1;
            let (lower, upper) = block.face(k);
            self.saved.push(block.w[k]);
            block.w[k] = (block.w[k] + d).max(lower).min(upper);
        }
        self.synchronise(quadratic, block);
        let reached = constant::<T>(0.5) * quadratic.energy() + block.penalty();
        if !(reached <= bound) {
            for (&slot, &w) in self.members.iter().zip(&self.saved) {
                let k = self.place[slot] - 1;
                (block.w[k], self.before[k]) = (w, w);
            }
            quadratic.restore(1);
            return None;
        }
        for m in (0..self.members.len()).rev() {
            if !block.is_free(self.place[self.members[m]] - 1) {
                self.members.remove(m);
                self.cholesky.remove(m);
            }
        }
        self.measure_slopes(quadratic, block);
        Some(reached)
    }

    fn measure_slopes<Q: Quadratic<T>>(&mut self, quadratic: &mut Q, block: &Block<T>) {
        quadratic.pulls_into(&self.members, &mut self.pulls);
        self.slope.clear();
        for (&slot, &pull) in self.members.iter().zip(&self.pulls) {
            self.slope.push(block.slope(self.place[slot] - 1, pull));
        }
    }

    /// Multiplications of making the factor that of the free coordinates, roughly.
    pub(super) fn cost<Q: Quadratic<T>>(&self, quadratic: &Q, block: &Block<T>) -> usize {
        let wanted = block.free();
        let change = wanted.abs_diff(self.members.len());
        let (update, rebuild) = costs(quadratic, wanted, change, 0);
        update.min(rebuild)
    }

    /// Makes the factor that of the free coordinates of `block`.
    fn follow<Q: Quadratic<T>>(&mut self, quadratic: &mut Q, block: &Block<T>) {
        let highest = block.slots.iter().chain(&self.members).max().map_or(0, |&slot| slot + 1);
        self.place.clear();
        self.place.resize(highest, 0);
        let mut wanted = 0;
        for (k, &slot) in block.slots.iter().enumerate() {
            if block.is_free(k) {
                self.place[slot] = k + 1;
                wanted += 1;
            }
        }
        let kept = self.members.iter().filter(|&&slot| self.place[slot] > 0).count();
        let (new, gone) = (wanted - kept, self.members.len() - kept);
        let (update, rebuild) = costs(quadratic, wanted, new, gone);
        if update > rebuild && wanted > 16 {
            self.rebuild(quadratic, block, wanted);
            return;
        }
        for m in (0..self.members.len()).rev() {
            if self.place[self.members[m]] == 0 {
                self.members.remove(m);
                self.cholesky.remove(m);
            }
        }
        // Those that are there already, so that only new ones are appended: marked by a second pass over the members.
        self.touched.clear();
        self.touched.resize(highest, 0);
        for &slot in &self.members {
            self.touched[slot] = 1;
        }
        let (known, touched) = (self.members.len(), &self.touched);
        self.members.extend(block.slots.iter().copied().filter(|&slot| self.place[slot] > 0 && touched[slot] == 0));
        let all = self.members.len();
        self.gram.clear();
        self.gram.resize((all - known) * all, T::zero());
        quadratic.gram_rows_into(&self.members, known, &mut self.gram);
        for m in known..all {
            let k = self.place[self.members[m]] - 1;
            let row = &self.gram[(m - known) * all..(m - known) * all + m];
            self.cholesky.append(row, block.norms[k] + block.ridges[k]);
        }
    }

    fn rebuild<Q: Quadratic<T>>(&mut self, quadratic: &mut Q, block: &Block<T>, wanted: usize) {
        self.members.clear();
        self.members.extend(block.slots.iter().copied().filter(|&slot| self.place[slot] > 0));
        quadratic.gram_into(&self.members, &mut self.gram);
        for (m, &slot) in self.members.iter().enumerate() {
            let k = self.place[slot] - 1;
            self.gram[m * wanted + m] = block.norms[k] + block.ridges[k];
        }
        #[cfg(feature = "linalg")]
        if wanted > 48 {
            // Pivots near rounding are left to the factorisation that can add ridges.
            let mut llt = core_tensor::linalg::Llt::new(wanted);
            if let Ok(gram) = ndarray::ArrayView2::from_shape((wanted, wanted), &self.gram)
                && llt.factorise(&gram).is_ok()
                && let Ok(lower) = llt.lower()
            {
                let tiny = constant::<T>(64.0) * T::epsilon();
                if (0..wanted).all(|m| lower[[m, m]] * lower[[m, m]] > tiny * gram[[m, m]]) {
                    self.cholesky.assign(&lower);
                    return;
                }
            }
        }
        self.cholesky.factorise(&self.gram, wanted);
    }
}

/// Multiplications of updating a factor by `new` and `gone` variables, and of making it from nothing.
fn costs<T: Scalar, Q: Quadratic<T>>(quadratic: &Q, wanted: usize, new: usize, gone: usize) -> (usize, usize) {
    let update = new * (wanted * quadratic.column_cost() + wanted * wanted / 2) + gone * wanted * wanted;
    // Blocked factorisations run several times faster than single rows.
    (update, quadratic.gram_cost(wanted) + wanted * wanted * wanted / 12)
}
