//! The blocks of an MDX file: sizes, packing, scrambling, checksums.

use super::header::Header;
use crate::words::import::failure::{Failure, ReaderSays};
use crate::words::import::files::{ALWAYS_UNPACKED, MAX_PIECE, MAX_RATIO};
use crate::words::import::lzo;
use flate2::read::ZlibDecoder;
use ripemd::{Digest, Ripemd128};
use std::io::{self, Read};

/// The salt of the key by which the index of keys is scrambled.
const INDEX_SALT: [u8; 4] = 0x3695_u32.to_le_bytes();
/// Where unscrambling begins.
const BEFORE_FIRST: u8 = 0x36;
/// The head of a block: how it is packed, and a checksum of its content.
const BLOCK_HEAD: usize = 8;

pub(super) fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// Undoes the exchange of half-bytes and the mixing with a key.
fn unscramble(bytes: &mut [u8], key: &[u8]) {
    let mut before = BEFORE_FIRST;
    for ((at, byte), key) in bytes.iter_mut().enumerate().zip(key.iter().cycle()) {
        let scrambled = *byte;
        // The place's lowest eight bits.
        *byte = scrambled.rotate_left(4) ^ before ^ at.to_le_bytes()[0] ^ key;
        before = scrambled;
    }
}

/// A source that is read in pieces whose sizes it states itself.
pub(super) struct Blocks<R> {
    source: R,
    /// How much was read packed, and how much it unpacked to.
    packed: u64,
    unpacked: u64,
}

impl<R: Read> Blocks<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, packed: 0, unpacked: 0 }
    }

    /// Reads `size` bytes; memory grows with what is read, not with the size that the file claims.
    pub(super) fn bytes(&mut self, size: u64, what: &str) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        Read::by_ref(&mut self.source).take(size).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != size {
            return Err(Failure::damaged(what, format!("it is truncated: {} of {size} bytes are left", bytes.len())));
        }
        self.packed += size;
        Ok(bytes)
    }

    pub(super) fn number(&mut self, width: usize, what: &str) -> Result<u64, Failure> {
        Ok(big_endian(&self.bytes(width as u64, what)?))
    }

    /// Unpacks a block that must hold `size` bytes.
    fn unpack(&mut self, mut block: Vec<u8>, size: u64, what: &str) -> Result<Vec<u8>, Failure> {
        let damaged = |message: &str| Failure::damaged(what, message);
        let (head, data) = block.split_at_mut_checked(BLOCK_HEAD).ok_or_else(|| damaged("a block is truncated"))?;
        let limit = usize::try_from(size).unwrap_or(usize::MAX);
        if limit > 4 * MAX_PIECE {
            return Err(damaged("a block claims to hold more than 64 MiB"));
        }
        // How it is packed; how, and how far, it is scrambled.
        let (packing, scrambling) = (head[0] & 0xf, head[0] >> 4);
        match scrambling {
            0 => {}
            1 => {
                let until = usize::from(head[1]).min(data.len());
                unscramble(&mut data[..until], &Ripemd128::digest(&head[4..]));
            }
            _ => return Err(Failure::Locked(std::path::PathBuf::new())),
        }
        let unpacked = match packing {
            0 => data.to_vec(),
            1 => lzo::decompress(data, limit).ok_or_else(|| damaged("a block cannot be decompressed (LZO)"))?,
            2 => {
                let mut out = Vec::new();
                let unpacked = ZlibDecoder::new(&*data).take(size.saturating_add(1)).read_to_end(&mut out);
                unpacked.map_err(|error| damaged(&format!("a block cannot be decompressed (zlib): {error}")))?;
                out
            }
            other => {
                let why = format!("a block has compression type {other}; only 0, 1 and 2 are supported");
                return Err(damaged(&why));
            }
        };
        if unpacked.len() != limit {
            return Err(damaged("a block's size differs from the index"));
        }
        if adler2::adler32_slice(&unpacked).to_be_bytes() != head[4..] {
            return Err(damaged("the checksum of a block is wrong"));
        }
        self.unpacked += size;
        if self.unpacked > ALWAYS_UNPACKED && self.unpacked / MAX_RATIO > self.packed {
            return Err(damaged(&ReaderSays::Bomb.to_string()));
        }
        Ok(unpacked)
    }

    /// Reads the section of the keys, and hands over each of its blocks.
    pub(super) fn keys(
        &mut self,
        header: &Header,
        number_bytes: usize,
        mut take: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let what = "keys";
        let numbers = if header.second_version { 5 } else { 4 };
        let bytes = self.bytes((numbers * number_bytes) as u64, what)?;
        let numbers: Vec<u64> = bytes.chunks(number_bytes).map(big_endian).collect();
        let index = match numbers[..] {
            [_, _, unpacked_size, size, _] => {
                self.bytes(4, what)?;
                let mut index = self.bytes(size, what)?;
                if header.scrambled
                    && let Some((head, data)) = index.split_at_mut_checked(BLOCK_HEAD)
                {
                    unscramble(data, &Ripemd128::digest([&head[4..], &INDEX_SALT].concat()));
                }
                self.unpack(index, unpacked_size, what)?
            }
            [_, _, size, _] => self.bytes(size, what)?,
            _ => return Err(Failure::damaged(what, "no numbers")),
        };
        for (packed, size) in key_blocks(&index, header, number_bytes)? {
            let block = self.bytes(packed, what)?;
            take(&self.unpack(block, size, what)?)?;
        }
        Ok(())
    }

    /// Reads the description of the records, which are all that is left to read then.
    pub(super) fn records(mut self, number_bytes: usize) -> Result<Records<R>, Failure> {
        let what = "records";
        let count = self.number(number_bytes, what)?;
        self.bytes(number_bytes as u64, what)?;
        let index_size = self.number(number_bytes, what)?;
        self.bytes(number_bytes as u64, what)?;
        let index = self.bytes(index_size, what)?;
        let sizes: Vec<(u64, u64)> = index
            .chunks_exact(2 * number_bytes)
            .map(|pair| (big_endian(&pair[..number_bytes]), big_endian(&pair[number_bytes..])))
            .collect();
        if sizes.len() as u64 != count {
            return Err(Failure::damaged(
                what,
                format!("{count} blocks are announced, but {} have a size", sizes.len()),
            ));
        }
        let size = sizes.iter().try_fold(0_u64, |sum, (_, size)| sum.checked_add(*size)).ok_or(Failure::TooLarge)?;
        Ok(Records { blocks: self, sizes: sizes.into_iter(), size, block: Vec::new(), at: 0 })
    }
}

/// The sizes of the blocks of keys, packed and unpacked; the index has their first and last headwords, too.
fn key_blocks(index: &[u8], header: &Header, number_bytes: usize) -> Result<Vec<(u64, u64)>, Failure> {
    let cut_off = || Failure::damaged("keys", "the index of the blocks is truncated");
    let length_bytes = if header.second_version { 2 } else { 1 };
    let ends = u64::from(header.second_version);
    let unit = if header.wide() { 2 } else { 1 };
    let mut sizes = Vec::new();
    let mut rest = index;
    let number = |rest: &mut &[u8], width: usize| {
        let (number, after) = rest.split_at_checked(width).ok_or_else(cut_off)?;
        *rest = after;
        Ok::<u64, Failure>(big_endian(number))
    };
    while !rest.is_empty() {
        number(&mut rest, number_bytes)?;
        for _ in 0..2 {
            let length = (number(&mut rest, length_bytes)? + ends) * unit;
            let length = usize::try_from(length).map_err(|_| cut_off())?;
            rest = rest.get(length..).ok_or_else(cut_off)?;
        }
        sizes.push((number(&mut rest, number_bytes)?, number(&mut rest, number_bytes)?));
    }
    Ok(sizes)
}

/// The records, one after the other, as they are unpacked.
pub(super) struct Records<R> {
    blocks: Blocks<R>,
    sizes: std::vec::IntoIter<(u64, u64)>,
    size: u64,
    block: Vec<u8>,
    at: usize,
}

impl<R> Records<R> {
    /// Their stated total length, in bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }
}

impl<R: Read> Read for Records<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.block.len() {
            let Some((packed, size)) = self.sizes.next() else { return Ok(0) };
            let unpacked = self.blocks.bytes(packed, "records");
            let unpacked = unpacked.and_then(|block| self.blocks.unpack(block, size, "records"));
            self.block = unpacked.map_err(|failure| io::Error::other(ReaderSays::Failed(Box::new(failure))))?;
            self.at = 0;
        }
        let size = (&self.block[self.at..]).read(buffer)?;
        self.at += size;
        Ok(size)
    }
}
