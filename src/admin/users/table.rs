//! How a list of accounts looks: columns that line up for people, JSON for programs. Pure; it never writes.

use crate::store::{AccountSummary, Microseconds};
use crate::text::{printable, safe_json};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use unicode_width::UnicodeWidthStr;

const FOR_PEOPLE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
/// As in replies to `H`.
const FOR_PROGRAMS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

const HEADS: [&str; 6] = ["Name", "Created (UTC)", "Locked", "Lookups", "Last lookup (UTC)", "Tokens"];
/// Numbers stand to the right.
const NUMBERS: [bool; 6] = [false, false, false, true, false, true];

/// A table, with its heads.
pub(crate) fn text(accounts: &[AccountSummary]) -> String {
    let row = |account: &AccountSummary| {
        [
            printable(&account.name),
            shown(account.created, FOR_PEOPLE),
            if account.locked { "yes" } else { "no" }.to_owned(),
            account.lookups.to_string(),
            account.last_lookup.map_or_else(|| "-".to_owned(), |time| shown(time, FOR_PEOPLE)),
            account.tokens.to_string(),
        ]
    };
    let rows: Vec<[String; 6]> = std::iter::once(HEADS.map(str::to_owned)).chain(accounts.iter().map(row)).collect();
    let widths: Vec<usize> =
        (0..HEADS.len()).map(|column| rows.iter().map(|row| row[column].width()).max().unwrap_or(0)).collect();
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for ((cell, width), is_number) in row.iter().zip(&widths).zip(NUMBERS) {
            let blanks = " ".repeat(width.saturating_sub(cell.width()));
            let (before, behind) = if is_number { (blanks.as_str(), "") } else { ("", blanks.as_str()) };
            line.push_str(&format!("{before}{cell}{behind}  "));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// One account, as `--json` prints it; its keys only grow.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    created: String,
    locked: bool,
    lookups: u64,
    last_lookup: Option<String>,
    tokens: u64,
}

/// An object a line.
pub(crate) fn json(accounts: &[AccountSummary]) -> String {
    let line = |account: &AccountSummary| {
        let line = Line {
            name: &account.name,
            created: instant(account.created),
            locked: account.locked,
            lookups: account.lookups,
            last_lookup: account.last_lookup.map(instant),
            tokens: account.tokens,
        };
        // Texts, numbers and booleans into memory: that can't fail.
        safe_json(&serde_json::to_string(&line).unwrap_or_default()) + "\n"
    };
    accounts.iter().map(line).collect()
}

/// A moment as in replies to `H`.
pub(crate) fn instant(moment: Microseconds) -> String {
    shown(moment, FOR_PROGRAMS)
}

fn shown(moment: Microseconds, format: &[BorrowedFormatItem<'_>]) -> String {
    // A moment that came from a column of DATETIME is one that can be written.
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(moment.0) * 1_000)
        .ok()
        .and_then(|time| time.format(format).ok())
        .unwrap_or_else(|| "-".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> [AccountSummary; 2] {
        let created = Microseconds(1_795_411_930_123_456);
        let ann =
            AccountSummary { name: "ann".into(), created, locked: false, lookups: 0, last_lookup: None, tokens: 0 };
        let wide = AccountSummary {
            name: "词典\u{202e}".into(),
            locked: true,
            lookups: 12_345,
            last_lookup: Some(created),
            tokens: 20,
            ..ann.clone()
        };
        [ann, wide]
    }

    #[test]
    fn columns_line_up_with_wide_names() {
        let expected = "\
Name          Created (UTC)        Locked  Lookups  Last lookup (UTC)    Tokens
ann           2026-11-23 05:32:10  no            0  -                         0
词典\\u{202e}  2026-11-23 05:32:10  yes       12345  2026-11-23 05:32:10      20
";
        assert_eq!(text(&accounts()), expected);
    }

    #[test]
    fn an_object_a_line() {
        let text = json(&accounts());
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
        assert_eq!(
            lines[0],
            serde_json::json!({"name": "ann", "created": "2026-11-23T05:32:10.123456Z", "locked": false, "lookups": 0,
                               "last_lookup": null, "tokens": 0})
        );
        assert_eq!(lines[1]["name"], "词典\u{202e}");
        assert!(!text.contains('\u{202e}'), "{text}");
    }
}
