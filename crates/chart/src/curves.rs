//! Many thin curves over an axis that falls to the right.

use crate::axis::Axis;
use crate::canvas::{BOTTOM, Canvas, HEIGHT, LEFT, RIGHT, TOP, WIDTH};
use crate::palette::SERIES;

/// One curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Written at its end when there is room.
    pub name: String,
    /// Points in the order in which they are joined.
    pub points: Vec<(f64, f64)>,
}

/// Curves that get a name.
const NAMED: usize = 12;
/// Height of a line of text.
const LINE: f64 = 14.0;

pub(crate) fn draw(canvas: &mut Canvas, x_label: &str, y_label: &str, curves: &[Curve], marks: &[(f64, String)]) {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let named = strongest(curves);
    let width = named.iter().map(|&index| shown(&curves[index].name).chars().count()).max().unwrap_or(0);
    let right = WIDTH - RIGHT - if width > 0 { 10.0 + 7.2 * width as f64 } else { 0.0 };
    let y = Axis::new(points().map(|p| p.1), false, HEIGHT - BOTTOM, TOP);
    let x = Axis::tight(points().map(|p| p.0), true, right, LEFT);
    canvas.y_axis(&y, right, y_label);
    canvas.x_axis(&x, x_label);
    canvas.marks(&x, marks);
    for (curve, colour) in curves.iter().zip(SERIES.iter().cycle()) {
        let drawn = curve.points.iter().filter(|p| x.shows(p.0) && y.shows(p.1));
        let at: Vec<(f64, f64)> = drawn.map(|p| (x.place(p.0), y.place(p.1))).collect();
        canvas.polyline(&at, colour, 1.4);
    }
    let ends: Vec<f64> = named.iter().map(|&index| y.place(end(&curves[index]))).collect();
    for (&index, at) in named.iter().zip(spread(&ends)) {
        let colour = SERIES[index % SERIES.len()];
        let name = shown(&curves[index].name);
        canvas.add(format_args!(r#"<g fill="{colour}">"#));
        canvas.text(right + 8.0, at + 4.0, "start", &name);
        canvas.add("</g>");
    }
}

/// The last value of a curve.
fn end(curve: &Curve) -> f64 {
    curve.points.iter().rev().map(|p| p.1).find(|y| y.is_finite()).unwrap_or(0.0)
}

/// The curves that end farthest from 0, from the top of the chart to its bottom.
fn strongest(curves: &[Curve]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..curves.len()).filter(|&index| end(&curves[index]) != 0.0).collect();
    order.sort_by(|&a, &b| end(&curves[b]).abs().total_cmp(&end(&curves[a]).abs()));
    order.truncate(NAMED);
    order.sort_by(|&a, &b| end(&curves[b]).total_cmp(&end(&curves[a])));
    order
}

/// Moves places (from top to bottom) down, and then up, until a line of text fits between neighbours.
fn spread(places: &[f64]) -> Vec<f64> {
    let mut places = places.to_vec();
    for index in 1..places.len() {
        places[index] = places[index].max(places[index - 1] + LINE);
    }
    let mut limit = HEIGHT - BOTTOM + 4.0;
    for place in places.iter_mut().rev() {
        *place = place.min(limit);
        limit = *place - LINE;
    }
    places
}

/// At most 16 characters of a name.
fn shown(name: &str) -> String {
    if name.chars().count() <= 16 {
        name.to_owned()
    } else {
        format!("{}…", name.chars().take(15).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::{LINE, spread};

    #[test]
    fn names_do_not_overlap() {
        let spread = spread(&[100.0, 101.0, 102.0, 362.0, 363.0, 364.0]);
        assert!(spread.windows(2).all(|pair| pair[1] - pair[0] >= LINE - 1e-9), "{spread:?}");
        assert!(spread[5] <= 370.0);
    }
}
