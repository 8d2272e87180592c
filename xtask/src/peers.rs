//! Comparisons with the libraries that users would pick instead.
//!
//! `benches/peers/<crate>/` holds `requirements.txt` (exact versions of everything), `run.py` and `main.rs`, the program
//! `peer-<crate>`. In a folder of their own, `peer-<crate> prepare FOLDER` writes the problems, `peer-<crate> run FOLDER` and
//! `run.py FOLDER` solve them on one thread each, and `peer-<crate> report FOLDER FILE` compares both.

use crate::process::{Outcome, cargo, root, run as execute, say};
use crate::workspace::Workspace;
use crate::{document, machine, repro};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs the named comparisons, or all.
pub(crate) fn run(names: &[String]) -> Outcome<()> {
    let available = available()?;
    if let Some(unknown) = names.iter().find(|name| !available.contains(name)) {
        return Err(format!("no comparison is called `{unknown}`; there are {}", available.join(", ")).into());
    }
    let workspace = Workspace::load()?;
    for name in if names.is_empty() { &available } else { names } {
        compare(&workspace, name)?;
    }
    repro::write_pages()
}

fn available() -> Outcome<Vec<String>> {
    let entries = std::fs::read_dir(root().join("benches/peers"))?.collect::<Result<Vec<_>, _>>()?;
    let folders = entries.into_iter().filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

fn compare(workspace: &Workspace, name: &str) -> Outcome<()> {
    let source = root().join("benches/peers").join(name);
    let folder = workspace.target.join("peers").join(name);
    let problems = folder.join("problems");
    std::fs::create_dir_all(&problems)?;
    let python = environment(&source.join("requirements.txt"), &workspace.target.join("peers/environments"))?;
    let program = format!("peer-{name}");
    execute(&mut cargo(&["build", "--release", "--package", "orthant-benches", "--bin", &program]))?;
    let binary = workspace.target.join("release").join(program).with_extension(std::env::consts::EXE_EXTENSION);

    let load = machine::load();
    execute(Command::new(&binary).arg("prepare").arg(&problems))?;
    execute(one_thread(Command::new(&binary).arg("run").arg(&problems)))?;
    execute(one_thread(Command::new(python).arg(source.join("run.py")).arg(&problems)))?;
    let result = document::folder().join(format!("peers-{name}.json"));
    execute(Command::new(&binary).arg("report").arg(&problems).arg(&result))?;
    document::stamp(&result, load)
}

/// Both sides on one thread, whatever library does their linear algebra.
fn one_thread(command: &mut Command) -> &mut Command {
    for variable in ["RAYON_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] {
        command.env(variable, "1");
    }
    command
}

/// The Python of an environment with exactly these packages; made when it is not there. Comparisons with the same packages share
/// one.
fn environment(requirements: &Path, folder: &Path) -> Outcome<PathBuf> {
    let wanted = std::fs::read_to_string(requirements)?;
    let home = folder.join(format!("{:016x}", fingerprint(&wanted)));
    let stamp = home.join("requirements.txt");
    let python = home.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if python.is_file() && std::fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        say("the Python environment is up to date");
        return Ok(python);
    }
    let system = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    execute(Command::new(system).args(["-m", "venv", "--clear"]).arg(&home))?;
    // Without dependencies: the file names every package that is needed, and some peers ask for far more than they use.
    execute(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--no-deps", "-r"]).arg(requirements))?;
    std::fs::write(stamp, wanted)?;
    Ok(python)
}

/// FNV-1a: the same on every machine and for every version of the standard library.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_those_of_fnv_1a() {
        // The published values of the empty string and of "a".
        assert_eq!(fingerprint(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint("a"), 0xaf63_dc4c_8601_ec8c);
    }
}
