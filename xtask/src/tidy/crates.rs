//! Rules on crates.

use super::{Findings, shown};
use crate::workspace::Package;
use std::path::{Path, PathBuf};

/// May hold unsafe code, each block with its reason.
const MAY_BE_UNSAFE: &str = "core-tensor";

/// The crate roots that do not forbid unsafe code.
pub(super) fn unsafe_code(package: &Package) -> Findings {
    let roots = ["src/lib.rs", "src/main.rs"].map(|root| package.folder.join(root));
    let bare = |root: &PathBuf| std::fs::read_to_string(root).is_ok_and(|text| !text.contains("forbid(unsafe_code)"));
    let excused = package.name == MAY_BE_UNSAFE && has_unsafe_code(&package.folder.join("src"));
    let found = roots.iter().filter(|root| !excused && bare(root));
    found.map(|root| format!("{}: lacks `#![forbid(unsafe_code)]`", shown(root))).collect()
}

fn has_unsafe_code(folder: &Path) -> bool {
    let unsafe_lines = ["unsafe {", "unsafe impl", "unsafe fn"];
    files_below(folder)
        .iter()
        .any(|file| std::fs::read_to_string(file).is_ok_and(|text| unsafe_lines.iter().any(|line| text.contains(line))))
}

/// What is missing from the manifest or folder of a published crate.
pub(super) fn manifest(package: &Package) -> Findings {
    let mut missing = Vec::new();
    for field in ["description", "license", "repository", "readme"] {
        if package.manifest[field].as_str().is_none_or(str::is_empty) {
            missing.push(field);
        }
    }
    for field in ["keywords", "categories"] {
        // The registry takes at most five of each.
        if package.manifest[field].as_array().is_none_or(|list| list.is_empty() || list.len() > 5) {
            missing.push(field);
        }
    }
    if std::fs::read_to_string(package.folder.join("README.md")).map_or(true, |text| text.trim().is_empty()) {
        missing.push("README.md");
    }
    missing.iter().map(|field| format!("{}: a published crate needs `{field}`", shown(&package.folder))).collect()
}

/// Golden files that no test of the crate names. (The runner itself refuses unknown kinds and missing fields.)
pub(super) fn golden_files(package: &Package) -> Findings {
    let Ok(entries) = std::fs::read_dir(package.folder.join("tests/fixtures")) else { return Findings::new() };
    let tests: String = files_below(&package.folder.join("tests"))
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .collect();
    let fixtures = entries.flatten().map(|entry| entry.path());
    // As the runner reads names: `07_kind.json` is of the kind `kind`.
    let kind = |path: &PathBuf| {
        let stem = path.file_stem()?.to_string_lossy().into_owned();
        Some(stem.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(['_', '-']).to_owned())
    };
    fixtures
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter(|path| kind(path).is_some_and(|kind| !tests.contains(&format!("\"{kind}\""))))
        .map(|path| format!("{}: no golden test runs it", shown(&path)))
        .collect()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A crate in a folder of its own, with these files.
    fn package(name: &str, files: &[(&str, &str)]) -> Package {
        let folder = std::env::temp_dir().join(format!("orthant-tidy-{}-{name}", std::process::id()));
        for (path, text) in files {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Package {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            folder,
            published: true,
            has_library: true,
            features: Vec::new(),
            manifest: json!({"description": "x", "license": "MIT", "repository": "x", "readme": "README.md",
                "keywords": ["x"], "categories": []}),
        }
    }

    #[test]
    fn crates_without_the_essentials_are_found() {
        let bare = package("bare", &[("src/lib.rs", "//! Nothing.\n"), ("tests/fixtures/scores.json", "{}")]);
        assert_eq!(unsafe_code(&bare).len(), 1);
        let found = manifest(&bare);
        assert!(
            found.len() == 2 && found[0].ends_with("`categories`") && found[1].ends_with("`README.md`"),
            "{found:?}"
        );
        assert_eq!(golden_files(&bare).len(), 1);
        std::fs::remove_dir_all(&bare.folder).unwrap();

        let forbids = "#![forbid(unsafe_code)]\n";
        let golden = "run.cases(\"scores\", scores)";
        let good = package(
            "good",
            &[
                ("src/lib.rs", forbids),
                ("README.md", "# good"),
                ("tests/fixtures/scores.json", "{}"),
                ("tests/fixtures/02_scores.json", "{}"),
                ("tests/golden.rs", golden),
            ],
        );
        assert!(unsafe_code(&good).is_empty() && golden_files(&good).is_empty());
        assert_eq!(manifest(&good).len(), 1);
        std::fs::remove_dir_all(&good.folder).unwrap();
    }
}
