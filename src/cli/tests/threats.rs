//! The pages for contributors name tests and files that exist.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::fs;
use std::path::Path;

#[test]
fn every_line_of_the_threat_model_names_a_test_that_there_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join(".github/SECURITY.md")).unwrap();
    let mut shown = 0;
    for row in page.lines().filter(|line| line.starts_with("| ")) {
        let Some(tests) = row.split(" | ").nth(2).filter(|tests| *tests != "shown by |") else {
            continue;
        };
        let mut source = String::new();
        let mut named = 0;
        for word in tests.split('`').skip(1).step_by(2) {
            if word.ends_with(".rs") {
                source = fs::read_to_string(root.join(word)).unwrap();
                continue;
            }
            assert!(source.contains(&format!("fn {word}(")), "{word} of: {row}");
            named += 1;
        }
        assert!(named > 0, "a line without a test: {row}");
        shown += 1;
    }
    assert!(shown > 15, "{shown} lines");
}

#[test]
fn the_ways_in_name_files_that_there_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (page, least) in [(".github/CONTRIBUTING.md", 20), ("src/README.md", 15)] {
        let text = fs::read_to_string(root.join(page)).unwrap();
        let paths: Vec<&str> = text
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| !word.contains([' ', '*']))
            .filter(|word| word.contains('/') || ["load", "steps", "reports"].contains(word))
            .filter(|word| !word.starts_with("../"))
            .collect();
        for path in &paths {
            assert!(root.join(path).exists(), "{page} names {path}");
        }
        assert!(paths.len() >= least, "{} paths in {page}", paths.len());
    }
}
