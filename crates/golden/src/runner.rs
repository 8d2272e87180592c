//! Finding the files, running their cases, reporting.

use crate::{Case, Check};
use serde_json::Value;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

type Handler = Box<dyn Fn(&Case, &mut Check)>;

/// Runs the golden cases of one crate.
pub struct Runner {
    folder: PathBuf,
    kinds: BTreeMap<&'static str, Handler>,
}

impl Runner {
    /// The runner of the crate `package`, whose manifest lies in the folder `manifest`: pass
    /// `env!("CARGO_PKG_NAME")` and `env!("CARGO_MANIFEST_DIR")`.
    pub fn new(package: &str, manifest: &str) -> Self {
        let folder = match std::env::var_os("ORTHANT_FIXTURES") {
            Some(root) => PathBuf::from(root).join(package),
            None => Path::new(manifest).join("tests").join("fixtures"),
        };
        Self { folder, kinds: BTreeMap::new() }
    }

    /// Reads from `folder` instead.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = folder.into();
        self
    }

    /// Says how a case of `kind` is checked: each object of the file's list `cases`, or the whole file when it has no
    /// such list.
    pub fn cases(mut self, kind: &'static str, check: impl Fn(&Case, &mut Check) + 'static) -> Self {
        self.kinds.insert(kind, Box::new(check));
        self
    }

    /// Runs every file.
    ///
    /// # Panics
    /// When a case fails, a file is of unknown kind or cannot be read, or there is none: the test's verdict.
    pub fn run(&self) {
        let failures = self.failures();
        assert!(failures.is_empty(), "{} golden failures:\n{}", failures.len(), failures.join("\n"));
    }

    /// Runs every file and returns what failed, one line each.
    pub fn failures(&self) -> Vec<String> {
        let mut files: Vec<PathBuf> = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
            Err(error) => return vec![format!("{}: {error}", self.folder.display())],
        };
        files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        files.sort();
        if files.is_empty() {
            return vec![format!("{}: no *.json file", self.folder.display())];
        }
        files.iter().flat_map(|path| self.run_file(path)).collect()
    }

    fn run_file(&self, path: &Path) -> Vec<String> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let file: Value = match std::fs::read(path)
            .map_err(|e| e.to_string())
            .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|e| e.to_string()))
        {
            Ok(file) => file,
            Err(error) => return vec![format!("{name}: {error}")],
        };
        let kind = file.get("kind").and_then(Value::as_str).unwrap_or(&name);
        let Some(handler) = self.handler(kind) else {
            return vec![format!("{name}: unknown kind `{kind}`")];
        };
        let cases: Vec<Case> = match file.get("cases").and_then(Value::as_array) {
            Some(list) => {
                let place = |i| format!("{name}, case {i}");
                list.iter().enumerate().map(|(i, case)| Case::new(place(i), case.clone(), file.clone())).collect()
            }
            None => vec![Case::new(name.clone(), file.clone(), Value::Null)],
        };
        if cases.is_empty() {
            return vec![format!("{name}: the list `cases` is empty")];
        }
        let mut failures = Vec::new();
        let mut comparisons = 0;
        let mut worst: Option<(f64, f64, crate::Tolerance)> = None;
        for case in &cases {
            let check = run_case(handler, case);
            failures.extend(check.failures.into_iter().map(|failure| format!("{}: {failure}", case.place())));
            comparisons += check.comparisons;
            worst = [worst, check.worst].into_iter().flatten().max_by(|a, b| a.0.total_cmp(&b.0));
        }
        print_line(&name, cases.len(), comparisons, worst, failures.len());
        failures
    }

    /// The handler registered for `kind`: by its exact name, else by the longest registered name that is the stem of
    /// `kind` without a leading number and with any `_…` ending.
    fn handler(&self, kind: &str) -> Option<&Handler> {
        let stem = kind.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(['_', '-']);
        let fits = |name: &str| {
            kind == name
                || stem == name
                || stem.strip_prefix(name).is_some_and(|rest| rest.starts_with(['_', '-', '.']))
        };
        self.kinds.iter().filter(|(name, _)| fits(name)).max_by_key(|(name, _)| name.len()).map(|(_, handler)| handler)
    }
}

fn run_case(handler: &Handler, case: &Case) -> Check {
    let mut check = Check::default();
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| handler(case, &mut check))) {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("panicked");
        check.failures.push(text.to_owned());
    } else if check.comparisons == 0 {
        check.failures.push("nothing was compared".to_owned());
    }
    check
}

#[expect(clippy::print_stdout, reason = "the line is the runner's report, shown by --nocapture and on failure")]
fn print_line(
    name: &str,
    cases: usize,
    comparisons: usize,
    worst: Option<(f64, f64, crate::Tolerance)>,
    failures: usize,
) {
    let verdict = if failures == 0 { "ok" } else { "FAILED" };
    let errors = match worst {
        Some((_, error, tolerance)) => {
            format!(
                "largest error {error:.2e} (tolerance {:.0e} relative, {:.0e} absolute)",
                tolerance.relative, tolerance.absolute
            )
        }
        None => "exact comparisons only".to_owned(),
    };
    println!("{name}: {cases} cases, {comparisons} comparisons, {errors}: {verdict}");
}
