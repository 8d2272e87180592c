//! A small plot for the report: how acyclicity was reached.

use super::trace::Point;
use std::fmt::Write;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 58.0;
const BOTTOM: f64 = 40.0;
const TOP: f64 = 26.0;
/// Points of a line; longer ones are thinned.
const POINTS: usize = 600;

/// h over the steps on a logarithmic scale, one line for each start; `None` without enough steps.
pub(super) fn acyclicity(trace: &[Point]) -> Option<String> {
    let starts = trace.iter().map(|point| point.start).max()? + 1;
    let lines: Vec<Vec<(usize, &Point)>> = (0..starts)
        .map(|start| trace.iter().filter(|point| point.start == start).enumerate().collect())
        .filter(|line: &Vec<_>| line.len() > 1)
        .collect();
    let longest = lines.iter().map(Vec::len).max()?;
    let lowest_drawn = 1e-12_f64;
    let values = || lines.iter().flatten().map(|(_, point)| point.h).filter(|h| h.is_finite());
    let high = values().fold(lowest_drawn * 10.0, f64::max).log10().ceil();
    let low = values().map(|h| h.max(lowest_drawn)).fold(f64::INFINITY, f64::min).log10().floor().min(high - 1.0);
    let x = |step: usize| LEFT + (WIDTH - LEFT - 12.0) * step as f64 / (longest - 1) as f64;
    let y = |h: f64| {
        let share = (high - h.max(lowest_drawn).log10()) / (high - low);
        TOP + (HEIGHT - TOP - BOTTOM) * share.clamp(0.0, 1.0)
    };
    let mut body = String::new();
    let every = (((high - low) / 5.0).ceil() as i32).max(1);
    for power in (low as i32..=high as i32).filter(|power| (power - low as i32) % every == 0) {
        let at = y(10.0_f64.powi(power));
        let _ = write!(
            body,
            r#"<line x1="{LEFT}" x2="{}" y1="{at:.1}" y2="{at:.1}" stroke="var(--rule)"/><text x="{}" y="{:.1}" text-anchor="end">1e{power}</text>"#,
            WIDTH - 12.0,
            LEFT - 8.0,
            at + 4.0,
        );
    }
    for (number, line) in lines.iter().enumerate() {
        let every = line.len().div_ceil(POINTS).max(1);
        let mut path = String::new();
        for (step, point) in
            line.iter().filter(|(step, point)| point.h.is_finite() && (step % every == 0 || *step + 1 == line.len()))
        {
            let _ = write!(path, "{}{:.1} {:.1}", if path.is_empty() { 'M' } else { 'L' }, x(*step), y(point.h));
        }
        let dash = ["", "6 3", "2 3", "8 3 2 3"][number % 4];
        let _ = write!(
            body,
            r#"<path d="{path}" fill="none" stroke="var(--positive)" stroke-width="1.6" stroke-dasharray="{dash}"/>"#
        );
        for pair in line.windows(2).filter(|pair| number == 0 && pair[0].1.stage != pair[1].1.stage) {
            let at = x(pair[1].0);
            let _ = write!(
                body,
                r#"<line x1="{at:.1}" x2="{at:.1}" y1="{TOP}" y2="{:.1}" stroke="var(--node-line)" stroke-dasharray="2 4"/>"#,
                HEIGHT - BOTTOM
            );
        }
    }
    let _ = write!(
        body,
        r#"<text x="{LEFT}" y="16">acyclicity h (0 is a graph without cycles); dotted: a new stage begins</text><text x="{}" y="{}" text-anchor="end">step {longest}</text><text x="{LEFT}" y="{}">step 1</text>"#,
        WIDTH - 12.0,
        HEIGHT - BOTTOM + 20.0,
        HEIGHT - BOTTOM + 20.0,
    );
    Some(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="acyclicity over the steps"><g font-size="12" fill="var(--quiet)" font-family="system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif">{body}</g></svg>"#
    ))
}
