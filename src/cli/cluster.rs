//! Options of a relay that is one of several that act as one.

use std::path::PathBuf;

use super::Error;
use crate::{
    address::{Address, Bind, Error as AddressError},
    app::cluster::Options,
    relay::cluster::{ClusterKey, DEFAULT_PORT},
};

/// Several relays as one.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Several relays as one")]
pub(super) struct ClusterArgs {
    /// Act as one with other relays, which reach this one at this address, UDP and TCP, port 6869 unless it
    /// names another. A port alone: all addresses
    #[arg(long, value_name = "[ADDR][:PORT]", value_parser = bind, env = "PULSECAM_CLUSTER")]
    cluster: Option<Bind>,
    /// One of the other relays, or a name with the addresses of several; looked up repeatedly. Can be repeated
    #[arg(long, value_name = "HOST[:PORT]", requires = "cluster", value_delimiter = ',', value_parser = address, env = "PULSECAM_JOIN")]
    join: Vec<Address>,
    /// File with the key that all relays of the cluster share (`pulsecam key` creates one). It is required
    /// unless only this machine reaches the address
    #[arg(long, value_name = "FILE", requires = "cluster", env = "PULSECAM_CLUSTER_KEY_FILE")]
    cluster_key_file: Option<PathBuf>,
    /// Address at which other relays reach this one [default: that of --cluster; if that is all addresses, this
    /// machine's]
    #[arg(long, value_name = "ADDR[:PORT]", requires = "cluster", value_parser = same_port, env = "PULSECAM_ADVERTISE")]
    advertise: Option<Address>,
    /// Address at which clients reach this relay, for clients of the other relays [default: that of --listen; if
    /// that is all addresses, the host of --advertise with its port]
    #[arg(long, value_name = "HOST[:PORT]", requires = "cluster", env = "PULSECAM_PUBLIC")]
    public: Option<Address>,
}

/// Parses where to listen for relays.
fn bind(text: &str) -> Result<Bind, AddressError> {
    Bind::parse_with_port(text, DEFAULT_PORT)
}

/// Parses the address of another relay.
fn address(text: &str) -> Result<Address, AddressError> {
    Address::parse_with_port(text, DEFAULT_PORT)
}

/// Parses an address whose port is that of the socket unless it names one.
fn same_port(text: &str) -> Result<Address, AddressError> {
    Address::parse_with_port(text, 0)
}

impl ClusterArgs {
    /// The options; `None` if the relay is on its own.
    pub(super) fn options(&self) -> Result<Option<Options>, Error> {
        let Some(listen) = self.cluster.clone() else { return Ok(None) };
        Ok(Some(Options {
            listen,
            join: self.join.clone(),
            key: self.cluster_key_file.as_deref().map(ClusterKey::load).transpose()?,
            advertise: self.advertise.clone(),
            public: self.public.clone(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        cluster: ClusterArgs,
    }

    fn options(arguments: &str) -> Options {
        parsed(arguments).unwrap().cluster.options().unwrap().unwrap()
    }

    fn parsed(arguments: &str) -> Result<Command, clap::Error> {
        Command::try_parse_from(format!("relay {arguments}").split_whitespace())
    }

    #[test]
    fn relays_have_a_port_of_their_own_and_clients_the_usual_one() {
        let options =
            options("--cluster 10.0.0.2 --join desk,lab:7 --join 10.0.0.1 --advertise cam1 --public cam2");
        assert_eq!(options.listen.to_string(), "10.0.0.2:6869");
        let join: Vec<_> = options.join.iter().map(ToString::to_string).collect();
        assert_eq!(join, ["desk:6869", "lab:7", "10.0.0.1:6869"]);
        assert_eq!(options.advertise.map(|address| address.to_string()).as_deref(), Some("cam1:0"));
        assert_eq!(options.public.map(|address| address.to_string()).as_deref(), Some("cam2:6868"));
        assert_eq!(self::options("--cluster 7").listen, Bind::All(7));
    }

    #[test]
    fn without_a_cluster_there_is_nothing_to_join() {
        assert!(parsed("").unwrap().cluster.options().unwrap().is_none());
        for alone in ["--join desk", "--cluster-key-file k", "--advertise desk", "--public desk"] {
            let error = parsed(alone).map(drop).unwrap_err().to_string();
            assert!(error.contains("--cluster"), "{error}");
        }
    }
}
