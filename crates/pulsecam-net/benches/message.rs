//! Micro-benchmarks of the cost per message in user space: `cargo bench --bench message`.
//!
//! For whole streams, see `pulsecam bench fanout`.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails says where")]

use bytes::{Buf, Bytes, BytesMut};
use divan::Bencher;
use pulsecam_net::{
    clock::Timestamp,
    queue::ConflatingQueue,
    wire::{Codec, DEFAULT_MAX_MESSAGE, FrameInfo, Heartbeat, Message, QString, Reader, Side},
};

/// Frame sizes in bytes: a small one, and those of 1280x720 and 1920x1080 at quality 80.
const FRAMES: [usize; 3] = [10_000, 184_000, 334_000];

fn main() {
    divan::main();
}

fn info() -> FrameInfo {
    let at = |micros: u64| Some(Timestamp::from_micros(1_763_900_000_000_000 + micros));
    FrameInfo::default()
        .with_stream("ann@desk")
        .with_seq(123_456)
        .with_captured(at(0))
        .with_encoded(at(2_200))
        .with(|info| {
            info.sent = at(2_210);
            info.offset = Some(-1_234);
            info.within = Some(40);
            info.out = Some(123_400);
        })
}

fn frame(bytes: usize) -> Bytes {
    let message = Message::video(vec![0x5a; bytes].into(), &info()).unwrap();
    let mut buf = message.to_buf();
    buf.copy_to_bytes(buf.remaining())
}

/// Reads as a relay does: one call, one buffer, no copy.
#[divan::bench(args = FRAMES)]
fn read(bencher: Bencher<'_, '_>, bytes: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let stream = frame(bytes).repeat(3);
    bencher.bench_local(|| {
        runtime.block_on(async {
            let mut reader = Reader::new(stream.as_slice(), Codec::new(DEFAULT_MAX_MESSAGE));
            while let Some(message) = reader.next().await.unwrap() {
                divan::black_box(message);
            }
        });
    });
}

/// Decodes as `tokio_util` drives a codec: from the caller's buffer, with one copy that `read` avoids.
#[divan::bench(args = FRAMES)]
fn decode(bencher: Bencher<'_, '_>, bytes: usize) {
    let wire = frame(bytes);
    bencher
        .with_inputs(|| (Codec::new(DEFAULT_MAX_MESSAGE), BytesMut::from(&wire[..])))
        .bench_local_values(|(mut codec, mut buffer)| codec.decode(&mut buffer).unwrap());
}

#[divan::bench]
fn describe_frame() -> String {
    divan::black_box(info()).to_string()
}

#[divan::bench]
fn read_description(bencher: Bencher<'_, '_>) {
    let description = QString::from(info().to_string().as_str());
    bencher.bench(|| FrameInfo::parse(divan::black_box(&description)));
}

#[divan::bench]
fn answer_heartbeat(bencher: Bencher<'_, '_>) {
    let t1 = Some(Timestamp::from_micros(1_763_900_000_000_000));
    let asked = Heartbeat::default()
        .with(|beat| {
            beat.t1 = t1;
            beat.views = Some(false);
        })
        .to_message(Side::Client);
    bencher.bench(|| {
        let Heartbeat { t1, .. } = Heartbeat::parse(divan::black_box(&asked).description());
        Heartbeat::default()
            .with(|beat| {
                beat.t1 = t1;
                beat.t2 = t1;
                beat.t3 = t1;
            })
            .to_message(Side::Relay)
    });
}

/// Replaces a waiting frame, with this number of senders, and takes the next one.
#[divan::bench(args = [1, 4, 64])]
fn hand_over(bencher: Bencher<'_, '_>, senders: u64) {
    let mut lanes = ConflatingQueue::new(1 << 20);
    let message = Message::video(Bytes::from_static(b"jpeg"), &info()).unwrap();
    (0..senders).for_each(|sender| _ = lanes.push_latest(sender, message.clone()));
    let mut sender = 0;
    bencher.bench_local(|| {
        sender = (sender + 1) % senders;
        lanes.push_latest(sender, message.clone());
        lanes.pop()
    });
}
