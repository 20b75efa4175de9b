//! A link with a rate and a delay: real sockets, and between them threads that shape the traffic.
//!
//! For kernels without netem. Bytes leave in order, each after it was serialised at the rate and then
//! delayed; the queue for serialising is bounded, so a full link makes its sender wait.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use socket2::{Domain, Socket, Type};

/// Bytes that wait to be serialised: the link's own queue. No sender could keep a larger one short.
const QUEUE: usize = 32 << 10;

/// Bytes that are passed on at a time.
const CHUNK: usize = 4096;

/// How often a stalled link checks whether its rate has changed.
const STALLED_LOOK: Duration = Duration::from_millis(5);

/// Backlog of the listening socket.
const BACKLOG: i32 = 16;

/// A rate without limit.
pub const UNLIMITED: u64 = u64::MAX;

/// A link between clients and a relay. Each connection has the full rate. It lasts until the program ends.
#[derive(Clone, Debug)]
pub struct ShapedLink {
    address: SocketAddr,
    up: Arc<Direction>,
    down: Arc<Direction>,
}

#[derive(Debug)]
struct Direction {
    bytes_per_s: AtomicU64,
    delay: Duration,
    passed: AtomicUsize,
}

impl ShapedLink {
    /// Creates a link to `relay` with `delay` each way. `up` (towards the relay) and `down` are in bytes per
    /// second.
    ///
    /// # Errors
    /// If a socket cannot be created. A connection that fails later is closed.
    pub fn to(relay: SocketAddr, delay: Duration, up: u64, down: u64) -> io::Result<Self> {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        listener.set_recv_buffer_size(QUEUE)?; // its connections inherit it
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        listener.listen(BACKLOG)?;
        let listener = TcpListener::from(listener);
        let direction = |rate| {
            Arc::new(Direction { bytes_per_s: AtomicU64::new(rate), delay, passed: AtomicUsize::new(0) })
        };
        let link = Self { address: listener.local_addr()?, up: direction(up), down: direction(down) };
        let shared = link.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // If it fails, dropping the sockets closes both ends.
                let _ = shared.join(client, relay);
            }
        });
        Ok(link)
    }

    /// Address for clients to connect to.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets the rates in bytes per second, also of existing connections; 0 stalls a direction.
    pub fn set_rates(&self, up: u64, down: u64) {
        self.up.bytes_per_s.store(up, Relaxed);
        self.down.bytes_per_s.store(down, Relaxed);
    }

    /// Bytes that were passed on, towards the relay and back.
    #[must_use]
    pub fn passed(&self) -> (usize, usize) {
        (self.up.passed.load(Relaxed), self.down.passed.load(Relaxed))
    }

    fn join(&self, client: TcpStream, relay: SocketAddr) -> io::Result<()> {
        let socket = Socket::new(Domain::for_address(relay), Type::STREAM, None)?;
        socket.set_recv_buffer_size(QUEUE)?; // before it connects: the window is negotiated then
        socket.connect(&relay.into())?;
        let relay = TcpStream::from(socket);
        client.set_nodelay(true)?;
        relay.set_nodelay(true)?;
        let (from_client, to_client) = (client.try_clone()?, client);
        let (from_relay, to_relay) = (relay.try_clone()?, relay);
        for (direction, from, to) in [(&self.up, from_client, to_relay), (&self.down, from_relay, to_client)]
        {
            let (give, take) = mpsc::channel();
            let (sending, travelling) = (Arc::clone(direction), Arc::clone(direction));
            thread::spawn(move || sending.serialise(from, &give));
            thread::spawn(move || travelling.deliver(to, &take));
        }
        Ok(())
    }
}

impl Direction {
    /// Reads as fast as the rate allows, and computes when each piece arrives.
    fn serialise(&self, mut from: TcpStream, give: &mpsc::Sender<(Instant, Vec<u8>)>) {
        let mut buffer = [0; CHUNK];
        let mut free_at = Instant::now();
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let rate = loop {
                match self.bytes_per_s.load(Relaxed) {
                    0 => thread::sleep(STALLED_LOOK),
                    rate => break rate,
                }
            };
            let seconds = |bytes: usize| Duration::from_secs_f64(bytes as f64 / rate as f64);
            free_at = free_at.max(Instant::now()) + seconds(count);
            if give.send((free_at + self.delay, buffer[..count].to_vec())).is_err() {
                return;
            }
            let room_at = free_at.checked_sub(seconds(QUEUE)).unwrap_or(free_at);
            thread::sleep(room_at.saturating_duration_since(Instant::now()));
        }
    }

    fn deliver(&self, mut to: TcpStream, take: &mpsc::Receiver<(Instant, Vec<u8>)>) {
        for (due, bytes) in take {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            self.passed.fetch_add(bytes.len(), Relaxed);
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_through_whole_and_a_stalled_link_carries_none() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let delay = Duration::from_millis(1);
        let link = ShapedLink::to(listener.local_addr().unwrap(), delay, 10_000_000, UNLIMITED).unwrap();
        let mut client = TcpStream::connect(link.address()).unwrap();
        let (mut relay, _) = listener.accept().unwrap();
        let sent: Vec<u8> = (0..300_000).map(|i| (i % 251) as u8).collect();
        let mut came = vec![0; sent.len()];
        let writing = thread::spawn({
            let sent = sent.clone();
            move || client.write_all(&sent).map(|()| client)
        });
        relay.read_exact(&mut came).unwrap();
        assert!(came == sent);
        assert_eq!(link.passed(), (sent.len(), 0));
        let mut client = writing.join().unwrap().unwrap();
        link.set_rates(0, UNLIMITED);
        client.write_all(b"late").unwrap();
        relay.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        assert!(relay.read(&mut came).is_err());
        link.set_rates(UNLIMITED, UNLIMITED);
        relay.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        relay.read_exact(&mut came[..4]).unwrap();
        assert_eq!(&came[..4], b"late");
    }
}
