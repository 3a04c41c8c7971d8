//! HTTP for plugins that are granted hosts: `wasi:http` over hyper, on the runtime of the worker.
//!
//! Every plugin may import it. `handle` is ours: what is not granted fails at once, with an error that says what to add. A
//! redirect is an answer like any other, so that it leads nowhere that was not granted; the guest may follow it itself.

use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::client::conn::http1;
use hyper::{Request, Response, Uri};
use tokio::net::TcpStream;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::p2::bindings::http::outgoing_handler::Host as _;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::bindings::{LinkOptions, http::types};
use wasmtime_wasi_http::p2::types::{HostFutureIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttp, WasiHttpHooks, WasiHttpView};

use super::imports::Ctx;
use super::tls;

/// The package, in the version that is offered; others of 0.2 link as well.
const HANDLER: &str = "wasi:http/outgoing-handler@0.2.12";

/// A connection has to be there after so long, where a guest does not say.
const CONNECT_TIME: Duration = Duration::from_secs(600);

/// Adds `wasi:http` to a linker.
pub(super) fn link(linker: &mut Linker<Ctx>) -> wasmtime::Result<()> {
    types::add_to_linker::<Ctx, WasiHttp>(linker, &(&LinkOptions::default()).into(), Ctx::http)?;
    linker.instance(HANDLER)?.func_wrap("handle", handle)
}

type Handled = Result<Resource<HostFutureIncomingResponse>, ErrorCode>;

/// Looks at the grants before anything else happens.
fn handle(
    mut store: StoreContextMut<'_, Ctx>,
    (request, options): (Resource<HostOutgoingRequest>, Option<Resource<RequestOptions>>),
) -> wasmtime::Result<(Handled,)> {
    let ctx = store.data_mut();
    let http = ctx.http();
    let wanted = http.table.get(&request)?;
    let scheme = match &wanted.scheme {
        Some(Scheme::Http) => "http",
        Some(Scheme::Https) | None => "https",
        Some(Scheme::Other(other)) => other,
    };
    let authority: Option<hyper::http::uri::Authority> = wanted.authority.as_deref().and_then(|it| it.parse().ok());
    let Some(authority) = authority else {
        http.table.delete(request)?;
        return Ok((Err(ErrorCode::HttpRequestUriInvalid),));
    };
    let scheme = scheme.to_owned();
    if let Err(missing) = ctx.grants.may_ask(&scheme, authority.host(), authority.port_u16()) {
        ctx.http().table.delete(request)?;
        ctx.refuse(missing.clone());
        return Ok((Err(ErrorCode::InternalError(Some(missing))),));
    }
    Ok((match ctx.http().handle(request, options) {
        Ok(response) => Ok(response),
        Err(error) => Err(error.downcast()?),
    },))
}

/// How requests are sent.
pub(super) struct Sender {
    /// The largest body of a response, in bytes.
    pub(super) limit: usize,
}

type Driven = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Sender {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Driven,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Driven), Error>> + Send> {
        Box::new(send(request, options.unwrap_or_default(), self.limit))
    }
}

/// Sends one request, on a connection of its own. Dropped, it closes the connection.
async fn send(
    mut request: Request<WasiBody>,
    options: RequestOptions,
    limit: usize,
) -> Result<(Response<WasiBody>, Driven), Error> {
    let uri = request.uri();
    let tls = uri.scheme_str() == Some("https");
    let host = uri.host().ok_or(Error::HttpRequestUriInvalid)?.to_owned();
    let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
    let connect = async move {
        let address = host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((address, port)).await.map_err(|error| told(&host, port, &error))?;
        if tls {
            let stream = tls::connect(address, stream).await.map_err(|why| Error::InternalError(Some(why)))?;
            shake_hands(TokioIo::new(stream)).await
        } else {
            shake_hands(TokioIo::new(stream)).await
        }
    };
    let connected = tokio::time::timeout(options.connect_timeout.unwrap_or(CONNECT_TIME), connect).await;
    let (mut sender, driven) = connected.map_err(|_| Error::ConnectionTimeout)??;
    // The host stands in its header; the rest is what a server wants to see.
    *request.uri_mut() = match request.uri().path_and_query() {
        Some(path) => Uri::from(path.clone()),
        None => Uri::from_static("/"),
    };
    let answered = sender.send_request(request);
    let answered = match options.first_byte_timeout {
        Some(time) => tokio::time::timeout(time, answered).await.map_err(|_| Error::ConnectionReadTimeout)?,
        None => answered.await,
    };
    let bounded = |body| {
        let size = u64::try_from(limit).ok();
        let limited = Limited::new(body, limit);
        limited
            .map_err(move |error| match error.downcast::<hyper::Error>() {
                Ok(error) => Error::Hyper(*error),
                Err(_) => Error::HttpResponseBodySize(size),
            })
            .boxed_unsync()
    };
    Ok((answered?.map(bounded), driven))
}

async fn shake_hands<S>(stream: TokioIo<S>) -> Result<(http1::SendRequest<WasiBody>, Driven), Error>
where
    TokioIo<S>: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(stream).await?;
    // Driven from now on, and until what is returned here is dropped.
    let connection = wasmtime_wasi::runtime::spawn(connection);
    Ok((sender, Box::new(async move { Ok(connection.await?) })))
}

fn told(host: &str, port: u16, error: &std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => Error::ConnectionRefused,
        _ => Error::InternalError(Some(format!("{host}:{port} cannot be reached: {error}"))),
    }
}
