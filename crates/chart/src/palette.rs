//! Where colours come from.

/// Where colours come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Palette {
    /// Fixed colours on white: a file of its own.
    Fixed,
    /// The style variables `--ink`, `--quiet` and `--rule` of the page around the drawing, on its background.
    Page,
}

/// Of series. Colour-blind safe (Okabe and Ito).
pub(crate) const SERIES: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8a8a"];

impl Palette {
    fn choose(self, page: &'static str, fixed: &'static str) -> &'static str {
        match self {
            Self::Fixed => fixed,
            Self::Page => page,
        }
    }

    /// Of text and axes.
    pub(crate) fn ink(self) -> &'static str {
        self.choose("var(--ink)", "#333")
    }

    /// Of what stands back.
    pub(crate) fn quiet(self) -> &'static str {
        self.choose("var(--quiet)", "#666")
    }

    /// Of the grid.
    pub(crate) fn rule(self) -> &'static str {
        self.choose("var(--rule)", "#ddd")
    }
}
