//! MDX as MdxBuilder writes it, and damaged in every way. (`tests/import_mdx.rs` uses files made by a real program.)

use super::super::formats;
use super::*;
use encoding_rs::GB18030;
use flate2::write::ZlibEncoder;
use proptest::prelude::*;
use ripemd::{Digest, Ripemd128};

#[derive(Clone, Copy)]
struct Form<'a> {
    second: bool,
    /// 0 not packed, 1 LZO, 2 zlib.
    packing: u8,
    encoding: &'a str,
    scrambled: bool,
    /// More attributes of the header.
    more: &'a str,
}

const USUAL: Form<'static> = Form { second: true, packing: 2, encoding: "UTF-8", scrambled: false, more: "" };

impl Form<'_> {
    fn number(self, number: usize) -> Vec<u8> {
        (number as u64).to_be_bytes()[if self.second { 0 } else { 4 }..].to_vec()
    }

    fn encode(self, text: &str) -> Vec<u8> {
        match self.encoding {
            "UTF-16" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "GBK" => GB18030.encode(text).0.into_owned(),
            _ => text.as_bytes().to_owned(),
        }
    }

    fn block(self, bytes: &[u8]) -> Vec<u8> {
        let packed = match self.packing {
            0 => bytes.to_vec(),
            1 => {
                // LZO of literals alone: runs of 1 to 238, then the end.
                assert!((1..=238).contains(&bytes.len()), "one run is enough for a test");
                [&[17 + u8::try_from(bytes.len()).unwrap()], bytes, &[17, 0, 0]].concat()
            }
            _ => {
                let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
                packer.write_all(bytes).unwrap();
                packer.finish().unwrap()
            }
        };
        [&[self.packing, 0, 0, 0][..], &adler2::adler32_slice(bytes).to_be_bytes(), &packed].concat()
    }

    /// A file of (headword, record) pairs, two keys and three records in a block.
    fn file(self, entries: &[(&str, &str)]) -> Vec<u8> {
        let end: &[u8] = if self.encoding == "UTF-16" { b"\0\0" } else { b"\0" };
        let unit = end.len();
        let (mut keys, mut records, mut at) = (Vec::new(), Vec::new(), 0);
        for (headword, record) in entries {
            let record = [self.encode(record), end.to_vec()].concat();
            keys.push((headword, [self.number(at), self.encode(headword), end.to_vec()].concat()));
            at += record.len();
            records.push(record);
        }
        let (mut index, mut key_blocks) = (Vec::new(), Vec::new());
        for pair in keys.chunks(2) {
            let block: Vec<u8> = pair.iter().flat_map(|(_, key)| key.clone()).collect();
            let packed = self.block(&block);
            index.extend(self.number(pair.len()));
            for (headword, _) in [pair.first().unwrap(), pair.last().unwrap()] {
                let name = self.encode(headword);
                let length = u16::try_from(name.len() / unit).unwrap().to_be_bytes();
                index.extend_from_slice(&length[usize::from(!self.second)..]);
                index.extend(name);
                index.extend_from_slice(if self.second { end } else { b"" });
            }
            index.extend(self.number(packed.len()));
            index.extend(self.number(block.len()));
            key_blocks.extend(packed);
        }
        let index_size = index.len();
        if self.second {
            index = Form { packing: 2, ..self }.block(&index);
        }
        if self.scrambled {
            let key = Ripemd128::digest([&index[4..8], &0x3695_u32.to_le_bytes()].concat());
            let mut before = 0x36;
            for (at, byte) in index[8..].iter_mut().enumerate() {
                *byte = (*byte ^ before ^ at.to_le_bytes()[0] ^ key[at % 16]).rotate_left(4);
                before = *byte;
            }
        }
        let sizes = if self.second { vec![index_size, index.len()] } else { vec![index.len()] };
        let numbers: Vec<u8> = [key_blocks_count(entries.len(), 2), entries.len()]
            .into_iter()
            .chain(sizes)
            .chain([key_blocks.len()])
            .flat_map(|number| self.number(number))
            .collect();
        let (mut record_sizes, mut record_blocks) = (Vec::new(), Vec::new());
        for three in records.chunks(3) {
            let block = three.concat();
            let packed = self.block(&block);
            record_sizes.extend([self.number(packed.len()), self.number(block.len())].concat());
            record_blocks.extend(packed);
        }
        let version = if self.second { "2.0" } else { "1.2" };
        let header = format!(
            "<Dictionary GeneratedByEngineVersion=\"{version}\" Encrypted=\"{}\" Encoding=\"{}\" Title=\"A &amp; B\" \
             Description=\"&lt;p&gt;Licence: free&lt;/p&gt;\" {}/>\r\n\0",
            if self.scrambled { 2 } else { 0 },
            self.encoding,
            self.more
        );
        let header: Vec<u8> = header.encode_utf16().flat_map(u16::to_le_bytes).collect();
        [
            u32::try_from(header.len()).unwrap().to_be_bytes().to_vec(),
            header.clone(),
            adler2::adler32_slice(&header).to_le_bytes().to_vec(),
            numbers.clone(),
            if self.second { adler2::adler32_slice(&numbers).to_be_bytes().to_vec() } else { Vec::new() },
            index,
            key_blocks,
            self.number(key_blocks_count(records.len(), 3)),
            self.number(entries.len()),
            self.number(record_sizes.len()),
            self.number(record_blocks.len()),
            record_sizes,
            record_blocks,
        ]
        .concat()
    }
}

fn key_blocks_count(entries: usize, in_one: usize) -> usize {
    entries.div_ceil(in_one)
}

fn read(file: &[u8]) -> Result<(Report, Collection), Failure> {
    imported(|intake| formats::mdx(file, intake))
}

const ENTRIES: [(&str, &str); 6] = [
    ("AT&amp;T", "a company\r\n"),
    ("color", "@@@LINK=colour\r\n"),
    ("colour", "n. <b>hue</b><br>x &#146;\r\n"),
    ("colour", "v. paint"),
    ("farbe", "@@@LINK=Color"),
    ("面", "<ol><li>face</li><li>noodles</li></ol>"),
];

#[test]
fn all_forms_are_read_alike() {
    let colour = "n. hue\\nx ’\\nv. paint";
    let expected = owned(&[
        ("AT&T", "a company"),
        ("color", colour),
        ("colour", colour),
        ("farbe", colour),
        ("面", "1. face\\n2. noodles"),
    ]);
    for second in [false, true] {
        for packing in 0..3 {
            for encoding in ["UTF-8", "UTF-16", "GBK", ""] {
                for scrambled in [false, second] {
                    let form = Form { second, packing, encoding, scrambled, more: "" };
                    let (report, mut collection) = read(&form.file(&ENTRIES)).unwrap();
                    assert_eq!(pairs(&mut collection), expected, "{second} {packing} {encoding} {scrambled}");
                    assert_eq!((report.title.as_str(), report.taken), ("A & B", 8));
                    let file = String::from_utf8(words_file(&mut collection)).unwrap();
                    assert!(file.contains("# licence: Licence: free\n"), "{file}");
                }
            }
        }
    }
}

#[test]
fn links_are_followed_and_end() {
    let entries = [
        ("a", "@@@LINK=b"),
        ("b", "@@@LINK=a"),
        ("c", "@@@LINK=nowhere"),
        ("d", "@@@LINK=e"),
        ("e", "@@@LINK=F"),
        ("f", "text"),
        ("f", "@@@LINK=a"),
        ("g", ""),
    ];
    let (report, mut collection) = read(&USUAL.file(&entries)).unwrap();
    assert_eq!(pairs(&mut collection), owned(&[("d", "text"), ("e", "text"), ("f", "text")]));
    assert_eq!((refused(&report, Refusal::DanglingLink), refused(&report, Refusal::NoText)), (4, 1));
    // Links to links, each to many.
    let many: Vec<(&str, &str)> = (0..2000).map(|n| ("x", if n % 2 == 0 { "@@@LINK=x" } else { "t" })).collect();
    let (report, _) = read(&USUAL.file(&many)).unwrap();
    assert!(report.taken < 70_000, "{}", report.taken);
}

/// Links as programs other than MdxBuilder write them: several in one record, behind blanks, to a headword that MDict finds
/// without its marks.
#[test]
fn links_are_found_as_mdict_finds_them() {
    let entries = [
        ("a", "\r\n  @@@LINK=s\r\n"),
        ("b", "@@@LINK=t\r\n@@@LINK=S\r\n"),
        ("c", "@@@LINK=co op"),
        ("co-op", "shop"),
        ("d", "@@@LINK=!?"),
        ("e", "no @@@LINK=s"),
        ("s", "one"),
        ("t", "two"),
    ];
    let strips = Form { more: "StripKey=\"Yes\"", ..USUAL };
    for (form, has_stripped) in [(strips, true), (USUAL, false)] {
        let (report, mut collection) = read(&form.file(&entries)).unwrap();
        let mut expected = owned(&[
            ("a", "one"),
            ("b", "two\\none"),
            ("c", "shop"),
            ("co-op", "shop"),
            ("e", "no @@@LINK=s"),
            ("s", "one"),
            ("t", "two"),
        ]);
        expected.retain(|(headword, _)| has_stripped || headword != "c");
        assert_eq!(pairs(&mut collection), expected);
        assert_eq!(refused(&report, Refusal::DanglingLink), 2 - u64::from(has_stripped));
    }
}

#[test]
fn styles_and_plain_text() {
    let sheet = "Format=\"Html\" StyleSheet=\"1&#10;&lt;b&gt;&#10;&lt;/b&gt;&lt;br&gt;&#10;2&#10;(&#10;)\"";
    let (_, mut collection) = read(&Form { more: sheet, ..USUAL }.file(&[("a", "`1`one`2`two `3` x`")])).unwrap();
    assert_eq!(pairs(&mut collection), owned(&[("a", "one\\n(two `3` x`)")]));
    let form = Form { more: "Format=\"Text\"", ..USUAL };
    let (_, mut collection) = read(&form.file(&[("a", "1 <b>\n  2")])).unwrap();
    assert_eq!(pairs(&mut collection), owned(&[("a", "1 <b>\\n  2")]));
}

#[test]
fn what_can_not_be_read_is_refused_in_words() {
    let good = USUAL.file(&ENTRIES);
    for cut in 0..good.len() {
        assert!(read(&good[..cut]).is_err(), "cut off at {cut}");
    }
    let header = |attributes: &str| {
        let header: Vec<u8> =
            format!("<Dictionary {attributes}/>\0").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let size = u32::try_from(header.len()).unwrap().to_be_bytes();
        [&size[..], &header, &adler2::adler32_slice(&header).to_le_bytes()].concat()
    };
    let cases: [(Vec<u8>, &str); 8] = [
        (header("GeneratedByEngineVersion=\"2.0\" Encrypted=\"1\""), "encrypted with the key of the user"),
        (header("GeneratedByEngineVersion=\"2.0\" Encrypted=\"3\""), "encrypted with the key of the user"),
        (header("GeneratedByEngineVersion=\"1.2\" Encrypted=\"Yes\""), "encrypted with the key of the user"),
        (header("GeneratedByEngineVersion=\"3.0\""), "version \"3.0\"; only 1 and 2 are supported"),
        (header("GeneratedByEngineVersion=\"2.0\" Encoding=\"EBCDIC\""), "encoding \"EBCDIC\""),
        (header("GeneratedByEngineVersion=\"2.0\""), "keys: it is truncated"),
        (b"PK\x03\x04 something else".to_vec(), "it does not begin like an MDX file"),
        (b"\0\0\0\x04abcdefgh".to_vec(), "its checksum is wrong, or it is not an MDX file"),
    ];
    for (file, message) in cases {
        let failure = read(&file).unwrap_err().to_string();
        assert!(failure.contains(message), "{failure}, not {message}");
    }
}

proptest! {
    #[test]
    fn any_change_is_read_or_refused(at in 0_usize..10_000, to: u8, second: bool, packing in 0_u8..3, scrambled: bool) {
        let form = Form { second, packing, scrambled: scrambled && second, ..USUAL };
        let mut file = form.file(&ENTRIES);
        let at = at % file.len();
        file[at] = to;
        if let Ok((report, mut collection)) = read(&file) {
            let refused: u64 = report.refused.values().map(|refused| refused.count).sum();
            prop_assert_eq!(report.read, report.taken + refused);
            if collection.entries() > 0 {
                words_file(&mut collection);
            }
        }
    }
}
