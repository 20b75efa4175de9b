//! The thread that scales single pictures to their displayed size: paused frames, images from peers, and the
//! last frame before the window changed.
//!
//! Frames of a live stream come at their size from the decoder, which asks [`WindowHandle::tile_size`] for it.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, mpsc},
    thread,
};

use super::{
    inbox::WindowHandle,
    update::{RescaleRequest, Update},
};
use crate::{
    jpeg::{self, DecodeLimits, Decoder, Scale, Strips},
    picture::{Canvas, Scaler},
    still,
};

/// Requests remembered to avoid duplicates: a window full of tiles and images.
const REMEMBERED: usize = 128;

/// Requests for scaled pictures, handed to the thread.
#[derive(Debug)]
pub(crate) struct Rescaler {
    give: mpsc::Sender<RescaleRequest>,
    asked: VecDeque<(u64, (usize, usize))>,
}

impl Rescaler {
    /// Starts the thread, which ends when this is dropped.
    pub(crate) fn start(handle: WindowHandle, limits: DecodeLimits, strips: Strips) -> io::Result<Self> {
        let (give, take) = mpsc::channel::<RescaleRequest>();
        thread::Builder::new().name("fit".into()).spawn(move || {
            let mut scaler = Scaler::default();
            while let Ok(wanted) = take.recv() {
                let canvas = fit(&mut scaler, &wanted, limits, strips);
                let canvas = canvas.map(Arc::new).map_err(|error| error.to_string());
                if !handle.push(Update::Fitted { wanted, canvas }) {
                    return;
                }
            }
        })?;
        Ok(Self { give, asked: VecDeque::new() })
    }

    /// Requests a picture, once.
    pub(crate) fn ask(&mut self, wanted: RescaleRequest) {
        let name = (wanted.stamp, wanted.size);
        if self.asked.contains(&name) {
            return;
        }
        if self.asked.len() == REMEMBERED {
            self.asked.pop_front();
        }
        self.asked.push_back(name);
        let _ = self.give.send(wanted); // without the thread, pictures stay coarse
    }
}

fn fit(
    scaler: &mut Scaler,
    wanted: &RescaleRequest,
    limits: DecodeLimits,
    strips: Strips,
) -> Result<Canvas, still::Error> {
    let RescaleRequest { file, size, .. } = wanted;
    if wanted.is_image {
        return still::display(file, *size, limits, strips);
    }
    // A new decoder for each picture, so that no state carries over; the next may be from another sender.
    let mut decoder = Decoder::new()?.with_limits(limits).with_strips(strips);
    let header = jpeg::header(file)?;
    let scale = Scale::at_least((header.width, header.height), *size);
    let canvas = decoder.decode(file, scale, Canvas::default())?.canvas;
    if (canvas.width, canvas.height) == *size {
        return Ok(canvas);
    }
    Ok(scaler.fit(&canvas, *size, Canvas::default()).unwrap_or(canvas))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::{
        jpeg::Encoder,
        picture::{Picture, Pixels},
        view::inbox,
    };

    /// The JPEG with Exif data that says it is rotated by 90 degrees.
    fn lying(jpeg: &[u8]) -> Vec<u8> {
        let exif = b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        [&jpeg[..2], exif, &jpeg[2..]].concat()
    }

    #[test]
    fn a_picture_comes_back_at_its_size_and_one_that_is_none_comes_back_empty() {
        let red = Picture { width: 640, height: 480, pixels: Pixels::Rgb([200, 20, 30].repeat(640 * 480)) };
        let jpeg = Encoder::new(90).unwrap().encode(&red).unwrap();
        let (handle, inbox) = inbox();
        let mut fitting = Rescaler::start(handle, DecodeLimits::default(), Strips::Off).unwrap();
        for (stamp, jpeg, size) in [
            (1, jpeg.clone(), (160, 120)),
            (1, jpeg.clone(), (160, 120)),
            (1, jpeg.clone(), (801, 601)),
            (2, Bytes::from_static(b"no picture"), (10, 10)),
        ] {
            fitting.ask(RescaleRequest { stamp, file: jpeg, is_image: false, size });
        }
        let (lying, what) = (Bytes::from(lying(&jpeg)), Bytes::from_static(b"II*\0\x08\0\0\0"));
        fitting.ask(RescaleRequest { stamp: 3, file: lying, is_image: true, size: (120, 160) });
        fitting.ask(RescaleRequest { stamp: 4, file: what, is_image: true, size: (120, 160) });
        let mut found = Vec::new();
        while found.len() < 5 {
            for update in inbox.wait(Duration::from_secs(20)) {
                let Update::Fitted { wanted, canvas } = update else { panic!("{update:?}") };
                let pixel = canvas.as_ref().ok().and_then(|canvas| canvas.pixel(5, 5));
                assert!(pixel.is_none_or(|pixel| ((pixel >> 16) & 0xff).abs_diff(200) < 5));
                let why = canvas.as_ref().err().cloned().unwrap_or_default();
                assert_eq!(why.contains("TIFF"), wanted.stamp == 4, "{why}");
                found.push((wanted.stamp, canvas.ok().map(|canvas| (canvas.width, canvas.height))));
            }
        }
        let fitted =
            [(1, Some((160, 120))), (1, Some((801, 601))), (2, None), (3, Some((120, 160))), (4, None)];
        assert_eq!(found, fitted);
    }
}
