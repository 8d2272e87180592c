//! `cargo xtask repro`.

use crate::process::{Outcome, cargo, read, run as execute, say};
use crate::{document, machine, markdown};

pub(crate) const HELP: &str = "\
Usage: cargo xtask repro [--pages] [NAME…]

Runs the papers' experiments (all by default; a method, as in `repro colide`, or one, as in `repro colide-sachs`) in the
release profile. Writes docs/results/NAME.json and NAME.svg, and from all JSON files there the page
docs/results/reproduction.md. --pages only regenerates the pages. `cargo xtask repro list` names the experiments.";

pub(crate) fn run(arguments: &[String]) -> Outcome<()> {
    let ([pages], names) = crate::process::flags_and_names(arguments, ["--pages"])?;
    if pages {
        return write_pages();
    }
    // Alone, so that the methods come without threads: each fit runs on one core, the seeds on all.
    let program = ["run", "--release", "--package", "orthant-reproduce", "--"];
    if names == ["list"] {
        return execute(cargo(&program).arg("--list"));
    }
    let folder = document::folder();
    for name in chosen(&read(cargo(&program).arg("--list"))?, &names)? {
        let load = machine::load();
        execute(cargo(&program).arg("--out").arg(&folder).arg(&name))?;
        document::stamp(&folder.join(format!("{name}.json")), load)?;
    }
    write_pages()
}

/// The experiments of the list that the names ask for.
fn chosen(list: &str, names: &[String]) -> Outcome<Vec<String>> {
    let asked = |experiment: &str, name: &str| {
        experiment == name || experiment.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
    };
    if let Some(unknown) = names.iter().find(|name| !list.lines().any(|experiment| asked(experiment, name))) {
        return Err(format!("no experiment is called `{unknown}`; there are\n{list}").into());
    }
    let wanted = |experiment: &&str| names.is_empty() || names.iter().any(|name| asked(experiment, name));
    Ok(list.lines().filter(wanted).map(str::to_owned).collect())
}

/// Name and text of each generated page.
fn pages() -> Outcome<Vec<(&'static str, String)>> {
    let folder = document::folder();
    let of_kind = |kind| document::of_kind(&folder, kind);
    let (experiments, comparisons, kernels) = (of_kind("experiment")?, of_kind("benchmark")?, of_kind("kernels")?);
    let mut pages = Vec::new();
    if !experiments.is_empty() {
        pages.push(("reproduction.md", markdown::reproduction(&experiments)));
    }
    if !comparisons.is_empty() || !kernels.is_empty() {
        pages.push(("benchmarks.md", markdown::benchmarks(&comparisons, &kernels)));
    }
    Ok(pages)
}

/// Regenerates the pages from the documents beside them.
pub(crate) fn write_pages() -> Outcome<()> {
    for (name, text) in pages()? {
        let path = document::folder().join(name);
        document::write(&path, &text)?;
        say(&format!("wrote docs/results/{name}"));
    }
    Ok(())
}

/// Pages that are not what the documents say; for tidy.
pub(crate) fn stale_pages() -> Outcome<Vec<String>> {
    let stale = |name: &str, text: &str| {
        std::fs::read_to_string(document::folder().join(name)).map_or(true, |written| written != text)
    };
    let found = pages()?.into_iter().filter(|(name, text)| stale(name, text));
    Ok(found
        .map(|(name, _)| format!("docs/results/{name}: not as generated; run `cargo xtask repro --pages`"))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::chosen;

    #[test]
    fn names_choose_experiments() {
        let list = "colide-sachs\ncolide-speed\nbcd-moons\n";
        let names = |names: &[&str]| chosen(list, &names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        assert_eq!(names(&[]).unwrap().len(), 3);
        assert_eq!(names(&["colide"]).unwrap(), ["colide-sachs", "colide-speed"]);
        assert_eq!(names(&["bcd-moons"]).unwrap(), ["bcd-moons"]);
        assert!(names(&["col"]).unwrap_err().to_string().starts_with("no experiment is called `col`"));
    }
}
