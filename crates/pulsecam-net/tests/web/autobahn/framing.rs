//! Headers, pings, and what is reserved.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_1_framing() {
    let sizes = [0, 125, 126, 127, 128, 65_535, 65_536, 65_536];
    let pieces = |index| if index == 7 { 997 } else { usize::MAX };
    let texts = sizes.into_iter().enumerate().map(|(index, size)| {
        let frames = [frame(FIN | TEXT, &vec![b'*'; size])];
        Case::new(format!("1.1.{}", index + 1), frames, UNSUPPORTED).in_pieces(pieces(index))
    });
    // A message of the wire is never empty.
    let empty = Case::new("1.2.1", [frame(FIN | BINARY, b"")], INVALID);
    let binary = sizes.into_iter().enumerate().skip(1).map(|(index, size)| {
        let number = format!("1.2.{}", index + 1);
        let frames = [frame(FIN | BINARY, &message(&number, size)), bye()];
        Case::new(number, frames, NORMAL).passes([size]).in_pieces(pieces(index))
    });
    run(texts.chain([empty]).chain(binary)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_2_pings_and_pongs() {
    let ping = |payload: &[u8]| frame(FIN | PING, payload);
    let unasked = frame(FIN | PONG, b"unsolicited pong payload");
    let binary = b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff";
    let ten: Vec<String> = (0..10).map(|number| format!("payload-{number}")).collect();
    let ten: Vec<&[u8]> = ten.iter().map(String::as_bytes).collect();
    let pings = || ten.iter().map(|payload| ping(payload)).chain([bye()]);
    run([
        Case::new("2.1", [ping(b""), bye()], NORMAL).answers(&[b""]),
        Case::new("2.2", [ping(b"Hello, world!"), bye()], NORMAL).answers(&[b"Hello, world!"]),
        Case::new("2.3", [ping(binary), bye()], NORMAL).answers(&[binary]),
        Case::new("2.4", [ping(&[0xfe; 125]), bye()], NORMAL).answers(&[&[0xfe; 125]]),
        Case::new("2.5", [ping(&[0xfe; 126])], PROTOCOL),
        Case::new("2.6", [ping(&[0xfe; 125]), bye()], NORMAL).answers(&[&[0xfe; 125]]).in_pieces(1),
        Case::new("2.7", [frame(FIN | PONG, b""), bye()], NORMAL),
        Case::new("2.8", [unasked.clone(), bye()], NORMAL),
        Case::new("2.9", [unasked, ping(b"ping payload"), bye()], NORMAL).answers(&[b"ping payload"]),
        Case::new("2.10", pings(), NORMAL).answers(&ten),
        Case::new("2.11", pings(), NORMAL).answers(&ten).in_pieces(1),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_3_and_4_reserved_bits_and_types() {
    let ping = || frame(FIN | PING, b"");
    let good = |number: &str| frame(FIN | BINARY, &message(number, 100));
    // After a good message, a bad frame, and a ping that is no longer answered.
    let third = |number: &'static str, bad: Vec<u8>, piece| {
        Case::new(number, [good(number), bad, ping()], PROTOCOL).passes([100]).in_pieces(piece)
    };
    let reserved = |bits: u8, number| frame(FIN | bits << 4 | BINARY, &message(number, 100));
    run([
        Case::new("3.1", [frame(FIN | 1 << 4 | TEXT, b"Hello, world!")], PROTOCOL),
        third("3.2", reserved(2, "3.2"), usize::MAX),
        third("3.3", reserved(3, "3.3"), 100),
        third("3.4", reserved(4, "3.4"), 1),
        Case::new("3.5", [reserved(5, "3.5")], PROTOCOL),
        Case::new("3.6", [frame(FIN | 6 << 4 | PING, b"Hello, world!")], PROTOCOL),
        Case::new("3.7", [frame(FIN | 7 << 4 | CLOSE, b"")], PROTOCOL),
        Case::new("4.1.1", [frame(FIN | 3, b"")], PROTOCOL),
        Case::new("4.1.2", [frame(FIN | 4, b"reserved opcode payload")], PROTOCOL),
        third("4.1.3", frame(FIN | 5, b""), usize::MAX),
        third("4.1.4", frame(FIN | 6, b"Hello, world!"), usize::MAX),
        third("4.1.5", frame(FIN | 7, b"Hello, world!"), 1),
        Case::new("4.2.1", [frame(FIN | 11, b"")], PROTOCOL),
        Case::new("4.2.2", [frame(FIN | 12, b"reserved opcode payload")], PROTOCOL),
        third("4.2.3", frame(FIN | 13, b""), usize::MAX),
        third("4.2.4", frame(FIN | 14, b"Hello, world!"), usize::MAX),
        third("4.2.5", frame(FIN | 15, b"Hello, world!"), 1),
    ])
    .await;
}
