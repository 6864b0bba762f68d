//! Profiles: targets written down in TOML, with everything but the secrets. Each problem is told
//! with file, line and field, and with the near name where there is one. No profile leads to
//! production: that needs a person's consent, given to the smoke test alone.

mod fields;
mod read;

#[cfg(test)]
mod tests;

use std::path::Path;

use letterproof_model::nearest;
use letterproof_toml::{read_file, read_text};

use crate::{ClientError, Target};

/// A target with the supplier it is meant for.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The target.
    pub target: Target,
    /// The supplier's name.
    pub supplier: String,
}

impl Profile {
    /// The built-in target of this name, or the profile in this file.
    ///
    /// # Errors
    /// When there is neither, when the profile has problems, or when credentials that a built-in
    /// target takes from the environment are not there.
    pub fn resolve(named: &str) -> Result<Self, ClientError> {
        let built_in = |target| Ok(Self { target, supplier: "supplier".to_owned() });
        match named {
            "sandbox" => built_in(Target::sandbox()?),
            "int" => built_in(Target::int(Target::auth_from_environment()?)?),
            "mock" => Err(ClientError::configuration(
                "target `mock` is the embedded mock; for one at its own address, give --base-url as well",
            )),
            "prod-smoke" => Err(ClientError::refused(
                "target `prod-smoke` is for the smoke test alone, with named letters and a typed confirmation",
            )),
            file if Path::new(file).extension().is_some_and(|end| end == "toml") => {
                Self::load(Path::new(file))
            }
            other => {
                let hint = nearest(other, Target::BUILT_IN)
                    .map_or_else(|| ".".to_owned(), |near| format!("; did you mean `{near}`?"));
                Err(ClientError::configuration(format!(
                    "there is no target `{other}`{hint} Targets are {}, or a profile file that ends with .toml",
                    Target::BUILT_IN.join(", ")
                )))
            }
        }
    }

    /// Reads a profile file.
    ///
    /// # Errors
    /// When it cannot be read, or has problems: each is named with its line and field.
    pub fn load(path: &Path) -> Result<Self, ClientError> {
        Ok(read_file(path, "`letterproof init` writes one", |top| read::read(top, path))?)
    }

    /// Reads a profile's text; `path` names it in messages, and its files stand beside it.
    ///
    /// # Errors
    /// When it has problems: each is named with its line and field.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ClientError> {
        let origin = path.display().to_string();
        Ok(read_text(text, &origin, |top| read::read(top, path))?)
    }

    /// A commented profile to start from, as `letterproof init` writes it.
    #[must_use]
    pub fn template() -> String {
        fields::template()
    }

    /// The JSON Schema of profile files.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        fields::schema()
    }
}
