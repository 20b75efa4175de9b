//! A relay's part in a cluster: where it listens for the others, and how they and their clients reach it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::task;

use super::Error;
use crate::{
    address::{Address, Bind, machine_addresses},
    relay::cluster::{self, ClusterKey, Config, GossipConfig},
};

/// How a relay takes part in a cluster.
#[derive(Debug)]
pub(crate) struct Options {
    /// Where it listens for other relays.
    pub(crate) listen: Bind,
    /// Some of the others.
    pub(crate) join: Vec<Address>,
    /// The cluster's key; it may be missing if only this machine reaches `listen`.
    pub(crate) key: Option<ClusterKey>,
    /// Where the others reach it, if that is another address; port 0 is that of `listen`.
    pub(crate) advertise: Option<Address>,
    /// Where clients reach it, if that is not where it listens for them.
    pub(crate) public: Option<Address>,
}

impl Options {
    /// Listens for other relays, and begins to look for them. Clients connect at `clients`.
    ///
    /// # Errors
    /// There is no key, no address, or it cannot be listened at.
    pub(super) async fn open(&self, clients: SocketAddr) -> Result<Config, Error> {
        let advertise = match &self.advertise {
            Some(address) => look_up(address).await?.first().copied(),
            None => None,
        };
        let mut why = None;
        for listen in addresses(&self.listen).await? {
            let reached = match advertise {
                Some(address) => address,
                None => reached_at(listen)?,
            };
            let gossip = GossipConfig::new(listen).with(|gossip| {
                gossip.advertise = Some(reached);
                gossip.join.clone_from(&self.join);
                gossip.key.clone_from(&self.key);
            });
            let public = self.public.clone().or_else(|| cluster::reached_at(clients, reached));
            match Config::gossiping(gossip, public).await {
                Err(cluster::Error::Socket(source)) => {
                    why = Some(Error::Listen { addr: listen.to_string(), source });
                }
                result => return Ok(result?),
            }
        }
        Err(why.unwrap_or_else(|| Error::Unreachable(self.listen.to_string())))
    }
}

/// The addresses to try, of which the first that can be bound is used: all of both families, or only of IPv4 on a
/// machine without IPv6.
async fn addresses(listen: &Bind) -> Result<Vec<SocketAddr>, Error> {
    match listen {
        Bind::All(port) => {
            Ok(vec![(Ipv6Addr::UNSPECIFIED, *port).into(), (Ipv4Addr::UNSPECIFIED, *port).into()])
        }
        Bind::One(address) => look_up(address).await,
    }
}

async fn look_up(address: &Address) -> Result<Vec<SocketAddr>, Error> {
    if let Some(address) = address.literal() {
        return Ok(vec![address]);
    }
    let (host, address) = (address.host(), address.clone());
    match task::spawn_blocking(move || address.look_up()).await {
        Ok(found) => found.map_err(|error| Error::Unknown { host, reason: error.to_string() }),
        Err(_) => Err(Error::Stopped),
    }
}

/// Where other relays reach this one if it listens here.
fn reached_at(listen: SocketAddr) -> Result<SocketAddr, Error> {
    if !listen.ip().is_unspecified() {
        return Ok(listen);
    }
    let own = machine_addresses();
    let fits = |address: &&IpAddr| listen.is_ipv6() || address.is_ipv4();
    let first = own.iter().find(fits).copied();
    let first = first.ok_or_else(|| Error::Unreachable(listen.to_string()))?;
    Ok((first, listen.port()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_is_where_it_is_reached() {
        let listen = "10.0.0.1:6869".parse().unwrap();
        assert_eq!(reached_at(listen).unwrap(), listen);
    }

    #[tokio::test]
    async fn other_machines_need_a_key_and_this_one_does_not() {
        let options = |listen: &str| Options {
            listen: listen.parse().unwrap(),
            join: Vec::new(),
            key: None,
            advertise: Some("10.0.0.1".parse().unwrap()),
            public: None,
        };
        let clients = "127.0.0.1:6868".parse().unwrap();
        let refused = options("*:0").open(clients).await.unwrap_err();
        assert!(matches!(refused, Error::Cluster(cluster::Error::NoKey(_))), "{refused}");
        assert!(options("127.0.0.1:0").open(clients).await.is_ok());
    }
}
