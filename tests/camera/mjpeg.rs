//! A camera that gives JPEG: its bytes arrive unchanged, and a flaw affects only its own frame.

use super::{
    frames::{PICTURES, has_tables, is_gradient, number_of, shown_number, without_tables},
    model::{Format, Model},
    program::Sending,
    usbip::Damage,
    uvc::Uvc,
    viewer::Viewer,
};

fn plugged() -> (Uvc, Viewer) {
    (Uvc::plug(0, Model::default()), Viewer::start())
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn jpegs_arrive_byte_for_byte() {
    let (camera, mut viewer) = plugged();
    let sending = Sending::from(&viewer, &camera.by_path(), &["--size", "640x480"]);
    for frame in viewer.pictures(40) {
        let number = number_of(&frame.jpeg).expect("the camera's own comment");
        let sent = camera.sent(number).expect("one of the last frames");
        assert!(
            frame.jpeg == sent.bytes,
            "frame {number}: {} bytes, not {}",
            frame.jpeg.len(),
            sent.bytes.len()
        );
        assert_eq!(shown_number(&frame.canvas()), number % PICTURES);
    }
    let (size, interval) = camera.mode();
    assert_eq!((size.format, size.width, interval), (Format::Mjpeg, 640, 333_333));
    let summary = sending.finish();
    assert_eq!(summary["encoded"], 0, "{summary}");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn raw_frames_of_a_webcam_keep_their_numbers() {
    let (camera, mut viewer) = plugged();
    let _sending = Sending::from(&viewer, &camera.by_path(), &["--size", "320x240", "--fps", "15"]);
    let numbers: Vec<_> = viewer.pictures(10).iter().map(|frame| shown_number(&frame.canvas())).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn a_rate_that_is_no_whole_number() {
    let (camera, mut viewer) = plugged();
    let _sending = Sending::from(
        &viewer,
        &camera.by_path(),
        &["--size", "640x480", "--fps", "7.5", "--pixel-format", "mjpeg"],
    );
    viewer.pictures(5);
    let (size, interval) = camera.mode();
    assert_eq!((size.format, size.width, interval), (Format::Mjpeg, 640, 1_333_333));
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn missing_huffman_tables_are_put_in() {
    let (camera, mut viewer) = plugged();
    camera.leave_tables_out(true);
    let _sending = Sending::from(&viewer, &camera.by_path(), &["--size", "640x480"]);
    for frame in viewer.pictures(5) {
        let sent = camera.sent(number_of(&frame.jpeg).unwrap()).unwrap();
        assert!(!has_tables(&sent.bytes), "the camera leaves them out");
        assert!(has_tables(&frame.jpeg), "not every viewer has them built in");
        assert!(without_tables(&frame.jpeg) == sent.bytes, "nothing else is changed");
        assert!(is_gradient(&frame.canvas()));
    }
    camera.leave_tables_out(false);
    let whole = viewer.until("frame with tables of its own", |frame| {
        camera.sent(number_of(&frame.jpeg).unwrap()).is_some_and(|sent| sent.bytes == frame.jpeg)
    });
    assert!(has_tables(&whole.jpeg));
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn damaged_frames_are_left_out_and_counted() {
    const CYCLES: u64 = 3;
    let (camera, mut viewer) = plugged();
    let mut sending = Sending::from(&viewer, &camera.by_path(), &["--size", "640x480"]);
    viewer.pictures(3);
    for damage in
        [Damage::NoEnd, Damage::NoStart, Damage::ErrorBit].into_iter().cycle().take(3 * CYCLES as usize)
    {
        let before = camera.damaged();
        camera.damage(&[damage]);
        let first = camera.frames();
        camera.wait_for_frames(3);
        assert_eq!(camera.damaged(), before + 1);
        // Every frame that arrives is intact and unchanged.
        let mut frame = viewer.picture();
        while number_of(&frame.jpeg).unwrap() < first + 2 {
            let sent = camera.sent(number_of(&frame.jpeg).unwrap()).unwrap();
            assert!(frame.jpeg == sent.bytes && sent.damage.is_none(), "{damage:?}");
            frame = viewer.next();
            assert!(!frame.is_card, "one damaged frame is not a lost camera");
        }
    }
    assert!(sending.is_running());
    let summary = sending.finish();
    // The driver itself drops frames with the error bit; they show as gaps.
    assert_eq!(summary["damaged"], 2 * CYCLES, "{summary}");
    assert!(summary["missed"].as_u64().unwrap() >= CYCLES, "{summary}");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn a_frame_of_another_size_is_still_the_cameras_picture() {
    let (camera, mut viewer) = plugged();
    let mut sending = Sending::from(&viewer, &camera.by_path(), &["--fps", "30"]);
    viewer.pictures(3);
    camera.resize(Some((320, 176)));
    let small = viewer.until("small picture", |frame| frame.canvas().height == 176);
    assert!(is_gradient(&small.canvas()));
    camera.resize(None);
    viewer.until("picture of the mode's size", |frame| frame.canvas().height == 480);
    assert!(sending.is_running());
}
