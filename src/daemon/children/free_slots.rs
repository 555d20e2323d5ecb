//! Which slots of the scoreboard are free.

use crate::ipc::scoreboard::SlotNumber;

/// The free slots: one bit each, in one piece of memory of the size that all slots need. The parent changes it at each
/// fork, and each page that it changes is a page more of memory, because its latest child keeps the page as it was: a
/// set with nodes all over the heap makes ten thousand children half as large again.
#[derive(Debug)]
pub struct FreeSlots {
    /// A bit is 1 where the slot is free, the lowest bit first.
    bits: Vec<u64>,
    /// No word before this one has a bit that is 1.
    first: usize,
}

impl FreeSlots {
    /// All slots of a scoreboard with this many.
    pub fn all(slots: u32) -> Self {
        let mut free = Self { bits: vec![0; slots.div_ceil(u64::BITS) as usize], first: 0 };
        (0..slots).map(SlotNumber).for_each(|slot| free.insert(slot));
        free
    }

    /// Takes the lowest one, so that the part of the scoreboard that is in use stays small.
    pub fn take_lowest(&mut self) -> Option<SlotNumber> {
        let ahead = self.bits.get(self.first..)?.iter().position(|word| *word != 0);
        self.first = ahead.map_or(self.bits.len(), |ahead| self.first + ahead);
        let word = self.bits.get_mut(self.first)?;
        let bit = word.trailing_zeros();
        *word &= *word - 1;
        u32::try_from(self.first).ok().map(|before| SlotNumber(before * u64::BITS + bit))
    }

    /// A slot is free again. One that the scoreboard does not have is none.
    pub fn insert(&mut self, SlotNumber(number): SlotNumber) {
        let place = (number / u64::BITS) as usize;
        if let Some(word) = self.bits.get_mut(place) {
            *word |= 1 << (number % u64::BITS);
            self.first = self.first.min(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_a_set_whose_lowest_is_taken(slots in 0_u32..200, steps in prop::collection::vec(0_u32..400, 0..400)) {
            let mut free = FreeSlots::all(slots);
            let mut model: BTreeSet<u32> = (0..slots).collect();
            for step in steps {
                if step < slots {
                    free.insert(SlotNumber(step));
                    model.insert(step);
                } else {
                    prop_assert_eq!(free.take_lowest().map(|slot| slot.0), model.pop_first());
                }
            }
            while let Some(lowest) = model.pop_first() {
                prop_assert_eq!(free.take_lowest(), Some(SlotNumber(lowest)));
            }
            prop_assert_eq!(free.take_lowest(), None);
        }
    }
}
