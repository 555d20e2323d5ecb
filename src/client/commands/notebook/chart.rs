//! Charts of text: bars, and a year as a map of days. Block characters where they can be shown, ASCII elsewhere. The
//! character shows the amount, never a colour alone. Pure.

use super::days::{Day, every_day, monday};
use crate::client::render::width;
use std::ffi::OsString;
use time::{Date, Duration, Month};

/// Which characters a chart is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marks {
    /// Block characters.
    Blocks,
    /// ASCII.
    Ascii,
}

impl Marks {
    /// What the locale can show: of `LC_ALL`, `LC_CTYPE`, `LANG` the first that is set, and not to nothing. A terminal of
    /// type `dumb` gets ASCII.
    pub(crate) fn of_environment(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let dumb = variable("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(&variable).find(|value| !value.is_empty());
        let locale = locale.map(|locale| locale.to_string_lossy().to_lowercase()).unwrap_or_default();
        if !dumb && (locale.contains("utf-8") || locale.contains("utf8")) { Self::Blocks } else { Self::Ascii }
    }

    /// The shades of a map, from nothing to the most.
    pub(crate) fn shades(self) -> [char; 5] {
        match self {
            Self::Blocks => ['·', '░', '▒', '▓', '█'],
            Self::Ascii => ['.', ':', 'o', 'O', '#'],
        }
    }

    /// A bar, `most` being as wide as there is room; what is not nothing is seen.
    fn bar(self, value: u64, most: u64, room: usize) -> String {
        let (room, most) = (room as u64, most.max(1));
        match self {
            Self::Blocks => {
                // Eighths of a character.
                const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
                let eighths = value.saturating_mul(room * 8) / most;
                let eighths = if value > 0 { eighths.max(1) } else { 0 };
                let whole = usize::try_from(eighths / 8).unwrap_or(usize::MAX);
                format!("{}{}", "█".repeat(whole), PARTS[(eighths % 8) as usize])
            }
            Self::Ascii => {
                let whole = value.saturating_mul(room) / most;
                let whole = if value > 0 { whole.max(1) } else { 0 };
                "#".repeat(usize::try_from(whole).unwrap_or(usize::MAX))
            }
        }
    }
}

/// The shade of a day, 0 to 4: quarters of the most that a day has.
pub(crate) fn shade(lookups: u64, most: u64) -> usize {
    if lookups == 0 { 0 } else { (1 + (lookups - 1).saturating_mul(4) / most.max(1)).min(4) as usize }
}

/// Lines of a name, a number and a bar; the numbers line up, and no line is wider than the page.
pub(crate) fn bars(rows: &[(String, u64)], marks: Marks, columns: usize) -> String {
    let most = rows.iter().map(|(_, value)| *value).max().unwrap_or(0);
    let names = rows.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    let numbers = most.to_string().len();
    let room = columns.saturating_sub(names + numbers + 4).clamp(4, 60);
    let mut out = String::new();
    for (name, value) in rows {
        let pad = " ".repeat(names - width(name));
        let line = format!("{name}{pad}  {value:>numbers$}  {}", marks.bar(*value, most, room));
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// A text cut to `columns` columns.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        out.push(c);
        if width(&out) >= columns {
            out.pop();
            break;
        }
    }
    out.push('…');
    out
}

/// A map of days up to one: a column for each week, a line for each day of the week; as many weeks as fit. `names` are those
/// of the days from Monday on, `month` is what a month is called above.
pub(crate) fn map(
    day: impl Fn(Date) -> Day,
    from: Date,
    to: Date,
    marks: Marks,
    columns: usize,
    names: &[String; 7],
    month: impl Fn(Month) -> String,
) -> String {
    let label = names.iter().map(|name| width(name)).max().unwrap_or(0) + 1;
    let weeks = usize::try_from((monday(to) - monday(from)).whole_weeks() + 1).unwrap_or(1);
    let weeks = weeks.min(columns.saturating_sub(label).max(1));
    let first = monday(to).saturating_sub(Duration::weeks(weeks as i64 - 1));
    let most = every_day(first.max(from), to).map(|date| day(date).lookups).max().unwrap_or(0);
    let mut out = String::new();
    // A month is named above the week in which it begins, where there is room for its name.
    let mut heading = " ".repeat(label);
    for week in 0..weeks {
        let begin = first.saturating_add(Duration::weeks(week as i64));
        let begins = every_day(begin, begin.saturating_add(Duration::days(6))).find(|date| date.day() == 1);
        if let Some(date) = begins
            && width(&heading) <= label + week
        {
            heading.push_str(&" ".repeat(label + week - width(&heading)));
            let name = month(date.month());
            if week + width(&name) <= weeks {
                heading.push_str(&name);
                heading.push(' ');
            }
        }
    }
    out.push_str(heading.trim_end());
    out.push('\n');
    for (weekday, name) in names.iter().enumerate() {
        let mut line = format!("{name}{}", " ".repeat(label - width(name)));
        for week in 0..weeks {
            let date = first.saturating_add(Duration::days((week * 7 + weekday) as i64));
            let within = (from..=to).contains(&date);
            line.push(if within { marks.shades()[shade(day(date).lookups, most)] } else { ' ' });
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::date;

    fn names() -> [String; 7] {
        ["Mon", "", "Wed", "", "Fri", "", ""].map(str::to_owned)
    }

    #[test]
    fn what_can_be_shown() {
        let of = |term: &str, locale: &str| {
            Marks::of_environment(|name| match name {
                "TERM" => Some(term.into()),
                "LANG" => Some(locale.into()),
                _ => None,
            })
        };
        assert_eq!(of("xterm", "zh_CN.UTF-8"), Marks::Blocks);
        assert_eq!(of("linux", "en_US.utf8"), Marks::Blocks);
        for (term, locale) in
            [("dumb", "C.UTF-8"), ("", "C.UTF-8"), ("xterm", "C"), ("xterm", "zh_CN.GB18030"), ("xterm", "")]
        {
            assert_eq!(of(term, locale), Marks::Ascii, "{term} {locale}");
        }
    }

    #[test]
    fn bars_line_up() {
        let rows = [("2026-10".to_owned(), 100), ("词".to_owned(), 7), ("none".to_owned(), 0)];
        assert_eq!(bars(&rows, Marks::Ascii, 30), "2026-10  100  ################\n词         7  #\nnone       0\n");
        let blocks = bars(&rows, Marks::Blocks, 30);
        assert!(blocks.contains("100  ████████████████\n") && blocks.contains("  7  █\n"), "{blocks}");
        assert_eq!(bars(&[], Marks::Ascii, 40), "");
    }

    #[test]
    fn what_is_too_wide_is_cut() {
        assert_eq!((cut("apple", 5).as_str(), cut("apples", 5).as_str()), ("apple", "appl…"));
        assert_eq!(cut("词典词典", 5), "词典…");
    }

    #[test]
    fn a_map_of_some_weeks() {
        let day =
            |date: Date| Day { lookups: if date.day() == 1 { 8 } else { u64::from(date.day() % 2) }, new_words: 0 };
        let month = |month: Month| month.to_string()[..3].to_owned();
        let shown = map(day, date!(2026 - 11 - 05), date!(2026 - 12 - 09), Marks::Ascii, 80, &names(), month);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 8);
        assert_eq!(lines[2].chars().filter(|c| *c == '#').count(), 1, "the first of December is a Tuesday");
        assert!(lines[4].starts_with("    :"), "it begins on a Thursday: {shown}");
        assert!(lines[4].len() < lines[3].len(), "and ends on a Wednesday: {shown}");
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_the_page(columns in 20usize..120, days in 0i64..800, blocks in any::<bool>()) {
            let to = date!(2026 - 11 - 29);
            let from = to - Duration::days(days);
            let marks = if blocks { Marks::Blocks } else { Marks::Ascii };
            let day = |date: Date| Day { lookups: u64::from(date.ordinal()), new_words: 0 };
            let shown = map(day, from, to, marks, columns, &names(), |month| month.to_string()[..3].to_owned());
            prop_assert!(shown.lines().all(|line| width(line) <= columns), "{}", shown);
            prop_assert_eq!(shown.lines().count(), 8);
            let rows = [("2026-11".to_owned(), u64::from(days as u32)), ("x".to_owned(), u64::MAX / 1_000)];
            prop_assert!(bars(&rows, marks, columns).lines().all(|line| width(line) <= columns.max(40)));
        }

        #[test]
        fn shades_grow(most in 1u64..1_000, a in 0u64..1_000, b in 0u64..1_000) {
            let (a, b) = (a.min(b).min(most), a.max(b).min(most));
            prop_assert!(shade(a, most) <= shade(b, most));
            prop_assert_eq!(shade(a, most) == 0, a == 0);
        }
    }
}
