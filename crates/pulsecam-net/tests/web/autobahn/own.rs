//! What Autobahn does not try.

use pulsecam_net::wire::{Codec, Reader, close_reason_text};

use super::*;

/// A header with this length, whatever follows it.
fn header(first: u8, length: u64) -> Vec<u8> {
    [&[first, 0x80 | 127][..], &length.to_be_bytes(), &MASK].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_masks_and_wrong_lengths() {
    let whole = message("longer", 100);
    let unmasked = [&[FIN | BINARY, 100][..], &whole].concat();
    let longer = [&whole[..], b"more"].concat();
    let two = [&whole[..], &whole].concat();
    run([
        Case::new("no mask", [unmasked], PROTOCOL),
        Case::new("no mask, ping", [vec![FIN | PING, 0]], PROTOCOL),
        Case::new("no mask, close", [vec![FIN | CLOSE, 0]], PROTOCOL),
        Case::new("64 bits", [header(FIN | BINARY, 1 << 63)], PROTOCOL),
        Case::new("64 bits, ping", [header(FIN | PING, u64::MAX)], PROTOCOL),
        Case::new("shorter than its size", [frame(FIN | BINARY, &whole[..99])], INVALID),
        Case::new("longer than its size", [frame(FIN | BINARY, &longer)], INVALID),
        Case::new("two messages", [frame(FIN | BINARY, &two)], INVALID),
        Case::new("nothing in three parts", [frame(BINARY, b""), frame(0, b""), frame(FIN, b"")], INVALID),
    ])
    .await;
}

/// A length is believed by nobody: a message that is too large is refused by its first bytes.
#[tokio::test]
async fn a_message_over_the_limit_is_refused_before_it_comes() {
    let small = |config: &mut pulsecam_net::relay::Config| config.max_message = 1_000;
    let server = Server::start(with_web().with(small)).await;
    let (mut stream, _) = open(server.addr, "").await;
    let begin: Vec<u8> =
        1_000_000_u32.to_be_bytes().iter().zip(MASK).map(|(byte, mask)| byte ^ mask).collect();
    stream.write_all(&[header(FIN | BINARY, 1_000_004), begin].concat()).await.unwrap();
    let outcome = outcome(stream, "over the limit").await;
    let mut reader = Reader::new(&outcome.messages[0][..], Codec::new(1_000));
    let farewell = reader.next().await.unwrap().unwrap();
    assert!(close_reason_text(&farewell).unwrap().contains("1000000"), "it says why");
    server.stop().await;
}

/// Pings of a client that reads no answers: the last one that finds room is enough.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_pings_fills_nothing() {
    const PINGS: u32 = 100_000;
    let server = Server::start_apart(with_web()).await;
    let mut witness = Bare::connect(server.addr).await;
    let (mut stream, _) = open(server.addr, "").await;
    let pings: Vec<Vec<u8>> = (0..PINGS)
        .map(|number| frame(FIN | PING, &[&number.to_be_bytes()[..], &[7; 121]].concat()))
        .collect();
    let after = message("after", 100);
    let all = [pings.concat(), frame(FIN | BINARY, &after), bye()].concat();
    timeout(PATIENCE, stream.write_all(&all)).await.expect("the relay reads on").unwrap();
    assert_eq!(witness.receive().await.wire_len(), 100, "the others go on, and so does it");
    let Outcome { pongs, code, .. } = outcome(stream, "flood").await;
    let answered: Vec<&[u8]> = pongs.iter().map(|pong| &pong[..4]).collect();
    assert!(!answered.is_empty() && answered.is_sorted() && pongs.iter().all(|pong| pong.len() == 125));
    assert!(answered.len() < PINGS as usize, "sockets hold less than that");
    assert!(code.is_none_or(|code| code == NORMAL));
    server.stop().await;
}

/// Compression would hold each frame back; a browser that offers it does without.
#[tokio::test]
async fn extensions_are_not_agreed_on() {
    let server = Server::start(with_web()).await;
    let (_stream, head) = open(server.addr, "Sec-WebSocket-Extensions: permessage-deflate\r\n").await;
    assert!(!head.to_lowercase().contains("sec-websocket-extensions"), "{head}");
    server.stop().await;
}
