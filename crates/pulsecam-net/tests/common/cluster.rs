//! Relays of a cluster in this process, on a board instead of a network.

use std::sync::Arc;

use pulsecam_net::relay::{
    self,
    cluster::{About, Board, ClusterKey, Config, Door, RelayId},
};

use super::server::Server;

/// The key of the cluster.
pub fn key() -> ClusterKey {
    ClusterKey::new("the key of a cluster in a test").unwrap()
}

/// What a relay says of itself to which nobody comes.
pub async fn about() -> About {
    about_of(&door().await)
}

fn about_of(door: &Door) -> About {
    About::starting(door.address().unwrap(), door.certificate()).unwrap()
}

async fn door() -> Door {
    Door::open(([127, 0, 0, 1], 0).into()).await.unwrap()
}

/// A relay's part on the board.
pub async fn place(board: &Board, number: u64) -> Config {
    let door = door().await;
    let about = about_of(&door);
    let place = board.join(RelayId::from_bits(number), about.clone());
    Config::new(Arc::new(place), key(), about, door)
}

/// A relay of the cluster.
pub async fn relay(board: &Board, number: u64) -> Server {
    serve(place(board, number).await).await
}

/// A relay with this part in the cluster.
pub async fn serve(cluster: Config) -> Server {
    Server::start(relay::Config::default().with(|config| config.cluster = Some(cluster))).await
}
