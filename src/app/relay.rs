//! Runs a relay until it is stopped.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use tokio::net::TcpListener;
use tracing::{info, warn};

#[cfg(feature = "cluster")]
use super::cluster;
use super::{
    Error, Runtime,
    announce::Announced,
    bind_warning::{BindScope, BindWarning},
    dashboard::Dashboard,
    output::Output,
    relay_event::SettingName,
    server_auth,
    service::{self, Manager},
    signal, web,
};
use crate::{
    address::Bind,
    i18n::Language,
    relay::{self, Config, Limits},
    transport::{self, Listen},
};

/// What log lines add: which option helps. `cli` knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hints {
    /// Returns the hint to append to an error; empty if there is none.
    pub(crate) error: fn(&Error) -> String,
    /// Names a setting in lines and events about clients that exceed it.
    pub(crate) setting: SettingName,
    /// How to protect a relay that everyone can use.
    pub(crate) open: &'static str,
}

/// Where to listen, limits and authentication.
#[derive(Debug)]
pub(crate) struct Options {
    /// The address, unless the service manager passes a socket.
    pub(crate) listen: Bind,
    pub(crate) max_clients: NonZeroUsize,
    pub(crate) max_message: u32,
    /// Time without data after which a client is disconnected.
    pub(crate) client_timeout: Duration,
    /// Bytes of text and images that may be queued for one client.
    pub(crate) mailbox: usize,
    /// Bytes of messages that may be in memory.
    pub(crate) memory: usize,
    /// Paces frames on slow links.
    pub(crate) pacing: bool,
    pub(crate) limits: Limits,
    pub(crate) auth: server_auth::Options,
    pub(crate) web: web::Options,
    /// Other relays to act as one with.
    #[cfg(feature = "cluster")]
    pub(crate) cluster: Option<cluster::Options>,
    /// Shows the dashboard.
    pub(crate) dashboard: bool,
    /// The dashboard's language; without it, the system's.
    pub(crate) lang: Option<Language>,
    /// Prints events as JSON.
    pub(crate) json: bool,
    /// Announces the relay on the local network.
    pub(crate) announce: bool,
    /// Stops when standard input ends.
    pub(crate) exit_with_input: bool,
    pub(crate) hints: Hints,
}

/// Runs a relay until a signal comes, or the dashboard is closed.
///
/// # Errors
/// A certificate or a key cannot be read, or the relay cannot listen.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let inherited = service::inherited_listener()?;
    let manager = Arc::new(Manager::from_env());
    let auth = options.auth.open()?;
    if let Some(tls) = &auth.tls {
        info!("certificate fingerprint: {}", tls.fingerprint());
    }
    let dashboard = options.dashboard.then(|| Dashboard::open(options.lang)).transpose()?.flatten();
    let mut config = Config::default();
    config.watcher = dashboard.as_ref().map(Dashboard::watcher);
    config.max_clients = options.max_clients;
    config.max_message = options.max_message;
    config.client_timeout = options.client_timeout;
    config.mailbox = options.mailbox;
    config.memory = options.memory;
    config.pacing = options.pacing;
    config.limits = options.limits;
    config.tls = auth.tls.clone();
    config.keys = auth.keys.clone();
    config.web = options.web.config(auth.installable.as_ref())?;
    config.setting_name = Some(options.hints.setting);
    config.events = options.json.then(|| Output::lasting(true).listener(options.hints.setting));
    config.pulse = Some(Arc::new({
        let manager = Arc::clone(&manager);
        move |now| manager.alive(now)
    }));
    let reload = || match auth.reload() {
        Ok(true) => info!("certificate and keys reloaded; clients whose key was removed are disconnected"),
        Ok(false) => info!("nothing to reload: no certificate and no keys"),
        Err(error) => {
            warn!("certificate and keys were not reloaded: {error}{}", (options.hints.error)(&error));
        }
    };
    transport::raise_file_limit();
    if options.exit_with_input {
        signal::exit_with_input();
    }
    // One thread is enough: it forwards several gigabytes per second, more than a network carries, and
    // messages go straight from the reader to the viewers' sockets. A second thread costs a wake-up per
    // message and a third more processor time.
    let result = Runtime::on_this_thread()?.block_on(async {
        let is_inherited = inherited.is_some();
        let mut reloads = signal::reloads();
        let mut signals = std::pin::pin!(signal::stop());
        let listener = match inherited {
            Some(listener) => TcpListener::from_std(listener)?,
            None => {
                let addr = options.listen.to_string();
                tokio::select! {
                    opened = relay::listen(&addr) => opened.map_err(|source| Error::listen(addr, source))?,
                    // Looking up a name can take a while.
                    _ = &mut signals => return Ok(()),
                }
            }
        };
        #[cfg(feature = "cluster")]
        if let Some(cluster) = &options.cluster {
            config.cluster = Some(cluster.open(listener.local_addr()?).await?);
        }
        BindWarning::of(BindScope::of(&listener)?, auth.keys.is_some(), auth.tls.is_some())
            .tell(options.hints.open);
        let reloading = async {
            loop {
                reloads.next().await;
                manager.reloading();
                reload();
                manager.ready();
            }
        };
        let stopping = async {
            match &dashboard {
                None => _ = signals.await,
                Some(dashboard) => tokio::select! {
                    _ = signals => {}
                    () = dashboard.closed() => {}
                },
            }
            manager.stopping();
        };
        if let Some(dashboard) = &dashboard {
            let (keys, tls) = (auth.keys.is_some(), auth.tls.is_some());
            dashboard.begin(listener.local_addr()?, keys, tls);
        }
        let listeners = options.web.listeners(listener).await?;
        let page = match &config.web {
            Some(web) => web.page_port(listeners.local_addr()?, listeners.http_addr()?),
            None => None,
        };
        let announced = options.announce.then(|| Announced {
            address: listeners.local_addr(),
            is_inherited,
            tls: auth.tls.is_some(),
            key: auth.keys.is_some(),
            page,
        });
        let _announcer = announced.and_then(Announced::start);
        manager.ready();
        tokio::select! {
            ended = relay::run(listeners, config, stopping) => ended.map(drop)?,
            () = reloading => {}
        }
        Ok(())
    });
    drop(dashboard);
    result
}
