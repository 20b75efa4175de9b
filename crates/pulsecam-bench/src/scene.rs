//! Pictures to measure with: a photograph with sensor-like noise.
//!
//! Flat synthetic pictures would make codecs look faster than they are.

use std::{
    io::{self, Write},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use fast_image_resize::{
    ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::U8x3,
};

use pulsecam_media::{
    capture::{Error, Frame, FrameData, Source},
    jpeg::{Decoder, Encoder},
    picture::{Picture, Pixels, Subsampling},
};
use pulsecam_net::clock::Timestamp;

/// A raccoon by Judy Weggelaar, public domain; see `data/README.md`.
const PHOTO: &[u8] = include_bytes!("../data/raccoon_1024x768.jpg");

/// Amplitude of the uniform noise: about two standard deviations of a webcam's sensor at σ ≈ 2.
const NOISE: i16 = 4;

/// Pixels by which the view moves from one frame to the next.
const STEP: f64 = 3.0;

/// Writes the pictures as raw planar 4:2:0, one after the other, so that other programs can be measured with
/// them.
///
/// # Errors
/// If writing fails, or the pictures cannot be prepared.
pub fn write_raw(width: usize, height: usize, to: &mut impl Write) -> io::Result<()> {
    for picture in views(width, height)? {
        let Pixels::Planar(Subsampling::Yuv420, planes) = &picture.pixels else {
            return Err(io::Error::other("the pictures are not planar 4:2:0"));
        };
        to.write_all(planes)?;
    }
    Ok(())
}

/// Writes the pictures as JPEGs from our encoder, one after the other, to compare sizes and quality with
/// other encoders.
///
/// # Errors
/// If writing fails, or the pictures cannot be prepared or encoded.
pub fn write_jpegs(width: usize, height: usize, quality: u8, to: &mut impl Write) -> io::Result<()> {
    jpegs(width, height, quality)?.iter().try_for_each(|jpeg| to.write_all(jpeg))
}

/// The pictures as JPEGs.
pub fn jpegs(width: usize, height: usize, quality: u8) -> io::Result<Vec<Bytes>> {
    let mut encoder = Encoder::new(quality).map_err(io::Error::other)?;
    let encoded = views(width, height)?.into_iter().map(|picture| encoder.encode(&picture));
    encoded.collect::<Result<_, _>>().map_err(io::Error::other)
}

fn views(width: usize, height: usize) -> io::Result<Vec<Arc<Picture>>> {
    pictures(width, height, Format::Planar(Subsampling::Yuv420)).map_err(io::Error::other)
}

/// Pixel format of a picture.
#[derive(Clone, Copy, Debug)]
pub enum Format {
    /// Planar, with this subsampling.
    Planar(Subsampling),
    /// Packed RGB.
    Rgb,
}

/// A source of prepared pictures, at an exact rate.
pub struct Scene {
    pictures: Vec<Arc<Picture>>,
    interval: Duration,
    begin: Instant,
    seq: u64,
}

impl Scene {
    /// Number of distinct frames in the loop: enough that no cache holds them all, few enough for memory.
    pub const COUNT: usize = 12;

    /// Prepares the pictures as planar 4:2:0, as a camera would give them.
    pub fn new(width: usize, height: usize, fps: f64) -> Result<Self, String> {
        let pictures = pictures(width, height, Format::Planar(Subsampling::Yuv420))?;
        let interval = Duration::from_secs_f64(1.0 / fps);
        Ok(Self { pictures, interval, begin: Instant::now() + interval, seq: 0 })
    }

    /// Picture number `index`; wraps around.
    pub fn picture(&self, index: usize) -> &Arc<Picture> {
        &self.pictures[index % self.pictures.len()]
    }
}

/// [`Scene::COUNT`] views of the photograph.
pub fn pictures(width: usize, height: usize, format: Format) -> Result<Vec<Arc<Picture>>, String> {
    let photo =
        Decoder::new().and_then(|mut decoder| decoder.decode_rgb(PHOTO)).map_err(|e| e.to_string())?;
    let Pixels::Rgb(rgb) = photo.pixels else { return Err("the photo is not RGB".into()) };
    let (from_w, from_h) = (photo.width as u32, photo.height as u32);
    let photo = TypedImageRef::<U8x3>::from_buffer(from_w, from_h, &rgb).map_err(|e| e.to_string())?;
    let mut random = fastrand::Rng::with_seed(1);
    let mut resizer = Resizer::new();
    let room = Scene::COUNT as f64 * STEP;
    let view = |index| {
        let mut pixels = vec![0; width * height * 3];
        let scaled = TypedImage::<U8x3>::from_buffer(width as u32, height as u32, &mut pixels);
        let mut scaled = scaled.map_err(|e| e.to_string())?;
        let shift = index as f64 * STEP;
        let across = f64::from(from_w) - room;
        let down = (across * height as f64 / width as f64).min(f64::from(from_h) - room);
        let options = ResizeOptions::new().crop(shift, shift, across, down);
        resizer.resize_typed(&photo, &mut scaled, &options).map_err(|e| e.to_string())?;
        let pixels = match format {
            Format::Planar(subsampling) => planar(&pixels, width, height, subsampling, &mut random),
            Format::Rgb => noisy(&pixels, &mut random),
        };
        Ok(Arc::new(Picture { width, height, pixels }))
    };
    (0..Scene::COUNT).map(view).collect()
}

impl Source for Scene {
    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        let data = FrameData::Picture(Arc::clone(self.picture(self.seq as usize)));
        let due = self.begin + self.interval.mul_f64(self.seq as f64);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let frame = Frame { seq: self.seq, captured: Timestamp::now(), data };
        self.seq += 1;
        Ok(Some(frame))
    }

    fn describe(&self) -> String {
        "a photograph with noise".into()
    }
}

fn noise(random: &mut fastrand::Rng) -> i16 {
    random.i16(-NOISE..=NOISE)
}

/// Adds the same noise to all colours of a pixel, which is luma noise.
fn noisy(rgb: &[u8], random: &mut fastrand::Rng) -> Pixels {
    let pixel = |pixel: &[u8]| {
        let noise = noise(random);
        [pixel[0], pixel[1], pixel[2]].map(|colour| (i16::from(colour) + noise).clamp(0, 255) as u8)
    };
    Pixels::Rgb(rgb.chunks_exact(3).flat_map(pixel).collect())
}

/// Converts RGB to planes in full-range BT.601, with noise on the luma.
fn planar(
    rgb: &[u8],
    width: usize,
    height: usize,
    subsampling: Subsampling,
    random: &mut fastrand::Rng,
) -> Pixels {
    let (across, down) = subsampling.block();
    let mut planes = vec![0; subsampling.bytes(width, height)];
    let (luma, chroma) = planes.split_at_mut(width * height);
    let (blue, red) = chroma.split_at_mut(chroma.len() / 2);
    for (index, pixel) in rgb.chunks_exact(3).enumerate() {
        let [r, g, b] = [f32::from(pixel[0]), f32::from(pixel[1]), f32::from(pixel[2])];
        let noise = f32::from(noise(random));
        luma[index] = (0.299 * r + 0.587 * g + 0.114 * b + noise).clamp(0.0, 255.0) as u8;
        let (x, y) = (index % width, index / width);
        if subsampling != Subsampling::Grey && x % across == 0 && y % down == 0 {
            let at = (y / down) * (width / across) + x / across;
            blue[at] = (128.0 - 0.168_736 * r - 0.331_264 * g + 0.5 * b).clamp(0.0, 255.0) as u8;
            red[at] = (128.0 + 0.5 * r - 0.418_688 * g - 0.081_312 * b).clamp(0.0, 255.0) as u8;
        }
    }
    Pixels::Planar(subsampling, planes)
}
