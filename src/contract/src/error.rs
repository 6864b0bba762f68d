//! The one error type of this crate: a schema of our own that does not hold together, or a
//! specification file that cannot be read.
//! It carries no judgement: a broken answer of the API is a finding, never an error.

/// A built-in schema or an official specification file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContractError {
    /// A schema shipped with this build is wrong; nothing the user did caused it.
    #[error(
        "built-in schema `{schema}` cannot be used: {message}; reinstall letterproof or report \
         this build as faulty"
    )]
    Schema {
        /// The schema's file under `schemas/`.
        schema: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// A specification file cannot be read.
    #[error("cannot read `{file}`: {message}; give the path of an OpenAPI file")]
    Read {
        /// The file.
        file: String,
        /// Why.
        message: String,
    },
    /// A specification file is not well-formed YAML or JSON.
    #[error("`{file}` is not well-formed: {message}; correct the file or give another one")]
    Malformed {
        /// The file.
        file: String,
        /// Where and why.
        message: String,
    },
    /// A specification file is not an OpenAPI 3 document.
    #[error("`{file}` at `{pointer}`: {message}; give an OpenAPI 3 document")]
    NotOpenApi {
        /// The file.
        file: String,
        /// The JSON pointer of the place.
        pointer: String,
        /// What is wrong there.
        message: String,
    },
    /// A reference of a specification file cannot be followed.
    #[error(
        "`{file}` at `{pointer}`: reference `{reference}` is not followed: {message}; bundle the \
         specification into one file or correct the reference"
    )]
    Reference {
        /// The file that holds the reference.
        file: String,
        /// The JSON pointer of the place.
        pointer: String,
        /// The reference as written.
        reference: String,
        /// Why it is not followed.
        message: String,
    },
}
