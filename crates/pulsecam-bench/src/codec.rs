//! Times of encoding and decoding: turbojpeg's bare calls, ours on one thread, and ours in strips.
//!
//! The three take turns on the same pictures, so that other load on the machine affects all of them; the
//! ratios are medians of the turns' ratios.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use serde::Serialize;

use super::{
    psnr::Difference,
    scene::{Format, pictures},
    steps::median,
};
use pulsecam_media::{
    jpeg::{self, Decoder, Encoder, Scale, Strips, baseline},
    picture::{Canvas, Picture, Subsampling},
};

/// Turns that are not counted: buffers grow, threads start.
const WARM_UP: usize = 3;

/// Minimum number of turns, however short the time is.
const FEWEST: usize = 5;

/// Formats that are encoded, and then decoded.
const FORMATS: [(&str, Format); 5] = [
    ("4:2:0", Format::Planar(Subsampling::Yuv420)),
    ("4:2:2", Format::Planar(Subsampling::Yuv422)),
    ("4:4:4", Format::Planar(Subsampling::Yuv444)),
    ("grey", Format::Planar(Subsampling::Grey)),
    ("rgb", Format::Rgb),
];

/// The first formats are decoded: these are planar, and a JPEG made from RGB is 4:2:0.
const DECODED: usize = 4;

/// Pause before each call beside busy cores, as between the frames of a stream: the kernel prefers a thread
/// that has slept, and strips depend on that.
const PAUSE: Duration = Duration::from_millis(5);

/// Parameters of the measurement.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// Sizes in pixels.
    pub sizes: Vec<(usize, usize)>,
    /// JPEG quality.
    pub quality: u8,
    /// Total duration.
    pub time: Duration,
    /// Cores that other programs keep busy; started by the caller. If there are any, only 4:2:0 is measured,
    /// at a stream's pace, and strips rest while they do not pay.
    pub busy: usize,
}

impl Plan {
    /// A plan on idle cores.
    #[must_use]
    pub const fn new(sizes: Vec<(usize, usize)>, quality: u8, time: Duration) -> Self {
        Self { sizes, quality, time, busy: 0 }
    }

    /// Sets [`Plan::busy`].
    #[must_use]
    pub fn with_busy(self, busy: usize) -> Self {
        Self { busy, ..self }
    }
}

/// What was done with a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Pixels to JPEG.
    Encode,
    /// JPEG to the window's pixel format.
    Decode,
    /// The same, at half the width and height.
    DecodeHalf,
}

/// Times of one implementation, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
#[non_exhaustive]
pub struct Times {
    /// The shortest.
    pub best: f64,
    /// The median.
    pub median: f64,
    /// The 99th percentile.
    pub p99: f64,
}

/// Result for one combination of operation, size and format.
#[derive(Clone, Copy, Debug, Serialize)]
#[non_exhaustive]
pub struct Cost {
    /// The operation.
    pub way: Way,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// The picture's subsampling, or its packed format.
    pub format: &'static str,
    /// The mean size of a JPEG.
    pub bytes: usize,
    /// Turns that were counted.
    pub turns: usize,
    /// Number of strips; each has a thread of its own if there are enough cores.
    pub strips: usize,
    /// turbojpeg's call.
    pub bare_ms: Times,
    /// Ours on one thread.
    pub one_ms: Times,
    /// Ours in strips.
    pub strips_ms: Times,
    /// Median of one thread ÷ bare calls.
    pub one_ratio: f64,
    /// Median of strips ÷ one thread.
    pub strips_ratio: f64,
    /// 99th percentile of strips ÷ that of one thread.
    pub strips_ratio_p99: f64,
    /// PSNR of the pixels of strips against those of one thread; `None` if they are identical, or for
    /// encoding.
    pub psnr_db: Option<f64>,
}

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The codec failed.
    #[error(transparent)]
    Jpeg(#[from] jpeg::Error),
    /// The pictures could not be prepared.
    #[error("cannot prepare pictures of this size: {0}")]
    Scene(String),
}

/// Measures. Calls `told` with each result as soon as it is known, and `progress` with the share that is
/// done.
///
/// # Errors
/// See [`Error`].
pub fn run(plan: &Plan, mut told: impl FnMut(Cost), progress: impl Fn(f64)) -> Result<(), Error> {
    // At least two, even on one core or for a small picture: the figures then show that strips do not help.
    let strips = Strips::usual().max(2);
    let beside = plan.busy > 0;
    let formats = if beside { &FORMATS[..1] } else { &FORMATS[..] };
    let cases = if beside { 2 } else { FORMATS.len() + DECODED + 1 };
    let time = plan.time / (plan.sizes.len() * cases).max(1) as u32;
    let mut done = 0;
    let mut tell = |cost| {
        done += 1;
        // Clears the bar's line before `told` prints.
        progress(1.0);
        told(cost);
        progress(done as f64 / (plan.sizes.len() * cases) as f64);
    };
    progress(0.0);
    for &(width, height) in &plan.sizes {
        for (index, &(format, kind)) in formats.iter().enumerate() {
            let pictures = pictures(width, height, kind).map_err(Error::Scene)?;
            let case = Case { width, height, format, strips, beside, time, quality: plan.quality };
            let (cost, jpegs) = case.encode(&pictures)?;
            tell(cost);
            if index < DECODED {
                tell(case.decode(&jpegs, Scale::Full)?);
            }
            if index == 0 && !beside {
                tell(case.decode(&jpegs, Scale::Half)?);
            }
        }
    }
    progress(1.0);
    Ok(())
}

/// One row of the report.
#[derive(Clone, Copy)]
struct Case {
    width: usize,
    height: usize,
    format: &'static str,
    strips: usize,
    /// Whether other programs keep cores busy.
    beside: bool,
    time: Duration,
    quality: u8,
}

impl Case {
    /// In a quiet run strips never rest, so that the figures show whether they pay.
    fn strips(self) -> Strips {
        if self.beside { Strips::Auto } else { Strips::Count(self.strips) }
    }

    /// Returns the cost, and the JPEGs in strips.
    fn encode(self, pictures: &[Arc<Picture>]) -> Result<(Cost, Vec<Bytes>), Error> {
        let mut bare = baseline::Compress::new(self.quality)?;
        let mut one = Encoder::new(self.quality)?;
        let mut many = Encoder::new(self.quality)?.with_strips(self.strips());
        let turns = self.turns(
            pictures,
            |picture| bare.call(picture).map(drop),
            |picture| one.encode(picture).map(drop),
            |picture| many.encode_shared(picture).map(drop),
        )?;
        let jpegs = pictures.iter().map(|picture| many.encode(picture)).collect::<Result<Vec<_>, _>>()?;
        Ok((self.cost(Way::Encode, &turns, &jpegs, None), jpegs))
    }

    fn decode(self, jpegs: &[Bytes], scale: Scale) -> Result<Cost, Error> {
        let mut bare = baseline::Decompress::new((self.width, self.height), scale)?;
        let mut one = Decoder::new()?;
        let mut many = Decoder::new()?.with_strips(self.strips());
        let difference = jpegs.iter().try_fold(Difference::default(), |difference, jpeg| {
            let decode = |decoder: &mut Decoder| decoder.decode(jpeg, scale, Canvas::default());
            Ok::<_, jpeg::Error>(difference.and(&decode(&mut one)?.canvas, &decode(&mut many)?.canvas))
        })?;
        let mut canvases = [Canvas::default(), Canvas::default()];
        let [of_one, of_many] = &mut canvases;
        let decode = |decoder: &mut Decoder, jpeg: &Bytes, canvas: &mut Canvas| {
            *canvas = decoder.decode(jpeg, scale, std::mem::take(canvas))?.canvas;
            Ok(())
        };
        let turns = self.turns(
            jpegs,
            |jpeg| bare.call(jpeg),
            |jpeg| decode(&mut one, jpeg, of_one),
            |jpeg| decode(&mut many, jpeg, of_many),
        )?;
        let way = if scale == Scale::Full { Way::Decode } else { Way::DecodeHalf };
        Ok(self.cost(way, &turns, jpegs, difference.psnr()))
    }

    /// Times of the three implementations, turn by turn.
    fn turns<T>(
        self,
        items: &[T],
        mut bare: impl FnMut(&T) -> Result<(), jpeg::Error>,
        mut one: impl FnMut(&T) -> Result<(), jpeg::Error>,
        mut strips: impl FnMut(&T) -> Result<(), jpeg::Error>,
    ) -> Result<Vec<[f64; 3]>, Error> {
        let begin = Instant::now();
        let mut turns = Vec::new();
        for (index, item) in items.iter().cycle().enumerate() {
            if turns.len() >= FEWEST && begin.elapsed() >= self.time {
                break;
            }
            let pause = || thread::sleep(if self.beside { PAUSE } else { Duration::ZERO });
            pause();
            let bare = clock(|| bare(item))?;
            pause();
            let one = clock(|| one(item))?;
            pause();
            let turn = [bare, one, clock(|| strips(item))?];
            if index >= WARM_UP {
                turns.push(turn);
            }
        }
        Ok(turns)
    }

    fn cost(self, way: Way, turns: &[[f64; 3]], jpegs: &[Bytes], psnr_db: Option<f64>) -> Cost {
        let Self { width, height, format, strips, .. } = self;
        let times = |which: usize| {
            let mut sorted: Vec<_> = turns.iter().map(|turn| turn[which]).collect();
            sorted.sort_by(f64::total_cmp);
            let at = |place: usize| sorted.get(place).copied().unwrap_or_default();
            let p99 = at((sorted.len() * 99).div_ceil(100).saturating_sub(1));
            Times { best: at(0), median: median(sorted.iter().copied()), p99 }
        };
        let (one_ms, strips_ms) = (times(1), times(2));
        Cost {
            way,
            width,
            height,
            format,
            bytes: jpegs.iter().map(Bytes::len).sum::<usize>() / jpegs.len().max(1),
            turns: turns.len(),
            strips,
            bare_ms: times(0),
            one_ms,
            strips_ms,
            one_ratio: median(turns.iter().map(|[bare, one, _]| one / bare)),
            strips_ratio: median(turns.iter().map(|[_, one, strips]| strips / one)),
            strips_ratio_p99: strips_ms.p99 / one_ms.p99,
            psnr_db,
        }
    }
}

fn clock(work: impl FnOnce() -> Result<(), jpeg::Error>) -> Result<f64, jpeg::Error> {
    let begin = Instant::now();
    work()?;
    Ok(begin.elapsed().as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_and_format_is_measured_and_strips_come_near_to_the_whole() {
        let plan = Plan { sizes: vec![(96, 64)], quality: 80, time: Duration::ZERO, busy: 0 };
        let mut costs = Vec::new();
        run(&plan, |cost| costs.push(cost), |_| ()).unwrap();
        assert_eq!(costs.len(), FORMATS.len() + DECODED + 1);
        for cost in &costs {
            assert!(cost.turns >= FEWEST && cost.strips >= 2 && cost.bytes > 1000, "{cost:?}");
            let Times { best, median, p99 } = cost.bare_ms;
            assert!(best > 0.0 && best <= median && median <= p99, "{cost:?}");
            let smoothed = cost.way == Way::Decode && cost.format == "4:2:0";
            assert_eq!(cost.psnr_db.is_some(), smoothed, "only chroma of less height has seams: {cost:?}");
            assert!(cost.psnr_db.is_none_or(|psnr| psnr > 45.0), "{cost:?}");
        }
    }

    #[test]
    fn beside_busy_cores_only_the_usual_format_is_measured() {
        let plan = Plan { sizes: vec![(640, 480)], quality: 80, time: Duration::ZERO, busy: 1 };
        let mut costs = Vec::new();
        run(&plan, |cost| costs.push((cost.way, cost.format)), |_| ()).unwrap();
        assert_eq!(costs, [(Way::Encode, "4:2:0"), (Way::Decode, "4:2:0")]);
    }
}
