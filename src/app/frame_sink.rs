//! Receives decoded frames and messages for the recording, the report, and the window if there is one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use tokio_util::sync::CancellationToken;

use super::{
    Codec,
    link::{Advice, advised},
    recording_session::RecordingSession,
    report::Report,
};
use crate::{
    clock::Timestamp,
    jpeg::{DecodeLimits, Strips},
    link::Peer,
    picture::Canvas,
    pipeline::{Arrival, Undecodable, Viewer},
    queue,
    stream_id::StreamId,
    view::{Damaged, Demand, FrameCounts, Image, OnDrawn, PlaceholderKind, Update, VideoFrame, WindowHandle},
    wire::FrameInfo,
};

/// The viewer's end of the pipeline.
pub(super) struct FrameSink {
    pub(super) handle: WindowHandle,
    pub(super) report: Arc<Mutex<Report>>,
    /// Stops after this many frames.
    pub(super) frames: Option<u64>,
    pub(super) codec: Codec,
    pub(super) stop: CancellationToken,
    pub(super) recording: Arc<RecordingSession>,
    /// Frames of each stream that could not be decoded.
    pub(super) damaged: HashMap<StreamId, u64>,
}

impl Viewer for FrameSink {
    fn wants_pixels(&self, stream: StreamId) -> bool {
        self.handle.is_open() && self.handle.demand(stream) != Demand::Nothing
    }

    fn strips(&self) -> Strips {
        self.codec.strips
    }

    fn limits(&self) -> DecodeLimits {
        self.codec.limits
    }

    fn tile_size(&self, stream: StreamId, _own: (usize, usize)) -> Option<(usize, usize)> {
        match self.handle.demand(stream) {
            Demand::Size(size) => Some(size),
            Demand::OwnSize | Demand::Nothing => None,
        }
    }

    /// A recording gets every frame.
    fn may_miss_frames(&self) -> bool {
        !self.recording.is_under_way()
    }

    fn spare(&mut self) -> Canvas {
        self.handle.spare()
    }

    fn take(&mut self, mut arrival: Arrival) -> bool {
        if self.stop.is_cancelled() {
            return false;
        }
        if let Arrival::Frame(frame) = &arrival {
            self.recording.frame(frame);
        }
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        report.take(&arrival, !self.handle.is_open());
        let enough = self.frames.is_some_and(|frames| report.frames() >= frames);
        drop(report);
        let damaged = self.damaged(&arrival);
        let in_hand = if let Arrival::Frame(frame) = &mut arrival { frame.in_hand.take() } else { None };
        match (update(arrival, damaged, self.codec.advice), in_hand) {
            (Some(Update::Frame(frame)), Some(in_hand)) => {
                self.handle.push_frame(
                    frame,
                    OnDrawn::new(|is_drawn| {
                        if !is_drawn {
                            in_hand.give_up();
                        }
                    }),
                );
            }
            (Some(update), _) => _ = self.handle.push(update),
            (None, _) => {}
        }
        if enough {
            self.stop.cancel();
        }
        !enough
    }
}

impl FrameSink {
    /// Number of the stream's frames that could not be decoded so far.
    fn damaged(&mut self, arrival: &Arrival) -> u64 {
        match arrival {
            Arrival::Frame(frame) => self.damaged.get(&frame.id).copied().unwrap_or(0),
            Arrival::Damaged { id, .. } => {
                if self.damaged.len() >= queue::MAX_KEYS && !self.damaged.contains_key(id) {
                    return 1;
                }
                let count = self.damaged.entry(*id).or_default();
                *count += 1;
                *count
            }
            Arrival::Text { .. }
            | Arrival::UnreadableText { .. }
            | Arrival::Image { .. }
            | Arrival::Left { .. } => 0,
        }
    }
}

/// The update of the window for an arrival, if it shows it. `damaged`: number of the stream's frames that could
/// not be decoded.
pub(crate) fn update(arrival: Arrival, damaged: u64, advice: Advice<Undecodable>) -> Option<Update> {
    Some(match arrival {
        Arrival::Text { text, sender, .. } => {
            Update::Text { sender: named(sender), text, at: Timestamp::now() }
        }
        Arrival::UnreadableText { bytes, sender, .. } => {
            Update::UnreadableText { sender: named(sender), bytes, at: Timestamp::now() }
        }
        Arrival::Image { file, look, sender, .. } => {
            let (size, fault) = match look {
                Ok(look) => (Some(look.size), None),
                Err(reason) => (None, Some(advised(&reason, advice))),
            };
            Update::Image(Image { sender: named(sender), size, file, fault })
        }
        Arrival::Left { id } => Update::Left { stream: id },
        Arrival::Damaged { id, stream, peer, size, reason } => {
            let reason = advised(&reason, advice);
            Update::Damaged(Damaged { stream: id, name: stream, peer, size, reason, damaged })
        }
        Arrival::Frame(frame) => Update::Frame(VideoFrame {
            stream: frame.id,
            name: frame.stream,
            peer: frame.peer,
            seq: frame.info.seq,
            canvas: Arc::new(frame.canvas.unwrap_or_default()),
            size: (frame.header.width, frame.header.height),
            jpeg: frame.jpeg,
            age: frame.age,
            decoded: Instant::now(),
            decode: frame.decoding,
            account: FrameCounts {
                // What the relay kept back would have been replaced here.
                arrived: frame.account.arrived.saturating_add(frame.account.kept_back),
                left_out: frame.account.left_out,
                lost: frame.account.lost,
                damaged,
            },
            card: frame.info.card.as_deref().map(card),
        }),
    })
}

/// The sender's name, if it has one.
fn named(sender: Option<Peer>) -> Option<String> {
    sender.map(|sender| sender.name.to_string()).filter(|name| !name.is_empty())
}

fn card(name: &str) -> PlaceholderKind {
    match name {
        FrameInfo::CAMERA_OFF => PlaceholderKind::CameraOff,
        _ => PlaceholderKind::NoSignal,
    }
}
