//! The accounts of the NHS App that an organisation's patients have, page by page.

use serde_json::{Value, json};

use super::problem::Problem;

/// A parameter of the query; the first where it is given twice.
pub(super) fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.into_iter().find(|pair| pair.0 == name).map(|pair| pair.1.into_owned())
}

/// How many pages an organisation has.
fn pages(code: &str) -> u32 {
    match code {
        "T00001" => 8,
        "T00404" => 0,
        _ => 1,
    }
}

/// Whether a text looks like an organisation's code. Recorded are five that do and one that does not;
/// the rule itself is assumed: a letter, then two to five letters or digits, one of them a digit.
fn is_ods_code(code: &str) -> bool {
    let rest = code.get(1..).unwrap_or_default();
    code.starts_with(|first: char| first.is_ascii_alphabetic())
        && (2..=5).contains(&rest.len())
        && rest.chars().all(|c| c.is_ascii_alphanumeric())
        && rest.chars().any(|c| c.is_ascii_digit())
}

/// A page of the accounts of an organisation's patients; `link` is where pages are found.
pub(super) fn accounts(query: Option<&str>, link: &str) -> Result<Value, Problem> {
    let code = parameter(query, "ods-organisation-code").unwrap_or_default().to_ascii_uppercase();
    if code.is_empty() {
        return Err(Problem::MissingOdsCode);
    }
    if !is_ods_code(&code) {
        return Err(Problem::InvalidOdsCode);
    }
    let page: f64 = match parameter(query, "page") {
        None => 1.0,
        Some(page) => page.parse().map_err(|_| Problem::InvalidPage)?,
    };
    if page.is_nan() || page <= 0.0 {
        return Err(Problem::InvalidPage);
    }
    match code.as_str() {
        "T00429" => return Err(Problem::Busy),
        "T00502" => return Err(Problem::BadGateway),
        _ => {}
    }
    let last = pages(&code);
    let Some(page) = (1..=last).find(|known| f64::from(*known) == page) else {
        return Err(Problem::NoSuchReport);
    };
    let to = |page: u32| format!("{link}?ods-organisation-code={code}&page={page}");
    let mut links = json!({ "last": to(last), "self": to(page) });
    if page < last {
        links["next"] = to(page + 1).into();
    }
    let account =
        |number: &str, on: bool| json!({ "nhsNumber": number, "notificationsEnabled": on });
    let accounts: Vec<Value> = if last > 1 {
        let numbers = [
            "9999999018",
            "9999999026",
            "9999999034",
            "9999999042",
            "9999999050",
            "9999999069",
            "9999999077",
            "9999999085",
            "9999999093",
            "9999999107",
        ];
        numbers.iter().map(|number| account(number, *number == "9999999018")).collect()
    } else {
        vec![account("9074662803", true), account("9903002157", false)]
    };
    Ok(json!({
        "data": { "id": code, "type": "NhsAppAccounts", "attributes": { "accounts": accounts } },
        "links": links,
    }))
}
