//! What the commands to save and to copy take: what the user looks at.

use std::time::Instant;

use super::{action::Action, gallery::GalleryImage, model::Model, stream::Stream, update::Image};
use crate::i18n::Phrase;

impl Model {
    /// Saves the image on display, or the pictures of the visible streams.
    pub(super) fn save(&mut self, now: Instant) -> Vec<Action> {
        if let Some(GalleryImage { image: Image { sender, file, .. }, .. }) = self.images.displayed() {
            return vec![Action::SaveImage { sender: sender.clone(), file: file.clone() }];
        }
        let snapshot = |stream: &Stream| Action::Snapshot {
            stream: stream.name().to_owned(),
            seq: stream.frame.seq,
            jpeg: stream.frame.jpeg.clone(),
        };
        let visible = self.streams.visible().into_iter().filter(|stream| stream.has_picture());
        let actions: Vec<_> = visible.map(snapshot).collect();
        if actions.is_empty() {
            self.notice(Phrase::NothingToSave, now);
        }
        actions
    }

    /// Copies the link that is shown.
    pub(super) fn copy_link(&self) -> Option<Action> {
        self.page.as_ref().map(|page| Action::CopyText(page.url.clone()))
    }

    /// Copies the picture that the user looks at: the image, the enlarged stream, or the first one.
    pub(super) fn copy(&self) -> Option<Action> {
        if let Some(GalleryImage { image: Image { sender, file, .. }, .. }) = self.images.displayed() {
            return Some(Action::Copy { name: sender.clone(), file: file.clone() });
        }
        let stream = self.streams.visible().into_iter().next().filter(|stream| stream.has_picture())?;
        let name = Some(stream.name().to_owned()).filter(|name| !name.is_empty());
        Some(Action::Copy { name, file: stream.frame.jpeg.clone() })
    }
}
