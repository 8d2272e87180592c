//! What can go wrong, said to a person.

/// Why a problem, a configuration or a step was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A shape, range, finiteness or symmetry check failed, or a factorisation did.
    #[error(transparent)]
    Argument(#[from] core_tensor::Error),
    /// A loss, penalty or design matrix was refused.
    #[error(transparent)]
    Optimisation(#[from] core_optim::Error),
    /// A list of blocks is not one that the method can work with.
    #[error("block {block} {reason} (coordinate {coordinate})")]
    InvalidBlock {
        /// Number of the block, from 0.
        block: usize,
        /// The coordinate concerned.
        coordinate: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A block size of zero.
    #[error("the block size is 0; a block holds at least one coordinate")]
    InvalidBlockSize,
    /// Two parts of a configuration, or a part and the problem, do not go together.
    #[error("{first} does not go with {second}: {reason}")]
    Incompatible {
        /// One part.
        first: &'static str,
        /// The other part.
        second: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// A block that must induce a forest has a cycle.
    #[error("the block is not a forest: its links close a cycle through node {node}")]
    NotAForest {
        /// A node of the cycle.
        node: usize,
    },
    /// A pivot of the elimination is not positive.
    #[error("the Hessian of the block is not positive definite: node {node} has the pivot {pivot:e}")]
    NotPositiveDefinite {
        /// The node that is eliminated there.
        node: usize,
        /// Its pivot.
        pivot: f64,
    },
    /// A quadratic has a direction of negative curvature.
    #[error(
        "the quadratic is unbounded below: it has curvature {curvature:e} along a direction through variable {variable}"
    )]
    Unbounded {
        /// A variable that the direction moves.
        variable: usize,
        /// The curvature found.
        curvature: f64,
    },
    /// A part of a graph has no label to propagate.
    #[error("the component of node {node} has no labelled node: its values are undetermined")]
    UnlabelledComponent {
        /// A node of the component.
        node: usize,
    },
    /// An edge weight is negative.
    #[error("edge ({i}, {j}) has weight {weight}; weights must be finite and >= 0")]
    NegativeWeight {
        /// One end.
        i: usize,
        /// The other end.
        j: usize,
        /// The weight.
        weight: f64,
    },
    /// An edge joins a node to itself.
    #[error("edge ({node}, {node}) joins a node to itself")]
    SelfLoop {
        /// The node.
        node: usize,
    },
    /// An index lies outside what it points into.
    #[error("`{argument}` is {found}, but there are only {length} {what} (counted from 0)")]
    Index {
        /// The argument's name.
        argument: &'static str,
        /// The index.
        found: usize,
        /// How many there are.
        length: usize,
        /// Of what.
        what: &'static str,
    },
    /// A score, gradient or objective is not a number.
    #[error("the {what} is not a number at coordinate {coordinate}")]
    NotANumber {
        /// Which quantity.
        what: &'static str,
        /// The first coordinate concerned.
        coordinate: usize,
    },
}

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Accepts an index below `length`.
pub(crate) fn check_index(argument: &'static str, found: usize, length: usize, what: &'static str) -> Result<()> {
    if found < length { Ok(()) } else { Err(Error::Index { argument, found, length, what }) }
}

/// Accepts a vector of the given length.
pub(crate) fn check_length<T>(
    argument: &'static str,
    x: &ndarray::ArrayRef1<T>,
    length: usize,
    reason: &'static str,
) -> Result<()> {
    Ok(core_tensor::check_shape(argument, x, &[length], reason)?)
}

/// Accepts a number of nodes or variables that 32-bit positions can count; `count` is `None` if a product overflowed.
pub(crate) fn check_count(argument: &'static str, count: Option<usize>) -> Result<usize> {
    const MOST: usize = u32::MAX as usize - 2;
    match count {
        Some(count) if count <= MOST => Ok(count),
        _ => {
            let found = count.map_or(f64::INFINITY, |count| count as f64);
            core_tensor::check_range(argument, found, false, "below 2^32 - 2")?;
            Ok(0)
        }
    }
}

/// Accepts the coordinates of a block: at least one, each in range, none twice.
pub(crate) fn check_block(block: &[usize], variables: usize) -> Result<()> {
    if block.is_empty() {
        return Err(Error::InvalidBlock { block: 0, coordinate: 0, reason: "is empty" });
    }
    let mut seen = vec![false; variables];
    for &i in block {
        check_index("block", i, variables, "variables")?;
        if std::mem::replace(&mut seen[i], true) {
            return Err(Error::InvalidBlock { block: 0, coordinate: i, reason: "names a coordinate twice" });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn messages_are_interface() {
        let text = |error: Error| error.to_string();
        assert_eq!(
            text(Error::InvalidBlock { block: 2, coordinate: 7, reason: "names a coordinate twice" }),
            "block 2 names a coordinate twice (coordinate 7)"
        );
        assert_eq!(text(Error::InvalidBlockSize), "the block size is 0; a block holds at least one coordinate");
        assert_eq!(
            text(Error::Incompatible { first: "rule Gs", second: "penalty L1", reason: "it ignores the penalty" }),
            "rule Gs does not go with penalty L1: it ignores the penalty"
        );
        assert_eq!(
            text(Error::NotAForest { node: 3 }),
            "the block is not a forest: its links close a cycle through node 3"
        );
        assert_eq!(
            text(Error::NotPositiveDefinite { node: 1, pivot: -2.0 }),
            "the Hessian of the block is not positive definite: node 1 has the pivot -2e0"
        );
        assert_eq!(
            text(Error::Unbounded { variable: 4, curvature: -0.5 }),
            "the quadratic is unbounded below: it has curvature -5e-1 along a direction through variable 4"
        );
        assert_eq!(
            text(Error::UnlabelledComponent { node: 5 }),
            "the component of node 5 has no labelled node: its values are undetermined"
        );
        assert_eq!(
            text(Error::NegativeWeight { i: 0, j: 1, weight: -1.0 }),
            "edge (0, 1) has weight -1; weights must be finite and >= 0"
        );
        assert_eq!(text(Error::SelfLoop { node: 2 }), "edge (2, 2) joins a node to itself");
        assert_eq!(
            text(Error::Index { argument: "label", found: 9, length: 4, what: "nodes" }),
            "`label` is 9, but there are only 4 nodes (counted from 0)"
        );
        assert_eq!(
            text(Error::NotANumber { what: "score", coordinate: 3 }),
            "the score is not a number at coordinate 3"
        );
    }
}
