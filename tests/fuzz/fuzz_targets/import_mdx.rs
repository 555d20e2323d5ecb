//! MDX: any header, keys and records. The fuzzer writes blocks as they are before packing; checksums and sizes are
//! corrected here, otherwise no block would ever be read.
#![no_main]

mod imported;

use cidian::words::import::formats;
use libfuzzer_sys::fuzz_target;

fn block(bytes: &[u8], packing: u8) -> Vec<u8> {
    [&[packing, 0, 0, 0][..], &adler2::adler32_slice(bytes).to_be_bytes(), bytes].concat()
}

fuzz_target!(|bytes: &[u8]| {
    imported::check(|intake| formats::mdx(bytes, intake));
    let Some((header, rest)) = imported::cut(bytes) else { return };
    let Some((keys, rest)) = imported::cut(rest) else { return };
    let Some((index, records)) = imported::cut(rest) else { return };
    // Version 1: one block of keys, whose place in the index is corrected; the records in one block, too.
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
    let text = format!("<Dictionary GeneratedByEngineVersion=\"1.2\" {}/>\0", String::from_utf8_lossy(header));
    let header: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let packing = index.first().map_or(0, |byte| byte % 2);
    let (key_block, record_block) = (block(keys, 0), block(records, packing));
    let index = [&number(1)[..], &[0, 0], &number(key_block.len()), &number(keys.len())].concat();
    let file = [
        &number(header.len())[..],
        &header,
        &adler2::adler32_slice(&header).to_le_bytes(),
        &number(1),
        &number(1),
        &number(index.len()),
        &number(key_block.len()),
        &index,
        &key_block,
        &number(1),
        &number(1),
        &number(8),
        &number(record_block.len()),
        &number(record_block.len()),
        &number(records.len()),
        &record_block,
    ]
    .concat();
    imported::check(|intake| formats::mdx(&file[..], intake));
});
