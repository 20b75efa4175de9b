//! A slow link: real sockets with a token bucket between them, in one direction.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use socket2::{Domain, Socket, Type};

/// Buffer size of a slow link. No program could keep a larger one fresh.
const BUFFER: usize = 32 << 10;

/// Bytes that are passed on at a time.
const CHUNK: usize = 4096;

/// How often tokens are added.
const TICK: Duration = Duration::from_millis(5);

/// Backlog of the listening socket.
const BACKLOG: i32 = 16;

/// Which direction is slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slow {
    /// From clients to the relay.
    ToRelay,
    /// From the relay to clients.
    FromRelay,
}

/// Lets through as many bytes as it was given tokens for.
#[derive(Clone, Debug, Default)]
pub struct Bucket(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    tokens: Mutex<usize>,
    more: Condvar,
    passed: AtomicUsize,
}

impl Bucket {
    /// Adds tokens for `bytes` more bytes.
    pub fn add(&self, bytes: usize) {
        let mut tokens = self.0.lock();
        *tokens = tokens.saturating_add(bytes);
        self.0.more.notify_all();
    }

    /// Adds `bytes_per_second` tokens per second until the returned guard is dropped.
    ///
    /// At most a tenth of a second's tokens are kept. Of two rates, the faster counts.
    #[must_use]
    pub fn rate(&self, bytes_per_second: usize) -> TokenFeed {
        let (bucket, going) = (self.clone(), Arc::new(()));
        let watched = Arc::downgrade(&going);
        let each = (bytes_per_second as f64 * TICK.as_secs_f64()) as usize;
        thread::spawn(move || {
            while watched.upgrade().is_some() {
                thread::sleep(TICK);
                let mut tokens = bucket.0.lock();
                *tokens = (*tokens + each).min(bytes_per_second / 10).max(*tokens);
                bucket.0.more.notify_all();
            }
        });
        TokenFeed { _alive: going }
    }

    /// Tokens that are left, in bytes.
    #[must_use]
    pub fn left(&self) -> usize {
        *self.0.lock()
    }

    /// Bytes that were passed on.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.0.passed.load(SeqCst)
    }

    fn take(&self, wanted: usize) -> usize {
        let tokens = self.0.more.wait_while(self.0.lock(), |tokens| *tokens == 0);
        let mut tokens = tokens.unwrap_or_else(PoisonError::into_inner);
        let taken = wanted.min(*tokens);
        *tokens -= taken;
        taken
    }
}

impl Inner {
    /// Ignores poisoning: the mutex guards a single number.
    fn lock(&self) -> MutexGuard<'_, usize> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Guard of [`Bucket::rate`]: tokens are added while it lives.
#[derive(Debug)]
pub struct TokenFeed {
    _alive: Arc<()>,
}

/// Starts a proxy in front of `relay`; returns the address to connect to. All connections share the bucket.
///
/// # Errors
/// If a socket cannot be created. A connection that fails later is closed.
pub fn proxy(relay: SocketAddr, slow: Slow, bucket: &Bucket) -> io::Result<SocketAddr> {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    if slow == Slow::ToRelay {
        listener.set_recv_buffer_size(BUFFER)?; // its connections inherit it
    }
    listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    listener.listen(BACKLOG)?;
    let listener = TcpListener::from(listener);
    let (address, bucket) = (listener.local_addr()?, bucket.clone());
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            // If it fails, dropping the sockets closes both ends.
            let _ = join(client, relay, slow, &bucket);
        }
    });
    Ok(address)
}

fn join(client: TcpStream, relay: SocketAddr, slow: Slow, bucket: &Bucket) -> io::Result<()> {
    let socket = Socket::new(Domain::for_address(relay), Type::STREAM, None)?;
    if slow == Slow::FromRelay {
        socket.set_recv_buffer_size(BUFFER)?; // before it connects: the window is negotiated then
    }
    socket.connect(&relay.into())?;
    let relay = TcpStream::from(socket);
    client.set_nodelay(true)?;
    relay.set_nodelay(true)?;
    let (up, down) = ((client.try_clone()?, relay.try_clone()?), (relay, client));
    let ((mut from, mut to), slowly) = match slow {
        Slow::ToRelay => (down, up),
        Slow::FromRelay => (up, down),
    };
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to); // an error ends it too
        let _ = to.shutdown(Shutdown::Both);
    });
    let bucket = bucket.clone();
    thread::spawn(move || pass(slowly, &bucket));
    Ok(())
}

fn pass((mut from, mut to): (TcpStream, TcpStream), bucket: &Bucket) {
    let mut buffer = [0; CHUNK];
    loop {
        let allowed = bucket.take(CHUNK);
        let Ok(count @ 1..) = from.read(&mut buffer[..allowed]) else { break };
        bucket.add(allowed - count);
        bucket.0.passed.fetch_add(count, SeqCst);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
