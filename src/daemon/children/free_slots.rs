//! Which slots of the scoreboard are free.

use crate::ipc::scoreboard::SlotNumber;

/// The free slots: one bit each, in one piece of memory of the size that all slots need. The parent changes it at each
/// fork, and each page that it changes is a page more of memory, because its latest child keeps the page as it was: a
/// set with nodes all over the heap makes ten thousand children half as large again.
///
/// Slots that were never used are only counted: as long as no child has ended, no page of the heap is written to.
#[derive(Debug)]
pub struct FreeSlots {
    /// A bit is 1 where the slot was used and is free again, the lowest bit first.
    bits: Vec<u64>,
    /// No word before this one has a bit that is 1.
    first: usize,
    /// The first slot that was never used.
    fresh: u32,
    /// How many slots there are.
    slots: u32,
}

impl FreeSlots {
    /// All slots of a scoreboard with this many.
    pub fn all(slots: u32) -> Self {
        Self { bits: vec![0; slots.div_ceil(u64::BITS) as usize], first: usize::MAX, fresh: 0, slots }
    }

    /// Takes the lowest one, so that the part of the scoreboard that is in use stays small.
    pub fn take_lowest(&mut self) -> Option<SlotNumber> {
        self.take_used().or_else(|| {
            let slot = (self.fresh < self.slots).then_some(SlotNumber(self.fresh))?;
            self.fresh += 1;
            Some(slot)
        })
    }

    fn take_used(&mut self) -> Option<SlotNumber> {
        let ahead = self.bits.get(self.first..)?.iter().position(|word| *word != 0);
        self.first = ahead.map_or(usize::MAX, |ahead| self.first + ahead);
        let word = self.bits.get_mut(self.first)?;
        let bit = word.trailing_zeros();
        *word &= *word - 1;
        u32::try_from(self.first).ok().map(|before| SlotNumber(before * u64::BITS + bit))
    }

    /// A slot that was taken is free again.
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
            let (mut model, mut taken): (BTreeSet<u32>, BTreeSet<u32>) = ((0..slots).collect(), BTreeSet::new());
            for step in steps {
                if step < slots && taken.remove(&step) {
                    free.insert(SlotNumber(step));
                    model.insert(step);
                } else {
                    let lowest = model.pop_first();
                    prop_assert_eq!(free.take_lowest().map(|slot| slot.0), lowest);
                    taken.extend(lowest);
                }
            }
            while let Some(lowest) = model.pop_first() {
                prop_assert_eq!(free.take_lowest(), Some(SlotNumber(lowest)));
            }
            prop_assert_eq!(free.take_lowest(), None);
        }
    }
}
