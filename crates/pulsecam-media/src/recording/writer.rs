//! Writing a Matroska file: cluster by cluster, valid after each.

use std::io::{self, Seek, SeekFrom, Write};

use bytes::{BufMut, Bytes, BytesMut};
use mkv_element::{
    ClusterBlock,
    io::blocking_impl::WriteTo,
    prelude::{
        Cluster, CodecId, CueClusterPosition, CuePoint, CueTime, CueTrack, CueTrackPositions, Cues, DocType,
        DocTypeReadVersion, DocTypeVersion, Duration, Ebml, EbmlMaxIdLength, EbmlMaxSizeLength, Element,
        FlagLacing, Header, Info, MuxingApp, Name, PixelHeight, PixelWidth, SeekHead, SeekId, SeekPosition,
        Segment, SimpleBlock, Timestamp, TimestampScale, Title, TrackEntry, TrackNumber, TrackType, TrackUid,
        Tracks, VInt64, Video, WritingApp,
    },
};

use super::timeline::TICK;
use crate::sanitize;

/// The most ticks in a cluster, a second: what a crash may cost. Times within a cluster have 16 bits.
const CLUSTER_TICKS: u64 = 1_000_000 / TICK;

/// The most bytes of a cluster, which is kept in memory until it is written.
const CLUSTER_BYTES: usize = 8 << 20;

/// Bytes reserved before the tracks for the position of the index and the duration, known at the end.
const RESERVED: usize = 512;

/// The most index entries; a day has one for each second.
const MOST_CUES: usize = 100_000;

/// The one track.
const TRACK: u64 = 1;

/// The flag of a block that can be decoded without any other.
const KEY_FRAME: u8 = 0x80;

const PROGRAM: &str = concat!("pulsecam ", env!("CARGO_PKG_VERSION"));

/// An output that can be written, overwritten in the reserved part, and truncated if writing fails.
pub(super) trait Sink: Write + Seek {
    /// Truncates to `length`.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Sink for std::fs::File {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// A file being written.
pub(super) struct Writer<S> {
    sink: S,
    title: String,
    /// Where the segment's content begins: index positions are relative to it.
    segment: u64,
    /// Length of the valid part of the file.
    whole: u64,
    cluster: Option<Pending>,
    cues: Vec<CuePoint>,
    last: u64,
    frames: u64,
}

/// A cluster that is not written yet.
struct Pending {
    begin: u64,
    bytes: usize,
    blocks: Vec<ClusterBlock>,
}

fn other(error: mkv_element::Error) -> io::Error {
    match error {
        mkv_element::Error::Io(error) => error,
        other => io::Error::other(other),
    }
}

impl<S: Sink> Writer<S> {
    /// Begins a file of frames of about this size.
    pub(super) fn begin(sink: S, title: &str, size: (usize, usize)) -> io::Result<Self> {
        // A peer's text, which players and file lists print.
        let title = sanitize::line(title).into_owned();
        let mut writer = Self {
            sink,
            title: title.clone(),
            segment: 0,
            whole: 0,
            cluster: None,
            cues: Vec::new(),
            last: 0,
            frames: 0,
        };
        let mut head = beginning()?;
        writer.segment = head.len() as u64;
        head.extend(writer.reserved(None)?);
        tracks(&title, size).write_to(&mut head).map_err(other)?;
        writer.sink.write_all(&head)?;
        writer.sink.flush()?;
        writer.whole = head.len() as u64;
        Ok(writer)
    }

    /// Frames that are in the file, or will be with the next cluster.
    pub(super) const fn frames(&self) -> u64 {
        self.frames
    }

    /// Adds a frame. Ticks must increase.
    pub(super) fn frame(&mut self, tick: u64, jpeg: &Bytes) -> io::Result<()> {
        let full = |pending: &Pending| {
            tick.saturating_sub(pending.begin) >= CLUSTER_TICKS || pending.bytes + jpeg.len() > CLUSTER_BYTES
        };
        if self.cluster.as_ref().is_some_and(full) {
            self.write_cluster()?;
        }
        let begin = |tick| Pending { begin: tick, bytes: 0, blocks: Vec::new() };
        let pending = self.cluster.get_or_insert_with(|| begin(tick));
        let within = i16::try_from(tick.saturating_sub(pending.begin)).unwrap_or(i16::MAX);
        pending.bytes += jpeg.len();
        pending.blocks.push(ClusterBlock::Simple(block(within, jpeg)));
        self.last = tick;
        self.frames += 1;
        Ok(())
    }

    /// Writes the pending cluster, although no frame came since.
    pub(super) fn rest(&mut self) -> io::Result<()> {
        self.write_cluster()
    }

    fn write_cluster(&mut self) -> io::Result<()> {
        let Some(Pending { begin, blocks, .. }) = self.cluster.take() else { return Ok(()) };
        let frames = blocks.len() as u64;
        let cluster = Cluster { timestamp: Timestamp(begin), blocks, ..Cluster::default() };
        let mut bytes = Vec::new();
        cluster.write_to(&mut bytes).map_err(other)?;
        let position = self.whole - self.segment;
        if let Err(error) = self.append(&bytes) {
            self.frames -= frames;
            return Err(error);
        }
        if self.cues.len() < MOST_CUES {
            let at = CueTrackPositions {
                cue_track: CueTrack(TRACK),
                cue_cluster_position: CueClusterPosition(position),
                ..CueTrackPositions::default()
            };
            let cue =
                CuePoint { cue_time: CueTime(begin), cue_track_positions: vec![at], ..CuePoint::default() };
            self.cues.push(cue);
        }
        Ok(())
    }

    /// Appends all of these bytes, or none.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.sink.write_all(bytes).and_then(|()| self.sink.flush()) {
            // Removes the incomplete end, so that what was written before plays.
            self.sink.cut(self.whole)?;
            self.sink.seek(SeekFrom::Start(self.whole))?;
            return Err(error);
        }
        self.whole += bytes.len() as u64;
        Ok(())
    }

    /// Writes the last cluster, the index, and the duration. `why`: an earlier write error; then only the
    /// reserved part is written, which takes no more space. An error comes with the number of frames in the
    /// file.
    pub(super) fn finish(mut self, why: Option<io::Error>) -> Result<u64, (u64, io::Error)> {
        let mut failed = why;
        let mut index = None;
        if failed.is_none() {
            match self.write_cluster().and_then(|()| self.write_index()) {
                Ok(at) => index = Some(at),
                Err(error) => failed = Some(error),
            }
        }
        let ended = self.write_reserved(index);
        match failed.or(ended.err()) {
            Some(error) => Err((self.frames, error)),
            None => Ok(self.whole),
        }
    }

    /// Writes the index and returns its position in the segment.
    fn write_index(&mut self) -> io::Result<u64> {
        let at = self.whole - self.segment;
        let mut bytes = Vec::new();
        let cues = Cues { cue_point: std::mem::take(&mut self.cues), ..Cues::default() };
        cues.write_to(&mut bytes).map_err(other)?;
        self.append(&bytes)?;
        Ok(at)
    }

    fn write_reserved(&mut self, index: Option<u64>) -> io::Result<()> {
        let reserved = self.reserved(Some(index))?;
        self.sink.seek(SeekFrom::Start(self.segment))?;
        self.sink.write_all(&reserved)?;
        self.sink.flush()
    }

    /// The reserved part before the tracks, always of the same length. At the end with the duration and the
    /// position of the index.
    fn reserved(&self, end: Option<Option<u64>>) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if let Some(Some(index)) = end {
            let id = Bytes::copy_from_slice(&(Cues::ID.as_encoded() as u32).to_be_bytes());
            let seek = mkv_element::prelude::Seek {
                crc32: None,
                void: None,
                seek_id: SeekId(id),
                seek_position: SeekPosition(index),
            };
            SeekHead { seek: vec![seek], ..SeekHead::default() }.write_to(&mut bytes).map_err(other)?;
        }
        let duration = end.map(|_| Duration((self.last + 1) as f64));
        info(&self.title, duration).write_to(&mut bytes).map_err(other)?;
        // A void element's head takes two bytes, three for a longer element.
        let room =
            RESERVED.checked_sub(bytes.len() + 3).ok_or_else(|| io::Error::other("the title is too long"))?;
        bytes.extend([0xec, 0x40 | (room >> 8) as u8, (room & 0xff) as u8]);
        bytes.resize(RESERVED, 0);
        Ok(bytes)
    }
}

/// The beginning of every file.
fn beginning() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let ebml = Ebml {
        ebml_max_id_length: EbmlMaxIdLength(4),
        ebml_max_size_length: EbmlMaxSizeLength(8),
        doc_type: Some(DocType("matroska".into())),
        doc_type_version: Some(DocTypeVersion(4)),
        doc_type_read_version: Some(DocTypeReadVersion(2)),
        ..Ebml::default()
    };
    ebml.write_to(&mut bytes).map_err(other)?;
    // Of unknown size, because the content is not known yet.
    Header { id: Segment::ID, size: VInt64::new_unknown() }.write_to(&mut bytes).map_err(other)?;
    Ok(bytes)
}

fn info(title: &str, duration: Option<Duration>) -> Info {
    Info {
        timestamp_scale: TimestampScale(TICK * 1_000),
        duration,
        title: Some(Title(title.chars().take(60).collect())),
        muxing_app: MuxingApp(PROGRAM.into()),
        writing_app: WritingApp(PROGRAM.into()),
        ..Info::default()
    }
}

fn block(within: i16, jpeg: &Bytes) -> SimpleBlock {
    let mut block = BytesMut::with_capacity(4 + jpeg.len());
    block.put_u8(0x80 | TRACK as u8);
    block.put_i16(within);
    block.put_u8(KEY_FRAME);
    block.put_slice(jpeg);
    SimpleBlock(block.freeze())
}

/// Writer for a pipe. Elements have unknown size, and each frame is complete by itself, so that a reader sees
/// it at once.
pub(super) struct PipeWriter {
    /// The time of the current cluster.
    begin: Option<u64>,
    head: Vec<u8>,
}

impl PipeWriter {
    /// Begins a stream of frames of about this size.
    pub(super) fn begin(title: &str, size: (usize, usize)) -> io::Result<Self> {
        let title = sanitize::line(title);
        let mut head = beginning()?;
        info(&title, None).write_to(&mut head).map_err(other)?;
        tracks(&title, size).write_to(&mut head).map_err(other)?;
        Ok(Self { begin: None, head })
    }

    /// Returns the bytes of the next frame. Ticks must increase.
    pub(super) fn frame(&mut self, tick: u64, jpeg: &Bytes) -> io::Result<Vec<u8>> {
        let mut bytes = std::mem::take(&mut self.head);
        let begin = match self.begin {
            Some(begin) if tick.saturating_sub(begin) < CLUSTER_TICKS => begin,
            _ => {
                Header { id: Cluster::ID, size: VInt64::new_unknown() }
                    .write_to(&mut bytes)
                    .map_err(other)?;
                Timestamp(tick).write_to(&mut bytes).map_err(other)?;
                self.begin = Some(tick);
                tick
            }
        };
        let within = i16::try_from(tick.saturating_sub(begin)).unwrap_or(i16::MAX);
        block(within, jpeg).write_to(&mut bytes).map_err(other)?;
        Ok(bytes)
    }
}

fn tracks(title: &str, (width, height): (usize, usize)) -> Tracks {
    let video = Video {
        pixel_width: PixelWidth(width as u64),
        pixel_height: PixelHeight(height as u64),
        ..Video::default()
    };
    let track = TrackEntry {
        track_number: TrackNumber(TRACK),
        track_uid: TrackUid(TRACK),
        track_type: TrackType(1),
        flag_lacing: FlagLacing(0),
        name: Some(Name(title.to_owned())),
        codec_id: CodecId("V_MJPEG".into()),
        video: Some(video),
        ..TrackEntry::default()
    };
    Tracks { track_entry: vec![track], ..Tracks::default() }
}
