//! Sets of nodes that grow together.

/// Disjoint sets with path halving and union by size: near-linear time for any number of operations.
#[derive(Debug, Clone)]
pub(crate) struct UnionFind {
    parent: Vec<u32>,
    size: Vec<u32>,
}

impl UnionFind {
    pub(crate) fn new(n: usize) -> Self {
        Self { parent: (0..n as u32).collect(), size: vec![1; n] }
    }

    /// Everything separate again.
    pub(crate) fn reset(&mut self) {
        self.parent.iter_mut().enumerate().for_each(|(i, p)| *p = i as u32);
        self.size.fill(1);
    }

    pub(crate) fn find(&mut self, node: usize) -> usize {
        let mut node = node as u32;
        while self.parent[node as usize] != node {
            let above = self.parent[self.parent[node as usize] as usize];
            self.parent[node as usize] = above;
            node = above;
        }
        node as usize
    }

    /// Joins two sets; false if they were one.
    pub(crate) fn union(&mut self, a: usize, b: usize) -> bool {
        let (mut a, mut b) = (self.find(a), self.find(b));
        if a == b {
            return false;
        }
        if self.size[a] < self.size[b] {
            std::mem::swap(&mut a, &mut b);
        }
        self.parent[b] = a as u32;
        self.size[a] += self.size[b];
        true
    }
}
