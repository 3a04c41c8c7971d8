//! OpenAI: what its endpoints have in common.

use super::check::Wording;
use super::rate::{Exceeded, RateStatus};
use super::{Model, Provider};
use crate::chat::ApiError;

pub mod chat;
pub mod completions;
pub mod embeddings;
mod error;
mod media;
mod models;
pub mod moderations;
mod rate;
pub mod responses;

/// The provider `openai`.
#[derive(Debug, Clone, Copy)]
pub struct OpenAi;

impl Provider for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn request_id_header(&self) -> &'static str {
        "x-request-id"
    }

    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("openai-version", "2020-10-01")]
    }

    fn unlimited_headers(&self) -> &'static [(&'static str, &'static str)] {
        &rate::UNLIMITED
    }

    fn rate_headers(&self, status: &RateStatus) -> Vec<(&'static str, String)> {
        rate::headers(status)
    }

    fn rate_exceeded(&self, model: &str, exceeded: Exceeded, status: &RateStatus) -> ApiError {
        rate::exceeded(model, exceeded, status)
    }

    fn error_body(&self, error: &ApiError, _request_id: &str) -> Vec<u8> {
        let mut body = Vec::with_capacity(256);
        error::write(&mut body, error);
        body
    }

    fn not_found(&self, method: &str, path: &str) -> ApiError {
        ApiError::new(404, format!("Invalid URL ({method} {path})"))
    }

    fn key_missing(&self) -> ApiError {
        ApiError::new(401, "No API key was sent. Send it in the header: `Authorization: Bearer KEY`.")
    }

    fn key_refused(&self) -> ApiError {
        let code = Some("invalid_api_key".to_owned());
        ApiError { code, ..ApiError::new(401, "The API key that was sent is not the one that this server wants.") }
    }

    fn method_not_allowed(&self, method: &str, path: &str) -> ApiError {
        let code = Some("method_not_supported".to_owned());
        ApiError { code, ..ApiError::new(405, format!("Not allowed to {method} on {path}.")) }
    }

    fn body_too_large(&self, limit: usize) -> ApiError {
        ApiError::new(413, format!("Maximum content size limit ({limit} bytes) exceeded."))
    }

    fn malformed_body(&self, reason: &str) -> ApiError {
        error::OpenAiWording.malformed(reason)
    }

    fn unknown_model(&self, model: &str) -> ApiError {
        let message = format!("The model '{model}' does not exist or you do not have access to it.");
        ApiError { code: Some("model_not_found".to_owned()), ..ApiError::new(404, message) }
    }

    fn check_headers(&self, _header: &dyn Fn(&str) -> bool) -> Result<(), ApiError> {
        Ok(())
    }

    fn model_list(&self, models: &[Model], _query: &str) -> Result<Vec<u8>, ApiError> {
        Ok(models::list(models))
    }

    fn model(&self, model: &Model) -> Vec<u8> {
        models::one(model)
    }
}
