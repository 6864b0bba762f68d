//! What each operation documents: its statuses, the media type and body of each, and the schema of
//! its request.
//!
//! Rows cite the operation ids of the official specification (`OAS listLetters`) or the platform's
//! own pages where the specification is silent. What the deployed API does differently is in
//! `deviations`, not here.

use letterproof_model::Operation;

use crate::Document;

/// The media type of the API's own documents.
pub(crate) const API_MEDIA_TYPE: &str = "application/vnd.api+json";
/// The media type of the gateway and of the token endpoint.
pub(crate) const JSON_MEDIA_TYPE: &str = "application/json";

const API: &[&str] = &[API_MEDIA_TYPE];
const JSON: &[&str] = &[JSON_MEDIA_TYPE];
const EITHER: &[&str] = &[JSON_MEDIA_TYPE, API_MEDIA_TYPE];

/// What the body of an answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyRule {
    /// There must be none.
    Empty,
    /// A JSON document.
    Json(Document),
    /// A JSON document, or nothing.
    Optional(Document),
    /// Not documented: recorded as seen.
    Free,
}

/// One documented answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The media types a body may have.
    pub(crate) media: &'static [&'static str],
    /// What the body must be.
    pub(crate) body: BodyRule,
    /// Whether `X-Request-ID` and `X-Correlation-ID` are documented on it.
    pub(crate) echoes: bool,
}

/// One operation and all it documents.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OperationRules {
    /// Which operation.
    pub(crate) operation: Operation,
    /// Its name in finding ids.
    pub(crate) code: &'static str,
    /// Where it is documented.
    pub(crate) source: &'static str,
    /// The schema of its request body.
    pub(crate) request: Option<Document>,
    /// Its documented answers.
    pub(crate) answers: &'static [Answer],
}

const fn success(status: u16, body: BodyRule) -> Answer {
    Answer { status, media: API, body, echoes: true }
}

const fn refusal(status: u16) -> Answer {
    Answer { status, media: API, body: BodyRule::Json(Document::Errors), echoes: false }
}

const BUSY: Answer = Answer {
    status: 429,
    media: EITHER,
    body: BodyRule::Json(Document::RateLimited),
    echoes: false,
};
const BAD_GATEWAY: Answer = Answer {
    status: 502,
    media: EITHER,
    body: BodyRule::Json(Document::BadGateway),
    echoes: false,
};

const fn token_refusal(status: u16) -> Answer {
    Answer { status, media: JSON, body: BodyRule::Json(Document::TokenError), echoes: false }
}

/// Answers documented in prose for every call: the platform's 401 and 429, and the API's 406 and
/// 415. Their bodies are not documented there.
const IN_PROSE: [(u16, &str); 4] = [
    (401, "signed-JWT pages of the NHS API platform"),
    (429, "rate limits of the NHS API platform"),
    (406, "OAS prose on charsets"),
    (415, "OAS prose on media types"),
];

const RULES: [OperationRules; 9] = [
    OperationRules {
        operation: Operation::Status,
        code: "STATUS",
        source: "OAS getStatus",
        request: None,
        answers: &[Answer {
            status: 200,
            media: EITHER,
            body: BodyRule::Optional(Document::Status),
            echoes: false,
        }],
    },
    OperationRules {
        operation: Operation::ListLetters,
        code: "LIST",
        source: "OAS listLetters",
        request: None,
        answers: &[
            success(200, BodyRule::Json(Document::LetterList)),
            refusal(400),
            BUSY,
            refusal(500),
            BAD_GATEWAY,
        ],
    },
    OperationRules {
        operation: Operation::UpdateLetters,
        code: "BULK",
        source: "OAS postLetters",
        request: Some(Document::LetterUpdateList),
        answers: &[success(202, BodyRule::Empty), refusal(400), BUSY, refusal(500), BAD_GATEWAY],
    },
    OperationRules {
        operation: Operation::GetLetter,
        code: "LETTER",
        source: "OAS getLetterStatus",
        request: None,
        answers: &[
            success(200, BodyRule::Json(Document::Letter)),
            refusal(404),
            BUSY,
            refusal(500),
            BAD_GATEWAY,
        ],
    },
    OperationRules {
        operation: Operation::PatchLetter,
        code: "PATCH",
        source: "OAS patchLetter",
        request: Some(Document::LetterUpdate),
        answers: &[
            success(202, BodyRule::Empty),
            refusal(400),
            refusal(404),
            BUSY,
            refusal(500),
            BAD_GATEWAY,
        ],
    },
    OperationRules {
        operation: Operation::GetLetterData,
        code: "DATA",
        source: "OAS getDataId",
        request: None,
        answers: &[success(303, BodyRule::Free), refusal(404), BUSY, refusal(500), BAD_GATEWAY],
    },
    OperationRules {
        operation: Operation::CreateMi,
        code: "MI-CREATE",
        source: "OAS createMI",
        request: Some(Document::MiCreate),
        answers: &[
            success(201, BodyRule::Json(Document::Mi)),
            refusal(400),
            BUSY,
            refusal(500),
            BAD_GATEWAY,
        ],
    },
    OperationRules {
        operation: Operation::GetMi,
        code: "MI",
        source: "OAS getMI",
        request: None,
        answers: &[
            success(200, BodyRule::Json(Document::Mi)),
            refusal(404),
            BUSY,
            refusal(500),
            BAD_GATEWAY,
        ],
    },
    OperationRules {
        operation: Operation::Token,
        code: "TOKEN",
        source: "signed-JWT pages of the NHS API platform",
        request: None,
        answers: &[
            Answer {
                status: 200,
                media: JSON,
                body: BodyRule::Json(Document::Token),
                echoes: false,
            },
            token_refusal(400),
            token_refusal(401),
            token_refusal(403),
            Answer { status: 429, media: JSON, body: BodyRule::Free, echoes: false },
            // The gateway is the one before the API, which documents this answer of its own there.
            Answer { status: 502, media: EITHER, body: BodyRule::Free, echoes: false },
        ],
    },
];

/// The rules of an operation; downloads and unknown calls have none.
#[must_use]
pub(crate) fn rules(operation: Operation) -> Option<&'static OperationRules> {
    RULES.iter().find(|rules| rules.operation == operation)
}

/// Every operation that has rules.
pub(crate) fn all_rules() -> impl Iterator<Item = &'static OperationRules> {
    RULES.iter()
}

/// A body that the contract documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentedBody {
    /// Of which call.
    pub operation: Operation,
    /// Of an answer with this status; of the request where there is none.
    pub status: Option<u16>,
    /// What it must be.
    pub document: Document,
    /// A media type under which it may come.
    pub media: &'static str,
}

/// Every JSON body of requests and answers that the contract documents, in order of calls.
pub fn documented_bodies() -> impl Iterator<Item = DocumentedBody> {
    RULES.iter().flat_map(|rules| {
        let operation = rules.operation;
        let request = rules.request.into_iter().map(move |document| DocumentedBody {
            operation,
            status: None,
            document,
            media: API_MEDIA_TYPE,
        });
        let answers = rules.answers.iter().filter_map(move |answer| match answer.body {
            BodyRule::Json(document) | BodyRule::Optional(document) => Some(DocumentedBody {
                operation,
                status: Some(answer.status),
                document,
                media: answer.media.first().copied().unwrap_or(JSON_MEDIA_TYPE),
            }),
            BodyRule::Empty | BodyRule::Free => None,
        });
        request.chain(answers)
    })
}

impl OperationRules {
    /// The documented answer with this status.
    #[must_use]
    pub(crate) fn answer(&self, status: u16) -> Option<&'static Answer> {
        self.answers.iter().find(|answer| answer.status == status)
    }

    /// Whether prose documents this status although no table does.
    #[must_use]
    pub(crate) fn in_prose(&self, status: u16) -> bool {
        self.operation != Operation::Token && IN_PROSE.iter().any(|(known, _)| *known == status)
    }

    /// The documented statuses, as text.
    #[must_use]
    pub(crate) fn statuses(&self) -> String {
        let mut statuses: Vec<u16> = self.answers.iter().map(|answer| answer.status).collect();
        if self.operation != Operation::Token {
            statuses.extend(IN_PROSE.iter().map(|(status, _)| status));
        }
        statuses.sort_unstable();
        // The quota is documented both ways.
        statuses.dedup();
        let texts: Vec<String> = statuses.iter().map(u16::to_string).collect();
        texts.join(", ")
    }
}
