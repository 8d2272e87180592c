//! Grouped bars.

use crate::axis::Axis;
use crate::canvas::{BOTTOM, Canvas, HEIGHT, LEFT, RIGHT, TOP, WIDTH};
use crate::palette::SERIES;

pub(crate) fn draw(canvas: &mut Canvas, label: &str, groups: &[String], series: &[(String, Vec<(f64, f64)>)]) {
    let tops = series.iter().flat_map(|(_, bars)| bars).map(|&(mean, sd)| mean + if sd > 0.0 { sd } else { 0.0 });
    let y = Axis::new(tops, false, HEIGHT - BOTTOM, TOP);
    let ink = canvas.palette.ink();
    canvas.y_axis(&y, WIDTH - RIGHT, label);
    let group = (WIDTH - LEFT - RIGHT) / groups.len().max(1) as f64;
    let bar = 0.8 * group / series.len().max(1) as f64;
    for (g, name) in groups.iter().enumerate() {
        let begin = LEFT + group * (g as f64 + 0.1);
        for (k, ((_, bars), colour)) in series.iter().zip(SERIES.iter().cycle()).enumerate() {
            let Some(&(mean, sd)) = bars.get(g).filter(|bar| bar.0.is_finite()) else { continue };
            let (x, base, tip) = (begin + bar * k as f64, y.place(0.0), y.place(mean));
            let (width, top, height) = (0.9 * bar, tip.min(base), (base - tip).abs());
            canvas.add(format_args!(
                r#"<rect x="{x:.1}" y="{top:.1}" width="{width:.1}" height="{height:.1}" fill="{colour}"/>"#
            ));
            if sd > 0.0 && sd.is_finite() {
                let middle = x + 0.5 * width;
                canvas.line((middle, y.place(mean - sd)), (middle, y.place(mean + sd)), ink);
            }
        }
        canvas.text(begin + 0.4 * group, HEIGHT - BOTTOM + 20.0, "middle", name);
    }
    canvas.line((LEFT, y.place(0.0)), (WIDTH - RIGHT, y.place(0.0)), ink);
    canvas.legend(series.iter().map(|(name, _)| name.as_str()));
}
