//! Changes to a seed: what a careless editor, a torn copy and a stranger with a word list would do.
//! Refuses inputs beyond the longest that targets are given.

use letterproof_fuzz::LONGEST;
use proptest::prelude::*;

/// One change. Positions and lengths are taken modulo what is there.
#[derive(Debug, Clone)]
pub enum Mutation {
    /// Turns one bit over.
    Flip(usize, u8),
    /// Puts a byte in the place of another.
    Set(usize, u8),
    /// Puts a word of the target's dictionary in.
    Word(usize, usize),
    /// Takes a range out.
    Delete(usize, usize),
    /// Repeats a range, so many times.
    Repeat(usize, usize, usize),
    /// Goes on with another seed from there.
    Splice(usize, usize),
    /// Ends there.
    Truncate(usize),
    /// Puts a number at the edge of some type in the place of the next number.
    Number(usize, usize),
}

/// Numbers at edges.
const NUMBERS: [&[u8]; 12] = [
    b"0",
    b"-1",
    b"255",
    b"65536",
    b"2147483648",
    b"4294967296",
    b"9007199254740993",
    b"9223372036854775807",
    b"18446744073709551616",
    b"1e308",
    b"-1e999",
    b"0.1e-400",
];

impl Mutation {
    /// Any change.
    pub fn any() -> impl Strategy<Value = Self> {
        let at = any::<usize>;
        prop_oneof![
            2 => (at(), 0u8..8).prop_map(|(at, bit)| Self::Flip(at, bit)),
            2 => (at(), any::<u8>()).prop_map(|(at, byte)| Self::Set(at, byte)),
            4 => (at(), at()).prop_map(|(at, word)| Self::Word(at, word)),
            2 => (at(), 1usize..80).prop_map(|(at, length)| Self::Delete(at, length)),
            2 => (at(), 1usize..80, 1usize..200).prop_map(|(at, length, times)| Self::Repeat(at, length, times)),
            1 => (at(), at()).prop_map(|(at, from)| Self::Splice(at, from)),
            1 => at().prop_map(Self::Truncate),
            3 => (at(), at()).prop_map(|(at, number)| Self::Number(at, number)),
        ]
    }

    /// Makes the change.
    pub fn apply(&self, data: &mut Vec<u8>, other: &[u8], words: &[&str]) {
        let place = |at: usize| at % (data.len() + 1);
        match *self {
            Self::Flip(at, bit) => {
                let at = place(at);
                data[at..].iter_mut().take(1).for_each(|byte| *byte ^= 1 << bit);
            }
            Self::Set(at, byte) => {
                let at = place(at);
                data[at..].iter_mut().take(1).for_each(|old| *old = byte);
            }
            Self::Word(at, word) if !words.is_empty() => {
                let at = place(at);
                data.splice(at..at, words[word % words.len()].bytes());
            }
            Self::Word(..) => {}
            Self::Delete(at, length) => {
                let at = place(at);
                data.drain(at..(at + length).min(data.len()));
            }
            Self::Repeat(at, length, times) => {
                let at = place(at);
                let range = data[at..(at + length).min(data.len())].repeat(times);
                data.splice(at..at, range);
            }
            Self::Splice(at, from) => {
                data.truncate(place(at));
                data.extend_from_slice(&other[from % (other.len() + 1)..]);
            }
            Self::Truncate(at) => data.truncate(place(at)),
            Self::Number(at, number) => {
                let at = place(at);
                let digit = |byte: &u8| byte.is_ascii_digit();
                let from = data[at..].iter().position(digit).map_or(at, |found| at + found);
                let length = data[from..].iter().take_while(|byte| digit(byte)).count();
                data.splice(from..from + length, NUMBERS[number % NUMBERS.len()].iter().copied());
            }
        }
        data.truncate(LONGEST);
    }
}
