//! The self view: a small, mirrored picture for the corner of a window.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    capture::FrameData,
    jpeg::{Decoder, Scale},
    picture::{Canvas, Picture, Pixels, Scaler, contained},
};

/// Shortest interval between pictures: enough to see oneself move, half of a camera's rate.
const INTERVAL: Duration = Duration::from_millis(66);

/// Brightness samples averaged per pixel, in each direction; at this size, more make no visible difference.
const SAMPLES: usize = 3;

/// An update of the self view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelfViewUpdate {
    /// A picture.
    Picture(Canvas),
    /// The camera is turned off.
    Off,
    /// The camera gives no picture, with the reason.
    NoSignal(String),
}

/// Size and consumer of the self view.
#[derive(Clone)]
pub struct SelfView {
    /// Largest width and height in pixels; the picture keeps its proportions.
    pub(crate) room: (usize, usize),
    /// Receives updates on the pipeline's threads; must not block.
    pub(crate) show: Arc<dyn Fn(SelfViewUpdate) + Send + Sync>,
}

impl fmt::Debug for SelfView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mirror").field("room", &self.room).finish_non_exhaustive()
    }
}

/// Produces the self view from the frames that are due.
pub(super) struct SelfViewScaler {
    self_view: SelfView,
    last: Option<Instant>,
    /// Created when the first JPEG has to be decoded.
    decoder: Option<Decoder>,
    scaler: Scaler,
}

impl SelfViewScaler {
    pub(super) fn new(self_view: SelfView) -> Self {
        Self { self_view, last: None, decoder: None, scaler: Scaler::default() }
    }

    /// Whether another picture is due.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.last.is_none_or(|last| now.saturating_duration_since(last) >= INTERVAL)
    }

    /// Shows a frame if one is due.
    pub(super) fn show(&mut self, data: &FrameData, now: Instant) {
        if !self.is_due(now) {
            return;
        }
        self.last = Some(now);
        let small = match data {
            FrameData::Jpeg(jpeg) => self.decode(jpeg),
            FrameData::Picture(picture) => {
                Some(sampled(picture, contained((picture.width, picture.height), self.self_view.room)))
            }
        };
        if let Some(mut canvas) = small {
            canvas.pixels.chunks_exact_mut(canvas.width.max(1)).for_each(<[u32]>::reverse);
            self.update(SelfViewUpdate::Picture(canvas));
        }
    }

    pub(super) fn update(&self, update: SelfViewUpdate) {
        (self.self_view.show)(update);
    }

    fn decode(&mut self, jpeg: &[u8]) -> Option<Canvas> {
        let header = crate::jpeg::header(jpeg).ok()?;
        let own = (header.width, header.height);
        let room = contained(own, self.self_view.room);
        let decoder = match &mut self.decoder {
            Some(decoder) => decoder,
            empty => empty.insert(Decoder::new().ok()?),
        };
        let canvas = decoder.decode(jpeg, Scale::at_least(own, room), Canvas::default()).ok()?.canvas;
        self.scaler.fit(&canvas, room, Canvas::default())
    }
}

/// Scales a picture to this size, from some of its samples.
fn sampled(picture: &Picture, (width, height): (usize, usize)) -> Canvas {
    let mut canvas = Canvas::filled(width, height, 0);
    if picture.bytes().len() < picture.expected_bytes() || width == 0 || height == 0 {
        return canvas;
    }
    let across = Steps::new(picture.width, width);
    for (y, row) in canvas.pixels.chunks_exact_mut(width).enumerate() {
        let rows = Steps::new(picture.height, height).of(y);
        for (x, pixel) in row.iter_mut().enumerate() {
            *pixel = sample(picture, across.of(x), rows);
        }
    }
    canvas
}

/// The source samples of each pixel, in one direction.
#[derive(Clone, Copy)]
struct Steps {
    from: usize,
    to: usize,
}

impl Steps {
    const fn new(from: usize, to: usize) -> Self {
        Self { from, to }
    }

    /// [`SAMPLES`] positions, spread over the pixel.
    fn of(self, at: usize) -> [usize; SAMPLES] {
        std::array::from_fn(|i| {
            let place = (at * SAMPLES + i) * self.from / (self.to * SAMPLES);
            place.min(self.from - 1)
        })
    }
}

fn sample(picture: &Picture, columns: [usize; SAMPLES], rows: [usize; SAMPLES]) -> u32 {
    let count = (SAMPLES * SAMPLES) as u32;
    let Picture { width, height, .. } = *picture;
    let mean = |value: &dyn Fn(usize, usize) -> u8| -> u32 {
        let all = rows.iter().flat_map(|&y| columns.iter().map(move |&x| (x, y)));
        all.map(|(x, y)| u32::from(value(x, y))).sum::<u32>() / count
    };
    let (red, green, blue) = match &picture.pixels {
        Pixels::Rgb(bytes) | Pixels::Bgr(bytes) => {
            let channel = |i: usize| mean(&|x, y| bytes[(y * width + x) * 3 + i]);
            let (first, green, last) = (channel(0), channel(1), channel(2));
            if matches!(picture.pixels, Pixels::Rgb(_)) { (first, green, last) } else { (last, green, first) }
        }
        Pixels::Planar(subsampling, bytes) => {
            let (across, down) = subsampling.block();
            let (wide, tall) = (width.next_multiple_of(across), height.next_multiple_of(down));
            let luma = mean(&|x, y| bytes[y * wide + x]) as f32;
            let (chroma_wide, chroma_tall) = (wide / across, tall / down);
            let place = rows[SAMPLES / 2] / down * chroma_wide + columns[SAMPLES / 2] / across;
            let chroma = |plane: usize| {
                let at = wide * tall + plane * chroma_wide * chroma_tall + place;
                f32::from(bytes.get(at).copied().unwrap_or(128)) - 128.0
            };
            let grey = *subsampling == crate::picture::Subsampling::Grey;
            let (u, v) = if grey { (0.0, 0.0) } else { (chroma(0), chroma(1)) };
            // Full-range BT.601, as in JFIF.
            let byte = |value: f32| value.clamp(0.0, 255.0) as u32;
            (byte(luma + 1.402 * v), byte(luma - 0.344_136 * u - 0.714_136 * v), byte(luma + 1.772 * u))
        }
    };
    (red << 16) | (green << 8) | blue
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{jpeg::Encoder, picture::Subsampling};

    fn halves(width: usize, height: usize) -> Picture {
        let pixels = (0..width * height)
            .flat_map(|i| if i % width < width / 2 { [200, 20, 30] } else { [20, 40, 210] });
        Picture { width, height, pixels: Pixels::Rgb(pixels.collect()) }
    }

    fn seen(data: &FrameData, room: (usize, usize)) -> Canvas {
        let shown = Arc::<Mutex<Option<SelfViewUpdate>>>::default();
        let show = {
            let shown = Arc::clone(&shown);
            Arc::new(move |update| *shown.lock().unwrap() = Some(update))
        };
        let mut self_view = SelfViewScaler::new(SelfView { room, show });
        self_view.show(data, Instant::now());
        let Some(SelfViewUpdate::Picture(canvas)) = shown.lock().unwrap().take() else {
            panic!("nothing is seen")
        };
        canvas
    }

    fn near(canvas: &Canvas, x: usize, y: usize, wanted: u32) -> bool {
        let found = canvas.pixel(x, y).unwrap();
        (0..3).all(|byte| ((found >> (8 * byte)) & 0xff).abs_diff((wanted >> (8 * byte)) & 0xff) < 16)
    }

    #[test]
    fn left_is_right_in_every_format() {
        let picture = halves(640, 480);
        let jpeg = Encoder::new(90).unwrap().encode(&picture).unwrap();
        for data in [FrameData::Picture(picture.into()), FrameData::Jpeg(jpeg)] {
            let canvas = seen(&data, (160, 90));
            assert_eq!((canvas.width, canvas.height), (120, 90), "proportions are kept");
            assert!(near(&canvas, 10, 40, 0x0014_28d2) && near(&canvas, 110, 40, 0x00c8_141e));
        }
        for subsampling in [Subsampling::Yuv420, Subsampling::Yuv422, Subsampling::Yuv444, Subsampling::Grey]
        {
            let mut planes = vec![128; subsampling.bytes(64, 48)];
            // A bright right half.
            for (i, luma) in planes[..64 * 48].iter_mut().enumerate() {
                *luma = if i % 64 < 32 { 40 } else { 220 };
            }
            let picture = Picture { width: 64, height: 48, pixels: Pixels::Planar(subsampling, planes) };
            let canvas = seen(&FrameData::Picture(picture.into()), (32, 32));
            assert!(
                near(&canvas, 3, 10, 0x00dc_dcdc) && near(&canvas, 28, 10, 0x0028_2828),
                "{subsampling:?}"
            );
        }
    }

    #[test]
    fn colours_of_planes_come_out_as_the_codec_makes_them() {
        let subsampling = Subsampling::Yuv420;
        let mut planes = vec![100; subsampling.bytes(32, 32)];
        planes[32 * 32..32 * 32 + 256].fill(90);
        planes[32 * 32 + 256..].fill(180);
        let picture = Picture { width: 32, height: 32, pixels: Pixels::Planar(subsampling, planes) };
        let jpeg = Encoder::new(95).unwrap().encode(&picture).unwrap();
        let wanted = Decoder::new().unwrap().decode(&jpeg, Scale::Full, Canvas::default()).unwrap().canvas;
        let canvas = seen(&FrameData::Picture(picture.into()), (16, 16));
        assert!(near(&canvas, 8, 8, wanted.pixel(16, 16).unwrap()));
    }

    #[test]
    fn odd_pictures_are_no_reason_to_panic() {
        for (width, height) in [(1, 1), (3, 1), (1, 500), (5, 7)] {
            let canvas = seen(&FrameData::Picture(halves(width, height).into()), (64, 48));
            assert!(canvas.width <= 64 && canvas.height <= 48);
            let subsampling = Subsampling::Yuv420;
            let planes = vec![9; subsampling.bytes(width, height)];
            let picture = Picture { width, height, pixels: Pixels::Planar(subsampling, planes) };
            seen(&FrameData::Picture(picture.into()), (64, 48));
        }
        let short = Picture { width: 100, height: 100, pixels: Pixels::Rgb(vec![1; 5]) };
        seen(&FrameData::Picture(short.into()), (64, 48));
    }

    #[test]
    fn fifteen_a_second_are_enough() {
        let count = Arc::<Mutex<u32>>::default();
        let show = {
            let count = Arc::clone(&count);
            Arc::new(move |_| *count.lock().unwrap() += 1)
        };
        let mut self_view = SelfViewScaler::new(SelfView { room: (16, 16), show });
        let (data, start) = (FrameData::Picture(halves(32, 32).into()), Instant::now());
        for frame in 0..60_u32 {
            self_view.show(&data, start + Duration::from_secs(1) * frame / 60);
        }
        assert_eq!(*count.lock().unwrap(), 15);
    }
}
