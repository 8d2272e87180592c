//! Sets of nodes.

/// A set of the nodes of one graph, as bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSet {
    words: Vec<u64>,
}

impl NodeSet {
    /// The empty set for a graph with `nodes` nodes.
    pub fn new(nodes: usize) -> Self {
        Self { words: vec![0; nodes.div_ceil(64)] }
    }

    /// The set of the given nodes; numbers outside `0..nodes` are left out.
    pub fn from_nodes(nodes: usize, members: impl IntoIterator<Item = usize>) -> Self {
        let mut set = Self::new(nodes);
        for node in members {
            if node < nodes {
                set.insert(node);
            }
        }
        set
    }

    /// True when `node` is a member.
    pub fn contains(&self, node: usize) -> bool {
        self.words.get(node / 64).is_some_and(|word| word >> (node % 64) & 1 == 1)
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// True without members.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// The members in increasing order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(index, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros() as usize;
                (rest != 0).then(|| {
                    rest &= rest - 1;
                    64 * index + bit
                })
            })
        })
    }

    /// Adds a node; true when it was not a member.
    pub(crate) fn insert(&mut self, node: usize) -> bool {
        let fresh = !self.contains(node);
        self.words[node / 64] |= 1 << (node % 64);
        fresh
    }

    pub(crate) fn remove(&mut self, node: usize) {
        self.words[node / 64] &= !(1 << (node % 64));
    }

    pub(crate) fn union_with(&mut self, other: &Self) {
        for (word, &more) in self.words.iter_mut().zip(&other.words) {
            *word |= more;
        }
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        Self { words: self.words.iter().zip(&other.words).map(|(a, b)| a & b).collect() }
    }

    pub(crate) fn intersects(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).any(|(a, b)| a & b != 0)
    }

    /// True when some member other than `besides` is not in `other`.
    pub(crate) fn exceeds(&self, other: &Self, besides: usize) -> bool {
        let mut words = self.words.iter().zip(&other.words).enumerate();
        words.any(|(index, (a, b))| {
            let mask = if index == besides / 64 { !(1 << (besides % 64)) } else { !0 };
            a & !b & mask != 0
        })
    }
}
