//! Profiles: targets written down in TOML, with everything but the secrets.
//! Refuses a secret in the file itself, an unknown field, and a value of the wrong kind; each
//! problem is told with file, line and field, and with the near name where there is one.

mod fields;
mod read;
mod resolve;
mod template;

#[cfg(test)]
mod tests;

pub use resolve::Profile;
