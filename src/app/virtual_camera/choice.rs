//! Which of the streams a virtual camera shows.

use std::collections::{BTreeSet, HashSet};

use crate::{queue, stream_id::StreamId};

/// Most streams that are named if the requested one was not there.
const NAMED: usize = 8;

/// Chooses a stream: the one with the requested name, or else the first. It stays until its sender leaves, or is
/// silent while another one that would do is not.
#[derive(Debug)]
pub(super) struct StreamChoice {
    wanted: Option<String>,
    chosen: Option<StreamId>,
    /// Streams with other names.
    others: HashSet<StreamId>,
    names: BTreeSet<String>,
}

impl StreamChoice {
    pub(super) fn new(wanted: Option<String>) -> Self {
        Self { wanted, chosen: None, others: HashSet::new(), names: BTreeSet::new() }
    }

    /// Whether a frame of this stream may be shown; `silent`: nothing comes from the chosen one.
    pub(super) fn may_show(&self, stream: StreamId, silent: bool) -> bool {
        match self.chosen {
            Some(chosen) if chosen == stream => true,
            Some(_) if !silent => false,
            _ => !self.others.contains(&stream),
        }
    }

    /// Decides about a frame. `name`: the stream's name here; `claimed`: the one that its sender gives it, which
    /// several may have.
    pub(super) fn take(&mut self, stream: StreamId, name: &str, claimed: &str, silent: bool) -> Taking {
        if self.wanted.as_deref().is_some_and(|wanted| wanted != name && wanted != claimed) {
            // Bounded: the relay or a sender may invent any number of streams.
            if self.others.len() < queue::MAX_KEYS {
                self.others.insert(stream);
                self.names.insert(name.to_owned());
            }
            return Taking::Other;
        }
        match self.chosen {
            Some(chosen) if chosen == stream => Taking::Chosen,
            Some(_) if !silent => Taking::Other,
            _ => {
                self.chosen = Some(stream);
                Taking::Begins
            }
        }
    }

    /// Notes that a sender has left; whether its stream was shown.
    pub(super) fn leave(&mut self, stream: StreamId) -> bool {
        let was_chosen = self.chosen == Some(stream);
        if was_chosen {
            self.chosen = None;
        }
        was_chosen
    }

    /// Why nothing was shown although the relay was reached.
    pub(super) fn nothing(&self) -> String {
        let Some(wanted) = self.wanted.as_deref().filter(|_| !self.names.is_empty()) else {
            return "nobody streamed".into();
        };
        let mut names: Vec<_> = self.names.iter().take(NAMED).map(|name| format!("{name:?}")).collect();
        if self.names.len() > NAMED {
            names.push(format!("{} more", self.names.len() - NAMED));
        }
        format!("there was no stream {wanted:?}, but {}", names.join(", "))
    }
}

/// What happens to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taking {
    /// It is the first one of the stream that is shown from now on.
    Begins,
    /// It belongs to the stream that is shown.
    Chosen,
    /// It belongs to another one.
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: StreamId = StreamId::new(1);
    const BEN: StreamId = StreamId::new(2);

    #[test]
    fn the_first_stream_stays_until_it_leaves_or_falls_silent() {
        let mut choice = StreamChoice::new(None);
        assert!(choice.may_show(BEN, true));
        assert_eq!(choice.take(ANN, "ann", "ann", true), Taking::Begins);
        assert_eq!(choice.take(ANN, "ann", "ann", false), Taking::Chosen);
        assert_eq!(choice.take(BEN, "ben", "ben", false), Taking::Other);
        assert!(!choice.may_show(BEN, false), "it need not be decoded");
        assert!(choice.may_show(BEN, true));
        assert_eq!(choice.take(BEN, "ben", "ben", true), Taking::Begins);
        assert!(!choice.leave(ANN));
        assert!(choice.leave(BEN));
        assert_eq!(choice.take(ANN, "ann", "ann", false), Taking::Begins);
    }

    #[test]
    fn a_name_selects_the_sender_s_own_and_the_one_that_is_shown() {
        for wanted in ["ann", "ann (2)"] {
            let mut choice = StreamChoice::new(Some(wanted.into()));
            assert!(choice.may_show(BEN, true), "its name is not known yet");
            assert_eq!(choice.take(BEN, "ben", "ben", true), Taking::Other);
            assert!(!choice.may_show(BEN, true));
            assert_eq!(choice.take(ANN, "ann (2)", "ann", true), Taking::Begins);
        }
    }

    #[test]
    fn a_name_that_nobody_has_is_told_with_those_that_there_are() {
        let mut choice = StreamChoice::new(Some("ann".into()));
        assert_eq!(choice.nothing(), "nobody streamed");
        choice.take(BEN, "ben", "ben", true);
        assert_eq!(choice.nothing(), r#"there was no stream "ann", but "ben""#);
        for number in 0..10 {
            choice.take(StreamId::new(number + 10), &format!("cam {number}"), "cam", true);
        }
        assert!(choice.nothing().ends_with(r#""cam 6", 3 more"#), "{}", choice.nothing());
    }
}
