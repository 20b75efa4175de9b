//! Images from peers, kept until they are dismissed.

use std::{collections::VecDeque, sync::Arc};

use super::update::Image;
use crate::picture::Canvas;

/// Images kept: more than anyone dismisses one by one.
const MAX_IMAGES: usize = 32;

/// Bytes of images, not counting the newest: what a peer sends must not fill the memory.
const MAX_IMAGE_BYTES: usize = 64 << 20;

/// An image that was not dismissed yet.
#[derive(Clone, Debug)]
pub(crate) struct GalleryImage {
    pub(crate) stamp: u64,
    pub(crate) image: Image,
    /// Its pixels at the displayed size, once they are there.
    pub(crate) canvas: Option<Arc<Canvas>>,
}

/// All images; the newest is displayed.
#[derive(Debug, Default)]
pub(crate) struct Gallery(VecDeque<GalleryImage>);

impl Gallery {
    /// Adds an image; `stamp` identifies it.
    pub(crate) fn push(&mut self, stamp: u64, image: Image) {
        self.0.push_back(GalleryImage { stamp, image, canvas: None });
        while self.0.len() > MAX_IMAGES || (self.0.len() > 1 && self.bytes() > MAX_IMAGE_BYTES) {
            self.0.pop_front();
        }
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|shown| shown.image.file.len()).sum()
    }

    /// The number of images.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The displayed image.
    pub(crate) fn newest(&self) -> Option<&GalleryImage> {
        self.0.back()
    }

    /// Dismisses the displayed image; false if there is none.
    pub(crate) fn dismiss(&mut self) -> bool {
        self.0.pop_back().is_some()
    }

    /// Sets an image's scaled picture; returns the buffer it replaces.
    pub(crate) fn fit(&mut self, stamp: u64, canvas: Arc<Canvas>) -> Option<Arc<Canvas>> {
        let shown = self.0.iter_mut().find(|shown| shown.stamp == stamp);
        shown.and_then(|shown| shown.canvas.replace(canvas))
    }

    /// Marks an image as one that cannot be shown.
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
    use crate::view::snapshots::image;

    #[test]
    fn images_from_peers_do_not_fill_the_memory() {
        let mut gallery = Gallery::default();
        for stamp in 0..1_000 {
            gallery.push(stamp, image("ann", 20, 10));
        }
        assert_eq!((gallery.len(), gallery.newest().unwrap().stamp), (MAX_IMAGES, 999));
        for stamp in 1_000..1_010 {
            gallery.push(stamp, Image { file: Bytes::from(vec![0; 16 << 20]), ..image("bob", 20, 10) });
        }
        assert!(gallery.len() <= 4 && gallery.bytes() <= MAX_IMAGE_BYTES);
        assert!(gallery.dismiss());
        assert_eq!(gallery.newest().unwrap().stamp, 1_008, "the one before it");
        gallery.fail(1_008, "12 bits a sample".into());
        gallery.fail(1_009, "put away".into());
        assert_eq!(gallery.newest().unwrap().image.fault.as_deref(), Some("12 bits a sample"));
    }
}
