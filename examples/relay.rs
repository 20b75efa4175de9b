//! A minimal relay: `cargo run --example relay`, then connect clients to port 6868.

use pulsecam::relay::{self, Config};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", relay::DEFAULT_PORT)).await?;
    let stop = async { _ = tokio::signal::ctrl_c().await };
    relay::run(listener, Config::default(), stop).await?;
    Ok(())
}
