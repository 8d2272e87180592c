//! A graph in the language of Graphviz.

use super::picture::Picture;
use std::fmt::Write;

/// The text of a `.dot` file.
pub(crate) fn dot(picture: &Picture) -> String {
    let quote = |name: &str| {
        let clean: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        format!("\"{}\"", clean.replace('\\', "\\\\").replace('"', "\\\""))
    };
    let mut text =
        String::from("digraph orthant {\n  node [shape=box, style=\"rounded,filled\", fillcolor=\"#eef2f6\"];\n");
    for name in &picture.names {
        let _ = writeln!(text, "  {};", quote(name));
    }
    let largest = picture.largest();
    for arrow in &picture.arrows {
        let colour = if arrow.weight < 0.0 { "#c0392b" } else { "#1f67b1" };
        let style = if arrow.doubtful { ", style=dashed" } else { "" };
        let head = if arrow.reversible { ", arrowhead=empty" } else { "" };
        let _ = writeln!(
            text,
            "  {} -> {} [label=\"{:.3}\", color=\"{colour}\", penwidth={:.2}{style}{head}];",
            quote(&picture.names[arrow.from]),
            quote(&picture.names[arrow.to]),
            arrow.weight,
            1.1 + 3.2 * (arrow.weight.abs() / largest).min(1.0),
        );
    }
    text.push_str("}\n");
    text
}
