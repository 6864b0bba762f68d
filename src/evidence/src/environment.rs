//! What surrounded a run: the machine, the command and the target as it was set up.
//!
//! All of it is told by the tool itself and can be checked by nobody, so it stands apart from what
//! follows from the journal. Refuses secrets: settings are written without them.

use letterproof_model::{Capability, PackInfo, ToolInfo};
use serde::{Deserialize, Serialize};

/// The name of the environment document in a run's folder.
pub const ENVIRONMENT_FILE: &str = "environment.json";
/// The name and version of the environment format.
pub const ENVIRONMENT_FORMAT: &str = "letterproof-environment/1";

/// What surrounded a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Always [`ENVIRONMENT_FORMAT`].
    pub format: String,
    /// What ran.
    pub tool: ToolInfo,
    /// The operating system (`linux`, `macos`, `windows`).
    pub system: String,
    /// The processor's architecture.
    pub architecture: String,
    /// The command line, as given.
    pub command_line: Vec<String>,
    /// The pack the run was judged by.
    pub pack: PackInfo,
    /// The target's name.
    pub target: String,
    /// What the target was declared to be able to do.
    pub capabilities: Vec<Capability>,
    /// The target's settings as used, by name, secrets left out and named by where they come from.
    pub profile: Vec<Setting>,
    /// SHA-256 of the official specification that bodies were checked against; absent when they were
    /// held against the built-in schemas.
    pub specification: Option<String>,
    /// By how much the target's clock was ahead of this machine's, in milliseconds; absent where
    /// no answer carried a date.
    pub clock_offset_ms: Option<i64>,
}

/// One setting of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Its name, as in a profile.
    pub name: String,
    /// Its value.
    pub value: String,
}
