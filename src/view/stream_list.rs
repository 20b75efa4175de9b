//! The streams in the order of their numbers, the enlarged one, and the counts of those that have left.
//!
//! A relay that numbers connections gives all viewers the same numbers, so that "look at 3" works. Streams of other
//! relays are numbered here, in the order in which they first came.

use std::{
    collections::{HashMap, HashSet},
    ops::Deref,
    slice,
    sync::Arc,
    time::Instant,
};

use super::{
    action::Total,
    arrangement::Arrangement,
    framing::Framing,
    stream::Stream,
    strip::Start,
    update::{Damaged, VideoFrame},
};
use crate::{picture::Canvas, stream_id::StreamId};

/// Streams shown at once: with more, no tile is large enough to be useful, and a sender that makes up names
/// must not fill the memory.
pub(crate) const MAX_STREAMS: usize = 64;

/// Streams whose totals and numbers are kept after they left; bounded for the same reason.
pub(super) const MAX_DEPARTED: usize = 256;

/// The streams that are shown.
#[derive(Debug, Default)]
pub(crate) struct StreamList {
    /// In the user's order; those that it does not mention by their numbers.
    pub(super) streams: Vec<Stream>,
    pub(super) enlarged: Option<StreamId>,
    /// The stream that the user has opened the menu for, while a command of the menu runs.
    pub(super) aimed: Option<StreamId>,
    /// The stream whose figures the user wants to see, rather than those of the enlarged one.
    inspected: Option<StreamId>,
    /// Where the strip beside the enlarged stream begins.
    pub(crate) strip: Start,
    /// The user's order.
    pub(crate) arrangement: Arrangement,
    /// Streams that the user does not want to see.
    pub(super) hidden: HashSet<StreamId>,
    departed: Vec<Total>,
    /// How pictures are shown, if the user has changed that; kept for streams that return.
    framings: HashMap<StreamId, Framing>,
    /// The numbers given here: a stream that returns gets its old one.
    given: Vec<Given>,
    last_given: u64,
}

/// The number of a stream that the relay has not numbered.
#[derive(Debug)]
struct Given {
    stream: StreamId,
    name: Arc<str>,
    number: u64,
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
            let is_renumbered = frame.peer.is_some_and(|peer| peer != stream.number);
            let free = stream.take(frame, stamp, paused, now);
            if is_renumbered {
                self.renumber();
            }
            return free;
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

    fn insert(&mut self, mut stream: Stream) {
        stream.number = match stream.frame.peer {
            Some(peer) => peer,
            None => self.own_number(stream.id(), &stream.frame.name),
        };
        self.streams.push(stream);
        self.arrange();
    }

    /// Takes over the relay's numbers, which are new if it was restarted.
    fn renumber(&mut self) {
        for stream in &mut self.streams {
            stream.number = stream.frame.peer.unwrap_or(stream.number);
        }
        self.arrange();
    }

    /// The number of a stream that the relay has not numbered. It is that of a stream of the same name that has
    /// left, if any: it may be the same sender, restarted.
    fn own_number(&mut self, stream: StreamId, name: &Arc<str>) -> u64 {
        let is_here = |id: StreamId| self.streams.iter().any(|stream| stream.id() == id);
        let own = self.given.iter().position(|known| known.stream == stream);
        let left = || self.given.iter().position(|known| known.name == *name && !is_here(known.stream));
        if let Some(place) = own.or_else(left) {
            let known = &mut self.given[place];
            (known.stream, known.name) = (stream, Arc::clone(name));
            return known.number;
        }
        if self.given.len() >= MAX_DEPARTED {
            self.given.retain(|known| is_here(known.stream));
        }
        let highest = self.streams.iter().map(|stream| stream.number).max().unwrap_or_default();
        self.last_given = self.last_given.max(highest).saturating_add(1);
        self.given.push(Given { stream, name: Arc::clone(name), number: self.last_given });
        self.last_given
    }

    /// Notes that the sender of a stream has left.
    pub(crate) fn left(&mut self, id: StreamId, now: Instant) {
        if let Some(stream) = self.find(id) {
            stream.leave(now);
        }
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

    /// How the picture of a stream is shown. Cards have texts, and are shown as they are.
    pub(crate) fn framing(&self, stream: &Stream) -> Framing {
        let framing = self.framings.get(&stream.id()).filter(|_| stream.frame.card.is_none());
        framing.copied().unwrap_or_default()
    }

    /// Changes how the picture of the stream at this place is shown.
    pub(crate) fn reframe(&mut self, place: usize, change: impl FnOnce(&mut Framing)) {
        let Some(stream) = self.streams.get(place).map(Stream::id) else { return };
        let is_here = |id: &StreamId| self.streams.iter().any(|stream| stream.id() == *id);
        if self.framings.len() >= MAX_DEPARTED {
            self.framings.retain(|id, _| is_here(id));
        }
        change(self.framings.entry(stream).or_default());
    }

    /// The place of the enlarged stream, if any.
    pub(crate) fn enlarged(&self) -> Option<usize> {
        self.place(self.enlarged?)
    }

    /// The place of the stream that the menu's command is about, if any.
    pub(crate) fn aimed(&self) -> Option<usize> {
        self.place(self.aimed?)
    }

    /// The stream that the menu's command is about, the enlarged one, or all that are not hidden.
    pub(crate) fn visible(&self) -> Vec<&Stream> {
        match self.aimed().or_else(|| self.enlarged()) {
            Some(place) => vec![&self.streams[place]],
            None => self.shown().into_iter().map(|place| &self.streams[place]).collect(),
        }
    }

    /// The place of the stream whose figures are shown: the selected, the enlarged or the first one.
    pub(crate) fn inspected(&self) -> Option<usize> {
        let selected = self.streams.iter().position(|stream| Some(stream.id()) == self.inspected);
        selected.or_else(|| self.enlarged()).or_else(|| (!self.streams.is_empty()).then_some(0))
    }

    /// Shows the figures of the stream at this place, until another one is enlarged.
    pub(crate) fn inspect(&mut self, place: usize) {
        self.inspected = self.streams.get(place).map(Stream::id);
    }

    /// Shows those of a stream below that one, or above it.
    pub(crate) fn inspect_beside(&mut self, by: isize) {
        let Some(place) = self.inspected() else { return };
        self.inspect(place.saturating_add_signed(by).min(self.streams.len() - 1));
    }

    /// Enlarges the stream at this place, or shows all again if it is enlarged already.
    pub(crate) fn enlarge(&mut self, place: usize) {
        let Some(stream) = self.streams.get(place).map(Stream::id) else { return };
        self.hidden.remove(&stream);
        self.enlarged = (self.enlarged != Some(stream)).then_some(stream);
        (self.strip.is_free, self.inspected) = (false, None);
    }

    /// Does so with the stream of this number.
    pub(crate) fn enlarge_number(&mut self, number: u64) {
        if let Some(place) = self.streams.iter().position(|stream| stream.number == number) {
            self.enlarge(place);
        }
    }

    pub(crate) fn enlarge_next(&mut self) {
        self.step(1);
    }

    pub(crate) fn enlarge_previous(&mut self) {
        self.step(-1);
    }

    /// Steps through the streams one by one, and after the last to all of them.
    fn step(&mut self, by: isize) {
        let shown = self.shown();
        let count = shown.len();
        let at = self.enlarged().and_then(|large| shown.iter().position(|place| *place == large));
        // "All" is the place after the last stream.
        let to = (at.unwrap_or(count) + if by < 0 { count } else { 1 }) % (count + 1);
        self.enlarged = shown.get(to).map(|place| self.streams[*place].id());
        (self.strip.is_free, self.inspected) = (false, None);
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
    use crate::view::samples::{frame, id};

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
        assert!(list.given.len() <= MAX_DEPARTED && list.departed.len() <= MAX_DEPARTED);
    }

    #[test]
    fn figures_are_those_of_the_selected_the_enlarged_or_the_first_stream() {
        let mut list = StreamList::default();
        list.inspect_beside(1);
        assert_eq!(list.inspected(), None);
        ["ann", "bob", "cid"].into_iter().for_each(|name| show(&mut list, name));
        assert_eq!(list.inspected(), Some(0));
        list.enlarge(1);
        assert_eq!(list.inspected(), Some(1));
        list.inspect_beside(1);
        list.inspect_beside(1);
        assert_eq!((list.inspected(), list.enlarged()), (Some(2), Some(1)));
        list.inspect_beside(-9);
        assert_eq!(list.inspected(), Some(0));
        list.enlarge(2);
        assert_eq!(list.inspected(), Some(2), "the enlarged one again");
        list.inspect(0);
        list.remove(|stream| stream.id() == id("ann"));
        assert_eq!(list.inspected(), Some(1), "the selected one has left");
    }

    #[test]
    fn the_relays_numbers_decide_the_order_and_stay() {
        let mut list = StreamList::default();
        let numbered = |list: &mut StreamList, name: &str, peer: u64| {
            let frame = VideoFrame { peer: Some(peer), ..frame(name, 0, 8, 8) };
            list.frame(frame, 1, false, Instant::now());
        };
        let numbers = |list: &StreamList| {
            let all: Vec<_> = list.iter().map(|stream| (stream.name().to_owned(), stream.number)).collect();
            all
        };
        let is = |names: &[(&str, u64)]| -> Vec<(String, u64)> {
            names.iter().map(|&(name, number)| (name.to_owned(), number)).collect()
        };
        for (name, peer) in [("cid", 7), ("ann", 2), ("bob", 4)] {
            numbered(&mut list, name, peer);
        }
        assert_eq!(numbers(&list), is(&[("ann", 2), ("bob", 4), ("cid", 7)]), "not the order of arrival");
        list.remove(|stream| stream.id() == id("ann"));
        assert_eq!(numbers(&list), is(&[("bob", 4), ("cid", 7)]), "the others keep theirs");
        list.enlarge_number(7);
        assert_eq!(list.enlarged(), Some(1));
        list.enlarge_number(3);
        assert_eq!(list.enlarged(), Some(1), "there is no such number");
        show(&mut list, "old");
        assert_eq!(list.last().map(|stream| stream.number), Some(8), "an unnumbered one comes last");
        numbered(&mut list, "cid", 1);
        assert_eq!(numbers(&list)[0], ("cid".to_owned(), 1), "the relay was restarted");
        assert_eq!(list.enlarged(), Some(0), "the same stream is enlarged");
    }
}
