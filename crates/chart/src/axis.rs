//! From data to pixels.

/// A linear or logarithmic axis from data to pixels.
pub(crate) struct Axis {
    pub(crate) low: f64,
    pub(crate) high: f64,
    log: bool,
    from: f64,
    to: f64,
}

impl Axis {
    /// An axis that shows all of `values` between the pixels `from` and `to`; a linear one also shows 0.
    pub(crate) fn new(values: impl Iterator<Item = f64>, log: bool, from: f64, to: f64) -> Self {
        let (mut low, mut high) = range(values, log);
        if log {
            (low, high) = ((low / 1.15).max(f64::MIN_POSITIVE), (high * 1.15).min(f64::MAX));
        } else {
            (low, high) = (low.min(0.0), high.max(0.0));
            let room = (0.05 * high - 0.05 * low).max(1e-9);
            (low, high) = widened(if low < 0.0 { low - room } else { low }, high + room);
        }
        Self { low, high, log, from, to }
    }

    /// An axis from the smallest to the largest of `values`.
    pub(crate) fn tight(values: impl Iterator<Item = f64>, log: bool, from: f64, to: f64) -> Self {
        let (mut low, mut high) = range(values, log);
        if low == high {
            (low, high) = if log {
                ((low / 2.0).max(f64::MIN_POSITIVE), (high * 2.0).min(f64::MAX))
            } else {
                (low - 0.5, high + 0.5)
            };
        }
        Self { low, high, log, from, to }
    }

    /// Leaves a part of the length of a linear axis free at both ends.
    pub(crate) fn widen(&mut self, part: f64) {
        let room = part * self.high - part * self.low;
        (self.low, self.high) = widened(self.low - room, self.high + room);
    }

    pub(crate) fn place(&self, value: f64) -> f64 {
        let scale = |v: f64| if self.log { v.max(f64::MIN_POSITIVE).ln() } else { v };
        // Halves: the distance of two large numbers may not be one.
        let distance = |v: f64| 0.5 * scale(v) - 0.5 * scale(self.low);
        let part = distance(value) / distance(self.high);
        self.from + part.clamp(0.0, 1.0) * (self.to - self.from)
    }

    /// True for what the axis can show.
    pub(crate) fn shows(&self, value: f64) -> bool {
        value.is_finite() && (!self.log || value > 0.0)
    }

    /// Round numbers inside the axis: 1, 2 and 5 times powers of ten.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        if self.log {
            let decades = self.low.log10().floor() as i32..=self.high.log10().ceil() as i32;
            let all: Vec<f64> = decades
                .flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10.0_f64.powi(power)))
                .filter(|&tick| tick >= self.low && tick <= self.high)
                .collect();
            if all.len() <= 8 {
                return all;
            }
            let tens: Vec<f64> =
                all.into_iter().filter(|tick| (tick.log10() - tick.log10().round()).abs() < 1e-9).collect();
            let every = tens.len().div_ceil(8).max(1);
            tens.into_iter().step_by(every).collect()
        } else {
            let raw = self.high / 5.0 - self.low / 5.0;
            let power = 10.0_f64.powf(raw.log10().floor());
            let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|&s| s >= raw).unwrap_or(raw);
            let first = (self.low / step).ceil() as i64;
            let last = (self.high / step).floor() as i64;
            // Fewer when rounding leaves no round numbers between the ends.
            (first..=last).take(12).map(|k| k as f64 * step).collect()
        }
    }
}

/// Ends that are numbers.
fn widened(low: f64, high: f64) -> (f64, f64) {
    (low.max(f64::MIN), high.min(f64::MAX))
}

fn range(values: impl Iterator<Item = f64>, log: bool) -> (f64, f64) {
    let usable = values.filter(|&v| v.is_finite() && (!log || v > 0.0));
    let (low, high) = usable.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    if low > high { (1.0, 10.0) } else { (low, high) }
}

#[cfg(test)]
mod tests {
    use super::Axis;

    #[test]
    fn ticks_are_round_and_inside() {
        let axis = Axis::new([0.0, 47.0].into_iter(), false, 0.0, 100.0);
        assert_eq!(axis.ticks(), [0.0, 10.0, 20.0, 30.0, 40.0]);
        let axis = Axis::new([1.0, 1000.0].into_iter(), true, 0.0, 100.0);
        assert_eq!(axis.ticks(), [1.0, 10.0, 100.0, 1000.0]);
        assert!(axis.place(1.0) < axis.place(10.0) && axis.place(1000.0) < 100.0);
        let axis = Axis::tight([1e-300, 1e300].into_iter(), true, 0.0, 100.0);
        assert!(axis.ticks().len() <= 8 && !axis.ticks().is_empty());
    }

    #[test]
    fn an_axis_without_values_has_ticks() {
        for log in [false, true] {
            assert!(!Axis::tight([f64::NAN].into_iter(), log, 0.0, 1.0).ticks().is_empty());
            assert!(!Axis::new([0.0].into_iter(), log, 0.0, 1.0).ticks().is_empty());
        }
    }
}
