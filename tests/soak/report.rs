//! Results of a run, and whether they are as promised.

use std::fmt;

use serde_json::{Value, json};

use crate::scenario::{Baseline, Outcome};

/// Allowed growth of a program's memory after the warm-up: a tenth, and what an allocator keeps of a burst.
///
/// A leak of a hundred bytes per message is ten times that within half an hour.
const GROWTH: f64 = 0.10;
const SLACK: u64 = 2_000_000;

/// Allowed lag behind the newest frame, in frames, of the steady sender at the steady viewer: for 99 of 100
/// frames, and for all. At 15 frames per second these are a fifth of a second and two seconds: the machine is
/// shared and busy.
const BEHIND_99: usize = 3;
const BEHIND_ALL: usize = 30;

pub struct Report<'a> {
    minutes: f64,
    seed: u64,
    warm: &'a Baseline,
    end: &'a Baseline,
    outcome: &'a Outcome,
}

impl<'a> Report<'a> {
    pub fn new(minutes: f64, seed: u64, warm: &'a Baseline, end: &'a Baseline, outcome: &'a Outcome) -> Self {
        Self { minutes, seed, warm, end, outcome }
    }

    /// Promises that were not kept.
    pub fn failures(&self) -> Vec<String> {
        let Outcome { steady, shaky, said, arrived, exit_codes, .. } = self.outcome;
        let mut failures = Vec::new();
        let mut check = |ok: bool, what: String| {
            if !ok {
                failures.push(what);
            }
        };
        for ((name, warm), (_, end)) in self.warm.held.iter().zip(&self.end.held) {
            let most = warm.memory + (warm.memory as f64 * GROWTH) as u64 + SLACK;
            check(end.memory <= most, format!("{name}: {} bytes, {most} allowed", end.memory));
            check(end.files == warm.files, format!("{name}: {} files, then {}", warm.files, end.files));
            check(
                end.threads == warm.threads,
                format!("{name}: {} threads, then {}", warm.threads, end.threads),
            );
        }
        check(steady.downs == 0, format!("the viewer's own link was down {} times", steady.downs));
        check(steady.texts_late == 0, format!("{} texts out of order", steady.texts_late));
        check(steady.texts_lost == 0, format!("{} texts lost", steady.texts_lost));
        check(arrived == said, format!("{said:?} texts sent, the last to arrive was {arrived:?}"));
        for (name, seen) in [("viewer", steady), ("shaky viewer", shaky)] {
            check(seen.texts_doubled == 0, format!("{name}: {} texts duplicated", seen.texts_doubled));
            for (stream, frames) in &seen.streams {
                // Also if the proxy holds what a sender sent before a stall, and delivers it after the sender
                // has reconnected: the relay passes it on, but the viewer's link drops it.
                let back = frames.back;
                check(back == 0, format!("{name}: {back} frames of {stream} after newer ones"));
                check(frames.damaged == 0, format!("{name}: {} frames of {stream} damaged", frames.damaged));
            }
        }
        let frames = steady.streams.get("steady").cloned().unwrap_or_default();
        let (most, all) = (frames.behind.share(0.99), frames.behind.share(1.0));
        check(frames.count > 0 && most <= BEHIND_99, format!("99 of 100 frames within {most} of the newest"));
        check(all <= BEHIND_ALL, format!("a frame {all} behind the newest"));
        for (name, code) in exit_codes {
            check(*code == 0, format!("{name} ended with {code}"));
        }
        failures
    }

    pub fn json(&self) -> String {
        let Outcome { door, steady, shaky, said, fates, cuts, stalls, lasting_stops, .. } = self.outcome;
        let held = |still: &Baseline| -> Value {
            let held = still.held.iter().map(|(name, held)| {
                json!({ "program": name, "memory": held.memory, "files": held.files, "threads": held.threads })
            });
            held.collect()
        };
        let seen = |seen: &crate::watch::Seen| {
            let streams = ["steady", "shaky"].iter().filter_map(|name| {
                let frames = seen.streams.get(*name)?;
                Some(json!({
                    "stream": name, "frames": frames.count, "after_newer": frames.back, "widest_gap": frames.widest_gap,
                    "behind_p50": frames.behind.share(0.5), "behind_p99": frames.behind.share(0.99),
                    "behind_max": frames.behind.share(1.0), "damaged": frames.damaged,
                }))
            });
            json!({
                "texts": seen.texts_seen, "texts_lost": seen.texts_lost, "texts_doubled": seen.texts_doubled, "texts_late": seen.texts_late,
                "downs": seen.downs, "ups": seen.ups, "streams": streams.collect::<Value>(),
            })
        };
        let report = json!({
            "minutes": self.minutes, "seed": self.seed, "warm": held(self.warm), "end": held(self.end),
            "joined": door.joined, "left": door.left, "texts_said": said, "viewer": seen(steady),
            "shaky_viewer": seen(shaky), "guest_viewers": fates.viewers, "guest_senders": fates.senders,
            "guests_left": fates.left, "guests_killed": fates.killed, "guests_stopped": fates.stopped,
            "lasting_stopped": lasting_stops, "cuts": cuts, "stalls": stalls, "failures": self.failures(),
        });
        format!("{report:#}")
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome { door, steady, shaky, said, fates, cuts, stalls, lasting_stops, .. } = self.outcome;
        writeln!(
            f,
            "\n{:<16}{:>12}{:>12}{:>8}{:>8}{:>10}{:>8}",
            "", "warm MB", "end MB", "files", "", "threads", ""
        )?;
        for ((name, warm), (_, end)) in self.warm.held.iter().zip(&self.end.held) {
            let mb = |bytes: u64| bytes as f64 / 1e6;
            writeln!(
                f,
                "{name:<16}{:>12.2}{:>12.2}{:>8}{:>8}{:>10}{:>8}",
                mb(warm.memory),
                mb(end.memory),
                warm.files,
                end.files,
                warm.threads,
                end.threads
            )?;
        }
        writeln!(f, "\n{} clients joined; they left:", door.joined)?;
        for (reason, times) in &door.left {
            writeln!(f, "{times:>8}  {reason}")?;
        }
        writeln!(
            f,
            "guests: {} viewers, {} senders; {} ended, {} killed, {} stopped; {lasting_stops} permanent programs stopped\n\
             links: {cuts} cut, {stalls} times all stalled; the shaky viewer's link was down {} times",
            fates.viewers, fates.senders, fates.left, fates.killed, fates.stopped, shaky.downs
        )?;
        writeln!(
            f,
            "texts: {said:?} sent, {} arrived at the viewer, {} lost, {} duplicated; {} duplicated and {} late at the shaky one",
            steady.texts_seen, steady.texts_lost, steady.texts_doubled, shaky.texts_doubled, shaky.texts_late
        )?;
        for (viewer, seen) in [("viewer", steady), ("shaky viewer", shaky)] {
            for name in ["steady", "shaky"] {
                let Some(frames) = seen.streams.get(name) else { continue };
                writeln!(
                    f,
                    "{viewer}: {} frames of {name}; behind the newest: p50 {}, p99 {}, max {}; {} after a newer one; widest gap {}",
                    frames.count,
                    frames.behind.share(0.5),
                    frames.behind.share(0.99),
                    frames.behind.share(1.0),
                    frames.back,
                    frames.widest_gap
                )?;
            }
        }
        Ok(())
    }
}
