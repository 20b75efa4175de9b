//! A source whose pictures are also given to the reader.

use std::sync::Arc;

use super::{reader::Reader, session::Session};
use crate::capture::{Error, Frame, Losses, Signal, Source};

/// A source whose pictures are also given to the reader.
pub(super) struct Tapped {
    pub(super) source: Box<dyn Source>,
    pub(super) reader: Reader,
    pub(super) session: Arc<Session>,
}

impl Source for Tapped {
    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        let frame = self.source.next_frame()?;
        if let Some(frame) = &frame {
            let key = frame.captured.as_micros();
            if self.reader.captured(key, &frame.data) {
                self.session.state().samples.captured(key, Some(frame.captured));
            }
        }
        Ok(frame)
    }

    fn describe(&self) -> String {
        self.source.describe()
    }

    fn pass_by(&mut self) -> Result<bool, Error> {
        self.source.pass_by()
    }

    fn signal(&self) -> Option<Signal> {
        self.source.signal()
    }

    fn losses(&self) -> Losses {
        self.source.losses()
    }

    fn passed_over(&self) -> u64 {
        self.source.passed_over()
    }

    fn reuse(&mut self, memory: Vec<u8>) {
        self.source.reuse(memory);
    }
}
