//! The files of the page.

use super::PageFile;

/// Embeds a file of this folder.
macro_rules! file {
    ($name:literal) => {
        PageFile { name: $name, bytes: include_bytes!($name) }
    };
}

/// All files, of which the page consists.
pub(super) const FILES: &[PageFile] = &[
    file!("adapt.js"),
    file!("address.js"),
    file!("camera.js"),
    file!("capture.js"),
    file!("clock.js"),
    file!("credit.js"),
    file!("dom.js"),
    file!("engine.js"),
    file!("gallery.js"),
    file!("grid.js"),
    file!("hmac.js"),
    file!("host.js"),
    file!("icon.svg"),
    file!("index.html"),
    file!("jpeg.js"),
    file!("keys.js"),
    file!("link.js"),
    file!("link_line.js"),
    file!("main.js"),
    file!("number_entry.js"),
    file!("numbers.js"),
    file!("outbox.js"),
    file!("page.css"),
    file!("pictures.js"),
    file!("qr.js"),
    file!("relays.js"),
    file!("screen.js"),
    file!("share.js"),
    file!("stream.js"),
    file!("streams.js"),
    file!("talk.js"),
    file!("texts.en.json"),
    file!("texts.js"),
    file!("texts.zh.json"),
    file!("tiles.js"),
    file!("viewer.js"),
    file!("wire.js"),
    file!("worker.js"),
];
