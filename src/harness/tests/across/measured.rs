//! The figures of load runs.

use crate::*;

/// What is read of a bundle that holds these files.
fn read(files: &[(&str, &str)]) -> Result<Vec<Performance>, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let opened = Opened::open(folder.path()).unwrap();
    read_measured(&opened).map_err(|error| error.to_string())
}

const STEADY: &str =
    "{\"format\": \"letterproof-load/1\", \"name\": \"steady\", \"figures\": {\"p99_ms\": 1.5}}";

#[test]
fn each_load_run_gives_its_figures_and_nothing_else_does() {
    let found = read(&[
        ("performance/steady/summary.json", STEADY),
        ("performance/steady/deep/summary.json", "not looked at"),
        ("performance/summary.json", "not looked at"),
        ("other/steady/summary.json", "not looked at"),
    ]);
    let figures = [("p99_ms".to_owned(), 1.5)].into();
    assert_eq!(found.unwrap(), [Performance { name: "load steady".into(), figures }]);
    assert_eq!(read(&[("results.json", "{}")]).unwrap(), []);
}

#[test]
fn a_summary_of_another_format_is_refused_by_name() {
    for text in [STEADY.replace("load/1", "load/2"), "{".into(), "{}".into()] {
        let error = read(&[("performance/steady/summary.json", &text)]).unwrap_err();
        assert!(error.contains("steady") && error.contains("summary.json"), "{error}");
    }
}
