//! Memory for the pixels of a canvas.

use std::{
    ops::{Deref, DerefMut},
    slice,
};

use bytes::{Buf, BytesMut};

/// The size of a pixel in bytes, and its alignment.
const PIXEL: usize = size_of::<u32>();

/// Pixels as words, in memory whose rows threads can own one by one without copying.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PixelBuffer {
    /// Whole pixels, aligned.
    bytes: BytesMut,
}

impl PixelBuffer {
    /// `length` pixels that are black.
    #[must_use]
    pub fn black(length: usize) -> Self {
        let mut bytes = BytesMut::zeroed(length * PIXEL + PIXEL - 1);
        let offset = bytes.as_ptr().align_offset(PIXEL);
        bytes.advance(offset.min(PIXEL - 1));
        bytes.truncate(length * PIXEL);
        Self { bytes }
    }

    /// Changes the number of pixels, which have the values of an earlier picture or are black.
    pub fn resize(&mut self, length: usize) {
        if length * PIXEL <= self.bytes.capacity() {
            self.bytes.resize(length * PIXEL, 0);
        } else {
            *self = Self::black(length);
        }
    }

    /// The memory, which can be split and joined.
    pub(crate) fn into_bytes(self) -> BytesMut {
        self.bytes
    }

    /// Takes memory back; copies it if it is no longer aligned.
    pub(crate) fn from_bytes(bytes: BytesMut) -> Self {
        if bytes.is_empty() || bytes.as_ptr().align_offset(PIXEL) == 0 && bytes.len().is_multiple_of(PIXEL) {
            return Self { bytes };
        }
        let mut copy = Self::black(bytes.len() / PIXEL);
        copy.bytes.iter_mut().zip(&bytes).for_each(|(to, from)| *to = *from);
        copy
    }
}

impl Clone for PixelBuffer {
    fn clone(&self) -> Self {
        Self::from(&**self)
    }
}

impl Deref for PixelBuffer {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        // Without pixels, the pointer may be unaligned.
        if self.bytes.is_empty() { &[] } else { bytemuck::cast_slice(&self.bytes) }
    }
}

impl DerefMut for PixelBuffer {
    fn deref_mut(&mut self) -> &mut [u32] {
        if self.bytes.is_empty() { &mut [] } else { bytemuck::cast_slice_mut(&mut self.bytes) }
    }
}

impl<'a> IntoIterator for &'a PixelBuffer {
    type Item = &'a u32;
    type IntoIter = slice::Iter<'a, u32>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<&[u32]> for PixelBuffer {
    fn from(pixels: &[u32]) -> Self {
        let mut buffer = Self::black(pixels.len());
        buffer.copy_from_slice(pixels);
        buffer
    }
}

impl From<Vec<u32>> for PixelBuffer {
    fn from(pixels: Vec<u32>) -> Self {
        Self::from(pixels.as_slice())
    }
}

impl FromIterator<u32> for PixelBuffer {
    fn from_iter<I: IntoIterator<Item = u32>>(pixels: I) -> Self {
        pixels.into_iter().collect::<Vec<_>>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_survive_splitting_and_joining() {
        let pixels: PixelBuffer = (0..100).collect();
        let mut upper = pixels.clone().into_bytes();
        let place = upper.as_ptr();
        let lower = upper.split_off(40);
        upper.unsplit(lower);
        assert_eq!(upper.len(), 400);
        let place_after = upper.as_ptr();
        assert_eq!(PixelBuffer::from_bytes(upper), pixels);
        assert_eq!(place, place_after, "joining copies nothing");
    }

    #[test]
    fn unaligned_memory_is_copied() {
        let pixels: PixelBuffer = (7..20).collect();
        for offset in 0..4 {
            let mut bytes = BytesMut::zeroed(offset);
            bytes.extend_from_slice(&pixels.bytes);
            bytes.advance(offset);
            assert_eq!(*PixelBuffer::from_bytes(bytes), *pixels);
        }
        assert!(PixelBuffer::from_bytes(BytesMut::new()).is_empty());
    }

    #[test]
    fn sizes_change_and_new_memory_is_black() {
        let mut pixels = PixelBuffer::default();
        assert!(pixels.is_empty());
        pixels.resize(5);
        assert_eq!(*pixels, [0; 5]);
        pixels.fill(9);
        pixels.resize(2);
        assert_eq!(*pixels, [9; 2]);
        pixels.resize(4);
        assert_eq!(*pixels, [9, 9, 0, 0]);
        pixels.resize(1000);
        assert_eq!(*pixels, [0; 1000]);
    }
}
