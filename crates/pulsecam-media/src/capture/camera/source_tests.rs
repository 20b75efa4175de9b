//! Tests with fake cameras of what a virtual machine cannot do, or not on demand.

use super::*;
use crate::{
    capture::camera::{
        device::DeviceUser,
        fake_camera::{FakeCameras, FakeStep, GREY, give, mode},
        mode::FrameRate,
    },
    clock::Timestamp,
    jpeg::Encoder,
    picture::{Picture, Pixels},
};

fn number(camera: &mut Camera) -> u64 {
    camera.next_frame().unwrap().unwrap().seq
}

fn fault(result: Result<Option<Frame>, Error>) -> DeviceFault {
    match result {
        Err(Error::Camera { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn frames_are_numbered_on_over_losses_and_new_beginnings() {
    let stage = FakeCameras::with(&[(0, "C920", "a")]);
    let mut camera = stage.camera("");
    stage.acts(give([5, 6, 9]));
    assert_eq!([0; 3].map(|_| number(&mut camera)), [0, 1, 4]);
    assert_eq!(camera.losses(), Losses { damaged: 0, missed: 2, repaired: 0 });
    stage.acts([FakeStep::Fail(DeviceFault::Driver { what: "read a frame", reason: "EIO".into() })]);
    assert!(matches!(fault(camera.next_frame()), DeviceFault::Driver { .. }));
    stage.acts(give([0, 1, u32::MAX, 0, 0, 0]));
    assert_eq!(
        [0; 6].map(|_| number(&mut camera)),
        [5, 6, 7, 8, 9, 10],
        "a counter that jumps back lost nothing"
    );
    assert_eq!(camera.losses().missed, 2);
    assert_eq!(stage.started().len(), 2);
}

#[test]
fn a_camera_that_was_unplugged_is_the_same_one_again_under_another_number() {
    let stage = FakeCameras::with(&[(0, "C920", "a"), (1, "Brio", "b")]);
    let mut camera = stage.camera("");
    stage.unplug(0);
    stage.acts([FakeStep::Fail(DeviceFault::Gone)]);
    for _ in 0..3 {
        let error = camera.next_frame().unwrap_err();
        assert_eq!(error.to_string(), "camera C920: unplugged", "the Brio is not used instead");
    }
    stage.plug(7, "C920", "another socket", &GREY);
    stage.acts(give([0]));
    assert_eq!(number(&mut camera), 0);
    assert_eq!(stage.started(), ["/dev/video0", "/dev/video7"]);
    assert!(camera.describe().starts_with("camera C920 (/dev/video7): 2x1"), "{}", camera.describe());
}

#[test]
fn of_two_cameras_of_the_same_name_the_other_is_not_taken() {
    let stage = FakeCameras::with(&[(0, "C920", "a"), (2, "C920", "b")]);
    let mut camera = stage.camera("C920");
    stage.unplug(0);
    stage.acts([FakeStep::Fail(DeviceFault::Gone)]);
    assert!(matches!(fault(camera.next_frame()), DeviceFault::Gone));
    assert!(matches!(fault(camera.next_frame()), DeviceFault::Gone));
    stage.plug(3, "C920", "c", &GREY);
    stage.acts(give([0]));
    number(&mut camera);
    assert_eq!(stage.started(), ["/dev/video0", "/dev/video3"]);
}

#[test]
fn a_camera_that_is_in_use_at_first_is_waited_for_without_being_asked_to() {
    let stage = FakeCameras::with(&[(0, "C920", "a")]);
    let zoom = DeviceUser { pid: 7, program: "zoom".into() };
    stage.refuse([DeviceFault::Busy(vec![zoom]), DeviceFault::Busy(Vec::new())]);
    let mut camera = stage.camera("");
    let told = camera.next_frame().unwrap_err().to_string();
    assert_eq!(told, "camera C920: in use by zoom (process 7)");
    assert_eq!(fault(camera.next_frame()).to_string(), "in use by another program");
    stage.acts(give([0]));
    number(&mut camera);
}

#[test]
fn a_camera_that_is_not_there_is_waited_for_only_where_asked() {
    let stage = FakeCameras::default();
    assert!(matches!(stage.open("", CameraSettings::default(), Wanted::default()), Err(Error::NoCamera)));
    let wait = CameraSettings { wait: true, ..CameraSettings::default() };
    let mut camera = stage.open("C920", wait, Wanted::default()).unwrap();
    assert_eq!(camera.describe(), "camera:C920 (waiting for it)");
    assert_eq!(camera.signal().unwrap().name, "camera:C920");
    assert!(matches!(camera.next_frame(), Err(Error::NoCamera)));
    stage.plug(0, "Brio", "a", &GREY);
    assert!(matches!(camera.next_frame(), Err(Error::NoSuchCamera { .. })));
    stage.plug(1, "C920", "b", &GREY);
    stage.acts(give([0]));
    number(&mut camera);
    assert_eq!(
        camera.signal().unwrap(),
        Signal { name: "C920".into(), size: Some((2, 1)), patience: PATIENCE }
    );
}

#[test]
fn a_permission_that_is_missing_is_an_error_at_the_start() {
    let stage = FakeCameras::with(&[(0, "C920", "a")]);
    stage.refuse([DeviceFault::Denied { path: "/dev/video0".into(), group: Some("video".into()) }]);
    let error = stage.open("", CameraSettings::default(), Wanted::default()).map(|_| ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "camera C920: no permission to open /dev/video0: join the group video (sudo usermod -aG video $USER), then log in again"
    );
}

#[test]
fn a_silent_camera_is_reopened() {
    let stage = FakeCameras::with(&[(0, "C920", "a")]);
    let mut camera = stage.camera("");
    stage.acts([FakeStep::Nothing]);
    assert!(matches!(fault(camera.next_frame()), DeviceFault::Stalled(limit) if limit == FIRST_FRAME));
    stage.acts(give([0]));
    stage.acts([FakeStep::Nothing]);
    number(&mut camera);
    let told = fault(camera.next_frame()).to_string();
    assert_eq!(told, "no picture for 2s");
    stage.acts(give([0]));
    number(&mut camera);
    assert_eq!(stage.started().len(), 3);
}

#[test]
fn a_signal_while_a_frame_is_waited_for_is_no_silence() {
    let stage = FakeCameras::with(&[(0, "C920", "a")]);
    let mut camera = stage.camera("");
    stage.acts(give([0]));
    number(&mut camera);
    stage.acts([FakeStep::Interrupted, FakeStep::Interrupted]);
    stage.acts(give([1]));
    assert_eq!(number(&mut camera), 1);
    assert_eq!(stage.started().len(), 1, "the camera was not closed");
    stage.acts([FakeStep::Interrupted, FakeStep::Nothing]);
    assert_eq!(fault(camera.next_frame()).to_string(), "no picture for 2s", "real silence");
}

#[test]
fn damaged_frames_are_left_out_and_counted() {
    let stage = FakeCameras::with(&[(0, "C920", "a")]);
    let mut camera = stage.camera("");
    stage.acts([FakeStep::Flag(0), FakeStep::Give(vec![1], 1), FakeStep::Give(Vec::new(), 2)]);
    stage.acts(give([3]));
    assert_eq!(number(&mut camera), 3);
    assert_eq!(camera.losses(), Losses { damaged: 3, missed: 0, repaired: 0 });
    stage.acts((4..4 + DAMAGED_IN_A_ROW).map(FakeStep::Flag));
    assert!(matches!(fault(camera.next_frame()), DeviceFault::Damaged(DAMAGED_IN_A_ROW)));
    stage.acts(give([0]));
    number(&mut camera);
}

#[test]
fn a_mode_that_is_refused_makes_room_for_the_next_and_not_for_ever() {
    let stage = FakeCameras::default();
    let sizes = [(1280, 720), (640, 480), (320, 240), (160, 120), (80, 60)];
    stage.plug(0, "C920", "a", &sizes.map(|(width, height)| (PixelFormat::Yuyv, width, height)));
    let refusal = || DeviceFault::Driver { what: "set its mode", reason: "no".into() };
    stage.refuse([refusal()]);
    let camera = stage.camera("");
    assert!(camera.describe().contains("640x480"), "{}", camera.describe());
    drop(camera);
    stage.refuse((0..sizes.len()).map(|_| refusal()));
    let error = stage.open("", CameraSettings::default(), Wanted::default()).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "camera C920: cannot set its mode: no");
    assert_eq!(stage.refusals_left(), sizes.len() - ATTEMPTS);
}

#[test]
fn a_format_that_it_does_not_have_is_an_error_even_where_waiting_was_asked_for() {
    let stage = FakeCameras::default();
    let modes = [(PixelFormat::Mjpeg, 2, 1), (PixelFormat::Yuyv, 2, 1), (PixelFormat::Yuyv, 4, 1)];
    stage.plug(0, "C920", "a", &modes);
    let wait = CameraSettings { wait: true, ..CameraSettings::default() };
    let wanted = Wanted { format: Some(PixelFormat::Nv12), ..Wanted::default() };
    let error = stage.open("", wait, wanted).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "camera C920: it has no NV12; it offers mjpeg, yuyv");
}

#[test]
fn nodes_without_formats_are_passed_over() {
    let stage = FakeCameras::default();
    stage.plug(0, "C920", "a", &[]);
    stage.plug(1, "C920", "a", &GREY);
    stage.acts(give([0]));
    number(&mut stage.camera("C920"));
    assert_eq!(stage.started(), ["/dev/video1"]);
}

#[test]
fn it_may_come_back_with_other_modes() {
    let stage = FakeCameras::default();
    stage.plug(0, "C920", "a", &[(PixelFormat::Yuyv, 640, 480)]);
    let wanted = Wanted { size: Some((640, 480)), ..Wanted::default() };
    let mut camera = stage.open("", CameraSettings::default(), wanted).unwrap();
    assert!(
        camera.describe().ends_with("640x480, 30 fps, YUYV (asked for 640x480)"),
        "{}",
        camera.describe()
    );
    stage.unplug(0);
    stage.plug(0, "C920", "a", &[(PixelFormat::Grey, 2, 1)]);
    stage.acts([FakeStep::Fail(DeviceFault::Gone)]);
    assert!(camera.next_frame().is_err());
    stage.acts(give([0]));
    number(&mut camera);
    assert!(camera.describe().contains("2x1, 30 fps, grey"), "{}", camera.describe());
    assert_eq!(camera.signal().unwrap().size, Some((2, 1)));
}

fn jpeg() -> Vec<u8> {
    let picture = Picture { width: 16, height: 16, pixels: Pixels::Rgb(vec![99; 768]) };
    Encoder::new(80).unwrap().encode(&picture).unwrap().to_vec()
}

#[test]
fn jpegs_pass_as_they_are_and_those_that_came_in_part_do_not() {
    let stage = FakeCameras::default();
    stage.plug(0, "C920", "a", &[(PixelFormat::Mjpeg, 16, 16)]);
    let mut camera = stage.camera("");
    let whole = jpeg();
    let no_end = whole[..whole.len() - 2].to_vec();
    let no_start = whole[2..].to_vec();
    stage.acts([FakeStep::Give(no_end, 0), FakeStep::Give(no_start, 1), FakeStep::Give(vec![0; 5000], 2)]);
    stage.acts([FakeStep::Give([&whole[..], &[0; 99]].concat(), 3)]);
    let frame = camera.next_frame().unwrap().unwrap();
    let FrameData::Jpeg(found) = frame.data else { panic!("not a JPEG") };
    assert_eq!(found, whole);
    assert_eq!((frame.seq, camera.losses().damaged), (3, 3));
    assert_eq!(frame.captured, Timestamp::from_micros(3), "the driver's time");
}

#[test]
fn frames_that_nobody_views_go_by_and_are_numbered() {
    let stage = FakeCameras::with(&[(0, "C920", "a")]);
    let mut camera = stage.camera("");
    stage.acts(give([0, 1, 2]));
    assert!(camera.pass_by().unwrap());
    assert!(camera.pass_by().unwrap());
    assert_eq!(number(&mut camera), 2);
    stage.acts([FakeStep::Fail(DeviceFault::Gone)]);
    assert!(camera.pass_by().is_err());
}

#[test]
fn slow_cameras_are_given_more_patience() {
    let stage = FakeCameras::default();
    let slow = Mode { rate: FrameRate::new(1, 2).unwrap(), ..mode(PixelFormat::Grey, 2, 1) };
    stage.plug(0, "C920", "a", &[]);
    stage.offer(slow);
    assert_eq!(stage.camera("").signal().unwrap().patience, Duration::from_secs(6));
}
