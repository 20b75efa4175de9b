//! The memory of pictures of which a helper was left behind with some rows.
//!
//! Those rows are the helper's until it returns, so the picture moves to other memory. New memory costs the
//! system's time for each page, which can be half as much as decoding the picture. So the memory that comes back
//! is kept for the next time.

use bytes::BytesMut;

use super::{helper_pace::HelperPace, job_queue::Job, strip_decoder::StripDecoder, worker_pool::Late};

/// The most memory that is kept: a picture of 3840x2160.
const MOST_KEPT: usize = 3840 * 2160 * 4;

/// Memory for the next picture that has to move, and what helpers have of the last one.
#[derive(Default)]
pub(super) struct PictureMemory {
    spare: BytesMut,
    late: Option<(Late<StripDecoder>, Vec<BytesMut>)>,
}

/// A picture that moves to other memory, strip by strip from the top.
pub(super) struct MovingPicture {
    into: BytesMut,
    /// Its former memory, without the rows that a helper has.
    parts: Vec<BytesMut>,
}

impl PictureMemory {
    /// Begins to move a picture of this many bytes.
    pub(super) fn move_to(&mut self, bytes: usize) -> MovingPicture {
        let mut spare = std::mem::take(&mut self.spare);
        spare.clear();
        let into = if spare.capacity() < bytes { BytesMut::with_capacity(bytes) } else { spare };
        MovingPicture { into, parts: Vec::new() }
    }

    /// Keeps a picture's former memory until the helpers return; returns the new one.
    pub(super) fn moved(
        &mut self,
        MovingPicture { into, parts }: MovingPicture,
        late: Late<StripDecoder>,
    ) -> BytesMut {
        self.late = Some((late, parts));
        into
    }

    /// Takes back what helpers have finished since, and records how long they took.
    pub(super) fn take_back(&mut self, pace: &mut HelperPace, decoders: &mut Vec<StripDecoder>) {
        let Some((late, parts)) = self.late.take_if(|(late, _)| late.is_back()) else { return };
        late.note(pace);
        let mut whole = BytesMut::new();
        for (job, mut part) in late.queue.take_done(parts.len()).into_iter().zip(parts) {
            if let Some(mut job) = job {
                part = job.take();
                decoders.push(job);
            }
            whole.unsplit(part); // all from one memory, so nothing is copied
        }
        if !whole.is_empty() && whole.len() <= MOST_KEPT {
            self.spare = whole;
        }
    }
}

impl MovingPicture {
    /// Copies a strip that is done.
    pub(super) fn copy(&mut self, mut strip: StripDecoder) -> StripDecoder {
        let part = strip.take();
        self.into.extend_from_slice(&part);
        self.parts.push(part);
        strip
    }

    /// Decodes a strip of this many bytes that was left behind; `set` makes it with its memory.
    pub(super) fn decode_again<E>(
        &mut self,
        bytes: usize,
        set: impl FnOnce(BytesMut) -> Result<StripDecoder, E>,
    ) -> Result<StripDecoder, E> {
        let begin = self.into.len();
        self.into.resize(begin + bytes, 0);
        let mut strip = set(self.into.split_off(begin))?;
        strip.run();
        self.into.unsplit(strip.take());
        self.parts.push(BytesMut::new());
        Ok(strip)
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, sync::Arc};

    use turbojpeg::PixelFormat;

    use super::*;
    use crate::{
        jpeg::{
            Decoder, Encoder, Piece, Scale, Strips, header,
            job_queue::{JobQueue, OwnWork},
            row_decoder::Shape,
            split,
        },
        picture::{Canvas, Picture, Pixels, Subsampling},
    };

    #[test]
    fn a_picture_moves_and_its_memory_comes_back() {
        let (width, height) = (64, 128);
        let pixels = Pixels::Planar(Subsampling::Grey, (0..width * height).map(|i| (i / 40) as u8).collect());
        let mut encoder = Encoder::new(90).unwrap().with_strips(Strips::Count(4));
        let jpeg = encoder.encode(&Picture { width, height, pixels }).unwrap();
        let shape = Shape::new(header(&jpeg).unwrap(), Scale::Full.factor(), PixelFormat::BGRX);
        let pieces = split(&jpeg, 4).unwrap();
        let rows = |piece: &Piece<'_>| shape.rows(piece.height);

        let former = BytesMut::zeroed(shape.bytes());
        let address = former.as_ptr();
        let mut below = former;
        let mut strips: Vec<_> = pieces
            .iter()
            .map(|piece| {
                let mut strip = StripDecoder::new().unwrap();
                let part = below.split_to(rows(piece).bytes());
                strip.set(piece, rows(piece), part);
                strip
            })
            .collect();
        let left_behind = 2;
        let queue = Arc::new(JobQueue::new());
        queue.push(left_behind, strips.remove(left_behind));
        strips.iter_mut().for_each(Job::run);
        strips.reverse();

        let mut memory = PictureMemory::default();
        let mut moving = memory.move_to(shape.bytes());
        for (index, piece) in pieces.iter().enumerate() {
            let strip = if index == left_behind {
                let set = |part| {
                    let mut strip = StripDecoder::new().unwrap();
                    strip.set(piece, rows(piece), part);
                    Ok::<_, Infallible>(strip)
                };
                let Ok(strip) = moving.decode_again(rows(piece).bytes(), set);
                strip
            } else {
                moving.copy(strips.pop().unwrap())
            };
            assert!(strip.is_flawless());
        }
        let late = Late { queue: Arc::clone(&queue), own: OwnWork::default() };
        let moved = memory.moved(moving, late);
        let whole = Decoder::new().unwrap().decode(&jpeg, Scale::Full, Canvas::default()).unwrap();
        assert_eq!(&moved[..], &whole.canvas.pixels.into_bytes()[..]);

        let (mut pace, mut decoders) = (HelperPace::default(), Vec::new());
        memory.take_back(&mut pace, &mut decoders);
        assert!(decoders.is_empty(), "the helper still has its strip");
        queue.help();
        memory.take_back(&mut pace, &mut decoders);
        assert_eq!(decoders.len(), 1);
        assert_eq!(memory.move_to(shape.bytes()).into.as_ptr(), address);
    }
}
