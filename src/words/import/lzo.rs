//! Decompressing LZO1X, with which older MDX files are packed. The crates for it are under the GPL, or not maintained.
//! The format is described in the Linux kernel's Documentation/staging/lzo.rst; this reads version 0 of the stream,
//! which has no header. Nothing is read beyond the input, and no more is written than the caller allows.

/// Decompresses a whole block.
///
/// Gives `None` if it is damaged, or holds more than `limit` bytes.
pub(super) fn decompress(packed: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut reader = Reader { packed, at: 0, out: Vec::new(), limit };
    let first = reader.byte()?;
    // How many literals the instruction before ended with: 0 to 3, or 4 for a run of its own.
    let mut state = match first {
        18.. => {
            let count = usize::from(first) - 17;
            reader.literals(count)?;
            count.min(4)
        }
        _ => {
            reader.at = 0;
            0
        }
    };
    loop {
        let instruction = reader.byte()?;
        let low = usize::from(instruction);
        let (length, distance, trailing) = match instruction {
            // A run of literals, or a short copy, depending on the instruction before.
            0..=15 if state == 0 => {
                let count = reader.length(low, 15)? + 3;
                reader.literals(count)?;
                state = 4;
                continue;
            }
            0..=15 => {
                let high = usize::from(reader.byte()?) << 2;
                let (length, nearest) = if state == 4 { (3, 2049) } else { (2, 1) };
                (length, high + (low >> 2) + nearest, low & 3)
            }
            16..=31 => {
                let length = reader.length(low & 7, 7)? + 2;
                let (distance, trailing) = reader.distance()?;
                let distance = 16384 + ((low & 8) << 11) + distance;
                if distance == 16384 {
                    // The end of the stream, which is the end of the block.
                    return (length == 3 && reader.at == packed.len()).then_some(reader.out);
                }
                (length, distance, trailing)
            }
            32..=63 => {
                let length = reader.length(low & 31, 31)? + 2;
                let (distance, trailing) = reader.distance()?;
                (length, distance + 1, trailing)
            }
            64..=127 => (3 + ((low >> 5) & 1), (usize::from(reader.byte()?) << 3) + ((low >> 2) & 7) + 1, low & 3),
            128.. => (5 + ((low >> 5) & 3), (usize::from(reader.byte()?) << 3) + ((low >> 2) & 7) + 1, low & 3),
        };
        reader.copy(distance, length)?;
        reader.literals(trailing)?;
        state = trailing;
    }
}

struct Reader<'a> {
    packed: &'a [u8],
    at: usize,
    out: Vec<u8>,
    limit: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.packed.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    /// A length that its instruction has room for, or that goes on in the bytes that follow.
    fn length(&mut self, said: usize, most: usize) -> Option<usize> {
        if said > 0 {
            return Some(said);
        }
        let mut length = most;
        loop {
            match self.byte()? {
                0 => length = length.checked_add(255).filter(|&length| length <= self.limit)?,
                last => return Some(length + usize::from(last)),
            }
        }
    }

    /// A distance of 14 bits, and how many literals follow.
    fn distance(&mut self) -> Option<(usize, usize)> {
        let both = usize::from(self.byte()?) | (usize::from(self.byte()?) << 8);
        Some((both >> 2, both & 3))
    }

    fn literals(&mut self, count: usize) -> Option<()> {
        let bytes = self.packed.get(self.at..self.at.checked_add(count)?)?;
        if self.out.len() + count > self.limit {
            return None;
        }
        self.out.extend_from_slice(bytes);
        self.at += count;
        Some(())
    }

    /// Copies from the output; source and target may overlap.
    fn copy(&mut self, distance: usize, length: usize) -> Option<()> {
        let from = self.out.len().checked_sub(distance)?;
        if self.out.len() + length > self.limit {
            return None;
        }
        for at in from..from + length {
            let byte = *self.out.get(at)?;
            self.out.push(byte);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Made by lzo1x_1 and by lzo1x_999 of liblzo2 2.10.
    const PACKED: [&str; 2] = [
        "0c7468652063617420736174206f6e207801016d61742c8101632c5c00016861743b325c00204bbc00000220736174206f6e20746865206861743b\
         20656e64110000",
        "1a7468652063617420734f006f6e2079016d0a022c20315d00680a023b20206fbf00656e64110000",
    ];

    fn bytes(hex: &str) -> Vec<u8> {
        hex.as_bytes().chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
    }

    #[test]
    fn what_liblzo2_packs_is_unpacked() {
        let text = "the cat sat on the mat, the cat sat on the hat; ".repeat(4) + "end";
        for packed in PACKED.map(bytes) {
            assert_eq!(decompress(&packed, text.len()).unwrap(), text.as_bytes());
            assert_eq!(decompress(&packed, text.len() - 1), None, "more than is allowed");
            for cut in 0..packed.len() {
                assert_eq!(decompress(&packed[..cut], text.len()), None, "cut off at {cut}");
            }
        }
        assert_eq!(decompress(&[17, 0, 0], 0).unwrap(), b"");
    }

    #[test]
    fn a_length_without_end_is_refused() {
        assert_eq!(decompress(&[0; 1 << 20], 1000), None);
        let copies = [&[0x12, b'a', 32][..], &[0; 1 << 20]].concat();
        assert_eq!(decompress(&copies, 1000), None);
    }

    proptest! {
        #[test]
        fn any_bytes_unpack_or_not(packed in proptest::collection::vec(any::<u8>(), 0..200), at in 0_usize..100, to: u8) {
            let out = decompress(&packed, 10_000);
            prop_assert!(out.is_none_or(|out| out.len() <= 10_000));
            let mut near = bytes(PACKED[0]);
            let at = at % near.len();
            near[at] = to;
            let _ = decompress(&near, 10_000);
        }
    }
}
