//! The messages that the public sandbox knows, as facts: who was reached how, and when.

use serde_json::{Map, Value, json};

/// The plan of all known messages.
pub(super) const PLAN: &str = "b838b13c-f98c-4def-93f0-515d4e4f4ee1";

const NHSAPP: &str = "nhsapp";
const EMAIL: &str = "email";
const SMS: &str = "sms";
const LETTER: &str = "letter";

const CREATED: &str = "created";
const SENDING: &str = "sending";
const DELIVERED: &str = "delivered";
const FAILED: &str = "failed";

/// Why a message or a channel failed: the end of its code, where it has one, and the words.
type Reason = (&'static str, &'static str);
const MALFORMED: Reason =
    ("PDSV_0001", "Failed reason: Name response is invalid: Contact detail is malformed");
const MISSING: Reason = ("PDSV_0002", "Failed reason: Contact detail is missing");
const NUMBER_NOT_FOUND: Reason = ("PDSV_0004", "Failed reason: NHS number not found");
const NOT_IN_PDS: Reason = ("PDSV_0006", "Failed reason: Patient does not exist in PDS");
const INVALIDATED: Reason = ("PDSV_0008", "Failed reason: patient record invalidated");
const EXIT_CODE: Reason = ("PDSV_0110", "Failed reason: Patient has exit code");
const INFORMALLY_DEAD: Reason = ("PDSV_0111", "Failed reason: Patient is informally dead");
const FORMALLY_DEAD: Reason = ("PDSV_0112", "Failed reason: Patient is formally dead");
// What the deployed sandbox says of its suppliers is long; these words are ours.
const SUPPLIER_SMS: Reason =
    ("SUPE_0007", "Failed reason: the phone did not take the text message");
const SUPPLIER_EMAIL: Reason = ("SUPE_0007", "Failed reason: the mailbox did not take the e-mail");
const SUPPLIER_LETTER: Reason = ("SUPE_0007", "Failed reason: the printer did not take the letter");
const UNREAD: Reason = ("", "Message not read in specified time frame");

/// A time of October 2023, as day and clock.
fn time(at: &str) -> String {
    format!("2023-10-{at}Z")
}

/// When each known message was created, enriched, and its channels made.
const MESSAGE_CREATED: &str = "09T10:31:37";
const ENRICHED: &str = "09T10:31:59";

/// One way of reaching a recipient, and what came of it.
struct Channel {
    kind: &'static str,
    order: u8,
    status: &'static str,
    end: Option<&'static str>,
    reason: Option<Reason>,
    retried: bool,
    secondary: bool,
    /// The id of the contact detail: empty where it has none.
    contact: Option<&'static str>,
    overridden: bool,
}

const fn channel(kind: &'static str, order: u8, status: &'static str) -> Channel {
    Channel {
        kind,
        order,
        status,
        end: None,
        reason: None,
        retried: false,
        secondary: false,
        contact: None,
        overridden: false,
    }
}

impl Channel {
    const fn at(mut self, end: &'static str) -> Self {
        self.end = Some(end);
        self
    }

    const fn because(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    const fn retried(mut self) -> Self {
        self.retried = true;
        self
    }

    const fn secondary(mut self) -> Self {
        self.secondary = true;
        self
    }

    const fn contact(mut self, id: &'static str) -> Self {
        self.contact = Some(id);
        self
    }

    const fn overridden(mut self) -> Self {
        self.overridden = true;
        self
    }

    fn shown(&self) -> Value {
        let mut shown = Map::new();
        shown.insert("type".to_owned(), self.kind.into());
        if self.retried {
            shown.insert("retryCount".to_owned(), 1.into());
        }
        let cascade = if self.secondary { "secondary" } else { "primary" };
        shown.insert("cascadeType".to_owned(), cascade.into());
        shown.insert("cascadeOrder".to_owned(), self.order.into());
        state(&mut shown, "channel", self.status, self.reason);
        let mut times = json!({ "created": time(ENRICHED) });
        if let Some(end) = self.end {
            times[self.status] = time(end).into();
        }
        shown.insert("timestamps".to_owned(), times);
        let plan = if self.overridden {
            json!({ "id": "9ba00d23-cd6f-4aca-8688-00abc85a7980", "version": "5", "type": "override" })
        } else {
            json!({ "id": PLAN, "version": "1", "type": "original" })
        };
        shown.insert("routingPlan".to_owned(), plan);
        if let Some(id) = self.contact {
            let mut contact = json!({ "source": "pds", "label": "recipient_contact" });
            if !id.is_empty() {
                contact["id"] = id.into();
            }
            shown.insert("metadata".to_owned(), json!([contact]));
        }
        shown.into()
    }
}

/// Writes a status and why it is so, as messages and channels both do.
fn state(shown: &mut Map<String, Value>, what: &str, status: &str, reason: Option<Reason>) {
    shown.insert(format!("{what}Status"), status.into());
    if let Some((code, text)) = reason {
        shown.insert(format!("{what}StatusDescription"), text.into());
        if !code.is_empty() {
            let letter = if what == "message" { 'M' } else { 'C' };
            shown.insert(format!("{what}FailureReasonCode"), format!("{letter}FR_{code}").into());
        }
    }
}

/// A message that can be read.
struct Message {
    id: &'static str,
    reference: &'static str,
    status: &'static str,
    channels: &'static [Channel],
    enriched: Option<&'static str>,
    end: Option<&'static str>,
    reason: Option<Reason>,
    batch: Option<&'static str>,
    labelled: bool,
}

const fn message(
    id: &'static str,
    reference: &'static str,
    status: &'static str,
    channels: &'static [Channel],
) -> Message {
    Message {
        id,
        reference,
        status,
        channels,
        enriched: Some(ENRICHED),
        end: None,
        reason: None,
        batch: None,
        labelled: true,
    }
}

impl Message {
    const fn enriched(mut self, at: Option<&'static str>) -> Self {
        self.enriched = at;
        self
    }

    const fn at(mut self, end: &'static str) -> Self {
        self.end = Some(end);
        self
    }

    const fn because(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    const fn of_batch(mut self, id: &'static str) -> Self {
        self.batch = Some(id);
        self
    }

    const fn unlabelled(mut self) -> Self {
        self.labelled = false;
        self
    }

    fn shown(&self, link: String) -> Value {
        let mut attributes = Map::new();
        attributes.insert("routingPlan".to_owned(), plan(PLAN, "1"));
        attributes.insert("messageReference".to_owned(), self.reference.into());
        state(&mut attributes, "message", self.status, self.reason);
        if !self.channels.is_empty() {
            let channels: Vec<Value> = self.channels.iter().map(Channel::shown).collect();
            attributes.insert("channels".to_owned(), channels.into());
        }
        let mut times = json!({ "created": time(MESSAGE_CREATED) });
        for (name, at) in [("enriched", self.enriched), (self.status, self.end)] {
            if let Some(at) = at {
                times[name] = time(at).into();
            }
        }
        attributes.insert("timestamps".to_owned(), times);
        let kinds = self.channels.iter().filter(|_| self.labelled).map(|channel| channel.kind);
        // Without channels it was an older record of the recipient that was asked for.
        let version = if self.channels.is_empty() { "1" } else { "23" };
        attributes.insert(
            "metadata".to_owned(),
            json!([{
                "queriedAt": time(ENRICHED), "version": version, "source": "pds",
                "labels": kinds.collect::<Vec<_>>(),
            }]),
        );
        let mut data = json!({
            "type": "Message", "id": self.id, "attributes": attributes, "links": { "self": link },
        });
        if let Some(id) = self.batch {
            data["relationships"] =
                json!({ "messageBatch": { "data": { "type": "MessageBatch", "id": id } } });
        }
        json!({ "data": data })
    }
}

/// A plan as answers name it.
pub(super) fn plan(id: &str, version: &str) -> Value {
    json!({
        "id": id, "version": version, "name": "routing-plan-name",
        "createdDate": "2022-01-01T00:00:00.000Z",
    })
}

/// The document of a known message; `link` makes its address from its id.
pub(super) fn known(id: &str, link: impl FnOnce(&str) -> String) -> Option<Value> {
    let message = MESSAGES.iter().find(|message| message.id == id)?;
    Some(message.shown(link(id)))
}

static MESSAGES: [Message; 29] = [
    message(
        "2WL3qFTEFM0qMY8xjRbt1LIKCzM",
        "7a94bc7c-5d55-4816-bea0-8449eb81d65f",
        DELIVERED,
        &[channel(NHSAPP, 1, DELIVERED).at("09T10:52:12").retried()],
    )
    .at("09T10:52:12"),
    message(
        "2WL3wwFhpZ6blJNIoh747bDEFNv",
        "7cf26e8d-9a12-44c3-8186-d9c2f2e03631",
        DELIVERED,
        &[channel(EMAIL, 1, DELIVERED).at("09T10:52:12").retried().contact("a1b2c3d4")],
    )
    .at("09T10:52:12"),
    message(
        "2WL3ydEEk37IzREoWRhuAdolFCE",
        "ef2d84fa-5dc0-4de5-959e-30f2e2e6f4b5",
        DELIVERED,
        &[channel(SMS, 1, DELIVERED).at("09T10:52:12").contact("e5f6g7h8")],
    )
    .at("09T10:52:12"),
    message(
        "2WL3zxCY9e5vm2VP1ZfYMb53WPF",
        "78c55f88-c2fd-42cc-aa0f-5f1273babd66",
        DELIVERED,
        &[channel(LETTER, 1, DELIVERED).at("09T10:52:12").contact("i9j0k1l2")],
    )
    .at("09T10:52:12"),
    message(
        "2WL44QP7vrKxKKBZdTtUQoB2bWl",
        "6495d48e-919a-4350-aa43-0f209731d118",
        SENDING,
        &[channel(NHSAPP, 1, SENDING)],
    ),
    message(
        "2WL45YuHOLATvC3GspEu0oSioux",
        "d1cc6082-729e-4e31-8842-ac3279d3f72d",
        FAILED,
        &[channel(NHSAPP, 1, FAILED).at("09T10:52:12").because(NUMBER_NOT_FOUND)],
    )
    .at("09T10:52:12")
    .because(NUMBER_NOT_FOUND),
    message(
        "2WL4GEeFVxXG9S57nRlefBwwKxp",
        "500710db-9e51-4fcf-830b-166fca7fb18f",
        SENDING,
        &[channel(EMAIL, 1, SENDING).contact("m3n4o5p6")],
    ),
    message(
        "2WL4JXrfauCaQnSFbAujoImSKwo",
        "9de1821a-058d-499b-ab8e-5c127278284e",
        SENDING,
        &[channel(SMS, 1, SENDING).contact("q7r8s9t0")],
    ),
    message(
        "2WL4JtCiOe7l2TT4szwPjNJah3z",
        "e21cd9c0-75af-4596-9e9a-57fa7581fe59",
        FAILED,
        &[channel(SMS, 1, FAILED)
            .at("09T10:52:12")
            .because(SUPPLIER_SMS)
            .retried()
            .contact("u1v2w3x4")],
    )
    .at("09T10:52:12")
    .because(SUPPLIER_SMS)
    .unlabelled(),
    message(
        "2WL4LuyNMtoGAsJQIpTxZLl8e3e",
        "25642d81-a76b-45da-b633-0d192ba15638",
        SENDING,
        &[channel(LETTER, 1, SENDING).contact("y5z6a7b8")],
    ),
    message(
        "2WL4MOuSeCTODDAScFG7KIq9a5r",
        "b9603694-5542-4043-b905-1e570b26d4c2",
        FAILED,
        &[channel(LETTER, 1, FAILED)
            .at("09T10:52:12")
            .because(SUPPLIER_LETTER)
            .retried()
            .contact("c9d0e1f2")],
    )
    .at("09T10:52:12")
    .because(SUPPLIER_LETTER),
    message("2WL4QcKGjNHvHFQeKgYbapZJGHK", "4fbc5f73-0f7c-4304-b848-5c6ccb781c84", FAILED, &[])
        .enriched(Some("09T10:31:40"))
        .at("09T10:31:59")
        .because(NOT_IN_PDS),
    message(
        "2WL4W9RgbuLLByXdR77H8vjKSDd",
        "0397b134-e30d-4fb1-9060-0d204b0ac340",
        FAILED,
        &[channel(EMAIL, 1, FAILED)
            .at("09T10:52:12")
            .because(SUPPLIER_EMAIL)
            .retried()
            .contact("a1b2c3d4")],
    )
    .at("09T10:52:12")
    .because(SUPPLIER_EMAIL),
    message("2WL4cPfBRuPKa44JxhyXYf2kr1E", "d85be1f0-1593-41b0-94d2-beae6ee7dcc0", FAILED, &[])
        .enriched(Some("09T10:31:45"))
        .at("09T10:31:59")
        .because(INVALIDATED),
    message("2WL4ibGoigirgbH4yQwqbPaJXyQ", "2f2e071c-9fba-4dde-bf8d-8dd0c8060300", FAILED, &[])
        .at("09T10:31:59")
        .because(FORMALLY_DEAD),
    message("2WL4khXn32dOOj4bB4bi8Tkllrq", "68cc8e05-c404-405a-a41d-92cdb8afd9e3", FAILED, &[])
        .enriched(None)
        .at("09T10:31:59")
        .because(INFORMALLY_DEAD),
    message("2WL4mvx6eBva8dcIK60VEGIfcgZ", "1791d23b-6f5d-4153-ab45-637bd7711d41", FAILED, &[])
        .at("09T10:31:59")
        .because(EXIT_CODE),
    message("2WL4pcpmKxYYblm3PSKVEqcmEPX", "2c98d875-3843-4919-9c79-2034e957e251", FAILED, &[])
        .at("09T10:31:59")
        .because(MALFORMED),
    message(
        "2WL4vHFZzInmaYwq6HRNDqTX8dH",
        "d1cc6082-729e-4e31-8842-ac3279d3f72d",
        FAILED,
        &[channel(NHSAPP, 1, FAILED).at("09T10:31:59").because(MISSING).retried()],
    )
    .at("09T10:31:59")
    .because(MISSING),
    message(
        "2WL4xcWKvz4F32g0htBEl8DINzn",
        "0b88296d-b7e3-4697-be86-7424444a205c",
        FAILED,
        &[channel(EMAIL, 1, FAILED)
            .at("09T10:52:12")
            .because(MISSING)
            .retried()
            .contact("e5f6g7h8")],
    )
    .enriched(None)
    .at("09T10:52:12")
    .because(MISSING),
    message(
        "2WL50w41YaZXcyFCNT346LY8rlz",
        "7b2be2cf-7e59-4b15-b199-fd4ba0cb9f19",
        FAILED,
        &[channel(SMS, 1, FAILED).at("09T10:52:12").because(MISSING).retried().contact("")],
    )
    .at("09T10:52:12")
    .because(MISSING),
    message(
        "2WL54x0XQjCbWeE5lN0DKQZcokU",
        "1226417c-f683-4d68-afe8-2d52321a6b70",
        FAILED,
        &[channel(LETTER, 1, FAILED).at("09T10:52:12").because(MISSING).retried().contact("")],
    )
    .at("09T10:52:12")
    .because(MISSING),
    message(
        "2WL5TWl7F7PondWbZ1vctlEtOZ3",
        "d0612714-59e2-4377-86f4-6d0c114ab83d",
        DELIVERED,
        &[
            channel(NHSAPP, 1, DELIVERED).at("09T10:52:12"),
            channel(EMAIL, 2, CREATED).contact("q7r8s9t0"),
            channel(SMS, 3, CREATED).contact("u1v2w3x4"),
            channel(LETTER, 4, CREATED).contact("y5z6a7b8"),
        ],
    )
    .enriched(Some("09T10:39:37"))
    .at("09T10:52:12"),
    message(
        "2WL5eDefrbW31uw1il84WdF8ndH",
        "adcbc45a-a867-4798-8c61-7c02d132e1e6",
        DELIVERED,
        &[
            channel(NHSAPP, 1, FAILED).at("09T10:52:12").because(NUMBER_NOT_FOUND),
            channel(EMAIL, 2, DELIVERED).at("09T11:25:23").contact("c9d0e1f2"),
            channel(SMS, 3, CREATED).contact("g3h4i5j6"),
            channel(LETTER, 4, CREATED).contact("k7l8m9n0"),
        ],
    )
    .enriched(Some("09T10:39:37"))
    .at("09T11:25:23"),
    message(
        "2WL5eYSWGzCHlGmzNxuqVusPxDg",
        "ac8e4b6c-b0bc-480f-976c-a601fda36351",
        DELIVERED,
        &[
            channel(NHSAPP, 1, FAILED).at("09T10:52:12").because(NUMBER_NOT_FOUND),
            channel(EMAIL, 2, FAILED)
                .at("09T11:25:23")
                .because(SUPPLIER_EMAIL)
                .retried()
                .contact("o1p2q3r4"),
            channel(SMS, 3, DELIVERED).at("09T11:48:52").contact("s5t6u7v8"),
            channel(LETTER, 4, CREATED).contact("w9x0y1z2"),
        ],
    )
    .enriched(Some("09T10:39:37"))
    .at("09T11:48:52"),
    message(
        "2WL5f8j4XVxUPgd3OOqXVYvVFIW",
        "eb9a3342-afb2-4977-9536-65fab370376c",
        DELIVERED,
        &[
            channel(NHSAPP, 1, FAILED).at("09T10:52:12").because(NUMBER_NOT_FOUND),
            channel(EMAIL, 2, FAILED)
                .at("09T11:25:23")
                .because(SUPPLIER_EMAIL)
                .retried()
                .contact("a3b4c5d6"),
            channel(SMS, 3, FAILED)
                .at("09T11:48:52")
                .because(SUPPLIER_SMS)
                .retried()
                .contact("e7f8g9h0"),
            channel(LETTER, 4, DELIVERED).at("12T08:23:41").contact("i1j2k3l4"),
        ],
    )
    .enriched(Some("09T10:39:37"))
    .at("12T08:23:41"),
    message(
        "2WL5qbEa7TzSWZXU2IAOCCrLXVL",
        "dcaf64cc-2afa-42ff-9797-1b9a948e0d10",
        DELIVERED,
        &[channel(NHSAPP, 1, DELIVERED).at("09T10:52:12")],
    )
    .at("09T10:52:12")
    .of_batch("2WWq0oqcx5pdoNnh8hJuYLonZMy"),
    message(
        "2bBBpsiMl2rnQt99qm6JLZ6w1vq",
        "1226417c-f683-4d68-afe8-2d52321a6b70",
        FAILED,
        &[channel(SMS, 1, FAILED)
            .at("09T10:52:12")
            .because(MISSING)
            .retried()
            .contact("a1b2c3d4")
            .overridden()],
    )
    .at("09T10:31:59")
    .because(MISSING),
    message(
        "2n7C5wdJ9JSOSeCJTyd50GvtZeR",
        "d5469ebf-7e26-4dfc-9818-7c74d500097f",
        DELIVERED,
        &[
            channel(NHSAPP, 1, FAILED).at("09T10:31:59").because(UNREAD).retried(),
            channel(SMS, 1, DELIVERED).at("09T11:48:52").retried().secondary().contact("m5n6o7p8"),
            channel(LETTER, 2, DELIVERED).at("09T11:48:52").contact("q9r0s1t2"),
        ],
    )
    .at("09T11:48:52"),
];
