//! Specification files: YAML and JSON, one and many, and those that must be refused.

use std::fs;
use std::path::Path;

use letterproof_contract::ContractError;
use letterproof_contract::drift::{DriftReport, compare_file};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::drift::specification;

/// A folder with these files; the first is the entry.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn compare(files: &[(&str, &str)]) -> Result<DriftReport, ContractError> {
    compare_file(&folder(files).path().join(files[0].0))
}

#[track_caller]
fn refused(files: &[(&str, &str)]) -> String {
    let error = compare(files).unwrap_err().to_string();
    assert!(error.chars().count() < 600, "{error}");
    error
}

/// A document whose one schema is this.
fn with_schema(schema: &str) -> String {
    format!(
        "openapi: 3.0.3\npaths:\n  /letters:\n    get:\n      responses:\n        200:\n          \
         content:\n            application/vnd.api+json:\n              schema: {schema}\n"
    )
}

#[test]
fn yaml_with_bare_statuses_and_anchors_reads_like_json() {
    let yaml = r"
openapi: 3.0.3
info: { version: 7 }
paths:
  /letters:
    get:
      responses:
        200: &empty
          description: nothing
        418: *empty
";
    let report = compare(&[("api.yaml", yaml)]).unwrap();
    assert_eq!(report.openapi, "3.0.3");
    let odd: Vec<&str> = report
        .additive
        .iter()
        .map(|change| change.place.as_str())
        .filter(|p| *p == "418")
        .collect();
    assert_eq!(odd, ["418"], "{report}");
}

#[test]
fn a_version_that_yaml_takes_for_a_number_is_named_as_such() {
    for (text, number) in [("openapi: 3.0\npaths: {}\n", "3.0"), ("openapi: 3.1\n", "3.1")] {
        let error = refused(&[("api.yaml", text)]);
        assert!(error.contains(&format!("the version {number} is a number")), "{error}");
        assert!(error.contains("put it in quotes"), "{error}");
    }
    assert!(refused(&[("api.yaml", "paths: {}\n")]).contains("there is no `openapi` version"));
}

#[test]
fn a_file_of_another_editor_is_read_or_named() {
    let text = format!("\u{feff}{}", with_schema("{ type: object }").replace('\n', "\r\n"));
    assert_eq!(compare(&[("api.yaml", &text)]).unwrap().openapi, "3.0.3");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("api.yaml");
    fs::write(&path, b"openapi: 3.0.3\n# caf\xe9\n").unwrap();
    let error = compare_file(&path).unwrap_err().to_string();
    assert!(error.contains("line 2 is not UTF-8"), "{error}");
}

#[test]
fn json_in_a_yaml_file_is_yaml() {
    let text = specification().to_string();
    let report = compare(&[("api.yml", &text)]).unwrap();
    assert!(report.breaking.is_empty() && report.additive.is_empty(), "{report}");
}

#[test]
fn a_tree_of_files_reads_like_one_file() {
    let mut whole = specification();
    let mut files: Vec<(String, String)> = Vec::new();
    let paths = whole["paths"].as_object_mut().unwrap();
    for (number, (_, item)) in paths.iter_mut().enumerate() {
        for method in ["get", "post", "patch"] {
            let Some(operation) = item.get_mut(method) else { continue };
            let name = format!("components/endpoints/{method}-{number}.yml");
            for (status, answer) in operation["responses"].as_object_mut().unwrap() {
                let name = format!("components/responses/{method}-{number}-{status}.yaml");
                files.push((name.clone(), answer.to_string()));
                // Quoted and unquoted, with and without a fragment: all are references.
                *answer = json!({ "$ref": format!("../../{name}#") });
            }
            files.push((name.clone(), operation.to_string()));
            *operation = json!({ "$ref": name });
        }
    }
    let mut named = json!({ "openapi": "3.1.0", "x-other": { "$ref": "missing.yml" } });
    named["components"] = json!({ "paths": whole["paths"] });
    named["paths"] = json!({ "$ref": "#/components/paths" });
    let entry = named.to_string();
    let mut all = vec![("api.json", entry.as_str())];
    all.extend(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let report = compare(&all).unwrap();
    assert!(report.breaking.is_empty() && report.additive.is_empty(), "{report}");
    assert_eq!(report.operations, 8);
}

#[test]
fn prose_and_examples_may_refer_to_what_is_not_there() {
    let entry = with_schema(
        r#"{ type: object, description: { $ref: "text.md" }, example: { $ref: "e.json" }, properties: { description: { type: string }, example: { type: string } } }"#,
    );
    let report = compare(&[("api.yaml", &entry)]).unwrap();
    let places: Vec<&str> = report.additive.iter().map(|change| change.place.as_str()).collect();
    assert!(places.contains(&"200 body description"), "{report}");
    assert!(places.contains(&"200 body example"), "{report}");
}

#[test]
fn a_schema_within_itself_is_read_once() {
    let entry = with_schema(r#"{ $ref: "node.yml" }"#);
    let node =
        r#"{ type: object, properties: { data: { type: array, items: { $ref: "node.yml" } } } }"#;
    assert!(compare(&[("api.yaml", &entry), ("node.yml", node)]).is_ok());
    let other = r#"{ $ref: "node.yml" }"#;
    let node = r#"{ type: object, properties: { data: { $ref: "other.yml" } } }"#;
    assert!(compare(&[("api.yaml", &entry), ("node.yml", node), ("other.yml", other)]).is_ok());
}

#[test]
fn references_in_a_circle_are_refused() {
    let entry = with_schema(r#"{ $ref: "a.yml" }"#);
    for (a, b) in [
        (r#"{ $ref: "b.yml" }"#, r#"{ $ref: "a.yml" }"#),
        (r#"{ $ref: "a.yml" }"#, "{}"),
        (r#"{ $ref: "b.yml#/x" }"#, r##"{ x: { $ref: "#/y" }, y: { $ref: "#/x" } }"##),
    ] {
        let error = refused(&[("api.yaml", &entry), ("a.yml", a), ("b.yml", b)]);
        assert!(error.contains("leads back to itself"), "{error}");
    }
}

#[test]
fn references_out_of_the_folder_and_to_other_hosts_are_refused() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.yml"), "type: object").unwrap();
    let spec = outside.path().join("spec");
    fs::create_dir(&spec).unwrap();
    let try_reference = |reference: &str| {
        let file = spec.join("api.yaml");
        fs::write(&file, with_schema(&format!("{{ $ref: '{reference}' }}"))).unwrap();
        compare_file(&file).unwrap_err().to_string()
    };
    for (reference, why) in [
        ("../secret.yml", "leads out of the specification's folder"),
        ("x/../../secret.yml", "cannot be read"),
        ("https://example.org/a.yml", "another host"),
        ("//example.org/a.yml", "another host"),
        ("file:///etc/passwd", "another host"),
        ("C:/secret.yml", "another host or drive"),
        ("/etc/hostname", "not a relative path"),
        ("..\\secret.yml", "not a relative path"),
        ("missing.yml", "cannot be read"),
        ("#anchor", "names an anchor"),
        ("#/nowhere", "there is nothing there"),
    ] {
        let error = try_reference(reference);
        assert!(error.contains(why), "{reference}: {error}");
        assert!(error.contains("api.yaml") && error.contains(reference), "{error}");
        assert!(error.contains("/paths/~1letters/get/responses/200/content/"), "{error}");
        assert!(!error.contains(outside.path().to_str().unwrap()), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_folder_is_refused() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.yml"), "type: object").unwrap();
    let spec = folder(&[("api.yaml", &with_schema("{ $ref: 'link.yml' }"))]);
    std::os::unix::fs::symlink(outside.path().join("secret.yml"), spec.path().join("link.yml"))
        .unwrap();
    let error = compare_file(&spec.path().join("api.yaml")).unwrap_err().to_string();
    assert!(error.contains("leads out of"), "{error}");
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_the_reason() {
    let missing = compare_file(Path::new("nowhere/api.yaml")).unwrap_err().to_string();
    assert!(missing.contains("nowhere/api.yaml"), "{missing}");
    let folder = tempfile::tempdir().unwrap();
    assert!(compare_file(folder.path()).unwrap_err().to_string().contains("not an ordinary file"));
    for (name, text, why) in [
        ("api.yaml", "openapi: [", "not well-formed"),
        ("api.json", "{\"openapi\": ", "line 1"),
        ("api.yaml", "a: 1\na: 2", "not well-formed"),
        ("api.txt", "openapi: 3.0.3", "does not end in .yaml"),
        ("api.yaml", "swagger: '2.0'", "no `openapi` version"),
        ("api.yaml", "openapi: 2.0.0", "is not supported"),
        ("api.yaml", "openapi: 3.0.3", "no paths"),
        ("api.yaml", "openapi: 3.0.3\npaths: 7", "no paths"),
        ("api.yaml", "", "no `openapi` version"),
        ("api.yaml", "\u{0}", "not well-formed"),
        ("api.yaml", "- a\n- b", "no `openapi` version"),
    ] {
        let error = refused(&[(name, text)]);
        assert!(error.contains(why) && error.contains(name), "{text:?}: {error}");
    }
    let broken = refused(&[
        ("api.yaml", &with_schema("{ $ref: 'b/broken.yml' }")),
        ("b/broken.yml", "type: ["),
    ]);
    assert!(broken.contains("`b/broken.yml` is not well-formed"), "{broken}");
    let bytes = folder.path().join("api.yaml");
    fs::write(&bytes, [0xff, 0xfe, 0x00]).unwrap();
    assert!(compare_file(&bytes).is_err());
}

#[test]
fn files_that_grow_or_nest_without_end_are_refused_in_time() {
    let begun = std::time::Instant::now();
    let laughs: String = (1..30)
        .map(|n| {
            let many = vec![format!("*a{}", n - 1); 9].join(",");
            format!("x{n}: &a{n} [{many}]\n")
        })
        .collect();
    let bomb = format!("openapi: 3.0.3\nx0: &a0 [lol]\n{laughs}paths: {{}}\n");
    assert!(refused(&[("api.yaml", &bomb)]).contains("not well-formed"));
    let deep =
        with_schema(&format!("{}{}", "{ properties: { a: ".repeat(5_000), "} }".repeat(5_000)));
    assert!(refused(&[("api.yaml", &deep)]).contains("not well-formed"));
    let deep = format!("{}{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    assert!(refused(&[("api.json", &deep)]).contains("not well-formed"));
    // Each level refers twice to the next: small files, an enormous document.
    let double = |n: usize| {
        format!("properties: {{ a: {{ $ref: 'f{0}.yml' }}, b: {{ $ref: 'f{0}.yml' }} }}", n + 1)
    };
    let mut files = vec![("api.yaml".to_owned(), with_schema("{ $ref: 'f0.yml' }"))];
    files.extend((0..60).map(|n| (format!("f{n}.yml"), double(n))));
    files.push(("f60.yml".to_owned(), "type: string".to_owned()));
    let files: Vec<(&str, &str)> = files.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    assert!(refused(&files).contains("grows too large"));
    let huge = format!("openapi: 3.0.3\npaths: {{}}\n# {}", "x".repeat(9 * 1024 * 1024));
    assert!(refused(&[("api.yaml", &huge)]).contains("longer than"));
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

#[test]
fn odd_shapes_are_read_without_harm() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 1).unwrap_or(0) % below
    };
    let whole = specification();
    let places = pointers(&whole, String::new());
    let odd =
        [json!(null), json!(7), json!("x"), json!([]), json!({}), json!([{}]), json!({"$ref": 7})];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("api.json");
    for _ in 0..300 {
        let mut value = whole.clone();
        for _ in 0..=random(3) {
            if let Some(place) = value.pointer_mut(&places[random(places.len())]) {
                *place = odd[random(odd.len())].clone();
            }
        }
        fs::write(&file, value.to_string()).unwrap();
        match compare_file(&file) {
            Ok(report) => assert!(report.to_string().contains("api.json")),
            Err(error) => assert!(error.to_string().contains("api.json")),
        }
    }
}

fn pointers(value: &Value, at: String) -> Vec<String> {
    let mut found = vec![at.clone()];
    let step = |key: &str| format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| found.extend(pointers(value, step(key))));
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(n, value)| found.extend(pointers(value, step(&n.to_string()))));
        }
        _ => {}
    }
    found
}
