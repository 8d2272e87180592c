//! Loops over memory in which every level either walks through groups or stays in one.

use crate::layout::MOST_AXES;

/// One loop: `length` steps, each of which moves on by `step` groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Level {
    pub(crate) length: usize,
    pub(crate) step: usize,
}

/// Nested loops from the outermost to the innermost, as few as possible.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Levels {
    levels: [Level; MOST_AXES],
    used: usize,
}

impl Levels {
    /// Merges neighbours of (length, step) that are one loop.
    pub(crate) fn new(axes: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut merged = Self { levels: [Level::default(); MOST_AXES], used: 0 };
        for (length, step) in axes {
            if length == 1 {
                continue;
            }
            if merged.used > 0 {
                let outer = &mut merged.levels[merged.used - 1];
                if outer.step == step * length && (outer.step == 0) == (step == 0) {
                    *outer = Level { length: outer.length * length, step };
                    continue;
                }
            }
            merged.levels[merged.used] = Level { length, step };
            merged.used += 1;
        }
        merged
    }

    pub(crate) fn as_slice(&self) -> &[Level] {
        &self.levels[..self.used]
    }
}

/// Entries that one step of the first loop covers.
pub(crate) fn inner_len(levels: &[Level]) -> usize {
    levels.iter().skip(1).map(|level| level.length).product()
}

#[cfg(test)]
mod tests {
    use super::{Level, Levels};

    fn check(axes: &[(usize, usize)], expected: &[(usize, usize)]) {
        let levels = Levels::new(axes.iter().copied());
        let expected: Vec<Level> = expected.iter().map(|&(length, step)| Level { length, step }).collect();
        assert_eq!(levels.as_slice(), expected);
    }

    #[test]
    fn neighbours_merge() {
        // Filters, channels, filter shapes, kernels, layer, single weights of a (6, 5, 3, 3) tensor.
        check(&[(6, 1), (5, 0), (3, 0), (3, 0)], &[(6, 1), (45, 0)]);
        check(&[(6, 0), (5, 1), (3, 0), (3, 0)], &[(6, 0), (5, 1), (9, 0)]);
        check(&[(6, 0), (5, 9), (3, 3), (3, 1)], &[(6, 0), (45, 1)]);
        check(&[(6, 5), (5, 1), (3, 0), (3, 0)], &[(30, 1), (9, 0)]);
        check(&[(6, 0), (5, 0), (3, 0), (3, 0)], &[(270, 0)]);
        check(&[(6, 45), (5, 9), (3, 3), (3, 1)], &[(270, 1)]);
        check(&[(1, 4), (1, 0)], &[]);
    }
}
