//! A driver that fails at every possible point, triggered by vivid's buttons. Each time the picture comes
//! back, the program keeps running, and the log reports it once.

use super::{program::Sending, viewer::Viewer, vivid::Vivid};

fn streaming() -> (Vivid, Viewer, Sending) {
    let vivid = Vivid::ready();
    let mut viewer = Viewer::start();
    let sending = Sending::from(&viewer, &vivid.source(), &["--size", "320x180"]);
    viewer.pictures(3);
    (vivid, viewer, sending)
}

/// Asserts that pictures arrive and the program runs, with one log line at each incident's start and end.
fn recovered(viewer: &mut Viewer, mut sending: Sending, incidents: usize) {
    sending.told(incidents, incidents);
    viewer.catch_up();
    viewer.pictures(5);
    assert!(sending.is_running());
    let summary = sending.finish();
    println!("{summary}");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn disconnected() {
    let (vivid, mut viewer, sending) = streaming();
    viewer.catch_up();
    let held = vivid.press("Disconnect"); // it stays away while its device is held open
    viewer.card();
    for _ in 0..2 {
        assert!(viewer.next().is_card);
    }
    drop(held);
    recovered(&mut viewer, sending, 1);
}

/// Presses the buttons one after another; together they are one incident.
fn recovers_from(buttons: &[&str]) {
    let (vivid, mut viewer, sending) = streaming();
    for button in buttons {
        drop(vivid.press(button));
    }
    sending.logged(&["WARN"]);
    recovered(&mut viewer, sending, 1);
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn fatal_streaming_error() {
    recovers_from(&["Inject Fatal Streaming Error"]);
}

/// The driver marks one buffer as damaged.
#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn a_buffer_that_the_driver_calls_damaged() {
    const TIMES: u64 = 3;
    let (vivid, mut viewer, mut sending) = streaming();
    for _ in 0..TIMES {
        drop(vivid.press("Inject V4L2_BUF_FLAG_ERROR"));
        viewer.catch_up();
        let frames = viewer.pictures(5);
        assert!(frames.iter().all(|frame| !frame.jpeg.is_empty()));
    }
    assert!(sending.is_running());
    let summary = sending.finish();
    assert_eq!(summary["damaged"], TIMES, "{summary}");
    assert_eq!(summary["cards"], 0, "one damaged frame is not a lost camera: {summary}");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn frames_that_the_driver_drops_are_counted_and_their_numbers_skipped() {
    let (vivid, mut viewer, sending) = streaming();
    vivid.set("Percentage of Dropped Buffers", 50);
    viewer.catch_up();
    let seqs: Vec<_> = viewer.pictures(20).iter().map(|frame| frame.info.seq.unwrap()).collect();
    vivid.set("Percentage of Dropped Buffers", 0);
    assert!(seqs.last().unwrap() - seqs[0] > 20, "no gaps: {seqs:?}");
    let summary = sending.finish();
    let missed = summary["missed"].as_u64().unwrap();
    assert!(missed >= 3, "{summary}");
    assert_eq!(summary["cards"], 0, "{summary}");
}

/// The next attempt to queue a buffer fails.
#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn queueing_fails() {
    recovers_from(&["Inject VIDIOC_QBUF Error"]);
}

/// The first button acts on the next start: reopening fails once before it succeeds.
#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn asking_for_buffers_fails_on_the_way_back() {
    recovers_from(&["Inject VIDIOC_REQBUFS Error", "Inject Fatal Streaming Error"]);
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn starting_fails_on_the_way_back() {
    recovers_from(&["Inject VIDIOC_STREAMON Error", "Inject Fatal Streaming Error"]);
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn one_fault_after_another() {
    const BUTTONS: [&str; 3] = ["Inject Fatal Streaming Error", "Disconnect", "Inject VIDIOC_QBUF Error"];
    let (vivid, mut viewer, sending) = streaming();
    for (done, button) in BUTTONS.iter().enumerate() {
        drop(vivid.press(button));
        viewer.until("return", |frame| !frame.is_card && sending.returns() > done);
    }
    recovered(&mut viewer, sending, BUTTONS.len());
}
