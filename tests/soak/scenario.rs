//! The permanent programs, and what happens to them and around them.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use crate::{
    common::program::PATIENCE,
    plan::{Action, Step},
    process::{Held, Process},
    proxy::Proxy,
    transient_clients::{Fates, TransientClients},
    watch::{FPS, RelayWatch, Seen, Shared},
};

/// How often programs are checked.
pub const LOOK: Duration = Duration::from_millis(50);

/// Interval of the numbered texts of each sender.
const TEXT: Duration = Duration::from_millis(500);

/// Time for memory to be freed and waiting texts to arrive once all is calm.
const CALM: Duration = Duration::from_secs(3);

const RELAY: [&str; 9] = [
    "relay",
    "--listen",
    "127.0.0.1:0",
    "--client-timeout",
    "6s",
    "--max-per-address",
    "0",
    "--max-joins",
    "0",
];

/// Short limits, so that every stall except the shortest is an outage.
const PATIENT: [&str; 6] = ["--heartbeat", "1s", "--timeout", "4s", "--max-backoff", "1s"];

/// Permanent programs. The first four connect directly, the others through the proxy.
const LASTING: [&str; 7] =
    ["relay", "steady sender", "viewer", "steady texts", "shaky sender", "shaky viewer", "shaky texts"];
const STEADY_TEXTS: usize = 3;
const FIRST_SHAKY: usize = 4;
const SHAKY_TEXTS: usize = 6;

/// Resources that all programs hold at a calm moment.
pub struct Baseline {
    pub held: Vec<(&'static str, Held)>,
}

/// All counters.
pub struct Outcome {
    pub door: RelayWatch,
    pub steady: Seen,
    pub shaky: Seen,
    pub said: [u64; 2],
    pub arrived: [u64; 2],
    pub fates: Fates,
    pub cuts: u64,
    pub stalls: u64,
    pub lasting_stops: u64,
    pub exit_codes: Vec<(&'static str, i32)>,
}

pub struct Scenario {
    lasting: Vec<Process>,
    guests: TransientClients,
    proxy: Proxy,
    direct: String,
    door: Shared<RelayWatch>,
    viewers: [Shared<Seen>; 2],
    said: [u64; 2],
    next_text: Instant,
    stalled_until: Option<Instant>,
    cuts: u64,
    stalls: u64,
    lasting_stops: u64,
}

fn until(what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::sleep(LOOK);
    }
}

impl Scenario {
    pub fn new() -> Self {
        let (door, viewers) = (Shared::<RelayWatch>::default(), <[Shared<Seen>; 2]>::default());
        let (heard, listening) = (door.clone(), Shared::<Option<SocketAddr>>::default());
        let told = listening.clone();
        let relay = Process::start(LASTING[0], &RELAY, move |event| {
            if event["event"] == "listening" {
                *told.lock() = event["addr"].as_str().unwrap().parse().ok();
            }
            heard.lock().hear(event);
        });
        until("the relay listens", || listening.lock().is_some());
        let addr = listening.lock().unwrap();
        let (direct, proxy) = (addr.to_string(), Proxy::before(addr));
        let broken = proxy.addr.to_string();
        let mut lasting = vec![relay];
        let links = [("steady", &direct), ("shaky", &broken)];
        for (seen, (name, relay)) in viewers.iter().zip(links) {
            let fps = FPS.to_string();
            let seen = seen.clone();
            let mut start = |what: &[&str], hear: Box<dyn FnMut(&serde_json::Value) + Send>| {
                let arguments = [&[what[0], relay], &what[1..], &PATIENT[..]].concat();
                lasting.push(Process::start(LASTING[lasting.len()], &arguments, hear));
            };
            let source = ["send", "--source", "pattern", "--size", "320x240", "--fps", &fps, "--name", name];
            start(&source, Box::new(|_| ()));
            start(&["view", "--no-window"], Box::new(move |event| seen.lock().hear(event)));
            start(&["text", "--name", name, "--deadline", "1m"], Box::new(|_| ()));
        }
        let stage = Self {
            lasting,
            guests: TransientClients::default(),
            proxy,
            direct,
            door,
            viewers,
            said: [0; 2],
            next_text: Instant::now(),
            stalled_until: None,
            cuts: 0,
            stalls: 0,
            lasting_stops: 0,
        };
        let here = LASTING.len() as u64 - 1;
        until("all permanent programs are connected", || stage.door.lock().clients == here);
        until("the viewers are up", || stage.viewers.iter().all(|seen| seen.lock().is_up));
        stage
    }

    pub fn act(&mut self, step: &Step) {
        let broken = self.proxy.addr.to_string();
        let relay = |proxy| if proxy { broken.clone() } else { self.direct.clone() };
        match step.act {
            Action::Viewer { proxy } => self.guests.viewer(&relay(proxy)),
            Action::Sender { proxy } => self.guests.sender(&relay(proxy)),
            Action::Leave => self.guests.leave(step.which),
            Action::Kill => self.guests.kill(step.which),
            Action::Stop(time) => self.guests.stop(step.which, time),
            Action::StopLasting(time) => {
                let shaky = &mut self.lasting[FIRST_SHAKY..];
                let index = (step.which * shaky.len() as f64) as usize;
                if shaky[index].resumes.is_none() {
                    self.lasting_stops += 1;
                    shaky[index].stop(time);
                }
            }
            Action::Cut => self.cuts += self.proxy.cut(Some(step.which)),
            Action::CutAll => self.cuts += self.proxy.cut(None),
            Action::Stall(time) => {
                self.stalls += u64::from(self.stalled_until.is_none());
                self.stalled_until = Some(Instant::now() + time);
                self.proxy.stall(true);
            }
        }
    }

    /// Does what is due: texts, the end of stalls; checks that every permanent program still runs.
    pub fn look(&mut self) {
        let now = Instant::now();
        if now >= self.next_text {
            self.next_text = now + TEXT;
            for (said, index) in self.said.iter_mut().zip([STEADY_TEXTS, SHAKY_TEXTS]) {
                *said += 1;
                self.lasting[index].say(&said.to_string());
            }
        }
        if self.stalled_until.is_some_and(|end| now >= end) {
            self.stalled_until = None;
            self.proxy.stall(false);
        }
        for actor in &mut self.lasting {
            if actor.resumes.is_some_and(|due| now >= due) {
                actor.resume();
            }
            assert_eq!(actor.ended(), None, "{} ended", actor.name);
        }
        self.guests.look();
    }

    /// Sends the guests away, heals the links, and returns what everybody holds then.
    pub fn still(&mut self) -> Baseline {
        self.calm();
        let names = LASTING.iter();
        Baseline { held: names.zip(&self.lasting).map(|(name, actor)| (*name, actor.held())).collect() }
    }

    fn calm(&mut self) {
        self.guests.disperse();
        self.stalled_until = None;
        self.proxy.stall(false);
        for actor in &mut self.lasting {
            actor.resume();
        }
        let here = self.lasting.len() as u64 - 1;
        until("only the permanent programs are connected", || self.door.lock().clients == here);
        until("the viewers are up", || self.viewers.iter().all(|seen| seen.lock().is_up));
        // There is no event to wait for: connections are closing, memory is being freed.
        thread::sleep(CALM);
        until("no client has joined or left", || self.door.lock().clients == here);
    }

    pub fn progress(&self, elapsed: Duration) -> String {
        let held = self.lasting[0].held();
        let (door, seen, fates) = (self.door.lock(), self.viewers[0].lock(), self.guests.fates);
        let behind = seen.streams.get("steady").map_or(0, |stream| stream.behind.share(0.99));
        format!(
            "{:>5} s: relay {:.1} MB, {} files; {} joined, {} guests, {} killed, {} stopped, {} cut, {} stalls; {} texts ({} lost, {} \
             duplicated); 99 of 100 frames at most {behind} behind",
            elapsed.as_secs(),
            held.memory as f64 / 1e6,
            held.files,
            door.joined,
            fates.viewers + fates.senders,
            fates.killed,
            fates.stopped + self.lasting_stops,
            self.cuts,
            self.stalls,
            seen.texts_seen,
            seen.texts_lost,
            seen.texts_doubled,
        )
    }

    /// Ends all programs: texts first, which end once all are acknowledged, the relay last.
    pub fn finish(mut self) -> Outcome {
        self.calm();
        let mut exit_codes = Vec::new();
        for index in [STEADY_TEXTS, SHAKY_TEXTS] {
            exit_codes.push((LASTING[index], self.lasting[index].end()));
        }
        let steady = self.viewers[0].clone();
        let arrived = || ["steady", "shaky"].map(|from| steady.lock().last_text(from));
        let said = self.said;
        until("the last texts have arrived", || arrived() == said);
        for index in (0..LASTING.len()).rev().filter(|index| ![STEADY_TEXTS, SHAKY_TEXTS].contains(index)) {
            self.lasting[index].signal("INT");
            exit_codes.push((LASTING[index], self.lasting[index].end()));
        }
        let [steady, shaky] = self.viewers.each_ref().map(|seen| seen.lock().clone());
        Outcome {
            door: self.door.lock().clone(),
            arrived: arrived(),
            steady,
            shaky,
            said,
            fates: self.guests.fates,
            cuts: self.cuts,
            stalls: self.stalls,
            lasting_stops: self.lasting_stops,
            exit_codes,
        }
    }
}
