//! Translating patterns into the notation of the crate `regex`: POSIX basic and extended regular expressions (with
//! GNU's additions), and globs. Back-references, which can take unbounded time, are refused.

use super::BadPattern;
use std::iter::Peekable;
use std::str::Chars;

/// A POSIX basic regular expression: `\(`, `\)`, `\{`, `\}` are special, and, as in GNU, `\|`, `\+`, `\?`.
pub(super) fn basic(text: &str) -> Result<String, BadPattern> {
    let mut out = String::new();
    let mut rest = text.chars().peekable();
    // Whether there is nothing before this that can be repeated.
    let mut begins = true;
    while let Some(c) = rest.next() {
        let mut next_begins = false;
        match c {
            '\\' => match rest.next() {
                Some(sign @ ('(' | '|')) => {
                    out.push(sign);
                    next_begins = true;
                }
                Some(')') => out.push(')'),
                Some('{') => {
                    let interval = interval(&mut rest, &['\\', '}']).ok_or_else(|| bad("\\{ without \\}"))?;
                    if begins {
                        return Err(bad("nothing to repeat"));
                    }
                    out.push_str(&interval);
                }
                Some(sign @ ('+' | '?')) if !begins => out.push(sign),
                escaped => escape(escaped, &mut out)?,
            },
            '[' => bracket(&mut rest, '^', &mut out)?,
            '.' => out.push('.'),
            '*' if !begins => out.push('*'),
            '^' if begins => {
                out.push('^');
                next_begins = true;
            }
            '$' if ends(&rest) => out.push('$'),
            other => literal(other, &mut out),
        }
        begins = next_begins;
    }
    Ok(out)
}

/// A POSIX extended regular expression.
pub(super) fn extended(text: &str) -> Result<String, BadPattern> {
    let mut out = String::new();
    let mut rest = text.chars().peekable();
    let mut begins = true;
    while let Some(c) = rest.next() {
        let mut next_begins = false;
        match c {
            '\\' => escape(rest.next(), &mut out)?,
            '[' => bracket(&mut rest, '^', &mut out)?,
            '(' | '|' | '^' => {
                out.push(c);
                next_begins = true;
            }
            ')' | '.' | '$' => out.push(c),
            // An operator with nothing before it to repeat stands for itself; so `(?i)` is not a flag either.
            '*' | '+' | '?' if !begins => out.push(c),
            '{' if !begins => {
                let mut ahead = rest.clone();
                match interval(&mut ahead, &['}']) {
                    Some(interval) => {
                        out.push_str(&interval);
                        rest = ahead;
                    }
                    None => literal(c, &mut out),
                }
            }
            other => literal(other, &mut out),
        }
        begins = next_begins;
    }
    Ok(out)
}

/// A glob, which has to match the whole headword.
pub(super) fn glob(text: &str) -> Result<String, BadPattern> {
    let mut out = String::from("^");
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '\\' => literal(rest.next().unwrap_or('\\'), &mut out),
            '[' => {
                let mut ahead = rest.clone();
                let mut class = String::new();
                // As in a shell, one that is not closed stands for itself.
                if bracket(&mut ahead, '!', &mut class).is_ok() {
                    out.push_str(&class);
                    rest = ahead;
                } else {
                    literal(c, &mut out);
                }
            }
            other => literal(other, &mut out),
        }
    }
    out.push('$');
    Ok(out)
}

fn bad(why: &str) -> BadPattern {
    BadPattern(why.to_owned())
}

fn literal(c: char, out: &mut String) {
    out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
}

/// Translates the character behind a backslash.
fn escape(escaped: Option<char>, out: &mut String) -> Result<(), BadPattern> {
    match escaped {
        None => return Err(bad("a backslash at the end")),
        Some('0'..='9') => return Err(bad("back-references are not supported")),
        Some(class @ ('w' | 'W' | 's' | 'S' | 'b' | 'B')) => out.extend(['\\', class]),
        Some('<') => out.push_str(r"\b{start}"),
        Some('>') => out.push_str(r"\b{end}"),
        Some(other) => literal(other, out),
    }
    Ok(())
}

/// Whether a `$` that stands before this is an anchor of a basic expression.
fn ends(rest: &Peekable<Chars<'_>>) -> bool {
    let mut rest = rest.clone();
    match rest.next() {
        None => true,
        Some('\\') => matches!(rest.next(), Some(')' | '|')),
        Some(_) => false,
    }
}

/// The next characters, as long as they are such.
fn all(rest: &mut Peekable<Chars<'_>>, are: fn(&char) -> bool) -> String {
    std::iter::from_fn(|| rest.next_if(are)).collect()
}

/// `m`, `m,`, `,n` or `m,n` up to `close`, as `{…}`.
fn interval(rest: &mut Peekable<Chars<'_>>, close: &[char]) -> Option<String> {
    let least = all(rest, char::is_ascii_digit);
    let comma = rest.next_if_eq(&',').is_some();
    let most = if comma { all(rest, char::is_ascii_digit) } else { String::new() };
    if (least.is_empty() && most.is_empty()) || !close.iter().all(|&c| rest.next() == Some(c)) {
        return None;
    }
    let least = if least.is_empty() { "0" } else { &least };
    Some(if comma { format!("{{{least},{most}}}") } else { format!("{{{least}}}") })
}

/// A bracket expression behind its `[`. Within it a backslash stands for itself.
fn bracket(rest: &mut Peekable<Chars<'_>>, not: char, out: &mut String) -> Result<(), BadPattern> {
    let unclosed = || bad("[ without ]");
    out.push('[');
    if rest.next_if_eq(&not).is_some() {
        out.push('^');
    }
    let mut first = true;
    loop {
        let c = rest.next().ok_or_else(unclosed)?;
        match c {
            ']' if !first => {
                out.push(']');
                return Ok(());
            }
            '[' if rest.peek() == Some(&':') => {
                rest.next();
                let name = all(rest, char::is_ascii_lowercase);
                if rest.next() != Some(':') || rest.next() != Some(']') {
                    return Err(unclosed());
                }
                out.push_str(match name.as_str() {
                    // Of every script, as the classes of a UTF-8 locale.
                    "alpha" => r"\p{Alphabetic}",
                    "digit" => "0-9",
                    "alnum" => r"\p{Alphabetic}0-9",
                    "lower" => r"\p{Lowercase}",
                    "upper" => r"\p{Uppercase}",
                    "space" => r"\s",
                    "blank" => r" \t",
                    "punct" => "[:punct:]",
                    "print" => "[:print:]",
                    "graph" => "[:graph:]",
                    "cntrl" => "[:cntrl:]",
                    "xdigit" => "[:xdigit:]",
                    _ => return Err(bad("no such character class")),
                });
            }
            '[' if matches!(rest.peek(), Some('.' | '=')) => return Err(bad("collating elements are not supported")),
            from => {
                literal(from, out);
                let mut ahead = rest.clone();
                if ahead.next() == Some('-')
                    && let Some(to) = ahead.next().filter(|&to| to != ']')
                {
                    out.push('-');
                    literal(to, out);
                    *rest = ahead;
                }
            }
        }
        first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_match(translate: fn(&str) -> Result<String, BadPattern>, pattern: &str, text: &str) -> bool {
        let expression = translate(pattern).unwrap();
        regex::Regex::new(&expression).unwrap_or_else(|error| panic!("{pattern}: {error}")).is_match(text)
    }

    #[test]
    fn basic_expressions() {
        for (pattern, text, expected) in [
            ("^ab*c$", "abbbc", true),
            ("*a", "*a", true),
            (r"\(*a\)", "*a", true),
            ("a^b$c", "a^b$c", true),
            ("a|b", "b", false),
            (r"a\|b", "b", true),
            (r"a\{2,3\}c", "aac", true),
            (r"^a\{,2\}$", "aaa", false),
            ("a{2}", "a{2}", true),
            (r"\.", "x", false),
            ("[a.]", ".", true),
            ("[]x]", "]", true),
            ("[^]x]", "]", false),
            (r"[\n]", r"\", true),
            (r"[a\-z]", "k", true),
            ("[a-]", "-", true),
            ("[a&&b]", "&", true),
            ("[[:alpha:]]", "词", true),
            ("[[:digit:]x]", "7", true),
            (r"\<ice", "an ice", true),
            (r"\<ice", "nice", false),
            ("(a)", "(a)", true),
        ] {
            assert_eq!(is_match(basic, pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn extended_expressions() {
        for (pattern, text, expected) in [
            ("^(ab)+c?$", "abab", true),
            ("*a", "*a", true),
            ("(?i)a", "A", false),
            ("(?i)a", "?ia", true),
            ("a{2}", "aa", true),
            ("a{,2}b", "b", true),
            ("a{x", "a{x", true),
            ("{2}", "{2}", true),
            (r"a\+", "a+", true),
            ("a|^b$", "b", true),
            ("[[:upper:]]", "É", true),
            ("#&-~", "#&-~", true),
        ] {
            assert_eq!(is_match(extended, pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn globs() {
        for (pattern, text, expected) in [
            ("a*", "apple", true),
            ("*pp*", "apple", true),
            ("a?ple", "apple", true),
            ("[!b-z]pple", "apple", true),
            ("[!a]pple", "apple", false),
            (r"\*", "*", true),
            ("[a", "[a", true),
            ("a.c", "abc", false),
        ] {
            assert_eq!(is_match(glob, pattern, text), expected, "{pattern} {text}");
        }
    }
}
