//! Gives a source's pictures to the reader too.

use std::sync::Arc;

use super::{reader::Reader, session::Session};
use crate::capture::{Error, Frame, Transform};

/// Gives a source's pictures to the reader too.
pub(super) struct Tap {
    pub(super) reader: Reader,
    pub(super) session: Arc<Session>,
}

impl Transform for Tap {
    fn frame(&mut self, frame: Frame) -> Result<Frame, Error> {
        let key = frame.captured.as_micros();
        if self.reader.captured(key, &frame.data) {
            self.session.state().samples.captured(key, Some(frame.captured));
        }
        Ok(frame)
    }
}
