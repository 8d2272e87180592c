//! What an observer of a search sees.

/// How far a best-subset search is, as an observer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SearchProgress {
    /// What is under way.
    pub stage: SearchStage,
    /// Sizes, or nodes, that are done.
    pub done: usize,
    /// Sizes in all, or the limit of nodes (most searches end long before).
    pub total: usize,
}

/// The stages of a best-subset search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SearchStage {
    /// Size after size by splicing.
    Splicing,
    /// The nodes of branch and bound.
    BranchAndBound,
}
