//! The most requests sent in any second, wherever it begins, to ten milliseconds.
//! Refuses to grow with the rate: a day takes seventeen megabytes, whatever is sent in it.

/// Counts sends in hundredths of a second.
#[derive(Default)]
pub(super) struct Sends {
    slots: Vec<u16>,
}

const SLOTS_PER_SECOND: usize = 100;

impl Sends {
    /// Counts a send, in seconds from the start.
    pub(super) fn count(&mut self, at: f64) {
        let slot = (at.max(0.0) * SLOTS_PER_SECOND as f64) as usize;
        if self.slots.len() <= slot {
            self.slots.resize(slot + 1, 0);
        }
        self.slots[slot] = self.slots[slot].saturating_add(1);
    }

    /// The most of any hundred slots in a row.
    pub(super) fn busiest_second(&self) -> u64 {
        let mut sum = 0u64;
        let mut most = 0;
        for (at, slot) in self.slots.iter().enumerate() {
            sum += u64::from(*slot);
            if at >= SLOTS_PER_SECOND {
                sum -= u64::from(self.slots[at - SLOTS_PER_SECOND]);
            }
            most = most.max(sum);
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_second_may_begin_anywhere() {
        let mut sends = Sends::default();
        for at in [0.1, 0.9, 1.05, 1.09, 1.1, 3.0] {
            sends.count(at);
        }
        assert_eq!(sends.busiest_second(), 4);
    }
}
