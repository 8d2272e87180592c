//! Running programs: each command is printed first, and its failure is the task's.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// All errors end the task with their message.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The cargo that started this program.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// Prints and runs a command.
pub(crate) fn run(command: &mut Command) -> Outcome<()> {
    let line = shown(command);
    say(&format!("$ {line}"));
    let status = command.status().map_err(|error| format!("`{line}` could not be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{line}` failed: {status}").into()) }
}

/// Runs a command and returns what it writes to standard output.
pub(crate) fn read(command: &mut Command) -> Outcome<String> {
    let line = shown(command);
    let output =
        command.stderr(Stdio::inherit()).output().map_err(|error| format!("`{line}` could not be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{line}` failed: {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The command as one would type it: variables set for it, program, arguments.
fn shown(command: &Command) -> String {
    let text = |part: &OsStr| {
        let part = part.to_string_lossy().into_owned();
        if part.is_empty() || part.contains([' ', '*', '$', '\'']) { format!("'{part}'") } else { part }
    };
    let name = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let variables =
        command.get_envs().filter_map(|(name, value)| Some(format!("{}={}", name.to_string_lossy(), text(value?))));
    let parts: Vec<String> = variables.chain(std::iter::once(text(name))).chain(command.get_args().map(text)).collect();
    parts.join(" ")
}

/// A line on standard error: what is being done.
pub(crate) fn say(line: &str) {
    // Nothing is left to do when even this cannot be written.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Text on standard output: what was asked for.
pub(crate) fn print(text: &str) -> Outcome<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}

/// Splits the arguments of a command into the flags that it knows and names; any other option is an error.
pub(crate) fn flags_and_names<const N: usize>(
    arguments: &[String],
    known: [&str; N],
) -> Outcome<([bool; N], Vec<String>)> {
    let (mut flags, mut names) = ([false; N], Vec::new());
    for argument in arguments {
        if let Some(place) = known.iter().position(|flag| flag == argument) {
            flags[place] = true;
        } else if argument.starts_with('-') {
            return Err(format!("unknown option `{argument}`; see --help").into());
        } else {
            names.push(argument.clone());
        }
    }
    Ok((flags, names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_as_typed() {
        let mut command = Command::new("/some/where/cargo");
        command.args(["test", "--bench", "*"]).env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(shown(&command), "RUSTDOCFLAGS='-D warnings' cargo test --bench '*'");
    }

    #[test]
    fn a_failing_command_fails_the_task() {
        let message = run(&mut cargo(&["no-such-command"])).unwrap_err().to_string();
        assert!(message.contains("no-such-command` failed"), "{message}");
    }

    #[test]
    fn flags_may_stand_anywhere() {
        let arguments = ["colide", "--peers"].map(str::to_owned);
        let ([peers], names) = flags_and_names(&arguments, ["--peers"]).unwrap();
        assert!(peers && names == ["colide"]);
        assert!(flags_and_names(&["--peer".to_owned()], ["--peers"]).is_err());
    }
}
