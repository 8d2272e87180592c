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
    let (touched, alone) = picture.split();
    let mut nodes = [touched, alone].concat();
    nodes.sort_unstable();
    for &node in &nodes {
        let _ = writeln!(text, "  {};", quote(&picture.names[node]));
    }
    // Rows of the same time side by side, the oldest on top.
    let mut past: Vec<usize> = nodes.iter().map(|&node| picture.lag(node)).collect();
    past.sort_unstable_by(|a, b| b.cmp(a));
    past.dedup();
    for (number, lag) in past.into_iter().filter(|&lag| lag > 0).enumerate() {
        let row = nodes.iter().filter(|&&node| picture.lag(node) == lag);
        let names: Vec<String> = row.map(|&node| quote(&picture.names[node])).collect();
        let rank = if number == 0 { "source" } else { "same" };
        let _ = writeln!(text, "  {{ rank={rank}; {}; }}", names.join("; "));
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
