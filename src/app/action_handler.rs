//! Actions of the window that reach beyond it: files, texts, recordings, the camera.

use std::{path::PathBuf, sync::Arc};

use tokio::runtime::Handle as Runtime;

use super::{
    link_words,
    recording_session::RecordingSession,
    save::{Unsaved, save},
};
use crate::{
    i18n::{Phrase, Translations},
    link::{Link, Undeliverable},
    pipeline::Switch,
    view::{Action, Update, WindowHandle},
    wire::{Message, Origin, unique_id},
};

/// Performs the window's actions.
pub(super) struct ActionHandler {
    pub(super) link: Link,
    pub(super) runtime: Runtime,
    pub(super) handle: WindowHandle,
    pub(super) words: Arc<Translations>,
    /// The name of this window's user, for others.
    pub(super) name: String,
    pub(super) folder: PathBuf,
    pub(super) recording: Arc<RecordingSession>,
    pub(super) camera: Option<Switch>,
}

impl ActionHandler {
    /// Performs an action; returns the message to show, if any.
    pub(super) fn run(&mut self, action: Action) -> Option<String> {
        match action {
            Action::Snapshot { stream, seq, jpeg } => {
                Some(self.saved(&stream, save(&self.folder, &stream, seq, &jpeg)))
            }
            Action::SaveImage { sender, file } => {
                let name = sender.unwrap_or_else(|| self.words.text(Phrase::Image));
                Some(self.saved(&name, save(&self.folder, &name, None, &file)))
            }
            Action::Say { number, text } => self.say(number, &text),
            Action::Camera(on) => {
                if let Some(camera) = &self.camera {
                    camera.set(on);
                }
                None
            }
            Action::Record(true) => {
                self.recording.begin(self.folder.clone());
                None
            }
            Action::Record(false) => {
                self.recording.end_beside();
                None
            }
            _ => None,
        }
    }

    fn saved(&self, name: &str, saved: Result<String, Unsaved>) -> String {
        match saved {
            Ok(path) if name.is_empty() => self.words.format(Phrase::SavedAs, [("path", path)]),
            Ok(path) => {
                let values = [("name", name), ("path", path.as_str())];
                self.words.format(Phrase::SavedOfAs, values)
            }
            Err(unsaved) => self.words.format(Phrase::CannotSave, [("reason", unsaved.to_string())]),
        }
    }

    /// Sends a text, and reports to the window once the relay has acknowledged it.
    fn say(&self, number: u64, text: &str) -> Option<String> {
        let origin = Origin { from: Some(self.name.clone()), id: unique_id() };
        let sent = Message::text(text, &origin)
            .map_err(crate::link::Error::from)
            .and_then(|text| self.link.send(text));
        let handle = self.handle.clone();
        let receipt = match sent {
            Ok(receipt) => receipt,
            Err(error) => {
                handle.push(Update::Sent { number, left: false });
                return Some(error.to_string());
            }
        };
        let words = Arc::clone(&self.words);
        self.runtime.spawn(async move {
            let outcome = receipt.delivered().await;
            handle.push(Update::Sent { number, left: outcome.is_ok() });
            if let Err(Undeliverable::Refused(why) | Undeliverable::GivenUp { why, .. }) = outcome {
                handle.push(Update::Notice(link_words::reason(&why, &words)));
            }
        });
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use tokio::{net::TcpListener, sync::oneshot};

    use super::*;
    use crate::{
        i18n::Language,
        link::{Config, connect},
        relay::{self, Limits},
        view::{self, WindowInbox},
    };

    const LIMIT: Duration = Duration::from_secs(20);

    /// The outcomes of texts by their numbers, and the notices.
    fn until(window: &WindowInbox, outcomes: usize, notices: usize) -> (Vec<(u64, bool)>, Vec<String>) {
        let (mut sent, mut said, deadline) = (Vec::new(), Vec::new(), Instant::now() + LIMIT);
        while (sent.len() < outcomes || said.len() < notices) && Instant::now() < deadline {
            for update in window.wait(LIMIT) {
                match update {
                    Update::Sent { number, left } => sent.push((number, left)),
                    Update::Notice(text) => said.push(text),
                    _ => {}
                }
            }
        }
        (sent, said)
    }

    #[test]
    fn a_text_ends_as_sent_or_as_not_sent_with_the_reason() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let limits = Limits::default().with(|limits| limits.text = 1000);
        let (stop, stopped) = oneshot::channel::<()>();
        let config = relay::Config::default().with(|config| config.limits = limits);
        runtime.spawn(relay::run(listener, config, async move { _ = stopped.await }));
        let config = Config::new(host).with(|config| config.max_backoff = Duration::from_millis(50));
        let (link, _inbox) = runtime.block_on(connect(config)).unwrap();
        let (handle, window) = view::inbox();
        let words = Arc::new(Translations::new(Language::English));
        let mut handler = ActionHandler {
            link,
            runtime: runtime.handle().clone(),
            handle: handle.clone(),
            words: Arc::clone(&words),
            name: "ann".into(),
            folder: PathBuf::new(),
            recording: Arc::new(RecordingSession::new(handle, words)),
            camera: None,
        };
        let mut say = |number, text: &str| handler.run(Action::Say { number, text: text.into() });
        assert_eq!(say(1, "hello"), None);
        assert_eq!(say(2, &"long ".repeat(500)), None);
        assert_eq!(say(3, "behind it"), None);
        let (sent, said) = until(&window, 3, 1);
        assert_eq!(sent, [(1, true), (2, false), (3, true)]);
        assert_eq!(said, ["sent a text of 5004 bytes; at most 1000 are allowed."]);
        // The link ends with the action handler.
        drop(stop);
        say(4, "nobody is there any more");
        drop(handler);
        assert_eq!(until(&window, 1, 0).0, [(4, false)]);
    }
}
