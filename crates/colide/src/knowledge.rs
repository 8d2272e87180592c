//! What is known about the graph before any data are seen.

use crate::column::Sign;
use crate::graph::Graph;
use crate::{Error, Result};
use core_tensor::check_range;
use ndarray::{Array2, ShapeBuilder};

/// Hard prior knowledge: edges that must or must not exist, causal tiers, signs.
///
/// A required edge carries no l1 penalty, survives every threshold and forbids its reverse. (Its weight can still be
/// estimated as exactly zero when a sign constraint says so.)
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Knowledge {
    required: Vec<(usize, usize)>,
    forbidden: Vec<(usize, usize)>,
    roots: Vec<usize>,
    leaves: Vec<usize>,
    exogenous: Vec<usize>,
    tiers: Vec<Vec<usize>>,
    signs: Vec<(usize, usize, Sign)>,
}

impl Knowledge {
    /// Nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// The edge cause → effect exists.
    pub fn require(mut self, cause: usize, effect: usize) -> Self {
        self.required.push((cause, effect));
        self
    }

    /// The edge cause → effect does not exist.
    pub fn forbid(mut self, cause: usize, effect: usize) -> Self {
        self.forbidden.push((cause, effect));
        self
    }

    /// Nothing causes `node`.
    pub fn root(mut self, node: usize) -> Self {
        self.roots.push(node);
        self
    }

    /// `node` causes nothing.
    pub fn leaf(mut self, node: usize) -> Self {
        self.leaves.push(node);
        self
    }

    /// `node` only explains others: nothing causes it, and its own equation is no part of the score (a covariate such as
    /// a batch, a dose or a lagged value). With equal variances it has no share in the common noise scale.
    pub fn exogenous(mut self, node: usize) -> Self {
        self.exogenous.push(node);
        self
    }

    /// No variable of a later tier causes one of an earlier tier. Variables in no tier are not constrained.
    pub fn tiers(mut self, tiers: Vec<Vec<usize>>) -> Self {
        self.tiers = tiers;
        self
    }

    /// The weight of cause → effect has a sign, if the edge exists.
    pub fn sign(mut self, cause: usize, effect: usize, sign: Sign) -> Self {
        self.signs.push((cause, effect, sign));
        self
    }

    /// True when nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Checks that the pieces are about existing variables and do not contradict each other.
    ///
    /// # Errors
    /// [`Error::UnknownNode`]; [`Error::InconsistentKnowledge`] naming the pieces, with the cycle where required edges
    /// close one.
    pub fn compile(&self, variables: usize) -> Result<Constraints> {
        let node = |argument: &'static str, found: usize| {
            if found < variables { Ok(found) } else { Err(Error::UnknownNode { argument, found, nodes: variables }) }
        };
        let mut why: Vec<(usize, usize, String)> = Vec::new();
        let mut allowed = Array2::from_elem((variables, variables).f(), Edge::Free);
        let mut forbid = |cause: usize, effect: usize, reason: String| {
            if cause != effect && allowed[[cause, effect]] != Edge::Forbidden {
                allowed[[cause, effect]] = Edge::Forbidden;
                why.push((cause, effect, reason));
            }
        };
        for &(cause, effect) in &self.forbidden {
            forbid(node("forbidden", cause)?, node("forbidden", effect)?, "it is forbidden".to_owned());
        }
        for &root in &self.roots {
            node("roots", root)?;
            (0..variables).for_each(|i| forbid(i, root, format!("{root} is a root")));
        }
        let mut exogenous = vec![false; variables];
        for &given in &self.exogenous {
            exogenous[node("exogenous", given)?] = true;
            (0..variables).for_each(|i| forbid(i, given, format!("{given} is exogenous")));
        }
        for &leaf in &self.leaves {
            node("leaves", leaf)?;
            (0..variables).for_each(|j| forbid(leaf, j, format!("{leaf} is a leaf")));
        }
        self.check_tiers(variables)?;
        for (earlier, tier) in self.tiers.iter().enumerate() {
            for later in &self.tiers[earlier + 1..] {
                for (&effect, &cause) in tier.iter().flat_map(|e| later.iter().map(move |c| (e, c))) {
                    forbid(cause, effect, format!("{cause} stands in a later tier than {effect}"));
                }
            }
        }
        let mut required = Array2::zeros((variables, variables));
        for &(cause, effect) in &self.required {
            node("required", cause)?;
            node("required", effect)?;
            let text = format!("the edge {cause} -> {effect} is required");
            if cause == effect {
                return Err(Error::InconsistentKnowledge { reason: format!("{text}, but no variable causes itself") });
            }
            if allowed[[cause, effect]] == Edge::Forbidden {
                let reason = why.iter().find(|w| (w.0, w.1) == (cause, effect)).map_or("", |w| w.2.as_str());
                return Err(Error::InconsistentKnowledge { reason: format!("{text}, but {reason}") });
            }
            required[[cause, effect]] = 1.0;
        }
        if let Some(cycle) = Graph::from_weights("required", &required)?.cycle() {
            let mut path: Vec<String> = cycle.iter().map(ToString::to_string).collect();
            path.extend(cycle.first().map(ToString::to_string));
            let reason = format!("the required edges close the cycle {}", path.join(" -> "));
            return Err(Error::InconsistentKnowledge { reason });
        }
        for &(cause, effect) in &self.required {
            allowed[[cause, effect]] = Edge::Required;
            allowed[[effect, cause]] = Edge::Forbidden;
        }
        Ok(Constraints { edges: allowed, signs: self.sign_matrix(variables)?, exogenous })
    }

    fn check_tiers(&self, variables: usize) -> Result<()> {
        let mut seen = vec![None; variables];
        for (tier, members) in self.tiers.iter().enumerate() {
            for &member in members {
                if member >= variables {
                    return Err(Error::UnknownNode { argument: "tiers", found: member, nodes: variables });
                }
                if let Some(other) = seen[member].replace(tier) {
                    let reason = format!("variable {member} stands in tier {other} and in tier {tier}");
                    return Err(Error::InconsistentKnowledge { reason });
                }
            }
        }
        Ok(())
    }

    fn sign_matrix(&self, variables: usize) -> Result<Option<Array2<Sign>>> {
        if self.signs.is_empty() {
            return Ok(None);
        }
        let mut signs = Array2::from_elem((variables, variables).f(), Sign::Free);
        for &(cause, effect, sign) in &self.signs {
            for found in [cause, effect] {
                if found >= variables {
                    return Err(Error::UnknownNode { argument: "signs", found, nodes: variables });
                }
            }
            let old = signs[[cause, effect]];
            if old != Sign::Free && old != sign {
                let reason = format!("the edge {cause} -> {effect} is asked to be both {old:?} and {sign:?}");
                return Err(Error::InconsistentKnowledge { reason });
            }
            signs[[cause, effect]] = sign;
        }
        Ok(Some(signs))
    }
}

/// What may be said of one edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// The data decide.
    Free,
    /// It exists.
    Required,
    /// It does not exist.
    Forbidden,
}

/// Consistent knowledge about d variables, as matrices.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Constraints {
    /// d × d: entry (i, j) speaks of the edge i → j. The diagonal is free.
    pub edges: Array2<Edge>,
    /// d × d signs of the weights; `None` when all are free.
    pub signs: Option<Array2<Sign>>,
    /// The variables that only explain others (d).
    pub exogenous: Vec<bool>,
}

impl Constraints {
    /// Nothing is known about d variables.
    pub fn free(variables: usize) -> Self {
        Self {
            edges: Array2::from_elem((variables, variables).f(), Edge::Free),
            signs: None,
            exogenous: vec![false; variables],
        }
    }

    /// The signs when all weights are known to be non-negative.
    pub(crate) fn non_negative_signs(&self) -> Result<Array2<Sign>> {
        let d = self.edges.nrows();
        if let Some(signs) = &self.signs
            && let Some(((i, j), _)) = signs.indexed_iter().find(|&(_, &sign)| sign == Sign::NonPositive)
        {
            let reason = format!("all weights are non-negative, but {i} -> {j} is asked to be non-positive");
            return Err(Error::InconsistentKnowledge { reason });
        }
        Ok(Array2::from_elem((d, d).f(), Sign::NonNegative))
    }

    /// λ times the weight of each entry: zero where an edge is required, infinite where it is forbidden.
    pub(crate) fn l1(&self, lambda: f64, weights: Option<&Array2<f64>>, diagonal: Diagonal) -> Result<Array2<f64>> {
        let d = self.edges.nrows();
        let mut l1 = Array2::from_elem((d, d).f(), lambda);
        if let Some(weights) = weights {
            core_tensor::check_shape("penalty_weights", weights, &[d, d], "there is one for each edge")?;
            for &weight in weights {
                check_range("penalty_weights", weight, weight >= 0.0, ">= 0 (infinite forbids the edge)")?;
            }
            ndarray::Zip::from(&mut l1).and(weights).for_each(|l1, &weight| {
                *l1 = if weight == f64::INFINITY { weight } else { *l1 * weight };
            });
        }
        ndarray::Zip::from(&mut l1).and(&self.edges).for_each(|l1, edge| match edge {
            Edge::Free => {}
            Edge::Required => *l1 = 0.0,
            Edge::Forbidden => *l1 = f64::INFINITY,
        });
        if diagonal == Diagonal::Pinned {
            l1.diag_mut().fill(f64::INFINITY);
        }
        Ok(l1)
    }
}

/// What happens to the diagonal of W on the central path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Diagonal {
    /// It takes part in score, l1 norm and acyclicity (a self-loop is a cycle), as in the reference: a looser
    /// relaxation in the early stages. The stages drive it to nearly zero and the threshold removes it.
    Free,
    /// It is zero throughout.
    Pinned,
}
