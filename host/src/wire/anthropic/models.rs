//! `GET /v1/models`, a page at a time, and `GET /v1/models/{id}`.

use crate::chat::ApiError;
use crate::wire::Model;
use crate::wire::json::write_string;

/// How many models a page holds where the query does not say, and at most.
const PAGE: usize = 20;
const MOST: usize = 1_000;
const LIFECYCLES: [&str; 3] = ["active", "deprecated", "retired"];

/// The page of the models that a query asks for.
pub(super) fn list(models: &[Model], query: &str) -> Result<Vec<u8>, ApiError> {
    let query = Query::read(query)?;
    // Every model that is configured is active.
    let models = if query.active { models } else { &[] };
    let place = |key: &str, id: &str| {
        let found = models.iter().position(|model| model.id == id);
        found.ok_or_else(|| ApiError::new(400, format!("{key}: `{id}` is not the id of a model of this list")))
    };
    let (page, has_more) = match (&query.after, &query.before) {
        (Some(_), Some(_)) => return Err(ApiError::new(400, "Only one of `after_id` and `before_id` can be given")),
        (Some(id), None) => first(models.get(place("after_id", id)? + 1..).unwrap_or_default(), query.limit),
        (None, Some(id)) => {
            let before = models.get(..place("before_id", id)?).unwrap_or_default();
            let start = before.len().saturating_sub(query.limit);
            (before.get(start..).unwrap_or_default(), start > 0)
        }
        (None, None) => first(models, query.limit),
    };
    let mut body = br#"{"data":["#.to_vec();
    for (index, model) in page.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        write(&mut body, model);
    }
    body.extend_from_slice(br#"],"has_more":"#);
    body.extend_from_slice(if has_more { b"true" } else { b"false" });
    body.extend_from_slice(br#","first_id":"#);
    write_id(&mut body, page.first());
    body.extend_from_slice(br#","last_id":"#);
    write_id(&mut body, page.last());
    body.push(b'}');
    Ok(body)
}

/// The first models of a list, and whether there are more.
fn first(models: &[Model], limit: usize) -> (&[Model], bool) {
    (models.get(..limit).unwrap_or(models), models.len() > limit)
}

/// What a query asks for.
struct Query {
    limit: usize,
    after: Option<String>,
    before: Option<String>,
    active: bool,
}

impl Query {
    fn read(query: &str) -> Result<Self, ApiError> {
        let (mut limit, mut after, mut before, mut lifecycles) = (PAGE, None, None, Vec::new());
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decoded(value);
            match decoded(key).as_str() {
                "limit" => limit = page_size(&value)?,
                "after_id" => after = Some(value),
                "before_id" => before = Some(value),
                "lifecycle" | "lifecycle[]" => lifecycles.push(value),
                _ => {}
            }
        }
        if let Some(at) = lifecycles.iter().position(|word| !LIFECYCLES.contains(&word.as_str())) {
            let message = format!("lifecycle.{at}: Input should be 'active', 'deprecated' or 'retired'");
            return Err(ApiError::new(400, message));
        }
        let active = lifecycles.is_empty() || lifecycles.iter().any(|word| word == "active");
        Ok(Self { limit, after, before, active })
    }
}

fn page_size(value: &str) -> Result<usize, ApiError> {
    let reason = match value.parse::<i64>() {
        Err(_) => "Input should be a valid integer, unable to parse string as an integer".to_owned(),
        Ok(..=0) => "Input should be greater than or equal to 1".to_owned(),
        Ok(size) => match usize::try_from(size) {
            Ok(size) if size <= MOST => return Ok(size),
            _ => format!("Input should be less than or equal to {MOST}"),
        },
    };
    Err(ApiError::new(400, format!("limit: {reason}")))
}

/// A part of a query without its escapes; what is none of them stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, hexadecimal(after)) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The byte that the first two digits stand for.
fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let [high, low] = digits.first_chunk::<2>()?.map(|digit| char::from(digit).to_digit(16));
    u8::try_from(high? * 16 + low?).ok()
}

pub(super) fn one(model: &Model) -> Vec<u8> {
    let mut body = Vec::with_capacity(256);
    write(&mut body, model);
    body
}

fn write_id(out: &mut Vec<u8>, model: Option<&Model>) {
    match model {
        Some(model) => write_string(out, &model.id),
        None => out.extend_from_slice(b"null"),
    }
}

fn write(out: &mut Vec<u8>, model: &Model) {
    out.extend_from_slice(br#"{"type":"model","id":"#);
    write_string(out, &model.id);
    out.extend_from_slice(br#","display_name":"#);
    write_string(out, &model.id);
    out.extend_from_slice(br#","created_at":"#);
    write_string(out, &rfc3339(model.created));
    out.extend_from_slice(br#","lifecycle":"active","capabilities":null,"deprecated_at":null,"line":null"#);
    out.extend_from_slice(br#","max_input_tokens":null,"max_tokens":null,"retires_at":null}"#);
}

/// Seconds since the epoch as a date of the proleptic Gregorian calendar, after Howard Hinnant's "chrono-Compatible
/// Low-Level Date Algorithms": a year that begins in March has its leap day at the end.
fn rfc3339(seconds: u64) -> String {
    let days = seconds / 86_400 + 719_468; // since 0000-03-01
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_the_calendars() {
        for (seconds, date) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_715_367_049, "2024-05-10T18:50:49Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds), date);
        }
    }

    fn models(count: usize) -> Vec<Model> {
        (0..count).map(|id| Model { id: format!("m/{id}"), created: 0, owned_by: "anthropic".into() }).collect()
    }

    fn page(count: usize, query: &str) -> Result<serde_json::Value, String> {
        let page = list(&models(count), query).map_err(|error| format!("{} {}", error.status, error.message))?;
        Ok(serde_json::from_slice(&page).unwrap())
    }

    /// The ids of a page, and whether there are more.
    fn ids(count: usize, query: &str) -> (Vec<String>, bool) {
        let page = page(count, query).unwrap();
        let ids: Vec<String> =
            page["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(
            (page["first_id"].as_str(), page["last_id"].as_str()),
            (ids.first().map(String::as_str), ids.last().map(String::as_str))
        );
        assert_eq!(page.as_object().unwrap().len(), 4);
        (ids, page["has_more"].as_bool().unwrap())
    }

    #[test]
    fn a_model_has_every_field() {
        let body = String::from_utf8(one(&models(1)[0])).unwrap();
        let wanted = concat!(
            r#"{"type":"model","id":"m/0","display_name":"m/0","created_at":"1970-01-01T00:00:00Z","#,
            r#""lifecycle":"active","capabilities":null,"deprecated_at":null,"line":null,"#,
            r#""max_input_tokens":null,"max_tokens":null,"retires_at":null}"#,
        );
        assert_eq!(body, wanted);
        let list = String::from_utf8(list(&models(1), "").unwrap()).unwrap();
        assert_eq!(list, format!(r#"{{"data":[{wanted}],"has_more":false,"first_id":"m/0","last_id":"m/0"}}"#));
    }

    #[test]
    fn pages_are_turned_in_both_directions() {
        let named = |from: usize, to: usize| (from..to).map(|id| format!("m/{id}")).collect::<Vec<_>>();
        assert_eq!(ids(0, ""), (vec![], false));
        assert_eq!(ids(20, ""), (named(0, 20), false));
        assert_eq!(ids(21, "beta=true"), (named(0, 20), true));
        assert_eq!(ids(21, "limit=1000"), (named(0, 21), false));
        assert_eq!(ids(5, "limit=2"), (named(0, 2), true));
        assert_eq!(ids(5, "limit=2&after_id=m%2F1"), (named(2, 4), true));
        assert_eq!(ids(5, "after_id=m/3&limit=2"), (named(4, 5), false));
        assert_eq!(ids(5, "after_id=m/4"), (vec![], false));
        assert_eq!(ids(5, "limit=2&before_id=m/4"), (named(2, 4), true));
        assert_eq!(ids(5, "limit=2&before_id=m/3"), (named(1, 3), true));
        assert_eq!(ids(5, "limit=2&before_id=m%2f2"), (named(0, 2), false));
        assert_eq!(ids(5, "before_id=m/0"), (vec![], false));
        assert_eq!(ids(2, "lifecycle%5B%5D=active&lifecycle[]=retired"), (named(0, 2), false));
        assert_eq!(ids(2, "lifecycle=retired"), (vec![], false));
    }

    #[test]
    fn a_query_that_makes_no_sense_is_refused() {
        for (query, wanted) in [
            ("limit=0", "400 limit: Input should be greater than or equal to 1"),
            ("limit=1001", "400 limit: Input should be less than or equal to 1000"),
            ("limit=", "400 limit: Input should be a valid integer, unable to parse string as an integer"),
            ("after_id=x+y", "400 after_id: `x y` is not the id of a model of this list"),
            ("before_id=%zz%", "400 before_id: `%zz%` is not the id of a model of this list"),
            ("after_id=m/0&before_id=m/1", "400 Only one of `after_id` and `before_id` can be given"),
            (
                "lifecycle[]=active&lifecycle[]=old",
                "400 lifecycle.1: Input should be 'active', 'deprecated' or 'retired'",
            ),
        ] {
            assert_eq!(page(3, query), Err(wanted.to_owned()));
        }
    }
}
