//! The destination of recorded streams.

use std::io;

use super::{super::stdio, Destination};
use crate::{
    recording::{self, FileTarget, Finished, PipeOutcome, PipeRecorder, RecordedFrame, Recordings, Started},
    stream_id::StreamId,
};

/// Writes streams to files, or one to standard output.
pub(super) enum Sink {
    Files(Recordings),
    Stdout(PipeRecorder),
}

impl Sink {
    /// For the stream with this name, or for all streams.
    pub(super) fn open(to: &Destination, stream: Option<&str>) -> io::Result<Self> {
        Ok(match to {
            Destination::Stdout => Self::Stdout(PipeRecorder::new(stdio::Pipe)?),
            Destination::File(path) => {
                Self::Files(Recordings::new(FileTarget::File(path.clone()), stream.map(str::to_owned)))
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
        taken: RecordedFrame,
    ) -> Result<Option<Taking>, recording::Error> {
        match self {
            Self::Files(recordings) => {
                let begun = recordings.frame(stream, name, taken)?;
                let file = |Started { path, .. }: Started| Taking::Begun(path.display().to_string());
                Ok(Some(begun.map_or(Taking::GoesOn, file)))
            }
            Self::Stdout(live) => Ok(match live.frame(stream, name, taken) {
                PipeOutcome::Begun => Some(Taking::Begun("standard output".into())),
                PipeOutcome::Taken => Some(Taking::GoesOn),
                PipeOutcome::Other => Some(Taking::Other),
                PipeOutcome::Over => None,
            }),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Files(recordings) if recordings.is_empty())
    }

    pub(super) fn finish(self) -> Vec<Result<Finished, recording::Error>> {
        match self {
            Self::Files(recordings) => recordings.finish(),
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
