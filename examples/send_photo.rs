//! Sends one photo and waits until the relay has it: `cargo run --example send_photo -- localhost photo.jpg`.

use std::error::Error;

use pulsecam::{
    link::{self, Config},
    wire::{Message, Origin},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(host), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("usage: send_photo HOST FILE.jpg".into());
    };
    let (link, _inbox) = link::connect(Config::new(host)).await?;
    link.send(Message::image(std::fs::read(file)?.into(), &Origin::default())?)?;
    link.flushed().await?;
    Ok(())
}
