//! The command line that a bundle says it was made by, as far as it can be held against a journal.
//! Refuses to know every option: what is not asked for is passed over.

/// The commands whose bundles hold the traffic that they made or were given.
const VERBS: [&str; 4] = ["run", "load", "witness", "judge"];
/// What stands where a secret was.
const REDACTED: &str = "redacted:";

/// A command line that was read.
pub(super) struct CommandLine<'a> {
    verb: Option<&'a str>,
    options: Vec<(&'a str, &'a str)>,
}

impl<'a> CommandLine<'a> {
    /// Reads `letterproof run --target int`; `--name value` and `--name=value` alike.
    pub(super) fn read(words: &'a [String]) -> Self {
        let mut words = words.iter().map(String::as_str).skip(1).peekable();
        let verb = words.next().filter(|verb| VERBS.contains(verb));
        let mut options = Vec::new();
        while let Some(word) = words.next() {
            let Some(option) = word.strip_prefix("--") else { continue };
            let (name, value) = match option.split_once('=') {
                Some(both) => both,
                None => (option, words.next_if(|next| !next.starts_with("--")).unwrap_or_default()),
            };
            if !value.contains(REDACTED) {
                options.push((name, value));
            }
        }
        // What a run that is gone on with was asked for stands elsewhere.
        if options.iter().any(|(name, _)| *name == "resume") {
            options.clear();
        }
        Self { verb, options }
    }

    /// The command, where it makes bundles of its own.
    pub(super) fn verb(&self) -> Option<&'a str> {
        self.verb
    }

    /// The value of an option given once; of one given several times the last.
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        self.values(name).pop()
    }

    /// Every value of an option.
    pub(super) fn values(&self, name: &str) -> Vec<&'a str> {
        let of_name = self.options.iter().filter(|(given, _)| *given == name);
        of_name.map(|(_, value)| *value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_in_both_spellings_and_a_resumed_run_has_none() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let line =
            words("letterproof run --yes --target=int --fault a --fault b=1 --nonce redacted:1");
        let read = CommandLine::read(&line);
        assert_eq!(read.verb(), Some("run"));
        assert_eq!(read.value("target"), Some("int"));
        assert_eq!(read.values("fault"), ["a", "b=1"]);
        assert_eq!((read.value("nonce"), read.value("yes")), (None, Some("")));
        let line = words("letterproof run --resume d --target int");
        assert_eq!(CommandLine::read(&line).value("target"), None);
        assert_eq!(CommandLine::read(&words("letterproof selftest")).verb(), None);
    }
}
