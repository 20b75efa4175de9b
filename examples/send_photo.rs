//! Sends one photo and waits until the relay has it: `cargo run --example send_photo -- localhost photo.jpg`.

use std::error::Error;

use pulsecam::{
    link::{self, Config, Role},
    wire::{Message, Origin},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(host), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("usage: send_photo HOST FILE.jpg".into());
    };
    // A sender gets no video, which nobody would read here.
    let config = Config::new(host).with(|config| config.role = Role::Sender);
    let (link, _inbox) = link::connect(config).await?;
    let photo = link.send(Message::image(std::fs::read(file)?.into(), &Origin::default())?)?;
    tokio::select! {
        delivered = photo.delivered() => Ok(delivered?),
        // Waiting helps if the relay is unreachable, but not if, say, it requires a key.
        why = link.permanent_failure() => Err(why.into()),
    }
}
