//! Rules on the text of files.

use super::{File, Findings};
use crate::process::root;

/// Lines of a source file without its tests.
const LONGEST: usize = 500;
/// Files that may be longer, and why. None today.
const LONG: &[(&str, &str)] = &[];

/// Source files above [`LONGEST`] lines that are not listed in [`LONG`].
pub(super) fn too_long(file: &File) -> Option<String> {
    let is_source = file.path.ends_with(".rs") && !file.path.contains("/tests/");
    if !is_source || LONG.iter().any(|(path, _)| *path == file.path) {
        return None;
    }
    let lines = without_tests(&file.text).lines().count();
    (lines > LONGEST)
        .then(|| format!("{}: {lines} lines without tests; split it by concept ({LONGEST} at most)", file.path))
}

/// The text before the test module, which ends a file in this workspace.
fn without_tests(text: &str) -> &str {
    text.find("\n#[cfg(test)]\nmod ").map_or(text, |end| &text[..end])
}

/// Words that belong to a machine: its folders, its name. Cut in two so that this file does not hold them.
pub(super) fn machine_words() -> Vec<String> {
    let mut words: Vec<String> = [("/wo", "rk/"), ("/ro", "ot/"), ("/ho", "me/"), ("/Us", "ers/"), ("/opt", "/wheels")]
        .map(|(a, b)| format!("{a}{b}"))
        .to_vec();
    words.push(root().display().to_string());
    // Short or common names of machines would be found in ordinary words.
    let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default().trim().to_owned();
    if host.len() >= 6 && host != "localhost" {
        words.push(host);
    }
    words
}

/// Lines that hold a machine's words.
pub(super) fn of_a_machine(file: &File, words: &[String]) -> Findings {
    let hit = |line: &str| words.iter().find(|word| line.contains(word.as_str())).cloned();
    let lines = file.text.lines().enumerate().filter_map(|(number, line)| Some((number + 1, hit(line)?)));
    lines.map(|(number, word)| format!("{}:{number}: `{word}` belongs to one machine", file.path)).collect()
}

/// Macros that have no place in a library. The programs and this task may print.
pub(super) fn leftovers(file: &File) -> Findings {
    let library = file.path.starts_with("crates/")
        && file.path.contains("/src/")
        && !["crates/orthant-cli/", "crates/reproduce/", "crates/golden/"].iter().any(|p| file.path.starts_with(p));
    if !library || !file.path.ends_with(".rs") {
        return Findings::new();
    }
    const MACROS: [&str; 7] = ["todo!", "unimplemented!", "dbg!", "println!", "eprintln!", "print!", "eprint!"];
    let code = without_tests(&file.text).lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    let called = |line: &str, name: &str| {
        line.match_indices(name).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    code.flat_map(|(number, line)| {
        let found = MACROS.iter().filter(move |name| called(line, name));
        found.map(move |name| format!("{}:{}: `{name}` in a library", file.path, number + 1))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: impl Into<String>) -> File {
        File { path: path.to_owned(), text: text.into() }
    }

    #[test]
    fn long_files_are_found_and_tests_do_not_count() {
        let long = "let x = 1;\n".repeat(501);
        assert!(too_long(&file("crates/a/src/a.rs", long.clone())).is_some());
        assert!(too_long(&file("crates/a/data.csv", long.clone())).is_none());
        assert!(too_long(&file("crates/a/tests/a.rs", long.clone())).is_none());
        let tested = format!("fn a() {{}}\n\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
        assert!(too_long(&file("crates/a/src/a.rs", tested)).is_none());
        assert!(LONG.iter().all(|(_, reason)| !reason.is_empty()));
    }

    #[test]
    fn the_words_of_a_machine_are_found() {
        let words = machine_words();
        let line = format!("x\nsee {}/notes.md", root().display());
        let found = of_a_machine(&file("README.md", line), &words);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("README.md:2: "), "{found:?}");
        assert!(of_a_machine(&file("README.md", "homework/at/home"), &words).is_empty());
    }

    #[test]
    fn leftovers_are_found_outside_of_tests_and_comments() {
        let text = "fn a() {\n    dbg!(1);\n}\n/// println!(\"documentation\")\n// todo!\nmy_print!(1);\n\n#[cfg(test)]\nmod tests {\n println!();\n}\n";
        assert_eq!(leftovers(&file("crates/colide/src/a.rs", text)), ["crates/colide/src/a.rs:2: `dbg!` in a library"]);
        assert!(leftovers(&file("crates/orthant-cli/src/a.rs", text)).is_empty());
        assert!(leftovers(&file("crates/colide/tests/a.rs", text)).is_empty());
    }
}
