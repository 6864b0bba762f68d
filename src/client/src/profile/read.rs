//! Turns a profile's text into a target.
//! Refuses half of it: with any problem there is no target, and every problem is named.

use std::path::Path;

use letterproof_model::{SpecificationKind, SpecificationMeaning, Who, stated};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as WordError;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use url::Url;

use super::fields::{
    BASES, CAPABILITIES, KINDS, METHODS, OPTIONAL_STATUSES, SPECIFICATIONS, TABLES,
};
use super::resolve::Profile;
use super::values::{Reader, line_of};
use crate::target::ClientIdentity;
use crate::{Auth, ClientError, Target};

/// Reads a profile; `path` names it in messages, and its files stand beside it.
pub(super) fn read(text: &str, path: &Path) -> Result<Profile, ClientError> {
    let mut reader = Reader { path, text, problems: Vec::new() };
    let document = DeTable::parse(text).map_err(|error| {
        // The library's own display quotes the line, which may hold a secret.
        let line = line_of(text, error.span().map_or(0, |span| span.start));
        ClientError::configuration(format!(
            "{}:{line}: this is no TOML: {}",
            path.display(),
            error.message()
        ))
    })?;
    let empty = DeTable::new();
    let tables = Tables::of(document.get_ref(), &empty, &mut reader);
    let profile = build(&tables, &mut reader);
    match profile {
        Some(profile) if reader.problems.is_empty() => Ok(profile),
        _ => Err(ClientError::Problems(reader.problems)),
    }
}

/// The tables of a profile, each known to hold only known names.
struct Tables<'d> {
    top: &'d DeTable<'d>,
    auth: &'d DeTable<'d>,
    supplier: &'d DeTable<'d>,
    limits: &'d DeTable<'d>,
    network: &'d DeTable<'d>,
}

impl<'d> Tables<'d> {
    fn of(top: &'d DeTable<'d>, empty: &'d DeTable<'d>, reader: &mut Reader<'_>) -> Self {
        reader.check_names("", top);
        let mut table = |name: &str| match top.get(name) {
            None => empty,
            Some(value) => match value.get_ref().as_table() {
                Some(table) => {
                    reader.check_names(name, table);
                    table
                }
                None => {
                    reader.problem(&value.span(), name, &format!("write it as a table, [{name}]"));
                    empty
                }
            },
        };
        let [_, auth, supplier, limits, network] = TABLES.map(|(name, _)| table(name));
        Self { top, auth, supplier, limits, network }
    }
}

fn build(tables: &Tables<'_>, reader: &mut Reader<'_>) -> Option<Profile> {
    let base = reader.word(tables.top, "extends", BASES);
    let base_url = reader.url(tables.top, "base_url");
    if base.is_none() && !tables.top.contains_key("extends") && !tables.top.contains_key("base_url")
    {
        reader.problem(
            &(0..0),
            "base_url",
            "it is missing; give it, or a target to extend with `extends`",
        );
    }
    let mut target = match base.as_deref() {
        Some("sandbox") => Target::sandbox(),
        _ => Target::int(Auth::None),
    }
    .ok()?;
    if let Some(base_url) = &base_url {
        match target.clone().at(base_url) {
            Ok(moved) => target = moved,
            Err(_) => {
                let span = tables.top.get("base_url").map(Spanned::span).unwrap_or_default();
                let said = "here belongs the address of an API, without query and fragment";
                reader.problem(&span, "base_url", said);
            }
        }
    }
    if base.as_deref() == Some("mock") && base_url.is_none() {
        reader.problem(
            &(0..0),
            "base_url",
            "a stand-in's address is needed with `extends = \"mock\"`",
        );
    }
    target.name =
        reader.text_of(tables.top, "name").or(base).unwrap_or_else(|| "profile".to_owned());
    target.name_after_its_place();
    if let Some(words) = reader.words(tables.top, "capabilities", CAPABILITIES) {
        target.capabilities = words.iter().filter_map(|word| known(word)).collect();
    }
    if let Some(hosts) = reader.hosts(tables.top, "storage_hosts") {
        target.storage_hosts = hosts;
    }
    read_auth(tables.auth, &mut target, reader);
    read_limits(tables, &mut target, reader);
    read_network(tables.network, &mut target, reader);
    if let Some(meanings) = read_specifications(tables.top, reader) {
        target.specifications = meanings;
    }
    target.who = read_who(tables.supplier, reader);
    let supplier = target.who.supplier.clone().unwrap_or_else(|| "supplier".to_owned());
    Some(Profile { target, supplier })
}

fn read_who(table: &DeTable<'_>, reader: &mut Reader<'_>) -> Who {
    Who {
        supplier: reader.parsed(table, "name", stated),
        application_id: reader.parsed(table, "application_id", stated),
        test_manager: reader.parsed(table, "test_manager", stated),
        window_dates: reader.parsed(table, "window_dates", str::parse),
    }
}

/// Reads a word that was found in a list of known ones as the model's own type.
fn known<T: for<'a> Deserialize<'a>>(word: &str) -> Option<T> {
    T::deserialize(IntoDeserializer::<WordError>::into_deserializer(word)).ok()
}

fn read_auth(table: &DeTable<'_>, target: &mut Target, reader: &mut Reader<'_>) {
    let token_url = reader.url(table, "token_url");
    let kid = reader.text_of(table, "kid");
    let api_key = reader.secret(table, "api_key");
    let key = reader.secret(table, "key");
    let token = reader.secret(table, "token");
    let method = reader.word(table, "method", METHODS);
    if let Some(token_url) = token_url {
        target.token_url = Some(token_url);
    }
    let mut need = |name: &str| {
        if !table.contains_key(name) {
            let said =
                format!("[auth] needs it with method `{}`", method.as_deref().unwrap_or_default());
            reader.problem(&(0..0), name, &said);
        }
    };
    match method.as_deref() {
        Some("signed-jwt") => {
            ["kid", "api_key", "key"].into_iter().for_each(&mut need);
            if let (Some(api_key), Some(kid), Some(key)) = (api_key, kid, key) {
                target.auth = Auth::SignedJwt { api_key, kid, key };
            }
        }
        Some("bearer") => {
            need("token");
            if let Some(token) = token {
                target.auth = Auth::Bearer(token);
            }
        }
        Some(_) => {
            target.auth = Auth::None;
            target.capabilities.remove(&letterproof_model::Capability::Authenticated);
        }
        None if target.has(letterproof_model::Capability::Authenticated)
            && !table.contains_key("method") =>
        {
            reader.problem(&(0..0), "method", "[auth] must say it: none, signed-jwt or bearer");
        }
        None => {}
    }
}

fn read_limits(tables: &Tables<'_>, target: &mut Target, reader: &mut Reader<'_>) {
    let limits = tables.limits;
    if let Some(rate) = reader.count(limits, "rate_limit") {
        target.rate_limit = Some(rate);
    }
    for (name, place) in [
        ("visibility_timeout", &mut target.visibility_timeout),
        ("update_deadline", &mut target.update_deadline),
        ("queue_lag", &mut target.queue_lag),
        ("at15_target", &mut target.at15_target),
    ] {
        if let Some(time) = reader.time(limits, name) {
            *place = time;
        }
    }
    for (name, place) in [
        ("seeded_letters", &mut target.seeded_letters),
        ("at4_batch", &mut target.at4_batch),
        ("at15_chunk", &mut target.at15_chunk),
    ] {
        if let Some(count) = reader.count(limits, name) {
            *place = count;
        }
    }
    if let Some(words) = reader.words(tables.supplier, "supports", OPTIONAL_STATUSES) {
        target.supports = words.iter().filter_map(|word| word.parse().ok()).collect();
    }
}

fn read_network(table: &DeTable<'_>, target: &mut Target, reader: &mut Reader<'_>) {
    if let Some(roots) = reader.paths(table, "roots") {
        target.roots = roots;
    }
    let certificate = reader.path(table, "client_certificate");
    let key = reader.path(table, "client_key");
    match (certificate, key) {
        (Some(certificate), Some(key)) => {
            target.identity = Some(ClientIdentity { certificate, key })
        }
        (None, None) => {}
        _ => reader.problem(
            &(0..0),
            "client_certificate",
            "a client certificate and its client_key are given together or not at all",
        ),
    }
    if let Some(proxy) = reader.url(table, "proxy") {
        target.proxy = Url::parse(&proxy).ok();
    }
    for (name, place) in [
        ("connect_timeout", &mut target.timeouts.connect),
        ("answer_timeout", &mut target.timeouts.answer),
        ("download_timeout", &mut target.timeouts.download),
    ] {
        if let Some(time) = reader.time(table, name) {
            *place = time;
        }
    }
}

fn read_specifications(
    top: &DeTable<'_>,
    reader: &mut Reader<'_>,
) -> Option<Vec<SpecificationMeaning>> {
    let value = top.get(SPECIFICATIONS)?;
    let DeValue::Array(items) = value.get_ref() else {
        reader.problem(&value.span(), SPECIFICATIONS, "write each as a table, [[specifications]]");
        return None;
    };
    let mut meanings = Vec::new();
    for item in items {
        let Some(table) = item.get_ref().as_table() else {
            reader.problem(
                &item.span(),
                SPECIFICATIONS,
                "write each as a table, [[specifications]]",
            );
            continue;
        };
        reader.check_names(SPECIFICATIONS, table);
        for name in ["id", "kind"] {
            if !table.contains_key(name) {
                reader.problem(&item.span(), name, "each of [[specifications]] needs it");
            }
        }
        let id = reader.text_of(table, "id");
        let kind = reader.word(table, "kind", KINDS);
        if let (Some(id), Some(kind)) =
            (id, kind.and_then(|kind| known::<SpecificationKind>(&kind)))
        {
            meanings.push(SpecificationMeaning { id: id.as_str().into(), kind });
        }
    }
    Some(meanings)
}
