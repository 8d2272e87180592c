//! Values with error bars over an axis that falls to the right.

use crate::axis::Axis;
use crate::canvas::{BOTTOM, Canvas, HEIGHT, LEFT, RIGHT, TOP, WIDTH};
use crate::palette::SERIES;

/// A value with its error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Whisker {
    /// Place on the horizontal axis.
    pub x: f64,
    /// Value.
    pub y: f64,
    /// Half the length of the error bar.
    pub error: f64,
}

pub(crate) fn draw(
    canvas: &mut Canvas,
    x_label: &str,
    y_label: &str,
    series: &[(String, Vec<Whisker>)],
    marks: &[(f64, String)],
) {
    let all = || series.iter().flat_map(|(_, whiskers)| whiskers);
    let mut y = Axis::tight(all().flat_map(|w| [w.y - w.error, w.y, w.y + w.error]), false, HEIGHT - BOTTOM, TOP);
    y.widen(0.04);
    let x = Axis::tight(all().map(|w| w.x), true, WIDTH - RIGHT, LEFT);
    canvas.y_axis(&y, WIDTH - RIGHT, y_label);
    canvas.x_axis(&x, x_label);
    canvas.marks(&x, marks);
    for ((_, whiskers), colour) in series.iter().zip(SERIES.iter().cycle()) {
        let drawn = || whiskers.iter().filter(|w| x.shows(w.x) && y.shows(w.y));
        let at: Vec<(f64, f64)> = drawn().map(|w| (x.place(w.x), y.place(w.y))).collect();
        for (whisker, &(at, _)) in drawn().zip(&at).filter(|(w, _)| w.error > 0.0 && w.error.is_finite()) {
            let (low, high) = (y.place(whisker.y - whisker.error), y.place(whisker.y + whisker.error));
            canvas.line((at, low), (at, high), colour);
        }
        canvas.polyline(&at, colour, 1.4);
        at.iter().for_each(|&point| canvas.dot(point, 2.4, colour));
    }
    if series.len() > 1 {
        canvas.legend(series.iter().map(|(name, _)| name.as_str()));
    }
}
