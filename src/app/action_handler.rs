//! Actions of the window that reach beyond it: files, texts, recordings, the camera.

use std::{path::PathBuf, sync::Arc, thread};

use bytes::Bytes;
use tokio::runtime::Handle as Runtime;

use super::{
    camera_chooser::CameraChooser,
    file_manager, link_words,
    notifier::Notifier,
    recording_session::RecordingSession,
    remembered_tiles::RememberedTiles,
    save::{Unsaved, save},
};
use crate::{
    i18n::{Phrase, Translations},
    link::{Link, Undeliverable},
    pipeline::Switch,
    still,
    view::{Action, Update, WindowHandle},
    wire::{Message, Origin, unique_id},
};

/// JPEG quality of pasted images in other formats: mostly pictures of screens, whose letters suffer at less.
const IMAGE_QUALITY: u8 = 92;

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
    /// Changes to another camera, if one is sent.
    pub(super) cameras: Option<CameraChooser>,
    /// Remembers the order of the streams.
    pub(super) tiles: Option<RememberedTiles>,
    /// Shows notifications, if the user wants them.
    pub(super) notifier: Option<Notifier>,
}

impl ActionHandler {
    /// Performs an action; returns the message to show, if any.
    pub(super) fn run(&mut self, action: Action) -> Option<String> {
        match action {
            Action::Snapshot { stream, seq, jpeg } => {
                self.saved(&stream, save(&self.folder, &stream, seq, &jpeg))
            }
            Action::SaveImage { sender, file } => {
                let name = sender.unwrap_or_else(|| self.words.text(Phrase::Image));
                self.saved(&name, save(&self.folder, &name, None, &file))
            }
            Action::Attention(news) => {
                if let Some(notifier) = &self.notifier {
                    notifier.tell(&news, &self.words);
                }
                None
            }
            Action::Arranged(arrangement) => {
                if let Some(tiles) = &self.tiles {
                    tiles.remember(arrangement);
                }
                None
            }
            Action::OpenFolder => {
                self.open_folder();
                None
            }
            Action::Say { number, text } => {
                self.say(number, &text);
                None
            }
            Action::SendImage { number, file } => {
                self.send_image(number, file);
                None
            }
            Action::Camera(on) => {
                if let Some(camera) = &self.camera {
                    camera.set(on);
                }
                None
            }
            Action::ListCameras => {
                if let Some(cameras) = &self.cameras {
                    cameras.list(self.handle.clone(), &self.words);
                }
                None
            }
            Action::UseCamera(row) => {
                if let Some(cameras) = &self.cameras {
                    cameras.choose(row, self.handle.clone(), &self.words);
                }
                None
            }
            Action::Record { only } => {
                self.recording.begin(self.folder.clone(), only);
                None
            }
            Action::StopRecording => {
                self.recording.end_beside();
                None
            }
            _ => None,
        }
    }

    /// Reports where something was saved; returns why it was not.
    fn saved(&self, name: &str, saved: Result<String, Unsaved>) -> Option<String> {
        let told = match saved {
            Ok(path) if name.is_empty() => self.words.format(Phrase::SavedAs, [("path", path)]),
            Ok(path) => {
                let values = [("name", name), ("path", path.as_str())];
                self.words.format(Phrase::SavedOfAs, values)
            }
            Err(unsaved) => {
                return Some(self.words.format(Phrase::CannotSave, [("reason", unsaved.to_string())]));
            }
        };
        self.handle.push(Update::Saved(told));
        None
    }

    /// Opens the folder; reports if that is not possible.
    fn open_folder(&self) {
        let (path, handle, words) = (self.folder.clone(), self.handle.clone(), Arc::clone(&self.words));
        file_manager::open(path.clone(), move |reason| {
            let values = [("path", path.display().to_string()), ("reason", reason)];
            handle.push(Update::Notice(words.format(Phrase::CannotOpenFolder, values)));
        });
    }

    /// Sends a text, and reports to the window once the relay has acknowledged it.
    fn say(&self, number: u64, text: &str) {
        let message = Message::text(text, &self.origin()).map_err(|fault| fault.to_string());
        self.mail(number).send(message);
    }

    /// Sends an image in a form that everybody can show, on a thread of its own, since converting it takes a while.
    fn send_image(&self, number: u64, file: Bytes) {
        let (mail, origin) = (self.mail(number), self.origin());
        let work = move || {
            let jpeg = still::outgoing(file, IMAGE_QUALITY, None).map_err(|error| error.to_string());
            let message =
                jpeg.and_then(|made| Message::image(made.jpeg, &origin).map_err(|fault| fault.to_string()));
            mail.send(message);
        };
        if let Err(error) = thread::Builder::new().name("image".into()).spawn(work) {
            tracing::warn!("cannot start a thread to send an image: {error}");
            self.handle.push(Update::Sent { number, left: false });
        }
    }

    fn origin(&self) -> Origin {
        Origin::named(self.name.clone()).with_id(unique_id())
    }

    fn mail(&self, number: u64) -> Mail {
        let (link, runtime) = (self.link.clone(), self.runtime.clone());
        Mail { link, runtime, handle: self.handle.clone(), words: Arc::clone(&self.words), number }
    }
}

/// What it takes to send a text or an image, and to report to the window.
struct Mail {
    link: Link,
    runtime: Runtime,
    handle: WindowHandle,
    words: Arc<Translations>,
    number: u64,
}

impl Mail {
    /// Sends a message, and reports to the window once the relay has acknowledged it.
    fn send(self, message: Result<Message, String>) {
        let Self { link, runtime, handle, words, number } = self;
        let sent = message.and_then(|message| link.send(message).map_err(|error| error.to_string()));
        let receipt = match sent {
            Ok(receipt) => receipt,
            Err(error) => {
                handle.push(Update::Sent { number, left: false });
                handle.push(Update::Notice(error));
                return;
            }
        };
        runtime.spawn(async move {
            let outcome = receipt.delivered().await;
            handle.push(Update::Sent { number, left: outcome.is_ok() });
            if let Err(Undeliverable::Refused(why) | Undeliverable::GivenUp { why, .. }) = outcome {
                handle.push(Update::Notice(link_words::reason(&why, &words)));
            }
        });
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
            cameras: None,
            tiles: None,
            notifier: None,
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
