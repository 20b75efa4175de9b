//! Another camera, or another size of one, is chosen while it streams: no frame number is lost, and a camera that cannot
//! be opened changes nothing.

use std::sync::mpsc;

use pulsecam::{
    capture::{self, Settings, Source, Spec},
    jpeg,
    pipeline::{Job, Outgoing, SourceSelector},
    wire::FrameInfo,
};

use super::{PATIENCE, model::Model, uvc::Uvc, vivid::Vivid};

/// Opens a source at this size.
fn opener(
    source: &str,
    size: (usize, usize),
) -> impl FnMut() -> Result<Box<dyn Source>, capture::Error> + Send + 'static {
    let (spec, settings) = (source.parse::<Spec>().unwrap(), Settings::default().with_size(size));
    move || spec.open(&settings)
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn another_camera_or_size_is_chosen_while_one_streams() {
    let (vivid, webcam) = (Vivid::ready(), Uvc::plug(0, Model::default()));
    let (give, sunk) = mpsc::channel();
    let selector = SourceSelector::default();
    let job = Job { selector: Some(selector.clone()), ..Job::default() };
    let sink = move |info: FrameInfo, jpeg: bytes::Bytes| {
        let header = jpeg::header(&jpeg).unwrap();
        _ = give.send((info, (header.width, header.height)));
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outgoing = Outgoing::open(&job, opener(&vivid.source(), (640, 360)), sink);
    let outgoing = runtime.block_on(outgoing).unwrap();
    outgoing.begin();
    let mut last = None;
    let mut until = |what: &str, size: (usize, usize)| loop {
        let (FrameInfo { seq, card, .. }, own) =
            sunk.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{what}"));
        // On this slow processor, others may see a card while a camera is being opened.
        if card.is_some() {
            continue;
        }
        assert!(seq > last, "{what}: {seq:?} after {last:?}");
        last = seq;
        if own == size {
            return;
        }
    };
    let choose = |source: &str, size| {
        let (tell, told) = mpsc::channel();
        selector.select(opener(source, size), move |result| _ = tell.send(result));
        told.recv_timeout(PATIENCE).unwrap()
    };
    until("the first camera", (640, 360));
    let opened = choose(&webcam.by_name(), (640, 480)).unwrap().unwrap();
    println!("now {opened}");
    until("the other camera", (640, 480));
    let error = choose("camera:/dev/video99", (640, 480)).unwrap_err();
    println!("refused: {error}");
    until("the other camera still", (640, 480));
    // Its light goes out: the first one is free meanwhile.
    drop(vivid.open());
    choose(&vivid.source(), (320, 180)).unwrap();
    until("the first camera at another size", (320, 180));
    choose(&vivid.source(), (640, 360)).unwrap();
    until("the same camera at its former size", (640, 360));
}
