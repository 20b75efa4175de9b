//! Counts what was skipped because it is damaged.

/// Damaged stretches of a file, each counted once however often a film is moved back over it.
#[derive(Debug, Default)]
pub(super) struct Damage {
    count: u64,
    /// Where the furthest one was.
    furthest: Option<u64>,
}

impl Damage {
    /// One at this position of the file; says so if it is the first.
    pub(super) fn at(&mut self, position: u64) {
        if self.furthest.is_some_and(|furthest| position <= furthest) {
            return;
        }
        self.furthest = Some(position);
        if self.count == 0 {
            tracing::warn!(
                "the film is damaged at byte {position}: it goes on after that, and what is lost is counted"
            );
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
