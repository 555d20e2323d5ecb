//! The lines at the head of a DSL file.

/// The value of a line of the header: `#NAME "A dictionary"`.
pub(super) fn header<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let rest = line.strip_prefix('#')?.trim_start();
    let value = rest.get(key.len()..).filter(|_| rest.get(..key.len()).is_some_and(|k| k.eq_ignore_ascii_case(key)))?;
    Some(value.trim().trim_matches('"').trim())
}
