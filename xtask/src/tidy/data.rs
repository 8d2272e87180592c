//! Rules on licences and data.

use super::{Findings, shown};
use std::path::Path;

/// The licence files that are missing.
pub(super) fn licence_files(root: &Path) -> Findings {
    let missing = ["LICENSE-MIT", "LICENSE-APACHE"].into_iter().filter(|file| !root.join(file).is_file());
    missing.map(|file| format!("{file}: the file is missing")).collect()
}

/// The data sets without a README that names origin and licence.
pub(super) fn data_sets(folder: &Path) -> Findings {
    let mut findings = Findings::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir()) {
        let readme = entry.path().join("README.md");
        let text = std::fs::read_to_string(&readme).unwrap_or_default();
        for heading in ["**Origin.**", "**Licence.**"] {
            if !text.contains(heading) {
                findings.push(format!("{}: needs a paragraph `{heading}`", shown(&readme)));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_without_a_licence_is_found() {
        let folder = std::env::temp_dir().join(format!("orthant-tidy-{}-data", std::process::id()));
        std::fs::create_dir_all(folder.join("iris")).unwrap();
        assert_eq!(data_sets(&folder).len(), 2);
        std::fs::write(folder.join("iris/README.md"), "**Origin.** A garden.").unwrap();
        assert_eq!(data_sets(&folder).len(), 1);
        assert_eq!(licence_files(&folder).len(), 2);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
