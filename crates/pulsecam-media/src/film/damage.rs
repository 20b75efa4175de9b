//! Counting damaged parts that were skipped.

/// Damaged parts of a file, each counted once, however often seeking repeats it.
#[derive(Debug, Default)]
pub(super) struct Damage {
    count: u64,
    /// Position of the furthest one.
    furthest: Option<u64>,
}

impl Damage {
    /// Records damage at this position of the file; logs a warning the first time.
    pub(super) fn at(&mut self, position: u64) {
        if self.furthest.is_some_and(|furthest| position <= furthest) {
            return;
        }
        self.furthest = Some(position);
        if self.count == 0 {
            tracing::warn!("the film is damaged at byte {position}: skipping it, lost frames are counted");
        } else {
            tracing::debug!("the film is damaged at byte {position}");
        }
        self.count += 1;
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_counted_once() {
        let mut damage = Damage::default();
        [7, 9, 7, 9, 12].into_iter().for_each(|position| damage.at(position));
        assert_eq!(damage.count(), 3);
    }
}
