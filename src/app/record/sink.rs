//! The destination of recorded streams.

use std::io;

use super::{super::stdio, Destination};
use crate::{
    recording::{self, Begun, Finished, Given, Live, Place, Taken, Takes},
    stream_id::StreamId,
};

/// Writes streams to files, or one to standard output.
pub(super) enum Sink {
    Files(Takes),
    Stdout(Live),
}

impl Sink {
    /// For the stream with this name, or for all streams.
    pub(super) fn open(to: &Destination, stream: Option<&str>) -> io::Result<Self> {
        Ok(match to {
            Destination::Stdout => Self::Stdout(Live::new(stdio::Pipe)?),
            Destination::File(path) => {
                Self::Files(Takes::new(Place::File(path.clone()), stream.map(str::to_owned)))
            }
        })
    }

    pub(super) const fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout(_))
    }

    /// Records a frame; `None` if nothing more can be recorded.
    pub(super) fn frame(
        &mut self,
        stream: StreamId,
        name: &str,
        taken: Taken,
    ) -> Result<Option<Taking>, recording::Error> {
        match self {
            Self::Files(takes) => {
                let begun = takes.frame(stream, name, taken)?;
                let file = |Begun { path, .. }: Begun| Taking::Begun(path.display().to_string());
                Ok(Some(begun.map_or(Taking::GoesOn, file)))
            }
            Self::Stdout(live) => Ok(match live.frame(stream, name, taken) {
                Given::Begun => Some(Taking::Begun("standard output".into())),
                Given::Taken => Some(Taking::GoesOn),
                Given::Other => Some(Taking::Other),
                Given::Over => None,
            }),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Files(takes) if takes.is_empty())
    }

    pub(super) fn finish(self) -> Vec<Result<Finished, recording::Error>> {
        match self {
            Self::Files(takes) => takes.finish(),
            Self::Stdout(live) => vec![live.finish()],
        }
    }
}

/// What happened to a frame.
pub(super) enum Taking {
    /// It is the first one in this file.
    Begun(String),
    GoesOn,
    /// It was ignored: standard output takes another stream.
    Other,
}
