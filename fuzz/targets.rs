//! Fuzz targets: plain functions of bytes, which must not panic, hang, or violate their assertions. libFuzzer
//! runs them (`fuzz_targets/`, `make fuzz`), and `tests/corpus.rs` replays its findings in every test run.

#[path = "cluster.rs"]
mod cluster;
#[path = "relay.rs"]
mod relay;
#[path = "web.rs"]
mod web;

use std::{
    io::{self, Cursor},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use pulsecam_media::{
    capture::jpegs,
    film::{self, Demuxer, Input},
    jpeg::{
        self, Coding, DecodeLimits, Decoder, Length, Repaired, Repairer, Scale, Strips,
        marker::{EndScanner, Scan},
    },
    picture::Canvas,
    still,
};
use pulsecam_wire::{Codec, Error, FrameInfo, Heartbeat, Message, OtherRelays, QString, Reader, Side};
use tokio::io::{AsyncRead, ReadBuf};

pub use self::{
    cluster::{about, link, seal},
    relay::relay,
    web::{mjpeg, request, websocket},
};

/// A target.
pub type Target = fn(&[u8]);

/// All targets, by the names of their corpora.
pub const TARGETS: [(&str, Target); 17] = [
    ("about", about),
    ("avi", film),
    ("codec", codec),
    ("descriptions", descriptions),
    ("jpeg", jpeg),
    ("link", link),
    ("matroska", film),
    ("mjpeg", mjpeg),
    ("quicktime", film),
    ("relay", relay),
    ("repair", repair),
    ("request", request),
    ("seal", seal),
    ("splitter", splitter),
    ("still", still),
    ("strips", strips),
    ("websocket", websocket),
];

/// The largest message that the codec accepts: small, so that the limit is reached often.
const MAX_MESSAGE: u32 = 1 << 14;

/// The most pixels per side that are decoded; more take time without reaching new code.
const MAX_SIDE: usize = 256;

/// The most frames of a film that are read: its tables may name the same bytes again and again.
const MAX_FRAMES: usize = 2_000;

/// Messages, and the text of the error that ended them, since errors cannot be compared.
type Taken = (Vec<Message>, String);

/// A stream: the same messages and the same error come out however it is chunked, through the codec and
/// through the reader.
pub fn codec(data: &[u8]) {
    let Some((&seed, stream)) = data.split_first() else { return };
    let whole = decoded([stream].into_iter());
    for message in &whole.0 {
        let (bytes, mut again) = (wire_bytes(message), Codec::new(MAX_MESSAGE));
        assert_eq!(bytes.len(), message.wire_len());
        assert!(stream.windows(bytes.len()).any(|window| window == bytes), "as it came");
        let parsed = again.decode(&mut BytesMut::from(&bytes[..])).expect("accepted once, accepted again");
        assert_eq!(parsed.as_ref(), Some(message));
    }
    let mut size = Sizes(seed);
    assert_eq!(decoded(Chunks(stream, size.clone())), whole, "in chunks");
    assert_eq!(read(Drip(stream, size.next())), whole, "through the reader");
}

/// Descriptions: what is parsed can be written and parsed again.
pub fn descriptions(data: &[u8]) {
    let units: Vec<_> = data.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]])).collect();
    let description = QString::from_utf16(&units);
    let info = FrameInfo::parse(&description);
    assert_eq!(FrameInfo::parse(&QString::from(info.to_string().as_str())), info);
    let heartbeat = Heartbeat::parse(&description);
    for side in [Side::Client, Side::Relay] {
        let message = heartbeat.to_message(side);
        assert_eq!(Heartbeat::parse(message.description()), heartbeat);
    }
    if let Some(others) = OtherRelays::of(&description) {
        assert!(others.iter().count() <= OtherRelays::MOST && others.iter().all(str::is_ascii));
        let message = heartbeat.to_message_with(Side::Relay, &others);
        assert_eq!(OtherRelays::of(message.description()), Some(others));
        assert_eq!(Heartbeat::parse(message.description()), heartbeat);
    }
}

/// A picture: its end is found however it is chunked, and decoding gives pixels or an error.
pub fn jpeg(data: &[u8]) {
    let whole = EndScanner::default().finish(data);
    let mut growing = EndScanner::default();
    let found = (0..=data.len()).map(|end| growing.scan(&data[..end])).find(|scan| *scan != Scan::More);
    assert_eq!(found.unwrap_or_else(|| growing.finish(data)), whole);
    assert_eq!(
        jpeg::trimmed(data).map(<[u8]>::len),
        if let Scan::End(end) = whole { Some(end) } else { None }
    );
    for length in [Length::Told, Length::Unknown] {
        if let Ok(Repaired::Whole(whole)) = jpeg::repair(data, length) {
            assert!(jpeg::header(&data[..whole]).is_ok());
        }
    }
    let Ok(header) = jpeg::header(data) else { return };
    if header.width > MAX_SIDE || header.height > MAX_SIDE {
        return;
    }
    for scale in [Scale::Full, Scale::Half] {
        let mut decoder = Decoder::new().expect("a decoder can be created");
        if let Ok(decoded) = decoder.decode(data, scale, Canvas::default()) {
            let Canvas { width, height, pixels } = decoded.canvas;
            assert_eq!(pixels.len(), width * height);
        }
    }
}

/// A still picture of any format.
///
/// It is named and shown at the requested size. What is sent of it can be shown by all viewers, and stays the
/// same when sent again.
pub fn still(data: &[u8]) {
    if let Err(error) = still::Format::of(data) {
        assert!(!error.to_string().is_empty());
    }
    let _ = still::extension(data);
    let Ok(look) = still::inspect(data) else { return };
    if look.size.0 > MAX_SIDE || look.size.1 > MAX_SIDE {
        return;
    }
    let (size, limits) = ((look.size.0.div_ceil(2), look.size.1.div_ceil(2)), DecodeLimits::default());
    if let Ok(canvas) = still::display(data, size, limits, Strips::Off) {
        assert_eq!((canvas.width, canvas.height, canvas.pixels.len()), (size.0, size.1, size.0 * size.1));
    }
    let Ok(sent) = still::outgoing(Bytes::copy_from_slice(data), 80, None) else { return };
    let header = jpeg::header(&sent.jpeg).expect("a JPEG");
    assert_eq!((header.width, header.height), look.size, "upright");
    assert_eq!(Coding::of(&sent.jpeg).ok(), Some(Coding::default()));
    let again = still::outgoing(sent.jpeg.clone(), 80, None).expect("sent once, can be sent again");
    assert_eq!(again.jpeg, sent.jpeg);
}

/// A film in any container.
///
/// It is refused, or gives frames to its end, wherever seeking moves; also from a pipe, as far as possible.
pub fn film(data: &[u8]) {
    let bytes = data.to_vec();
    let Ok(mut film) = film::open(Input::file(Cursor::new(bytes.clone())).expect("memory can be read"))
    else {
        return;
    };
    let read = |film: &mut dyn Demuxer| -> Vec<_> {
        std::iter::from_fn(|| film.next_frame().expect("memory can be read")).take(MAX_FRAMES).collect()
    };
    let length = film.length().expect("memory can be read");
    let frames = read(film.as_mut());
    assert!(frames.iter().all(|(_, frame)| frame.len() <= film::MAX_FRAME));
    let damaged = film.damaged();
    for to in [Duration::ZERO, Duration::from_millis(500), length.unwrap_or(Duration::MAX)] {
        film.seek(to).expect("memory supports seeking");
        film.next_frame().expect("memory can be read");
    }
    assert!(film.damaged() >= damaged, "what was counted stays counted");
    if let Ok(mut film) = film::open(Input::pipe(Cursor::new(bytes))) {
        let mut count = 0;
        while count < MAX_FRAMES && film.next_frame().is_ok_and(|frame| frame.is_some()) {
            count += 1;
        }
    }
}

/// A damaged picture: a repaired one decodes and needs no second repair.
pub fn repair(data: &[u8]) {
    if jpeg::header(data).is_ok_and(|header| header.width > MAX_SIDE || header.height > MAX_SIDE) {
        return;
    }
    let decode = |jpeg: &[u8]| {
        let decoded =
            Decoder::new().expect("a decoder can be created").decode(jpeg, Scale::Eighth, Canvas::default());
        decoded.map(|decoded| decoded.canvas)
    };
    for length in [Length::Told, Length::Unknown] {
        for mut repairer in [Repairer::default(), Repairer::default().with_cuts()] {
            match repairer.repair(data, length) {
                Ok(Repaired::Whole(whole)) => assert!(data[..whole].ends_with(&[0xff, 0xd9])),
                Ok(Repaired::Mended { jpeg, flaw, .. }) => {
                    assert!(jpeg.starts_with(&[0xff, 0xd8, 0xff]) && jpeg.ends_with(&[0xff, 0xd9]));
                    let decoded = decode(&jpeg);
                    assert!(decoded.is_ok() || flaw.is_none(), "{decoded:?}");
                    let again = repairer.repair(&jpeg, Length::Told).expect("what was repaired is a picture");
                    assert_eq!(again, Repaired::Whole(jpeg.len()));
                }
                Err(_) => {}
            }
        }
    }
}

/// A stream: the same pictures come out however it is chunked, each from its start marker to its end marker,
/// none twice.
pub fn splitter(data: &[u8]) {
    let Some((&seed, stream)) = data.split_first() else { return };
    let taken = |reader: &mut dyn io::Read| {
        let mut jpegs = jpegs(reader, "fuzz");
        let found: Vec<_> = jpegs.by_ref().map_while(Result::ok).collect();
        (found, jpegs.losses())
    };
    let whole = taken(&mut { stream });
    let (found, losses) = &whole;
    for jpeg in found {
        assert!(jpeg.starts_with(&[0xff, 0xd8, 0xff]) && jpeg.ends_with(&[0xff, 0xd9]));
    }
    let added = losses.repaired as usize * 2 + found.len() * 420;
    assert!(found.iter().map(bytes::Bytes::len).sum::<usize>() <= stream.len() + added);
    assert_eq!(taken(&mut Slow(stream, Sizes(seed))), whole, "in chunks");
}

/// A picture in strips: each piece is a picture of its own, together they cover the whole.
pub fn strips(data: &[u8]) {
    let Ok(header) = jpeg::header(data) else { return };
    if header.width > MAX_SIDE || header.height > MAX_SIDE {
        return;
    }
    if let Some(pieces) = jpeg::split(data, 4) {
        let mut top = 0;
        for piece in &pieces {
            assert_eq!(piece.top, top);
            top += piece.height;
            let mut own = Vec::new();
            piece.write(&mut own);
            let own = jpeg::header(&own).expect("a piece is a picture");
            assert_eq!((own.width, own.height), (header.width, piece.height));
        }
        assert_eq!(top, header.height);
    }
    let decode = |strips| {
        let decoder = Decoder::new().expect("a decoder can be created");
        decoder.with_strips(strips).decode(data, Scale::Full, Canvas::default())
    };
    let (one, many) = (decode(Strips::Off), decode(Strips::Count(3)));
    match (one, many) {
        (Ok(one), Ok(many)) => {
            assert_eq!((one.canvas.width, one.canvas.height), (many.canvas.width, many.canvas.height));
            // A few extra bytes in a piece give no warning (`Decoder::with_strips`).
            assert!(one.warning.is_some() || many.warning.is_none(), "{:?}", many.warning);
        }
        (one, many) => assert_eq!(one.is_err(), many.is_err(), "strips fail only if one thread does"),
    }
}

fn wire_bytes(message: &Message) -> Vec<u8> {
    let chain = message.to_buf();
    [&chain.first_ref()[..], &chain.last_ref()[..]].concat()
}

fn decoded<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Taken {
    let (mut codec, mut buffer, mut messages) = (Codec::new(MAX_MESSAGE), BytesMut::new(), Vec::new());
    for chunk in chunks {
        buffer.extend_from_slice(chunk);
        loop {
            match codec.decode(&mut buffer) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, error.to_string()),
            }
        }
    }
    match codec.decode_eof(&mut buffer) {
        Ok(_) => (messages, String::new()),
        Err(error) => (messages, error.to_string()),
    }
}

fn read(drip: Drip<'_>) -> Taken {
    let (mut reader, mut messages) = (Reader::new(drip, Codec::new(MAX_MESSAGE)), Vec::new());
    let mut context = Context::from_waker(Waker::noop());
    loop {
        // `Drip` is always ready.
        let Poll::Ready(next) = pin!(reader.next()).poll(&mut context) else { panic!("it waits") };
        match next {
            Ok(Some(message)) => messages.push(message),
            Ok(None) => return (messages, String::new()),
            Err(Error::Io(error)) => panic!("{error}"),
            Err(error) => return (messages, error.to_string()),
        }
    }
}

/// A sequence of sizes from 1 to 64, from a seed.
#[derive(Clone)]
struct Sizes(u8);

impl Sizes {
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_mul(5).wrapping_add(89);
        usize::from(self.0 >> 2) + 1
    }
}

/// A slice in chunks.
struct Chunks<'a>(&'a [u8], Sizes);

impl<'a> Iterator for Chunks<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let size = self.1.next().min(self.0.len());
        let (chunk, rest) = self.0.split_at(size);
        self.0 = rest;
        (!chunk.is_empty()).then_some(chunk)
    }
}

/// A reader that gives a few bytes at a time.
struct Slow<'a>(&'a [u8], Sizes);

impl io::Read for Slow<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let size = self.1.next().min(to.len());
        self.0.read(&mut to[..size])
    }
}

/// An async reader that gives a few bytes at a time.
struct Drip<'a>(&'a [u8], usize);

impl AsyncRead for Drip<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let size = self.1.min(self.0.len()).min(to.remaining());
        let (now, rest) = self.0.split_at(size);
        to.put_slice(now);
        self.0 = rest;
        Poll::Ready(Ok(()))
    }
}
