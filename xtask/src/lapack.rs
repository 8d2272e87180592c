//! The feature `lapack`: factorisations by the system's OpenBLAS.

use crate::process::{Outcome, cargo, run, say};
use crate::workspace::Workspace;
use std::process::{Command, Stdio};

/// Builds and tests each crate that has the feature, or says that OpenBLAS is missing.
pub(crate) fn check(workspace: &Workspace) -> Outcome<()> {
    if !openblas_is_installed() {
        say("lapack: LEFT OUT, pkg-config finds no OpenBLAS here (Debian: apt-get install libopenblas-dev pkg-config)");
        return Ok(());
    }
    for package in workspace.published().filter(|package| package.features.iter().any(|feature| feature == "lapack")) {
        run(&mut cargo(&["test", "--package", &package.name, "--features", "lapack"]))?;
    }
    Ok(())
}

fn openblas_is_installed() -> bool {
    let asked = Command::new("pkg-config").args(["--exists", "openblas"]).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}
