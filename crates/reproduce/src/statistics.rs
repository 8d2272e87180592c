//! Summaries of a few runs.

/// Mean and sample standard deviation of some values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Summary {
    pub(crate) mean: f64,
    /// NaN for fewer than two values.
    pub(crate) deviation: f64,
}

pub(crate) fn summary(values: impl IntoIterator<Item = f64>) -> Summary {
    let values: Vec<f64> = values.into_iter().collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    Summary { mean, deviation: if values.len() > 1 { (squares / (count - 1.0)).sqrt() } else { f64::NAN } }
}

impl Summary {
    /// `mean ± deviation`, or the mean alone of a single value.
    pub(crate) fn text(&self, decimals: usize) -> String {
        if self.deviation.is_nan() {
            format!("{:.decimals$}", self.mean)
        } else {
            format!("{:.decimals$} ± {:.decimals$}", self.mean, self.deviation)
        }
    }
}

/// Slope of the least-squares line through the points (ln x, ln y).
pub(crate) fn log_slope(points: &[(f64, f64)]) -> f64 {
    let x = summary(points.iter().map(|point| point.0.ln())).mean;
    let y = summary(points.iter().map(|point| point.1.ln())).mean;
    let moved = || points.iter().map(|point| (point.0.ln() - x, point.1.ln() - y));
    moved().map(|(x, y)| x * y).sum::<f64>() / moved().map(|(x, _)| x * x).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries() {
        let two = summary([1.0, 3.0]);
        assert_eq!((two.mean, two.deviation), (2.0, 2.0_f64.sqrt()));
        assert_eq!(two.text(1), "2.0 ± 1.4");
        assert_eq!(summary([5.0]).text(0), "5");
    }

    #[test]
    fn the_slope_of_a_power_is_its_exponent() {
        let points: Vec<(f64, f64)> = [100.0, 400.0, 1600.0].iter().map(|&n: &f64| (n, 3.0 / n.sqrt())).collect();
        assert!((log_slope(&points) + 0.5).abs() < 1e-12);
    }
}
