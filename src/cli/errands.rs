//! What the window asks for beyond itself: files, texts, recordings, the camera.

use std::{path::PathBuf, sync::Arc};

use tokio::runtime::Handle as Runtime;

use super::{reason, report, tape::Tape};
use crate::{
    language::{Phrase, Words},
    link::{Link, Undeliverable},
    pipeline::Switch,
    view::{Action, Handle, Update},
    wire::{Message, Origin, unique_id},
};

/// Does what it asks for.
pub(super) struct Errands {
    pub(super) link: Link,
    pub(super) runtime: Runtime,
    pub(super) handle: Handle,
    pub(super) words: Arc<Words>,
    /// Who sits at this window.
    pub(super) name: String,
    pub(super) folder: PathBuf,
    pub(super) tape: Arc<Tape>,
    pub(super) camera: Option<Switch>,
}

impl Errands {
    /// Does it; what is to be told of it, if anything.
    pub(super) fn run(&mut self, action: Action) -> Option<String> {
        match action {
            Action::Snapshot { stream, seq, jpeg } => {
                Some(self.saved(report::save(&self.folder, &stream, seq, &jpeg)))
            }
            Action::SaveImage { sender, jpeg } => {
                let name = sender.unwrap_or_else(|| self.words.say(Phrase::Image));
                Some(self.saved(report::save(&self.folder, &name, None, &jpeg)))
            }
            Action::Say { number, text } => self.say(number, &text),
            Action::Camera(on) => {
                if let Some(camera) = &self.camera {
                    camera.set(on);
                }
                None
            }
            Action::Record(true) => {
                self.tape.begin(self.folder.clone());
                None
            }
            Action::Record(false) => {
                self.tape.end_beside();
                None
            }
            _ => None,
        }
    }

    fn saved(&self, saved: Result<String, String>) -> String {
        match saved {
            Ok(path) => self.words.tell(Phrase::SavedAs, [("path", path)]),
            Err(reason) => self.words.tell(Phrase::CannotSave, [("reason", reason)]),
        }
    }

    /// Sends a text, and tells the window once the relay has it.
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
                handle.push(Update::Notice(reason::reason(&why, &words)));
            }
        });
        None
    }
}
