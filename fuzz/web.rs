//! Fuzzes what browsers and HTTP clients send: requests to a whole relay, WebSockets, and pictures.

use std::{future::pending, io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use pulsecam_net::{
    relay::{Config, PictureSize, run, web},
    transport::{Connection, Incoming, Listen, PolledWriter},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex, split},
    sync::oneshot,
    time::timeout,
};

/// The largest picture: small, so that the limit is reached often.
const LARGEST: usize = 1 << 12;

/// A limit in simulated time: beyond it, the relay hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// One connection, and then none.
struct Once(Option<Connection>);

impl Listen for Once {
    async fn accept(&mut self) -> io::Result<(Incoming, SocketAddr)> {
        match self.0.take() {
            Some(connection) => Ok((Incoming::Admin(connection), ([127, 0, 0, 1], 1).into())),
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(([127, 0, 0, 1], 6868).into())
    }
}

/// Requests: whatever comes, the relay answers in HTTP or not at all, and closes.
pub fn request(data: &[u8]) {
    let (first, rest) = data.split_at(data.len().min(1));
    let path = String::from_utf8_lossy(rest);
    let (path, query) = path.split_once('?').unwrap_or((&path, ""));
    assert!(!web::fuzzing::endpoint(path, query, first == [1]).is_empty());
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build().expect("a runtime can be had");
    runtime.block_on(async {
        let (near, far) = duplex(64 << 10);
        let (input, output) = split(near);
        let connection = Connection::new(input, PolledWriter::new(output));
        let config = Config::default().with(|config| config.web = Some(web::Config::default()));
        let (stop, stopped) = oneshot::channel::<()>();
        let relaying = tokio::spawn(run(Once(Some(connection)), config, async { _ = stopped.await }));
        let (mut answers, mut requests) = split(far);
        let asking = async {
            let _ = requests.write_all(data).await; // it may be closed early
            let _ = requests.shutdown().await;
        };
        let reading = async {
            let mut all = Vec::new();
            let _ = answers.read_to_end(&mut all).await;
            all
        };
        let ((), all) = timeout(PATIENCE, async { tokio::join!(asking, reading) }).await.expect("it closes");
        assert!(all.is_empty() || all.starts_with(b"HTTP/1."), "{:?}", String::from_utf8_lossy(&all));
        let _ = stop.send(());
        timeout(PATIENCE, relaying).await.expect("it ends").expect("no panic").expect("a summary");
    });
}

/// WebSockets: nothing comes out that did not come in, and the same however much was read before.
pub fn websocket(data: &[u8]) {
    let Some((&ahead, frames)) = data.split_first() else { return };
    let bytes = Bytes::copy_from_slice(frames);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be had");
    runtime.block_on(async {
        let whole = web::fuzzing::websocket(bytes.clone(), 0).await.map_err(|error| error.to_string());
        let ahead = web::fuzzing::websocket(bytes, ahead.into()).await.map_err(|error| error.to_string());
        assert_eq!(whole, ahead);
        assert!(whole.map_or(0, |all| all.len()) <= frames.len());
    });
}

/// Pictures: the same come out however they arrive, and no byte twice. A size stands in the picture.
pub fn mjpeg(data: &[u8]) {
    let Some((&piece, bytes)) = data.split_first() else { return };
    let whole = web::fuzzing::pictures(bytes, bytes.len(), LARGEST);
    assert!(whole.iter().map(Bytes::len).sum::<usize>() <= bytes.len());
    assert!(whole.iter().all(|picture| picture.starts_with(&[0xff, 0xd8, 0xff]) && picture.len() <= LARGEST));
    for picture in whole.iter().map(Bytes::as_ref).chain([bytes]) {
        let Some(size) = PictureSize::of(picture) else { continue };
        let stands = [size.height.to_be_bytes(), size.width.to_be_bytes()].concat();
        assert!(size.width > 0 && size.height > 0 && picture.windows(4).any(|four| four == stands));
    }
    let pieces = web::fuzzing::pictures(bytes, piece.into(), LARGEST);
    // In pieces, a picture that is too large may be noticed earlier.
    assert!(whole.starts_with(&pieces) || pieces.starts_with(&whole));
}
