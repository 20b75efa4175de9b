//! The video track of a film, from its header.

use std::time::Duration;

use bytes::Bytes;

use super::{
    atom::{atom, atoms, u32_at, u64_at},
    samples::Tables,
};
use crate::film::{Error, codec};

/// Bytes of a video description before its child atoms, after size and name.
const VISUAL: usize = 78;

/// The object type of JPEG in MPEG-4.
const OBJECT_JPEG: u8 = 0x6c;

/// The track that is shown.
#[derive(Debug)]
pub(super) struct Track {
    /// Ticks per second.
    pub(super) scale: u32,
    /// Total length in ticks, if the header says so.
    pub(super) ticks: Option<u64>,
    pub(super) tables: Tables,
}

impl Track {
    /// The first track of Motion-JPEG. `length`: length of the file, if known.
    pub(super) fn find(moov: &Bytes, length: Option<u64>) -> Result<Self, Error> {
        if atom(moov, b"cmov").is_some() {
            return Err(Error::Unsupported("its header is compressed"));
        }
        let mut other = None;
        for (kind, trak) in atoms(moov) {
            let Some(media) = (kind == *b"trak").then(|| atom(&trak, b"mdia")).flatten() else { continue };
            let is_video = atom(&media, b"hdlr").is_some_and(|handler| handler.get(8..12) == Some(b"vide"));
            if !is_video {
                continue;
            }
            let stbl = atom(&media, b"minf").and_then(|info| atom(&info, b"stbl"));
            let Some(stbl) = stbl else { return Err(Error::Damaged("its video has no tables")) };
            match atom(&stbl, b"stsd").map(|description| Codec::of(&description)) {
                Some(Codec::MotionJpeg) => return Self::new(moov, &media, &stbl, length),
                Some(Codec::Other(name)) => _ = other.get_or_insert(Error::NotMotionJpeg(name)),
                Some(Codec::FormB) => {
                    let form_b = "its video is Motion-JPEG B, whose frames are not JPEGs";
                    _ = other.get_or_insert(Error::Unsupported(form_b));
                }
                None => {}
            }
        }
        Err(other.unwrap_or(Error::NoVideo))
    }

    fn new(moov: &Bytes, media: &Bytes, stbl: &Bytes, length: Option<u64>) -> Result<Self, Error> {
        let header = atom(media, b"mdhd").ok_or(Error::Damaged("its video has no header"))?;
        let (scale, ticks) = match header.first() {
            Some(1) => (u32_at(&header, 20), u64_at(&header, 24)),
            _ => (u32_at(&header, 12), u32_at(&header, 16).filter(|&ticks| ticks != u32::MAX).map(u64::from)),
        };
        let scale = scale.filter(|&scale| scale > 0).ok_or(Error::Damaged("its video has no time scale"))?;
        let tables = Tables::new(|kind| atom(stbl, kind), length);
        let tables = tables.ok_or(Error::Damaged("a table of its video is missing"))?;
        if tables.count() == 0 && atom(moov, b"mvex").is_some() {
            return Err(Error::Unsupported("it is fragmented"));
        }
        Ok(Self { scale, ticks: ticks.filter(|&ticks| ticks > 0 && ticks < u64::MAX), tables })
    }

    pub(super) fn time(&self, ticks: u64) -> Duration {
        let nanos = u128::from(ticks) * 1_000_000_000 / u128::from(self.scale);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

enum Codec {
    MotionJpeg,
    FormB,
    Other(String),
}

impl Codec {
    /// The codec in the first sample description.
    fn of(descriptions: &Bytes) -> Self {
        let first = atoms(&descriptions.slice(descriptions.len().min(8)..)).next();
        let Some((code, body)) = first else { return Self::Other("of an unknown kind".into()) };
        match &code {
            b"mjpb" => Self::FormB,
            b"mp4v" if is_jpeg(&body) => Self::MotionJpeg,
            _ if codec::is_motion_jpeg(code) => Self::MotionJpeg,
            _ => Self::Other(codec::name(code)),
        }
    }
}

/// Whether an MPEG-4 description means JPEG, as FFmpeg writes it into MP4.
fn is_jpeg(description: &Bytes) -> bool {
    let inside = description.slice(description.len().min(VISUAL)..);
    let Some(esds) = atom(&inside, b"esds") else { return false };
    let mut rest = esds.get(4..).unwrap_or_default();
    // A stream descriptor, which contains a decoder descriptor.
    let open = |rest: &mut &[u8], wanted: u8| {
        let Some((&tag, behind)) = rest.split_first() else { return false };
        *rest = behind;
        for _ in 0..4 {
            let Some((&size, behind)) = rest.split_first() else { return false };
            *rest = behind;
            if size < 0x80 {
                break;
            }
        }
        tag == wanted
    };
    if !open(&mut rest, 3) {
        return false;
    }
    rest = rest.get(3..).unwrap_or_default();
    open(&mut rest, 4) && rest.first() == Some(&OBJECT_JPEG)
}
