//! Turns a profile into a target. With any problem there is no target, and every problem is named.

use std::path::{Path, PathBuf};

use letterproof_model::{Capability, SpecificationMeaning, Who, stated};
use letterproof_toml::{Table, Value};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as WordError;
use url::Url;

use super::Profile;
use super::fields::{BASES, CAPABILITIES, KINDS, METHODS, OPTIONAL_STATUSES, SPECIFICATIONS};
use crate::target::ClientIdentity;
use crate::{Auth, SecretSource, Target};

/// Reads a profile; files that it names stand beside the one at `path`.
pub(super) fn read(top: &Table<'_>, path: &Path) -> Option<Profile> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let base = top.word("extends", BASES);
    let mut target = match base {
        Some("sandbox") => Target::sandbox(),
        _ => Target::int(Auth::None),
    }
    .ok()?;
    match url(top, "base_url") {
        Some(base_url) => match target.clone().at(base_url) {
            Ok(moved) => target = moved,
            Err(_) => {
                let said = "expected the address of an API, without query and fragment";
                top.problem("base_url", said);
            }
        },
        None if top.has("base_url") => {}
        None if base == Some("mock") => {
            top.problem("base_url", "a mock's address is needed with `extends = \"mock\"`");
        }
        None if !top.has("extends") => {
            let said = "it is missing; give it, or a target to extend with `extends`";
            top.problem("base_url", said);
        }
        None => {}
    }
    target.name = top.text("name").or(base).unwrap_or("profile").to_owned();
    target.name_after_its_place();
    if let Some(words) = top.words("capabilities", CAPABILITIES) {
        target.capabilities = words.into_iter().filter_map(known).collect();
    }
    set(&mut target.storage_hosts, top.list("storage_hosts", str::parse));
    let supplier = top.table("supplier");
    read_auth(&top.table("auth"), folder, &mut target);
    read_supplier(&supplier, &mut target);
    read_limits(&top.table("limits"), &mut target);
    read_network(&top.table("network"), folder, &mut target);
    if let Some(meanings) = top.tables(SPECIFICATIONS) {
        target.specifications = meanings.iter().filter_map(read_meaning).collect();
    }
    let supplier = target.who.supplier.clone().unwrap_or_else(|| "supplier".to_owned());
    Some(Profile { target, supplier })
}

fn set<T>(place: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *place = given;
    }
}

/// A word that was found in a list of known ones, as the model's own type.
fn known<T: for<'a> Deserialize<'a>>(word: &str) -> Option<T> {
    T::deserialize(IntoDeserializer::<WordError>::into_deserializer(word)).ok()
}

fn url<'a>(table: &Table<'a>, name: &'static str) -> Option<&'a str> {
    table.parsed(name, |text| match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            Err("give an address that begins with https:// or http://".to_owned())
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Err("the address carries credentials, which no profile may hold".to_owned())
        }
        Ok(_) => Ok(text),
        Err(error) => Err(format!("this is not an address ({error})")),
    })
}

fn read_auth(auth: &Table<'_>, folder: &Path, target: &mut Target) {
    let method = auth.word("method", METHODS);
    let (jwt, bearer) = match method {
        Some("signed-jwt") => (auth.required(), auth.clone()),
        Some("bearer") => (auth.clone(), auth.required()),
        _ => (auth.clone(), auth.clone()),
    };
    if let Some(token_url) = url(auth, "token_url") {
        target.token_url = Some(token_url.to_owned());
    }
    let kid = jwt.text("kid").map(str::to_owned);
    let api_key = secret(&jwt, "api_key", folder);
    let key = secret(&jwt, "key", folder);
    let token = secret(&bearer, "token", folder);
    match method {
        Some("signed-jwt") => {
            if let (Some(api_key), Some(kid), Some(key)) = (api_key, kid, key) {
                target.auth = Auth::SignedJwt { api_key, kid, key };
            }
        }
        Some("bearer") => {
            if let Some(token) = token {
                target.auth = Auth::Bearer(token);
            }
        }
        Some(_) => {
            target.auth = Auth::None;
            target.capabilities.remove(&Capability::Authenticated);
        }
        None if target.has(Capability::Authenticated) && !auth.has("method") => {
            let said = "it is missing; say in [auth] none, signed-jwt or bearer";
            auth.problem("method", said);
        }
        None => {}
    }
}

fn secret(auth: &Table<'_>, name: &'static str, folder: &Path) -> Option<SecretSource> {
    const WAYS: &str = "{ env = \"…\" }, { file = \"…\" } or { command = [\"…\"] }";
    if auth.peek(name).and_then(Value::text).is_some() {
        let said =
            "the secret itself is written here, which is refused; name where it is found, as";
        auth.problem(name, format!("{said} {WAYS}, and treat what was written as disclosed"));
        return None;
    }
    let expected = format!("one of {WAYS}");
    auth.value(name, &expected, |value| value.is_table().then_some(()))?;
    let found = auth.table(name);
    let env = found.text("env").map(|name| SecretSource::Env(name.to_owned()));
    let file = found.text("file").map(|file| SecretSource::File(folder.join(file)));
    let command = found.list("command", |word| Ok::<_, String>(word.to_owned()));
    if command.as_ref().is_some_and(Vec::is_empty) {
        found.problem("command", "it is empty; give the program and its arguments");
    }
    let ways = ["env", "file", "command"];
    if ways.into_iter().filter(|way| found.has(way)).count() != 1 {
        auth.problem(name, format!("expected {expected}"));
    }
    env.or(file).or(command.map(SecretSource::Command))
}

fn read_supplier(supplier: &Table<'_>, target: &mut Target) {
    target.who = Who {
        supplier: supplier.parsed("name", stated),
        application_id: supplier.parsed("application_id", stated),
        test_manager: supplier.parsed("test_manager", stated),
        window_dates: supplier.parsed("window_dates", str::parse),
    };
    if let Some(words) = supplier.words("supports", OPTIONAL_STATUSES) {
        target.supports = words.iter().filter_map(|word| word.parse().ok()).collect();
        target.states_workflow = true;
    }
}

fn read_limits(limits: &Table<'_>, target: &mut Target) {
    let count = |name| limits.whole(name, 1..=u32::MAX);
    if let Some(rate) = count("rate_limit") {
        target.rate_limit = Some(rate);
    }
    set(&mut target.seeded_letters, count("seeded_letters"));
    set(&mut target.at4_batch, count("at4_batch"));
    set(&mut target.at15_chunk, count("at15_chunk"));
    set(&mut target.visibility_timeout, limits.time("visibility_timeout"));
    set(&mut target.update_deadline, limits.time("update_deadline"));
    set(&mut target.queue_lag, limits.time("queue_lag"));
    set(&mut target.at15_target, limits.time("at15_target"));
}

fn read_network(network: &Table<'_>, folder: &Path, target: &mut Target) {
    let beside = |file: &str| Ok::<PathBuf, String>(folder.join(file));
    set(&mut target.roots, network.list("roots", beside));
    let certificate = network.parsed("client_certificate", beside);
    let key = network.parsed("client_key", beside);
    if let (Some(certificate), Some(key)) = (certificate, key) {
        target.identity = Some(ClientIdentity { certificate, key });
    } else if network.has("client_certificate") != network.has("client_key") {
        let said = "a client certificate and its client_key are given together or not at all";
        network.problem("client_certificate", said);
    }
    if let Some(proxy) = url(network, "proxy") {
        target.proxy = Url::parse(proxy).ok();
    }
    set(&mut target.timeouts.connect, network.time("connect_timeout"));
    set(&mut target.timeouts.answer, network.time("answer_timeout"));
    set(&mut target.timeouts.download, network.time("download_timeout"));
}

fn read_meaning(meaning: &Table<'_>) -> Option<SpecificationMeaning> {
    let needed = meaning.required();
    let (id, kind) = (needed.text("id"), needed.word("kind", KINDS));
    meaning.text("note");
    Some(SpecificationMeaning { id: id?.into(), kind: known(kind?)? })
}
