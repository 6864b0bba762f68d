//! Choosing the calls that something is injected into.
//! Refuses chance that cannot be repeated: a seed decides, and each rule counts its own calls.

use std::sync::atomic::{AtomicU64, Ordering};

use letterproof_model::Operation;

use super::rule::{How, Injection, Meddling};

/// The armed rules of one witness.
pub(crate) struct Chaos {
    rules: Vec<(Injection, AtomicU64)>,
    seed: u64,
}

impl Chaos {
    pub(crate) fn new(rules: Vec<Injection>, seed: u64) -> Self {
        Self { rules: rules.into_iter().map(|rule| (rule, AtomicU64::new(0))).collect(), seed }
    }

    /// What goes wrong with the next call of an operation, and by which rule; the first rule that
    /// chooses it wins.
    pub(crate) fn choose(&self, operation: Operation) -> Option<(Meddling, &Injection)> {
        let mut chosen = None;
        for (place, (rule, count)) in self.rules.iter().enumerate() {
            if !rule.concerns(operation) {
                continue;
            }
            // Counted although another rule may have won: the Nth call is the supplier's Nth.
            let number = count.fetch_add(1, Ordering::Relaxed) + 1;
            let takes = match rule.how {
                How::Every => true,
                How::Nth(nth) => number == nth,
                How::Rate(rate) => share(self.seed, place as u64, number) < rate,
            };
            if takes && chosen.is_none() {
                chosen = Some((rule.meddling, rule));
            }
        }
        chosen
    }
}

/// A number from 0 to 1, always the same for the same call (splitmix64).
fn share(seed: u64, place: u64, number: u64) -> f64 {
    let step = 0x9e37_79b9_7f4a_7c15_u64;
    let mut z = seed ^ place.wrapping_mul(0xd1b5_4a32_d192_ed03);
    z = z.wrapping_add(number.wrapping_mul(step));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    // 53 bits fill an f64 exactly.
    (z >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(rules: &[&str], seed: u64, calls: usize) -> Vec<usize> {
        let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        let chaos = Chaos::new(rules, seed);
        (0..calls).filter(|_| chaos.choose(Operation::ListLetters).is_some()).collect()
    }

    #[test]
    fn a_rate_is_kept_and_repeats_with_the_seed() {
        let first = chosen(&["429@5%"], 7, 10_000);
        assert!((400..600).contains(&first.len()), "{}", first.len());
        assert_eq!(first, chosen(&["429@5%"], 7, 10_000));
        assert_ne!(first, chosen(&["429@5%"], 8, 10_000));
    }

    #[test]
    fn the_nth_call_of_the_operation_is_chosen_and_no_other() {
        assert_eq!(chosen(&["429@nth=3"], 1, 100), [2]);
        assert_eq!(chosen(&["500@nth=1", "429@nth=3"], 1, 100), [0, 2]);
        assert_eq!(chosen(&["POST /mi: 500"], 1, 100), Vec::<usize>::new());
        assert_eq!(chosen(&[], 1, 100), Vec::<usize>::new());
    }
}
