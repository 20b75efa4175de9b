//! A pasted image that waits until the user sends it: everybody would see what was pasted by a slip.

use std::{sync::Arc, time::Instant};

use super::{
    action::Action,
    gallery::GalleryImage,
    model::Model,
    update::{Image, RescaleRequest},
};
use crate::{i18n::Phrase, picture::Canvas};

impl Model {
    /// Displays a pasted image, until it is sent or dismissed.
    pub(super) fn draft(&mut self, image: Image) {
        let (stamp, small_stamp) = (self.stamp(), self.stamp());
        self.draft = Some(GalleryImage { stamp, image, canvas: None, small_stamp, small: None });
    }

    /// The image on display: the pasted one, or one from a peer.
    pub(crate) fn displayed_image(&self) -> Option<&GalleryImage> {
        self.draft.as_ref().or_else(|| self.images.displayed())
    }

    /// Sends the pasted image, if there is one that can be shown; it is part of the conversation then.
    pub(crate) fn send_draft(&mut self, now: Instant) -> Option<Action> {
        let GalleryImage { image, stamp, small_stamp, .. } = self.draft.take()?;
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
        let Some(draft) = self.draft.as_mut().filter(|draft| draft.stamp == wanted.stamp) else {
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
        assert!(model.displayed_image().is_none() && model.send_draft(now).is_none());
        paste(&mut model, Image { sender: None, ..image("", 20, 10) });
        let Some(Action::SendImage { number: 1, file }) = model.send_draft(now) else { panic!("not sent") };
        assert_eq!(&file[..], b"jpeg");
        model.apply(Update::Sent { number: 1, left: true }, now);
        let line = model.chat.history().next().expect("a line in the conversation");
        assert!(line.image.is_some_and(|stamp| model.images.find(stamp).is_some()), "with the image");
        paste(&mut model, Image { fault: Some("no picture".into()), ..image("", 20, 10) });
        assert!(model.send_draft(now).is_none() && model.displayed_image().is_none());
    }
}
