//! The way to a registry: which scheme, TLS, whose credentials, and what went wrong in words.

use std::path::PathBuf;
use std::time::Duration;

use docker_credential::{CredentialRetrievalError, DockerCredential};
use oci_client::Client;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::{DigestError, OciDistributionError, OciErrorCode};
use oci_client::secrets::RegistryAuth;

use super::{PackError, Result};
use crate::tls;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a registry may be silent.
const SILENCE: Duration = Duration::from_secs(30);

/// A registry, and how it is spoken to.
pub(super) struct Line {
    pub(super) client: Client,
    pub(super) auth: RegistryAuth,
    registry: String,
    scheme: &'static str,
    /// The user of the credentials; none: there are none.
    user: Option<String>,
}

impl Line {
    /// Finds out how a registry is spoken to. `plain_http` is whether it is without TLS; unless said, it is on this machine.
    pub(super) fn open(registry: &str, plain_http: Option<bool>) -> Result<Self> {
        let plain = plain_http.unwrap_or_else(|| is_loopback(registry));
        if !plain {
            tls::check_processor().map_err(|lacking| {
                PackError::other(format!(
                    "{registry} is spoken to over TLS, and the processor of this machine lacks {lacking}, which standin's needs; \
                     fetch the file with another tool and give it to `standin pack install`"
                ))
            })?;
        }
        // The client wants one even where it speaks none. Whoever was first has installed the same.
        let _ = rustls_graviola::default_provider().install_default();
        let (auth, user) = credentials(registry)?;
        let config = ClientConfig {
            protocol: if plain { ClientProtocol::Http } else { ClientProtocol::Https },
            connect_timeout: Some(CONNECT),
            read_timeout: Some(SILENCE),
            platform_resolver: None,
            user_agent: concat!("standin/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        let client = Client::try_from(config).map_err(|error| {
            PackError::other(format!(
                "no connection to {registry} can be made: {}; TLS needs the certificates of the system, such as those of the package \
                 `ca-certificates`",
                root_cause(&error)
            ))
        })?;
        Ok(Self { client, auth, registry: registry.to_owned(), scheme: if plain { "http" } else { "https" }, user })
    }

    /// What went wrong, and what to do. `doing` is such as `fetch oci://…`.
    pub(super) fn tell(&self, doing: &str, error: &OciDistributionError) -> PackError {
        let registry = &self.registry;
        let message = match error {
            OciDistributionError::RequestError(_) => {
                let cause = root_cause(error);
                let mut said = format!("cannot {doing}: no connection to {}://{registry}: {cause}", self.scheme);
                if self.scheme == "https" && (cause.contains("InvalidContentType") || cause.contains("corrupt message"))
                {
                    said += "; it seems to speak HTTP without TLS: say `--plain-http` if you trust the network";
                } else if self.scheme == "https" && cause.contains("certificate") {
                    said += "; its certificate has to be one that this system trusts";
                } else {
                    said += "; see that the registry runs and can be reached, and try again: nothing was changed";
                }
                said
            }
            _ if refused(error) => match &self.user {
                Some(user) => format!(
                    "cannot {doing}: {registry} refuses the credentials of `{user}` in {}; log in again (`docker login {registry}`), \
                     as a user who may do this",
                    shown_config()
                ),
                None => format!(
                    "cannot {doing}: {registry} wants credentials, or has nothing of this name, and {} has none for it; log in with \
                     `docker login {registry}`",
                    shown_config()
                ),
            },
            _ if is_missing(error) => {
                format!("cannot {doing}: {registry} has nothing of this name; see that name and version are right")
            }
            OciDistributionError::DigestError(DigestError::VerificationError { expected, actual }) => {
                format!(
                    "cannot {doing}: what {registry} sent is refused: expected {expected}, found {actual}; nothing of it was kept"
                )
            }
            other => format!("cannot {doing}: {registry} answers: {}", short(&root_cause(other))),
        };
        PackError::Other(message)
    }
}

/// Whether there is nothing of that name.
pub(super) fn is_missing(error: &OciDistributionError) -> bool {
    match error {
        OciDistributionError::ServerError { code, .. } => *code == 404,
        OciDistributionError::RegistryError { envelope, .. } => envelope.errors.iter().any(|it| {
            matches!(
                it.code,
                OciErrorCode::ManifestUnknown
                    | OciErrorCode::NameUnknown
                    | OciErrorCode::NotFound
                    | OciErrorCode::BlobUnknown
            )
        }),
        OciDistributionError::ImageManifestNotFoundError(_) => true,
        _ => false,
    }
}

fn refused(error: &OciDistributionError) -> bool {
    match error {
        OciDistributionError::UnauthorizedError { .. } | OciDistributionError::AuthenticationFailure(_) => true,
        OciDistributionError::ServerError { code, .. } => matches!(code, 401 | 403),
        OciDistributionError::RegistryError { envelope, .. } => {
            envelope.errors.iter().any(|it| matches!(it.code, OciErrorCode::Unauthorized | OciErrorCode::Denied))
        }
        _ => false,
    }
}

/// Whether a registry is on this machine.
pub(super) fn is_loopback(registry: &str) -> bool {
    let host = registry.split_once(':').map_or(registry, |(host, _)| host);
    host == "localhost" || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// Those of the Docker configuration, and whose they are.
fn credentials(registry: &str) -> Result<(RegistryAuth, Option<String>)> {
    let server = if registry == "docker.io" { "https://index.docker.io/v1/" } else { registry };
    let none = Ok((RegistryAuth::Anonymous, None));
    let what = match docker_credential::get_credential(server) {
        Ok(DockerCredential::UsernamePassword(user, password)) => {
            return Ok((RegistryAuth::Basic(user.clone(), password), Some(user)));
        }
        Ok(DockerCredential::IdentityToken(_)) => {
            "holds an identity token, which standin cannot use; log in with a user and a password or an access token"
                .to_owned()
        }
        Err(CredentialRetrievalError::NoCredentialConfigured | CredentialRetrievalError::ConfigNotFound) => {
            return none;
        }
        Err(CredentialRetrievalError::ConfigReadError) => match docker_config() {
            Some(file) if file.exists() => "cannot be read, or is no JSON".to_owned(),
            _ => return none,
        },
        // What a helper writes may be a secret, but for this sentence, which all of them have.
        Err(CredentialRetrievalError::HelperFailure { stdout, .. }) if stdout.contains("credentials not found") => {
            return none;
        }
        Err(CredentialRetrievalError::HelperFailure { helper, .. }) => {
            format!("names the helper `{helper}`, which failed")
        }
        Err(CredentialRetrievalError::HelperCommunicationError) => {
            "names a credential helper that cannot be run; is it installed?".to_owned()
        }
        Err(CredentialRetrievalError::MalformedHelperResponse) => {
            "names a credential helper that answers no JSON".to_owned()
        }
        Err(CredentialRetrievalError::CredentialDecodingError | CredentialRetrievalError::CredentialMismatchError) => {
            "has credentials that cannot be read".to_owned()
        }
    };
    Err(PackError::other(format!("the credentials for {registry} cannot be had: {} {what}", shown_config())))
}

/// `$DOCKER_CONFIG/config.json`, else the one in the home of the user.
fn docker_config() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).map(PathBuf::from);
    set("DOCKER_CONFIG")
        .or_else(|| set("HOME").map(|home| home.join(".docker")))
        .map(|folder| folder.join("config.json"))
}

fn shown_config() -> String {
    docker_config().map_or_else(|| "the Docker configuration".to_owned(), |file| file.display().to_string())
}

/// The innermost cause: those around it say that a request failed.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

/// A part of what somebody else wrote, fit for a terminal.
pub(super) fn short(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { ' ' } else { it }).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_spoken_to_without_tls() {
        for registry in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.9.9.9"] {
            assert!(is_loopback(registry), "{registry}");
        }
        for registry in ["localhost.example", "127.0.0.1.example", "10.0.0.1", "ghcr.io:443", "128.0.0.1"] {
            assert!(!is_loopback(registry), "{registry}");
        }
    }
}
