//! The headers of an AVI: its streams, their codecs and rates.

use std::time::Duration;

use super::{is_chunk, u32_at};
use crate::film::{Error, Input, codec};

/// Bytes of a header chunk that are read; the rest has palettes and names.
const MAX_HEADER: u64 = 256;

/// Nanoseconds per frame if the header says nothing: 30 frames a second, as most webcams have.
const USUAL: u64 = 33_333_333;

/// Accepted nanoseconds per frame: a thousandth of a second to a minute.
const FRAME_TIMES: std::ops::RangeInclusive<u64> = 1_000_000..=60_000_000_000;

/// The frame rate as a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    /// Units per frame.
    scale: u64,
    /// Units per second.
    rate: u64,
}

impl Rate {
    const NANOSECONDS: u64 = 1_000_000_000;

    /// The rate of a film whose headers state none: [`USUAL`].
    pub(super) const DEFAULT: Self = Self { scale: USUAL, rate: Self::NANOSECONDS };

    /// The rate in a header, if it is plausible.
    fn new(scale: u64, rate: u64) -> Option<Self> {
        let nanos = scale.checked_mul(Self::NANOSECONDS)?.checked_div(rate)?;
        FRAME_TIMES.contains(&nanos).then_some(Self { scale, rate })
    }

    pub(super) fn time(self, frame: u64) -> Duration {
        let nanos = u128::from(frame) * u128::from(self.scale) * u128::from(Self::NANOSECONDS)
            / u128::from(self.rate);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// The number of the frame that is shown at a time.
    pub(super) fn frame(self, time: Duration) -> u64 {
        let frame = time.as_nanos().saturating_mul(u128::from(self.rate))
            / (u128::from(self.scale) * u128::from(Self::NANOSECONDS));
        u64::try_from(frame).unwrap_or(u64::MAX)
    }
}

/// Content of the headers.
#[derive(Debug, Default)]
pub(super) struct Headers {
    /// The rate in the main header.
    pub(super) main: Option<Rate>,
    /// Number of streams so far.
    streams: u8,
    /// Type, handler (codec), rate and number of frames of the stream whose headers are being read.
    kind: [u8; 4],
    handler: [u8; 4],
    rate: Option<Rate>,
    frames: u64,
    pub(super) video: Option<Video>,
    /// The codec of the first video that is something else.
    pub(super) other: Option<[u8; 4]>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Video {
    pub(super) stream: u8,
    pub(super) rate: Option<Rate>,
    pub(super) frames: u64,
}

/// Reads the headers, up to the first frame.
pub(super) fn read(input: &mut Input) -> Result<Headers, Error> {
    let mut headers = Headers::default();
    loop {
        let head = input.peek(12)?;
        let (kind, Some(size)) = (four(head, 0), u32_at(head, 4)) else {
            return Err(Error::Damaged("it ends before its first frame"));
        };
        match (&kind, head.get(8..12)) {
            (b"LIST", Some(b"movi")) => {
                input.skip(12)?;
                return Ok(headers);
            }
            (b"LIST", Some(b"hdrl" | b"strl")) => {
                input.skip(12)?;
                continue;
            }
            _ if !is_chunk(Some(&kind)) => {
                return Err(Error::Damaged("its header has invalid data where a chunk should be"));
            }
            _ => input.skip(8)?,
        };
        let size = u64::from(size);
        let looked_at = if matches!(&kind, b"avih" | b"strh" | b"strf") { size.min(MAX_HEADER) } else { 0 };
        let Some(body) = input.take(looked_at as usize)? else {
            return Err(Error::Damaged("it ends before its first frame"));
        };
        headers.chunk(kind, &body);
        input.skip(size - looked_at + size % 2)?;
    }
}

impl Headers {
    fn chunk(&mut self, kind: [u8; 4], body: &[u8]) {
        let number = |at| u32_at(body, at).map_or(0, u64::from);
        match &kind {
            b"avih" => self.main = Rate::new(number(0), 1_000_000),
            b"strh" => {
                (self.kind, self.handler) = (four(body, 0), four(body, 4));
                (self.rate, self.frames) = (Rate::new(number(20), number(24)), number(32));
                self.streams = self.streams.saturating_add(1);
            }
            b"strf" if &self.kind == b"vids" || &self.kind == b"iavs" => {
                let code = if body.len() < 20 { self.handler } else { four(body, 16) };
                let is_ours =
                    codec::is_motion_jpeg(code) || (code == [0; 4] && codec::is_motion_jpeg(self.handler));
                if is_ours && self.video.is_none() && self.streams <= 100 {
                    self.video =
                        Some(Video { stream: self.streams - 1, rate: self.rate, frames: self.frames });
                } else if !is_ours {
                    self.other.get_or_insert(if &self.kind == b"iavs" { self.kind } else { code });
                }
            }
            _ => {}
        }
    }
}

/// Four characters; zeros if they are missing.
fn four(bytes: &[u8], at: usize) -> [u8; 4] {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).copied().unwrap_or_default()
}
