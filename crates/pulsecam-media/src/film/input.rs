//! Input of a film: a seekable file, or a pipe.

use std::{
    fmt,
    io::{self, ErrorKind, Read, Seek, SeekFrom},
};

use bytes::{Buf, Bytes, BytesMut};

/// Bytes requested at a time if few are needed. Many films are read header by header, and the data between is
/// skipped.
const CHUNK: usize = 16 << 10;

/// Bytes requested at a time if many are needed. Memory grows with the data received, not with a claimed
/// size.
const LARGE_CHUNK: usize = 1 << 20;

/// Bytes from the start of a match that are examined to distinguish it from a coincidence.
const LOOK: usize = 32;

trait Movable: Read + Seek {}

impl<T: Read + Seek> Movable for T {}

enum Stream {
    File(Box<dyn Movable>),
    Pipe(Box<dyn Read>),
}

/// The input from which a film is read.
pub struct Input {
    stream: Stream,
    /// Bytes read but not yet taken.
    buffer: BytesMut,
    /// Position of the buffer's first byte.
    position: u64,
    /// Length of the file, when last checked.
    length: Option<u64>,
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input")
            .field("position", &self.position)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl Input {
    /// Reads a file from its beginning.
    ///
    /// # Errors
    /// The system's errors of seeking.
    pub fn file(mut file: impl Read + Seek + 'static) -> io::Result<Self> {
        let length = Some(file.seek(SeekFrom::End(0))?);
        file.seek(SeekFrom::Start(0))?;
        Ok(Self { stream: Stream::File(Box::new(file)), buffer: BytesMut::new(), position: 0, length })
    }

    /// Reads a pipe, which can only be read forward.
    pub fn pipe(pipe: impl Read + 'static) -> Self {
        Self { stream: Stream::Pipe(Box::new(pipe)), buffer: BytesMut::new(), position: 0, length: None }
    }

    pub(super) const fn can_seek(&self) -> bool {
        matches!(self.stream, Stream::File(_))
    }

    /// Position of the next byte.
    pub(super) const fn position(&self) -> u64 {
        self.position
    }

    /// Length of the file; if it is still being written, its current length. `None` for a pipe.
    pub(super) fn length(&mut self) -> io::Result<Option<u64>> {
        if let Stream::File(file) = &mut self.stream {
            self.length = Some(file.seek(SeekFrom::End(0))?);
            file.seek(SeekFrom::Start(self.position + self.buffer.len() as u64))?;
        }
        Ok(self.length)
    }

    /// Whether `bytes` more bytes exist; always true for a pipe, as that is unknown.
    pub(super) fn has(&mut self, bytes: u64) -> io::Result<bool> {
        let end = self.position.saturating_add(bytes);
        if self.length.is_none_or(|length| end <= length) {
            return Ok(true);
        }
        Ok(self.length()?.is_none_or(|length| end <= length))
    }

    /// Returns the next bytes without taking them; fewer than requested at the end.
    pub(super) fn peek(&mut self, bytes: usize) -> io::Result<&[u8]> {
        self.fill(bytes)?;
        Ok(&self.buffer[..bytes.min(self.buffer.len())])
    }

    /// Takes the next bytes; `None` if the end comes first, and the position is then the end.
    pub(super) fn take(&mut self, bytes: usize) -> io::Result<Option<Bytes>> {
        if !self.has(bytes as u64)? || !self.fill(bytes)? {
            self.skip(bytes as u64)?;
            return Ok(None);
        }
        self.position += bytes as u64;
        Ok(Some(self.buffer.split_to(bytes).freeze()))
    }

    /// Skips bytes, in a file without reading them; false if the end comes first.
    pub(super) fn skip(&mut self, bytes: u64) -> io::Result<bool> {
        let mut left = bytes;
        loop {
            let here = left.min(self.buffer.len() as u64);
            self.buffer.advance(here as usize);
            self.position += here;
            left -= here;
            if left == 0 {
                return Ok(true);
            }
            if self.can_seek() {
                let whole = self.has(left)?;
                let end = self.position.saturating_add(left);
                self.seek(if whole { end } else { self.length.unwrap_or(self.position) })?;
                return Ok(whole);
            }
            if !self.fill(1)? {
                return Ok(false);
            }
        }
    }

    /// Seeks to a position; in a pipe only forward.
    pub(super) fn seek(&mut self, to: u64) -> io::Result<()> {
        match to.checked_sub(self.position) {
            Some(ahead) if ahead <= self.buffer.len() as u64 => self.buffer.advance(ahead as usize),
            Some(ahead) if !self.can_seek() => return self.skip(ahead).map(|_| ()),
            _ => {
                let Stream::File(file) = &mut self.stream else { return Err(ErrorKind::NotSeekable.into()) };
                file.seek(SeekFrom::Start(to))?;
                self.buffer.clear();
            }
        }
        self.position = to;
        Ok(())
    }

    /// Moves to the next occurrence of `mark` that `is_it` accepts, given the bytes from there on. False if
    /// there is none before `limit`; the position is then at or beyond `limit`, or the end.
    pub(super) fn search(
        &mut self,
        mark: &[u8],
        limit: u64,
        is_it: impl Fn(&[u8]) -> bool,
    ) -> io::Result<bool> {
        loop {
            let more = self.fill(LOOK + 1)?;
            // A match just before the end of the buffer is examined when the rest has been read.
            let usable = if more { self.buffer.len() - LOOK } else { self.buffer.len() };
            let found = memchr::memmem::find_iter(&self.buffer, mark)
                .take_while(|&at| at < usable)
                .find(|&at| is_it(&self.buffer[at..]));
            let to = found.unwrap_or(usable);
            self.buffer.advance(to);
            self.position += to as u64;
            if found.is_some() || !more || self.position >= limit {
                return Ok(found.is_some() && self.position < limit);
            }
        }
    }

    /// Reads until the buffer has `bytes` bytes; false at the end.
    fn fill(&mut self, bytes: usize) -> io::Result<bool> {
        while self.buffer.len() < bytes {
            let held = self.buffer.len();
            self.buffer.resize(held + (bytes - held).clamp(CHUNK, LARGE_CHUNK), 0);
            let stream: &mut dyn Read = match &mut self.stream {
                Stream::File(file) => file,
                Stream::Pipe(pipe) => pipe,
            };
            let result = loop {
                match stream.read(&mut self.buffer[held..]) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    result => break result,
                }
            };
            self.buffer.truncate(held + result.as_ref().map_or(0, |&read| read));
            if result? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn numbers() -> Vec<u8> {
        (0..100_000u32).map(|number| (number % 251) as u8).collect()
    }

    #[test]
    fn a_file_and_a_pipe_give_the_same_bytes() {
        let bytes = numbers();
        for mut input in
            [Input::file(Cursor::new(bytes.clone())).unwrap(), Input::pipe(Cursor::new(bytes.clone()))]
        {
            assert_eq!(input.peek(3).unwrap(), &bytes[..3]);
            assert_eq!(input.take(10).unwrap().unwrap(), &bytes[..10]);
            assert!(input.skip(50_000).unwrap());
            assert_eq!(input.take(5).unwrap().unwrap(), &bytes[50_010..50_015]);
            assert_eq!(input.position(), 50_015);
            assert!(input.search(&[0, 1, 2], u64::MAX, |_| true).unwrap());
            assert_eq!((input.position() % 251, input.position() - 50_015 < 251), (0, true));
            assert!(!input.search(b"\xff", u64::MAX, |_| true).unwrap());
            assert_eq!(input.position(), 100_000);
            assert!(input.take(1).unwrap().is_none());
            assert!(!input.skip(1).unwrap());
        }
    }

    #[test]
    fn a_claim_of_many_bytes_takes_no_memory() {
        let mut file = Input::file(Cursor::new(vec![1; 9])).unwrap();
        assert!(file.take(usize::MAX >> 1).unwrap().is_none());
        assert_eq!((file.position(), file.buffer.capacity() < 1 << 20), (9, true));
        let mut pipe = Input::pipe(Cursor::new(vec![1; 9]));
        assert!(pipe.take(usize::MAX >> 1).unwrap().is_none());
        assert!(pipe.buffer.capacity() < 4 << 20);
        file.seek(3).unwrap();
        assert_eq!(file.take(6).unwrap().unwrap().len(), 6);
        assert!(pipe.seek(3).is_err());
    }

    #[test]
    fn what_lies_across_two_reads_is_found() {
        for at in CHUNK - 40..CHUNK + 40 {
            let mut bytes = vec![0; 3 * CHUNK];
            bytes[at..at + 4].copy_from_slice(b"mark");
            let mut input = Input::pipe(Cursor::new(bytes));
            assert!(input.search(b"mark", u64::MAX, |rest| rest.len() > LOOK).unwrap());
            assert_eq!(input.position(), at as u64);
        }
    }
}
