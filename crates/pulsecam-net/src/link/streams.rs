//! The incoming streams: assigns frames to them, names them, and counts their frames.
//!
//! A relay of ours numbers the connections of its senders, and only the number identifies a stream: a sender
//! may claim any name. Numbers belong to one run of a relay. After a restart, or behind a relay that does not
//! number, a stream is recognised by its name.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    display_names::{Activity, DisplayNames},
    loss_stats::{LossCounter, LossStats},
    stale_filter::StaleFilter,
};
use crate::{stream_id::StreamId, wire::FrameInfo};

/// The most remembered streams. At a relay that does not number, a peer that invents names could otherwise
/// fill memory. A forgotten stream keeps its identity, but its counts start over.
const MAX_STREAMS: usize = 256;

/// The time for which a silent stream's name is reserved: as long as a window keeps its tile.
const NAME_HOLD: Duration = Duration::from_secs(30);

/// The time since its last frame in which a stream has not ended, although a connection with its number has: its sender is
/// at another relay of the cluster by now. A relay tells of the end a second later, so that no frame comes after it.
const GOES_ON: Duration = Duration::from_millis(500);

/// The same as [`NAME_HOLD`] for a peer that writes, and may be silent for a while in a conversation.
const SPEAKER_HOLD: Duration = Duration::from_secs(600);

/// The sender of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peer {
    /// Identifies its stream.
    pub id: StreamId,
    /// The number of its connection, if the relay assigns numbers.
    pub peer: Option<u64>,
    /// Its display name. It is the name that it claims, with a suffix if several claim the same; empty if it
    /// claims none.
    pub name: Arc<str>,
}

/// The key by which an incoming stream is recognised.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum StreamKey {
    Number(u64),
    Name(String),
}

#[derive(Debug)]
struct Stream {
    id: StreamId,
    key: StreamKey,
    /// The run of the relay to which the key belongs.
    epoch: Option<u64>,
    claimed: String,
    seen: Instant,
    course: LossCounter,
    progress: StaleFilter,
}

/// All incoming streams.
#[derive(Debug, Default)]
pub(super) struct Streams {
    epoch: Option<u64>,
    known: Vec<Stream>,
    labels: DisplayNames,
    hasher: RandomState,
    /// Whether the relay was told to send fewer frames than there are.
    limited: bool,
}

impl Streams {
    /// Sets the run of the relay to which numbers belong; `None` if it assigns none so far.
    pub(super) const fn numbered_in(&mut self, epoch: Option<u64>) {
        self.epoch = epoch;
    }

    /// Sets whether the relay was told to send fewer frames than there are.
    pub(super) const fn limited(&mut self, limited: bool) {
        self.limited = limited;
    }

    /// Handles a frame: returns its sender and its stream's counts. `None` if it is older than an earlier
    /// one.
    pub(super) fn frame(&mut self, info: &FrameInfo, now: Instant) -> Option<(Peer, LossStats)> {
        let claimed = info.stream_name();
        let peer = self.peer(info.peer);
        let key = peer.map_or_else(|| StreamKey::Name(claimed.clone().into_owned()), StreamKey::Number);
        let limited = self.limited;
        let stream = self.stream(key, &claimed, now);
        if stream.progress.is_late(info, now) {
            return None;
        }
        let (id, account) = (stream.id, stream.course.came(info, limited));
        let name = self.label(id, &claimed, Activity::Streams, now);
        Some((Peer { id, peer, name }, account))
    }

    /// Handles a text or an image from a peer that claims this name.
    pub(super) fn said(&mut self, peer: Option<u64>, claimed: &str, now: Instant) -> Peer {
        let peer = self.peer(peer);
        let key = peer.map_or_else(|| StreamKey::Name(claimed.to_owned()), StreamKey::Number);
        let id = self.find(&key, claimed).map_or_else(|| self.new_id(&key), |at| self.known[at].id);
        Peer { id, peer, name: self.label(id, claimed, Activity::Writes, now) }
    }

    /// The stream of a connection that has ended, if it has sent any frames, and none just now.
    pub(super) fn left(&self, number: u64, now: Instant) -> Option<Peer> {
        let key = StreamKey::Number(self.peer(Some(number))?);
        let ended = |stream: &&Stream| {
            stream.epoch == self.epoch
                && stream.key == key
                && now.saturating_duration_since(stream.seen) >= GOES_ON
        };
        let stream = self.known.iter().find(ended)?;
        Some(Peer { id: stream.id, peer: Some(number), name: stream.claimed.as_str().into() })
    }

    /// The number, if the relay assigned it.
    const fn peer(&self, peer: Option<u64>) -> Option<u64> {
        if self.epoch.is_some() { peer } else { None }
    }

    /// Without numbers, the name itself is the identity, and is shown unchanged.
    fn label(&mut self, id: StreamId, claimed: &str, part: Activity, now: Instant) -> Arc<str> {
        if self.epoch.is_none() {
            return claimed.into();
        }
        let hold = if part == Activity::Streams { NAME_HOLD } else { SPEAKER_HOLD };
        self.labels.of(id, claimed, part, hold, now)
    }

    /// Finds the stream with this key, or with this name from before the relay was restarted.
    fn find(&self, key: &StreamKey, claimed: &str) -> Option<usize> {
        let exact = |stream: &Stream| stream.epoch == self.epoch && stream.key == *key;
        self.known.iter().position(exact).or_else(|| {
            let before = |stream: &Stream| stream.epoch != self.epoch && stream.claimed == claimed;
            let known = self.known.iter().enumerate().filter(|(_, stream)| before(stream));
            known.max_by_key(|(_, stream)| stream.seen).map(|(at, _)| at)
        })
    }

    fn stream(&mut self, key: StreamKey, claimed: &str, now: Instant) -> &mut Stream {
        let (found, epoch) = (self.find(&key, claimed), self.epoch);
        let at = found.unwrap_or_else(|| {
            if self.known.len() == MAX_STREAMS
                && let Some(oldest) = self.known.iter().enumerate().min_by_key(|(_, stream)| stream.seen)
            {
                self.known.swap_remove(oldest.0);
            }
            self.known.push(Stream {
                id: self.new_id(&key),
                key: key.clone(),
                epoch,
                claimed: String::new(),
                seen: now,
                course: LossCounter::default(),
                progress: StaleFilter::default(),
            });
            self.known.len() - 1
        });
        let stream = &mut self.known[at];
        (stream.key, stream.epoch, stream.seen) = (key, epoch, now);
        if stream.claimed != claimed {
            claimed.clone_into(&mut stream.claimed);
        }
        stream
    }

    /// Derives the id from the key, so that it stays the same after the stream was forgotten.
    fn new_id(&self, key: &StreamKey) -> StreamId {
        let of = |turn: u32| StreamId::new(self.hasher.hash_one((self.epoch, key, turn)));
        // The stream that once had this key may have another now.
        let is_free = |id: &StreamId| self.known.iter().all(|stream| stream.id != *id);
        (0..).map(of).find(is_free).unwrap_or_else(|| of(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    fn frame(stream: &str, peer: impl Into<Option<u64>>, seq: u64) -> FrameInfo {
        FrameInfo::default().with_seq(seq).with_captured(Timestamp::from_micros(1000 * seq)).with(|info| {
            info.stream = (!stream.is_empty()).then(|| stream.to_owned());
            info.peer = peer.into();
        })
    }

    /// Streams behind a relay that numbers.
    fn numbered() -> (Streams, Instant) {
        let mut streams = Streams::default();
        streams.numbered_in(Some(5));
        (streams, Instant::now())
    }

    fn sender(streams: &mut Streams, info: &FrameInfo, now: Instant) -> Peer {
        streams.frame(info, now).expect("not late").0
    }

    #[test]
    fn the_number_tells_streams_apart_and_names_are_shown() {
        let (mut streams, now) = numbered();
        let ann = sender(&mut streams, &frame("ann", 1, 0), now);
        let twin = sender(&mut streams, &frame("ann", 2, 0), now);
        assert_ne!(ann.id, twin.id);
        assert_eq!((&*ann.name, &*twin.name), ("ann", "ann (2)"));
        assert_eq!((ann.peer, twin.peer), (Some(1), Some(2)));
        let renamed = sender(&mut streams, &frame("bob", 1, 1), now);
        assert_eq!(
            (renamed.id, &*renamed.name),
            (ann.id, "bob"),
            "another name does not make another stream"
        );
        let nameless = sender(&mut streams, &frame("", 3, 0), now);
        assert_eq!(&*nameless.name, "peer\u{a0}3");
        let unnumbered = sender(&mut streams, &frame("ann", None, 9), now);
        assert!(
            ![ann.id, twin.id].contains(&unnumbered.id),
            "a name does not match a stream that has a number"
        );
    }

    #[test]
    fn a_foreign_name_and_a_large_number_silence_nobody() {
        let (mut streams, now) = numbered();
        for seq in 0..3 {
            assert!(streams.frame(&frame("ann", 1, seq), now).is_some());
        }
        assert!(streams.frame(&frame("ann", 2, u64::MAX / 1000), now).is_some());
        assert!(streams.frame(&frame("ann", None, u64::MAX / 1000), now).is_some());
        let (_, account) = streams.frame(&frame("ann", 1, 3), now).expect("not late");
        assert_eq!(account, LossStats { arrived: 4, ..LossStats::default() }, "none of its frames is lost");
        assert!(streams.frame(&frame("ann", 1, 2), now).is_none(), "an older frame of its own is late");
    }

    #[test]
    fn another_run_of_the_relay_gives_other_numbers_to_the_same_streams() {
        let (mut streams, now) = numbered();
        let [ann, bob] =
            [("ann", 1), ("bob", 2)].map(|(name, peer)| sender(&mut streams, &frame(name, peer, 0), now));
        streams.numbered_in(Some(6));
        assert_eq!(sender(&mut streams, &frame("bob", 1, 1), now).id, bob.id);
        assert_eq!(sender(&mut streams, &frame("ann", 2, 1), now).id, ann.id);
        let twin = sender(&mut streams, &frame("ann", 3, 1), now);
        assert_ne!(twin.id, ann.id);
        assert_eq!(&*twin.name, "ann (2)");
        // Then a relay that does not number, whose senders write what they like.
        streams.numbered_in(None);
        assert_eq!(sender(&mut streams, &frame("ann", 77, 2), now).peer, None);
        assert_eq!(sender(&mut streams, &frame("bob", None, 2), now).id, bob.id);
    }

    #[test]
    fn who_left_is_known_by_the_number() {
        let (mut streams, now) = numbered();
        let ann = sender(&mut streams, &frame("ann", 1, 0), now);
        assert_eq!(streams.left(1, now + GOES_ON / 2), None, "it is at another relay");
        let later = now + GOES_ON;
        assert_eq!(streams.left(1, later).map(|peer| peer.id), Some(ann.id));
        assert_eq!(streams.left(2, later), None, "it has sent nothing");
        streams.numbered_in(Some(6));
        assert_eq!(streams.left(1, later), None, "a number of another run");
    }

    #[test]
    fn without_numbers_a_name_is_a_stream() {
        let (mut streams, now) = (Streams::default(), Instant::now());
        let ann = sender(&mut streams, &frame("ann", None, 0), now);
        assert_eq!((&*ann.name, ann.peer), ("ann", None));
        assert_eq!(sender(&mut streams, &frame("ann", 4, 1), now), ann, "an unverified number");
        assert_eq!(&*sender(&mut streams, &frame("", None, 0), now).name, "");
        assert_eq!(streams.said(None, "ann", now), ann);
    }

    #[test]
    fn who_writes_is_told_apart_from_others_too() {
        let (mut streams, now) = numbered();
        let ann = sender(&mut streams, &frame("ann", 1, 0), now);
        assert_eq!(streams.said(Some(1), "ann", now), ann);
        let stranger = streams.said(Some(2), "ann", now);
        assert_eq!((&*stranger.name, stranger.id == ann.id), ("ann (2)", false));
        assert_eq!(streams.said(Some(2), "ann", now + SPEAKER_HOLD / 2), stranger);
        assert_eq!(&*streams.said(Some(3), "bob", now).name, "bob");
        assert_eq!(&*streams.said(Some(3), "", now).name, "");
    }

    #[test]
    fn invented_names_cannot_fill_memory_and_a_stream_that_was_forgotten_is_the_same_again() {
        let (mut streams, now) = (Streams::default(), Instant::now());
        let ann = sender(&mut streams, &frame("ann", None, 0), now);
        for name in 0..3 * MAX_STREAMS {
            let (_, account) = streams.frame(&frame(&name.to_string(), None, 0), now).expect("not late");
            assert_eq!(account, LossStats { arrived: 1, ..LossStats::default() });
        }
        assert_eq!(streams.known.len(), MAX_STREAMS);
        assert_eq!(sender(&mut streams, &frame("ann", None, 1), now), ann);
    }
}
