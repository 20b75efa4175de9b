//! Events of a relay, with the names of the settings that they are about.

use std::net::SocketAddr;

use serde::Serialize;

use crate::relay::{Event, Setting};

/// Names the option for a setting; `cli` knows it.
pub(crate) type SettingName = fn(Setting) -> &'static str;

/// An event as the program prints it.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Printed<'a> {
    Left {
        client: u64,
        addr: SocketAddr,
        reason: String,
        frames_lost: u64,
        clients: usize,
    },
    Refused {
        addr: SocketAddr,
        reason: String,
        times: u64,
    },
    /// Without a setting.
    #[serde(untagged)]
    Other(&'a Event),
}

impl<'a> Printed<'a> {
    pub(crate) fn new(event: &'a Event, name: SettingName) -> Self {
        let Some(option) = event.setting().map(name) else { return Self::Other(event) };
        match *event {
            Event::Left { client, addr, ref reason, frames_lost, clients } => {
                Self::Left { client, addr, reason: format!("{reason} ({option})"), frames_lost, clients }
            }
            Event::Refused { addr, ref reason, times } => {
                Self::Refused { addr, reason: format!("{reason} ({option})"), times }
            }
            _ => Self::Other(event),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::relay::{LeaveReason, RejectReason};

    fn json(event: &Event) -> String {
        let name = |setting| if setting == Setting::Tls { "--tls-cert" } else { "--client-timeout" };
        serde_json::to_string(&Printed::new(event, name)).unwrap()
    }

    #[test]
    fn an_event_names_the_setting_of_its_limit() {
        let addr = SocketAddr::from(([192, 0, 2, 1], 5000));
        let left = |reason| Event::Left { client: 1, addr, reason, frames_lost: 3, clients: 0 };
        assert_eq!(
            json(&left(LeaveReason::Silent(Duration::from_secs(15)))),
            r#"{"event":"left","client":1,"addr":"192.0.2.1:5000","reason":"silent for 15s (--client-timeout)","frames_lost":3,"clients":0}"#
        );
        assert_eq!(
            json(&left(LeaveReason::Closed)),
            r#"{"event":"left","client":1,"addr":"192.0.2.1:5000","reason":"closed the connection","frames_lost":3,"clients":0}"#
        );
        assert_eq!(
            json(&Event::Refused { addr, reason: RejectReason::SpeaksTls, times: 2 }),
            r#"{"event":"refused","addr":"192.0.2.1:5000","reason":"speaks TLS, and this relay has no certificate (--tls-cert)","times":2}"#
        );
    }
}
