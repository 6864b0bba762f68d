//! The admin side, on a loopback port of its own: seed, reset, make visible, read, arm faults.
//!
//! Callers must name it by a loopback host, and pages of other sites are turned away, so that no
//! web page can reach it: neither by a trick with names nor by sending a form.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use letterproof_wire::{Abort, Own, Stranger};
use serde::Deserialize;
use serde_json::json;

use crate::config::Limits;
use crate::connection::Service;
use crate::reply::{JSON, MockBody, Reply, with_body};
use crate::shared::{Shared, micros};
use crate::supplier::faults::{Fault, fault_catalogue};
use crate::supplier::seeds::SeedPlan;
use crate::{reply, token};

/// The admin side of a mock.
pub(crate) struct Admin {
    shared: Arc<Shared>,
    own: Own,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct SeedOrder {
    /// Letters to add; left out, as many as at the start.
    letters: Option<u32>,
    seed: Option<u64>,
    /// The supplier's name; left out, the first.
    supplier: Option<String>,
    plan: Option<SeedPlan>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct ResetOrder {
    seed: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultOrder {
    faults: Vec<String>,
}

type Outcome = Result<serde_json::Value, (StatusCode, String)>;

fn wrong(problem: impl ToString) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, problem.to_string())
}

fn order<'a, T: Deserialize<'a> + Default>(body: &'a [u8]) -> Result<T, (StatusCode, String)> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(wrong)
}

impl Admin {
    pub(crate) fn new(shared: Arc<Shared>, address: SocketAddr) -> Self {
        Self { shared, own: Own::new("http", address, Vec::new()) }
    }

    fn obey(&self, method: &Method, path: &str, query: Option<&str>, body: &[u8]) -> Outcome {
        let shared = &*self.shared;
        match (method, path) {
            (&Method::GET, "/") => Ok(json!({ "orders": [
                "GET /state", "GET /requests", "GET /letters/{id}", "GET /faults", "GET /catalogue",
                "POST /seed", "POST /reset", "POST /visible", "POST /token", "PUT /faults",
                "DELETE /faults",
            ]})),
            (&Method::GET, "/state") => {
                let supplier = self.supplier(
                    url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
                        .find(|(key, _)| key == "supplier")
                        .map(|(_, name)| name.into_owned()),
                )?;
                serde_json::to_value(shared.summary(supplier)).map_err(wrong)
            }
            (&Method::GET, "/requests") => {
                serde_json::to_value(shared.meter.read(shared.now())).map_err(wrong)
            }
            (&Method::GET, path) if path.starts_with("/letters/") => {
                shared.apply_due(shared.now());
                let letters = shared.letters.read();
                let found = letters.find(&path["/letters/".len()..]);
                let (_, letter) = found
                    .ok_or_else(|| (StatusCode::NOT_FOUND, "no letter has that id".to_owned()))?;
                serde_json::from_slice(&letter.rendered).map_err(wrong)
            }
            (&Method::GET, "/faults") => Ok(json!({ "faults": shared.board.names() })),
            (&Method::GET, "/catalogue") => Ok(fault_catalogue()
                .iter()
                .map(|entry| {
                    json!({
                        "name": entry.name, "argument": entry.argument.to_string(),
                        "breaks": entry.breaks, "criteria": entry.criteria,
                        "checks": entry.checks, "check": entry.check,
                    })
                })
                .collect()),
            (&Method::PUT, "/faults") => {
                let order: FaultOrder = serde_json::from_slice(body).map_err(wrong)?;
                let faults: Result<Vec<Fault>, _> =
                    order.faults.iter().map(|text| Fault::parse(text)).collect();
                shared.board.arm(faults.map_err(wrong)?);
                Ok(json!({ "faults": shared.board.names() }))
            }
            (&Method::DELETE, "/faults") => {
                shared.board.arm(Vec::new());
                Ok(json!({ "faults": [] }))
            }
            (&Method::POST, "/seed") => {
                let order: SeedOrder = order(body)?;
                let supplier = self.supplier(order.supplier)?.unwrap_or(0);
                let plan = order.plan.as_ref().unwrap_or(&shared.config.seeds);
                let count = order.letters.unwrap_or(shared.config.letters);
                let seed = order.seed.unwrap_or(shared.config.seed);
                let added = shared.seed(supplier, plan, count, seed).map_err(wrong)?;
                Ok(json!({ "added": added }))
            }
            (&Method::POST, "/reset") => {
                let order: ResetOrder = order(body)?;
                shared.reset(order.seed.unwrap_or(shared.config.seed)).map_err(wrong)?;
                serde_json::to_value(shared.summary(None)).map_err(wrong)
            }
            (&Method::POST, "/visible") => {
                shared.show_all();
                serde_json::to_value(shared.summary(None)).map_err(wrong)
            }
            (&Method::POST, "/token") => {
                let life = shared.config.token_lifetime;
                let token = token::give(shared, 0, micros(life))
                    .map_err(|refusal| (refusal.status, refusal.description.to_owned()))?;
                Ok(json!({ "access_token": token, "expires_in": life.as_secs().to_string() }))
            }
            _ => Err((
                StatusCode::NOT_FOUND,
                format!("no such order; GET http://{}/", self.own.listen()),
            )),
        }
    }

    fn supplier(&self, name: Option<String>) -> Result<Option<u16>, (StatusCode, String)> {
        let Some(name) = name else { return Ok(None) };
        let at = self.shared.suppliers.iter().position(|known| known.name == name);
        at.map(|at| Some(at as u16)).ok_or_else(|| wrong(format!("no supplier `{name}`")))
    }
}

impl Service for Admin {
    fn limits(&self) -> &Limits {
        &self.shared.config.limits
    }

    async fn respond(
        &self,
        parts: Parts,
        body: Bytes,
        _reset: &Arc<AtomicBool>,
    ) -> Result<Response<MockBody>, Abort> {
        let refused = |why: &str| Err((StatusCode::FORBIDDEN, why.to_owned()));
        let outcome = match self.own.refusal(&parts.uri, &parts.headers) {
            None => self.obey(&parts.method, parts.uri.path(), parts.uri.query(), &body),
            Some(Stranger::OtherHost) => refused("call it by its loopback address and port"),
            Some(Stranger::OtherPage) => refused("a page of another site may not ask for this"),
        };
        let reply: Reply = match outcome {
            Ok(value) => with_body(StatusCode::OK, JSON, value.to_string()),
            Err((status, message)) => {
                with_body(status, JSON, json!({ "error": message }).to_string())
            }
        };
        Ok(reply::plain(reply))
    }
}
