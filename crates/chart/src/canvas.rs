//! The frame of a chart: measures, text, axes, legend.

use crate::axis::Axis;
use crate::palette::{Palette, SERIES};
use std::fmt::{Display, Write};

pub(crate) const WIDTH: f64 = 720.0;
pub(crate) const HEIGHT: f64 = 420.0;
pub(crate) const LEFT: f64 = 70.0;
pub(crate) const RIGHT: f64 = 20.0;
pub(crate) const TOP: f64 = 94.0;
pub(crate) const BOTTOM: f64 = 56.0;

/// An SVG text that grows.
pub(crate) struct Canvas {
    text: String,
    pub(crate) palette: Palette,
}

impl Canvas {
    pub(crate) fn new(title: &str, palette: Palette) -> Self {
        let mut canvas = Self { text: String::new(), palette };
        let ink = palette.ink();
        canvas.add(format_args!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13" fill="{ink}" role="img">"#
        ));
        canvas.add(format_args!("<title>{}</title>", escape(title)));
        if palette == Palette::Fixed {
            canvas.add(format_args!(r##"<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>"##));
        }
        canvas
            .add(format_args!(r#"<text x="{LEFT}" y="24" font-size="15" font-weight="bold">{}</text>"#, escape(title)));
        canvas
    }

    pub(crate) fn finish(mut self) -> String {
        self.add("</svg>");
        self.text
    }

    pub(crate) fn add(&mut self, element: impl Display) {
        let _ = writeln!(self.text, "{element}");
    }

    pub(crate) fn text(&mut self, x: f64, y: f64, anchor: &str, text: &str) {
        let text = escape(text);
        self.add(format_args!(r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#));
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.add(format_args!(r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{colour}"/>"#));
    }

    pub(crate) fn polyline(&mut self, points: &[(f64, f64)], colour: &str, width: f64) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let points = points.join(" ");
        self.add(format_args!(r#"<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"/>"#));
    }

    pub(crate) fn dot(&mut self, (x, y): (f64, f64), radius: f64, colour: &str) {
        self.add(format_args!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="{radius}" fill="{colour}"/>"#));
    }

    pub(crate) fn x_axis(&mut self, axis: &Axis, label: &str) {
        for tick in axis.ticks() {
            self.text(axis.place(tick), HEIGHT - BOTTOM + 20.0, "middle", &number(tick));
        }
        self.text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 12.0, "middle", label);
    }

    pub(crate) fn y_axis(&mut self, axis: &Axis, right: f64, label: &str) {
        let rule = self.palette.rule();
        for tick in axis.ticks() {
            let y = axis.place(tick);
            self.line((LEFT, y), (right, y), rule);
            self.text(LEFT - 8.0, y + 4.0, "end", &number(tick));
        }
        let (y, label) = ((TOP + HEIGHT - BOTTOM) / 2.0, escape(label));
        self.add(format_args!(
            r#"<text transform="translate(18 {y}) rotate(-90)" text-anchor="middle">{label}</text>"#
        ));
    }

    pub(crate) fn legend<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        let (mut x, mut y) = (LEFT, 46.0);
        for (name, colour) in names.zip(SERIES.iter().cycle()) {
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

    /// Dashed lines from top to bottom, each with its name above.
    pub(crate) fn marks(&mut self, x: &Axis, marks: &[(f64, String)]) {
        let quiet = self.palette.quiet();
        let mut used: Vec<(f64, f64)> = Vec::new();
        for (value, name) in marks.iter().filter(|(value, _)| x.shows(*value)) {
            let at = x.place(*value);
            // Names that would overlap stand one above the other.
            let level = used.iter().filter(|(other, _)| (other - at).abs() < 7.0 * name.chars().count() as f64).count();
            let y = TOP - 8.0 - 15.0 * level as f64;
            used.push((at, y));
            self.add(format_args!(
                r#"<line x1="{at:.1}" y1="{:.1}" x2="{at:.1}" y2="{:.1}" stroke="{quiet}" stroke-dasharray="4 4"/>"#,
                TOP - 4.0,
                HEIGHT - BOTTOM
            ));
            self.text(at, y, "middle", name);
        }
    }
}

/// At most four significant digits.
pub(crate) fn number(value: f64) -> String {
    if value != 0.0 && !(1e-5..1e6).contains(&value.abs()) {
        return format!("{value:.1e}").replace(".0e", "e").replace('-', "−");
    }
    let decimals = if value == 0.0 { 0 } else { (3 - value.abs().log10().floor() as i32).clamp(0, 8) as usize };
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text };
    text.replace('-', "−")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_short() {
        assert_eq!(["0", "0.25", "10", "1200", "0.001"], [0.0, 0.25, 10.0, 1200.0, 0.001].map(number));
        assert_eq!(["1e−9", "−0.5", "2e7", "0.00001"], [1e-9, -0.5, 2e7, 1e-5].map(number));
    }
}
