//! What a download shows of a letter's content.
//! Refuses to conclude from an answer that is neither the content nor its absence.

use letterproof_model::{Body, Exchange};

use super::record::Content;

/// The most pages a letter may have (AT12).
const MOST_PAGES: u32 = 5;

impl Content {
    /// What a recorded download shows, and why it is not sound, in a few words; `stated` is the
    /// SHA-256 that the API states. `None` when the answer says nothing about the content.
    pub(crate) fn of(exchange: &Exchange, stated: Option<&str>) -> Option<(Self, Option<String>)> {
        let answer = exchange.response()?;
        let unusable = |problem: &str| {
            let problem = problem.to_owned();
            Some((Self::Unusable { problem: problem.clone() }, Some(problem)))
        };
        match (answer.status, answer.body.content()) {
            (404, _) => Some((Self::Missing, None)),
            (200, None) => unusable("it is empty"),
            (200, Some(content)) => {
                if stated.is_some_and(|stated| !stated.eq_ignore_ascii_case(&content.sha256)) {
                    return unusable("its SHA-256 is not the one the API states");
                }
                match (content.pages, &content.problem) {
                    (_, Some(problem)) => unusable(problem),
                    (None, None) => unusable("it is not a PDF"),
                    (Some(pages), None) if !matches!(answer.body, Body::Pdf(_)) || pages == 0 => {
                        unusable("it is not a PDF with pages")
                    }
                    (Some(pages), None) if pages > MOST_PAGES => {
                        Some((Self::TooLong { pages }, Some(format!("it has {pages} pages"))))
                    }
                    (Some(pages), None) => Some((Self::Sound { pages }, None)),
                }
            }
            _ => None,
        }
    }
}
