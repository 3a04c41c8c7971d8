//! Anthropic: what its endpoints have in common.

use super::check::Wording;
use super::rate::{Exceeded, RateStatus};
use super::{Model, Provider};
use crate::chat::ApiError;

mod error;
pub mod messages;
mod models;
mod rate;

/// The provider `anthropic`.
#[derive(Debug, Clone, Copy)]
pub struct Anthropic;

impl Provider for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn request_id_header(&self) -> &'static str {
        "request-id"
    }

    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("anthropic-organization-id", "00000000-0000-4000-8000-000000000000")]
    }

    fn unlimited_headers(&self) -> &'static [(&'static str, &'static str)] {
        &rate::UNLIMITED
    }

    fn rate_headers(&self, status: &RateStatus) -> Vec<(&'static str, String)> {
        rate::headers(status)
    }

    fn rate_exceeded(&self, _model: &str, exceeded: Exceeded, status: &RateStatus) -> ApiError {
        rate::exceeded(exceeded, status)
    }

    fn error_body(&self, error: &ApiError, request_id: &str) -> Vec<u8> {
        let mut body = Vec::with_capacity(256);
        error::write(&mut body, error, Some(request_id));
        body
    }

    fn not_found(&self, _method: &str, _path: &str) -> ApiError {
        ApiError::new(404, "Not Found")
    }

    fn method_not_allowed(&self, _method: &str, _path: &str) -> ApiError {
        ApiError::new(405, "Method Not Allowed")
    }

    fn body_too_large(&self, limit: usize) -> ApiError {
        ApiError::new(413, format!("Request exceeds the maximum size of {limit} bytes"))
    }

    fn malformed_body(&self, reason: &str) -> ApiError {
        error::AnthropicWording.malformed(reason)
    }

    fn unknown_model(&self, model: &str) -> ApiError {
        ApiError::new(404, format!("model: {model}"))
    }

    fn key_missing(&self) -> ApiError {
        ApiError::new(401, "x-api-key header is required")
    }

    fn key_refused(&self) -> ApiError {
        ApiError::new(401, "invalid x-api-key")
    }

    fn check_headers(&self, header: &dyn Fn(&str) -> bool) -> Result<(), ApiError> {
        if header("anthropic-version") {
            Ok(())
        } else {
            Err(ApiError::new(400, "anthropic-version: header is required"))
        }
    }

    fn model_list(&self, models: &[Model], query: &str) -> Result<Vec<u8>, ApiError> {
        models::list(models, query)
    }

    fn model(&self, model: &Model) -> Vec<u8> {
        models::one(model)
    }
}
