//! The system's clipboard: pastes text and pictures, and copies pictures.
//!
//! On X11 the owner of a selection serves those who paste, so the clipboard lives as long as the window. Both
//! directions may take a while (a picture is encoded, the program that owns the selection may hang), so each
//! runs on a thread of its own.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use arboard::{Clipboard as System, ImageData};
use bytes::Bytes;

use super::{
    inbox::WindowHandle,
    update::{Image, Update},
    x11,
};
use crate::{
    i18n::{Phrase, Translations},
    jpeg::{DecodeLimits, Strips},
    picture::Canvas,
    still,
};

/// The clipboard, if the system has one.
pub(crate) struct Clipboard {
    system: Option<Arc<Mutex<System>>>,
    handle: WindowHandle,
}

impl Clipboard {
    pub(crate) fn open(handle: WindowHandle) -> Self {
        let system = System::new().inspect_err(|error| tracing::debug!("no clipboard: {error}")).ok();
        Self { system: system.map(|system| Arc::new(Mutex::new(system))), handle }
    }

    /// Whether the clipboard is available.
    pub(crate) const fn works(&self) -> bool {
        self.system.is_some()
    }

    /// Requests its picture or text, which arrives as [`Update::PastedImage`] or [`Update::Pasted`]; nothing arrives if it
    /// holds neither.
    pub(crate) fn paste(&self) {
        let handle = self.handle.clone();
        self.beside("paste", move |system| {
            if let Some(file) = x11::clipboard_picture() {
                handle.push(Update::PastedImage(pasted(file.into())));
            } else if let Ok(text) = system.get_text() {
                handle.push(Update::Pasted(text));
            }
        });
    }

    /// Copies a picture, and shows a notice with the result.
    pub(crate) fn copy(
        &self,
        name: Option<String>,
        file: Bytes,
        limits: DecodeLimits,
        words: &Arc<Translations>,
    ) {
        let (handle, words) = (self.handle.clone(), Arc::clone(words));
        self.beside("copy", move |system| {
            let notice = match copy(system, &file, limits) {
                Ok(()) => match name {
                    Some(name) => words.format(Phrase::CopiedOf, [("name", name)]),
                    None => words.text(Phrase::Copied),
                },
                Err(reason) => words.format(Phrase::CannotCopy, [("reason", reason)]),
            };
            handle.push(Update::Notice(notice));
        });
    }

    fn beside(&self, name: &str, work: impl FnOnce(&mut System) + Send + 'static) {
        let Some(system) = self.system.clone() else { return };
        let started = thread::Builder::new().name(name.into()).spawn(move || {
            work(&mut system.lock().unwrap_or_else(PoisonError::into_inner));
        });
        if let Err(error) = started {
            tracing::warn!("cannot start a thread to {name}: {error}");
        }
    }
}

fn pasted(file: Bytes) -> Image {
    let look = still::inspect(&file);
    let fault = look.as_ref().err().map(ToString::to_string);
    Image { sender: None, size: look.ok().map(|look| look.size), file, fault }
}

fn copy(system: &mut System, file: &[u8], limits: DecodeLimits) -> Result<(), String> {
    let shown = still::inspect(file).and_then(|look| still::display(file, look.size, limits, Strips::Off));
    let Canvas { width, height, pixels } = shown.map_err(|error| error.to_string())?;
    let opaque = |pixel: u32| {
        let [_, red, green, blue] = pixel.to_be_bytes();
        [red, green, blue, 255]
    };
    let pixels = pixels.iter().copied().flat_map(opaque);
    let bytes = Cow::Owned(pixels.collect());
    system.set_image(ImageData { width, height, bytes }).map_err(|error| error.to_string())
}
