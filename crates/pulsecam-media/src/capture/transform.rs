//! A source whose frames are changed on their way, such as turned or resized.

use super::{Error, Frame, Losses, Signal, Source};

/// What is done with each frame of a source.
pub trait Transform {
    /// Returns the frame to use instead.
    ///
    /// # Errors
    /// The frame cannot be changed. The next one may be asked for.
    fn frame(&mut self, frame: Frame) -> Result<Frame, Error>;

    /// The size of a picture afterwards, from its size before.
    fn size(&self, size: (usize, usize)) -> (usize, usize) {
        size
    }

    /// Returns one line for a person, from that of the source.
    fn describe(&self, source: String) -> String {
        source
    }
}

/// A source with a [`Transform`]. Everything but the pictures is the source's own.
pub struct Transformed<T> {
    source: Box<dyn Source>,
    transform: T,
}

impl<T: Transform> Transformed<T> {
    /// Changes the frames of `source`.
    #[must_use]
    pub const fn new(source: Box<dyn Source>, transform: T) -> Self {
        Self { source, transform }
    }
}

impl<T: Transform> Source for Transformed<T> {
    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        self.source.next_frame()?.map(|frame| self.transform.frame(frame)).transpose()
    }

    fn describe(&self) -> String {
        self.transform.describe(self.source.describe())
    }

    fn pass_by(&mut self) -> Result<bool, Error> {
        self.source.pass_by()
    }

    fn signal(&self) -> Option<Signal> {
        let signal = self.source.signal()?;
        // The card in place of a picture has the same size.
        let size = signal.size.map(|size| self.transform.size(size));
        Some(Signal { size, ..signal })
    }

    fn losses(&self) -> Losses {
        self.source.losses()
    }

    fn passed_over(&self) -> u64 {
        self.source.passed_over()
    }

    fn reuse(&mut self, memory: Vec<u8>) {
        self.source.reuse(memory);
    }
}
