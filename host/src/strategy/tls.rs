//! TLS towards the hosts that plugins ask: made at the first use, with the certificates that this machine trusts.

use std::sync::{Arc, OnceLock};

use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::tls::check_processor;

/// Shakes hands with a host.
///
/// # Errors
/// Why there is no TLS here, or with that host.
pub(super) async fn connect(host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, String> {
    static CONFIG: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
    // Reading the machine's certificates takes a while, and a disk.
    let config = tokio::task::spawn_blocking(|| CONFIG.get_or_init(config).clone());
    let config = config.await.map_err(|error| error.to_string())??;
    let name = ServerName::try_from(host.to_owned()).map_err(|_| format!("`{host}` is no name for TLS"))?;
    TlsConnector::from(config).connect(name, stream).await.map_err(|error| format!("no TLS with {host}: {error}"))
}

fn config() -> Result<Arc<ClientConfig>, String> {
    check_processor().map_err(|lacking| format!("https cannot be used: this processor lacks {lacking}; http can"))?;
    let config = ClientConfig::builder_with_provider(Arc::new(rustls_graviola::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier);
    match config {
        Ok(config) => Ok(Arc::new(config.with_no_client_auth())),
        Err(error) => Err(format!("there is no TLS on this machine: {error}")),
    }
}
