//! Where secrets come from: the environment, a file or a command, read as late as possible.
//! A file that others may read is not taken, and what was read is never shown.

use std::fmt;
use std::path::{Path, PathBuf};

use letterproof_model::decode_text;
use secrecy::{ExposeSecret, SecretString};

use crate::ClientError;

/// Where a secret is to be found.
#[derive(Clone)]
pub enum SecretSource {
    /// At hand in memory; never written in a profile.
    Given(SecretString),
    /// An environment variable.
    Env(String),
    /// A file that only its owner may read.
    File(PathBuf),
    /// What a command prints, as secret managers do; program first, then its arguments.
    Command(Vec<String>),
}

impl From<SecretString> for SecretSource {
    fn from(secret: SecretString) -> Self {
        Self::Given(secret)
    }
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

impl SecretSource {
    /// Where it comes from, for messages; never the secret.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Given(_) => "a value at hand".to_owned(),
            Self::Env(name) => format!("environment variable {name}"),
            Self::File(path) => format!("file {}", path.display()),
            Self::Command(words) => {
                format!("command `{}`", words.first().map_or("", String::as_str))
            }
        }
    }

    /// Reads the secret; white space around it is dropped.
    ///
    /// # Errors
    /// When it is absent, empty, unreadable, or a file that others may read.
    pub async fn read(&self) -> Result<SecretString, ClientError> {
        let text = match self {
            Self::Given(secret) => return Ok(secret.clone()),
            Self::Env(name) => SecretString::from(std::env::var(name).map_err(|_| {
                ClientError::configuration(format!(
                    "environment variable {name} is not set; set it to the secret, or name another source in the profile"
                ))
            })?),
            Self::File(path) => read_file(path).await?,
            Self::Command(words) => run_command(words).await?,
        };
        let trimmed = text.expose_secret().trim();
        if trimmed.is_empty() {
            return Err(ClientError::configuration(format!(
                "{} holds nothing; put the secret there",
                self.describe()
            )));
        }
        Ok(SecretString::from(trimmed.to_owned()))
    }
}

async fn read_file(path: &Path) -> Result<SecretString, ClientError> {
    let at_fault = |problem: String| {
        ClientError::configuration(format!("secret file {}: {problem}", path.display()))
    };
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            at_fault("there is no such file; correct the path".to_owned())
        }
        _ => at_fault(format!("it cannot be read ({error}); check its owner and mode")),
    };
    let data = tokio::fs::metadata(path).await.map_err(unreadable)?;
    if data.is_dir() {
        return Err(at_fault("it is a folder; name the file in it".to_owned()));
    }
    if let Some(mode) = mode_open_to_others(&data) {
        return Err(at_fault(format!(
            "others may read it (mode {mode:04o}); make it yours alone with `chmod 600`"
        )));
    }
    let bytes = tokio::fs::read(path).await.map_err(unreadable)?;
    let text = decode_text(bytes).map_err(|error| {
        let remedy = "give the PEM or text form of the secret";
        at_fault(format!("it is not text as it must be ({error}); {remedy}"))
    })?;
    Ok(SecretString::from(text))
}

/// The mode of a file that its group or the world may read; `None` where that is not so, or where
/// the system has no such modes.
#[cfg(unix)]
pub(crate) fn mode_open_to_others(data: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    let mode = data.mode() & 0o7777;
    (mode & 0o077 != 0).then_some(mode)
}

/// The mode of a file that others may read: not known on this system, where access lists decide.
#[cfg(not(unix))]
pub(crate) fn mode_open_to_others(_data: &std::fs::Metadata) -> Option<u32> {
    None
}

async fn run_command(words: &[String]) -> Result<SecretString, ClientError> {
    let (program, arguments) = words.split_first().ok_or_else(|| {
        ClientError::configuration(
            "a secret's command is empty; give the program and its arguments",
        )
    })?;
    let run = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(std::time::Duration::from_secs(60), run)
        .await
        .map_err(|_| {
            ClientError::configuration(format!(
                "secret command `{program}` gave nothing within 60 s; run it by hand to see what it waits for"
            ))
        })?
        .map_err(|error| {
            ClientError::configuration(format!(
                "secret command `{program}` cannot be started ({error}); check its path"
            ))
        })?;
    if !output.status.success() {
        return Err(ClientError::configuration(format!(
            "secret command `{program}` failed ({}); run it by hand to see why",
            output.status
        )));
    }
    String::from_utf8(output.stdout).map(SecretString::from).map_err(|_| {
        ClientError::configuration(format!(
            "secret command `{program}` printed something that is not text"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &str = "canary-secret-7f3a";

    #[tokio::test]
    async fn a_secret_never_shows_in_debug_output() {
        let source = SecretSource::from(SecretString::from(CANARY));
        assert!(!format!("{source:?}").contains(CANARY));
    }

    #[tokio::test]
    async fn a_missing_variable_is_named() {
        let error =
            SecretSource::Env("LETTERPROOF_TEST_UNSET".to_owned()).read().await.unwrap_err();
        assert!(error.to_string().contains("LETTERPROOF_TEST_UNSET"));
        assert!(error.is_configuration());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, format!("{CANARY}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let source = SecretSource::File(path.clone());
        let error = source.read().await.unwrap_err().to_string();
        assert!(error.contains("chmod 600") && !error.contains(CANARY), "{error}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(source.read().await.unwrap().expose_secret(), CANARY);
    }

    #[tokio::test]
    async fn what_is_no_readable_file_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let private = |name: &str, bytes: &[u8], mode: u32| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            }
            let _ = mode;
            path
        };
        let locked = private("locked", b"canary", 0o000);
        let mut cases = vec![
            (folder.path().join("none"), "no such file"),
            (folder.path().to_owned(), "name the file in it"),
            (private("empty", b" \n", 0o600), "holds nothing"),
            (private("binary", b"\xff\xfecanary", 0o600), "it is not text"),
            (private("latin", b"canary\xe9", 0o600), "line 1 is not UTF-8"),
        ];
        let windows = SecretSource::File(private("windows", b"\xef\xbb\xbfcanary\r\n", 0o600));
        assert_eq!(windows.read().await.unwrap().expose_secret(), "canary");
        // A superuser reads everything.
        if std::fs::read(&locked).is_err() {
            cases.push((locked, "check its owner and mode"));
        }
        for (path, words) in cases {
            let error = SecretSource::File(path.clone()).read().await.unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
            assert!(error.contains(&path.display().to_string()), "{error}");
            assert!(!error.contains("canary"), "{error}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_command_gives_what_it_prints_and_its_failure_is_named() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let secret = SecretSource::Command(words(&format!("echo {CANARY}"))).read().await.unwrap();
        assert_eq!(secret.expose_secret(), CANARY);
        let error = SecretSource::Command(words("false")).read().await.unwrap_err().to_string();
        assert!(error.contains("`false` failed"), "{error}");
    }
}
