//! Pasted or dropped images that wait until the user sends them: everybody would see what was a slip.

use std::{sync::Arc, time::Instant};

use super::{
    action::Action,
    gallery::GalleryImage,
    model::Model,
    update::{Image, RescaleRequest},
};
use crate::{i18n::Phrase, picture::Canvas};

impl Model {
    /// Displays the first of these images, until they are sent or dismissed.
    pub(super) fn draft(&mut self, images: Vec<Image>) {
        self.drafts.clear();
        for image in images {
            let (stamp, small_stamp) = (self.stamp(), self.stamp());
            self.drafts.push(GalleryImage { stamp, image, canvas: None, small_stamp, small: None });
        }
    }

    /// Discards them; false if there are none.
    pub(super) fn discard_drafts(&mut self) -> bool {
        let were_there = !self.drafts.is_empty();
        self.drafts.clear();
        were_there
    }

    /// The image on display: one that may be sent, or one from a peer.
    pub(crate) fn displayed_image(&self) -> Option<&GalleryImage> {
        self.drafts.first().or_else(|| self.images.displayed())
    }

    /// Sends those that can be shown; they are part of the conversation then.
    pub(crate) fn send_drafts(&mut self, now: Instant) -> Vec<Action> {
        let drafts = std::mem::take(&mut self.drafts);
        drafts.into_iter().filter_map(|draft| self.send_image(draft, now)).collect()
    }

    fn send_image(&mut self, draft: GalleryImage, now: Instant) -> Option<Action> {
        let GalleryImage { image, stamp, small_stamp, .. } = draft;
        if image.fault.is_some() {
            return None;
        }
        let size = image.size.map_or(String::new(), |(width, height)| format!(" {width}×{height}"));
        let text = format!("({}{size})", self.words.text(Phrase::Image));
        let number = self.chat.send_image(text, stamp, now);
        let file = image.file.clone();
        self.images.push(stamp, small_stamp, image);
        Some(Action::SendImage { number, file })
    }

    /// Takes the answer to a request for the pasted image at another size; false if it is not about that.
    pub(super) fn fit_draft(
        &mut self,
        wanted: &RescaleRequest,
        canvas: &Result<Arc<Canvas>, String>,
    ) -> bool {
        let Some(draft) = self.drafts.iter_mut().find(|draft| draft.stamp == wanted.stamp) else {
            return false;
        };
        match canvas {
            Ok(canvas) => draft.canvas = Some(Arc::clone(canvas)),
            Err(why) => draft.image.fault = Some(why.clone()),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{
        Update,
        samples::{fed, image},
    };

    #[test]
    fn a_pasted_image_is_sent_only_when_the_user_says_so() {
        let now = Instant::now();
        let mut model = fed(&[], now);
        let paste = |model: &mut Model, image: Image| _ = model.apply(Update::PastedImage(image), now);
        paste(&mut model, Image { sender: None, ..image("", 20, 10) });
        assert!(model.displayed_image().is_some() && model.chat.history().next().is_none());
        assert!(model.close(), "dismissed");
        assert!(model.displayed_image().is_none() && model.send_drafts(now).is_empty());
        paste(&mut model, Image { sender: None, ..image("", 20, 10) });
        let [Action::SendImage { number: 1, file }] = &model.send_drafts(now)[..] else { panic!("not sent") };
        assert_eq!(&file[..], b"jpeg");
        model.apply(Update::Sent { number: 1, left: true }, now);
        let line = model.chat.history().next().expect("a line in the conversation");
        assert!(line.image.is_some_and(|stamp| model.images.find(stamp).is_some()), "with the image");
        paste(&mut model, Image { fault: Some("no picture".into()), ..image("", 20, 10) });
        assert!(model.send_drafts(now).is_empty() && model.displayed_image().is_none());
    }

    #[test]
    fn dropped_images_are_sent_together() {
        let now = Instant::now();
        let mut model = fed(&[], now);
        let own = |width| Image { sender: None, ..image("", width, 10) };
        model.apply(Update::Dropped(vec![own(20), own(30)]), now);
        assert_eq!(model.displayed_image().and_then(|shown| shown.image.size), Some((20, 10)), "the first");
        assert_eq!(model.send_drafts(now).len(), 2);
        assert_eq!(model.chat.history().filter(|line| line.image.is_some()).count(), 2);
        model.apply(Update::Dropped(vec![own(20), own(30)]), now);
        assert!(model.close() && model.displayed_image().is_none(), "dismissed together");
    }
}
