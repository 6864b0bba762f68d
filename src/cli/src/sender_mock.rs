//! `letterproof mock --pack sender`: serves the sandbox of the API by which organisations send.

use letterproof_harness::Failure;
use letterproof_mock::{Layer, SenderConfig, SenderMock};

use crate::args::{MockOptions, MockProfile, SandboxLayer};
use crate::process::until_stopped;
use crate::targets;

/// What the options ask for.
///
/// # Errors
/// When they ask for something that the sending API's mock does not have.
pub(crate) fn config(options: &MockOptions) -> Result<SenderConfig, Failure> {
    if options.profile == MockProfile::Int {
        return Err(Failure::Usage(
            "the mock of the sending API behaves like the sandbox only; add --profile sandbox"
                .to_owned(),
        ));
    }
    let given = [
        ("--admin", options.admin.is_some()),
        ("--letters", options.letters.is_some()),
        ("--seeds", options.seeds.is_some()),
        ("--jwks", !options.jwks.is_empty()),
        ("--credentials", options.credentials.is_some()),
        ("--unordered", options.unordered),
        ("--without", !options.without.is_empty()),
        ("--fault", !options.faults.is_empty()),
        ("--request-faults", options.request_faults),
        ("--bench", options.bench),
    ];
    targets::refuse(&given, |names| {
        format!("{names} is for the mock of the Supplier API; leave it out, or leave out --pack")
    })?;
    Ok(SenderConfig {
        listen: options.listen,
        tls: options.tls,
        layer: match options.layer {
            None | Some(SandboxLayer::Gateway) => Layer::Gateway,
            Some(SandboxLayer::Backend) => Layer::Backend,
        },
        ..SenderConfig::default()
    })
}

/// Serves until Ctrl-C; returns the exit code.
pub(crate) async fn serve(config: SenderConfig) -> Result<u8, Failure> {
    let mock = SenderMock::start(config)?;
    let ready = serde_json::json!({
        "base_url": mock.base_url(),
        "certificate_pem": mock.certificate_pem(),
    });
    until_stopped(&ready, mock.stop()).await
}
