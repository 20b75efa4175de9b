//! Offers the cameras of this machine in the window, and changes to the chosen one while the call goes on.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use super::source;
use crate::{
    capture::{self, CameraInfo, Settings, Spec, Which},
    i18n::{Phrase, Translations},
    pipeline::SourceSelector,
    sanitize,
    view::{CameraChoice, Update, WindowHandle},
};

/// Most sizes of a camera that are offered: some report each of dozens.
const MOST_SIZES: usize = 10;

/// What stands behind a row of the list.
#[derive(Clone, Debug)]
struct Offer {
    choice: CameraChoice,
    /// What it is called if it is used; `None` if it cannot be.
    source: Option<(String, Spec, Settings)>,
}

/// Lists cameras and changes to one.
pub(crate) struct CameraChooser {
    pub(super) selector: SourceSelector,
    /// The source with which the call began.
    pub(super) start: source::Options,
    /// What was listed last.
    offers: Arc<Mutex<Vec<Offer>>>,
}

impl CameraChooser {
    pub(crate) fn new(selector: SourceSelector, start: source::Options) -> Self {
        Self { selector, start, offers: Arc::default() }
    }

    /// Queries the cameras on a thread of its own, since each is opened for a moment; then fills the window's list.
    pub(super) fn list(&self, handle: WindowHandle, words: &Arc<Translations>) {
        let (offers, start, words) = (Arc::clone(&self.offers), self.start.clone(), Arc::clone(words));
        let work = move || {
            let listed = offers_of(&capture::cameras(), &start, &words);
            let choices = listed.iter().map(|offer| offer.choice.clone()).collect();
            *offers.lock().unwrap_or_else(PoisonError::into_inner) = listed;
            handle.push(Update::Cameras(choices)); // a window that is gone shows nothing
        };
        if let Err(error) = thread::Builder::new().name("cameras".into()).spawn(work) {
            tracing::warn!("cannot start a thread to list cameras: {error}");
        }
    }

    /// Changes to the source of this row, and says in the window what came of it.
    pub(super) fn choose(&self, row: usize, handle: WindowHandle, words: &Arc<Translations>) {
        let offers = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((name, spec, settings)) = offers.get(row).and_then(|offer| offer.source.clone()) else {
            return;
        };
        let words = Arc::clone(words);
        let done = move |result: Result<Option<String>, capture::Error>| {
            let told = match result {
                Ok(Some(opened)) => {
                    tracing::info!("now sending {opened}");
                    words.format(Phrase::CameraChosen, [("name", name)])
                }
                Ok(None) => words.format(Phrase::CameraChosenOff, [("name", name)]),
                Err(error) => {
                    tracing::warn!("{error}");
                    words.format(Phrase::CameraRefused, [("name", name), ("reason", error.to_string())])
                }
            };
            handle.push(Update::Notice(told));
        };
        self.selector.select(move || spec.open(&settings), done);
    }
}

/// The rows of the list: cameras with their sizes, what the call began with, and the test picture.
fn offers_of(cameras: &[CameraInfo], start: &source::Options, words: &Translations) -> Vec<Offer> {
    let mut offers = Vec::new();
    if cameras.is_empty() {
        let label = words.text(Phrase::CamerasNone);
        let choice = CameraChoice { label, note: String::new(), is_size: false, can_use: false };
        offers.push(Offer { choice, source: None });
    }
    for camera in cameras {
        offers.extend(of_camera(camera, &start.settings, words));
    }
    let other = |label: String, note: String, spec: Spec| Offer {
        choice: CameraChoice { label: label.clone(), note, is_size: false, can_use: true },
        source: Some((label, spec, start.settings.clone())),
    };
    let started = start.spec.clone().filter(|spec| spec.camera().is_none() && *spec != Spec::Pattern);
    offers.extend(started.map(|spec| {
        let name = start.file_name().unwrap_or_else(|| spec.to_string());
        other(sanitize::line(&name).into_owned(), words.text(Phrase::CameraAtStart), spec)
    }));
    offers.push(other(words.text(Phrase::CameraPattern), String::new(), Spec::Pattern));
    offers
}

/// A camera, and its sizes if there is a choice.
fn of_camera(camera: &CameraInfo, settings: &Settings, words: &Translations) -> Vec<Offer> {
    let name = sanitize::line(&camera.name).into_owned();
    // Controls belong to the camera for which they were meant, and stay set in it.
    let mut settings = settings.clone();
    settings.camera.controls = Vec::new();
    // A number may be another camera's once one is unplugged; not every system has paths.
    let has_path = camera.path.starts_with('/');
    let which = if has_path { Which::Name(camera.path.clone()) } else { Which::Index(camera.index) };
    let spec = Spec::Camera(which);
    let other = camera.in_use_by.iter().find(|user| user.pid != std::process::id());
    let note = match (&camera.problem, other) {
        (Some(problem), _) => sanitize::line(problem).into_owned(),
        (None, Some(user)) => words.format(Phrase::CameraInUse, [("program", user.program.as_str())]),
        (None, None) if !camera.in_use_by.is_empty() => words.text(Phrase::CameraNow),
        (None, None) => String::new(),
    };
    let can_use = camera.problem.is_none();
    let source = can_use.then(|| (name.clone(), spec.clone(), settings.clone()));
    let choice = CameraChoice { label: name.clone(), note, is_size: false, can_use };
    let mut offers = vec![Offer { choice, source }];
    let mut sizes: Vec<(u32, u32)> = camera.modes.iter().map(|mode| (mode.width, mode.height)).collect();
    sizes.sort_by_key(|&(width, height)| std::cmp::Reverse((u64::from(width) * u64::from(height), width)));
    sizes.dedup();
    if !can_use || sizes.len() < 2 {
        return offers;
    }
    for (width, height) in sizes.into_iter().take(MOST_SIZES) {
        let rates = camera.modes.iter().filter(|mode| (mode.width, mode.height) == (width, height));
        let fastest = rates.map(|mode| mode.rate.fps()).fold(0.0, f64::max);
        let label = format!("{width}×{height}");
        let settings = settings.clone().with_size((width as usize, height as usize));
        let source = Some((format!("{name}, {label}"), spec.clone(), settings));
        let note = words.format(Phrase::FramesPerSecond, [("rate", fastest.round() as i64)]);
        offers.push(Offer { choice: CameraChoice { label, note, is_size: true, can_use: true }, source });
    }
    offers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{DeviceUser, FrameRate, Mode, PixelFormat};

    fn start(spec: &str) -> source::Options {
        source::Options {
            spec: Some(spec.parse().unwrap()),
            settings: Settings::default(),
            quality: None,
            name: None,
            skip_still: false,
            max_age: None,
        }
    }

    fn camera(name: &str, sizes: &[(u32, u32, u32)]) -> CameraInfo {
        let mut camera = CameraInfo::new(0, name, format!("/dev/{name}"));
        camera.modes = sizes
            .iter()
            .map(|&(width, height, fps)| {
                Mode::new(PixelFormat::Mjpeg, width, height, FrameRate::new(fps, 1).unwrap())
            })
            .collect();
        camera
    }

    fn rows(cameras: &[CameraInfo], spec: &str) -> Vec<(String, String, bool)> {
        let offers = offers_of(cameras, &start(spec), &Translations::default());
        for offer in &offers {
            assert_eq!(offer.choice.can_use, offer.source.is_some(), "{offer:?}");
        }
        offers
            .into_iter()
            .map(|offer| (offer.choice.label, offer.choice.note, offer.choice.is_size))
            .collect()
    }

    fn row(label: &str, note: &str, is_size: bool) -> (String, String, bool) {
        (label.into(), note.into(), is_size)
    }

    #[test]
    fn cameras_are_offered_with_their_sizes_the_largest_first() {
        let mut c920 = camera("C920", &[(640, 480, 15), (1920, 1080, 30), (640, 480, 30)]);
        c920.in_use_by = vec![DeviceUser::new(std::process::id(), "pulsecam")];
        let mut broken = camera("broken", &[]);
        broken.problem = Some("no access".into());
        let mut taken = camera("taken", &[(640, 480, 30)]);
        taken.in_use_by = vec![DeviceUser::new(1, "zoom")];
        let wanted = [
            row("C920", "now in use", false),
            row("1920×1080", "30 fps", true),
            row("640×480", "30 fps", true),
            row("broken", "no access", false),
            row("taken", "in use by zoom", false),
            row("Test picture", "", false),
        ];
        assert_eq!(rows(&[c920, broken, taken], "pattern"), wanted);
        let none = rows(&[], "clips/talk.mjpeg");
        let labels: Vec<_> = none.iter().map(|(label, ..)| label.as_str()).collect();
        assert_eq!(labels, ["No camera was found.", "talk.mjpeg", "Test picture"]);
    }

    #[test]
    fn a_size_is_requested_of_that_camera_without_the_controls_of_another() {
        let mut begun = start("camera");
        begun.settings.camera.controls = vec!["brightness=7".parse().unwrap()];
        let cameras = [camera("C920", &[(640, 480, 30), (320, 240, 30)])];
        let offers = offers_of(&cameras, &begun, &Translations::default());
        let (name, spec, settings) = offers[1].source.clone().unwrap();
        assert_eq!((name.as_str(), settings.size), ("C920, 640×480", Some((640, 480))));
        assert_eq!(spec, Spec::Camera(Which::Name("/dev/C920".into())));
        assert!(settings.camera.controls.is_empty());
    }
}
