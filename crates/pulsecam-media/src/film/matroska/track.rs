//! The video track of a Matroska file, and how its frames are stored.

use std::io::Read;

use bytes::{BufMut, Bytes, BytesMut};

use super::element::{element, elements, id, unsigned};
use crate::film::{Error, MAX_FRAME, codec};

/// Offset of the compression in a Windows bitmap header.
const FOURCC_AT: usize = 16;

/// The type of a video track.
const VIDEO: u64 = 1;

/// The most encodings that may be combined. No known program uses two.
const MAX_ENCODINGS: usize = 4;

/// The track that is shown.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) number: u64,
    /// Nanoseconds per frame, if all frames take the same time.
    pub(super) frame_time: u64,
    /// The encodings of its frames, the last one first.
    encodings: Vec<Encoding>,
}

/// An encoding of stored frames.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Encoding {
    Zlib,
    /// These bytes were removed from the start of each frame.
    Stripped(Bytes),
}

impl Track {
    /// The first track of Motion-JPEG.
    pub(super) fn find(tracks: &Bytes) -> Result<Self, Error> {
        let mut others = Vec::new();
        for entry in elements(tracks).filter(|(name, _)| *name == id::TRACK_ENTRY).map(|(_, entry)| entry) {
            let codec_id = element(&entry, id::CODEC_ID).unwrap_or_default();
            let codec_id =
                String::from_utf8_lossy(codec_id.trim_ascii_end()).trim_end_matches('\0').to_owned();
            let private = element(&entry, id::CODEC_PRIVATE).unwrap_or_default();
            // As in an AVI or a QuickTime file.
            let code: Option<[u8; 4]> = match codec_id.as_str() {
                "V_MS/VFW/FOURCC" => private.get(FOURCC_AT..).and_then(|code| code.first_chunk().copied()),
                "V_QUICKTIME" => private.get(4..).and_then(|code| code.first_chunk().copied()),
                _ => None,
            };
            if codec_id == "V_MJPEG" || code.is_some_and(codec::is_motion_jpeg) {
                return Self::new(&entry);
            }
            let is_video = element(&entry, id::TRACK_TYPE).and_then(|kind| unsigned(&kind)) == Some(VIDEO);
            if is_video && others.len() < 8 {
                others.push(code.map_or_else(|| codec::matroska_name(&codec_id), codec::name));
            }
        }
        Err(if others.is_empty() { Error::NoVideo } else { Error::NotMotionJpeg(others.join(", ")) })
    }

    fn new(entry: &Bytes) -> Result<Self, Error> {
        let number = element(entry, id::TRACK_NUMBER).and_then(|number| unsigned(&number));
        let number = number.ok_or(Error::Damaged("its video has no number"))?;
        let frame_time = element(entry, id::DEFAULT_DURATION).and_then(|time| unsigned(&time)).unwrap_or(0);
        let mut encodings = Vec::new();
        let list = element(entry, id::ENCODINGS).unwrap_or_default();
        for (_, encoding) in elements(&list).filter(|(name, _)| *name == id::ENCODING).take(MAX_ENCODINGS) {
            let number =
                |name, usual| element(&encoding, name).map_or(Some(usual), |number| unsigned(&number));
            // Bit 0 means that frames are encoded; the others concern data of the track.
            if number(id::ENCODING_SCOPE, 1).is_some_and(|scope| scope & 1 == 0) {
                continue;
            }
            if number(id::ENCODING_TYPE, 0) != Some(0) {
                return Err(Error::Unsupported("its video is encrypted"));
            }
            let settings = element(&encoding, id::COMPRESSION).unwrap_or_default();
            let algorithm =
                element(&settings, id::COMPRESSION_ALGORITHM).map_or(Some(0), |number| unsigned(&number));
            let stored = match algorithm {
                Some(0) => Encoding::Zlib,
                Some(1) => return Err(Error::Unsupported("its video is compressed with bzlib")),
                Some(2) => return Err(Error::Unsupported("its video is compressed with LZO")),
                Some(3) => {
                    Encoding::Stripped(element(&settings, id::COMPRESSION_SETTINGS).unwrap_or_default())
                }
                _ => return Err(Error::Unsupported("its video is compressed in an unknown way")),
            };
            encodings.push((number(id::ENCODING_ORDER, 0).unwrap_or(0), stored));
        }
        encodings.sort_by_key(|(order, _)| std::cmp::Reverse(*order));
        Ok(Self {
            number,
            frame_time,
            encodings: encodings.into_iter().map(|(_, encoding)| encoding).collect(),
        })
    }

    /// Decodes a stored frame; `None` if it is damaged, or larger than a frame may be.
    pub(super) fn decode(&self, stored: Bytes) -> Option<Bytes> {
        self.encodings.iter().try_fold(stored, |frame, encoding| match encoding {
            Encoding::Stripped(start) => {
                let mut whole = BytesMut::with_capacity(start.len() + frame.len());
                whole.put_slice(start);
                whole.put_slice(&frame);
                Some(whole.freeze())
            }
            Encoding::Zlib => {
                let mut whole = Vec::new();
                let mut decoder = flate2::read::ZlibDecoder::new(frame.as_ref()).take(MAX_FRAME as u64 + 1);
                decoder.read_to_end(&mut whole).ok()?;
                (whole.len() <= MAX_FRAME).then(|| whole.into())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
        [id, &[0x40 | (body.len() >> 8) as u8, body.len() as u8], body].concat()
    }

    fn track(encodings: &[u8]) -> Result<Track, Error> {
        let parts = [
            element(&[0xd7], &[7]),
            element(&[0x83], &[1]),
            element(&[0x86], b"V_MJPEG"),
            element(&[0x6d, 0x80], encodings),
        ];
        Track::find(&element(&[0xae], &parts.concat()).into())
    }

    fn encoding(order: u8, scope: u8, kind: u8, compression: &[u8]) -> Vec<u8> {
        let parts = [
            element(&[0x50, 0x31], &[order]),
            element(&[0x50, 0x32], &[scope]),
            element(&[0x50, 0x33], &[kind]),
            element(&[0x50, 0x34], compression),
        ];
        element(&[0x62, 0x40], &parts.concat())
    }

    fn algorithm(number: u8) -> Vec<u8> {
        element(&[0x42, 0x54], &[number])
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn stored_frames_come_out_as_they_were() {
        let plain = track(&[]).unwrap();
        assert_eq!((plain.number, plain.decode(Bytes::from_static(b"frame"))), (7, Some("frame".into())));
        let stripped = [algorithm(3), element(&[0x42, 0x55], b"\xff\xd8")].concat();
        let stripped = encoding(0, 1, 0, &stripped);
        assert_eq!(track(&stripped).unwrap().decode("rest".into()).unwrap(), &b"\xff\xd8rest"[..]);
        // The default is zlib.
        for compression in [algorithm(0), Vec::new()] {
            let zlibbed = track(&encoding(0, 1, 0, &compression)).unwrap();
            assert_eq!(zlibbed.decode(zlib(b"frame").into()).unwrap(), "frame");
            assert_eq!(zlibbed.decode(zlib(b"frame")[..5].to_vec().into()), None);
            assert_eq!(zlibbed.decode("none".into()), None);
        }
        let both = track(&[stripped, encoding(1, 1, 0, &algorithm(0))].concat()).unwrap();
        assert_eq!(both.decode(zlib(b"rest").into()).unwrap(), &b"\xff\xd8rest"[..], "the last first");
        let private = track(&encoding(0, 2, 1, &[])).unwrap();
        assert_eq!(private.decode("frame".into()).unwrap(), "frame", "does not concern frames");
    }

    #[test]
    fn a_small_frame_that_grows_without_end_is_none() {
        let track = track(&encoding(0, 1, 0, &algorithm(0))).unwrap();
        assert!(track.decode(zlib(&vec![0; MAX_FRAME]).into()).is_some());
        assert_eq!(track.decode(zlib(&vec![0; MAX_FRAME + 1]).into()), None);
    }

    #[test]
    fn what_cannot_be_undone_is_named() {
        for (encoding, word) in [
            (encoding(0, 1, 0, &algorithm(1)), "bzlib"),
            (encoding(0, 1, 0, &algorithm(2)), "LZO"),
            (encoding(0, 1, 0, &algorithm(9)), "unknown"),
            (encoding(0, 1, 1, &[]), "encrypted"),
        ] {
            let error = track(&encoding).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains("ffmpeg"), "{error}");
        }
    }
}
