//! The selection rules by name (section 3).

/// Which block is updated next.
///
/// `m` fixed blocks or τ variable coordinates. The smooth rules ask for a problem without penalty; for composite problems the three
/// rules `GsModel`, `GsLength` and `GsSubgradient` take their place.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// One after the other; of variable blocks the chunks of a fresh permutation per epoch.
    Cyclic,
    /// Fixed blocks in a new order each epoch.
    Permuted,
    /// Uniformly at random.
    Random,
    /// With probability proportional to `L_b`; of variable blocks τ coordinates without replacement, proportional to Lᵢ.
    Lipschitz,
    /// GS: largest `‖∇_b‖`.
    Gs,
    /// GSL: largest `‖∇_b‖² / L_b`, with the estimates of `Update::Estimated` if that is the update. Fixed blocks (for variable ones the
    /// problem is intractable).
    Gsl,
    /// GSD: largest Σ ∇ᵢ²/Dᵢ.
    Gsd(DiagonalBound),
    /// GSQ: largest `∇_bᵀ H_b⁻¹ ∇_b`. Fixed blocks; variable ones approximate it by the next four.
    Gsq,
    /// GSQ with the Hessian at x in place of the bound. Fixed blocks.
    GsqNewton,
    /// MI: the block whose exact minimisation lowers F most. Fixed blocks; as dear as updating all of them.
    MaximumImprovement,
    /// Variable blocks, GSQ by ten sweeps of iterative hard thresholding from the start +∇ᵢ/√Lᵢ of the authors' code.
    GsqThresholding,
    /// Variable blocks, GSQ by growing the block one coordinate at a time by the exact gain (an updated Cholesky factor).
    GsqGreedy,
    /// Variable blocks: the support of so many thresholded power sweeps of I - H/λmax, which finds connected clusters; the block of
    /// GSD instead when its guaranteed progress is below a tenth of GSD's, and in every tenth iteration.
    GsqCluster(usize),
    /// Variable blocks: the best of GS, GSD and the thresholding by `½ ∇_bᵀ H_b⁺ ∇_b`; never worse than GSD.
    BestOf,
    /// GS-q: the largest decrease of the separable model with curvatures Lᵢ.
    GsModel,
    /// GS-r: the longest proximal step with curvatures Lᵢ.
    GsLength,
    /// GS-s: the largest distance of -∇ to the subdifferential.
    GsSubgradient,
}

/// Diagonal matrices D ≥ H (section 3.1), for GSD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DiagonalBound {
    /// Lᵢ. Of a block of more than one coordinate no bound, but the same order as τ Lᵢ; the default of variable blocks.
    Lipschitz,
    /// τ Hᵢᵢ.
    Size,
    /// Σ over the block of |Hᵢⱼ| (Gershgorin). Fixed blocks.
    Gershgorin,
    /// Σ over all j of |Hᵢⱼ|.
    RowSums,
    /// trace of H_b. Fixed blocks.
    Trace,
    /// √Hᵢᵢ Σ over the block of √Hⱼⱼ. Fixed blocks.
    Mixed,
}

/// In which norm fixed blocks are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ScoreNorm {
    /// Sums of squares, as the theory needs.
    #[default]
    L2,
    /// Sums of absolute values, as in the authors' code: for reproducing published curves of GS, GSL and GSD.
    L1,
}

impl Rule {
    /// The rule's name, for messages.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Rule::Cyclic => "rule Cyclic",
            Rule::Permuted => "rule Permuted",
            Rule::Random => "rule Random",
            Rule::Lipschitz => "rule Lipschitz",
            Rule::Gs => "rule Gs",
            Rule::Gsl => "rule Gsl",
            Rule::Gsd(_) => "rule Gsd",
            Rule::Gsq => "rule Gsq",
            Rule::GsqNewton => "rule GsqNewton",
            Rule::MaximumImprovement => "rule MaximumImprovement",
            Rule::GsqThresholding => "rule GsqThresholding",
            Rule::GsqGreedy => "rule GsqGreedy",
            Rule::GsqCluster(_) => "rule GsqCluster",
            Rule::BestOf => "rule BestOf",
            Rule::GsModel => "rule GsModel",
            Rule::GsLength => "rule GsLength",
            Rule::GsSubgradient => "rule GsSubgradient",
        }
    }

    /// Whether the rule looks at the smooth gradient alone.
    pub(crate) fn ignores_penalty(&self) -> bool {
        matches!(
            self,
            Rule::Gs
                | Rule::Gsl
                | Rule::Gsd(_)
                | Rule::Gsq
                | Rule::GsqNewton
                | Rule::GsqThresholding
                | Rule::GsqGreedy
                | Rule::GsqCluster(_)
                | Rule::BestOf
        )
    }

    /// Whether the rule needs the whole gradient at each iteration.
    pub(crate) fn is_greedy(&self) -> bool {
        !matches!(self, Rule::Cyclic | Rule::Permuted | Rule::Random | Rule::Lipschitz)
    }
}
