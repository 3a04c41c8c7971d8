//! There are no sockets for a plugin, whatever it is granted: none is ever made, and the log says so.

use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::p2::bindings::sockets::network::{self, ErrorCode, IpAddressFamily};
use wasmtime_wasi::p2::bindings::sockets::tcp_create_socket;
use wasmtime_wasi::p2::bindings::sync::sockets::{udp, udp_create_socket};
use wasmtime_wasi::p2::{SocketError, SocketResult, TcpSocket, UdpSocket};

use super::grants::NO_SOCKETS;
use super::imports::Ctx;

/// Puts refusals in place of wasmtime-wasi's sockets.
pub(super) fn link(linker: &mut Linker<Ctx>) -> wasmtime::Result<()> {
    tcp_create_socket::add_to_linker::<Ctx, Refusing>(linker, |ctx| Refused(ctx))?;
    udp_create_socket::add_to_linker::<Ctx, Refusing>(linker, |ctx| Refused(ctx))
}

/// Marks the views of [`Refused`] to wasmtime.
struct Refusing;

impl HasData for Refusing {
    type Data<'a> = Refused<'a>;
}

/// What nobody may do.
struct Refused<'a>(&'a mut Ctx);

// Since no socket is made, these have nothing to do.
impl network::Host for Refused<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }
    fn network_error_code(&mut self, _: Resource<wasmtime::Error>) -> wasmtime::Result<Option<ErrorCode>> {
        Ok(None)
    }
}

impl network::HostNetwork for Refused<'_> {
    fn drop(&mut self, network: Resource<network::Network>) -> wasmtime::Result<()> {
        self.0.table.delete(network)?;
        Ok(())
    }
}

impl tcp_create_socket::Host for Refused<'_> {
    fn create_tcp_socket(&mut self, _: IpAddressFamily) -> SocketResult<Resource<TcpSocket>> {
        self.0.refuse(NO_SOCKETS.into());
        Err(ErrorCode::AccessDenied.into())
    }
}

impl udp_create_socket::Host for Refused<'_> {
    fn create_udp_socket(&mut self, _: udp::IpAddressFamily) -> SocketResult<Resource<UdpSocket>> {
        self.0.refuse(NO_SOCKETS.into());
        Err(ErrorCode::AccessDenied.into())
    }
}
