//! Tests of what waits for another relay.

use super::*;
use crate::{transport::PolledWriter, wire::MessageKind};

fn outlet() -> (Arc<Outlet>, Mailbox) {
    Outlet::new(RelayId::from_bits(1), Arc::new(Memory::new(1 << 20)))
}

fn text(number: usize) -> Message {
    Message::new(MessageKind::Text, number.to_string().as_str().into(), None).unwrap()
}

/// What the link's task writes until nothing waits: the numbers of ordered messages, and 0 for a note.
fn written(outlet: &Outlet, mailbox: &mut Mailbox) -> Vec<u64> {
    let mut written = Vec::new();
    while let Some(taken) = mailbox.try_recv().unwrap() {
        match taken.item {
            Outgoing::Note => written.push(0),
            Outgoing::Ordered => {
                if let Some(message) = outlet.next() {
                    outlet.started(&message);
                    written.push(Mark::cut(&message).unwrap().0.number);
                }
            }
            Outgoing::Frame(..) => {}
        }
    }
    written
}

#[tokio::test]
async fn a_new_connection_begins_with_a_note_and_what_is_not_confirmed() {
    let (outlet, mut mailbox) = outlet();
    (0..3).for_each(|number| outlet.ordered(9, &text(number)));
    assert_eq!(written(&outlet, &mut mailbox), [1, 2, 3]);
    outlet.confirmed(1);
    assert_eq!(written(&outlet, &mut mailbox), [0; 0], "the others are under way");
    outlet.set_viewers(4);
    outlet.disconnected();
    assert!(!outlet.wants_frames());
    outlet.ordered(9, &text(3));
    let writer = Arc::new(MessageWriter::new(Box::new(PolledWriter::new(tokio::io::sink()))));
    outlet.connected(&writer);
    assert_eq!(written(&outlet, &mut mailbox), [0, 2, 3, 4]);
    outlet.confirmed(4);
    assert_eq!(outlet.next(), None);
}

#[tokio::test]
async fn a_report_says_how_late_the_other_relay_gets_frames() {
    let (outlet, _mailbox) = outlet();
    let came = clock::now();
    outlet.forwarded(7, &text(0), came);
    outlet.forwarded(8, &text(0), came);
    assert_eq!(outlet.report(7, came), None);
    outlet.reported((1, 0), Some(Timestamp::from_micros(1)));
    let report = outlet.report(7, clock::now()).unwrap();
    assert_eq!((report.median.lost, report.rate), (0, None));
    assert_eq!(outlet.report(8, came), None, "it has not come");
    // A frame that waits, and a newer one of the same client.
    outlet.frame(7, &text(1), came);
    outlet.frame(7, &text(2), came);
    assert_eq!(outlet.report(7, came).unwrap().median.lost, 100);
}

#[test]
fn what_waits_for_a_relay_that_cannot_be_reached_is_not_its_senders_memory() {
    let (outlet, _mailbox) = outlet();
    let image = |bytes| {
        let payload = Some(bytes::Bytes::from(vec![7; bytes]));
        Message::new(MessageKind::Image, "x".into(), payload).unwrap()
    };
    outlet.ordered(9, &image(100_000));
    let held = || outlet.memory.for_links(0).map(|held| held.bytes());
    assert!(held().is_some_and(|held| held > 100_000));
    // A quarter of the relay's memory, then no more.
    outlet.ordered(9, &image(200_000));
    outlet.ordered(9, &image(10_000));
    let status = outlet.status();
    assert_eq!((status.waiting.0, status.dropped), (2, 1));
    assert!(held().is_some_and(|held| held < 1 << 18));
}

#[test]
fn what_is_under_way_when_a_link_breaks_becomes_the_links_memory() {
    let (outlet, _mailbox) = outlet();
    *lock(&outlet.writer) =
        Some(Arc::new(MessageWriter::new(Box::new(PolledWriter::new(tokio::io::sink())))));
    outlet.ordered(9, &Message::new(MessageKind::Text, "x".into(), Some(vec![0; 500].into())).unwrap());
    let held = || outlet.memory.for_links(0).map(|held| held.bytes());
    assert_eq!(held(), Some(0));
    outlet.disconnected();
    assert!(held().is_some_and(|held| held > 500));
}

#[test]
fn an_item_that_the_socket_did_not_take_is_not_lost() {
    let (outlet, mut mailbox) = outlet();
    outlet.ordered(9, &text(0));
    let taken = mailbox.try_recv().unwrap().unwrap();
    assert!(outlet.next().is_some());
    mailbox.requeue(taken);
    outlet.ordered(9, &text(1));
    assert_eq!(written(&outlet, &mut mailbox), [1, 2]);
}

#[test]
fn connections_that_have_ended_are_told_once_and_none_is_forgotten() {
    let (outlet, _mailbox) = outlet();
    let gone = |numbers: &[u64]| {
        let mut gone = Departed::default();
        numbers.iter().for_each(|number| _ = gone.add(*number));
        gone
    };
    outlet.departed(gone(&[1, 2]));
    let telling = outlet.gone();
    outlet.departed(gone(&[3]));
    outlet.told(telling);
    assert_eq!(outlet.gone(), gone(&[3]));
    outlet.told(gone(&[3]));
    assert!(outlet.gone().is_empty());
}
