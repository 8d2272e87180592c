//! `report.html`: what was found, how far to trust it, how to repeat it.

use super::document::{BootstrapRecord, EdgeRecord, FitDocument};
use super::summary::{p_value, percent, range};
use super::trace::Point;
use super::{plot, residuals};
use crate::drawing::{Palette, Picture, svg};
use crate::output::{Align, short, signed};
use crate::report::{HtmlTable, Page};

use Align::{Left, Right};

/// Rows of a table on the page; the files hold all.
const SHOWN: usize = 300;

/// The text of the page.
pub(super) fn html(document: &FitDocument, picture: &Picture, trace: &[Point]) -> String {
    let mut page = Page::new(&format!("Causal graph of {}", base_name(&document.data.source)), &subtitle(document));
    figures(&mut page, document);
    if !document.warnings.is_empty() {
        page.warnings(&document.warnings);
    }
    page.section("The graph");
    page.picture(&svg(picture, Palette::Page));
    edges(&mut page, document);
    bootstrap(&mut page, document);
    truth(&mut page, document);
    variables(&mut page, document);
    residuals::section(&mut page, document);
    diagnostics(&mut page, document, trace);
    reading(&mut page);
    reproduce(&mut page, document);
    page.html()
}

/// The last part of a path.
fn base_name(source: &str) -> &str {
    source.rsplit(['/', '\\']).next().unwrap_or(source)
}

fn subtitle(document: &FitDocument) -> String {
    let model = match document.settings.noise.as_str() {
        "ev" => "one noise variance for all variables (CoLiDE-EV)",
        _ => "a noise variance for each variable (CoLiDE-NV)",
    };
    let mut text = format!("{} rows, {} variables, {model}", short(document.data.samples), document.present());
    match document.data.lags {
        0 => {}
        1 => text.push_str("; a series, each row joined with the one before it"),
        lags => text.push_str(&format!("; a series, each row joined with the {lags} before it")),
    }
    if let Some(missing) = &document.data.missing {
        let how = if missing.method == "em" { "by maximum likelihood" } else { "pair by pair" };
        text.push_str(&format!("; {} of the entries missing, covariance estimated {how}", percent(missing.share)));
    }
    if document.data.dropped_rows > 0 {
        text.push_str(&format!("; {} rows with missing values were left out", document.data.dropped_rows));
    }
    if !document.data.groups.is_empty() {
        let groups: Vec<String> =
            document.data.groups.iter().take(20).map(|(name, rows)| format!("{name} ({rows})")).collect();
        text.push_str(&format!("; each group centred on its own: {}", groups.join(", ")));
    }
    if document.data.log {
        text.push_str("; natural logarithms");
    }
    if document.data.standardised {
        text.push_str("; columns standardised");
    }
    text
}

fn optional(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), short)
}

fn figures(page: &mut Page, document: &FitDocument) {
    let compelled = document.edges.iter().filter(|edge| edge.compelled).count();
    let past = document.edges.iter().filter(|edge| document.variables[edge.cause].lag > 0).count();
    let mut figures = vec![(document.edges.len().to_string(), "edges")];
    if document.data.lags > 0 {
        figures.push((past.to_string(), "of them from the past"));
    }
    figures.extend([
        (compelled.to_string(), "with compelled direction"),
        (optional(document.diagnostics.bic), "BIC"),
        (document.diagnostics.varsortability.map_or("–".to_owned(), |v| format!("{v:.2}")), "varsortability"),
    ]);
    if let Some(truth) = &document.truth {
        figures.push((truth.shd.to_string(), "SHD to the true graph"));
    }
    page.figures(&figures);
}

fn edges(page: &mut Page, document: &FitDocument) {
    page.section("Edges");
    if document.edges.is_empty() {
        page.paragraph(&format!("No edge has a weight above the threshold of {}.", document.settings.threshold));
        return;
    }
    let mut columns = vec![
        ("cause", Left),
        ("effect", Left),
        ("weight", Right),
        ("least squares", Right),
        ("± error", Right),
        ("p-value", Right),
        ("direction", Left),
    ];
    let interval = document.bootstrap.as_ref().map(|b| format!("{} % interval", short(100.0 * b.confidence)));
    if let Some(interval) = &interval {
        columns.extend([("found in", Right), (interval.as_str(), Right)]);
    }
    if document.truth.is_some() {
        columns.push(("truth", Left));
    }
    let mut table = HtmlTable::new(&columns);
    for edge in document.edges.iter().take(SHOWN) {
        let name = |index: usize| document.variables[index].name.clone();
        let mut cells = vec![
            name(edge.cause),
            name(edge.effect),
            signed(edge.weight),
            signed(edge.refit_weight),
            short(edge.standard_error.unwrap_or(f64::INFINITY)),
            p_value(edge.p_value),
            if edge.compelled { "compelled" } else { "reversible" }.to_owned(),
        ];
        cells.extend(edge.frequency.map(percent));
        cells.extend(edge.interval.map(range));
        cells.extend(verdict(document, edge).map(str::to_owned));
        table.row(&cells);
    }
    page.raw(&table.html());
    if document.edges.len() > SHOWN {
        page.note(&format!("The strongest {SHOWN} of {} edges; all are in edges.csv.", document.edges.len()));
    }
    page.note(
        "A weight says by how much the effect changes when the cause changes by one unit and the other causes stay. \
         “weight” is CoLiDE's, pulled towards zero by the penalty; “least squares” is without that pull. Errors and \
         p-values take the graph as given: it was chosen on the same data, so they are too optimistic.",
    );
    if document.data.lags > 0 {
        page.note(
            "X[t-1] is X one row before. An edge from it says what acts later, and time compels its direction; an edge \
             between two variables without a bracket says what acts within the same row.",
        );
    }
}

fn bootstrap(page: &mut Page, document: &FitDocument) {
    let Some(bootstrap) = &document.bootstrap else { return };
    let name = |index: usize| document.variables[index].name.clone();
    page.section("How sure the edges are");
    let drawn = match bootstrap.resampling.as_str() {
        "bootstrap" => "as many rows as there are, with replacement".to_owned(),
        "half" => "half of the rows, without replacement".to_owned(),
        fraction => format!("a share of {fraction} of the rows, without replacement"),
    };
    let begun = match bootstrap.begin.as_str() {
        "cold" => "each fit began from nothing",
        _ => {
            "each fit began at the fit of all rows, so that the shares speak of graphs near it (--bootstrap-begin cold does not)"
        }
    };
    let sized = match bootstrap.resampling.as_str() {
        "bootstrap" | "half" => "",
        _ => " They are as wide as the weights of draws of that size vary, not as those of all rows.",
    };
    let centred = if document.data.groups.is_empty() { "" } else { " Groups were centred once, before the draws." };
    page.paragraph(&format!(
        "Rows were drawn anew {} times (seed {}): {drawn}; {begun}.{centred} “Found in” is the share of these fits that have \
         the edge. Intervals hold the middle {} of the least-squares weights; where an edge is absent, 0 counts.{sized}",
        bootstrap.replicates,
        bootstrap.seed,
        percent(bootstrap.confidence)
    ));
    page.paragraph(&consensus(document, bootstrap));
    false_edges(page, bootstrap);
    if !bootstrap.other_edges.is_empty() {
        let others: Vec<String> = bootstrap
            .other_edges
            .iter()
            .take(40)
            .map(|edge| format!("{} → {} ({})", name(edge.cause), name(edge.effect), percent(edge.frequency)))
            .collect();
        page.paragraph(&format!("Not in the graph, but often found: {}.", others.join(", ")));
    }
    if bootstrap.effects.is_empty() {
        return;
    }
    let interval = format!("{} % interval", short(100.0 * bootstrap.confidence));
    let mut table = HtmlTable::new(&[
        ("cause", Left),
        ("effect", Left),
        ("a path in", Right),
        ("total effect, median", Right),
        (&interval, Right),
    ]);
    for effect in bootstrap.effects.iter().take(60) {
        table.row(&[
            name(effect.cause),
            name(effect.effect),
            percent(effect.path_frequency),
            signed(effect.median),
            range(effect.interval),
        ]);
    }
    page.raw(&table.html());
    page.note("Total effects over all directed paths, for pairs that at least half of the replicates connect.");
}

/// What more than half of the draws agree on.
fn consensus(document: &FitDocument, bootstrap: &BootstrapRecord) -> String {
    let shown = |pairs: Vec<(usize, usize)>| -> String {
        let name = |index: usize| document.variables[index].name.as_str();
        let text: Vec<String> = pairs.iter().take(40).map(|&(a, b)| format!("{} → {}", name(a), name(b))).collect();
        let more = pairs.len().saturating_sub(40);
        if more > 0 { format!("{} and {more} more", text.join(", ")) } else { text.join(", ") }
    };
    let edges: Vec<(usize, usize)> = document.edges.iter().map(|edge| (edge.cause, edge.effect)).collect();
    let beyond: Vec<_> = bootstrap.consensus.iter().copied().filter(|&pair| !document.has_edge(pair)).collect();
    let without: Vec<_> = edges.iter().copied().filter(|pair| !bootstrap.consensus.contains(pair)).collect();
    let mut text = format!(
        "Consensus: {} edges are in more than half of the draws without closing a cycle, {} of them in the graph.",
        bootstrap.consensus.len(),
        edges.len() - without.len()
    );
    if !beyond.is_empty() {
        text.push_str(&format!(" Only in the consensus: {}.", shown(beyond)));
    }
    if !without.is_empty() {
        text.push_str(&format!(" Only in the graph: {}.", shown(without)));
    }
    if let Some(mean) = bootstrap.mean_edges {
        text.push_str(&format!(" A draw has {} edges on average.", short(mean)));
    }
    text
}

/// Bounds on false edges, for subsamples.
fn false_edges(page: &mut Page, bootstrap: &BootstrapRecord) {
    if bootstrap.expected_false_edges.is_empty() {
        return;
    }
    let mut table =
        HtmlTable::new(&[("found in at least", Right), ("edges", Right), ("expected false edges, at most", Right)]);
    for bound in &bootstrap.expected_false_edges {
        table.row(&[percent(bound.frequency), bound.edges.to_string(), short(bound.at_most)]);
    }
    page.raw(&table.html());
    let fraction =
        if bootstrap.resampling == "half" { "" } else { " Here another share was drawn: take it as a guide." };
    page.note(&format!(
        "The bound of Meinshausen and Bühlmann (2010) holds for draws of half the rows when the method is no worse than \
         guessing and all false edges are alike.{fraction} A bound above the number of edges says nothing."
    ));
}

fn verdict(document: &FitDocument, edge: &EdgeRecord) -> Option<&'static str> {
    let truth = document.truth.as_ref()?;
    Some(if truth.edges.contains(&(edge.cause, edge.effect)) {
        "right"
    } else if truth.edges.contains(&(edge.effect, edge.cause)) {
        "reversed"
    } else {
        "extra"
    })
}

fn truth(page: &mut Page, document: &FitDocument) {
    let Some(truth) = &document.truth else { return };
    page.section("Against the true graph");
    let mut table = HtmlTable::new(&[("measure", Left), ("value", Right), ("meaning", Left)]);
    let mut row = |name: &str, value: String, meaning: &str| table.row(&[name.to_owned(), value, meaning.to_owned()]);
    row("SHD", truth.shd.to_string(), "edges to add, remove or turn");
    row("SHD-C", truth.shd_cpdag.to_string(), "the same between equivalence classes");
    row("SID", truth.sid.to_string(), "pairs whose causal effect would be judged wrongly");
    row("FDR", format!("{:.2}", truth.fdr), "fraction of the found edges that are reversed or extra");
    row("TPR", format!("{:.2}", truth.tpr), "fraction of the true edges that were found");
    row("right", truth.true_positives.to_string(), "found in the true direction");
    row("reversed", truth.reversed.to_string(), "found in the other direction");
    row("extra", truth.false_positives.to_string(), "found between variables that are not adjacent in truth");
    row("missing", truth.missing.to_string(), "true, but not found in either direction");
    page.raw(&table.html());
    let found = |a: usize, b: usize| {
        document.edges.iter().any(|e| (e.cause, e.effect) == (a, b) || (e.cause, e.effect) == (b, a))
    };
    let missing: Vec<String> = truth
        .edges
        .iter()
        .filter(|&&(a, b)| !found(a, b))
        .take(60)
        .map(|&(a, b)| format!("{} → {}", document.variables[a].name, document.variables[b].name))
        .collect();
    if !missing.is_empty() {
        page.note(&format!("Missing: {}.", missing.join(", ")));
    }
}

fn variables(page: &mut Page, document: &FitDocument) {
    page.section("Variables and noise scales");
    let mut table = HtmlTable::new(&[
        ("variable", Left),
        ("mean", Right),
        ("standard deviation", Right),
        ("noise scale σ", Right),
        ("residual deviation", Right),
        ("explained", Right),
    ]);
    for variable in document.variables.iter().filter(|variable| variable.lag == 0).take(SHOWN) {
        let share = if variable.sd > 0.0 { 1.0 - (variable.residual_sd / variable.sd).powi(2) } else { 0.0 };
        table.row(&[
            variable.name.clone(),
            short(variable.mean),
            short(variable.sd),
            short(variable.noise_scale),
            short(variable.residual_sd),
            format!("{:.0} %", 100.0 * share.clamp(0.0, 1.0)),
        ]);
    }
    page.raw(&table.html());
    if document.present() > SHOWN {
        page.note(&format!("The first {SHOWN} of {} variables; all are in fit.json.", document.present()));
    }
    page.note(
        "Noise scale: standard deviation of what the causes do not explain, by CoLiDE. Residual deviation: the same by \
         least squares on the graph. Explained: share of the variance that the causes account for.",
    );
}

fn diagnostics(page: &mut Page, document: &FitDocument, trace: &[Point]) {
    page.section("How the fit went");
    let diagnostics = &document.diagnostics;
    let mut facts = HtmlTable::new(&[("quantity", Left), ("value", Left)]);
    let mut fact = |name: &str, value: String| facts.row(&[name.to_owned(), value]);
    fact("objective S + λ‖W‖₁", optional(diagnostics.objective));
    fact("violation of the optimality conditions", optional(diagnostics.optimality));
    fact("log-likelihood after least squares", optional(diagnostics.log_likelihood));
    fact("BIC", optional(diagnostics.bic));
    fact("varsortability", optional(diagnostics.varsortability));
    fact("R²-sortability", optional(diagnostics.r2_sortability));
    fact("penalty λ", short(document.settings.sparsity));
    fact("threshold on the weights", short(document.settings.threshold));
    fact("solver, choice, units", {
        let settings = &document.settings;
        format!("{}, {}, {}", settings.solver, settings.finish, settings.units)
    });
    page.raw(&facts.html());
    page.note(
        "Varsortability is the share of the causal paths that lead to a larger variance: near 1, sorting the variables by \
         variance would give the same directions, and the choice of units decides. R²-sortability is the same with the \
         explained variance, which no choice of units changes; 0.5 is what chance gives.",
    );
    if !diagnostics.sparsity_path.is_empty() {
        let choose = document.settings.choose.as_deref().filter(|&choose| choose != "bic");
        let mut columns = vec![("penalty λ", Right), ("edges", Right), ("BIC", Right)];
        columns.extend(choose.map(|choose| (choose, Right)));
        columns.push(("", Left));
        let mut table = HtmlTable::new(&columns);
        for tried in &diagnostics.sparsity_path {
            let chosen = if tried.sparsity == document.settings.sparsity { "chosen" } else { "" };
            let mut cells = vec![short(tried.sparsity), tried.edges.to_string(), optional(tried.bic)];
            cells.extend(choose.map(|_| optional(tried.criterion)));
            cells.push(chosen.to_owned());
            table.row(&cells);
        }
        page.raw(&table.html());
    }
    let mut table = HtmlTable::new(&[
        ("candidate", Left),
        ("edges", Right),
        ("penalised score", Right),
        ("criterion", Right),
        ("moves of the search", Right),
        ("", Left),
    ]);
    for (number, candidate) in diagnostics.candidates.iter().enumerate() {
        table.row(&[
            candidate.start.clone(),
            candidate.edges.to_string(),
            optional(candidate.objective),
            optional(candidate.criterion),
            candidate.moves.to_string(),
            if number == diagnostics.chosen { "chosen" } else { "" }.to_owned(),
        ]);
    }
    page.raw(&table.html());
    let mut stages = HtmlTable::new(&[
        ("path", Left),
        ("stage", Right),
        ("μ", Right),
        ("s", Right),
        ("steps", Right),
        ("objective", Right),
        ("acyclicity h", Right),
        ("ended", Left),
    ]);
    let mut any = false;
    for candidate in &diagnostics.candidates {
        for (number, stage) in candidate.stages.iter().enumerate() {
            any = true;
            stages.row(&[
                candidate.start.clone(),
                (number + 1).to_string(),
                short(stage.mu),
                short(stage.s),
                stage.steps.to_string(),
                optional(stage.objective),
                optional(stage.h),
                stage.end.clone(),
            ]);
        }
    }
    if any {
        page.raw(&stages.html());
    }
    if let Some(plot) = plot::acyclicity(trace) {
        page.picture(&plot);
    }
}

fn reading(page: &mut Page) {
    page.section("How far to trust it");
    page.paragraph(
        "The graph is causal only if the model holds: linear effects, no feedback, no unmeasured common cause, no selection \
         of the rows. Data alone cannot verify that. A reversible edge fits the data equally well in the other direction; \
         its direction rests on the noise model.",
    );
}

fn reproduce(page: &mut Page, document: &FitDocument) {
    page.section("How to repeat it");
    let words: Vec<String> = document.command.iter().map(|word| quoted(word)).collect();
    page.code(&words.join(" "));
    page.note(&format!(
        "{}. The result does not depend on the number of threads. fit.json beside this page holds all numbers; \
         `orthant colide query` answers causal questions from it.",
        document.program
    ));
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
