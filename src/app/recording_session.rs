//! The window's recording: started by a key, fed by the decoder's thread, ended by a key or with the window.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

use crate::{
    i18n::{Phrase, Translations},
    pipeline::ReceivedFrame,
    recording::{Error, FileTarget, Finished, Recordings},
    stream_id::StreamId,
    view::{Update, WindowHandle},
};

/// The current recording, if any: of all streams, or of one.
pub(super) struct RecordingSession {
    recordings: Mutex<Option<(Recordings, Option<StreamId>)>>,
    handle: WindowHandle,
    words: Arc<Translations>,
}

impl RecordingSession {
    pub(super) const fn new(handle: WindowHandle, words: Arc<Translations>) -> Self {
        Self { recordings: Mutex::new(None), handle, words }
    }

    fn takes(&self) -> MutexGuard<'_, Option<(Recordings, Option<StreamId>)>> {
        self.recordings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts recording everything that arrives, or one stream; one file per stream in this folder.
    pub(super) fn begin(&self, folder: PathBuf, only: Option<StreamId>) {
        self.takes().get_or_insert_with(|| (Recordings::new(FileTarget::Folder(folder), None), only));
        self.handle.push(Update::Recording(Some(Instant::now())));
    }

    /// Whether it records.
    pub(super) fn is_under_way(&self) -> bool {
        self.takes().is_some()
    }

    /// Records a frame that arrived.
    pub(super) fn frame(&self, frame: &ReceivedFrame) {
        let mut recordings = self.takes();
        let Some((under_way, only)) = recordings.as_mut() else { return };
        if only.is_some_and(|only| only != frame.id) {
            return;
        }
        match under_way.frame(frame.id, &frame.stream, frame.taken()) {
            Ok(None) => {}
            Ok(Some(begun)) => {
                let path = begun.path.display().to_string();
                self.handle
                    .push(Update::Saved(self.words.format(Phrase::RecordingStarted, [("path", path)])));
            }
            Err(error) => {
                self.handle.push(Update::Notice(self.told(Some(Err(error)))));
                if under_way.is_empty() {
                    *recordings = None;
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
            for finished in session.finish() {
                let is_saved = finished.as_ref().is_some_and(Result::is_ok);
                let told = session.told(finished);
                session.handle.push(if is_saved { Update::Saved(told) } else { Update::Notice(told) });
            }
        });
        if let Err(error) = ending {
            tracing::warn!("the recording continues until the program ends: {error}");
        }
    }

    /// Ends the recording, if there is one; returns a message for each file.
    pub(super) fn end(&self) -> Vec<String> {
        self.finish().into_iter().map(|finished| self.told(finished)).collect()
    }

    /// Ends the recording, if there is one; returns its files, or `None` if it has none.
    fn finish(&self) -> Vec<Option<Result<Finished, Error>>> {
        let Some((recordings, _)) = self.takes().take() else { return Vec::new() };
        let files: Vec<_> = recordings.finish().into_iter().map(Some).collect();
        if files.is_empty() { vec![None] } else { files }
    }

    fn told(&self, finished: Option<Result<Finished, Error>>) -> String {
        match finished {
            None => self.words.text(Phrase::RecordingEmpty),
            Some(Ok(Finished { path, length, .. })) => {
                let time = format!("{:.1} s", length.as_secs_f64());
                let values = [("time", time), ("path", path.display().to_string())];
                self.words.format(Phrase::RecordingSaved, values)
            }
            Some(Err(error)) => self.words.format(Phrase::RecordingFailed, [("reason", error.to_string())]),
        }
    }
}
