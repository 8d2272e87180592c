//! A layered drawing as SVG.

use super::labels;
use super::layout::{Layout, NODE_HEIGHT, clipped, label_width, text_width};
use super::picture::{Arrow, Picture};
use super::route::{Route, routes};
use crate::output::{short, signed};
use std::fmt::Write;

/// Where colours come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Palette {
    /// Fixed colours on white: a file of its own.
    Fixed,
    /// The variables of the page around it, which may be light or dark.
    Page,
}

impl Palette {
    fn style(self) -> String {
        let colour = |variable: &str, fixed: &str| match self {
            Self::Fixed => fixed.to_owned(),
            Self::Page => format!("var(--{variable})"),
        };
        let ink = colour("ink", "#1b2733");
        let paper = colour("paper", "#ffffff");
        let fill = colour("node", "#eef2f6");
        let line = colour("node-line", "#8795a5");
        let quiet = colour("quiet", "#5b6875");
        let positive = colour("positive", "#1f67b1");
        let negative = colour("negative", "#c0392b");
        format!(
            ".g text{{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:{ink}}}\
             .g .n rect{{fill:{fill};stroke:{line}}}.g .n text{{font-size:13px;text-anchor:middle}}\
             .g .e{{fill:none}}.g .p{{stroke:{positive}}}.g .m{{stroke:{negative}}}\
             .g .h.p{{fill:{positive}}}.g .h.m{{fill:{negative}}}.g .h.o{{fill:{paper}}}\
             .g .w{{font-size:11px;text-anchor:middle;stroke:{paper};stroke-width:4px;stroke-linejoin:round;paint-order:stroke}}\
             .g .c{{font-size:12px;fill:{quiet}}}"
        )
    }
}

/// Weights are written on the edges up to this number of edges.
const LABELLED: usize = 60;
const MARGIN: f64 = 16.0;
/// Nodes without edges are drawn up to this number.
const ALONE: usize = 60;

/// The drawing with a legend, a self-contained `<svg>` element.
pub(crate) fn svg(picture: &Picture, palette: Palette) -> String {
    let layout = Layout::new(picture);
    let largest = picture.largest();
    let thickness = |arrow: &Arrow| 1.1 + 3.2 * (arrow.weight.abs() / largest).min(1.0);
    let routes = routes(picture, &layout, |edge| head_length(thickness(&picture.arrows[edge])));
    let legend = legend(picture);
    let legend_width = legend.iter().map(|line| text_width(line, 12.0)).fold(0.0, f64::max);
    let inner = layout.width.max(legend_width.min(560.0)).max(240.0);
    let shift = (inner - layout.width) / 2.0;

    let mut body = String::new();
    let _ = write!(body, r#"<g transform="translate({} {})">"#, number(MARGIN + shift), number(MARGIN));
    for (arrow, route) in picture.arrows.iter().zip(&routes) {
        edge(&mut body, picture, arrow, route, thickness(arrow));
    }
    for vertex in &layout.vertices {
        if let Some(node) = vertex.node {
            draw_node(&mut body, &picture.names[node], vertex.x, layout.y[vertex.layer], vertex.width);
        }
    }
    if picture.arrows.len() <= LABELLED {
        let texts: Vec<String> = picture.arrows.iter().map(|arrow| rounded(arrow.weight)).collect();
        for (text, (x, y)) in texts.iter().zip(labels::places(&layout, &routes, &texts)) {
            let _ = write!(body, r#"<text class="w" x="{}" y="{}">{text}</text>"#, number(x), number(y + 4.0));
        }
    }
    body.push_str("</g>");
    let mut y = MARGIN + layout.height;
    y = alone(&mut body, picture, inner, y);
    y += 14.0;
    for line in wrap(&legend, inner) {
        y += 17.0;
        let _ = write!(body, r#"<text class="c" x="{}" y="{}">{}</text>"#, number(MARGIN), number(y), escape(&line));
    }
    let (width, height) = (inner + 2.0 * MARGIN, y + MARGIN);
    let background = match palette {
        Palette::Fixed => r##"<rect width="100%" height="100%" fill="#ffffff"/>"##,
        Palette::Page => "",
    };
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" class="g" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" aria-label="the learned graph, causes above their effects"><style>{style}</style>{background}{body}</svg>"#,
        w = number(width),
        h = number(height),
        style = palette.style(),
    )
}

fn head_length(thickness: f64) -> f64 {
    5.5 + 1.3 * thickness
}

fn edge(out: &mut String, picture: &Picture, arrow: &Arrow, route: &Route, thickness: f64) {
    let sign = if arrow.weight < 0.0 { 'm' } else { 'p' };
    let dash = if arrow.doubtful { r#" stroke-dasharray="6 4""# } else { "" };
    let mut path = format!("M{} {}", number(route.points[0].0), number(route.points[0].1));
    for piece in route.points[1..].chunks_exact(3) {
        path.push('C');
        for (index, point) in piece.iter().enumerate() {
            let _ = write!(path, "{}{} {}", if index > 0 { " " } else { "" }, number(point.0), number(point.1));
        }
    }
    let (from, to) = (escape(&picture.names[arrow.from]), escape(&picture.names[arrow.to]));
    let title = format!("<title>{from} → {to}: {}</title>", signed(arrow.weight));
    let _ =
        write!(out, r#"<path class="e {sign}" stroke-width="{}"{dash} d="{path}">{title}</path>"#, number(thickness));
    let length = head_length(thickness);
    let half = 2.6 + 0.8 * thickness;
    let (tip, (dx, dy)) = (route.tip, route.direction);
    let base = (tip.0 - length * dx, tip.1 - length * dy);
    let open = if arrow.reversible { " o" } else { "" };
    let _ = write!(
        out,
        r#"<path class="h {sign}{open}" stroke-width="1.1" stroke-linejoin="round" d="M{} {}L{} {}L{} {}Z"/>"#,
        number(tip.0),
        number(tip.1),
        number(base.0 - half * dy),
        number(base.1 + half * dx),
        number(base.0 + half * dy),
        number(base.1 - half * dx),
    );
}

fn draw_node(out: &mut String, name: &str, x: f64, y: f64, width: f64) {
    let _ = write!(
        out,
        r#"<g class="n"><title>{}</title><rect x="{}" y="{}" width="{}" height="{}" rx="8"/><text x="{}" y="{}">{}</text></g>"#,
        escape(name),
        number(x - width / 2.0),
        number(y - NODE_HEIGHT / 2.0),
        number(width),
        number(NODE_HEIGHT),
        number(x),
        number(y + 4.5),
        escape(&clipped(name)),
    );
}

/// Nodes without edges, in lines below the graph; returns the new bottom.
fn alone(out: &mut String, picture: &Picture, inner: f64, bottom: f64) -> f64 {
    let (_, alone) = picture.split();
    if alone.is_empty() {
        return bottom;
    }
    let gap = 10.0;
    let mut y = if picture.arrows.is_empty() { MARGIN } else { bottom + 38.0 };
    let caption = match (picture.omitted, alone.len() > ALONE) {
        (0, false) => "no edge:".to_owned(),
        (0, true) => format!("no edge at {} variables, the first of them:", alone.len()),
        (_, _) => format!("no drawn edge at {} variables", alone.len()),
    };
    let _ = write!(out, r#"<text class="c" x="{}" y="{}">{caption}</text>"#, number(MARGIN), number(y));
    if picture.omitted > 0 {
        return y;
    }
    y += 12.0 + NODE_HEIGHT / 2.0;
    let mut x = 0.0;
    for &node in alone.iter().take(ALONE) {
        let width = label_width(&picture.names[node]);
        if x > 0.0 && x + width > inner {
            x = 0.0;
            y += NODE_HEIGHT + gap;
        }
        draw_node(out, &picture.names[node], MARGIN + x + width / 2.0, y, width);
        x += width + gap;
    }
    y + NODE_HEIGHT / 2.0
}

fn legend(picture: &Picture) -> Vec<String> {
    if picture.arrows.is_empty() {
        return vec!["No edge was found.".to_owned()];
    }
    let mut lines = vec!["Blue: the effect rises with the cause. Red: it falls.".to_owned()];
    lines.push(format!("Thickness: size of the weight (up to {}).", short(picture.largest())));
    if picture.arrows.iter().any(|arrow| picture.lag(arrow.from) > 0) {
        lines.push("On top: the past, [t-1] one row before.".to_owned());
    }
    if picture.arrows.iter().any(|arrow| arrow.reversible) {
        lines.push("Open head: the data cannot tell the direction.".to_owned());
    }
    if picture.arrows.iter().any(|arrow| arrow.doubtful) {
        lines.push("Dashed: found in less than half of the draws.".to_owned());
    }
    if picture.omitted > 0 {
        let all = picture.arrows.len() + picture.omitted;
        lines.push(format!("Drawn are the {} strongest of {all} edges.", picture.arrows.len()));
    }
    lines
}

/// Sentences in lines of at most the given width.
fn wrap(sentences: &[String], width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for sentence in sentences {
        match lines.last_mut() {
            Some(line) if text_width(line, 12.0) + text_width(sentence, 12.0) + 8.0 < width => {
                line.push(' ');
                line.push_str(sentence);
            }
            _ => lines.push(sentence.clone()),
        }
    }
    lines
}

/// A weight in two decimals, or two digits when it is smaller.
fn rounded(weight: f64) -> String {
    let text = match weight.abs() {
        size if size >= 100.0 => format!("{weight:.0}"),
        size if size >= 0.095 => format!("{weight:.2}"),
        size if size >= 0.00095 => format!("{weight:.4}"),
        _ => format!("{weight:.0e}"),
    };
    text.replace('-', "−")
}

/// A coordinate with one decimal.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// Text for HTML and SVG, also within attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{Palette, escape, rounded, svg};
    use crate::drawing::{Arrow, Picture};

    #[test]
    fn names_cannot_break_out() {
        assert_eq!(escape("<a & 'b'>"), "&lt;a &amp; &#39;b&#39;&gt;");
        let arrow = Arrow { from: 0, to: 1, weight: -0.5, doubtful: true, reversible: true };
        let picture = Picture { names: vec!["<script>".into(), "b".into()], arrows: vec![arrow], ..Picture::default() };
        let text = svg(&picture, Palette::Fixed);
        assert!(!text.contains("<script>") && text.contains("&lt;script&gt;"));
        assert!(text.contains("stroke-dasharray") && text.contains(r#"class="h m o""#));
    }

    #[test]
    fn weights_are_short() {
        let texts: Vec<String> = [1234.0, -0.5, 0.0123, 1e-9].iter().map(|&w| rounded(w)).collect();
        assert_eq!(texts, ["1234", "−0.50", "0.0123", "1e−9"]);
    }

    #[test]
    fn a_graph_without_edges_is_drawn() {
        let picture = Picture { names: vec!["a".into(), "b".into()], ..Picture::default() };
        assert!(svg(&picture, Palette::Page).contains("No edge was found."));
        assert!(svg(&Picture::default(), Palette::Page).contains("</svg>"));
    }
}
