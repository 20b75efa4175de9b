//! Tests of the line writer: a reader that is slow, stuck or gone, or a full disk.

use std::sync::mpsc;

use super::*;

/// A writer into a channel, one message per write.
fn writer() -> (LineWriter, mpsc::Receiver<Vec<u8>>) {
    let (seen, written) = mpsc::channel();
    let write = move |bytes: &[u8]| {
        seen.send(bytes.to_vec()).unwrap();
        Ok(bytes.len())
    };
    (LineWriter::new(write, |lost| format!("{lost} lost"), |_| ()), written)
}

fn text(written: &mpsc::Receiver<Vec<u8>>) -> String {
    String::from_utf8(written.try_iter().flatten().collect()).unwrap()
}

#[test]
fn every_line_comes_out_in_order_before_the_end() {
    let (writer, written) = writer();
    let sender = writer.sender();
    let lines: Vec<String> = (0..1000).map(|number| format!("line {number}\n")).collect();
    for line in &lines {
        sender.send(line.as_bytes());
    }
    assert_eq!(writer.end(Instant::now()), Drained::Well);
    let pieces: Vec<_> = written.try_iter().collect();
    assert!(pieces.iter().all(|piece| piece.ends_with(b"\n") && piece.len() <= PIECE), "whole lines only");
    assert_eq!(String::from_utf8(pieces.concat()).unwrap(), lines.concat());
}

#[test]
fn a_line_that_is_longer_than_a_piece_is_written_alone() {
    let long = [vec![b'x'; PIECE], b"\n".to_vec()].concat();
    let lines = [b"short\n".as_slice(), &long, b"short\n"].concat();
    assert_eq!(piece(&lines), b"short\n");
    let (_, rest) = lines.split_at(6);
    assert_eq!(piece(rest), long);
    assert_eq!(piece(b"no end"), b"no end");
    assert_eq!(piece(&long[..PIECE]), &long[..PIECE], "as much of a line as there is");
}

/// A writer whose reader takes nothing until the test lets it.
fn stuck() -> (LineWriter, mpsc::Receiver<Vec<u8>>, mpsc::Sender<()>) {
    let (seen, written) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let write = move |bytes: &[u8]| {
        seen.send(bytes.to_vec()).unwrap();
        let _ = wait.recv();
        Ok(bytes.len())
    };
    (LineWriter::new(write, |lost| format!("{lost} lost"), |_| ()), written, go)
}

#[test]
fn a_stuck_reader_delays_nothing_and_learns_where_it_missed_lines() {
    let (writer, written, go) = stuck();
    let sender = writer.sender();
    sender.send(b"first\n");
    assert_eq!(written.recv().unwrap(), b"first\n");
    let line = [vec![b'x'; 1023], b"\n".to_vec()].concat();
    // Bytes that the thread has taken count too.
    for _ in 0..WAITING / line.len() + 7 {
        sender.send(&line);
    }
    // A short line would fit, but would cost another line with the count.
    sender.send(b"short\n");
    sender.send_last(b"summary\n");
    drop(go);
    assert_eq!(writer.end(Instant::now()), Drained::Well);
    let rest = text(&written);
    let kept = (WAITING - "first\n".len()) / line.len();
    assert_eq!(rest.len(), kept * line.len() + "9 lost\nsummary\n".len());
    assert!(rest.ends_with("x\n9 lost\nsummary\n"), "the notice is where the lines are missing");
}

#[test]
fn nothing_follows_the_final_line() {
    let (writer, written, go) = stuck();
    let sender = writer.sender();
    sender.send(b"first\n");
    sender.send_final(b"the reason\n");
    sender.clone().send(b"a link that ends\n");
    sender.send_last(b"summary\n");
    drop(go);
    writer.end(Instant::now());
    assert_eq!(text(&written), "first\nthe reason\n");
}

#[test]
fn the_end_waits_a_moment_for_a_reader_that_takes_nothing() {
    let (writer, _written, _go) = stuck();
    writer.sender().send(b"line\n");
    let long_ago = Instant::now().checked_sub(SLOW_LIMIT).unwrap();
    assert_eq!(writer.end(long_ago), Drained::Well, "it comes back");
    assert_eq!(writer.end(Instant::now()), Drained::Well, "so it does within the limit");
}

#[test]
fn a_reader_that_comes_back_at_the_end_gets_the_last_word() {
    let (writer, written, go) = stuck();
    let sender = writer.sender();
    sender.send(b"first\n");
    assert_eq!(written.recv().unwrap(), b"first\n");
    sender.send_last(b"summary\n");
    thread::spawn(move || {
        thread::sleep(END_LIMIT / 4);
        drop(go);
    });
    writer.end(Instant::now());
    assert_eq!(text(&written), "summary\n");
}

/// A writer whose writes have these results in turn.
fn failing(
    results: impl IntoIterator<Item = io::Result<usize>> + Send + 'static,
) -> (LineWriter, mpsc::Receiver<Vec<u8>>, mpsc::Receiver<String>) {
    let (seen, written) = mpsc::channel();
    let (tell, told) = mpsc::channel();
    let mut results: Vec<_> = results.into_iter().collect();
    let write = move |bytes: &[u8]| {
        let result = if results.is_empty() { Ok(bytes.len()) } else { results.remove(0) };
        if let Ok(written) = &result {
            seen.send(bytes[..*written].to_vec()).unwrap();
        }
        result
    };
    let failed = move |error: &io::Error| tell.send(error.to_string()).unwrap();
    (LineWriter::new(write, |lost| format!("{lost} lost"), failed), written, told)
}

#[test]
fn a_reader_that_is_gone_ends_the_writing_and_is_no_failure() {
    let (writer, written, told) = failing([Err(io::ErrorKind::BrokenPipe.into())]);
    let sender = writer.sender();
    sender.send(b"line\n");
    while !writer.over().is_cancelled() {
        thread::sleep(PAUSE);
    }
    assert!(sender.is_over());
    sender.send(b"another\n");
    assert_eq!(writer.end(Instant::now()), Drained::ReaderGone);
    assert_eq!((text(&written), told.try_recv().ok()), (String::new(), None));
}

#[test]
fn a_full_disk_is_reported_once_and_the_line_continues_where_it_stopped() {
    let full = || Err(io::ErrorKind::StorageFull.into());
    let (writer, written, told) = failing([Ok(3)].into_iter().chain((0..100).map(move |_| full())));
    writer.sender().send(b"a line\n");
    let reason = told.recv().unwrap();
    assert!(writer.over().is_cancelled());
    // At the end, there is one more attempt, and the disk is still full.
    assert_eq!(writer.end(Instant::now()), Drained::Failed(reason));
    assert_eq!((text(&written).as_str(), told.try_recv().ok()), ("a l", None));

    let (writer, written, told) = failing([Ok(3), full()]);
    writer.sender().send(b"a line\n");
    let reason = told.recv().unwrap();
    assert_eq!(writer.end(Instant::now()), Drained::Failed(reason), "it was not always well");
    assert_eq!(text(&written), "a line\n", "there is room again");
}

#[test]
fn a_write_of_zero_bytes_is_a_failure() {
    let (writer, _written, _told) = failing([Ok(0), Ok(0), Ok(0)]);
    writer.sender().send(b"line\n");
    assert!(matches!(writer.end(Instant::now()), Drained::Failed(_)));
}
