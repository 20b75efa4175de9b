//! A slow cable between two hosts, which takes the place of the way over the switch.

use std::{env, process::Command, time::Duration};

use pulsecam_bench::cable::Shape;

use crate::{
    common::program::Running,
    job::{CableJob, NetworkJob},
    lan::{Lan, Machine},
    network,
};

/// The variable that tells the process of a cable what to do.
const JOB: &str = "CABLE_JOB";

/// 12 Mb/s.
pub const RATE: f64 = 1.5e6;

/// A cable, until this is dropped. It belongs to a process of its own: this program, run again with the test below.
pub struct Wire(Running);

impl Wire {
    pub fn new(lan: &Lan, ends: [&Machine; 2], rtt: Duration, queue: usize, congestion: &str) -> Self {
        let shape = Shape::new(Some(RATE), rtt / 2, queue);
        let cable = CableJob {
            ends: ends.map(|end| end.host.name().to_owned()),
            // Those that the hosts have anyway: the route over the cable is the more specific one.
            addresses: ends.map(|end| end.host.address),
            shape,
            congestion: congestion.to_owned(),
        };
        let job = NetworkJob {
            namespaces: Vec::new(),
            cables: vec![cable],
            trace: lan.file("cable.csv"),
            scratch: None,
        };
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "wire::a_cable_for_the_others", "--nocapture"]);
        let mut running = Running::spawn(command.env(JOB, serde_json::to_string(&job).unwrap()));
        running.line("cable", |line| line.ends_with("up"));
        Self(running)
    }
}

/// Not a test: [`Wire`] runs it. Does nothing without a job.
#[test]
#[ignore = "a part of the others"]
fn a_cable_for_the_others() {
    let Ok(job) = env::var(JOB) else { return };
    network::run(&serde_json::from_str(&job).unwrap()).unwrap();
}
