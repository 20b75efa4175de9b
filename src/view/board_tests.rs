//! The board's states, each at its own time.

use super::*;
use crate::view::look::{frame, image};

const SECOND: Duration = Duration::from_secs(1);

fn text(text: &str) -> Update {
    Update::Text { sender: Some("ann".into()), text: text.into() }
}

fn show(board: &mut Board, stream: &str, seq: u64, now: Instant) {
    board.apply(Update::Frame(frame(stream, seq, 8, 8)), now);
}

#[test]
fn an_empty_window_says_what_it_waits_for() {
    let now = Instant::now();
    let mut board = Board::new("relay:6868");
    assert_eq!(board.headline(now).0, "connecting to relay:6868");
    board.apply(Update::Link(LinkState::Up { rtt: None }), now);
    assert_eq!(board.headline(now), ("waiting for frames from relay:6868".into(), Tone::Good));
    let down = LinkState::Down { why: "no answer".into(), retry_at: now + 2 * SECOND };
    board.apply(Update::Link(down), now);
    assert_eq!(board.headline(now), ("reconnecting in 2 s: no answer".into(), Tone::Bad));
    assert_eq!(board.headline(now + SECOND / 2).0, "reconnecting in 2 s: no answer");
    assert_eq!(board.headline(now + 2 * SECOND).0, "reconnecting to relay:6868: no answer");
    board.apply(Update::Link(LinkState::Refused { why: "full".into() }), now);
    assert_eq!(board.headline(now).0, "relay:6868 refused: full");
}

#[test]
fn a_countdown_is_repainted_each_time_its_number_changes() {
    let now = Instant::now();
    let mut board = Board::new("relay");
    assert_eq!(board.next_change(now), None, "an idle window sleeps");
    let retry_at = now + 2 * SECOND + SECOND / 4;
    board.apply(Update::Link(LinkState::Down { why: String::new(), retry_at }), now);
    let mut at = now;
    let mut numbers = vec![seconds_until(retry_at, at)];
    while let Some(next) = board.next_change(at) {
        assert!(next > at);
        at = next;
        numbers.push(seconds_until(retry_at, at));
    }
    assert_eq!(numbers, [3, 2, 1, 0]);
}

#[test]
fn a_cut_link_freezes_every_picture_at_once() {
    let now = Instant::now();
    let mut board = Board::new("relay");
    board.apply(Update::Link(LinkState::Up { rtt: None }), now);
    show(&mut board, "a", 0, now);
    let soon = now + SECOND / 10;
    assert_eq!(board.frozen(&board.streams[0], soon), None);
    board.apply(Update::Link(LinkState::Down { why: "reset".into(), retry_at: now }), now);
    assert_eq!(board.frozen(&board.streams[0], soon), Some(SECOND / 10));
}

#[test]
fn a_silent_stream_dims_then_goes_and_its_totals_stay() {
    let now = Instant::now();
    let mut board = Board::new("relay");
    show(&mut board, "a", 0, now);
    show(&mut board, "a", 3, now);
    show(&mut board, "b", 0, now + 9 * SECOND);
    board.expire(now + 9 * SECOND);
    assert_eq!(board.frozen(&board.streams[0], now + 9 * SECOND), Some(9 * SECOND));
    board.expire(now + 10 * SECOND);
    assert_eq!(board.streams.len(), 1);
    board.apply(Update::Left { stream: "b".into() }, now);
    assert!(board.streams.is_empty());
    let counts = Counts { shown: 2, replaced: 0, lost: 2 };
    assert_eq!(board.totals()[0], Total { stream: "a".into(), counts });
    assert_eq!(board.totals().len(), 2);
}

#[test]
fn messages_go_after_their_time_and_the_last_few_stay() {
    let now = Instant::now();
    let mut board = Board::new("relay");
    for number in 0..MOST_MESSAGES + 2 {
        board.apply(text(&number.to_string()), now);
    }
    assert_eq!(board.messages.len(), MOST_MESSAGES);
    assert_eq!(board.messages[0].text, "2");
    assert_eq!(board.next_change(now), Some(now + MESSAGE_STAYS));
    board.apply(Update::Notice("saved".into()), now);
    board.expire(now + NOTICE_STAYS);
    assert!(board.messages.iter().all(|message| !message.notice));
    board.expire(now + MESSAGE_STAYS);
    assert!(board.messages.is_empty());
}

#[test]
fn keys_do_what_the_help_says() {
    let now = Instant::now();
    let mut board = Board::new("relay");
    assert!(board.obey(Command::Save).is_empty());
    show(&mut board, "a", 0, now);
    board.obey(Command::Pause);
    show(&mut board, "a", 1, now);
    let Action::Snapshot { seq, jpeg, .. } = &board.obey(Command::Save)[0] else { panic!("no snapshot") };
    assert_eq!((*seq, jpeg), (Some(0), &board.streams[0].frame.jpeg), "what is seen is what is saved");
    board.obey(Command::Pause);
    assert_eq!(board.streams[0].frame.seq, Some(1));

    board.apply(Update::Image(image("ann", 20, 10)), now);
    assert!(
        matches!(&board.obey(Command::Save)[..], [Action::SaveImage { sender: Some(name), .. }] if name == "ann")
    );
    board.obey(Command::Help);
    board.obey(Command::Dismiss);
    assert!(!board.help && board.card.is_some(), "the panel on top goes first");
    board.obey(Command::Dismiss);
    assert!(board.card.is_none());
}

#[test]
fn made_up_names_do_not_fill_the_memory() {
    let now = Instant::now();
    let mut board = Board::new("relay");
    for number in 0..1_000 {
        show(&mut board, &number.to_string(), 0, now);
    }
    assert_eq!(board.streams.len(), MOST_STREAMS);
}

#[test]
fn short_times_are_readable() {
    let shown = |micros| millis(Duration::from_micros(micros));
    assert_eq!(shown(420), "0.4 ms");
    assert_eq!(shown(9_960), "10 ms");
    assert_eq!(shown(12_400), "12 ms");
    assert_eq!(shown(12_000_000), "12 s");
}
