//! Link → decoder → viewer.

use std::{
    io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tracing::debug;

use super::{
    Undecodable,
    arrival::{Arrival, ReceivedFrame, age},
    inspect::Inspector,
    stamp_search::StampSearch,
};
use crate::{
    capture::stamp,
    clock::Timestamp,
    jpeg::{DecodeLimits, Decoder, Scale, Strips, header},
    link::{FrameInHand, Inbox, Link, Peer, Received, State},
    picture::{Canvas, Scaler},
    queue::{Closed, Priority},
    stream_id::StreamId,
    wire::{MessageKind, TextContent},
};

/// How long the decoder waits before it checks whether it should stop.
const CHECK_INTERVAL: Duration = Duration::from_millis(200);

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

    /// Width and height in pixels at which a frame of this stream is shown that has the size `own`; `None`: its own
    /// size. A frame that is shown small is decoded small, which takes a fraction of the time.
    fn tile_size(&self, _stream: StreamId, _own: (usize, usize)) -> Option<(usize, usize)> {
        None
    }

    /// The scale at which a picture of size `own` is decoded to be shown at another size.
    fn scale(&self, own: (usize, usize), room: (usize, usize)) -> Scale {
        Scale::at_least(own, room)
    }

    /// Whether it can do without some frames if it is slower than they come. The relay then keeps back what it
    /// would not show.
    fn may_miss_frames(&self) -> bool {
        true
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
    let (state, handling) = (link.state(), link.handling());
    thread::Builder::new().name("decode".into()).spawn(move || {
        loop {
            match inbox.recv_timeout(CHECK_INTERVAL) {
                Ok(Some(taken)) => {
                    // Cloned, so that the link does not wait for the state while a picture is decoded.
                    let state = state.borrow().clone();
                    let is_frame = matches!(taken.priority, Priority::Latest(_));
                    let in_hand = is_frame.then(|| handling.take_up(decode.viewer.may_miss_frames()));
                    let arrival = decode.arrival(taken.item, in_hand, &state);
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
    fn arrival(
        &mut self,
        received: Received,
        in_hand: Option<FrameInHand>,
        state: &State,
    ) -> Option<Arrival> {
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
            MessageKind::Video => self.frame(received, payload, in_hand, state),
            MessageKind::Heartbeat => received.sender.map(|sender| Arrival::Left { id: sender.id }),
            MessageKind::Reserved(_) => None,
            MessageKind::Other(number) => {
                debug!("received a message of unknown type {number}");
                None
            }
        }
    }

    fn frame(
        &mut self,
        received: Received,
        jpeg: Bytes,
        in_hand: Option<FrameInHand>,
        state: &State,
    ) -> Option<Arrival> {
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
        let own = (header.width, header.height);
        let room = self.viewer.tile_size(id, own).filter(|_| wanted);
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
            in_hand,
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
