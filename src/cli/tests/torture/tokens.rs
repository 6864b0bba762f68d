//! A token endpoint that comes and goes: refused, slow, reset, every other time or three times in
//! ten, while tokens live for seconds.
//! Refuses to take the run's word: what the endpoint gave out and kept back is counted there.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use letterproof_model::{Exchange, Journal as _, Operation, Route};

use crate::scene::{Dice, Double, TESTS, journal, passed};
use crate::stub::{Asked, Said, Stub, TOKEN};
use crate::support::run_folder;
use crate::tap::Tap;

/// How long a token lives; it is renewed a quarter before its end.
const LIFE: &str = "2s";
/// The least time between two tokens of a run that asks for one only when it needs one.
const LEAST: i64 = 1_000;

/// What the endpoint does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Well,
    Slow,
    Unavailable,
    Gone,
}

/// Passes a request for a token on to the double.
fn passed_on(double: &str, own: &str, asked: &Asked) -> Said {
    let mut stream = TcpStream::connect(double).unwrap();
    // The endpoint's own name, for which the assertion was made.
    write!(
        stream,
        "POST {TOKEN} HTTP/1.1\r\nHost: {own}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{}",
        asked.body.len(),
        asked.body
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "the double refused a token: {body}");
    Said::new("200 OK", "application/json", body)
}

/// A run with an endpoint of these moods, which pass in turn.
fn runs_with(name: &str, moods: Vec<Mood>) {
    let folder = tempfile::tempdir().unwrap();
    let double = Double::start(folder.path(), &["--token-lifetime", LIFE]);
    let tap = Tap::before(double.address());
    let turns = Arc::new(AtomicUsize::new(0));
    let (turn, upstream, plan) = (turns.clone(), double.address().to_owned(), moods.clone());
    let endpoint = Stub::start(move |asked| {
        let mood = plan[turn.fetch_add(1, Ordering::SeqCst) % plan.len()];
        let own = asked.head.lines().find_map(|line| {
            line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("host"))
        });
        match mood {
            Mood::Unavailable => Some(Said::page("503 Service Unavailable")),
            Mood::Gone => Some(Said::nothing()),
            Mood::Slow => {
                std::thread::sleep(Duration::from_millis(400));
                Some(passed_on(&upstream, own?.1, asked))
            }
            Mood::Well => Some(passed_on(&upstream, own?.1, asked)),
        }
    });
    let elsewhere = format!("token_url = \"http://{}{TOKEN}\"", endpoint.address());
    let profile = double.profile(folder.path(), &tap.base_url(), &elsewhere);
    let out = folder.path().join("out");
    let ended = double.run(&out, &profile, TESTS).ended();
    let folder = run_folder(&out);
    let results = passed(&ended, &folder);
    assert_eq!(results.counts.pass as usize, TESTS.split(',').count(), "{name}: {}", ended.stdout);
    assert_eq!(tap.taken_twice(), [], "{name}");

    let saved = journal(&folder);
    let is_token = |one: &Exchange| {
        Route::of_exchange(one, &saved.header.base_url).operation == Operation::Token
    };
    let tokens: Vec<_> = saved.recording.exchanges().iter().filter(|one| is_token(one)).collect();
    let asked = turns.load(Ordering::SeqCst);
    assert_eq!(tokens.len(), asked, "{name}: every request for a token is in the journal");
    let seen = |mood| moods.iter().cycle().take(asked).filter(|one| **one == mood).count();
    let unavailable = tokens.iter().filter(|one| one.status() == Some(503)).count();
    let gone = tokens.iter().filter(|one| one.error().is_some()).count();
    assert_eq!((unavailable, gone), (seen(Mood::Unavailable), seen(Mood::Gone)), "{name}");
    assert!(unavailable + gone > 0, "{name}: the endpoint was well all the time");
    let given: Vec<i64> = tokens
        .iter()
        .filter(|one| one.status() == Some(200))
        .map(|one| Exchange::finished(one).as_millisecond())
        .collect();
    println!("{name}: {} tokens of {asked} asked for", given.len());
    assert!(given.len() >= 2, "{name}: no token was ever renewed");
    for pair in given.windows(2) {
        assert!(pair[1] - pair[0] >= LEAST, "{name}: two tokens within {} ms", pair[1] - pair[0]);
    }
}

#[test]
fn with_a_token_endpoint_that_answers_every_other_time_a_run_passes() {
    use Mood::{Gone, Slow, Unavailable, Well};
    runs_with("every other time", vec![Unavailable, Well, Gone, Slow]);
}

#[test]
fn with_a_token_endpoint_that_fails_three_times_in_ten_a_run_passes() {
    let mut dice = Dice(3);
    let mood = |_| match dice.throw() {
        part if part < 0.15 => Mood::Unavailable,
        part if part < 0.3 => Mood::Gone,
        part if part < 0.5 => Mood::Slow,
        _ => Mood::Well,
    };
    runs_with("three times in ten", (0..200).map(mood).collect());
}
