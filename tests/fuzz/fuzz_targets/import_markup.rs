//! The markups of StarDict's fields, each over any text: HTML, Pango, XDXF, MediaWiki, KingSoft, WordNet.
#![no_main]

mod imported;

use cidian::words::import::formats;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((&kind, text)) = bytes.split_first() else { return };
    let kind = char::from(b"hgxwkn"[usize::from(kind) % 6]);
    let info = format!("StarDict's dict ifo file\nversion=2.4.2\nsametypesequence={kind}\n");
    let Ok(size) = u32::try_from(text.len()) else { return };
    let index = [b"word\0\0\0\0\0".as_slice(), &size.to_be_bytes()].concat();
    let parts = formats::StarDictParts { info: info.as_bytes(), index: &index, synonyms: b"" };
    imported::check(|intake| formats::stardict(parts, text, intake));
});
