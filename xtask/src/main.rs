//! Tasks of the workspace: `cargo xtask help`.

#![forbid(unsafe_code)]

mod bench;
mod budget;
mod ci;
mod criterion;
mod document;
mod lapack;
mod machine;
mod markdown;
mod matrix;
mod peers;
mod process;
mod release;
mod repro;
mod test;
mod tidy;
mod workspace;

use process::{Outcome, say};
use std::process::ExitCode;

const HELP: &str = "\
Usage: cargo xtask COMMAND [ARGUMENTS]

  test [CRATE…]                    every test of the workspace, or of the named crates
  ci                               all that must hold of a commit: format, lints, features, docs, tidy, budget, tests
  tidy                             the repository's own rules
  bench [--peers] [CRATE…]         benches with a table of their medians; --peers compares with other libraries
  repro [NAME…]                    the papers' experiments; writes docs/results/
  release [CRATE] [--execute]      all checks of a release; publishes only with --execute

`cargo xtask COMMAND --help` says more. Every command prints what it runs and stops at the first failure.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&format!("error: {failure}"));
            ExitCode::FAILURE
        }
    }
}

type Task = fn(&[String]) -> Outcome<()>;

fn run(arguments: &[String]) -> Outcome<()> {
    let Some((command, rest)) = arguments.split_first() else { return Err(HELP.into()) };
    let (run, help): (Task, &str) = match command.as_str() {
        "test" => (test::run, test::HELP),
        "ci" => (ci::run, ci::HELP),
        "tidy" => (tidy::run, tidy::HELP),
        "bench" => (bench::run, bench::HELP),
        "repro" => (repro::run, repro::HELP),
        "release" => (release::run, release::HELP),
        "help" | "--help" | "-h" => return process::print(HELP),
        unknown => return Err(format!("no command is called `{unknown}`\n\n{HELP}").into()),
    };
    if rest.iter().any(|argument| argument == "--help" || argument == "-h") {
        return process::print(help);
    }
    run(rest)
}

#[cfg(test)]
mod tests {
    use super::run;

    #[test]
    fn unknown_commands_and_options_are_refused() {
        let message = |arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
            run(&arguments).unwrap_err().to_string()
        };
        assert!(message(&["tset"]).starts_with("no command is called `tset`"));
        assert!(message(&[]).starts_with("Usage"));
        for command in ["test", "ci", "tidy", "bench", "repro", "release"] {
            assert_eq!(message(&[command, "--nonsense"]), "unknown option `--nonsense`; see --help");
        }
    }
}
