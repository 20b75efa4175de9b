//! Images that others sent, until they are put away.

use std::{collections::VecDeque, sync::Arc};

use super::update::Image;
use crate::picture::Canvas;

/// Images that wait to be looked at: more than anybody puts away one by one.
const MOST_IMAGES: usize = 32;

/// Bytes of them, but for the newest: what a peer sends must not fill the memory.
const MOST_IMAGE_BYTES: usize = 64 << 20;

/// An image that waits to be put away.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) stamp: u64,
    pub(crate) image: Image,
    /// Its pixels at the size at which it is on display, once they are there.
    pub(crate) canvas: Option<Arc<Canvas>>,
}

/// All of them; the newest is on display.
#[derive(Debug, Default)]
pub(crate) struct Gallery(VecDeque<Shown>);

impl Gallery {
    /// One more came; `stamp` names it.
    pub(crate) fn push(&mut self, stamp: u64, image: Image) {
        self.0.push_back(Shown { stamp, image, canvas: None });
        while self.0.len() > MOST_IMAGES || (self.0.len() > 1 && self.bytes() > MOST_IMAGE_BYTES) {
            self.0.pop_front();
        }
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|shown| shown.image.file.len()).sum()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The one on display.
    pub(crate) fn newest(&self) -> Option<&Shown> {
        self.0.back()
    }

    /// Puts that away; whether there was one.
    pub(crate) fn dismiss(&mut self) -> bool {
        self.0.pop_back().is_some()
    }

    /// The picture of one is there at its size; gives back what is not shown any more.
    pub(crate) fn fit(&mut self, stamp: u64, canvas: Arc<Canvas>) -> Option<Arc<Canvas>> {
        let shown = self.0.iter_mut().find(|shown| shown.stamp == stamp);
        shown.and_then(|shown| shown.canvas.replace(canvas))
    }

    /// One cannot be shown.
    pub(crate) fn fail(&mut self, stamp: u64, why: String) {
        if let Some(shown) = self.0.iter_mut().find(|shown| shown.stamp == stamp) {
            shown.image.fault = Some(why);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::view::look::image;

    #[test]
    fn what_is_sent_does_not_fill_the_memory() {
        let mut gallery = Gallery::default();
        for stamp in 0..1_000 {
            gallery.push(stamp, image("ann", 20, 10));
        }
        assert_eq!((gallery.len(), gallery.newest().unwrap().stamp), (MOST_IMAGES, 999));
        for stamp in 1_000..1_010 {
            gallery.push(stamp, Image { file: Bytes::from(vec![0; 16 << 20]), ..image("bob", 20, 10) });
        }
        assert!(gallery.len() <= 4 && gallery.bytes() <= MOST_IMAGE_BYTES);
        assert!(gallery.dismiss());
        assert_eq!(gallery.newest().unwrap().stamp, 1_008, "the one before it");
        gallery.fail(1_008, "12 bits a sample".into());
        gallery.fail(1_009, "put away".into());
        assert_eq!(gallery.newest().unwrap().image.fault.as_deref(), Some("12 bits a sample"));
    }
}
