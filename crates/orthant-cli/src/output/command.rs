//! The command that repeats a result.

/// The words of the command that change the result; where to write and what to print are left out.
pub(crate) fn command(words: impl Iterator<Item = String>) -> Vec<String> {
    const WITH_VALUE: [&str; 3] = ["--out", "--trace", "--threads"];
    const ALONE: [&str; 4] = ["--force", "--json", "--quiet", "-q"];
    let mut kept = vec!["orthant".to_owned()];
    let mut skip = false;
    for word in words {
        let dropped = std::mem::take(&mut skip);
        let name = word.split('=').next().unwrap_or_default();
        if WITH_VALUE.contains(&name) {
            skip = !word.contains('=');
        } else if !dropped && !ALONE.contains(&word.as_str()) {
            kept.push(word);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn where_results_go_is_not_part_of_the_command() {
        let words = "colide fit a.csv --out x --sparsity 0.1 --threads=2 --force --trace t.csv --quiet --noise ev";
        let kept = command(words.split(' ').map(str::to_owned));
        assert_eq!(kept.join(" "), "orthant colide fit a.csv --sparsity 0.1 --noise ev");
    }
}
