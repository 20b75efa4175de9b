use std::{
    io::{PipeWriter, Write},
    time::Duration,
};

use bytes::Bytes;

use super::*;

/// The skeleton of a JPEG with `body` as entropy-coded data.
fn jpeg(body: &[u8]) -> Vec<u8> {
    [b"\xff\xd8\xff\xe0\0\x08JFIF\0\x01\xff\xda\0\x02", body, b"\xff\xd9"].concat()
}

fn live(fps: Option<f64>) -> (LiveSource, PipeWriter) {
    let (reader, writer) = io::pipe().unwrap();
    (LiveSource::stdin(Box::new(reader), fps).unwrap(), writer)
}

/// The remaining pictures, with their frame numbers.
fn rest(source: &mut LiveSource) -> Vec<(u64, Bytes)> {
    let jpeg = |frame: Frame| match frame.data {
        FrameData::Jpeg(jpeg) => (frame.seq, jpeg),
        FrameData::Picture(_) => panic!("not a JPEG"),
    };
    std::iter::from_fn(|| source.next_frame().unwrap().map(jpeg)).collect()
}

#[test]
fn a_burst_is_handed_on_whole_and_byte_for_byte_and_damage_leaves_a_gap() {
    let (mut source, mut writer) = live(None);
    let torn = jpeg(b"torn");
    let torn = &torn[..torn.len() - 3];
    writer.write_all(&[&jpeg(b"a"), torn, &jpeg(b"b"), &jpeg(b"c")].concat()).unwrap();
    drop(writer);
    assert_eq!(rest(&mut source), [(0, jpeg(b"a").into()), (2, jpeg(b"b").into()), (3, jpeg(b"c").into())]);
    assert_eq!((source.losses().damaged, source.passed_over()), (1, 0));
    assert!(source.next_frame().unwrap().is_none());
}

#[test]
fn who_comes_late_gets_the_newest_with_the_time_at_which_it_came() {
    const PICTURES: u8 = 40;
    let (mut source, mut writer) = live(None);
    let mut written = Vec::new();
    for number in 0..PICTURES {
        writer.write_all(&jpeg(&[number; 20_000])).unwrap();
        written.push(Timestamp::now());
        thread::sleep(Duration::from_millis(25)); // longer than a burst
    }
    // 800 kB, far more than a pipe holds: all of it was read.
    let first = source.next_frame().unwrap().unwrap();
    assert!(source.passed_over() >= u64::from(PICTURES) - 3, "{}", source.passed_over());
    assert_eq!(first.seq, 0, "dropped pictures are not losses");
    let came = usize::try_from(source.passed_over()).unwrap();
    let off = first.captured.as_micros().abs_diff(written[came].as_micros());
    assert!(off < 1_000_000, "the time is that of its arrival, not of the call: {off} µs off");
    drop(writer);
    assert!(rest(&mut source).len() < 3);
}

#[test]
fn what_brings_no_picture_ends_with_what_it_brought() {
    let end = |bytes: &[u8]| {
        let (mut source, mut writer) = live(None);
        writer.write_all(bytes).unwrap();
        drop(writer);
        let error = source.next_frame().unwrap_err();
        assert!(error.is_final() && source.next_frame().unwrap().is_none(), "{error}");
        error.to_string()
    };
    assert_eq!(end(b""), "standard input ended before the first picture: 0 bytes");
    assert_eq!(
        end(b"no camera here\nreally\n"),
        "standard input ended before the first picture: 22 bytes (text, \"no camera here\")"
    );
    let png = end(b"\x89PNG\r\n\x1a\n and much more");
    assert!(png.contains("a PNG picture") && png.contains("ffmpeg -f png_pipe"), "{png}");
    let torn = jpeg(b"torn");
    assert!(end(&torn[..torn.len() - 2]).contains("damaged"));
}

#[test]
fn a_pipe_that_cannot_be_read_says_why() {
    struct Broken(Vec<u8>);
    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            if count > 0 { Ok(count) } else { Err(io::Error::other("the cable is out")) }
        }
    }
    let mut source = LiveSource::stdin(Box::new(Broken(jpeg(b"one"))), None).unwrap();
    assert!(source.next_frame().unwrap().is_some(), "what came before is returned");
    let error = source.next_frame().unwrap_err();
    assert!(error.is_final() && error.to_string().contains("the cable is out"), "{error}");
    let mut missing = LiveSource::open(Path::new("/nowhere/fifo"), None).unwrap();
    assert!(missing.next_frame().unwrap_err().to_string().contains("/nowhere/fifo"));
}
