//! Display names of streams and speakers. They are the names that these claim, with a suffix if several claim
//! the same.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    sanitize::{CharClass, char_class},
    stream_id::StreamId,
};

/// The most remembered names, so that a peer that invents names cannot fill memory.
const MAX_LABELS: usize = 256;

/// What a peer does under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// Sends video.
    Streams,
    /// Writes texts or sends images, as far as is known.
    Writes,
}

/// A name in use.
#[derive(Debug)]
struct DisplayName {
    whose: StreamId,
    claimed: String,
    shown: Arc<str>,
    /// The visible part of `shown`.
    seen: String,
    part: Activity,
    /// The time until which no other peer gets this name.
    until: Instant,
}

/// Names in use.
#[derive(Debug, Default)]
pub(super) struct DisplayNames(VecDeque<DisplayName>);

impl DisplayNames {
    /// Returns the display name of `whose`, which claims this name. It is the name itself, or `ann (2)` if
    /// another peer has it. The name is reserved until `hold` after the last call.
    ///
    /// A writer's name differs from all others, a stream's only from other streams: a program that sent a
    /// line does not take a stream's name.
    pub(super) fn of(
        &mut self,
        whose: StreamId,
        claimed: &str,
        part: Activity,
        hold: Duration,
        now: Instant,
    ) -> Arc<str> {
        let found = self.0.iter().position(|label| label.whose == whose && label.claimed == claimed);
        let found = found.and_then(|at| self.0.remove(at));
        let is_kept = |label: &DisplayName| {
            (label.part == Activity::Streams && label.until > now)
                || !self.is_taken(&label.seen, whose, part, now)
        };
        let mut label = found.filter(is_kept).unwrap_or_else(|| {
            let (shown, seen) = self.free(whose, claimed, part, now);
            DisplayName { whose, claimed: claimed.to_owned(), shown: shown.into(), seen, part, until: now }
        });
        label.until = label.until.max(now + hold);
        if part == Activity::Streams {
            label.part = part;
        }
        let shown = Arc::clone(&label.shown);
        if self.0.len() == MAX_LABELS {
            self.0.pop_front();
        }
        // The most recently used one is forgotten last.
        self.0.push_back(label);
        shown
    }

    fn is_taken(&self, seen: &str, whose: StreamId, part: Activity, now: Instant) -> bool {
        self.others(whose, part, now).any(|other| other == seen)
    }

    /// The visible parts of the other names that must differ from this one.
    fn others(&self, whose: StreamId, part: Activity, now: Instant) -> impl Iterator<Item = &str> {
        let counts = move |label: &&DisplayName| {
            let part = part == Activity::Writes || label.part == Activity::Streams;
            part && label.whose != whose && label.until > now
        };
        self.0.iter().filter(counts).map(|label| label.seen.as_str())
    }

    /// A name that no other peer has, and its visible part.
    fn free(&self, whose: StreamId, claimed: &str, part: Activity, now: Instant) -> (String, String) {
        let taken: HashSet<_> = self.others(whose, part, now).collect();
        let mut shown = claimed.to_owned();
        for number in 2.. {
            let seen = seen(&shown);
            if seen.is_empty() || !taken.contains(seen.as_str()) {
                return (shown, seen);
            }
            shown = format!("{claimed} ({number})");
        }
        (shown, String::new())
    }
}

/// The visible part of a name: names that differ only in invisible characters are the same.
fn seen(name: &str) -> String {
    let of_no_width = |c| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}');
    let visible = name.chars().filter(|c| char_class(*c) == CharClass::Shown && !of_no_width(*c));
    let visible: String = visible.collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLD: Duration = Duration::from_secs(30);
    const ANN: StreamId = StreamId::new(1);
    const TWIN: StreamId = StreamId::new(2);
    const THIRD: StreamId = StreamId::new(3);

    /// The display name of a stream.
    fn of(labels: &mut DisplayNames, whose: StreamId, claimed: &str, now: Instant) -> String {
        labels.of(whose, claimed, Activity::Streams, HOLD, now).to_string()
    }

    #[test]
    fn equal_names_are_told_apart_for_as_long_as_both_are_there() {
        let (mut labels, start) = (DisplayNames::default(), Instant::now());
        let mut of = |whose, after| of(&mut labels, whose, "ann", start + after);
        assert_eq!(of(ANN, Duration::ZERO), "ann");
        assert_eq!(of(TWIN, HOLD / 2), "ann (2)");
        assert_eq!(of(THIRD, HOLD / 2), "ann (3)");
        assert_eq!(of(ANN, HOLD / 2), "ann");
        // The first has left: no one is renamed, and a newcomer gets the free name.
        assert_eq!(of(TWIN, HOLD * 2), "ann (2)");
        assert_eq!(of(THIRD, HOLD * 4), "ann (3)", "its own is still free");
        assert_eq!(of(ANN, HOLD * 4), "ann");
    }

    #[test]
    fn who_comes_back_to_a_name_that_is_taken_gets_another() {
        let (mut labels, start) = (DisplayNames::default(), Instant::now());
        assert_eq!(of(&mut labels, ANN, "ann", start), "ann");
        assert_eq!(of(&mut labels, TWIN, "ann", start + 2 * HOLD), "ann");
        assert_eq!(of(&mut labels, ANN, "ann", start + 2 * HOLD), "ann (2)");
    }

    #[test]
    fn who_writes_takes_no_streams_name_and_is_told_apart_from_it() {
        let (mut labels, now) = (DisplayNames::default(), Instant::now());
        let says = |labels: &mut DisplayNames, whose| {
            labels.of(whose, "ann", Activity::Writes, HOLD, now).to_string()
        };
        assert_eq!(says(&mut labels, TWIN), "ann");
        assert_eq!(says(&mut labels, THIRD), "ann (2)");
        assert_eq!(of(&mut labels, ANN, "ann", now), "ann");
        assert_eq!(says(&mut labels, ANN), "ann", "a peer that streams and writes is one peer");
        assert_eq!(says(&mut labels, TWIN), "ann (3)");
        assert_eq!(says(&mut labels, THIRD), "ann (2)");
        assert_eq!(of(&mut labels, THIRD, "ann", now), "ann (2)");
    }

    #[test]
    fn what_looks_the_same_is_the_same() {
        let (mut labels, now) = (DisplayNames::default(), Instant::now());
        let mut of = |whose, claimed: &str| of(&mut labels, whose, claimed, now);
        assert_eq!(of(ANN, "ann"), "ann");
        for alike in ["a\u{200b}nn", " ann", "ann\u{202e}", "\u{feff}ann"] {
            assert_eq!(of(TWIN, alike), format!("{alike} (2)"), "{alike:?}");
        }
        assert_eq!(of(TWIN, "ann (2)"), "ann (2)");
        assert_eq!(of(THIRD, "ann (2)"), "ann (2) (2)", "claimed literally");
        assert_eq!(of(THIRD, ""), "");
        assert_eq!(of(TWIN, ""), "", "no name is none");
    }

    #[test]
    fn invented_names_cannot_fill_memory() {
        let (mut labels, now) = (DisplayNames::default(), Instant::now());
        for number in 0..3 * MAX_LABELS as u64 {
            of(&mut labels, StreamId::new(number), "ann", now);
            assert_eq!(labels.0.len(), MAX_LABELS.min(number as usize + 1));
        }
    }
}
