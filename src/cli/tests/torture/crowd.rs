//! Ten thousand connections to the double that ask for nothing, half of them in the middle of a
//! request, and a run beside them.
//!
//! The crowd is a process of its own, as the double is, so that each may open as many files as this
//! machine allows. Refuses to pass for ten thousand with fewer: how many there were is printed.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::scene::{Double, TESTS, passed};
use crate::support::run_folder;

/// The connections wanted.
const WANTED: usize = 10_000;
/// Files that the crowd and the double need besides.
const SPARE: usize = 200;
/// The most memory that the double may take with all of them, in kilobytes: 30 kB for each.
const MEMORY: usize = 300 * 1_024;
const ADDRESS: &str = "LETTERPROOF_TEST_CROWD";

/// A command that may open as many files as this machine lets anyone.
fn unbounded(program: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n \"$(ulimit -Hn)\"; exec \"$0\" \"$@\"", program]);
    command
}

/// How many files a process may open here at most.
fn most_files() -> usize {
    let told = unbounded("sh").args(["-c", "ulimit -n"]).output().unwrap();
    String::from_utf8(told.stdout).unwrap().trim().parse().unwrap_or(usize::MAX)
}

/// The child of the test below: opens connections and holds them until its own input ends.
#[test]
fn stand_around() {
    let Ok(asked) = std::env::var(ADDRESS) else { return };
    let (address, count) = asked.split_once(' ').unwrap();
    let half = b"GET /nhs-notify-supplier/letters?limit=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ";
    let mut crowd = Vec::new();
    for number in 0..count.parse().unwrap() {
        let Ok(mut stream) = TcpStream::connect(address) else { break };
        if number % 2 == 0 && stream.write_all(half).is_err() {
            break;
        }
        crowd.push(stream);
    }
    println!("\nstanding {}", crowd.len());
    let _ = std::io::stdin().read(&mut [0]);
}

/// The crowd, once it stands, and how many it is.
fn crowd(address: &str, count: usize) -> (Child, usize) {
    let program = std::env::current_exe().unwrap();
    let mut child = unbounded(program.to_str().unwrap())
        .args(["crowd::stand_around", "--exact", "--nocapture", "--test-threads=1"])
        .env(ADDRESS, format!("{address} {count}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told = lines.map_while(Result::ok);
    let standing = told.find_map(|line| line.strip_prefix("standing ")?.parse().ok()).unwrap();
    (child, standing)
}

fn double(folder: &Path) -> Double {
    Double::of(folder, |credentials| {
        let mut child = unbounded(env!("CARGO_BIN_EXE_letterproof"))
            .args(Double::asked("127.0.0.1:0", credentials))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (child, line)
    })
}

fn files_of(process: u32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/fd")).unwrap().count()
}

/// What a process has in memory, in kilobytes.
fn memory_of(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Waits until so many files are open, or fails.
fn wait_for_files(process: u32, wanted: impl Fn(usize) -> bool) {
    let started = Instant::now();
    while !wanted(files_of(process)) {
        assert!(started.elapsed() < Duration::from_secs(30), "{} files", files_of(process));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn beside_ten_thousand_connections_a_run_passes_and_the_double_stays_small() {
    let folder = tempfile::tempdir().unwrap();
    let count = WANTED.min(most_files().saturating_sub(SPARE));
    if count < WANTED {
        println!("only {count} connections: this machine allows no more open files");
    }
    let double = double(folder.path());
    let (files, memory) = (files_of(double.process()), memory_of(double.process()));
    let (mut crowd, standing) = crowd(double.address(), count);
    assert_eq!(standing, count, "the mock did not take them all");
    wait_for_files(double.process(), |open| open >= files + count);

    let profile = double.profile(folder.path(), double.base_url(), "");
    let out = folder.path().join("out");
    let ended = double.run(&out, &profile, TESTS).ended();
    passed(&ended, &run_folder(&out));
    let crowded = memory_of(double.process());
    println!("{standing} connections: the double grew from {memory} kB to {crowded} kB");
    assert!(crowded < memory + MEMORY, "from {memory} kB to {crowded} kB");

    drop(crowd.stdin.take());
    crowd.wait().unwrap();
    wait_for_files(double.process(), |open| open <= files + 10);
}
