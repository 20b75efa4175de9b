//! The streams in the order of their tiles, the enlarged one, and the counts of those that have left.

use std::{ops::Deref, slice, sync::Arc, time::Instant};

use super::{
    action::Total,
    stream::Stream,
    update::{Damaged, VideoFrame},
};
use crate::{picture::Canvas, stream_id::StreamId};

/// Streams shown at once: with more, no tile is large enough to be useful, and a sender that makes up names
/// must not fill the memory.
pub(crate) const MAX_STREAMS: usize = 64;

/// Streams whose totals and places are kept after they left; bounded for the same reason.
const MAX_DEPARTED: usize = 256;

/// The streams that are shown.
#[derive(Debug, Default)]
pub(crate) struct StreamList {
    /// In the order of their places.
    streams: Vec<Stream>,
    enlarged: Option<StreamId>,
    departed: Vec<Total>,
    /// Streams in the order in which they first came, with their names: a stream that returns gets its old
    /// place.
    places: Vec<(StreamId, Arc<str>)>,
}

impl Deref for StreamList {
    type Target = [Stream];

    fn deref(&self) -> &[Stream] {
        &self.streams
    }
}

impl StreamList {
    pub(crate) fn iter_mut(&mut self) -> slice::IterMut<'_, Stream> {
        self.streams.iter_mut()
    }

    fn find(&mut self, id: StreamId) -> Option<&mut Stream> {
        self.streams.iter_mut().find(|stream| stream.id() == id)
    }

    /// Takes a frame, identified by `stamp`. Returns a buffer that is no longer shown.
    pub(crate) fn frame(
        &mut self,
        frame: VideoFrame,
        stamp: u64,
        paused: bool,
        now: Instant,
    ) -> Option<Arc<Canvas>> {
        if let Some(stream) = self.find(frame.stream) {
            return stream.take(frame, stamp, paused, now);
        }
        if self.streams.len() >= MAX_STREAMS {
            return Some(frame.canvas);
        }
        self.insert(Stream::new(frame, stamp, now));
        None
    }

    /// Takes a frame that cannot be decoded: a stream without any other frame gets a tile too, with the
    /// reason.
    pub(crate) fn damaged(&mut self, damaged: Damaged, stamp: u64, now: Instant) {
        if let Some(stream) = self.find(damaged.stream) {
            stream.damaged(damaged, now);
        } else if self.streams.len() < MAX_STREAMS {
            self.insert(Stream::undecodable(damaged, stamp, now));
        }
    }

    fn insert(&mut self, stream: Stream) {
        let place = self.place(stream.id(), &stream.frame.name);
        let at = self.streams.iter().position(|other| {
            place < self.places.iter().position(|(id, _)| *id == other.id()).unwrap_or(usize::MAX)
        });
        self.streams.insert(at.unwrap_or(self.streams.len()), stream);
    }

    /// Index of this stream in `places`. A new stream takes the place of one of the same name that has left:
    /// it may be the same sender, restarted.
    fn place(&mut self, stream: StreamId, name: &Arc<str>) -> usize {
        let here = |id: StreamId| self.streams.iter().any(|stream| stream.id() == id);
        let own = self.places.iter().position(|(known, _)| *known == stream);
        let left = || self.places.iter().position(|(known, called)| called == name && !here(*known));
        if let Some(place) = own.or_else(left) {
            self.places[place] = (stream, Arc::clone(name));
            return place;
        }
        if self.places.len() >= MAX_DEPARTED {
            self.places.retain(|(known, _)| here(*known));
        }
        self.places.push((stream, Arc::clone(name)));
        self.places.len() - 1
    }

    /// Removes streams, and keeps their counts.
    pub(crate) fn remove(&mut self, which: impl Fn(&Stream) -> bool) {
        for stream in self.streams.extract_if(.., |stream| which(stream)) {
            if self.departed.len() < MAX_DEPARTED {
                self.departed.push(total(&stream));
            }
        }
    }

    /// The frame counts of every stream, including those that have left.
    pub(crate) fn totals(&self) -> Vec<Total> {
        self.departed.iter().cloned().chain(self.streams.iter().map(total)).collect()
    }

    /// The place of the enlarged stream, if any.
    pub(crate) fn enlarged(&self) -> Option<usize> {
        let large = self.enlarged?;
        self.streams.iter().position(|stream| stream.id() == large)
    }

    /// The enlarged stream, or all.
    pub(crate) fn visible(&self) -> &[Stream] {
        match self.enlarged() {
            Some(place) => &self.streams[place..=place],
            None => &self.streams,
        }
    }

    /// Enlarges the stream at this place, or shows all again if it is enlarged already.
    pub(crate) fn enlarge(&mut self, place: usize) {
        let Some(stream) = self.streams.get(place).map(Stream::id) else { return };
        self.enlarged = (self.enlarged != Some(stream)).then_some(stream);
    }

    pub(crate) fn enlarge_next(&mut self) {
        self.step(1);
    }

    pub(crate) fn enlarge_previous(&mut self) {
        self.step(self.streams.len());
    }

    /// Steps through the streams one by one, and after the last to all of them.
    fn step(&mut self, by: usize) {
        let count = self.streams.len();
        // "All" is the place after the last stream.
        let to = (self.enlarged().unwrap_or(count) + by) % (count + 1);
        self.enlarged = self.streams.get(to).map(Stream::id);
    }

    /// Shows all streams again; false if none was enlarged.
    pub(crate) fn show_all(&mut self) -> bool {
        let was_enlarged = self.enlarged().is_some();
        self.enlarged = None;
        was_enlarged
    }
}

fn total(stream: &Stream) -> Total {
    Total { stream: stream.name().to_owned(), counts: stream.counts() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::snapshots::{frame, id};

    fn show(list: &mut StreamList, stream: &str) {
        list.frame(frame(stream, 0, 8, 8), 1, false, Instant::now());
    }

    #[test]
    fn made_up_names_do_not_fill_the_memory() {
        let mut list = StreamList::default();
        for number in 0..1_000_u32 {
            show(&mut list, &number.to_string());
        }
        assert_eq!(list.len(), MAX_STREAMS);
        for number in 0..1_000_u32 {
            list.remove(|stream| stream.id() == id(&number.to_string()));
            show(&mut list, &format!("again {number}"));
        }
        assert!(list.places.len() <= MAX_DEPARTED && list.departed.len() <= MAX_DEPARTED);
    }
}
