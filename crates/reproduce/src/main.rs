//! The papers' claims as experiments: `reproduce [--out FOLDER] [NAME…]`.
//!
//! Each experiment prints its tables and says which claims held. With `--out` it also writes `NAME.json` and its charts.
//! A name is that of an experiment (`colide-sachs`) or of a method (`colide`: all of its experiments).

#![forbid(unsafe_code)]

mod bcd;
mod bilevel;
mod colide;
mod compander;
mod cpu;
mod experiment;
mod grokking;
mod job;
mod olinear;
mod ortho_conv;
mod sparse_linreg;
mod stablemax;
mod statistics;
mod table;
mod wgsef;

use experiment::{EXPERIMENTS, Experiment, Outcome};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "\
Usage: reproduce [--out FOLDER] [NAME…]

Runs the named experiments (all by default), prints their tables and verdicts, and with --out writes NAME.json and
NAME.svg to the folder. A NAME is an experiment or a method with all of its experiments. `reproduce --list` lists them.";

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            job::note(&format!("error: {failure}"));
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: impl Iterator<Item = String>) -> Outcome<()> {
    let (mut folder, mut names) = (None, Vec::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" => return print(HELP),
            "--list" => {
                let names: Vec<&str> = EXPERIMENTS.iter().map(|experiment| experiment.name).collect();
                return print(&names.join("\n"));
            }
            "--out" => folder = Some(PathBuf::from(arguments.next().ok_or("--out needs a folder")?)),
            option if option.starts_with('-') => return Err(format!("unknown option `{option}`\n{HELP}").into()),
            _ => names.push(argument),
        }
    }
    for experiment in chosen(&names)? {
        job::note(&format!("== {}", experiment.name));
        let report = experiment.report()?;
        print(&report.to_text())?;
        if let Some(folder) = &folder {
            report.write(folder)?;
        }
    }
    Ok(())
}

fn chosen(names: &[String]) -> Outcome<Vec<&'static Experiment>> {
    if let Some(unknown) = names.iter().find(|name| !EXPERIMENTS.iter().any(|experiment| experiment.answers_to(name))) {
        return Err(format!("no experiment is called `{unknown}`; --list shows them").into());
    }
    Ok(EXPERIMENTS
        .iter()
        .filter(|experiment| names.is_empty() || names.iter().any(|name| experiment.answers_to(name)))
        .collect())
}

fn print(text: &str) -> Outcome<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_names_all_of_its_experiments() {
        assert_eq!(chosen(&[]).unwrap().len(), EXPERIMENTS.len());
        let of_colide = chosen(&["colide".to_owned()]).unwrap();
        assert!(of_colide.len() >= 8 && of_colide.iter().all(|experiment| experiment.name.starts_with("colide-")));
        assert_eq!(chosen(&["colide-sachs".to_owned()]).unwrap().len(), 1);
    }

    #[test]
    fn unknown_names_are_refused() {
        let message = run(["coli".to_owned()].into_iter()).unwrap_err().to_string();
        assert_eq!(message, "no experiment is called `coli`; --list shows them");
        assert!(run(["--quick".to_owned()].into_iter()).unwrap_err().to_string().starts_with("unknown option"));
    }
}
