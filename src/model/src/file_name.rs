//! File names made of text from outside: of letter ids, addresses, names of files on other machines.
//! Refuses everything by which a name could lead elsewhere, or that a system could not store.

/// A text as a part of a file name that every system stores: ASCII letters and digits, and of other
/// characters those `kept`; each of the rest becomes `other`. Names that Windows keeps for devices
/// get an `other` at their end.
#[must_use]
pub fn plain_name(text: &str, kept: &[char], other: char) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || kept.contains(&c) { c } else { other };
    let mut name: String = text.chars().map(plain).collect();
    if is_device_name(&name) {
        name.push(other);
    }
    name
}

/// Whether Windows keeps this name for a device, whatever its extension.
#[must_use]
pub fn is_device_name(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered = |prefix| {
        stem.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
    };
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leads_elsewhere_or_names_a_device() {
        for (text, name) in [
            ("../../etc/passwd", "______etc_passwd"),
            ("C:\\x\u{202e}\u{1b}\n", "C__x___"),
            ("CON", "CON_"),
            ("a-b_c", "a-b_c"),
        ] {
            assert_eq!(plain_name(text, &['-', '_'], '_'), name);
        }
        assert!(is_device_name("com1.txt") && is_device_name("AUX") && !is_device_name("com10"));
    }
}
