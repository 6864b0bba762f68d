//! Numbers as people read them, the same in verdicts, reports and plans.
//! Refuses units and words: what is counted stands beside the number.

/// A whole number with its thousands set off, `2,500`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_off_from_the_right() {
        let shown = [0, 999, 1_000, 2_500, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "2,500", "1,234,567"]);
    }
}
