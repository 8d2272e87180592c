//! The curves of a run as one picture.

use chart::{Chart, Palette, Plot};
use orthant::stablemax::train::{History, HistoryRow};

/// Accuracies and collapse over the steps.
pub(super) fn curves(title: &str, history: &History) -> String {
    let line = |name: &str, value: &dyn Fn(&HistoryRow) -> f64| {
        let points = history.rows.iter().map(|row| (row.step as f64, value(row))).filter(|point| point.1.is_finite());
        (name.to_owned(), points.collect::<Vec<_>>())
    };
    let mut series =
        vec![line("train accuracy", &|row| row.train_accuracy), line("test accuracy", &|row| row.test_accuracy)];
    let types = history.rows.first().map_or(0, |row| row.collapse.len());
    for index in 0..types {
        let name = history.rows.first().map_or("", |row| row.collapse[index].float.name());
        series.push(line(&format!("collapsed in {name}"), &|row| row.collapse[index].collapsed));
    }
    series.push(line("cosine with -gradient", &|row| row.cosine));
    let plot = Plot::Lines { x: "step".to_owned(), log_x: false, log_y: false, series };
    Chart { title: title.to_owned(), y: "fraction".to_owned(), plot }.to_svg(Palette::Fixed)
}
