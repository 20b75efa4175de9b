//! Options of a relay for browsers, HTTP clients and operators.

use std::path::PathBuf;

use super::{Error, values};
use crate::{
    address::Bind,
    app::web::{AdminAddress, Options},
};

/// Browsers, HTTP clients and operators.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Browsers and HTTP")]
pub(super) struct WebArgs {
    /// Serve browsers and HTTP clients at the same port: on or off
    #[arg(long, value_name = "SWITCH", default_value = "on", value_parser = values::flag(), action = clap::ArgAction::Set, env = "PULSECAM_WEB")]
    web: bool,
    /// Serve browsers and HTTP clients at this address or port only
    #[arg(long, value_name = "[ADDR][:PORT]", env = "PULSECAM_WEB_LISTEN")]
    web_listen: Option<Bind>,
    /// Another host name under which browsers reach the relay, besides addresses, this machine's name and
    /// local names. Can be repeated
    #[arg(long, value_name = "NAME", value_delimiter = ',', env = "PULSECAM_WEB_NAME")]
    web_name: Vec<String>,
    /// Origin of a page of another site that may connect, as https://dash.example. Can be repeated
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',', env = "PULSECAM_WEB_ALLOW_ORIGIN")]
    web_allow_origin: Vec<String>,
    /// Allow keys over plain HTTP from other machines, and pictures over plain HTTP if the relay has a
    /// certificate
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_WEB_PLAIN")]
    web_plain: bool,
    /// Serve /metrics and /api/v1 without a password at this address or port, or at this Unix socket (a path).
    /// A port alone: on this machine only
    #[arg(long, value_name = "[ADDR][:PORT]|PATH", env = "PULSECAM_ADMIN")]
    admin: Option<AdminAddress>,
    /// Serve /metrics and /api/v1 at the port for browsers to clients with the bearer token in this file
    #[arg(long, value_name = "FILE", env = "PULSECAM_ADMIN_TOKEN_FILE")]
    admin_token_file: Option<PathBuf>,
}

impl WebArgs {
    pub(super) fn options(&self) -> Result<Options, Error> {
        if !self.web && (self.web_listen.is_some() || self.admin_token_file.is_some()) {
            return Err(Error::Usage("--web off excludes --web-listen and --admin-token-file".into()));
        }
        Ok(Options {
            enabled: self.web,
            listen: self.web_listen.clone(),
            names: self.web_name.clone(),
            allowed_origins: self.web_allow_origin.clone(),
            plain: self.web_plain,
            admin: self.admin.clone(),
            admin_token_file: self.admin_token_file.clone(),
        })
    }
}
