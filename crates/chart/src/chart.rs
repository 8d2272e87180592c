//! A chart and its kinds.

use crate::canvas::Canvas;
use crate::curves::{self, Curve};
use crate::palette::Palette;
use crate::whiskers::{self, Whisker};
use crate::{bars, lines};

/// A chart with its title and the name of its vertical axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Above the chart.
    pub title: String,
    /// Along the vertical axis.
    pub y: String,
    /// What is drawn.
    pub plot: Plot,
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Plot {
    /// Points joined by lines.
    Lines {
        /// Along the horizontal axis.
        x: String,
        /// Whether it is logarithmic.
        log_x: bool,
        /// Whether the vertical axis is logarithmic.
        log_y: bool,
        /// Name and points of each line.
        series: Vec<(String, Vec<(f64, f64)>)>,
    },
    /// A bar for each series in each group, with a whisker of one standard deviation to either side.
    Bars {
        /// Names of the groups.
        groups: Vec<String>,
        /// Name of each series, and value and standard deviation in each group.
        series: Vec<(String, Vec<(f64, f64)>)>,
    },
    /// Many thin curves over a logarithmic axis that falls to the right, such as coefficients over the penalty level.
    Curves {
        /// Along the horizontal axis.
        x: String,
        /// The curves; those with the largest last values get their names.
        curves: Vec<Curve>,
        /// Places on the horizontal axis, with their names.
        marks: Vec<(f64, String)>,
    },
    /// Values with error bars over a logarithmic axis that falls to the right, such as a cross-validation error.
    Whiskers {
        /// Along the horizontal axis.
        x: String,
        /// Name and values of each series.
        series: Vec<(String, Vec<Whisker>)>,
        /// Places on the horizontal axis, with their names.
        marks: Vec<(f64, String)>,
    },
}

impl Chart {
    /// The drawing, a self-contained `<svg>` element.
    pub fn to_svg(&self, palette: Palette) -> String {
        let mut canvas = Canvas::new(&self.title, palette);
        match &self.plot {
            Plot::Lines { x, log_x, log_y, series } => lines::draw(&mut canvas, (x, *log_x), (&self.y, *log_y), series),
            Plot::Bars { groups, series } => bars::draw(&mut canvas, &self.y, groups, series),
            Plot::Curves { x, curves, marks } => curves::draw(&mut canvas, x, &self.y, curves, marks),
            Plot::Whiskers { x, series, marks } => whiskers::draw(&mut canvas, x, &self.y, series, marks),
        }
        canvas.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Chart, Plot};
    use crate::{Curve, Palette, Whisker};

    fn chart(plot: Plot) -> Chart {
        Chart { title: "T".to_owned(), y: "y".to_owned(), plot }
    }

    #[test]
    fn a_chart_has_a_bar_per_value_and_no_raw_markup() {
        let bars = vec![("a < b".to_owned(), vec![(1.0, 0.5), (2.0, f64::NAN)])];
        let plot = Plot::Bars { groups: vec!["x".to_owned(), "y".to_owned()], series: bars };
        let svg = chart(plot).to_svg(Palette::Fixed);
        // Two bars, the background and one key of the legend.
        assert_eq!(svg.matches("<rect").count(), 4);
        assert!(svg.contains("a &lt; b") && !svg.contains("a < b") && !svg.contains("NaN"));
    }

    #[test]
    fn nothing_breaks_on_values_that_cannot_be_drawn() {
        let bad = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1.0, f64::MAX, f64::MIN_POSITIVE];
        let points: Vec<(f64, f64)> = bad.iter().flat_map(|&x| bad.map(|y| (x, y))).collect();
        let curve = Curve { name: "a".to_owned(), points: points.clone() };
        let whiskers: Vec<Whisker> = points.iter().map(|&(x, y)| Whisker { x, y, error: y }).collect();
        let marks: Vec<(f64, String)> = bad.iter().map(|&x| (x, "m".to_owned())).collect();
        let x = || "x".to_owned();
        let series = vec![("a".to_owned(), points)];
        for plot in [
            Plot::Lines { x: x(), log_x: true, log_y: true, series: series.clone() },
            Plot::Lines { x: x(), log_x: false, log_y: false, series: series.clone() },
            Plot::Bars { groups: vec!["g".to_owned(); 49], series },
            Plot::Curves { x: x(), curves: vec![curve], marks: marks.clone() },
            Plot::Whiskers { x: x(), series: vec![("s".to_owned(), whiskers)], marks },
            Plot::Curves { x: x(), curves: Vec::new(), marks: Vec::new() },
            Plot::Whiskers { x: x(), series: Vec::new(), marks: Vec::new() },
        ] {
            for palette in [Palette::Fixed, Palette::Page] {
                let svg = chart(plot.clone()).to_svg(palette);
                assert!(!svg.contains("NaN") && !svg.contains("inf"), "{plot:?}\n{svg}");
            }
        }
    }

    #[test]
    fn a_page_gives_its_own_colours() {
        let points = vec![(1.0, 2.0), (2.0, 3.0)];
        let plot =
            Plot::Lines { x: "x".to_owned(), log_x: false, log_y: false, series: vec![("a".to_owned(), points)] };
        assert!(chart(plot.clone()).to_svg(Palette::Page).contains("var(--rule)"));
        assert!(!chart(plot).to_svg(Palette::Fixed).contains("var("));
    }
}
