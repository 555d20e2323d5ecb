//! The command line of `cidiand user`: its syntax, not its meaning.

use clap::{Args, Subcommand};
use std::path::PathBuf;

const HELP: &str = "\
They work on the database itself, with or without a running daemon. Anybody who may write to it may use them.

Exit statuses: 0; 64 usage, or no terminal to ask on; 65 no such account, an invalid name or password, or deletion \
not confirmed; 66 the password file cannot be read; 69 database unreachable; 73 the name is taken; 78 configuration \
or schema.

Examples:
  cidiand user add ann                           asks for a password twice
  cidiand --database-file /etc/cidian/database user add ann --password-file pw
  cidiand user list
  cidiand user list --json | jq -r 'select(.locked) | .name'
  cidiand user lock ann                          her sessions get `denied` from their next request on
  cidiand user unlock ann
  cidiand user passwd ann                        a new password; her tokens end
  cidiand user delete ann --yes                  her history goes with her";

/// `cidiand user`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct User {
    /// What to do.
    #[command(subcommand)]
    pub action: UserAction,
}

/// What can be done with accounts.
#[derive(Debug, Subcommand)]
pub enum UserAction {
    /// Create an account, even if registration is closed
    Add(NewPasswd),
    /// List accounts: creation time, whether they are locked, numbers of lookups and tokens
    List {
        /// Only this account
        name: Option<String>,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Lock an account: logins are refused, and its sessions get `denied` at once
    Lock {
        /// The account's name
        name: String,
    },
    /// Unlock an account: its password and tokens are valid again
    Unlock {
        /// The account's name
        name: String,
    },
    /// Change the password; revokes all tokens of the account; its sessions go on
    Passwd(NewPasswd),
    /// Delete an account, all its history and all its tokens
    Delete {
        /// The account's name
        name: String,
        /// Do not ask whether you are sure
        #[arg(long)]
        yes: bool,
    },
}

/// An account and its new password.
#[derive(Debug, Args)]
pub struct NewPasswd {
    /// The account's name
    pub name: String,
    /// Take the password from the first line of FILE instead of asking for it twice
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}
