//! Two clients that exchange messages over the relay all the time.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use pulsecam::wire::{Message, MessageKind, Origin};
use tokio::io::AsyncWriteExt;

use crate::{
    PATIENCE,
    common::{
        server::{Bare, numbered_frame},
        wire_bytes,
    },
};

/// A sender and a viewer: the next text is sent once the last one has arrived, each with a frame before it.
pub struct Healthy {
    /// Receives an item for each text that has arrived.
    pub progress: mpsc::Receiver<()>,
    enough: Arc<AtomicBool>,
    talking: JoinHandle<u64>,
}

impl Healthy {
    pub fn start(addr: SocketAddr) -> Self {
        let (tell, progress) = mpsc::channel();
        let enough = Arc::<AtomicBool>::default();
        let talking = thread::spawn({
            let enough = Arc::clone(&enough);
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(Self::talk(addr, &enough, &tell))
            }
        });
        Self { progress, enough, talking }
    }

    async fn talk(addr: SocketAddr, enough: &AtomicBool, tell: &mpsc::Sender<()>) -> u64 {
        let (sender, mut viewer) = (Bare::connect(addr).await, Bare::connect(addr).await);
        let Bare { reader: mut heard, output: mut said } = sender;
        // The sender reads too; otherwise messages from strangers would fill its mailbox.
        let listening = tokio::spawn(async move { while matches!(heard.next().await, Ok(Some(_))) {} });
        let origin = Origin::named("healthy");
        let (give, mut texts) = tokio::sync::mpsc::unbounded_channel();
        let from = origin.clone();
        // Reads everything at once, and passes on only our texts.
        let viewing = tokio::spawn(async move {
            loop {
                let message = viewer.receive().await;
                if message.kind() == MessageKind::Text
                    && message.origin() == from
                    && give.send(message).is_err()
                {
                    return;
                }
            }
        });
        let mut number = 0;
        while !enough.load(SeqCst) {
            let text = Message::text(&format!("number {number} {}", "x".repeat(500)), &origin).unwrap();
            let frame = numbered_frame(u32::try_from(number).unwrap(), 2_000);
            said.write_all(&[wire_bytes(&frame), wire_bytes(&text)].concat()).await.unwrap();
            assert_eq!(texts.recv().await.expect("the viewer must be there"), text, "once and in order");
            number += 1;
            let _ = tell.send(());
            // Within the limits: only the strangers flood.
            tokio::time::sleep(Duration::from_millis(12)).await;
        }
        viewing.abort();
        listening.abort();
        number
    }

    /// Waits until ten more texts have arrived.
    pub fn goes_on(&mut self) {
        while self.progress.try_recv().is_ok() {}
        for _ in 0..10 {
            self.progress.recv_timeout(PATIENCE).expect("the healthy clients must continue");
        }
    }

    pub fn stop(self) -> u64 {
        self.enough.store(true, SeqCst);
        self.talking.join().unwrap()
    }
}
