//! The window's recording: started by a key, fed by the decoder's thread, ended by a key or with the window.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

use crate::{
    language::{Phrase, Words},
    pipeline::Shown,
    recording::{Error, Finished, Place, Takes},
    view::{Handle, Update},
};

/// The current recording, if any.
pub(super) struct RecordingSession {
    takes: Mutex<Option<Takes>>,
    handle: Handle,
    words: Arc<Words>,
}

impl RecordingSession {
    pub(super) const fn new(handle: Handle, words: Arc<Words>) -> Self {
        Self { takes: Mutex::new(None), handle, words }
    }

    fn takes(&self) -> MutexGuard<'_, Option<Takes>> {
        self.takes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts recording everything that arrives, one file per stream in this folder.
    pub(super) fn begin(&self, folder: PathBuf) {
        self.takes().get_or_insert_with(|| Takes::new(Place::Folder(folder), None));
        self.handle.push(Update::Recording(Some(Instant::now())));
    }

    /// Records a frame that arrived.
    pub(super) fn frame(&self, frame: &Shown) {
        let mut takes = self.takes();
        let Some(under_way) = takes.as_mut() else { return };
        match under_way.frame(frame.id, &frame.stream, frame.taken()) {
            Ok(None) => {}
            Ok(Some(begun)) => {
                let path = begun.path.display().to_string();
                self.handle.push(Update::Notice(self.words.tell(Phrase::RecordingStarted, [("path", path)])));
            }
            Err(error) => {
                self.handle.push(Update::Notice(self.told(Err(error))));
                if under_way.is_empty() {
                    *takes = None;
                    self.handle.push(Update::Recording(None));
                }
            }
        }
    }

    /// Ends the recording on a thread of its own, because the disk may be slow, and reports to the window.
    pub(super) fn end_beside(self: &Arc<Self>) {
        let session = Arc::clone(self);
        self.handle.push(Update::Recording(None));
        let ending = thread::Builder::new().name("end of recording".into()).spawn(move || {
            for told in session.end() {
                session.handle.push(Update::Notice(told));
            }
        });
        if let Err(error) = ending {
            tracing::warn!("the recording continues until the program ends: {error}");
        }
    }

    /// Ends the recording, if there is one; returns a message for each file.
    pub(super) fn end(&self) -> Vec<String> {
        let Some(takes) = self.takes().take() else { return Vec::new() };
        let finished = takes.finish();
        if finished.is_empty() {
            return vec![self.words.say(Phrase::RecordingEmpty)];
        }
        finished.into_iter().map(|finished| self.told(finished)).collect()
    }

    fn told(&self, finished: Result<Finished, Error>) -> String {
        match finished {
            Ok(Finished { path, length, .. }) => {
                let time = format!("{:.1} s", length.as_secs_f64());
                let values = [("time", time), ("path", path.display().to_string())];
                self.words.tell(Phrase::RecordingSaved, values)
            }
            Err(error) => self.words.tell(Phrase::RecordingFailed, [("reason", error.to_string())]),
        }
    }
}
