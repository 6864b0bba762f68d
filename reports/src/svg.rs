//! What drawings have in common: their colours, their typeface, and text made safe for XML.
//! Refuses colours that stand out less than 3 to 1 against white (WCAG 2.2, 1.4.11).

use letterproof_model::visible;

/// Text and the lines that matter most.
pub(crate) const INK: &str = "#1d2830";
/// Text that matters less.
pub(crate) const SOFT: &str = "#4a5b66";
/// Lines that only guide the eye.
pub(crate) const FAINT: &str = "#8895a0";
/// What is wrong, and limits.
pub(crate) const RED: &str = "#8c1c10";
/// The first measured line.
pub(crate) const BLUE: &str = "#005a9c";
/// The second.
pub(crate) const ORANGE: &str = "#b54a00";
/// The third.
pub(crate) const PURPLE: &str = "#6d3b9e";
/// The fourth.
pub(crate) const GREEN: &str = "#00703c";
/// The typefaces of the page.
pub(crate) const FONT: &str =
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif";

/// Text that XML can hold, as content or between quotation marks; what it hides is seen.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
