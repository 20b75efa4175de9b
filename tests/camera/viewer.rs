//! A relay and a viewer in this process, which return each frame's bytes and description.

use std::{
    sync::mpsc::{self, Receiver},
    time::{Duration, Instant},
};

use bytes::Bytes;
use pulsecam::{
    jpeg::{Decoder, Scale},
    link::{self, Link},
    picture::Canvas,
    relay,
    wire::{FrameInfo, MessageKind},
};
use tokio::{net::TcpListener, runtime::Runtime};

use super::PATIENCE;

/// A received video frame.
#[derive(Clone, Debug)]
pub struct Frame {
    pub info: FrameInfo,
    /// Whether it is the no-signal card instead of the camera's picture.
    pub is_card: bool,
    pub jpeg: Bytes,
    pub received: Instant,
}

impl Frame {
    /// Decodes its pixels; fails even if libjpeg-turbo only warns.
    pub fn canvas(&self) -> Canvas {
        let decoded = Decoder::new().unwrap().decode(&self.jpeg, Scale::Full, Canvas::default()).unwrap();
        assert_eq!(decoded.warning, None, "frame {:?}", self.info);
        decoded.canvas
    }
}

/// A relay on a free port with one viewer.
pub struct Viewer {
    address: String,
    frames: Receiver<Frame>,
    last_seq: Option<u64>,
    link: Option<Link>,
    runtime: Option<Runtime>,
}

impl Viewer {
    pub fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (address, link, mut inbox) = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap().to_string();
            tokio::spawn(relay::run(listener, relay::Config::default(), std::future::pending()));
            let (link, inbox) = link::connect(link::Config::new(&address)).await.unwrap();
            let mut state = link.state();
            state.wait_for(|state| matches!(state, link::State::Up { .. })).await.unwrap();
            (address, link, inbox)
        });
        let (give, frames) = mpsc::channel();
        runtime.spawn(async move {
            while let Some(taken) = inbox.recv().await {
                let received = taken.item;
                if received.message.kind() != MessageKind::Video {
                    continue;
                }
                let info = received.info.unwrap_or_default();
                let frame = Frame {
                    is_card: info.card.as_deref() == Some(FrameInfo::NO_SIGNAL),
                    info,
                    jpeg: received.message.payload().cloned().unwrap_or_default(),
                    received: received.received_at,
                };
                if give.send(frame).is_err() {
                    break;
                }
            }
        });
        Self { address, frames, last_seq: None, link: Some(link), runtime: Some(runtime) }
    }

    /// The host argument for `pulsecam send`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Ends the viewer; the relay keeps running.
    pub fn look_away(&mut self) {
        self.link = None;
    }

    /// The next frame, if one arrives in time. Frame numbers must increase, whatever happened in between.
    pub fn next_within(&mut self, time: Duration) -> Option<Frame> {
        let frame = self.frames.recv_timeout(time).ok()?;
        if frame.is_card {
            assert_eq!(frame.info.seq, None, "a card is not a frame of the camera");
            return Some(frame);
        }
        let seq = frame.info.seq.expect("a number");
        assert!(self.last_seq.is_none_or(|last| seq > last), "{seq} after {:?}", self.last_seq);
        self.last_seq = Some(seq);
        Some(frame)
    }

    pub fn next(&mut self) -> Frame {
        self.next_within(PATIENCE).expect("a frame comes")
    }

    /// The next frame for which `wanted` is true.
    pub fn until(&mut self, what: &str, mut wanted: impl FnMut(&Frame) -> bool) -> Frame {
        let deadline = Instant::now() + PATIENCE;
        let mut others = 0;
        loop {
            match self.next_within(deadline.saturating_duration_since(Instant::now())) {
                Some(frame) if wanted(&frame) => return frame,
                Some(_) => others += 1,
                None => panic!("no {what} among {others} frames"),
            }
        }
    }

    /// The next frame from the camera.
    pub fn picture(&mut self) -> Frame {
        self.until("picture", |frame| !frame.is_card)
    }

    /// Several pictures in a row, without a card between them.
    pub fn pictures(&mut self, number: usize) -> Vec<Frame> {
        let frames: Vec<_> =
            std::iter::once(self.picture()).chain((1..number).map(|_| self.next())).collect();
        assert!(frames.iter().all(|frame| !frame.is_card), "a card between pictures");
        frames
    }

    /// The next no-signal card.
    pub fn card(&mut self) -> Frame {
        self.until("no-signal card", |frame| frame.is_card)
    }

    /// Discards the frames received so far.
    pub fn catch_up(&mut self) {
        while self.next_within(Duration::ZERO).is_some() {}
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
