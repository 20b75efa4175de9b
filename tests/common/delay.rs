//! A slow path: a proxy on loopback that delivers everything in order after a delay, at any rate.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// Starts a proxy in front of `relay` with `delay` each way; returns the address to connect to.
pub fn proxy(relay: SocketAddr, delay: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(relay) = TcpStream::connect(relay) else { continue };
            for end in [&client, &relay] {
                end.set_nodelay(true).unwrap();
            }
            let ways = [(client.try_clone(), relay.try_clone()), (Ok(relay), Ok(client))];
            for (from, to) in ways {
                carry(from.unwrap(), to.unwrap(), delay);
            }
        }
    });
    address
}

fn carry(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let (give, take) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if give.send((Instant::now() + delay, buffer[..count].to_vec())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (at, bytes) in take {
            thread::sleep(at.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both); // either end may be gone
    });
}
