//! A relay's place on the board of which the others hear late, as by gossip.
#![allow(unreachable_pub, missing_docs, reason = "two test programs use it")]

use std::{sync::Arc, time::Duration};

use pulsecam_net::relay::cluster::{About, Members, Place, RelayId, Roster};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};

/// A place whose relay is heard in order, and only after a while.
pub struct LatePlace {
    place: Arc<Place>,
    says: mpsc::UnboundedSender<(Instant, About)>,
}

impl LatePlace {
    pub fn new(place: Place, delay: Duration) -> Self {
        let (says, mut said) = mpsc::unbounded_channel();
        let place = Arc::new(place);
        let known = Arc::clone(&place);
        tokio::spawn(async move {
            while let Some((then, about)) = said.recv().await {
                sleep_until(then + delay).await;
                known.tell(about);
            }
        });
        Self { place, says }
    }
}

impl Members for LatePlace {
    fn id(&self) -> RelayId {
        self.place.id()
    }

    fn roster(&self) -> watch::Receiver<Arc<Roster>> {
        self.place.roster()
    }

    fn tell(&self, about: About) {
        let _ = self.says.send((Instant::now(), about)); // the host has ended
    }
}
