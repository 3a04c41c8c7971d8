//! `GET /v1/models` and `GET /v1/models/{id}`.

use crate::wire::Model;
use crate::wire::json::{write_number, write_string};

pub(super) fn list(models: &[Model]) -> Vec<u8> {
    let mut body = br#"{"object":"list","data":["#.to_vec();
    for (index, model) in models.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        write(&mut body, model);
    }
    body.extend_from_slice(b"]}");
    body
}

pub(super) fn one(model: &Model) -> Vec<u8> {
    let mut body = Vec::with_capacity(128);
    write(&mut body, model);
    body
}

fn write(out: &mut Vec<u8>, model: &Model) {
    out.extend_from_slice(br#"{"id":"#);
    write_string(out, &model.id);
    out.extend_from_slice(br#","object":"model","created":"#);
    write_number(out, model.created);
    out.extend_from_slice(br#","owned_by":"#);
    write_string(out, &model.owned_by);
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_holds_the_models() {
        let model = Model { id: "gpt-4o".into(), created: 1_715_367_049, owned_by: "openai".into() };
        let one = r#"{"id":"gpt-4o","object":"model","created":1715367049,"owned_by":"openai"}"#;
        assert_eq!(String::from_utf8(super::one(&model)).unwrap(), one);
        let two = String::from_utf8(list(&[model.clone(), model])).unwrap();
        assert_eq!(two, format!(r#"{{"object":"list","data":[{one},{one}]}}"#));
    }
}
