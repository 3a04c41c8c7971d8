//! The OpenAPI document of these routes, made from the table that the router is made from.

use axum::body::Body;
use axum::http::Response;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::answer::{Problem, ok};
use super::call::Call;
use super::route::{NONE, Route, Said, says};
use super::{PREFIX, routes};
use crate::exchange::App;

pub(super) const ROUTES: &[Route] = &[Route {
    path: "/openapi.json",
    summary: "This document",
    responses: &[says(200, "An OpenAPI document.", anything)],
    answer,
    ..NONE
}];

fn anything(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object" })
}

fn answer(_: &App, _: &Call) -> Result<Response<Body>, Problem> {
    ok(&document())
}

/// The document.
fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|it| it.definitions_path = "/components/schemas".into());
    let mut schemas = settings.into_generator();
    let mut paths = Map::new();
    for route in routes() {
        let path = paths.entry(format!("{PREFIX}{}", route.path)).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation(route, &mut schemas);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "standin",
            "summary": "Scripts, sessions, a journal and explanations, for tests.",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "paths": paths,
        "components": {
            "schemas": schemas.take_definitions(true),
            "securitySchemes": {
                "key": { "type": "http", "scheme": "bearer", "description": "Where `admin.key` or `api-key` is set." },
            },
        },
        "security": [{}, { "key": [] }],
    })
}

fn operation(route: &Route, schemas: &mut SchemaGenerator) -> Value {
    let mut operation = json!({ "summary": route.summary, "operationId": id(route) });
    let mut parameters: Vec<Value> = Vec::new();
    if route.path.contains("{id}") {
        parameters.push(json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }));
    }
    for parameter in route.parameters {
        let kind = if parameter.name == "limit" { "integer" } else { "string" };
        let schema = json!({ "type": kind });
        parameters.push(json!({
            "name": parameter.name, "in": "query", "description": parameter.about, "schema": schema,
        }));
    }
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(schema) = route.request {
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema(schemas) } } });
    }
    let responses: Map<String, Value> =
        route.responses.iter().map(|said| (said.status.to_string(), response(said, schemas))).collect();
    operation["responses"] = responses.into();
    operation
}

fn response(said: &Said, schemas: &mut SchemaGenerator) -> Value {
    let mut response = json!({ "description": said.about });
    if let Some(schema) = said.schema {
        response["content"] = json!({ "application/json": { "schema": schema(schemas) } });
    }
    response
}

/// A name for the operation: `get_requests_id`.
fn id(route: &Route) -> String {
    let path: String = route.path.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' }).collect();
    format!("{}{}", route.method.as_str().to_lowercase(), path.trim_end_matches('_').replace("__", "_"))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
                object.values().for_each(|value| references(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn the_document_names_every_route_and_no_other() {
        let document = document();
        let documented: BTreeSet<(String, String)> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, item)| {
                item.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone()))
            })
            .collect();
        let routed: BTreeSet<(String, String)> =
            routes().map(|route| (route.method.to_string(), format!("{PREFIX}{}", route.path))).collect();
        assert_eq!(documented, routed);
        assert_eq!(routes().count(), routed.len(), "no route stands there twice");
    }

    #[test]
    fn every_reference_leads_somewhere_and_no_schema_stands_for_two_types() {
        let document = document();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.len() > 10, "{found:?}");
        for reference in &found {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
        // schemars tells two types of one name apart by a number.
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let numbered: Vec<_> = schemas.keys().filter(|name| name.ends_with(char::is_numeric)).collect();
        assert!(numbered.is_empty(), "{numbered:?}");
    }

    #[test]
    fn operations_have_names_of_their_own() {
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        routes().for_each(|route| *names.entry(id(route)).or_default() += 1);
        assert!(names.values().all(|count| *count == 1), "{names:?}");
        assert!(names.contains_key("get_requests_id") && names.contains_key("post_verify"), "{names:?}");
    }
}
