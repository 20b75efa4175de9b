//! The addresses by which other machines reach the page, for links that are made on the relay's own machine.

use std::net::{IpAddr, SocketAddr};

use super::{config::Config, host};

/// Whether a page was opened by a name that means this machine only. Others do not get the machine's addresses:
/// they have one that works, and a relay behind a proxy need not tell the world where it is.
pub(super) fn is_here(host: &str) -> bool {
    let name = host::name(host).trim_start_matches('[').trim_end_matches(']');
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The addresses of the page, the best first. `listening`: where the relay listens; `machine`: this machine's
/// addresses.
pub(super) fn of(listening: SocketAddr, machine: &[IpAddr], config: &Config, https: bool) -> Vec<String> {
    let (scheme, port) = (if https { "https" } else { "http" }, listening.port());
    let ips: Vec<IpAddr> = match listening.ip() {
        IpAddr::V4(all) if all.is_unspecified() => {
            machine.iter().filter(|ip| ip.is_ipv4()).copied().collect()
        }
        all if all.is_unspecified() => machine.to_vec(),
        one if one.is_loopback() => Vec::new(),
        one => vec![one],
    };
    let addresses = ips.iter().map(|ip| format!("{scheme}://{}", SocketAddr::new(*ip, port)));
    let names = config.names.iter().map(|name| format!("{scheme}://{name}:{port}"));
    // A certificate that an authority has signed names no addresses.
    if https && config.certificate.is_none() {
        names.chain(addresses).collect()
    } else {
        addresses.chain(names).collect()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn a_page_on_the_relays_own_machine_is_told_how_others_reach_it() {
        let machine = ["192.168.1.5", "2001:db8::5"].map(|ip| ip.parse().unwrap());
        let config = Config::default().with(|config| config.names = vec!["cam.example.org".into()]);
        let at = |listening: &str, https| of(listening.parse().unwrap(), &machine, &config, https);
        let [v4, v6, name] =
            ["http://192.168.1.5:6868", "http://[2001:db8::5]:6868", "http://cam.example.org:6868"];
        assert_eq!(at("[::]:6868", false), [v4, v6, name]);
        assert_eq!(at("0.0.0.0:6868", false), [v4, name]);
        assert_eq!(at("127.0.0.1:6868", false), [name], "only a proxy can reach it");
        assert_eq!(at("10.0.0.7:80", false), ["http://10.0.0.7:80", "http://cam.example.org:80"]);
        assert_eq!(at("0.0.0.0:443", true)[0], "https://cam.example.org:443", "what the certificate names");
        let own = config.clone().with(|config| config.certificate = Some(Bytes::from_static(b"PEM")));
        let listening = "0.0.0.0:6868".parse().unwrap();
        assert_eq!(of(listening, &machine, &own, true)[0], "https://192.168.1.5:6868");
    }

    #[test]
    fn a_name_of_this_machine_only_is_told_from_others() {
        for here in
            ["localhost", "localhost:6868", "a.localhost:1", "127.0.0.1:6868", "127.9.9.9", "[::1]:6868"]
        {
            assert!(is_here(here), "{here}");
        }
        for elsewhere in
            ["desk.local:6868", "192.168.1.5:6868", "[2001:db8::1]:6868", "localhost.example", ""]
        {
            assert!(!is_here(elsewhere), "{elsewhere}");
        }
    }
}
