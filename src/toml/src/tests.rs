//! What is read, and what each mistake is told as.

use std::time::Duration;

use super::*;

#[derive(Debug, PartialEq)]
struct Read {
    name: String,
    method: Option<&'static str>,
    hosts: Option<Vec<usize>>,
    rate: Option<u32>,
    share: Option<f64>,
    wait: Option<Duration>,
    strict: Option<bool>,
    days: Vec<(u32, Option<String>)>,
}

fn build(top: &Table<'_>) -> Option<Read> {
    let limits = top.table("limits");
    let host =
        |host: &str| if host == "*" { Err("every host is too many") } else { Ok(host.len()) };
    let day = |kind: &Table<'_>| {
        let day = kind.required().value("day", "a date such as 2026-12-31", Value::date);
        (kind.line(), day.map(|day| day.to_string()))
    };
    let name = top.required().text("name");
    let read = Read {
        name: name.unwrap_or_default().to_owned(),
        method: top.word("method", &["none", "signed-jwt"]),
        hosts: top.list("hosts", host),
        rate: limits.whole("rate", 1..=300),
        share: limits.number("share", 0.0..=1.0, "a share from 0 to 1"),
        wait: limits.time("wait"),
        strict: limits.flag("strict"),
        days: top.tables("kinds").unwrap_or_default().iter().map(day).collect(),
    };
    name.map(|_| read)
}

fn told(text: &str) -> Vec<String> {
    let read = read_text(text, "our.toml", build);
    read.map_or_else(|problems| problems.lines().to_vec(), |_| Vec::new())
}

#[test]
fn each_kind_of_value_is_read() {
    let text = "name = 'n'\nmethod = 'signed-jwt'\nhosts = ['a', 'bc']\n[limits]\nrate = 0x1_0\nshare = 1\n\
                wait = 7\nstrict = true\n[[kinds]]\nday = 2026-11-02\n[[kinds]]\nday = '2026-12-31'\n";
    let days = [(9, "2026-11-02"), (11, "2026-12-31")];
    let expected = Read {
        name: "n".into(),
        method: Some("signed-jwt"),
        hosts: Some(vec![1, 2]),
        rate: Some(16),
        share: Some(1.0),
        wait: Some(Duration::from_secs(7)),
        strict: Some(true),
        days: days.map(|(line, day)| (line, Some(day.to_owned()))).into(),
    };
    assert_eq!(read_text(text, "our.toml", build), Ok(expected));
}

#[test]
fn each_mistake_is_one_line_with_file_line_and_field() {
    for (line, said) in [
        ("nmae = 1", "2: field `nmae`: no such field; did you mean `name`?"),
        ("Hosts = 1", "2: field `Hosts`: no such field; did you mean `hosts`?"),
        (
            "zzz = 1",
            "2: field `zzz`: no such field; fields here are limits, name, method, hosts, kinds",
        ),
        ("strict = true", "2: field `strict`: no such field; it belongs in [limits]"),
        (
            "[limits]\nmethod = 'none'",
            "3: field `limits.method`: no such field; it belongs at the top, before the first table",
        ),
        (
            "[[kinds]]\nday = 2026-01-01\ndays = 1",
            "4: field `kinds.days`: no such field; did you mean `day`?",
        ),
        ("[[kinds]]", "2: field `kinds.day`: it is missing; expected a date such as 2026-12-31"),
        (
            "\"a\\u001b\\nb\" = 1",
            "2: field `a\\u{1b}\\nb`: no such field; fields here are limits, name, method, hosts, kinds",
        ),
        ("method = 'Signed_JWT'", "2: field `method`: no such word; did you mean `signed-jwt`?"),
        ("method = 'xyz'", "2: field `method`: no such word; expected one of none, signed-jwt"),
        ("method = ' '", "2: field `method`: expected some text in quotes, not this text"),
        (
            "hosts = 'a'",
            "2: field `hosts`: expected a list of texts, as [\"…\", \"…\"], not this text",
        ),
        (
            "hosts = ['a', 3]",
            "2: field `hosts`: expected a list of texts, as [\"…\", \"…\"], not this list",
        ),
        ("hosts = [\n'a',\n'*']", "4: field `hosts`: every host is too many"),
        ("limits = 3", "2: field `limits`: write it as a table, [limits]"),
        ("kinds = 3", "2: field `kinds`: write each as a table, [[kinds]]"),
        ("kinds = [3]", "2: field `kinds`: write each as a table, [[kinds]]"),
        (
            "limits.rate = 0",
            "2: field `limits.rate`: expected a whole number from 1 to 300, not this number",
        ),
        (
            "limits.rate = -1",
            "2: field `limits.rate`: expected a whole number from 1 to 300, not this number",
        ),
        (
            "limits.rate = '3'",
            "2: field `limits.rate`: expected a whole number from 1 to 300, not this text",
        ),
        (
            "limits.share = nan",
            "2: field `limits.share`: expected a share from 0 to 1, not this number",
        ),
        (
            "limits.share = -0.1",
            "2: field `limits.share`: expected a share from 0 to 1, not this number",
        ),
        (
            "limits.wait = '-3s'",
            "2: field `limits.wait`: expected a length of time such as \"300s\", \"5m\" or \"250ms\", not this text",
        ),
        ("limits.strict = 1", "2: field `limits.strict`: expected true or false, not this number"),
        ("name = 'again'", "2: this is not TOML: duplicate key"),
    ] {
        assert_eq!(told(&format!("name = 'n'\n{line}\n")), [format!("our.toml:{said}")], "{line}");
    }
    assert_eq!(told(""), ["our.toml:1: field `name`: it is missing; expected some text in quotes"]);
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let told = told("nmae = 1\nhosts = ['*', 'a', '*']\n[limits]\nrate = 0\nstrcit = true\n");
    let lines: Vec<&str> = told.iter().filter_map(|told| told.split(':').nth(1)).collect();
    assert_eq!(lines, ["1", "1", "2", "2", "4", "5"], "{told:#?}");
}

#[test]
fn no_value_is_shown() {
    for line in [
        "name = [\"canary\"",
        "name = canary",
        "name = \"canary\" x",
        "name = \"canary\n\"",
        "name = { canary = 1, canary = 2 }",
        "method = \"canary\"",
        "hosts = \"canary\"",
        "limits = \"canary\"",
        "kinds = [\"canary\"]",
        "limits.rate = \"canary\"",
    ] {
        let told = told(line).join("\n");
        assert!(told.starts_with("our.toml:"), "{told}");
        assert!(!told.contains("canary"), "{line}: {told}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("our.toml");
    let read = || read_file(&path, "check the path", build).map_err(|error| error.to_string());
    let refused = |cause: &str| {
        let error = read().unwrap_err();
        assert!(error.starts_with(&path.display().to_string()), "{error}");
        assert!(error.contains(cause) && error.ends_with("; check the path"), "{error}");
    };
    refused("it cannot be read");
    std::fs::write(&path, b"\xff\xfen\0").unwrap();
    refused("UTF-16");
    std::fs::write(&path, b"# \xe9").unwrap();
    refused("line 1 is not UTF-8");
    let mut long = "name = 'n'\n".to_owned().into_bytes();
    long.resize(LONGEST as usize, b'\n');
    std::fs::write(&path, &long).unwrap();
    assert!(read().is_ok(), "as long as may be");
    long.push(b'\n');
    std::fs::write(&path, &long).unwrap();
    refused("longer than 1 MiB");
    std::fs::write(&path, "\u{feff}name = 'n'\r\n[limits]\r\nrate = 0\r\n").unwrap();
    assert!(read().unwrap_err().contains("our.toml:3: field `limits.rate`"), "of another editor");
}
