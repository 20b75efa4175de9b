//! The streams' part about the user's wishes: which are hidden, pinned and moved.

use super::{
    stream::Stream,
    stream_list::{MAX_DEPARTED, StreamList},
};
use crate::stream_id::StreamId;

impl StreamList {
    /// Puts the streams in order.
    pub(super) fn arrange(&mut self) {
        let rank = |stream: &Stream| (self.arrangement.rank(stream.name()), stream.number);
        self.streams.sort_by_key(rank);
    }

    /// The place of a stream.
    pub(crate) fn place(&self, id: StreamId) -> Option<usize> {
        self.streams.iter().position(|stream| stream.id() == id)
    }

    /// The places of the streams that are not hidden.
    pub(super) fn shown(&self) -> Vec<usize> {
        (0..self.streams.len()).filter(|&place| !self.is_hidden(&self.streams[place])).collect()
    }

    /// Whether the user has hidden a stream.
    pub(crate) fn is_hidden(&self, stream: &Stream) -> bool {
        self.hidden.contains(&stream.id())
    }

    /// The number of hidden streams that are here.
    pub(crate) fn hidden(&self) -> usize {
        self.streams.iter().filter(|stream| self.is_hidden(stream)).count()
    }

    /// Hides the stream at this place, until it is asked for.
    pub(crate) fn hide(&mut self, place: usize) {
        let Some(stream) = self.streams.get(place).map(Stream::id) else { return };
        if self.hidden.len() >= MAX_DEPARTED {
            let is_here = |id: &StreamId| self.streams.iter().any(|stream| stream.id() == *id);
            self.hidden.retain(is_here);
        }
        self.hidden.insert(stream);
        self.enlarged = self.enlarged.filter(|large| *large != stream);
    }

    /// Shows all that were hidden.
    pub(crate) fn unhide(&mut self) {
        self.hidden.clear();
    }

    /// Keeps the stream at this place in front, or ends that.
    pub(crate) fn pin(&mut self, place: usize) {
        if let Some(stream) = self.streams.get(place) {
            self.arrangement.toggle_pin(stream.name());
            self.arrange();
        }
    }

    /// Puts the stream at one place to another.
    pub(crate) fn put(&mut self, from: usize, to: usize) {
        let names: Vec<_> = self.streams.iter().map(Stream::name).collect();
        self.arrangement.put(&names, from, to);
        self.arrange();
    }

    /// Moves the stream at this place by this many of those that are not hidden.
    pub(crate) fn shift(&mut self, place: usize, by: isize) {
        let shown = self.shown();
        let Some(at) = shown.iter().position(|other| *other == place) else { return };
        let to = at.saturating_add_signed(by).min(shown.len() - 1);
        self.put(place, shown[to]);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::view::samples::{frame, id};

    fn show(list: &mut StreamList, stream: &str) {
        list.frame(frame(stream, 0, 8, 8), 1, false, Instant::now());
    }

    #[test]
    fn the_user_decides_on_order_and_pins_and_hides() {
        let mut list = StreamList::default();
        ["ann", "bob", "cid", "dot"].into_iter().for_each(|name| show(&mut list, name));
        let names =
            |list: &StreamList| list.iter().map(|stream| stream.name().to_owned()).collect::<Vec<_>>();
        list.put(3, 0);
        assert_eq!(names(&list), ["dot", "ann", "bob", "cid"]);
        assert_eq!(list.iter().map(|stream| stream.number).collect::<Vec<_>>(), [4, 1, 2, 3], "numbers stay");
        list.pin(2);
        assert_eq!(names(&list), ["bob", "dot", "ann", "cid"]);
        list.enlarge(0);
        list.hide(0);
        assert_eq!((list.enlarged(), list.hidden(), list.visible().len()), (None, 1, 3));
        list.shift(1, 1);
        assert_eq!(names(&list), ["bob", "ann", "dot", "cid"]);
        list.shift(1, -9);
        assert_eq!(names(&list), ["bob", "ann", "dot", "cid"], "no further than the first that is shown");
        for wanted in [Some(1), Some(2), Some(3), None, Some(1)] {
            list.enlarge_next();
            assert_eq!(list.enlarged(), wanted, "hidden ones are passed over");
        }
        list.enlarge_previous();
        assert_eq!(list.enlarged(), None);
        list.enlarge_number(2);
        assert_eq!((list.enlarged(), list.hidden()), (Some(0), 0), "one that is asked for is shown");
        list.hide(0);
        list.remove(|stream| stream.id() == id("bob"));
        assert_eq!(list.hidden(), 0);
        show(&mut list, "bob");
        assert_eq!((list.hidden(), names(&list)[0].as_str()), (1, "bob"), "one that returns is as it was");
        list.unhide();
        assert_eq!(list.hidden(), 0);
    }
}
