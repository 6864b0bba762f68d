//! What each habit changes in the traffic, and that a day with it comes to its end.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use letterproof_mock::{LetterPlan, SeedPlan};
use letterproof_model::{Body, Exchange, ExchangeRef, Journal as _, Verdict};
use letterproof_sample_supplier::{DayEnd, Habit};
use serde_json::Value;
use support::tap::Trouble;
use support::{Day, Setting, day_with};

/// A day of these tests with these habits.
async fn worked(tests: &[u8], habits: &[&str]) -> Day {
    in_trouble(tests, habits, None).await
}

async fn in_trouble(tests: &[u8], habits: &[&str], trouble: Option<Trouble>) -> Day {
    worked_in(&Setting { trouble, ..Setting::small(tests) }, habits).await
}

async fn worked_in(setting: &Setting, habits: &[&str]) -> Day {
    let habits = habits.iter().map(|name| Habit::parse(name).unwrap()).collect();
    let day = day_with(setting, &[], habits).await;
    assert_eq!(day.report.end, DayEnd::Whole, "{:#?}", day.report);
    day
}

/// The calls of a method below a path.
fn calls<'a>(day: &'a Day, method: &str, path: &str) -> Vec<ExchangeRef<'a>> {
    let named = |one: &ExchangeRef<'_>| {
        let url = one.request.url.split('?').next().unwrap();
        one.request.method == method && url.split_once("supplier").is_some_and(|it| it.1 == path)
    };
    day.recording.exchanges().iter().filter(named).collect()
}

fn sent(exchange: &Exchange) -> Value {
    match &exchange.request.body {
        Body::Json { text } => serde_json::from_str(text).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Every item of every update, in order.
fn updates(day: &Day) -> Vec<Value> {
    let writes = day.recording.exchanges().iter().filter(|one| {
        matches!(one.request.method.as_str(), "POST" | "PATCH")
            && one.request.url.contains("/letters")
    });
    let items = writes.map(|one| sent(&one)["data"].clone());
    items.flat_map(|data| data.as_array().cloned().unwrap_or_else(|| vec![data])).collect()
}

/// The statuses sent for each letter, in order.
fn ways(day: &Day) -> BTreeSet<Vec<String>> {
    let mut ways: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for item in updates(day) {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        ways.entry(text(&item["id"])).or_default().push(text(&item["attributes"]["status"]));
    }
    ways.into_values().collect()
}

fn header<'a>(exchange: &'a Exchange, name: &str) -> Option<&'a str> {
    exchange.request.header(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_go_by_the_calls_that_a_habit_has() {
    let patches = |day: &Day| {
        let all = day.recording.exchanges().iter();
        all.filter(|one| one.request.method == "PATCH").count()
    };
    let moved = |day: &Day| updates(day).len();
    let usual = worked(&[7], &[]).await;
    assert!(patches(&usual) > 0 && calls(&usual, "POST", "/letters").len() > 3);
    let post = worked(&[7], &["post-only"]).await;
    assert_eq!(patches(&post), 0);
    let patch = worked(&[7], &["patch-only"]).await;
    assert_eq!(calls(&patch, "POST", "/letters").len(), 3, "one answer for each list");
    let mixed = worked(&[7], &["mixed-updates"]).await;
    assert!(patches(&mixed) > patches(&usual) && patches(&mixed) < patches(&patch));
    for other in [&post, &patch, &mixed] {
        assert_eq!(moved(other), moved(&usual));
    }
    let shared = worked(&[7], &["parallel-workers"]).await;
    assert!(calls(&shared, "POST", "/letters").len() >= 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_as_long_and_as_many_as_a_habit_has_them() {
    let limits = |day: &Day| -> BTreeSet<String> {
        let lists = calls(day, "GET", "/letters").into_iter();
        lists.map(|one| one.request.url.rsplit('=').next().unwrap().to_owned()).collect()
    };
    assert_eq!(limits(&worked(&[7], &[]).await), ["24".to_owned()].into());
    assert_eq!(limits(&worked(&[7], &["lists-of-100"]).await), ["100".to_owned()].into());
    // A list is asked for after letters of the one before it were dispatched.
    let day = worked(&[7], &["list-by-list"]).await;
    let order: Vec<&str> = day
        .recording
        .exchanges()
        .iter()
        .filter_map(|one| match (&one.request.method[..], &one.request.body) {
            ("GET", _) if one.request.url.contains("limit=") => Some("list"),
            (_, Body::Json { text }) if text.contains("DISPATCHED") => Some("dispatch"),
            _ => None,
        })
        .collect();
    let first = order.iter().position(|what| *what == "dispatch").unwrap();
    assert_eq!(order.iter().take(first).filter(|what| **what == "list").count(), 1, "{order:?}");
    assert_eq!(order.iter().filter(|what| **what == "list").count(), 4, "{order:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_go_the_way_that_a_habit_has() {
    let way = |statuses: &[&str]| statuses.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    for (habit, path) in [
        ("no-optional-status", &["ACCEPTED", "DISPATCHED"][..]),
        ("every-status", &["ACCEPTED", "PRINTED", "ENCLOSED", "DISPATCHED", "DELIVERED"]),
        ("cancel-printed", &["ACCEPTED", "PRINTED", "CANCELLED"]),
        ("returned-undelivered", &["ACCEPTED", "DISPATCHED", "RETURNED"]),
    ] {
        let day = worked(&[7], &[habit]).await;
        let others = ways(&day).into_iter().filter(|one| *one != way(path));
        let others: Vec<Vec<String>> = others.collect();
        assert!(ways(&day).contains(&way(path)), "{habit}");
        let aside = ["FORWARDED", "FAILED", "REJECTED", "CANCELLED"];
        assert!(
            others.iter().all(|one| aside.contains(&one.last().unwrap().as_str())),
            "{others:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_that_cannot_be_produced_end_as_a_habit_has_it() {
    let unfit = |day: &Day, status: &str| {
        updates(day).iter().filter(|item| item["attributes"]["status"] == status).count()
    };
    let usual = worked(&[12], &[]).await;
    let rejecting = worked(&[12], &["reject-bad-pdfs"]).await;
    let failing = worked(&[12], &["fail-bad-pdfs"]).await;
    assert!(unfit(&rejecting, "REJECTED") > unfit(&usual, "REJECTED"));
    assert!(unfit(&failing, "FAILED") > unfit(&usual, "FAILED"));
    assert!(unfit(&failing, "REJECTED") < unfit(&usual, "REJECTED"));
    let producing = worked(&[12], &["any-length"]).await;
    let too_long = |day: &Day| {
        updates(day).iter().filter(|item| item["attributes"]["reasonCode"] == "F02").count()
    };
    assert!(too_long(&usual) > 0 && too_long(&producing) == 0);
    let day = worked(&[9], &["forward-without-code"]).await;
    let updates = updates(&day);
    let forwarded = updates.iter().map(|item| &item["attributes"]);
    let forwarded: Vec<_> = forwarded.filter(|it| it["status"] == "FORWARDED").collect();
    assert!(!forwarded.is_empty());
    for one in forwarded {
        assert!(one.get("reasonCode").is_none() && one["reasonText"].is_string(), "{one}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_without_a_group_are_rejected_where_a_habit_has_it() {
    let english = |group| LetterPlan::share("integration-specification-english", group, 1.0);
    let seeds = SeedPlan { pdf_bytes: 2_000, letters: vec![english("a-group"), english("")] };
    let setting = Setting { seeds, ..Setting::small(&[4, 13]) };
    let rejected = |day: &Day| {
        let all = updates(day).into_iter();
        all.filter(|item| item["attributes"]["status"] == "REJECTED").count()
    };
    assert_eq!(rejected(&worked_in(&setting, &[]).await), 0);
    let day = worked_in(&setting, &["reject-groupless"]).await;
    assert_eq!(rejected(&day), 32);
    let failed: Vec<_> =
        day.judged().into_iter().filter(|one| one.verdict == Verdict::Fail).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_are_read_as_often_as_a_habit_has_it() {
    let reads = |day: &Day| {
        let all = day.recording.exchanges().iter();
        let read = |one: &ExchangeRef<'_>| {
            one.request.method == "GET"
                && one.request.url.contains("/letters/")
                && !one.request.url.ends_with("/data")
        };
        all.filter(read).count()
    };
    let moved = |day: &Day| {
        let answers = ["ACCEPTED", "REJECTED"].map(Value::from);
        let all = updates(day);
        (all.len(), all.iter().filter(|it| answers.contains(&it["attributes"]["status"])).count())
    };
    let once = worked(&[7], &["read-once"]).await;
    assert_eq!(reads(&once), moved(&once).0);
    let never = worked(&[7], &["no-read-backs"]).await;
    assert!(reads(&never) >= moved(&never).1 && reads(&never) < 3 * moved(&never).1);
    let usual = worked(&[7], &[]).await;
    assert!(reads(&usual) > reads(&never));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_carry_the_ids_that_a_habit_sends() {
    let trouble = Some(Trouble::Status("POST", "/letters", 2, 502));
    for (habits, ids) in [(&[][..], 3), (&["same-request-id"], 1)] {
        let day = in_trouble(&[4], habits, trouble).await;
        let tries = calls(&day, "POST", "/letters");
        let sent: BTreeSet<_> = tries[..3].iter().map(|one| header(one, "x-request-id")).collect();
        assert_eq!(sent.len(), ids, "{habits:?}");
    }
    let correlations = |day: &Day| {
        let all = day.recording.exchanges().iter();
        let api = all.filter(|one| one.request.url.contains("/letters"));
        let api = api.filter(|one| !one.request.url.contains("/storage/"));
        let ids: Vec<_> =
            api.map(|one| header(&one, "x-correlation-id").map(str::to_owned)).collect();
        (ids.len(), ids.into_iter().collect::<BTreeSet<_>>().len())
    };
    assert_eq!(correlations(&worked(&[4], &[]).await).1, 1, "none");
    assert_eq!(correlations(&worked(&[4], &["correlation-per-list"]).await).1, 4, "a list each");
    let (calls, ids) = correlations(&worked(&[4], &["correlation-per-call"]).await);
    assert_eq!(calls, ids);
    let day = worked(&[1], &["no-keep-alive"]).await;
    let close = |one: ExchangeRef<'_>| header(&one, "connection") == Some("close");
    assert!(day.recording.exchanges().iter().all(close));
    assert!(!worked(&[1], &[]).await.recording.exchanges().iter().any(close));
    // The mock refuses assertions outside the platform's time.
    for name in ["clock-slow", "clock-fast"] {
        worked(&[1], &[name]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_come_as_a_habit_asks_for_them() {
    let day = worked(&[5], &["whole-range"]).await;
    let links = |day: &Day| {
        let all = day.recording.exchanges().iter();
        let links = all.filter(|one| one.request.url.contains("/storage/"));
        links.map(|one| one.to_arc()).collect::<Vec<_>>()
    };
    let part = |one: &Arc<Exchange>| {
        let answer = one.response().map(|answer| answer.status);
        header(one, "range") == Some("bytes=0-") && matches!(answer, Some(206 | 404))
    };
    assert!(!links(&day).is_empty() && links(&day).iter().all(part));
    let usual = worked(&[5], &[]).await;
    let in_parts = worked(&[5], &["in-parts"]).await;
    let ranges: BTreeSet<String> =
        links(&in_parts).iter().filter_map(|one| header(one, "range").map(str::to_owned)).collect();
    assert_eq!(ranges, ["bytes=0-999".to_owned(), "bytes=1000-".to_owned()].into());
    assert!(in_parts.report.problems.is_empty(), "{:#?}", in_parts.report);
    let twice = worked(&[5], &["looks-twice"]).await;
    assert!(links(&twice).len() > links(&usual).len());
    let following = worked(&[5], &["follow-redirects"]).await;
    assert_eq!(links(&following).len(), links(&usual).len());
    assert!(following.report.problems.is_empty(), "{:#?}", following.report);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_made_as_a_habit_makes_them() {
    let records = |day: &Day| -> Vec<Value> {
        calls(day, "POST", "/mi")
            .iter()
            .map(|one| sent(one)["data"]["attributes"].clone())
            .collect()
    };
    let sum = |records: &[Value]| -> u64 {
        records.iter().map(|one| one["quantity"].as_u64().unwrap()).sum()
    };
    let usual = records(&worked(&[14], &[]).await);
    let items = records(&worked(&[14], &["mi-per-line-item"]).await);
    assert_eq!((items.len(), sum(&items)), (3 * usual.len(), 3 * sum(&usual)));
    let printed = records(&worked(&[5, 14], &["mi-printed"]).await);
    assert!(!printed.is_empty() && printed.iter().all(|one| one["lineItem"] == "letters printed"));
    let days = |records: &[Value]| -> BTreeSet<String> {
        records.iter().map(|one| one["timestamp"].as_str().unwrap()[..10].to_owned()).collect()
    };
    let day = worked(&[7, 14], &["mi-daily"]).await;
    let daily = records(&day);
    let dispatched =
        updates(&day).iter().filter(|it| it["attributes"]["status"] == "DISPATCHED").count();
    assert_eq!((sum(&daily), days(&daily).len()), (dispatched as u64, 3), "{daily:#?}");
    let late = worked(&[14], &["mi-after-midnight"]).await;
    assert_eq!((days(&records(&late)).len(), sum(&records(&late))), (1, sum(&usual)));
}
