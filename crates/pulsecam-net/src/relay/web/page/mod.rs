//! The page: files in the program, addressed by a hash of their content.

mod files;

use std::{collections::HashMap, io::Write, sync::LazyLock};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use hyper::{
    HeaderMap, Response, StatusCode,
    header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, ETAG, HeaderValue, IF_NONE_MATCH, VARY},
};

use self::files::FILES;
use super::response::{Answer, Body, whole};

/// What an HTML file contains in place of the folder of all other files.
const ASSETS: &str = "{{assets}}";

/// The page's entry points, which are not addressed by their content.
const INDEX: &str = "index.html";
const VIEW: &str = "view.html";

/// Bytes of the hash that stand in addresses: collisions by chance are impossible, and nobody gains by others.
const HASH_BYTES: usize = 8;

/// An embedded file.
pub(super) struct PageFile {
    pub(super) name: &'static str,
    pub(super) bytes: &'static [u8],
}

impl PageFile {
    fn kind(&self) -> HeaderValue {
        HeaderValue::from_static(match self.name.rsplit_once('.').map_or("", |(_, extension)| extension) {
            "html" => "text/html; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "ico" => "image/x-icon",
            "json" => "application/json",
            "webmanifest" => "application/manifest+json",
            _ => "application/octet-stream",
        })
    }
}

/// The hash of all files together: modules import each other by relative names, so one change renames all.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for file in FILES {
        context.update(file.name.as_bytes());
        context.update(&(file.bytes.len() as u64).to_be_bytes());
        context.update(file.bytes);
    }
    context.finish().as_ref().iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect()
});

/// What is sent for a file: HTML with the folder's name in it, all others as they are.
struct Prepared {
    plain: Bytes,
    /// Compressed, for browsers that take that.
    packed: Bytes,
}

/// All files, prepared when the first is asked for.
static PREPARED: LazyLock<HashMap<&'static str, Prepared>> = LazyLock::new(|| {
    let prepared = FILES.iter().map(|file| {
        let plain = if file.name.ends_with(".html") {
            String::from_utf8_lossy(file.bytes).replace(ASSETS, &format!("/assets/{}", *HASH)).into()
        } else {
            Bytes::from_static(file.bytes)
        };
        (file.name, Prepared { packed: packed(&plain), plain })
    });
    prepared.collect()
});

/// Compresses a file, as far as it goes: this is done once.
fn packed(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(plain).and_then(|()| encoder.finish());
    written.unwrap_or_default().into() // a vector takes everything
}

/// The content of a file, in the form that the browser takes.
fn content(file: &PageFile, headers: &HeaderMap) -> Answer {
    let takes_gzip = headers.get_all(ACCEPT_ENCODING).iter().any(|value| {
        value.to_str().is_ok_and(|value| value.split(',').any(|coding| coding.trim().starts_with("gzip")))
    });
    let Some(prepared) = PREPARED.get(file.name) else { return not_found() };
    let mut answer = if takes_gzip && prepared.packed.len() < prepared.plain.len() {
        let mut answer = whole(file.kind(), prepared.packed.clone());
        answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        answer
    } else {
        whole(file.kind(), prepared.plain.clone())
    };
    answer.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    answer
}

fn find(name: &str) -> Option<&'static PageFile> {
    FILES.iter().find(|file| file.name == name)
}

/// The page itself.
pub(super) fn index(headers: &HeaderMap) -> Answer {
    entry(find(INDEX), headers)
}

/// The page that shows one stream alone.
pub(super) fn view(headers: &HeaderMap) -> Answer {
    entry(find(VIEW).or_else(|| find(INDEX)), headers)
}

/// An entry point, which browsers ask for each time and get only if it changed.
fn entry(file: Option<&PageFile>, headers: &HeaderMap) -> Answer {
    let Some(file) = file else { return not_found() };
    let tag = format!("\"{}\"", *HASH);
    let is_known = headers.get_all(IF_NONE_MATCH).iter().any(|known| {
        known
            .to_str()
            .is_ok_and(|known| known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag))
    });
    let mut answer = if is_known {
        let mut answer = Response::new(Body::Whole(None));
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        answer
    } else {
        content(file, headers)
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.headers_mut().insert(ETAG, tag);
    }
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}

/// A file by its address, which never changes its content.
pub(super) fn asset(hash: &str, name: &str, headers: &HeaderMap) -> Answer {
    let Some(file) = find(name).filter(|_| hash == *HASH) else { return not_found() };
    let mut answer = content(file, headers);
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    answer.headers_mut().insert(CACHE_CONTROL, forever);
    answer
}

fn not_found() -> Answer {
    super::response::line(StatusCode::NOT_FOUND, "there is no such file")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a browser loads: in a moment, also on a phone.
    const LARGEST: usize = 80_000;

    #[test]
    fn the_page_is_small_and_each_file_is_served_by_its_hash() {
        assert!(PREPARED.values().map(|file| file.packed.len()).sum::<usize>() < LARGEST);
        let headers = HeaderMap::new();
        for file in FILES {
            assert_ne!(file.kind(), "application/octet-stream", "{}", file.name);
            let answer = asset(&HASH, file.name, &headers);
            assert_eq!(answer.status(), StatusCode::OK);
            assert!(answer.headers()[CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        }
        assert_eq!(asset("0000000000000000", INDEX, &headers).status(), StatusCode::NOT_FOUND);
        assert_eq!(asset(&HASH, "../mod.rs", &headers).status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn a_browser_that_has_the_page_gets_it_once() {
        let mut headers = HeaderMap::new();
        let first = index(&headers);
        assert_eq!(first.status(), StatusCode::OK);
        headers.insert(IF_NONE_MATCH, first.headers()[ETAG].clone());
        assert_eq!(index(&headers).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(view(&headers).status(), StatusCode::NOT_MODIFIED);
        headers.insert(IF_NONE_MATCH, "\"other\"".parse().unwrap());
        assert_eq!(index(&headers).status(), StatusCode::OK);
    }
}
