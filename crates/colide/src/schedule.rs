//! The central path: which stages are solved, in which order.

use crate::Result;
use core_tensor::{Error as ArgumentError, check_range};

/// The stages of the central path: stage k minimises `μ_k (S + λ ‖W‖₁) + h_{s_k}`, warm-started at the last one's
/// solution.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Schedule {
    mu: Vec<f64>,
    s: Vec<f64>,
}

impl Default for Schedule {
    /// The paper's schedule.
    fn default() -> Self {
        Self::paper()
    }
}

impl Schedule {
    /// The paper's four stages: μ = 1, 0.1, 0.01, 0.001 and s = 1, 0.9, 0.8, 0.7.
    pub fn paper() -> Self {
        Self { mu: vec![1.0, 0.1, 0.01, 0.001], s: vec![1.0, 0.9, 0.8, 0.7] }
    }

    /// `stages` stages with μ spaced logarithmically from 1 to 0.001 and s linearly from 1 to 0.7: a slower path.
    ///
    /// # Errors
    /// No stage.
    pub fn logarithmic(stages: usize) -> Result<Self> {
        check_range("stages", stages as f64, stages > 0, ">= 1")?;
        let fraction = |k: usize| if stages > 1 { k as f64 / (stages - 1) as f64 } else { 0.0 };
        let mu = (0..stages).map(|k| 10.0_f64.powf(-3.0 * fraction(k))).collect();
        let s = (0..stages).map(|k| 1.0 - 0.3 * fraction(k)).collect();
        Ok(Self { mu, s })
    }

    /// Stages by value. `mu` must not increase; a list `s` that is shorter is continued with its last value.
    ///
    /// # Errors
    /// An empty list, more values of s than of μ, or a value that is not finite and positive.
    pub fn new(mu: Vec<f64>, mut s: Vec<f64>) -> Result<Self> {
        for (name, list) in [("mu", &mu), ("s", &s)] {
            if list.is_empty() {
                return Err(ArgumentError::Empty { argument: name, expected: "stage" }.into());
            }
            for &value in list {
                check_range(name, value, value > 0.0 && value.is_finite(), "finite and > 0")?;
            }
        }
        if let Some(pair) = mu.windows(2).find(|pair| pair[1] > pair[0]) {
            check_range("mu", pair[1], false, "not larger than the value of the stage before")?;
        }
        if s.len() > mu.len() {
            return Err(ArgumentError::Shape {
                argument: "mu",
                found: vec![mu.len()],
                expected: vec![s.len()],
                reason: "each value of s belongs to one stage",
            }
            .into());
        }
        let last = s[s.len() - 1];
        s.resize(mu.len(), last);
        Ok(Self { mu, s })
    }

    /// The last stage alone.
    pub(crate) fn last_stage(&self) -> Self {
        let last = self.mu.len() - 1;
        Self { mu: vec![self.mu[last]], s: vec![self.s[last]] }
    }

    /// The pairs (μ, s) in order.
    pub fn stages(&self) -> impl ExactSizeIterator<Item = (f64, f64)> + '_ {
        self.mu.iter().copied().zip(self.s.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn short_lists_of_s_are_continued() {
        let schedule = Schedule::new(vec![1.0, 0.5, 0.25], vec![1.0, 0.9]).unwrap();
        assert_eq!(schedule.stages().collect::<Vec<_>>(), [(1.0, 1.0), (0.5, 0.9), (0.25, 0.9)]);
        assert_eq!(Schedule::logarithmic(4).unwrap().stages().map(|(mu, _)| mu).fold(0.0, f64::max), 1.0);
    }

    #[test]
    fn nonsense_is_refused() {
        let text = |mu: &[f64], s: &[f64]| Schedule::new(mu.to_vec(), s.to_vec()).unwrap_err().to_string();
        assert_eq!(text(&[], &[1.0]), "`mu` is empty; at least one stage is needed");
        assert_eq!(text(&[1.0], &[f64::NAN]), "`s` is NaN; it must be finite and > 0");
        assert_eq!(text(&[0.1, 1.0], &[1.0]), "`mu` is 1; it must be not larger than the value of the stage before");
        assert_eq!(
            text(&[1.0], &[1.0, 0.9]),
            "`mu` has shape [1], but [2] is needed because each value of s belongs to one stage"
        );
        assert!(Schedule::logarithmic(0).is_err());
    }
}
