//! How to get to each prompt of the menus and of the subcommands, for tests that leave from there.

use support::PASSWD;
use support::terminal::Terminal;

/// A prompt of the menus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    LevelOne,
    RegisterName,
    RegisterPassword,
    RegisterAgain,
    LoginName,
    LoginPassword,
    LevelTwo,
    Word,
    Count,
}

impl Prompt {
    pub const ALL: [Self; 9] = [
        Self::LevelOne,
        Self::RegisterName,
        Self::RegisterPassword,
        Self::RegisterAgain,
        Self::LoginName,
        Self::LoginPassword,
        Self::LevelTwo,
        Self::Word,
        Self::Count,
    ];

    /// Goes there as a user with an account, from the start of the menus.
    pub fn reach(self, terminal: &mut Terminal, name: &str) {
        level_one(terminal);
        match self {
            Self::LevelOne => {}
            Self::RegisterName | Self::RegisterPassword | Self::RegisterAgain => {
                terminal.line("1");
                terminal.expect("Name: ");
                if self != Self::RegisterName {
                    terminal.line("new");
                    terminal.expect_hidden("Password: ");
                    if self != Self::RegisterPassword {
                        terminal.line(PASSWD);
                        terminal.expect_hidden("Password again: ");
                    }
                }
            }
            Self::LoginName | Self::LoginPassword => {
                terminal.line("2");
                terminal.expect("Name: ");
                if self != Self::LoginName {
                    terminal.line(name);
                    terminal.expect_hidden("Password: ");
                }
            }
            Self::LevelTwo | Self::Word | Self::Count => {
                log_in(terminal, name, PASSWD);
                level_two(terminal);
                if self == Self::Word {
                    terminal.line("1");
                    terminal.expect("Word (## to go back): ");
                } else if self == Self::Count {
                    terminal.line("2");
                    terminal.expect("How many");
                    terminal.expect("all): ");
                }
            }
        }
    }

    /// Whether what is typed there is hidden.
    pub fn is_hidden(self) -> bool {
        matches!(self, Self::RegisterPassword | Self::RegisterAgain | Self::LoginPassword)
    }
}

/// Waits for the first menu and its prompt.
pub fn level_one(terminal: &mut Terminal) {
    terminal.expect("3  quit");
    terminal.expect("> ");
    assert!(terminal.echoes(), "{}", terminal.shown());
}

/// Waits for the second menu and its prompt.
pub fn level_two(terminal: &mut Terminal) {
    terminal.expect("3  log out");
    terminal.expect("> ");
    assert!(terminal.echoes(), "{}", terminal.shown());
}

/// From the first menu's prompt to the server's answer.
pub fn log_in(terminal: &mut Terminal, name: &str, password: &str) {
    terminal.line("2");
    terminal.expect("Name: ");
    terminal.line(name);
    terminal.expect_hidden("Password: ");
    terminal.line(password);
}

/// From the first menu's prompt to the server's answer.
pub fn register(terminal: &mut Terminal, name: &str, password: &str, again: &str) {
    terminal.line("1");
    terminal.expect("Name: ");
    terminal.line(name);
    terminal.expect_hidden("Password: ");
    terminal.line(password);
    terminal.expect_hidden("Password again: ");
    terminal.line(again);
}

/// From the second menu's prompt to the one for words.
pub fn look_up(terminal: &mut Terminal) {
    terminal.line("1");
    terminal.expect("Word (## to go back): ");
}

/// The same where the name is offered.
pub fn level_one_log_in(terminal: &mut Terminal, password: &str) {
    terminal.line("2");
    terminal.expect("]: ");
    terminal.line("");
    terminal.expect_hidden("Password: ");
    terminal.line(password);
}
