//! Settings and their cost: quality is reduced first, then the frame rate, then the size.

/// Lowest quality: below it, blocks are more visible than fewer frames.
const LOWEST_QUALITY: u8 = 30;

/// Shares of the frames, and of width and height, in the order in which they are reduced.
const RUNGS: [(f64, f64); 8] =
    [(1.0, 1.0), (0.75, 1.0), (0.5, 1.0), (0.33, 1.0), (0.25, 1.0), (0.25, 0.75), (0.25, 0.5), (0.25, 0.25)];

/// Margin above the need of a rung before it is taken again: a link that varies by less must not make the
/// rate flicker.
const MORE_RATE: f64 = 1.3;

/// The same for the size, of which people notice each change.
const MORE_SIZE: f64 = 1.4;

/// Bytes of a picture by quality, relative to quality 85. Means of the three photographs in tests/data at
/// 1280x720, 4:2:0, encoded by libjpeg-turbo; no two of them differ by more than 15 %.
const COSTS: [(u8, f64); 12] = [
    (1, 0.06),
    (10, 0.17),
    (20, 0.28),
    (30, 0.37),
    (40, 0.44),
    (50, 0.51),
    (60, 0.58),
    (70, 0.69),
    (80, 0.86),
    (85, 1.0),
    (95, 1.73),
    (100, 3.0),
];

/// What to send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SendSetting {
    /// JPEG quality.
    pub(crate) quality: u8,
    /// Share of the frames.
    pub(crate) rate: f64,
    /// Share of width and height.
    pub(crate) scale: f64,
}

/// Converts a share of the bytes to a setting.
#[derive(Clone, Debug)]
pub(super) struct Ladder {
    /// The quality of the full setting.
    best: u8,
    rung: usize,
}

impl Ladder {
    pub(super) const fn new(best: u8) -> Self {
        Self { best, rung: 0 }
    }

    /// Changes the quality of the full setting.
    pub(super) const fn set_best(&mut self, best: u8) {
        self.best = best;
    }

    /// The full setting.
    pub(super) fn full(&mut self) -> SendSetting {
        self.rung = 0;
        SendSetting { quality: self.best, rate: 1.0, scale: 1.0 }
    }

    /// The best setting that costs at most `share` of the bytes; the cheapest if there is none.
    pub(super) fn setting(&mut self, share: f64) -> SendSetting {
        let floor = |rung: usize| self.cost(rung, self.lowest());
        let mut rung = self.rung;
        while rung + 1 < RUNGS.len() && floor(rung) > share {
            rung += 1;
        }
        while rung > 0 && rung <= self.rung {
            let more = if RUNGS[rung].1 < RUNGS[rung - 1].1 { MORE_SIZE } else { MORE_RATE };
            if floor(rung - 1) * more > share {
                break;
            }
            rung -= 1;
        }
        let qualities = self.lowest()..=self.best;
        let quality = qualities.rev().find(|&quality| self.cost(rung, quality) <= share);
        let quality = quality.unwrap_or_else(|| self.lowest());
        self.rung = rung;
        SendSetting { quality, rate: RUNGS[rung].0, scale: RUNGS[rung].1 }
    }

    /// The share of the bytes below which the setting stays the same.
    pub(super) fn least(&self) -> f64 {
        self.cost(RUNGS.len() - 1, self.lowest())
    }

    /// The quality of a source's pictures is never raised.
    fn lowest(&self) -> u8 {
        self.best.min(LOWEST_QUALITY)
    }

    fn cost(&self, rung: usize, quality: u8) -> f64 {
        let (rate, scale) = RUNGS[rung];
        rate * scale * scale * cost(quality) / cost(self.best)
    }
}

fn cost(quality: u8) -> f64 {
    let above = COSTS.partition_point(|(known, _)| *known < quality).clamp(1, COSTS.len() - 1);
    let ((from, least), (to, most)) = (COSTS[above - 1], COSTS[above]);
    let part = (f64::from(quality) - f64::from(from)) / (f64::from(to) - f64::from(from));
    least + (most - least) * part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_gives_way_first_then_rate_then_size() {
        let mut ladder = Ladder::new(80);
        assert_eq!(ladder.full(), SendSetting { quality: 80, rate: 1.0, scale: 1.0 });
        let mut before = ladder.full();
        for share in (0..1000).rev().map(|share| f64::from(share) / 1000.0) {
            let now = ladder.setting(share);
            assert!(now.rate <= before.rate && now.scale <= before.scale, "{share}: {before:?} {now:?}");
            assert!(now.rate == 1.0 || share < 0.44, "{share}: {now:?}");
            assert!(now.scale == 1.0 || now.rate == 0.25);
            assert!((LOWEST_QUALITY..=80).contains(&now.quality));
            before = now;
        }
        assert_eq!(before, SendSetting { quality: 30, rate: 0.25, scale: 0.25 });
    }

    #[test]
    fn a_setting_costs_no_more_than_it_may_and_not_much_less() {
        for best in [25, 50, 80, 90, 100] {
            let mut ladder = Ladder::new(best);
            for share in (10..1000).rev().map(|share| f64::from(share) / 1000.0) {
                let SendSetting { quality, rate, scale } = ladder.setting(share);
                let cost = rate * scale * scale * cost(quality) / cost(best);
                assert!(cost <= share || share < ladder.least(), "{best} {share}: {cost}");
                assert!(quality == best || best <= 30 || cost >= share * 0.87, "{best} {share}: {cost}");
                assert!(quality <= best, "the chosen quality is never exceeded");
            }
        }
    }

    #[test]
    fn a_rung_that_was_left_is_taken_again_with_a_margin() {
        let mut ladder = Ladder::new(80);
        ladder.setting(0.42);
        assert_eq!((ladder.setting(0.42).rate, ladder.setting(0.55).rate), (0.75, 0.75));
        assert_eq!(ladder.setting(0.57).rate, 1.0);
        ladder.setting(0.1);
        assert_eq!((ladder.setting(0.1).scale, ladder.setting(0.14).scale), (0.75, 0.75));
        assert_eq!(ladder.setting(0.16).scale, 1.0);
    }
}
