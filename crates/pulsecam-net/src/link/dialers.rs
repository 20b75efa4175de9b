//! A dialer for each relay that a link knows.

use std::collections::HashMap;

use tracing::warn;

use super::{Config, Error, dial::Dialer, hosts::Hosts, learnt::Host};
use crate::address::{Address, AddressList};

/// Dialers by the relays to which they connect. Each remembers what it has learnt of the way to its own.
#[derive(Debug, Default)]
pub(super) struct Dialers(HashMap<Address, Dialer>);

impl Dialers {
    /// Looks up the hosts that the user named, until one is found or may be found later.
    ///
    /// # Errors
    /// [`Error::Unresolvable`] with the first of them, if none of the names exists.
    pub(super) async fn look_up(&mut self, named: &AddressList, config: &Config) -> Result<(), Error> {
        let are_several = named.iter().count() > 1;
        let mut missing = Vec::new();
        for address in named.iter() {
            match self.to(&Host::named(address.clone()), config).look_up(config, are_several).await {
                Err(source) => missing.push((address.host(), source)),
                Ok(()) => {
                    for (host, why) in missing {
                        warn!("{host} cannot be looked up: {why}");
                    }
                    return Ok(());
                }
            }
        }
        match missing.into_iter().next() {
            Some((host, source)) => Err(Error::Unresolvable { host, source }),
            None => Ok(()),
        }
    }

    /// The dialer of a relay.
    pub(super) fn to(&mut self, host: &Host, config: &Config) -> &mut Dialer {
        self.0.entry(host.address.clone()).or_insert_with(|| Dialer::new(host.clone(), config))
    }

    /// Forgets those of relays that are not known any more.
    pub(super) fn keep(&mut self, hosts: &Hosts) {
        self.0.retain(|address, _| hosts.is_known(address));
    }
}
