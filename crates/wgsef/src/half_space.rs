//! The half-space step: groups that a step would turn around become zero.

use crate::error::{check_lambda, check_positive};
use crate::subgradient::visit_two;
use crate::{Result, Tensors, TensorsMut, Wgsef, Workspace};
use core_tensor::{Scalar, check_range};

/// What a half-space step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HalfSpaceInfo {
    /// Non-zero groups after the step.
    pub kept: usize,
    /// Groups that this step made zero.
    pub removed: usize,
}

impl Wgsef {
    /// Takes x to x - `step` (gradient + λ y) on the non-zero groups, y the subgradient of ω there, and leaves the zero groups at zero; then makes
    /// zero each group whose new block lies outside the half-space `⟨new, old⟩ ≥ ε ‖old‖²`. Coordinates in no group take a plain gradient step.
    ///
    /// `step` > 0, `epsilon` in [0, 1) (0 is the default of the literature), λ ≥ 0: 0 when the gradient holds the regulariser's part already.
    ///
    /// # Errors
    /// As [`prox_in_place`](Self::prox_in_place) for x and the gradient; numbers out of range.
    pub fn half_space_step<T: Scalar>(
        &self,
        x: &mut (impl TensorsMut<T> + ?Sized),
        gradient: &(impl Tensors<T> + ?Sized),
        lambda: f64,
        step: f64,
        epsilon: f64,
        workspace: &mut Workspace,
    ) -> Result<HalfSpaceInfo> {
        check_lambda(lambda)?;
        check_positive("step", step)?;
        check_range("epsilon", epsilon, (0.0..1.0).contains(&epsilon), "in [0, 1)")?;
        gradient.with_views(|gradient| self.read("gradient", gradient, workspace))?;
        let value = self.value_with(x, workspace)?;
        self.subgradient_factors(&value, workspace);
        let Workspace { norms, weighted, multipliers, .. } = workspace;
        // ⟨new, old⟩ of each group.
        multipliers.fill(0.0);
        x.with_views(|x| {
            gradient.with_views(|gradient| {
                visit_two(self, x, gradient, |group, x, g| {
                    multipliers[group] += (x - step * (g + lambda * weighted[group] * x)) * x;
                });
            });
        });
        let mut info = HalfSpaceInfo { kept: 0, removed: 0 };
        for (product, &norm) in multipliers.iter_mut().zip(norms.iter()) {
            let stays = norm > 0.0 && !(*product < epsilon * norm * norm);
            info.kept += usize::from(stays);
            info.removed += usize::from(norm > 0.0 && !stays);
            *product = f64::from(u8::from(stays));
        }
        x.with_views_mut(|x| {
            gradient.with_views(|gradient| {
                for ((part, x), gradient) in self.groups().parts().iter().zip(x).zip(gradient) {
                    for ((owner, x), &g) in part.owners().zip(x.iter_mut()).zip(gradient.iter()) {
                        let (old, g) = (Scalar::to_f64(*x), Scalar::to_f64(g));
                        let new = match owner {
                            None => old - step * g,
                            Some(group) if multipliers[group] > 0.0 => {
                                old - step * (g + lambda * weighted[group] * old)
                            }
                            Some(_) => 0.0,
                        };
                        *x = <T as Scalar>::from_f64(new);
                    }
                }
            });
        });
        Ok(info)
    }
}
