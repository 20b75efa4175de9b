//! The UDP socket of the gossip, with every datagram sealed.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use chitchat::{
    ChitchatMessage, Deserializable, Serializable,
    transport::{Socket, Transport},
};
use tokio::net::UdpSocket;
use tracing::{debug, warn};

use super::seal::{Opened, Refusal, Seal};
use crate::{
    clock,
    log_throttle::{self, LogThrottle},
    sync::lock,
};

/// The largest datagram that can come.
const MAX_DATAGRAM: usize = 65_535;

/// Opens the socket of the gossip; at `[::]` for both families, whatever the system's default is.
pub(super) fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::DGRAM, None)?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

/// What chitchat opens when it starts: the one socket that was bound before, so that a port that is taken is an
/// error of the relay's start.
pub(super) struct SealedTransport {
    socket: Arc<UdpSocket>,
    seal: Arc<Mutex<Seal>>,
}

struct SealedSocket {
    socket: Arc<UdpSocket>,
    seal: Arc<Mutex<Seal>>,
    buffer: Vec<u8>,
    told: LogThrottle,
}

impl SealedTransport {
    pub(super) fn new(socket: UdpSocket, seal: Seal) -> Self {
        Self { socket: Arc::new(socket), seal: Arc::new(Mutex::new(seal)) }
    }

    /// What seals and opens, which counts what is worth nothing.
    pub(super) fn seal(&self) -> Arc<Mutex<Seal>> {
        Arc::clone(&self.seal)
    }
}

#[async_trait]
impl Transport for SealedTransport {
    async fn open(&self, _: SocketAddr) -> anyhow::Result<Box<dyn Socket>> {
        let (socket, seal) = (Arc::clone(&self.socket), Arc::clone(&self.seal));
        let told = LogThrottle::new(log_throttle::FLOOD);
        Ok(Box::new(SealedSocket { socket, seal, buffer: vec![0; MAX_DATAGRAM], told }))
    }
}

impl SealedSocket {
    /// Opens a datagram, and greets its sender if it does not know this relay.
    fn take(&mut self, size: usize, from: SocketAddr) -> Option<ChitchatMessage> {
        let datagram = self.buffer.get(..size)?;
        let opened = lock(&self.seal).open(from, datagram);
        match opened {
            Opened::Message(message) => {
                let read = ChitchatMessage::deserialize(&mut message.as_slice());
                read.inspect_err(|error| self.warn(from, &format!("its gossip is malformed: {error}"))).ok()
            }
            Opened::Greet(greeting) => {
                // If the socket is full, the sender asks again.
                let _ = self.socket.try_send_to(&greeting, from);
                None
            }
            Opened::Greeted | Opened::Refused(Refusal::Own | Refusal::Repeated) => None,
            Opened::Refused(Refusal::Version(version)) => {
                self.warn(from, &format!("it speaks version {version} of the gossip"));
                None
            }
            Opened::Refused(refusal @ (Refusal::Unsealed | Refusal::Malformed)) => {
                self.warn(
                    from,
                    match refusal {
                        Refusal::Unsealed => "it does not have this cluster's key",
                        _ => "it is no relay",
                    },
                );
                None
            }
        }
    }

    fn warn(&mut self, from: SocketAddr, why: &str) {
        match self.told.line(clock::now()) {
            Some(0) => warn!("gossip from {from} is ignored: {why}"),
            Some(more) => warn!("gossip from {from} is ignored: {why} ({more} more since the last report)"),
            None => {}
        }
    }
}

#[async_trait]
impl Socket for SealedSocket {
    /// Never fails: an error would end the gossip for good, and a route that is gone comes back.
    async fn send(&mut self, to: SocketAddr, message: ChitchatMessage) -> anyhow::Result<()> {
        let sealed = lock(&self.seal).seal(to, &message.serialize_to_vec());
        match sealed {
            Ok(datagram) => {
                let to = reachable(self.socket.local_addr().ok(), to);
                if let Err(error) = self.socket.send_to(&datagram, to).await {
                    debug!("no gossip to {to}: {error}");
                }
            }
            Err(error) => {
                if self.told.line(clock::now()).is_some() {
                    warn!("the cluster's relays have too much to tell about themselves: {error}");
                }
            }
        }
        Ok(())
    }

    async fn recv(&mut self) -> anyhow::Result<(SocketAddr, ChitchatMessage)> {
        loop {
            match self.socket.recv_from(&mut self.buffer).await {
                Ok((size, from)) => {
                    if let Some(message) = self.take(size, from) {
                        return Ok((from, message));
                    }
                }
                // An earlier datagram was refused; the next call waits again. Not in a loop without a pause, should
                // the socket be broken.
                Err(error) => {
                    debug!("no gossip received: {error}");
                    if error.kind() != io::ErrorKind::ConnectionRefused {
                        tokio::time::sleep(super::gossip::INTERVAL).await;
                    }
                }
            }
        }
    }
}

/// The form of an address that a dual-stack socket accepts.
fn reachable(local: Option<SocketAddr>, mut to: SocketAddr) -> SocketAddr {
    if let (Some(SocketAddr::V6(_)), IpAddr::V4(address)) = (local, to.ip()) {
        to.set_ip(address.to_ipv6_mapped().into());
    }
    to
}
