//! The runtime of links and relays.

use std::{io, ops::Deref};

use tokio::runtime::{self, Builder};

/// A tokio runtime that is dropped without waiting: a resolver can take half a minute to give up.
pub(crate) struct Runtime(Option<runtime::Runtime>);

/// A runtime with this many threads. A link needs one thread: with two, each frame would wake both.
pub(crate) fn runtime(threads: usize) -> io::Result<Runtime> {
    Ok(Runtime(Some(Builder::new_multi_thread().worker_threads(threads).enable_all().build()?)))
}

impl Runtime {
    /// A runtime that runs on the calling thread.
    pub(crate) fn on_this_thread() -> io::Result<Self> {
        Ok(Self(Some(Builder::new_current_thread().enable_all().build()?)))
    }
}

impl Deref for Runtime {
    type Target = runtime::Runtime;

    #[expect(clippy::unwrap_used, reason = "only drop takes it")]
    fn deref(&self) -> &Self::Target {
        self.0.as_ref().unwrap()
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
