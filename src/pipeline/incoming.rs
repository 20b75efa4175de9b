//! Link → decoder → whoever looks.

use std::{
    io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tracing::debug;

use super::inspect::Inspector;
use crate::{
    capture::stamp,
    clock::{Age, Timestamp},
    fresh::Closed,
    jpeg::{Decoder, Header, Limits, Scale, Strips, header},
    link::{Account, Inbox, Link, Received, Sender, State},
    picture::{Canvas, Fitter},
    recording::Taken,
    still::Look,
    stream_id::StreamId,
    wire::{FrameInfo, Kind, Origin, TextContent},
};

/// How long the decoder waits before it looks whether it should stop.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// Something that came in.
#[derive(Debug)]
pub enum Arrival {
    /// A text; lone surrogates are shown as U+FFFD. UTF-8 in place of a `QString` is taken as well.
    Text {
        /// What it says.
        text: String,
        /// Who says it, as the message claims.
        origin: Origin,
        /// Who sent it, as far as that can be told.
        sender: Option<Sender>,
    },
    /// A text whose payload is neither a `QString` nor UTF-8: nobody can read it.
    UnreadableText {
        /// Bytes of the payload.
        bytes: usize,
        /// Why it is no `QString`.
        reason: &'static str,
        /// Who sent it, as the message claims.
        origin: Origin,
        /// Who sent it, as far as that can be told.
        sender: Option<Sender>,
    },
    /// An image.
    Image {
        /// The file as it came.
        file: Bytes,
        /// What it is and how large, or why it cannot be shown.
        look: Result<Look, String>,
        /// Who sent it, as the message claims.
        origin: Origin,
        /// Who sent it, as far as that can be told.
        sender: Option<Sender>,
    },
    /// A video frame.
    Frame(Box<Shown>),
    /// A video frame that cannot be shown.
    Damaged {
        /// The stream.
        id: StreamId,
        /// What to call it.
        stream: Arc<str>,
        /// The number of its sender's connection, if the relay tells.
        peer: Option<u64>,
        /// Width and height, as far as its header can be read.
        size: Option<(usize, usize)>,
        /// Why.
        reason: String,
    },
}

/// A video frame that came in.
#[derive(Debug)]
pub struct Shown {
    /// The stream.
    pub id: StreamId,
    /// What to call it: the name that its sender claims, with equal names told apart; empty if it claims none.
    pub stream: Arc<str>,
    /// The number of its sender's connection, if the relay tells.
    pub peer: Option<u64>,
    /// What the sender told, or what the stamp in the pixels tells where it told nothing.
    pub info: FrameInfo,
    /// What became of the stream's frames up to this one.
    pub account: Account,
    /// The frame as it came.
    pub jpeg: Bytes,
    /// Its size.
    pub header: Header,
    /// Its pixels, where pixels are wanted.
    pub canvas: Option<Canvas>,
    /// When its last byte was read.
    pub received: Timestamp,
    /// The same by the steady clock.
    pub received_at: Instant,
    /// When its pixels were there; the time of looking where none were wanted.
    pub decoded: Timestamp,
    /// What decoding took.
    pub decoding: Duration,
    /// How old the picture was then.
    pub age: Option<Age>,
    /// Bytes on the wire.
    pub bytes: usize,
}

impl Shown {
    /// The frame as a recording keeps it.
    #[must_use]
    pub fn taken(&self) -> Taken {
        Taken {
            captured: self.info.captured,
            arrived: self.received,
            size: (self.header.width, self.header.height),
            jpeg: self.jpeg.clone(),
        }
    }
}

/// The age of a picture at `now` by our clock, by the relay's clock where both ends know it.
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

/// Who looks at what comes in, on the decoder's thread.
pub trait Viewer: Send + 'static {
    /// Takes what came; `false` where no more is wanted.
    fn take(&mut self, arrival: Arrival) -> bool;

    /// Whether pixels are looked at. Without, only what cannot be told otherwise is decoded.
    fn wants_pixels(&self) -> bool {
        true
    }

    /// Whether the stamp in a test picture is read where its sender tells no time, for which it has to be decoded.
    fn reads_stamps(&self) -> bool {
        true
    }

    /// Whether pictures are decoded in strips.
    fn strips(&self) -> Strips {
        Strips::default()
    }

    /// Pixels across and down at which frames of this stream are looked at; `None`: at their own size. A frame that is looked at small is
    /// decoded small, which takes a fraction of the time.
    fn room(&self, _stream: StreamId) -> Option<(usize, usize)> {
        None
    }

    /// At which scale a picture of size `own` is decoded for that room.
    fn scale(&self, own: (usize, usize), room: (usize, usize)) -> Scale {
        Scale::at_least(own, room)
    }

    /// What of others' pictures is decoded.
    fn limits(&self) -> Limits {
        Limits::default()
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

/// Takes what comes in on a thread of its own and gives it to `viewer`, until that has enough or the link is gone.
///
/// # Errors
/// Where no thread can be had.
pub fn receive(link: &Link, mut inbox: Inbox, viewer: impl Viewer) -> io::Result<()> {
    let (fitter, unfitted, inspector) = (Fitter::default(), Canvas::default(), Inspector::default());
    let mut decode = Decode { viewer, decoder: None, fitter, unfitted, inspector };
    let state = link.state();
    thread::Builder::new().name("decode".into()).spawn(move || {
        loop {
            match inbox.recv_timeout(LOOK_INTERVAL) {
                Ok(Some(taken)) => {
                    // Cloned: the link must not wait for the state while a picture is decoded.
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
    /// Made where the first picture needs it; the thread's own.
    decoder: Option<Decoder>,
    fitter: Fitter,
    /// The memory of a picture before it was scaled.
    unfitted: Canvas,
    inspector: Inspector,
}

impl<V: Viewer> Decode<V> {
    fn arrival(&mut self, received: Received, state: &State) -> Option<Arrival> {
        let message = &received.message;
        let payload = message.payload().cloned().unwrap_or_default();
        match message.kind() {
            Kind::Text => {
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
            Kind::Image => Some(Arrival::Image {
                look: self.inspector.look(&payload, self.viewer.limits()).map_err(|error| error.to_string()),
                file: payload,
                origin: message.origin(),
                sender: received.sender,
            }),
            Kind::Video => self.frame(received, payload, state),
            Kind::Heartbeat | Kind::Reserved(_) => None,
            Kind::Other(number) => {
                debug!("a message of the unknown type {number} came");
                None
            }
        }
    }

    fn frame(&mut self, received: Received, jpeg: Bytes, state: &State) -> Option<Arrival> {
        let mut info = received.info.unwrap_or_default();
        let Sender { id, peer, name: stream } = received.sender?;
        let damaged = |size: Option<(usize, usize)>, error: crate::jpeg::Error| {
            let (stream, reason) = (Arc::clone(&stream), error.to_string());
            Some(Arrival::Damaged { id, stream, peer, size, reason })
        };
        let header = match header(&jpeg) {
            Ok(header) => header,
            Err(error) => return damaged(None, error),
        };
        let (wanted, from_pixels) =
            (self.viewer.wants_pixels(), info.captured.is_none() && self.viewer.reads_stamps());
        let begin = Instant::now();
        let room = self.viewer.room(id).filter(|_| wanted);
        let own = (header.width, header.height);
        // A stamp can only be read in a picture of its own size.
        let scale = room.filter(|_| !from_pixels).map_or(Scale::Full, |room| self.viewer.scale(own, room));
        let mut canvas = match (wanted || from_pixels).then(|| self.decode(&jpeg, scale)).transpose() {
            Ok(canvas) => canvas,
            Err(error) => return damaged(Some(own), error),
        };
        if let Some(stamp) = canvas.as_ref().filter(|_| from_pixels).and_then(stamp::read) {
            info.captured = Some(stamp.captured);
            info.seq = Some(stamp.seq.into());
        }
        if let Some(room) = room {
            canvas = canvas.map(|canvas| self.fitted(canvas, room));
        }
        let (decoded, decoding) = (Timestamp::now(), begin.elapsed());
        Some(Arrival::Frame(Box::new(Shown {
            age: age(&info, state, decoded),
            account: received.account,
            bytes: received.message.wire_len(),
            canvas: canvas.filter(|_| wanted),
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

    /// The picture at the size at which it is looked at; the memory of the other is kept for the next.
    fn fitted(&mut self, canvas: Canvas, room: (usize, usize)) -> Canvas {
        if (canvas.width, canvas.height) == room {
            return canvas;
        }
        match self.fitter.fit(&canvas, room, self.viewer.spare()) {
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
            debug!("a picture with a flaw: {warning}");
        }
        Ok(decoded.canvas)
    }
}
