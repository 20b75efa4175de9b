//! Relays that are found on the network, by a host at the other end of the cable.

use mdns_sd::{DaemonEvent, ServiceDaemon, ServiceInfo};

use crate::{common::program::Running, hosts::Cable};

/// Runs a relay that announces itself at one end of the cable.
fn announced(cable: &Cable, more: &[&str]) -> Running {
    let listen = ["relay", "--json", "--quiet", "--announce"];
    let mut relay = cable.relay.start(&[&listen[..], more].concat());
    relay.event("listening", |_| true);
    relay
}

#[test]
#[ignore = "needs root"]
fn an_announced_relay_is_found_until_it_ends() {
    let cable = Cable::new();
    let none = cable.client.run(&["relays"]);
    assert_eq!(none.status.code(), Some(1), "{none:?}");

    let mut relay = announced(&cable, &["--listen", "7000"]);
    let found = cable.client.run(&["relays", "--json", "--for", "3s"]);
    let lines = String::from_utf8(found.stdout).unwrap();
    let found: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    let address = format!("{}:7000", cable.relay.address);
    assert_eq!(found["address"], address.as_str(), "{lines}");
    assert_eq!((&found["tls"], &found["key"]), (&false.into(), &false.into()), "{lines}");
    assert_eq!(found["page"], format!("http://{address}/").as_str(), "{lines}");

    // A viewer without a relay takes the only one.
    let mut viewer = cable.client.start(&["view", "--no-window", "--json"]);
    let page = viewer.event("page", |_| true);
    assert_eq!(page["url"], format!("http://{address}/").as_str());
    let up = viewer.event("link", |event| event["state"] == "up");
    assert_eq!(up["host"], address.as_str());
    drop(viewer);

    relay.signal("TERM");
    assert_eq!(relay.exit_code(), 0);
    let none = cable.client.run(&["view", "--no-window"]);
    assert_eq!(none.status.code(), Some(2), "{none:?}");
    let said = String::from_utf8(none.stderr).unwrap();
    assert!(said.contains("none announces itself") && said.contains("--announce"), "{said}");
}

/// Announces a service of this type at one address of the relay's host, and waits until that is told for the last time
/// without a question.
fn announce(daemon: &ServiceDaemon, kind: &str, address: &str, device: &str) {
    let info =
        ServiceInfo::new(kind, "half", "half.local.", address, 7000, &[][..] as &[(&str, &str)]).unwrap();
    let name = info.get_fullname().to_owned();
    let events = daemon.monitor().unwrap();
    daemon.register(info).unwrap();
    let told = |event: &DaemonEvent| matches!(event, DaemonEvent::Announce(of, at) if *of == name && at.ends_with(device));
    // RFC 6762, 8.3: at least twice.
    assert_eq!(events.iter().filter(told).take(2).count(), 2);
}

#[test]
#[ignore = "needs root"]
fn a_relay_that_first_tells_half_of_its_addresses_is_asked_for_the_rest() {
    let cable = Cable::new();
    let (relay, device) = (&cable.relay, cable.relay.device());
    // Each family of addresses is told by itself: the search hears of one only, and the other is told who asks.
    let daemon = relay.inside(|| ServiceDaemon::new().unwrap());
    announce(&daemon, "_pulsecam._tcp.local.", &relay.link_local(), device);
    announce(&daemon, "_other._tcp.local.", &relay.address.to_string(), device);
    let found = cable.client.run(&["relays", "--json"]);
    let found: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(found["address"], format!("{}:7000", relay.address).as_str(), "{found}");
    assert_eq!(found["addresses"].as_array().map(Vec::len), Some(2), "{found}");
    daemon.shutdown().unwrap();
}

#[test]
#[ignore = "needs root"]
fn several_relays_are_listed_and_none_is_taken_without_asking() {
    let cable = Cable::new();
    let _one = announced(&cable, &["--listen", "7001"]);
    let _other = announced(&cable, &["--listen", "7002"]);
    // Both have the machine's name, and one has to choose another before it answers (RFC 6762, 8 and 9).
    let both = || {
        let found = cable.client.run(&["relays", "--json", "--for", "2s"]);
        found.stdout.iter().filter(|byte| **byte == b'\n').count() == 2
    };
    assert!((0..10).any(|_| both()), "both are announced");
    let several = cable.client.run(&["view", "--no-window"]);
    let said = String::from_utf8(several.stderr).unwrap();
    assert_eq!(several.status.code(), Some(2), "{said}");
    for port in ["7001", "7002"] {
        assert!(said.contains(&format!("{}:{port}", cable.relay.address)), "{said}");
    }
    // A sender must know to whom it sends.
    for command in ["send", "call"] {
        let output = cable.client.run(&[command, "--source", "pattern"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("no relay is named") && !said.contains("700"), "{said}");
    }
}

#[test]
#[ignore = "needs root"]
fn a_relay_that_is_not_to_be_found_is_not_found() {
    let cable = Cable::new();
    let listen = ["relay", "--json", "--quiet", "--listen", "7000"];
    let mut relay = cable.relay.start(&listen);
    relay.event("listening", |_| true);
    assert_eq!(cable.client.run(&["relays"]).status.code(), Some(1));
    // At this machine's own address it is announced to this machine only.
    let _own = announced(&cable, &["--listen", "127.0.0.1:7001"]);
    assert_eq!(cable.client.run(&["relays"]).status.code(), Some(1));
    let found = cable.relay.run(&["relays", "--json"]);
    let lines = String::from_utf8(found.stdout).unwrap();
    assert!(lines.contains("127.0.0.1:7001"), "{lines}");
}
