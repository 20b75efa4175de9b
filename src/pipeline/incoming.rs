//! Link → decoder → viewer.

use std::{
    io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tracing::debug;

use super::{Undecodable, inspect::Inspector, stamp_search::StampSearch};
use crate::{
    capture::stamp,
    clock::{Age, Timestamp},
    jpeg::{DecodeLimits, Decoder, Header, Scale, Strips, header},
    link::{Inbox, Link, LossStats, Peer, Received, State},
    picture::{Canvas, Scaler},
    queue::Closed,
    recording::RecordedFrame,
    still::StillInfo,
    stream_id::StreamId,
    wire::{FrameInfo, MessageKind, Origin, TextContent},
};

/// How long the decoder waits before it checks whether it should stop.
const CHECK_INTERVAL: Duration = Duration::from_millis(200);

/// Something that arrived.
#[derive(Debug)]
pub enum Arrival {
    /// A text; lone surrogates are shown as U+FFFD. UTF-8 in place of a `QString` is accepted as well.
    Text {
        /// The text.
        text: String,
        /// The sender, as the message claims.
        origin: Origin,
        /// The sender's stream and connection, as far as known.
        sender: Option<Peer>,
    },
    /// A text whose payload is neither a `QString` nor UTF-8.
    UnreadableText {
        /// Size of the payload in bytes.
        bytes: usize,
        /// Why it is no `QString`.
        reason: &'static str,
        /// The sender, as the message claims.
        origin: Origin,
        /// The sender's stream and connection, as far as known.
        sender: Option<Peer>,
    },
    /// An image.
    Image {
        /// The file as received.
        file: Bytes,
        /// Its format and size, or why it cannot be shown.
        look: Result<StillInfo, Undecodable>,
        /// The sender, as the message claims.
        origin: Origin,
        /// The sender's stream and connection, as far as known.
        sender: Option<Peer>,
    },
    /// A video frame.
    Frame(Box<ReceivedFrame>),
    /// The sender of a stream has left, as the relay says.
    Left {
        /// The stream.
        id: StreamId,
    },
    /// A video frame that cannot be shown.
    Damaged {
        /// The stream.
        id: StreamId,
        /// Its displayed name.
        stream: Arc<str>,
        /// The number of its sender's connection, if the relay reports it.
        peer: Option<u64>,
        /// Width and height, if the header could be read.
        size: Option<(usize, usize)>,
        /// The reason.
        reason: Undecodable,
    },
}

/// A video frame that arrived.
#[derive(Debug)]
pub struct ReceivedFrame {
    /// The stream.
    pub(crate) id: StreamId,
    /// Its displayed name: the one its sender claims, with equal names distinguished; empty if it claims
    /// none.
    pub(crate) stream: Arc<str>,
    /// The number of its sender's connection, if the relay reports it.
    pub(crate) peer: Option<u64>,
    /// The sender's information, or that of the stamp in the pixels if the sender gave none.
    pub(crate) info: FrameInfo,
    /// The stream's frame counts up to this one.
    pub(crate) account: LossStats,
    /// The frame as received.
    pub(crate) jpeg: Bytes,
    /// Its size.
    pub(crate) header: Header,
    /// Its pixels, if pixels are requested.
    pub(crate) canvas: Option<Canvas>,
    /// Whether it was decoded, for its pixels or for the stamp in them.
    pub(crate) was_decoded: bool,
    /// When its last byte was read.
    pub(crate) received: Timestamp,
    /// The same on the monotonic clock.
    pub(crate) received_at: Instant,
    /// When its pixels were ready; if none were requested, when the frame was examined.
    pub(crate) decoded: Timestamp,
    /// Duration of decoding.
    pub(crate) decoding: Duration,
    /// The picture's age at `decoded`.
    pub(crate) age: Option<Age>,
    /// Bytes on the wire.
    pub(crate) bytes: usize,
}

impl ReceivedFrame {
    /// The frame in the form that a recording takes.
    #[must_use]
    pub fn taken(&self) -> RecordedFrame {
        RecordedFrame {
            captured: self.info.captured,
            arrived: self.received,
            size: (self.header.width, self.header.height),
            jpeg: self.jpeg.clone(),
        }
    }
}

/// The age of a picture at `now` on our clock; by the relay's clock if both ends know it.
#[must_use]
pub fn age(info: &FrameInfo, state: &State, now: Timestamp) -> Option<Age> {
    let ours = match state {
        State::Up { offset, .. } => *offset,
        _ => None,
    };
    match (info.captured_at_relay(), ours) {
        (Some(captured), Some(ours)) => Some(Age {
            time: now.offset(ours.micros).since(captured),
            within: info.within.map(|theirs| ours.uncertainty() + Duration::from_micros(theirs)),
        }),
        _ => Some(Age { time: now.since(info.captured?), within: None }),
    }
}

/// The consumer of what arrives, on the decoder's thread.
pub trait Viewer: Send + 'static {
    /// Takes an arrival; `false` ends the decoder.
    fn take(&mut self, arrival: Arrival) -> bool;

    /// Whether pixels of this stream are needed. If not, only frames that must be decoded for other reasons are
    /// decoded.
    fn wants_pixels(&self, _stream: StreamId) -> bool {
        true
    }

    /// Whether the stamp in a test picture is read if its sender gives no time. The picture has to be decoded
    /// for that, so a stream whose pictures have none is searched only now and then.
    fn reads_stamps(&self) -> bool {
        true
    }

    /// Whether pictures are decoded in strips.
    fn strips(&self) -> Strips {
        Strips::default()
    }

    /// Width and height in pixels at which this stream is shown; `None`: its own size. A frame that is shown
    /// small is decoded small, which takes a fraction of the time.
    fn tile_size(&self, _stream: StreamId) -> Option<(usize, usize)> {
        None
    }

    /// The scale at which a picture of size `own` is decoded to be shown at another size.
    fn scale(&self, own: (usize, usize), room: (usize, usize)) -> Scale {
        Scale::at_least(own, room)
    }

    /// Decoding limits for pictures from peers.
    fn limits(&self) -> DecodeLimits {
        DecodeLimits::default()
    }

    /// Memory for the next picture; its content does not matter.
    fn spare(&mut self) -> Canvas {
        Canvas::default()
    }
}

impl<F: FnMut(Arrival) -> bool + Send + 'static> Viewer for F {
    fn take(&mut self, arrival: Arrival) -> bool {
        self(arrival)
    }
}

/// Decodes what arrives on a thread of its own and passes it to `viewer`.
///
/// The thread ends when `viewer` returns `false` or the link is gone.
///
/// # Errors
/// If no thread can be started.
pub fn receive(link: &Link, mut inbox: Inbox, viewer: impl Viewer) -> io::Result<()> {
    let mut decode = Decode {
        viewer,
        decoder: None,
        scaler: Scaler::default(),
        unfitted: Canvas::default(),
        inspector: Inspector::default(),
        stamps: StampSearch::default(),
    };
    let state = link.state();
    thread::Builder::new().name("decode".into()).spawn(move || {
        loop {
            match inbox.recv_timeout(CHECK_INTERVAL) {
                Ok(Some(taken)) => {
                    // Cloned, so that the link does not wait for the state while a picture is decoded.
                    let state = state.borrow().clone();
                    let arrival = decode.arrival(taken.item, &state);
                    if arrival.is_some_and(|arrival| !decode.viewer.take(arrival)) {
                        return;
                    }
                }
                Ok(None) => {}
                Err(Closed) => return,
            }
        }
    })?;
    Ok(())
}

struct Decode<V> {
    viewer: V,
    /// Created when the first picture needs it; used by this thread only.
    decoder: Option<Decoder>,
    scaler: Scaler,
    /// Memory of a picture before it was scaled.
    unfitted: Canvas,
    inspector: Inspector,
    stamps: StampSearch,
}

impl<V: Viewer> Decode<V> {
    fn arrival(&mut self, received: Received, state: &State) -> Option<Arrival> {
        let message = &received.message;
        let payload = message.payload().cloned().unwrap_or_default();
        match message.kind() {
            MessageKind::Text => {
                let (origin, sender) = (message.origin(), received.sender);
                Some(match TextContent::of(message)? {
                    TextContent::QString(text) => {
                        Arrival::Text { text: text.to_text_lossy(), origin, sender }
                    }
                    TextContent::Utf8(text) => Arrival::Text { text, origin, sender },
                    TextContent::Unreadable { bytes, why } => {
                        Arrival::UnreadableText { bytes, reason: why, origin, sender }
                    }
                })
            }
            MessageKind::Image => Some(Arrival::Image {
                look: self.inspector.check(&payload, self.viewer.limits()).map_err(Undecodable::from),
                file: payload,
                origin: message.origin(),
                sender: received.sender,
            }),
            MessageKind::Video => self.frame(received, payload, state),
            MessageKind::Heartbeat => received.sender.map(|sender| Arrival::Left { id: sender.id }),
            MessageKind::Reserved(_) => None,
            MessageKind::Other(number) => {
                debug!("received a message of unknown type {number}");
                None
            }
        }
    }

    fn frame(&mut self, received: Received, jpeg: Bytes, state: &State) -> Option<Arrival> {
        let mut info = received.info.unwrap_or_default();
        let Peer { id, peer, name: stream, .. } = received.sender?;
        let damaged = |size: Option<(usize, usize)>, error: crate::jpeg::Error| {
            let (stream, reason) = (Arc::clone(&stream), error.into());
            Some(Arrival::Damaged { id, stream, peer, size, reason })
        };
        let header = match header(&jpeg) {
            Ok(header) => header,
            Err(error) => return damaged(None, error),
        };
        let begin = Instant::now();
        let wanted = self.viewer.wants_pixels(id);
        let from_pixels =
            info.captured.is_none() && self.viewer.reads_stamps() && self.stamps.is_due(id, begin);
        let room = self.viewer.tile_size(id).filter(|_| wanted);
        let own = (header.width, header.height);
        // A stamp can only be read at the picture's own size.
        let scale = room.filter(|_| !from_pixels).map_or(Scale::Full, |room| self.viewer.scale(own, room));
        let mut canvas = match (wanted || from_pixels).then(|| self.decode(&jpeg, scale)).transpose() {
            Ok(canvas) => canvas,
            Err(error) => return damaged(Some(own), error),
        };
        let was_decoded = canvas.is_some();
        if let Some(canvas) = canvas.as_ref().filter(|_| from_pixels) {
            let stamp = stamp::read(canvas);
            self.stamps.searched(id, stamp.is_some(), begin);
            if let Some(stamp) = stamp {
                info.captured = Some(stamp.captured);
                info.seq = Some(stamp.seq.into());
            }
        }
        if let Some(room) = room {
            canvas = canvas.map(|canvas| self.fitted(canvas, room));
        }
        let (decoded, decoding) = (Timestamp::now(), begin.elapsed());
        Some(Arrival::Frame(Box::new(ReceivedFrame {
            age: age(&info, state, decoded),
            account: received.account,
            bytes: received.message.wire_len(),
            canvas: canvas.filter(|_| wanted),
            was_decoded,
            decoding,
            received: received.received,
            received_at: received.received_at,
            id,
            stream,
            peer,
            info,
            jpeg,
            header,
            decoded,
        })))
    }

    /// Scales the picture to its displayed size; the memory of the original is kept for the next one.
    fn fitted(&mut self, canvas: Canvas, room: (usize, usize)) -> Canvas {
        if (canvas.width, canvas.height) == room {
            return canvas;
        }
        match self.scaler.fit(&canvas, room, self.viewer.spare()) {
            Some(fitted) => {
                self.unfitted = canvas;
                fitted
            }
            None => canvas,
        }
    }

    fn decode(&mut self, jpeg: &[u8], scale: Scale) -> Result<Canvas, crate::jpeg::Error> {
        let decoder = match &mut self.decoder {
            Some(decoder) => decoder,
            empty => empty
                .insert(Decoder::new()?.with_strips(self.viewer.strips()).with_limits(self.viewer.limits())),
        };
        let kept = std::mem::take(&mut self.unfitted);
        let memory = if kept.pixels.is_empty() { self.viewer.spare() } else { kept };
        let decoded = decoder.decode(jpeg, scale, memory)?;
        if let Some(warning) = decoded.warning {
            debug!("decoded a picture with a warning: {warning}");
        }
        Ok(decoded.canvas)
    }
}
