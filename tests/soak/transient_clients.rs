//! Guests: clients that connect, leave, are stopped and are killed.

use std::time::{Duration, Instant};

use crate::process::Process;

/// Maximum number of guests: many for two cores, but the programs under test still get their share.
const MOST: usize = 6;

/// What happened to the guests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fates {
    pub viewers: u64,
    pub senders: u64,
    pub left: u64,
    pub killed: u64,
    pub stopped: u64,
}

#[derive(Default)]
pub struct TransientClients {
    here: Vec<Process>,
    leaving: Vec<(Process, Instant)>,
    pub fates: Fates,
}

/// Time limit for a guest that was asked to end.
const LEAVE: Duration = Duration::from_secs(10);

impl TransientClients {
    pub fn viewer(&mut self, relay: &str) {
        if self.here.len() < MOST {
            self.fates.viewers += 1;
            let name = format!("viewer {}", self.fates.viewers);
            self.here.push(Process::start(&name, &["view", relay, "--no-window"], |_| ()));
        }
    }

    pub fn sender(&mut self, relay: &str) {
        if self.here.len() < MOST {
            self.fates.senders += 1;
            let name = format!("guest {}", self.fates.senders);
            let source = ["--source", "pattern", "--size", "320x240", "--fps", "10", "--name", &name];
            self.here.push(Process::start(&name, &[&["send", relay][..], &source].concat(), |_| ()));
        }
    }

    fn pick(&self, which: f64) -> Option<usize> {
        (!self.here.is_empty()).then_some((which * self.here.len() as f64) as usize)
    }

    pub fn leave(&mut self, which: f64) {
        if let Some(index) = self.pick(which) {
            self.fates.left += 1;
            let mut guest = self.here.swap_remove(index);
            guest.resume();
            guest.signal("TERM");
            self.leaving.push((guest, Instant::now() + LEAVE));
        }
    }

    pub fn kill(&mut self, which: f64) {
        if let Some(index) = self.pick(which) {
            self.fates.killed += 1;
            drop(self.here.swap_remove(index));
        }
    }

    pub fn stop(&mut self, which: f64, time: Duration) {
        if let Some(index) = self.pick(which).filter(|index| self.here[*index].resumes.is_none()) {
            self.fates.stopped += 1;
            self.here[index].stop(time);
        }
    }

    /// Resumes guests that are due; checks that none ended unasked, and that those that were asked did.
    pub fn look(&mut self) {
        for guest in &mut self.here {
            if guest.resumes.is_some_and(|due| Instant::now() >= due) {
                guest.resume();
            }
            assert_eq!(guest.ended(), None, "{} ended by itself", guest.name);
        }
        self.leaving.retain_mut(|(guest, deadline)| {
            let ended = guest.ended();
            // If asked before it handles signals, the signal ends it.
            assert!(matches!(ended, None | Some(0 | -1)), "{} ended with {ended:?}", guest.name);
            assert!(ended.is_some() || Instant::now() < *deadline, "{} does not end", guest.name);
            ended.is_none()
        });
    }

    /// Kills all guests at once.
    pub fn disperse(&mut self) {
        self.here.clear();
        self.leaving.clear();
    }
}
