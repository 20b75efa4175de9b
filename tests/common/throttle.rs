//! A slow link: real sockets with a token bucket between them, in the direction from the relay to a viewer.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

/// What a slow link's own buffers hold. Larger ones would be a part of the link that no program can keep fresh.
const BUFFER: usize = 32 << 10;

/// Bytes that pass at a time.
const CHUNK: usize = 4096;

/// How often a rate gives tokens.
const TICK: Duration = Duration::from_millis(5);

/// Lets through as many bytes as it was given tokens for.
#[derive(Clone, Default)]
pub struct Bucket(Arc<(Mutex<usize>, Condvar)>, Arc<AtomicUsize>);

impl Bucket {
    pub fn add(&self, bytes: usize) {
        let mut tokens = self.0.0.lock().unwrap();
        *tokens = tokens.saturating_add(bytes);
        self.0.1.notify_all();
    }

    /// Gives so many bytes a second, a tenth of a second's at the most at once, as long as what it returns lives. Of two, the faster
    /// counts.
    pub fn rate(&self, bytes_per_second: usize) -> Rate {
        let (bucket, going) = (self.clone(), Arc::new(()));
        let watched = Arc::downgrade(&going);
        thread::spawn(move || {
            while watched.upgrade().is_some() {
                thread::sleep(TICK);
                let mut tokens = bucket.0.0.lock().unwrap();
                *tokens = (*tokens + bytes_per_second / 200).min(bytes_per_second / 10).max(*tokens);
                bucket.0.1.notify_all();
            }
        });
        Rate(going)
    }

    /// Bytes that came through.
    pub fn passed(&self) -> usize {
        self.1.load(SeqCst)
    }

    fn take(&self, wanted: usize) -> usize {
        let mut tokens = self.0.1.wait_while(self.0.0.lock().unwrap(), |tokens| *tokens == 0).unwrap();
        let taken = wanted.min(*tokens);
        *tokens -= taken;
        taken
    }
}

/// Tokens come while this lives.
pub struct Rate(#[expect(dead_code, reason = "its life is what counts")] Arc<()>);

/// Stands before `relay`; where to connect instead. Each connection takes from the same bucket.
pub fn proxy(relay: &str, bucket: &Bucket) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, relay, bucket) = (listener.local_addr().unwrap(), relay.parse().unwrap(), bucket.clone());
    thread::spawn(move || {
        for viewer in listener.incoming().map_while(Result::ok) {
            let relay = connect(relay);
            viewer.set_nodelay(true).unwrap();
            let (mut up, mut to) = (viewer.try_clone().unwrap(), relay.try_clone().unwrap());
            thread::spawn(move || {
                let _ = std::io::copy(&mut up, &mut to);
                let _ = to.shutdown(Shutdown::Both);
            });
            let bucket = bucket.clone();
            thread::spawn(move || pass(relay, viewer, &bucket));
        }
    });
    address
}

fn connect(relay: SocketAddr) -> TcpStream {
    let socket =
        socket2::Socket::new(socket2::Domain::for_address(relay), socket2::Type::STREAM, None).unwrap();
    // Before it connects: the window is made up then.
    socket.set_recv_buffer_size(BUFFER).unwrap();
    socket.connect(&relay.into()).unwrap();
    socket.set_tcp_nodelay(true).unwrap();
    socket.into()
}

fn pass(mut from: TcpStream, mut to: TcpStream, bucket: &Bucket) {
    let mut buffer = [0; CHUNK];
    loop {
        let allowed = bucket.take(CHUNK);
        let Ok(count @ 1..) = from.read(&mut buffer[..allowed]) else { break };
        bucket.add(allowed - count);
        bucket.1.fetch_add(count, SeqCst);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
