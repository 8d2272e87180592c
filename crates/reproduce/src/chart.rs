//! Charts as SVG: lines over a numeric axis, and grouped bars.

use std::fmt::{Display, Write};

#[derive(Debug)]
pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) y: String,
    pub(crate) plot: Plot,
}

#[derive(Debug)]
pub(crate) enum Plot {
    /// Points joined by lines; each axis is logarithmic on demand.
    Lines { x: String, log_x: bool, log_y: bool, series: Vec<(String, Vec<(f64, f64)>)> },
    /// A bar for each series in each group, with a whisker of one standard deviation to either side.
    Bars { groups: Vec<String>, series: Vec<(String, Vec<(f64, f64)>)> },
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 94.0;
const BOTTOM: f64 = 56.0;
/// Colour-blind safe (Okabe and Ito).
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555"];

/// A linear or logarithmic axis from data to pixels.
struct Axis {
    low: f64,
    high: f64,
    log: bool,
    from: f64,
    to: f64,
}

impl Axis {
    fn new(values: impl Iterator<Item = f64>, log: bool, from: f64, to: f64) -> Self {
        let usable = values.filter(|&v| v.is_finite() && (!log || v > 0.0));
        let (mut low, mut high) =
            usable.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        if low > high {
            (low, high) = (1.0, 10.0);
        }
        if log {
            (low, high) = (low / 1.15, high * 1.15);
        } else {
            (low, high) = (low.min(0.0), high.max(0.0) + 0.05 * (high.max(0.0) - low.min(0.0)).max(1e-9));
        }
        Self { low, high, log, from, to }
    }

    fn place(&self, value: f64) -> f64 {
        let scale = |v: f64| if self.log { v.max(f64::MIN_POSITIVE).ln() } else { v };
        let part = (scale(value) - scale(self.low)) / (scale(self.high) - scale(self.low));
        self.from + part.clamp(0.0, 1.0) * (self.to - self.from)
    }

    /// Round numbers inside the axis: 1, 2 and 5 times powers of ten.
    fn ticks(&self) -> Vec<f64> {
        if self.log {
            let decades = self.low.log10().floor() as i32..=self.high.log10().ceil() as i32;
            let all: Vec<f64> = decades
                .flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10.0_f64.powi(power)))
                .filter(|&tick| tick >= self.low && tick <= self.high)
                .collect();
            if all.len() <= 8 {
                all
            } else {
                all.into_iter().filter(|tick| tick.log10().fract().abs() < 1e-9).collect()
            }
        } else {
            let raw = (self.high - self.low) / 5.0;
            let power = 10.0_f64.powf(raw.log10().floor());
            let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|&s| s >= raw).unwrap_or(raw);
            let first = (self.low / step).ceil() as i64;
            let last = (self.high / step).floor() as i64;
            (first..=last).map(|k| k as f64 * step).collect()
        }
    }
}

/// At most four significant digits.
fn number(value: f64) -> String {
    let decimals = if value == 0.0 { 0 } else { (3 - value.abs().log10().floor() as i32).clamp(0, 6) as usize };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

struct Svg(String);

impl Svg {
    fn add(&mut self, element: impl Display) {
        let _ = writeln!(self.0, "{element}");
    }

    fn text(&mut self, x: f64, y: f64, anchor: &str, text: &str) {
        let text = escape(text);
        self.add(format_args!(r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#));
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.add(format_args!(r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{colour}"/>"#));
    }

    fn y_axis(&mut self, axis: &Axis, label: &str) {
        for tick in axis.ticks() {
            let y = axis.place(tick);
            self.line((LEFT, y), (WIDTH - RIGHT, y), "#ddd");
            self.text(LEFT - 8.0, y + 4.0, "end", &number(tick));
        }
        let (y, label) = ((TOP + HEIGHT - BOTTOM) / 2.0, escape(label));
        self.add(format_args!(
            r#"<text transform="translate(18 {y}) rotate(-90)" text-anchor="middle">{label}</text>"#
        ));
    }

    fn legend<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        let (mut x, mut y) = (LEFT, 46.0);
        for (name, colour) in names.zip(COLOURS.iter().cycle()) {
            let width = 30.0 + 7.0 * name.chars().count() as f64;
            if x + width > WIDTH - RIGHT {
                (x, y) = (LEFT, y + 18.0);
            }
            let top = y - 10.0;
            self.add(format_args!(r#"<rect x="{x:.1}" y="{top:.1}" width="12" height="12" fill="{colour}"/>"#));
            self.text(x + 17.0, y, "start", name);
            x += width;
        }
    }
}

impl Chart {
    pub(crate) fn to_svg(&self) -> String {
        let mut svg = Svg(String::new());
        svg.add(format_args!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">"#
        ));
        svg.add(format_args!("<title>{}</title>", escape(&self.title)));
        svg.add(format_args!(r##"<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>"##));
        svg.add(format_args!(
            r#"<text x="{LEFT}" y="24" font-size="15" font-weight="bold">{}</text>"#,
            escape(&self.title)
        ));
        match &self.plot {
            Plot::Lines { x, log_x, log_y, series } => self.lines(&mut svg, x, *log_x, *log_y, series),
            Plot::Bars { groups, series } => self.bars(&mut svg, groups, series),
        }
        svg.add("</svg>");
        svg.0
    }

    fn lines(&self, svg: &mut Svg, label: &str, log_x: bool, log_y: bool, series: &[(String, Vec<(f64, f64)>)]) {
        let points = || series.iter().flat_map(|(_, points)| points);
        let y = Axis::new(points().map(|p| p.1), log_y, HEIGHT - BOTTOM, TOP);
        let mut x = Axis::new(points().map(|p| p.0), log_x, LEFT, WIDTH - RIGHT);
        if !log_x {
            x.low = points().map(|p| p.0).fold(x.high, f64::min);
        }
        svg.y_axis(&y, &self.y);
        for tick in x.ticks() {
            svg.text(x.place(tick), HEIGHT - BOTTOM + 20.0, "middle", &number(tick));
        }
        svg.text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 12.0, "middle", label);
        for ((_, points), colour) in series.iter().zip(COLOURS.iter().cycle()) {
            let at: Vec<(f64, f64)> = points.iter().map(|p| (x.place(p.0), y.place(p.1))).collect();
            let path: Vec<String> = at.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            let path = path.join(" ");
            svg.add(format_args!(r#"<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>"#));
            for (x, y) in at {
                svg.add(format_args!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="3.5" fill="{colour}"/>"#));
            }
        }
        svg.legend(series.iter().map(|(name, _)| name.as_str()));
    }

    fn bars(&self, svg: &mut Svg, groups: &[String], series: &[(String, Vec<(f64, f64)>)]) {
        let tops = series.iter().flat_map(|(_, bars)| bars).map(|&(mean, sd)| mean + if sd > 0.0 { sd } else { 0.0 });
        let y = Axis::new(tops, false, HEIGHT - BOTTOM, TOP);
        svg.y_axis(&y, &self.y);
        let group = (WIDTH - LEFT - RIGHT) / groups.len().max(1) as f64;
        let bar = 0.8 * group / series.len().max(1) as f64;
        for (g, name) in groups.iter().enumerate() {
            let begin = LEFT + group * (g as f64 + 0.1);
            for (k, ((_, bars), colour)) in series.iter().zip(COLOURS.iter().cycle()).enumerate() {
                let Some(&(mean, sd)) = bars.get(g).filter(|bar| bar.0.is_finite()) else { continue };
                let (x, top) = (begin + bar * k as f64, y.place(mean));
                let (width, height) = (0.9 * bar, y.place(0.0) - top);
                svg.add(format_args!(
                    r#"<rect x="{x:.1}" y="{top:.1}" width="{width:.1}" height="{height:.1}" fill="{colour}"/>"#
                ));
                if sd > 0.0 {
                    let middle = x + 0.5 * width;
                    svg.line((middle, y.place(mean - sd)), (middle, y.place(mean + sd)), "#333");
                }
            }
            svg.text(begin + 0.4 * group, HEIGHT - BOTTOM + 20.0, "middle", name);
        }
        svg.line((LEFT, y.place(0.0)), (WIDTH - RIGHT, y.place(0.0)), "#333");
        svg.legend(series.iter().map(|(name, _)| name.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let axis = Axis::new([0.0, 47.0].into_iter(), false, 0.0, 100.0);
        assert_eq!(axis.ticks(), [0.0, 10.0, 20.0, 30.0, 40.0]);
        let axis = Axis::new([1.0, 1000.0].into_iter(), true, 0.0, 100.0);
        assert_eq!(axis.ticks(), [1.0, 10.0, 100.0, 1000.0]);
        assert!(axis.place(1.0) < axis.place(10.0) && axis.place(1000.0) < 100.0);
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(["0", "0.25", "10", "1200", "0.001"], [0.0, 0.25, 10.0, 1200.0, 0.001].map(number));
    }

    #[test]
    fn a_chart_has_a_bar_per_value_and_no_raw_markup() {
        let bars = vec![("a < b".to_owned(), vec![(1.0, 0.5), (2.0, f64::NAN)])];
        let plot = Plot::Bars { groups: vec!["x".to_owned(), "y".to_owned()], series: bars };
        let svg = Chart { title: "T".to_owned(), y: "SHD".to_owned(), plot }.to_svg();
        // Two bars, the background and one key of the legend.
        assert_eq!(svg.matches("<rect").count(), 4);
        assert!(svg.contains("a &lt; b") && !svg.contains("a < b") && !svg.contains("NaN"));
    }
}
