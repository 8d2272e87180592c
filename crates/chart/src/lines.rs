//! Points joined by lines.

use crate::axis::Axis;
use crate::canvas::{BOTTOM, Canvas, HEIGHT, LEFT, RIGHT, TOP, WIDTH};
use crate::palette::SERIES;

/// Points are drawn as dots up to this number in a series.
const DOTS: usize = 60;

pub(crate) fn draw(
    canvas: &mut Canvas,
    (x_label, log_x): (&str, bool),
    (y_label, log_y): (&str, bool),
    series: &[(String, Vec<(f64, f64)>)],
) {
    let points = || series.iter().flat_map(|(_, points)| points);
    let y = Axis::new(points().map(|p| p.1), log_y, HEIGHT - BOTTOM, TOP);
    let mut x = Axis::new(points().map(|p| p.0), log_x, LEFT, WIDTH - RIGHT);
    if !log_x {
        x.low = points().map(|p| p.0).filter(|x| x.is_finite()).fold(x.high, f64::min);
    }
    canvas.y_axis(&y, WIDTH - RIGHT, y_label);
    canvas.x_axis(&x, x_label);
    for ((_, points), colour) in series.iter().zip(SERIES.iter().cycle()) {
        let drawn = points.iter().filter(|p| x.shows(p.0) && y.shows(p.1));
        let at: Vec<(f64, f64)> = drawn.map(|p| (x.place(p.0), y.place(p.1))).collect();
        canvas.polyline(&at, colour, 2.0);
        if at.len() <= DOTS {
            at.iter().for_each(|&point| canvas.dot(point, 3.5, colour));
        }
    }
    canvas.legend(series.iter().map(|(name, _)| name.as_str()));
}
