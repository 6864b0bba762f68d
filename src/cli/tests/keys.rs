//! `letterproof keys` and `letterproof init` as their users meet them.

mod support;

use letterproof_client::Profile;
use support::{command, folders};

#[test]
fn a_pair_is_written_once_and_its_private_half_is_never_printed() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().display().to_string();
    let arguments = ["keys", "--out", &folder, "--kid", "our-int-1"];
    let ended = command(&arguments).ended();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(folders(out.path()), ["our-int-1.jwks.json", "our-int-1.pem"]);
    let pem_path = out.path().join("our-int-1.pem");
    let pem = std::fs::read_to_string(&pem_path).unwrap();
    let jwks = std::fs::read_to_string(out.path().join("our-int-1.jwks.json")).unwrap();
    assert!(ended.stdout.contains("4096 bits"), "{}", ended.stdout);
    let line = pem.lines().nth(5).unwrap();
    assert!(!ended.stdout.contains(line) && !ended.stderr.contains(line));
    let jwks: serde_json::Value = serde_json::from_str(&jwks).unwrap();
    assert_eq!(jwks["keys"][0]["kid"], "our-int-1");
    assert!(jwks["keys"][0].get("d").is_none());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&pem_path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    let again = command(&arguments).ended();
    assert_eq!(again.code, 2, "{}", again.stdout);
    assert!(again.stderr.contains("not overwritten"), "{}", again.stderr);
    assert_eq!(std::fs::read_to_string(&pem_path).unwrap(), pem);
}

#[test]
fn a_kid_that_would_leave_the_folder_is_refused() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("keys").display().to_string();
    let ended = command(&["keys", "--out", &folder, "--kid", "../x"]).ended();
    assert_eq!(ended.code, 2, "{}", ended.stdout);
    assert!(ended.stderr.contains("kid"), "{}", ended.stderr);
    assert_eq!(folders(out.path()), Vec::<String>::new());
}

#[test]
fn a_profile_is_written_once_and_reads_back() {
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("our-int.toml");
    let file = path.display().to_string();
    let ended = command(&["init", &file]).ended();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("letterproof doctor --target"), "{}", ended.stdout);
    Profile::load(&path).unwrap();
    std::fs::write(&path, "name = \"mine\"\n").unwrap();
    let ended = command(&["init", &file]).ended();
    assert_eq!(ended.code, 2, "{}", ended.stdout);
    assert!(ended.stderr.contains("not overwritten"), "{}", ended.stderr);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "name = \"mine\"\n");
}

#[test]
fn the_schema_of_profiles_is_the_one_that_is_published() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/profile.json");
    let schema = format!("{:#}\n", Profile::schema());
    if std::env::var_os("LETTERPROOF_UPDATE").is_some() {
        std::fs::write(path, &schema).unwrap();
    }
    let published = std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    assert!(published == schema, "set LETTERPROOF_UPDATE=1 to write schemas/profile.json anew");
}
