//! `GET /v1/models` and `GET /v1/models/{id}`.

use crate::wire::Model;
use crate::wire::json::write_string;

/// All models, on one page.
pub(super) fn list(models: &[Model]) -> Vec<u8> {
    let mut body = br#"{"data":["#.to_vec();
    for (index, model) in models.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        write(&mut body, model);
    }
    body.extend_from_slice(br#"],"has_more":false,"first_id":"#);
    write_id(&mut body, models.first());
    body.extend_from_slice(br#","last_id":"#);
    write_id(&mut body, models.last());
    body.push(b'}');
    body
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

    #[test]
    fn a_page_names_its_ends() {
        let model = |id: &str| Model { id: id.into(), created: 0, owned_by: "anthropic".into() };
        let page: serde_json::Value = serde_json::from_slice(&list(&[model("a"), model("b")])).unwrap();
        assert_eq!((&page["first_id"], &page["last_id"]), (&"a".into(), &"b".into()));
        assert_eq!(page["data"][0]["created_at"], "1970-01-01T00:00:00Z");
        assert_eq!(page["data"][0].as_object().unwrap().len(), 11);
        let page: serde_json::Value = serde_json::from_slice(&list(&[])).unwrap();
        assert_eq!(page, serde_json::json!({"data": [], "has_more": false, "first_id": null, "last_id": null}));
    }
}
