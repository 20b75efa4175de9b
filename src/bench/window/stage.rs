//! A relay and its senders in this process, on loopback.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::{net::TcpListener, runtime::Handle};
use tokio_util::sync::CancellationToken;

use crate::{
    bench::freshness,
    clock::Timestamp,
    link::{self, Inbox, Link, Role},
    relay,
    wire::FrameInfo,
};

/// A running relay and its senders, until this is dropped.
#[derive(Debug)]
pub struct Stage {
    /// Address of the relay.
    pub host: String,
    stop: Arc<AtomicBool>,
    relay: CancellationToken,
}

impl Stage {
    /// Starts a relay on a free port.
    pub(super) fn start(runtime: &Handle) -> io::Result<Self> {
        let relay = CancellationToken::new();
        let ended = relay.clone().cancelled_owned();
        let host = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let host = listener.local_addr()?.to_string();
            tokio::spawn(relay::run(listener, relay::Config::default(), ended));
            Ok::<_, io::Error>(host)
        })?;
        Ok(Self { host, stop: Arc::default(), relay })
    }

    /// Starts a sender of these frames in turn.
    pub(super) fn send(
        &self,
        runtime: &Handle,
        name: String,
        frames: Arc<[Bytes]>,
        fps: f64,
    ) -> io::Result<()> {
        let (sender, mut ignored) = runtime.block_on(connect(&self.host, Role::Sender))?;
        runtime.spawn(async move { while ignored.recv().await.is_some() {} });
        let stop = Arc::clone(&self.stop);
        thread::Builder::new()
            .name("sender".into())
            .spawn(move || send(&sender, &name, &frames, fps, &stop))?;
        Ok(())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        self.relay.cancel();
    }
}

/// A client of the relay.
pub(super) async fn connect(host: &str, role: Role) -> io::Result<(Link, Inbox)> {
    let config = link::Config::new(host).with(|config| config.role = role);
    freshness::connect(config).await.map_err(io::Error::other)
}

fn send(link: &Link, name: &str, frames: &[Bytes], fps: f64, stop: &AtomicBool) {
    let begin = Instant::now();
    for seq in 0_u64.. {
        let due = begin + Duration::from_secs_f64(seq as f64 / fps);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if stop.load(Relaxed) {
            return;
        }
        let info =
            FrameInfo::default().with_stream(name.to_owned()).with_seq(seq).with_captured(Timestamp::now());
        if let Some(frame) = frames.get(seq as usize % frames.len().max(1)) {
            link.send_frame(info, frame.clone());
        }
    }
}
