//! A TLS session on a TCP connection, without a queue of its own. Only started messages are encrypted, so
//! that the newest frame still goes first.

use std::{
    io::{self, IoSlice, Read, Write},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    net::TcpStream,
};

use crate::transport::{Binding, Connection, SendHalf, set_notsent_lowat, try_write_vectored};

/// Bytes of a started message that are encrypted at a time: eight TLS records. One system call sends this
/// much, and at most this much waits for a peer that takes nothing.
const AT_ONCE: usize = 128 << 10;

/// The most bytes that one call reads.
const READ_AT_ONCE: usize = 64 << 10;

/// Decrypted bytes that are passed on at a time: one record. More would clear more memory than is filled.
const RECORD: usize = 16 << 10;

/// The label of the exported keying material, from RFC 9266.
const BINDING_LABEL: &[u8] = b"EXPORTER-Channel-Binding";

/// The zero-length context that RFC 9266 requires. In TLS 1.2 that differs from no context.
const NO_CONTEXT: Option<&[u8]> = Some(&[]);

/// Wraps a connection after its handshake.
pub(super) fn connection(stream: TcpStream, mut tls: rustls::Connection) -> io::Result<Connection> {
    tls.set_buffer_limit(Some(AT_ONCE));
    let mut binding = Binding::default();
    let exported = match &tls {
        rustls::Connection::Client(tls) => {
            tls.export_keying_material(&mut binding, BINDING_LABEL, NO_CONTEXT)
        }
        rustls::Connection::Server(tls) => {
            tls.export_keying_material(&mut binding, BINDING_LABEL, NO_CONTEXT)
        }
    };
    exported.map_err(io::Error::other)?;
    let session = Arc::new(Session { stream, tls: Mutex::new(tls) });
    let input = Input { session: Arc::clone(&session), ahead: Vec::new(), used: 0 };
    Ok(Connection { input: Box::new(input), output: Box::new(Output(session)), binding: Some(binding) })
}

struct Session {
    stream: TcpStream,
    tls: Mutex<rustls::Connection>,
}

impl Session {
    /// Ignores poisoning: no code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, rustls::Connection> {
        self.tls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends the encrypted bytes.
    fn send(&self, tls: &mut rustls::Connection) -> io::Result<()> {
        while tls.wants_write() {
            tls.write_tls(&mut Wire(&self.stream))?;
        }
        Ok(())
    }
}

/// The socket as a writer for rustls.
struct Wire<'a>(&'a TcpStream);

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        try_write_vectored(self.0, &[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, chunks: &[IoSlice<'_>]) -> io::Result<usize> {
        try_write_vectored(self.0, chunks)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Output(Arc<Session>);

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Output").field(&self.0.stream).finish()
    }
}

impl SendHalf for Output {
    fn try_write_vectored(&self, chunks: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut tls = self.0.lock();
        self.0.send(&mut tls)?;
        has_room(&self.0.stream)?;
        let taken = tls.writer().write_vectored(chunks)?;
        match self.0.send(&mut tls) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(taken), // the encrypted rest follows
        }
    }

    fn flush(&self) -> io::Result<()> {
        self.0.send(&mut self.0.lock())
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.stream.poll_write_ready(context)
    }

    fn set_notsent_lowat(&self, bytes: u32) -> io::Result<()> {
        set_notsent_lowat(&self.0.stream, bytes)
    }

    fn reset_on_close(&self) {
        // Fails only if the socket is broken, and then nothing is sent anyway.
        let _ = socket2::SockRef::from(&self.0.stream).set_linger(Some(std::time::Duration::ZERO));
    }
}

impl Drop for Output {
    /// Sends a close_notify, if the socket has room.
    fn drop(&mut self) {
        let mut tls = self.0.lock();
        tls.send_close_notify();
        let _ = self.0.send(&mut tls);
    }
}

/// Checks that the socket has room, before anything is encrypted: encrypted bytes must be sent.
#[cfg(unix)]
fn has_room(stream: &TcpStream) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    stream.try_io(tokio::io::Interest::WRITABLE, || {
        let mut asked = [PollFd::new(stream, PollFlags::OUT)];
        let ready = poll(&mut asked, Some(&Timespec::default()))?;
        // Also if it is broken: the next write reports the error.
        if ready > 0 { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) }
    })
}

#[cfg(not(unix))]
fn has_room(_: &TcpStream) -> io::Result<()> {
    Ok(())
}

struct Input {
    session: Arc<Session>,
    /// Bytes that were read and not decrypted; no buffer is held for a silent connection.
    ahead: Vec<u8>,
    used: usize,
}

impl Input {
    /// Decrypts some of the bytes read; returns whether there were any.
    fn decrypt(&mut self, tls: &mut rustls::Connection) -> io::Result<bool> {
        let Some(mut rest) = self.ahead.get(self.used..).filter(|rest| !rest.is_empty()) else {
            return Ok(false);
        };
        self.used += tls.read_tls(&mut rest)?;
        let processed = tls.process_new_packets();
        // Alerts, tickets and new keys; what the socket does not take is sent before the next message.
        let _ = self.session.send(tls);
        processed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(true)
    }
}

impl AsyncRead for Input {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let session = Arc::clone(&self.session);
        loop {
            let mut tls = session.lock();
            let room = to.remaining().min(RECORD);
            match tls.reader().read(to.initialize_unfilled_to(room)) {
                Ok(count) => {
                    to.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Closed without a close_notify: the length of a message shows whether it was cut.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Poll::Ready(Ok(())),
                Err(error) => return Poll::Ready(Err(error)),
            }
            if self.decrypt(&mut tls)? {
                continue;
            }
            drop(tls);
            (self.ahead, self.used) = (Vec::new(), 0);
            ready!(session.stream.poll_read_ready(context))?;
            let mut ahead = vec![0; READ_AT_ONCE];
            match session.stream.try_read(&mut ahead) {
                Ok(0) => _ = session.lock().read_tls(&mut io::empty())?,
                Ok(count) => {
                    ahead.truncate(count);
                    self.ahead = ahead;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rustls::{
        ClientConfig, RootCertStore, ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
        version::TLS12,
    };
    use tokio::net::TcpListener;
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;
    use crate::tls::{Certificate, provider};

    /// Peers with other TLS libraries must compute the same binding. RFC 9266 requires a zero-length context,
    /// which in TLS 1.2 differs from none.
    #[tokio::test]
    async fn both_ends_of_tls_1_2_know_what_rfc_9266_says_and_nothing_else() {
        let made = Certificate::for_relay(vec!["localhost".into()]).unwrap();
        let certificate = CertificateDer::from_pem_slice(made.certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(made.key.as_bytes()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let server = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS12])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let client = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS12])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (from, _) = listener.accept().await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let (server, client) = tokio::join!(
            TlsAcceptor::from(Arc::new(server)).accept(from),
            TlsConnector::from(Arc::new(client)).connect(name, to),
        );
        let ((from, server), (to, client)) = (server.unwrap().into_inner(), client.unwrap().into_inner());
        let export = |context: Option<&[u8]>| {
            client.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", context).unwrap()
        };
        let (wanted, without) = (export(Some(&[])), export(None));
        assert_ne!(wanted, without);
        let bindings = [connection(from, server.into()), connection(to, client.into())];
        assert_eq!(bindings.map(|one| one.unwrap().binding), [Some(wanted); 2]);
    }
}
