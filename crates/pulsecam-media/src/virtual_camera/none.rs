//! A build without virtual cameras.

use std::{convert::Infallible, path::Path};

use super::{Error, PixelLayout};
use crate::picture::Canvas;

/// Cannot be opened.
#[derive(Debug)]
pub struct VirtualCamera(Infallible);

impl VirtualCamera {
    /// Fails always.
    ///
    /// # Errors
    /// [`Error::NoSupport`].
    pub fn check(_: &Path) -> Result<(), Error> {
        Err(Error::NoSupport)
    }

    /// Fails always.
    ///
    /// # Errors
    /// [`Error::NoSupport`].
    pub fn open(_: &Path, _: (usize, usize)) -> Result<Self, Error> {
        Err(Error::NoSupport)
    }

    /// Width and height of its pictures.
    #[must_use]
    pub const fn size(&self) -> (usize, usize) {
        match self.0 {}
    }

    /// How its pixels lie in memory.
    #[must_use]
    pub const fn layout(&self) -> PixelLayout {
        match self.0 {}
    }

    /// Writes a picture.
    ///
    /// # Errors
    /// None.
    pub const fn write(&mut self, _: &Canvas) -> Result<(), Error> {
        match self.0 {}
    }

    /// Writes the last picture once more.
    ///
    /// # Errors
    /// None.
    pub const fn repeat(&mut self) -> Result<(), Error> {
        match self.0 {}
    }
}
