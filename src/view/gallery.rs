//! Images from peers.
//!
//! In a terminal, the newest is displayed until it is dismissed. A window keeps them for as long as there is room: they
//! are in the conversation, small, and one is displayed when it is opened there.

use std::{collections::VecDeque, sync::Arc};

use super::update::Image;
use crate::picture::Canvas;

/// Images kept: more than anyone dismisses one by one.
const MAX_IMAGES: usize = 32;

/// Bytes of images, not counting the newest: what a peer sends must not fill the memory.
const MAX_IMAGE_BYTES: usize = 64 << 20;

/// An image.
#[derive(Clone, Debug)]
pub(crate) struct GalleryImage {
    pub(crate) stamp: u64,
    pub(crate) image: Image,
    /// Its pixels at the displayed size, once they are there.
    pub(crate) canvas: Option<Arc<Canvas>>,
    /// Identifies its small picture.
    pub(crate) small_stamp: u64,
    /// Its pixels at the size in the conversation.
    pub(crate) small: Option<Arc<Canvas>>,
}

/// All images.
#[derive(Debug, Default)]
pub(crate) struct Gallery {
    images: VecDeque<GalleryImage>,
    /// Whether images are kept after they were closed, and displayed only when they are opened.
    pub(crate) keeps: bool,
    opened: Option<u64>,
}

impl Gallery {
    /// Adds an image; `stamp` identifies it, and `small_stamp` its small picture.
    pub(crate) fn push(&mut self, stamp: u64, small_stamp: u64, image: Image) {
        self.images.push_back(GalleryImage { stamp, image, canvas: None, small_stamp, small: None });
        while self.images.len() > MAX_IMAGES || (self.images.len() > 1 && self.bytes() > MAX_IMAGE_BYTES) {
            self.images.pop_front();
        }
    }

    fn bytes(&self) -> usize {
        self.images.iter().map(|shown| shown.image.file.len()).sum()
    }

    /// The number of images.
    pub(crate) fn len(&self) -> usize {
        self.images.len()
    }

    /// The newest image.
    pub(crate) fn newest(&self) -> Option<&GalleryImage> {
        self.images.back()
    }

    /// The image with this stamp, if it is still kept.
    pub(crate) fn find(&self, stamp: u64) -> Option<&GalleryImage> {
        self.images.iter().find(|shown| shown.stamp == stamp)
    }

    /// The displayed image.
    pub(crate) fn displayed(&self) -> Option<&GalleryImage> {
        if self.keeps { self.find(self.opened?) } else { self.newest() }
    }

    /// The place of the displayed image among all, from 1.
    pub(crate) fn place(&self) -> usize {
        let stamp = self.displayed().map(|shown| shown.stamp);
        self.images.iter().position(|shown| Some(shown.stamp) == stamp).map_or(0, |place| place + 1)
    }

    /// Displays this image.
    pub(crate) fn open(&mut self, stamp: u64) {
        self.opened = Some(stamp);
    }

    /// Displays the image that came after the displayed one, or before it; false if none is displayed.
    pub(crate) fn step(&mut self, by: isize) -> bool {
        let Some(place) = self.place().checked_sub(1).filter(|_| self.keeps) else { return false };
        let next = place.saturating_add_signed(by);
        self.opened = self.images.get(next).map(|shown| shown.stamp).or(self.opened);
        true
    }

    /// Closes the displayed image; false if there is none.
    pub(crate) fn dismiss(&mut self) -> bool {
        if self.keeps {
            let was_open = self.displayed().is_some();
            self.opened = None;
            return was_open;
        }
        self.images.pop_back().is_some()
    }

    /// Sets an image's scaled picture; returns the buffer it replaces.
    pub(crate) fn fit(&mut self, stamp: u64, canvas: Arc<Canvas>) -> Option<Arc<Canvas>> {
        for shown in &mut self.images {
            if shown.stamp == stamp {
                return shown.canvas.replace(canvas);
            }
            if shown.small_stamp == stamp {
                return shown.small.replace(canvas);
            }
        }
        None
    }

    /// Marks an image as one that cannot be shown.
    pub(crate) fn fail(&mut self, stamp: u64, why: String) {
        let is_it = |shown: &&mut GalleryImage| shown.stamp == stamp || shown.small_stamp == stamp;
        if let Some(shown) = self.images.iter_mut().find(is_it) {
            shown.image.fault = Some(why);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::view::samples::image;

    #[test]
    fn images_from_peers_do_not_fill_the_memory() {
        let mut gallery = Gallery::default();
        for stamp in 0..1_000 {
            gallery.push(stamp, stamp + 10_000, image("ann", 20, 10));
        }
        assert_eq!((gallery.len(), gallery.newest().unwrap().stamp), (MAX_IMAGES, 999));
        for stamp in 1_000..1_010 {
            gallery.push(
                stamp,
                stamp + 10_000,
                Image { file: Bytes::from(vec![0; 16 << 20]), ..image("bob", 20, 10) },
            );
        }
        assert!(gallery.len() <= 4 && gallery.bytes() <= MAX_IMAGE_BYTES);
        assert!(gallery.dismiss());
        assert_eq!(gallery.newest().unwrap().stamp, 1_008, "the one before it");
        gallery.fail(1_008, "12 bits a sample".into());
        gallery.fail(1_009, "put away".into());
        assert_eq!(gallery.newest().unwrap().image.fault.as_deref(), Some("12 bits a sample"));
    }

    #[test]
    fn a_window_shows_an_image_when_it_is_opened_and_keeps_it() {
        let mut gallery = Gallery { keeps: true, ..Gallery::default() };
        for stamp in [1, 2, 3] {
            gallery.push(stamp, 10 + stamp, image("ann", 20, 10));
        }
        assert!(gallery.displayed().is_none() && !gallery.dismiss() && !gallery.step(1));
        gallery.open(1);
        let shown = |gallery: &Gallery| gallery.displayed().map(|shown| (shown.stamp, gallery.place()));
        assert_eq!(shown(&gallery), Some((1, 1)));
        assert!(gallery.step(1) && gallery.step(1) && gallery.step(1));
        assert_eq!(shown(&gallery), Some((3, 3)), "the last one");
        assert!(gallery.step(-1));
        assert_eq!(shown(&gallery), Some((2, 2)));
        assert!(gallery.dismiss());
        assert_eq!((gallery.displayed().is_none(), gallery.len()), (true, 3));
        gallery.fit(12, Arc::new(Canvas::filled(4, 2, 7)));
        let small = gallery.find(2).and_then(|shown| shown.small.as_ref()).map(|canvas| canvas.width);
        assert_eq!((small, gallery.find(2).unwrap().canvas.is_none()), (Some(4), true));
        gallery.open(9);
        assert!(gallery.displayed().is_none(), "one that is not there");
    }
}
