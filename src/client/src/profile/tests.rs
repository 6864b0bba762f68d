//! Profiles: what is read, and what each mistake is told as.

use std::path::Path;
use std::time::Duration;

use letterproof_model::{Capability, LetterStatus};

use super::Profile;
use super::fields::{SPECIFICATIONS, TABLES};
use crate::{Auth, SecretSource};

fn problems(text: &str) -> String {
    Profile::parse(text, Path::new("conf/our.toml")).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn the_template_is_a_profile_that_works() {
    let profile = Profile::parse(&Profile::template(), Path::new("conf/our.toml")).unwrap();
    assert_eq!(profile.supplier, "Our print house");
    assert_eq!(profile.target.name, "our-int");
    let Auth::SignedJwt { kid, key, .. } = &profile.target.auth else { panic!("signed JWT") };
    assert_eq!(kid, "our-int-1");
    let SecretSource::File(path) = key else { panic!("a file") };
    assert_eq!(path, &Path::new("conf").join("our-int-1.pem"));
    assert_eq!(profile.target.rate_limit, Some(300));
}

#[test]
fn the_template_with_every_comment_taken_off_is_a_profile_too() {
    let text: String = Profile::template()
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.contains(" = ") && !rest.contains('{') || rest.starts_with("[[") => {
                rest
            }
            _ => line,
        })
        .collect::<Vec<_>>()
        .join("\n");
    let target = Profile::parse(&text, Path::new("our.toml")).unwrap().target;
    assert_eq!(target.visibility_timeout, Duration::from_secs(300));
    assert!(target.proxy.is_some() && target.identity.is_some() && target.roots.len() == 1);
    assert_eq!(target.specifications.len(), 1);
    assert_eq!(target.storage_hosts, ["letters.example.org".parse().unwrap()]);
}

#[test]
fn what_a_profile_leaves_out_comes_from_the_target_it_extends() {
    let target = Profile::parse("extends = \"sandbox\"\n", Path::new("x.toml")).unwrap().target;
    assert!(matches!(target.auth, Auth::None));
    assert!(!target.has(Capability::Stateful));
    let text = "base_url = \"http://127.0.0.1:9000/api\"\n[auth]\nmethod = \"none\"\n[limits]\nvisibility_timeout = \"1500ms\"\nupdate_deadline = 7\n[supplier]\nsupports = [\"PRINTED\"]\n";
    let target = Profile::parse(text, Path::new("x.toml")).unwrap().target;
    assert_eq!(target.visibility_timeout, Duration::from_millis(1_500));
    assert_eq!(target.update_deadline, Duration::from_secs(7));
    assert_eq!(target.supports, [LetterStatus::Printed].into());
    assert!(!target.has(Capability::Authenticated));
}

#[test]
fn optional_tests_decide_where_the_profile_states_them_or_somebody_names_them() {
    let decide = |supplier: &str, named: &[&str]| {
        let text = format!("extends = \"sandbox\"\n{supplier}");
        let target = Profile::parse(&text, Path::new("x.toml")).unwrap().target;
        let named: Vec<_> = named.iter().map(|id| id.parse().unwrap()).collect();
        let ids = target.deciding(&named).iter().map(ToString::to_string).collect::<Vec<_>>();
        ids.join(",")
    };
    const STATED: &str = "[supplier]\nsupports = [\"REJECTED\", \"PRINTED\"]\n";
    assert_eq!(decide("", &[]), "", "what a built-in target supports nobody stated");
    assert_eq!(decide("", &["AT6", "AT1"]), "AT6");
    assert_eq!(decide(STATED, &[]), "AT5,AT13");
    assert_eq!(decide(STATED, &["AT8", "AT5"]), "AT5,AT8,AT13");
    assert_eq!(decide("[supplier]\nsupports = []\n", &[]), "");
}

#[test]
fn everything_a_profile_says_of_its_target_reaches_the_judges() {
    let text = "extends = \"int\"\ncapabilities = [\"stateful\", \"rate-limited\"]\n[auth]\nmethod = \"none\"\n[supplier]\nsupports = [\"ENCLOSED\"]\n[limits]\nat15_target = \"7s\"\nrate_limit = 50\nvisibility_timeout = \"90s\"\nupdate_deadline = \"20s\"\nqueue_lag = \"2m\"\nseeded_letters = 40\nat4_batch = 10\nat15_chunk = 5\n[[specifications]]\nid = \"big\"\nkind = \"accessible\"\nnote = \"Large print\"\n";
    let target = Profile::parse(text, Path::new("x.toml")).unwrap().target;
    let context = target.context(letterproof_model::Mode::Driven);
    assert_eq!(context.capabilities, [Capability::Stateful, Capability::RateLimited].into());
    assert_eq!(context.supports, [LetterStatus::Enclosed].into());
    assert_eq!((context.at15_target_ms, context.rate_limit), (7_000, 50));
    assert_eq!((context.visibility_timeout_ms, context.update_deadline_ms), (90_000, 20_000));
    assert_eq!(context.queue_lag_ms, 120_000);
    assert_eq!((context.seeded_letters, context.at4_batch, context.at15_chunk), (40, 10, 5));
    let meaning = &context.specifications[0];
    assert_eq!((context.specifications.len(), meaning.id.as_str()), (1, "big"));
    assert_eq!(meaning.kind, letterproof_model::SpecificationKind::Accessible);
}

#[test]
fn each_mistake_is_told_with_line_and_field_and_the_near_name() {
    let int = "extends = \"int\"\n[auth]\nmethod = \"none\"\n";
    for (text, line, expected) in [
        (format!("{int}tokn_url = \"https://x/\"\n"), 4, "did you mean `token_url`?"),
        (format!("{int}[limit]\nrate_limit = 3\n"), 4, "did you mean `limits`?"),
        (format!("{int}[limits]\nrate_limit = \"fast\"\n"), 5, "a whole number from 1"),
        (format!("{int}[limits]\nrate_limit = 0\n"), 5, "a whole number from 1"),
        (format!("{int}[limits]\nrate_limit = -3\n"), 5, "a whole number from 1"),
        (format!("{int}[limits]\nvisibility_timeout = \"soon\"\n"), 5, "a length of time"),
        (format!("{int}[limits]\nvisibility_timeout = \"-3s\"\n"), 5, "a length of time"),
        (format!("{int}[supplier]\nsupports = [\"PRINTD\"]\n"), 5, "did you mean `PRINTED`?"),
        (format!("{int}[network]\nproxy = \"http://u:canary@p:1\"\n"), 5, "carries credentials"),
        (format!("{int}[network]\nverify = false\n"), 5, "no such field"),
        (format!("{int}[network]\ninsecure = true\n"), 5, "no such field"),
        (format!("{int}[network]\nclient_key = \"k.pem\"\n"), 4, "given together"),
        (
            format!("{int}[[specifications]]\nid = \"a\"\n"),
            4,
            "`specifications.kind`: it is missing",
        ),
        (format!("storage_host = [\"a.example\"]\n{int}"), 1, "did you mean `storage_hosts`?"),
        (format!("storage_hosts = \"a.example\"\n{int}"), 1, "a list of texts"),
        (format!("storage_hosts = [\"*.amazonaws.com\"]\n{int}"), 1, "every customer"),
        (
            format!("storage_hosts = [\n\"a.example\",\n\"*.s3.eu-west-2.amazonaws.com\"]\n{int}"),
            3,
            "every customer",
        ),
        (format!("storage_hosts = [\"https://a.example/x\"]\n{int}"), 1, "the host alone"),
        (format!("storage_hosts = [\"api.service.nhs.uk\"]\n{int}"), 1, "production"),
        (format!("{int}storage_hosts = [\"a.example\"]\n"), 4, "belongs at the top"),
        (format!("{int}[limits]\nproxy = \"http://p:1\"\n"), 5, "belongs in [network]"),
        ("extends = \"imt\"\n[auth]\nmethod = \"none\"\n".to_owned(), 1, "did you mean `int`?"),
        ("name = \"x\"\n[auth]\nmethod = \"none\"\n".to_owned(), 1, "base_url"),
        ("extends = \"int\"\n".to_owned(), 1, "none, signed-jwt or bearer"),
        (
            "extends = \"int\"\n[auth]\nmethod = \"bearer\"\n".to_owned(),
            2,
            "`auth.token`: it is missing",
        ),
        ("extends = \"int\"\nauth = 3\n".to_owned(), 2, "as a table"),
        ("extends = \"int\n".to_owned(), 1, "not TOML"),
        ("base_url = \"https://x?key=canary\"\nauth.method = \"none\"\n".to_owned(), 1, "query"),
        ("base_url = \"ftp://x\"\n[auth]\nmethod = \"none\"\n".to_owned(), 1, "https://"),
    ] {
        let said = problems(&text);
        assert!(said.contains(&format!("our.toml:{line}:")), "{text}\n{said}");
        assert!(said.contains(expected), "{text}\n{said}");
        assert!(!said.contains("canary"), "{said}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let said = problems(
        "extends = \"int\"\nnmae = \"x\"\n[auth]\nmethod = \"none\"\n[limits]\nat4_batch = 0\n",
    );
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_shown() {
    for line in [
        "key = \"canary\"",
        "api_key = \"canary\"",
        "key = { pem = \"canary\" }",
        "key = [\"canary\"",
        "key = canary",
    ] {
        let said = problems(&format!(
            "extends = \"int\"\n[auth]\nmethod = \"signed-jwt\"\nkid = \"k\"\n{line}\n"
        ));
        assert!(said.contains("our.toml:5:"), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
}

#[test]
fn a_near_miss_of_a_built_in_name_is_suggested() {
    let said = Profile::resolve("sandbux").unwrap_err().to_string();
    assert!(said.contains("did you mean `sandbox`?"), "{said}");
    assert!(Profile::resolve("sandbox").is_ok());
    assert!(
        Profile::resolve("nowhere/at-all.toml")
            .unwrap_err()
            .to_string()
            .contains("letterproof init")
    );
    assert!(!Profile::resolve("prod-smoke").unwrap_err().to_string().is_empty());
}

#[test]
fn the_schema_and_the_template_know_the_fields_that_are_read_and_no_others() {
    let schema = Profile::schema();
    for (table, _) in TABLES.into_iter().chain([(SPECIFICATIONS, "")]) {
        let (start, properties) = match table {
            "" => (String::new(), &schema),
            SPECIFICATIONS => (format!("[[{table}]]\n"), &schema["properties"][table]["items"]),
            table => (format!("[{table}]\n"), &schema["properties"][table]),
        };
        // Every field that is read is named where an unknown one has no near name.
        let said = problems(&format!("{start}zzzz = 1\n"));
        let (_, read) = said.split_once("fields here are ").unwrap();
        let mut read: Vec<&str> = read.lines().next().unwrap().split(", ").collect();
        let mut known: Vec<_> = properties["properties"].as_object().unwrap().keys().collect();
        read.sort_unstable();
        known.sort_unstable();
        assert_eq!(read, known, "[{table}]");
    }
}
