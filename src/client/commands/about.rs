//! `cidian about`: information about the server. It needs no account.

use crate::client::error::Result;
use crate::client::render::show::{Pairs, shown};
use crate::client::server::connection::Connection;
use crate::client::server::stream::Connector;
use crate::client::terminal::console::Console;
use crate::client::terminal::table::Table;
use crate::protocol::printable;

/// `cidian about`.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn print(console: &mut Console, connector: &Connector) -> Result<()> {
    let mut connection = Connection::open(connector)?;
    let pairs = connection.about()?;
    connection.leave();
    if console.manner().json {
        return console.write_json(&Pairs(&pairs));
    }
    let pairs = if console.manner().shows_terminal { with_dictionaries(pairs) } else { pairs };
    let mut table = Table::new();
    for (key, value) in &pairs {
        // A licence may have several lines: the first beside its key, the others below.
        let value = shown(value);
        for (number, line) in value.split('\n').enumerate() {
            let key = if number == 0 { printable(key) } else { String::new() };
            table.add([key, line.to_owned()]);
        }
    }
    console.write(&table.lay_out(None, [1]))
}

/// The pairs as a person reads them: the facts of each dictionary in a line or two beside its name.
fn with_dictionaries(pairs: Vec<(String, String)>) -> Vec<(String, String)> {
    let names = pairs.iter().find(|(key, _)| key == "dictionaries").map(|(_, names)| names.clone()).unwrap_or_default();
    let names: Vec<&str> = names.split_whitespace().collect();
    if names.is_empty() {
        return pairs;
    }
    let of = |key: &str, name: &str| {
        let value = pairs.iter().find(|(other, _)| other.split_once('.') == Some((key, name)));
        value.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    };
    let is_of_one = |key: &str| key.split_once('.').is_some_and(|(_, name)| names.contains(&name));
    let mut shown: Vec<(String, String)> =
        pairs.iter().filter(|(key, _)| key != "dictionaries" && !is_of_one(key)).cloned().collect();
    for (at, name) in names.iter().enumerate() {
        let languages = of("languages", name).map(|languages| languages.replace(' ', " → "));
        let facts = [languages, of("headwords", name).map(str::to_owned), of("licence", name).map(str::to_owned)];
        let facts = facts.into_iter().flatten().collect::<Vec<_>>().join("; ");
        let title = of("title", name).unwrap_or_default();
        let key = if at == 0 { "dictionaries" } else { "" };
        shown.push((key.to_owned(), [*name, title].join("  ").trim_end().to_owned()));
        shown.push((String::new(), format!("    {facts}")));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dictionaries_are_a_list() {
        let pairs = [
            ("version", "1"),
            ("title", "A; B"),
            ("dictionaries", "a b"),
            ("title.a", "A"),
            ("headwords.a", "7"),
            ("languages.a", "en zh"),
            ("headwords.b", "8"),
            ("licence.b", "MIT"),
            ("other.c", "x"),
        ];
        let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
        let shown = with_dictionaries(pairs.clone());
        let shown: Vec<(&str, &str)> = shown.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let expected = [
            ("version", "1"),
            ("title", "A; B"),
            ("other.c", "x"),
            ("dictionaries", "a  A"),
            ("", "    en → zh; 7"),
            ("", "b"),
            ("", "    8; MIT"),
        ];
        assert_eq!(shown, expected);
        assert_eq!(with_dictionaries(pairs[..2].to_vec()), pairs[..2]);
    }
}
