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

/// What a slow link's own buffers hold. Larger ones would be a part of the link that no program can keep fresh.
const BUFFER: usize = 32 << 10;

/// Bytes that pass at a time.
const CHUNK: usize = 4096;

/// How often a rate gives tokens.
const TICK: Duration = Duration::from_millis(5);

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 16;

/// Which way is slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slow {
    /// What clients send.
    ToRelay,
    /// What they get.
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
    /// Lets so many more through.
    pub fn add(&self, bytes: usize) {
        let mut tokens = self.0.lock();
        *tokens = tokens.saturating_add(bytes);
        self.0.more.notify_all();
    }

    /// Gives so many bytes a second, a tenth of a second's at the most at once, as long as what it returns lives. Of two, the faster
    /// counts.
    #[must_use]
    pub fn rate(&self, bytes_per_second: usize) -> Rate {
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
        Rate { _alive: going }
    }

    /// Bytes that may come through and have not.
    #[must_use]
    pub fn left(&self) -> usize {
        *self.0.lock()
    }

    /// Bytes that came through.
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
    /// What it guards is one number.
    fn lock(&self) -> MutexGuard<'_, usize> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tokens come while this lives.
#[derive(Debug)]
pub struct Rate {
    _alive: Arc<()>,
}

/// Stands before `relay`; where to connect instead. Each connection takes from the same bucket.
///
/// # Errors
/// Where there is no socket to be had. A connection that fails later is closed.
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
            // Both ends are closed with what is dropped.
            let _ = join(client, relay, slow, &bucket);
        }
    });
    Ok(address)
}

fn join(client: TcpStream, relay: SocketAddr, slow: Slow, bucket: &Bucket) -> io::Result<()> {
    let socket = Socket::new(Domain::for_address(relay), Type::STREAM, None)?;
    if slow == Slow::FromRelay {
        socket.set_recv_buffer_size(BUFFER)?; // before it connects: the window is made up then
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
        let _ = io::copy(&mut from, &mut to); // an error is an end too
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
