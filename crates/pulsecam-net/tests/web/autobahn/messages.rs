//! Messages in fragments, texts, and large messages.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_5_fragments() {
    // A message in fragments, with a ping after some of them.
    let with_ping = |number: &'static str, piece| {
        let whole = message(number, 100);
        let (begin, end) = whole.split_at(50);
        let frames = [frame(BINARY, begin), frame(FIN | PING, b"ping payload"), frame(FIN, end), bye()];
        Case::new(number, frames, NORMAL).passes([100]).answers(&[b"ping payload"]).in_pieces(piece)
    };
    let in_two = |number: &'static str, piece| {
        let whole = message(number, 100);
        let frames: Vec<_> = fragments(&whole, 50).chain([bye()]).collect();
        Case::new(number, frames, NORMAL).passes([100]).in_pieces(piece)
    };
    // A good message after a fragment that continues nothing.
    let nothing_to_continue = |number: &'static str, last, piece| {
        let good = frame(FIN | BINARY, &message(number, 100));
        Case::new(number, [frame(last | CONTINUE, b"non-continuation payload"), good], PROTOCOL)
            .in_pieces(piece)
    };
    let twice = |number: &'static str, last| {
        let whole = message(number, 100);
        let one = [frame(last | CONTINUE, b"fragment1")].into_iter().chain(fragments(&whole, 50));
        let one: Vec<_> = one.collect();
        Case::new(number, [one.clone(), one].concat(), PROTOCOL)
    };
    let five = |number: &'static str, piece| {
        let whole = message(number, 100);
        let mut frames: Vec<_> = fragments(&whole, 20).chain([bye()]).collect();
        frames.insert(4, frame(FIN | PING, b"pongme 2!"));
        frames.insert(2, frame(FIN | PING, b"pongme 1!"));
        let pongs: [&[u8]; 2] = [b"pongme 1!", b"pongme 2!"];
        Case::new(number, frames, NORMAL).passes([100]).answers(&pongs).in_pieces(piece)
    };
    let whole = message("5.15", 100);
    let more = [frame(CONTINUE, b"fragment3"), frame(FIN | BINARY, &whole)];
    let of_two = message("5.18", 100);
    run([
        Case::new("5.1", [frame(PING, b"fragment1"), frame(FIN, b"fragment2")], PROTOCOL),
        Case::new("5.2", [frame(PONG, b"fragment1"), frame(FIN, b"fragment2")], PROTOCOL),
        in_two("5.3", usize::MAX),
        in_two("5.4", 56), // a frame
        in_two("5.5", 1),
        with_ping("5.6", usize::MAX),
        with_ping("5.7", 56),
        with_ping("5.8", 1),
        nothing_to_continue("5.9", FIN, usize::MAX),
        nothing_to_continue("5.10", FIN, 30),
        nothing_to_continue("5.11", FIN, 1),
        nothing_to_continue("5.12", 0, usize::MAX),
        nothing_to_continue("5.13", 0, 30),
        nothing_to_continue("5.14", 0, 1),
        Case::new("5.15", fragments(&whole, 50).chain(more), PROTOCOL).passes([100]),
        twice("5.16", 0),
        twice("5.17", FIN),
        Case::new("5.18", [frame(BINARY, &of_two[..50]), frame(FIN | BINARY, &of_two[50..])], PROTOCOL),
        five("5.19", usize::MAX),
        five("5.20", 26),
    ])
    .await;
}

/// Texts mean nothing here, so nobody decodes them: the first byte of one ends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_6_texts() {
    let valid = "Hello-µ@ßöäüàá-UTF-8!!".as_bytes();
    let wrong = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80\x65\x64\x69\x74\x65\x64";
    let whole = |number, text: &[u8]| Case::new(number, [frame(FIN | TEXT, text)], UNSUPPORTED);
    let parts = |number, begin: &[u8], end: &[u8]| {
        let frames = [frame(TEXT, begin), frame(CONTINUE, end), frame(FIN | CONTINUE, b"")];
        Case::new(number, frames, UNSUPPORTED)
    };
    run([
        whole("6.1.1", b""),
        parts("6.1.2", b"", b""),
        parts("6.1.3", b"", b"middle frame payload"),
        whole("6.2.1", valid),
        parts("6.2.2", &valid[..12], &valid[12..]),
        whole("6.2.3", valid).in_pieces(1),
        whole("6.3.1", wrong),
        whole("6.3.2", wrong).in_pieces(1),
        parts("6.4.1", &wrong[..12], b"\xf4\x90\x80\x80edited"),
        parts("6.4.2", &wrong[..12], b"\xf4"),
        whole("6.5.1", "κόσμε".as_bytes()),
        whole("6.6.2", b"\xce"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_9_and_10_large_messages() {
    const MIB: usize = 1 << 20;
    let whole = |number: String, size, piece| {
        let frames = [frame(FIN | BINARY, &message(&number, size)), bye()];
        Case::new(number, frames, NORMAL).passes([size]).in_pieces(piece)
    };
    let parts = |number: String, size, part| {
        let frames: Vec<_> = fragments(&message(&number, size), part).chain([bye()]).collect();
        Case::new(number, frames, NORMAL).passes([size])
    };
    let sizes = [64 << 10, 256 << 10, MIB, 4 * MIB, 8 * MIB, 16 * MIB].into_iter().enumerate();
    let cases = sizes.map(|(index, size)| whole(format!("9.2.{}", index + 1), size, usize::MAX));
    let of = [64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, MIB, 4 * MIB].into_iter().enumerate();
    let cases = cases.chain(of.map(|(index, part)| parts(format!("9.4.{}", index + 1), 4 * MIB, part)));
    let pieces = [64, 128, 256, 512, 1024, 2048].into_iter().enumerate();
    let cases = cases.chain(pieces.map(|(index, piece)| whole(format!("9.6.{}", index + 1), MIB, piece)));
    // The smallest message of the wire is longer than Autobahn's smallest.
    let small = [64, 256, 1 << 10, 4 << 10].into_iter().enumerate();
    let cases = cases.chain(small.map(|(index, size)| {
        let number = format!("9.8.{}", index + 3);
        let frames = std::iter::repeat_n(frame(FIN | BINARY, &message(&number, size)), 1_000).chain([bye()]);
        Case::new(number, frames, NORMAL).passes([size; 1_000])
    }));
    run(cases.chain([parts("10.1.1".into(), 65_536, 1_300)])).await;
}
