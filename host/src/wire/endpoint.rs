//! From a path to what it means. Any prefix may stand before the tail of a route that is known: clients of gateways and of
//! Azure have their base URLs anywhere.

use std::borrow::Cow;

use axum::http::Method;

use super::{EmbeddingFormat, WireFormat, anthropic, openai};

/// What a path asks for.
pub enum Endpoint {
    /// An answer of the chain.
    Answer(&'static dyn WireFormat),
    /// Vectors.
    Embed(&'static dyn EmbeddingFormat),
    /// The number of tokens of a request.
    CountTokens,
    /// A judgement about texts.
    Moderate,
    /// The list of models.
    Models,
    /// One model.
    Model(String),
    /// An answer that was kept.
    Kept(String),
    /// What a kept answer was asked.
    KeptInput(String),
    /// To call off an answer.
    KeptCancel(String),
}

/// What a path says.
pub struct Found {
    /// What it asks for.
    pub endpoint: Endpoint,
    /// The model that it names: `/openai/deployments/NAME/chat/completions`, as Azure has it.
    pub deployment: Option<String>,
}

impl Endpoint {
    /// The methods that it knows.
    pub const fn methods(&self) -> &'static str {
        match self {
            Self::Answer(_) | Self::Embed(_) | Self::CountTokens | Self::Moderate | Self::KeptCancel(_) => "POST",
            Self::Models | Self::Model(_) | Self::KeptInput(_) => "GET, HEAD",
            Self::Kept(_) => "GET, HEAD, DELETE",
        }
    }

    /// Whether it knows a method.
    pub fn knows(&self, method: &Method) -> bool {
        self.methods().split(", ").any(|it| it == method.as_str())
    }
}

/// The end of a path, and what it asks for.
type Tail = (&'static str, fn() -> Endpoint);

/// What a path asks for; none where nothing is known of it.
pub fn find(path: &str) -> Option<Found> {
    // A longer tail before one that it ends with.
    let tails: [Tail; 8] = [
        ("/chat/completions", || Endpoint::Answer(&openai::chat::Chat)),
        ("/messages", || Endpoint::Answer(&anthropic::messages::Messages)),
        ("/responses", || Endpoint::Answer(&openai::responses::Responses)),
        ("/completions", || Endpoint::Answer(&openai::completions::Completions)),
        ("/embeddings", || Endpoint::Embed(&openai::embeddings::Embeddings)),
        ("/messages/count_tokens", || Endpoint::CountTokens),
        ("/moderations", || Endpoint::Moderate),
        ("/models", || Endpoint::Models),
    ];
    for (tail, endpoint) in tails {
        if let Some(prefix) = path.strip_suffix(tail) {
            return Some(Found { endpoint: endpoint(), deployment: deployment(prefix) });
        }
    }
    let endpoint = with_id(path)?;
    Some(Found { endpoint, deployment: None })
}

fn with_id(path: &str) -> Option<Endpoint> {
    if let Some((_, rest)) = path.rsplit_once("/responses/") {
        let (id, action) = rest.split_once('/').map_or((rest, None), |(id, action)| (id, Some(action)));
        let id = decoded(id).filter(|id| !id.is_empty())?;
        return match action {
            None => Some(Endpoint::Kept(id)),
            Some("input_items") => Some(Endpoint::KeptInput(id)),
            Some("cancel") => Some(Endpoint::KeptCancel(id)),
            Some(_) => None,
        };
    }
    // The name of a model may have slashes in it.
    let (_, id) = path.split_once("/models/")?;
    decoded(id).filter(|id| !id.is_empty()).map(Endpoint::Model)
}

fn deployment(prefix: &str) -> Option<String> {
    let (_, name) = prefix.rsplit_once("/deployments/")?;
    decoded(name).filter(|name| !name.is_empty() && !name.contains('/'))
}

fn decoded(text: &str) -> Option<String> {
    percent_encoding::percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str) -> String {
        let Some(Found { endpoint, deployment }) = find(path) else { return "nothing".into() };
        let endpoint = match endpoint {
            Endpoint::Answer(_) => "answer".to_owned(),
            Endpoint::Embed(_) => "embed".to_owned(),
            Endpoint::CountTokens => "count".to_owned(),
            Endpoint::Moderate => "moderate".to_owned(),
            Endpoint::Models => "models".to_owned(),
            Endpoint::Model(id) => format!("model {id}"),
            Endpoint::Kept(id) => format!("kept {id}"),
            Endpoint::KeptInput(id) => format!("input of {id}"),
            Endpoint::KeptCancel(id) => format!("cancel {id}"),
        };
        deployment.map_or(endpoint.clone(), |name| format!("{endpoint} for {name}"))
    }

    #[test]
    fn any_prefix_stands_before_a_known_tail() {
        for (path, wanted) in [
            ("/v1/chat/completions", "answer"),
            ("/chat/completions", "answer"),
            ("/api/paas/v4/chat/completions", "answer"),
            ("/openai/v1/responses", "answer"),
            ("/v1/messages/count_tokens", "count"),
            ("/v1/embeddings", "embed"),
            ("/moderations", "moderate"),
            ("/v1/models", "models"),
            ("/v1/models/gpt-4o", "model gpt-4o"),
            ("/v1/models/meta/llama%203", "model meta/llama 3"),
            ("/v1/responses/resp_1", "kept resp_1"),
            ("/x/responses/resp_1/input_items", "input of resp_1"),
            ("/v1/responses/resp_1/cancel", "cancel resp_1"),
            ("/openai/deployments/my%20gpt/chat/completions", "answer for my gpt"),
            ("/openai/deployments/e/embeddings", "embed for e"),
            ("/openai/deployments//chat/completions", "answer"),
        ] {
            assert_eq!(told(path), wanted, "{path}");
        }
        for path in [
            "",
            "/",
            "/v1",
            "/v1/chat",
            "/v1/chat/completions/",
            "/v1/xchat/completionsx",
            "/v1chat",
            "/v1/models/",
            "/v1/responses/",
            "/v1/responses/a/b",
            "/v1/completions/1",
            "/models/%ff",
        ] {
            assert_eq!(told(path), "nothing", "{path}");
        }
    }
}
