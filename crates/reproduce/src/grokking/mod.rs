//! Lazy-to-rich dynamics: T. Kumar, B. Bordelon, S. Gershman, C. Pehlevan, "Grokking as the Transition from Lazy to Rich Training
//! Dynamics", ICLR 2024, arXiv 2310.06110.

mod laziness;

pub(crate) use laziness::LAZINESS;
