//! Why the program gives up, and with which exit code.

use std::path::Path;

/// A failure in one line, for a person.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The input or the options are not usable: exit code 2.
    #[error("{0}")]
    Input(String),
    /// Something that is not the user's input went wrong, such as a full disk: exit code 1.
    #[error("{0}")]
    Internal(String),
    /// Whoever read the standard output has gone: exit code 0, as for `orthant … | head`.
    #[error("the reader of the output has gone")]
    OutputClosed,
}

/// Result with [`Failure`].
pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// Bad input or usage.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::Input(message.into())
    }

    /// A file that cannot be written.
    pub(crate) fn write(path: &Path, error: &std::io::Error) -> Self {
        Self::Internal(format!("cannot write `{}`: {}", path.display(), reason(error)))
    }

    /// A file that cannot be read.
    pub(crate) fn read(path: &Path, error: &std::io::Error) -> Self {
        Self::Input(match error.kind() {
            std::io::ErrorKind::NotFound => format!("`{}` does not exist", path.display()),
            _ => format!("cannot read `{}`: {}", path.display(), reason(error)),
        })
    }

    /// 0, 1 or 2, as `--help` says.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Input(_) => 2,
            Self::Internal(_) => 1,
            Self::OutputClosed => 0,
        }
    }
}

/// The operating system's reason without its number.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::Failure;
    use std::path::Path;

    #[test]
    fn messages_and_codes() {
        let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
        let failure = Failure::read(Path::new("a.csv"), &missing);
        assert_eq!((failure.to_string().as_str(), failure.exit_code()), ("`a.csv` does not exist", 2));
        let full = std::io::Error::from_raw_os_error(28);
        let failure = Failure::write(Path::new("out"), &full);
        assert_eq!(failure.to_string(), "cannot write `out`: no space left on device");
        assert_eq!(failure.exit_code(), 1);
    }
}
