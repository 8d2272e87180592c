//! The runner fails whatever could let a case slip through.

#![forbid(unsafe_code)]

use golden::{Runner, Tolerance};
use std::path::PathBuf;

/// A folder with the given files, fresh for each test.
fn folder(test: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    for (name, text) in files {
        std::fs::write(folder.join(name), text).expect("a file for the test");
    }
    folder
}

fn doubling(test: &str, files: &[(&str, &str)]) -> Vec<String> {
    Runner::new("none", ".")
        .folder(folder(test, files))
        .cases("double", |case, check| {
            check.close("y", &(2.0 * case.vector("x")), &case.vector("y"), Tolerance::relative(1e-12));
        })
        .cases("silent", |_, _| {})
        .failures()
}

#[test]
fn right_cases_pass_under_all_names() {
    let text =
        r#"{"about": "doubling", "cases": [{"x": [1.0, "inf"], "y": [2.0, "inf"]}, {"x": [null], "y": [null]}]}"#;
    let files = [("double.json", text), ("03_double.json", text), ("double_more.json", text)];
    assert_eq!(doubling("pass", &files), Vec::<String>::new());
    let by_field = [("other.json", r#"{"kind": "double", "x": [2], "y": [4]}"#)];
    assert_eq!(doubling("by_field", &by_field), Vec::<String>::new());
}

#[test]
fn everything_else_fails() {
    let one = |test: &str, name: &str, text: &str, expected: &str| {
        let failures = doubling(test, &[(name, text)]);
        assert_eq!(failures.len(), 1, "{test}: {failures:?}");
        assert!(failures[0].contains(expected), "{test}: {failures:?}");
    };
    one("unknown", "halve.json", r#"{"cases": [{}]}"#, "unknown kind `halve`");
    one("no_cases", "double.json", r#"{"cases": []}"#, "empty");
    one("missing", "double.json", r#"{"cases": [{"x": [1.0]}]}"#, "field `y` is missing");
    one("wrong_form", "double.json", r#"{"cases": [{"x": ["a"], "y": [1.0]}]}"#, "not a list of numbers");
    one("wrong_value", "double.json", r#"{"cases": [{"x": [1.0], "y": [2.1]}]}"#, "expected 2.1");
    one("wrong_shape", "double.json", r#"{"cases": [{"x": [1.0], "y": [2.0, 2.0]}]}"#, "shape");
    one("silent", "silent.json", r#"{"cases": [{}]}"#, "nothing was compared");
    one("not_json", "double.json", "{", "EOF");
    assert!(doubling("no_files", &[("README.md", "")])[0].contains("no *.json file"));
}
