//! What is concluded of a criterion, held against what it should be; and the edges of a script's
//! clock.

use letterproof_model::Verdict;

use super::result;
use super::script::Script;

/// How long before a script's clock its last call was answered, in microseconds.
pub const SINCE_ANSWER: i64 = 993;
/// How long before a script's clock its last call was sent, in microseconds.
pub const SINCE_CALL: i64 = 4_000;
/// Where a script's clock shows a whole millisecond: a journal that begins here is a coarse one.
pub const WHOLE_MILLISECOND: i64 = 877;

/// The verdict of a criterion.
#[track_caller]
pub fn ends_with(verdict: Verdict, id: &str, script: &Script) {
    let result = result(id, script);
    assert_eq!(result.verdict, verdict, "{result:#?}");
}

/// Some of the words a reader is given.
#[track_caller]
pub fn says(words: &str, id: &str, script: &Script) {
    let observed = result(id, script).observed;
    assert!(observed.contains(words), "{observed}");
}

/// The verdict of a criterion with all its words.
#[track_caller]
pub fn tells(verdict: Verdict, observed: &str, id: &str, script: &Script) {
    let result = result(id, script);
    assert_eq!((result.verdict, result.observed.as_str()), (verdict, observed), "{result:#?}");
}

/// Why a criterion is neither passed nor failed, or what a reader must know of a pass.
#[track_caller]
pub fn explains(reason: &str, id: &str, script: &Script) {
    let result = result(id, script);
    assert_eq!(result.reason.as_deref(), Some(reason), "{result:#?}");
}

/// The exchanges that show it.
pub fn shown(id: &str, script: &Script) -> Vec<String> {
    result(id, script).exchanges.iter().map(ToString::to_string).collect()
}

/// The id of the last call of a script.
pub fn last_call(script: &Script) -> String {
    script.exchanges.last().unwrap().id.to_string()
}

/// The next call begins at the moment the last one was answered.
pub fn at_once(s: &mut Script) -> &mut Script {
    let answered = s.now() - SINCE_ANSWER;
    s.set_clock(answered)
}

/// The next call begins so many microseconds after the last one was sent.
pub fn after_the_last(s: &mut Script, micros: i64) -> &mut Script {
    let sent = s.now() - SINCE_CALL;
    s.set_clock(sent + micros)
}
