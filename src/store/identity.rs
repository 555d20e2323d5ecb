//! A database's identity: it distinguishes the database from every other one, and stays the same in its copies.

use super::{Error, schema};

/// How many hexadecimal digits it has.
const DIGITS: usize = 32;

/// A database's identity: 128 random bits that came with its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity(u128);

impl Identity {
    /// How many bytes its text takes.
    pub const SIZE: usize = DIGITS;

    /// A new database's.
    ///
    /// # Errors
    /// The kernel gives no random numbers.
    pub fn draw() -> Result<Self, Error> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| Error::world(format!("no random numbers: {error}")))?;
        Ok(Self(u128::from_be_bytes(random)))
    }

    /// Reads what [`Identity`] shows of itself: 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        u128::from_str_radix(text, 16).ok().filter(|_| digits).map(Self)
    }

    /// From the row of table `meta`.
    pub(super) fn from_meta(value: Option<&str>) -> Result<Self, Error> {
        let Some(value) = value else { return Err(schema::missing()) };
        Self::parse(value).ok_or_else(|| {
            Error::configuration("the identity in table meta of the database is not 32 hexadecimal digits")
        })
    }
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:0width$x}", self.0, width = DIGITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_it_is_shown() {
        let drawn = Identity::draw().unwrap();
        assert_eq!(Identity::parse(&drawn.to_string()), Some(drawn));
        assert_eq!(Identity(1).to_string(), format!("{}1", "0".repeat(31)));
        for none in ["", "1", &"0".repeat(33), &format!("+{}", "0".repeat(31)), &"g".repeat(32), "../../etc/passwd"] {
            assert_eq!(Identity::parse(none), None, "{none}");
        }
        assert!(Identity::from_meta(None).unwrap_err().message.contains("init-db"));
        assert!(Identity::from_meta(Some("x")).is_err());
    }
}
