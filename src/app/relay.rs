//! Runs a relay, as a program of its own.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use tokio::net::TcpListener;
use tracing::{info, warn};

use super::{
    Error, Runtime,
    bind_warning::{BindWarning, Reach},
    dashboard::Dashboard,
    output::Output,
    server_auth,
    service::{self, Manager},
    signal,
};
use crate::{
    address::Bind,
    language::Language,
    relay::{self, Config, Limits},
    socket,
};

/// Where to listen, and what clients may do.
#[derive(Debug)]
pub(crate) struct Options {
    /// The address, unless the service manager passes a socket on.
    pub(crate) listen: Bind,
    pub(crate) max_clients: NonZeroUsize,
    pub(crate) max_message: u32,
    /// Silence after which a client is dropped.
    pub(crate) client_timeout: Duration,
    /// Bytes of text and images that may wait for one client.
    pub(crate) mailbox: usize,
    /// Bytes of messages in memory at one time.
    pub(crate) memory: usize,
    pub(crate) limits: Limits,
    pub(crate) auth: server_auth::Options,
    /// Shows clients, streams and rates on the whole screen.
    pub(crate) dashboard: bool,
    /// The dashboard's language; without it, the system's.
    pub(crate) lang: Option<Language>,
    /// Prints events as JSON.
    pub(crate) json: bool,
    /// Ends with standard input.
    pub(crate) exit_with_input: bool,
}

/// Runs a relay until a signal comes, or the dashboard is closed.
///
/// # Errors
/// A certificate or a key cannot be read, or it cannot listen.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let inherited = service::inherited_listener()?;
    let manager = Arc::new(Manager::from_env());
    let auth = options.auth.open()?;
    if let Some(tls) = &auth.tls {
        info!("the certificate's fingerprint is {}", tls.fingerprint());
    }
    let dashboard = options.dashboard.then(|| Dashboard::open(options.lang)).transpose()?;
    let config = Config {
        watcher: dashboard.as_ref().map(Dashboard::watcher),
        max_clients: options.max_clients,
        max_message: options.max_message,
        client_timeout: options.client_timeout,
        mailbox: options.mailbox,
        memory: options.memory,
        limits: options.limits,
        tls: auth.tls.clone(),
        keys: auth.keys.clone(),
        events: options.json.then(|| Output::lasting(true).listener()),
        pulse: Some(Arc::new({
            let manager = Arc::clone(&manager);
            move |now| manager.alive(now)
        })),
    };
    let reload = || match auth.reload() {
        Ok(true) => info!("certificate and keys are read again; clients whose key is gone are disconnected"),
        Ok(false) => info!("there is nothing to read again: no certificate and no keys"),
        Err(error) => warn!("certificate and keys stay as they were: {error}"),
    };
    socket::make_room_for_connections();
    if options.exit_with_input {
        signal::exit_with_input();
    }
    // One thread is enough: it passes on several gigabytes a second, more than a network takes, and what comes goes straight from the
    // reader into the viewers' sockets. A second one costs a wake-up for each message and a third more processor time.
    let result = Runtime::on_this_thread()?.block_on(async {
        let mut reloads = signal::reloads();
        let mut signals = std::pin::pin!(signal::stop());
        let listener = match inherited {
            Some(listener) => TcpListener::from_std(listener)?,
            None => {
                let addr = options.listen.to_string();
                tokio::select! {
                    opened = relay::listen(&addr) => opened.map_err(|source| Error::Listen { addr, source })?,
                    // A name may take its time.
                    _ = &mut signals => return Ok(()),
                }
            }
        };
        BindWarning::of(Reach::of(&listener)?, auth.keys.is_some(), auth.tls.is_some()).tell();
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
        manager.ready();
        tokio::select! {
            ended = relay::run(listener, config, stopping) => ended.map(drop)?,
            () = reloading => {}
        }
        Ok(())
    });
    drop(dashboard);
    result
}
