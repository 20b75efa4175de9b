//! A link that breaks: real sockets between clients and the relay, which can be cut and stalled.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
};

/// Bytes that are passed on at a time: less than a frame, so that cuts fall within messages.
const CHUNK: usize = 1500;

#[derive(Clone)]
pub struct Proxy {
    pub addr: SocketAddr,
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    connections: Mutex<Vec<(TcpStream, TcpStream)>>,
    stalled: Mutex<bool>,
    goes_on: Condvar,
}

impl Proxy {
    pub fn before(relay: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self { addr: listener.local_addr().unwrap(), inner: Arc::default() };
        let inner = Arc::clone(&proxy.inner);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let inner = Arc::clone(&inner);
                thread::spawn(move || {
                    inner.wait();
                    let Ok(relay) = TcpStream::connect(relay) else { return };
                    inner.join(&client, &relay);
                });
            }
        });
        proxy
    }

    /// Cuts one connection, or all; returns how many.
    pub fn cut(&self, which: Option<f64>) -> u64 {
        let mut connections = self.inner.connections.lock().unwrap();
        let cut = match which {
            Some(which) if !connections.is_empty() => {
                let index = (which * connections.len() as f64) as usize;
                vec![connections.swap_remove(index)]
            }
            Some(_) => Vec::new(),
            None => std::mem::take(&mut *connections),
        };
        for (client, relay) in &cut {
            let _ = (client.shutdown(Shutdown::Both), relay.shutdown(Shutdown::Both)); // may be closed
        }
        cut.len() as u64
    }

    /// Stalls all connections, or lets them continue.
    pub fn stall(&self, stalled: bool) {
        *self.inner.stalled.lock().unwrap() = stalled;
        self.inner.goes_on.notify_all();
    }
}

impl Inner {
    fn wait(&self) {
        drop(self.goes_on.wait_while(self.stalled.lock().unwrap(), |stalled| *stalled).unwrap());
    }

    fn join(self: &Arc<Self>, client: &TcpStream, relay: &TcpStream) {
        for stream in [client, relay] {
            stream.set_nodelay(true).unwrap();
        }
        let both = || (client.try_clone().unwrap(), relay.try_clone().unwrap());
        self.connections.lock().unwrap().push(both());
        let ((from_client, to_relay), (to_client, from_relay)) = (both(), both());
        let inner = Arc::clone(self);
        let back = thread::spawn(move || inner.pass(from_relay, to_client));
        self.pass(from_client, to_relay);
        back.join().unwrap();
        let port = client.peer_addr().ok();
        self.connections
            .lock()
            .unwrap()
            .retain(|(known, _)| known.peer_addr().ok() != port && port.is_some());
    }

    fn pass(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = [0; CHUNK];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            self.wait();
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both)); // may be closed
    }
}
