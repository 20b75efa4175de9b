//! A bulk TCP transfer, as of a download: what frames compete with.

use std::{
    fs::File,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use pulsecam_net::clock::Timestamp;

use crate::{Failure, child, network};

/// Bytes written at a time.
const CHUNK: usize = 64 << 10;

/// How often the sink logs.
const LOG: Duration = Duration::from_millis(50);

/// Writes without end, with the kernel's default buffers.
pub(crate) fn send(namespace: &str, to: SocketAddr) -> Result<(), Failure> {
    network::enter(namespace)?;
    child::end_with_parent();
    let mut stream = TcpStream::connect(to)?;
    println!("up");
    let chunk = vec![0x5a; CHUNK];
    loop {
        stream.write_all(&chunk)?;
    }
}

/// Reads everything; logs the time and the bytes so far.
pub(crate) fn sink(namespace: &str, listen: SocketAddr, log: &Path) -> Result<(), Failure> {
    network::enter(namespace)?;
    child::end_with_parent();
    let listener = TcpListener::bind(listen)?;
    let mut log = File::create(log)?;
    let total = Arc::new(AtomicU64::new(0));
    let logged = Arc::clone(&total);
    thread::spawn(move || {
        while writeln!(log, "{},{}", Timestamp::now().as_micros(), logged.load(Relaxed)).is_ok() {
            thread::sleep(LOG);
        }
    });
    println!("up");
    for stream in listener.incoming() {
        let (mut stream, total) = (stream?, Arc::clone(&total));
        thread::spawn(move || {
            let mut chunk = vec![0; CHUNK];
            while let Ok(count @ 1..) = stream.read(&mut chunk) {
                total.fetch_add(count as u64, Relaxed);
            }
        });
    }
    Ok(())
}
