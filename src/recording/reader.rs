//! Frames out of a Matroska file: those of this program, and Motion-JPEG that others put into one.
//!
//! The file may come from anywhere: every length is checked before anything is allocated, and one that was cut off plays to its last
//! whole frame.

use std::{
    io::{self, Read},
    time::Duration,
};

use bytes::Bytes;
use mkv_element::{
    io::blocking_impl::ReadFrom,
    prelude::{
        Block, BlockGroup, Cluster, Ebml, Element, Header, Info, Segment, SimpleBlock, Timestamp, TrackEntry,
        Tracks, VInt64,
    },
};

use super::{Error, MAX_FRAME};

/// Bytes of what describes a file, at the most: a description of many tracks with attached fonts elsewhere has some kB.
const MAX_DESCRIPTION: u64 = 1 << 20;

/// Bytes of a block before its frame: track, time and flags.
const BLOCK_HEAD: u64 = 12;

/// Where a bitmap's header says how it is compressed.
const FOURCC_AT: usize = 16;

/// Both bits that say how several frames share a block.
const LACING: u8 = 0x06;

/// Reads one frame after another.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    /// Nanoseconds to a tick.
    scale: u64,
    track: Option<u64>,
    cluster: u64,
    length: Option<Duration>,
}

impl<R: Read> Reader<R> {
    /// How long the file says that it is.
    pub fn length(&self) -> Option<Duration> {
        self.length
    }

    /// Reads how the file begins.
    ///
    /// # Errors
    /// [`Error::NotMatroska`], and [`Error::NotMotionJpeg`] where there is nothing in it that could be shown.
    pub fn new(mut input: R) -> Result<Self, Error> {
        let header = Header::read_from(&mut input).map_err(|_| Error::NotMatroska)?;
        if header.id != Ebml::ID || header.size.is_unknown {
            return Err(Error::NotMatroska);
        }
        let mut reader = Self { input, scale: 1_000_000, track: None, cluster: 0, length: None };
        reader.skip(header.size)?;
        while reader.track.is_none() {
            let Some(header) = reader.next_header()? else {
                return Err(Error::NotMotionJpeg("nothing".into()));
            };
            match header.id {
                Segment::ID => {}
                Info::ID => {
                    let info: Info = reader.element(header)?;
                    reader.scale = (*info.timestamp_scale).max(1);
                    reader.length = info.duration.as_ref().and_then(|ticks| {
                        Duration::try_from_secs_f64(**ticks * reader.scale as f64 / 1e9).ok()
                    });
                }
                Tracks::ID => reader.tracks(header)?,
                // Frames before anything says what they are.
                Cluster::ID => return Err(Error::NotMatroska),
                _ => reader.skip(header.size)?,
            }
        }
        Ok(reader)
    }

    fn tracks(&mut self, header: Header) -> Result<(), Error> {
        let tracks: Tracks = self.element(header)?;
        let is_ours = |track: &&TrackEntry| match track.codec_id.0.as_str() {
            "V_MJPEG" => true,
            // As in an AVI file: what it is stands in a header of Windows' bitmaps.
            "V_MS/VFW/FOURCC" => {
                let header =
                    track.codec_private.as_ref().map(|private| private.0.as_ref()).unwrap_or_default();
                header.get(FOURCC_AT..FOURCC_AT + 4) == Some(b"MJPG")
            }
            _ => false,
        };
        match tracks.track_entry.iter().find(is_ours) {
            Some(track) => self.track = Some(*track.track_number),
            None => {
                let others: Vec<_> =
                    tracks.track_entry.iter().map(|track| track.codec_id.0.as_str()).collect();
                let others = if others.is_empty() { "nothing".to_owned() } else { others.join(", ") };
                return Err(Error::NotMotionJpeg(others));
            }
        }
        Ok(())
    }

    /// The next frame, and when it is to be shown from the beginning on; `None` at the end, also where the file is cut off.
    ///
    /// # Errors
    /// [`Error::TooLong`], [`Error::Laced`], [`Error::Read`].
    pub fn next_frame(&mut self) -> Result<Option<(Duration, Bytes)>, Error> {
        while let Some(header) = self.next_header()? {
            match header.id {
                // Their content is read as if they were not there: they may be open to their end.
                Segment::ID | Cluster::ID | BlockGroup::ID => {}
                Timestamp::ID => match self.element::<Timestamp>(header) {
                    Ok(timestamp) => self.cluster = *timestamp,
                    Err(error) => return end(error),
                },
                SimpleBlock::ID | Block::ID => match self.block(header) {
                    Ok(Some(frame)) => return Ok(Some(frame)),
                    Ok(None) => {}
                    Err(error) => return end(error),
                },
                _ => {
                    if let Err(error) = self.skip(header.size) {
                        return end(error);
                    }
                }
            }
        }
        Ok(None)
    }

    fn block(&mut self, header: Header) -> Result<Option<(Duration, Bytes)>, Error> {
        let bytes = self.body(header, MAX_FRAME as u64 + BLOCK_HEAD)?;
        let mut rest = bytes.as_ref();
        let Ok(track) = VInt64::read_from(&mut rest) else { return Ok(None) };
        let &[high, low, flags, ..] = rest else { return Ok(None) };
        if Some(track.value) != self.track {
            return Ok(None);
        }
        if flags & LACING != 0 {
            return Err(Error::Laced);
        }
        let within = i64::from(i16::from_be_bytes([high, low]));
        let ticks = self.cluster.saturating_add_signed(within);
        let time = Duration::from_nanos(ticks.saturating_mul(self.scale));
        let jpeg = bytes.slice(bytes.len() - rest.len() + 3..);
        Ok(Some((time, jpeg)))
    }

    /// `None` at the end.
    fn next_header(&mut self) -> Result<Option<Header>, Error> {
        match Header::read_from(&mut self.input) {
            Ok(header) => Ok(Some(header)),
            Err(mkv_element::Error::Io(error)) if error.kind() != io::ErrorKind::UnexpectedEof => {
                Err(Error::Read(error))
            }
            // Cut off, or no element: nothing after it can be trusted.
            Err(_) => Ok(None),
        }
    }

    fn body(&mut self, header: Header, allowed: u64) -> Result<Bytes, Error> {
        let found = if header.size.is_unknown { u64::MAX } else { header.size.value };
        if found > allowed {
            return Err(Error::TooLong { found, allowed });
        }
        let mut bytes = Vec::new();
        self.input.by_ref().take(found).read_to_end(&mut bytes)?;
        if (bytes.len() as u64) < found {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok(bytes.into())
    }

    fn element<E: Element>(&mut self, header: Header) -> Result<E, Error> {
        let bytes = self.body(header, MAX_DESCRIPTION)?;
        E::decode_body(&mut bytes.as_ref()).map_err(|_| Error::NotMatroska)
    }

    fn skip(&mut self, size: VInt64) -> Result<(), Error> {
        let size = if size.is_unknown { u64::MAX } else { size.value };
        let skipped = io::copy(&mut self.input.by_ref().take(size), &mut io::sink())?;
        if skipped < size { Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()) } else { Ok(()) }
    }
}

/// What was cut off ends there.
fn end<T>(error: Error) -> Result<Option<T>, Error> {
    match error {
        Error::Read(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Error::NotMatroska => Ok(None),
        other => Err(other),
    }
}
