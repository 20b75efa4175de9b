//! Reading a picture's bytes: the first bytes decide whether more is read.

use std::{fs::File, io::Read, path::Path};

use bytes::Bytes;

use super::{Error, Format};

/// The most bytes of a file that are read: a BMP of 80 million pixels.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// Bytes that are read first: enough to find a drawing (SVG) behind its comments.
const START: u64 = 4096;

/// Reads a picture's file; its name does not matter. A FIFO is read once, from start to end.
///
/// # Errors
/// As [`read`], and the system's errors.
pub fn read_file(path: &Path) -> Result<Bytes, Error> {
    let file = File::open(path)?;
    let length = file.metadata()?;
    let start = read_start(&file)?;
    if length.is_file() && length.len() > MAX_FILE_BYTES {
        return Err(Error::TooLong);
    }
    rest(start, file)
}

/// Reads a picture to the end of `input`.
///
/// # Errors
/// The errors of [`Format::of`], before more is read; [`Error::TooLong`] beyond [`MAX_FILE_BYTES`];
/// [`Error::Io`].
pub fn read(mut input: impl Read) -> Result<Bytes, Error> {
    let start = read_start(&mut input)?;
    rest(start, input)
}

fn read_start(input: impl Read) -> Result<Vec<u8>, Error> {
    let mut start = Vec::new();
    input.take(START).read_to_end(&mut start)?;
    Format::of(&start)?;
    Ok(start)
}

fn rest(mut bytes: Vec<u8>, input: impl Read) -> Result<Bytes, Error> {
    input.take(MAX_FILE_BYTES + 1 - bytes.len() as u64).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES { Err(Error::TooLong) } else { Ok(bytes.into()) }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// Gives these bytes and then endless zeros; counts them.
    struct Endless<'a>(&'a [u8], u64);

    impl Read for Endless<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let given = self.0.read(into)?;
            into[given..].fill(0);
            self.1 += into.len() as u64;
            Ok(into.len())
        }
    }

    #[test]
    fn what_is_no_picture_is_refused_from_its_first_bytes() {
        let mut film = Endless(b"\0\0\0\x20ftypisom\0\0\x02\0isom", 0);
        assert!(matches!(read(&mut film), Err(Error::Foreign(_))));
        assert!(film.1 <= START, "{} bytes were read", film.1);
        assert!(matches!(read(Endless(b"", 0)), Err(Error::Foreign(_))), "zeros");
        assert!(matches!(read(&b""[..]), Err(Error::Empty)));
    }

    #[test]
    fn a_picture_is_read_to_its_end_and_not_for_ever() {
        let mut long = b"\xff\xd8\xff\xe0".to_vec();
        long.resize(10_000, 7);
        assert_eq!(read(&long[..]).unwrap(), long);
        let mut endless = Endless(b"\xff\xd8\xff\xe0", 0);
        assert!(matches!(read(&mut endless), Err(Error::TooLong)));
        assert!(endless.1 <= MAX_FILE_BYTES + START, "{}", endless.1);
    }

    #[test]
    fn a_file_that_is_too_long_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.png");
        std::fs::write(&path, b"\x89PNG\r\n\x1a\n").unwrap();
        File::options().write(true).open(&path).unwrap().set_len(MAX_FILE_BYTES + 1).unwrap();
        assert!(matches!(read_file(&path), Err(Error::TooLong)));
        assert!(matches!(read_file(folder.path()), Err(Error::Io(_))), "a folder");
        assert!(matches!(read_file(Path::new("/nowhere.jpg")), Err(Error::Io(_))));
    }
}
