//! The one setting of readline's configuration that matters here: whether lines are edited as in vi or as in Emacs.

use crate::files;
use rustyline::config::EditMode;
use std::ffi::OsString;
use std::path::PathBuf;

/// Longest file that is taken.
const MAX_BYTES: u64 = 1 << 20;

/// The mode that `$INPUTRC`, `~/.inputrc` or `/etc/inputrc` sets: the first of them that exists (readline(3)).
pub(super) fn edit_mode(variable: impl Fn(&str) -> Option<OsString>) -> EditMode {
    let named = variable("INPUTRC").filter(|path| !path.is_empty()).map(PathBuf::from);
    let home = variable("HOME").filter(|home| !home.is_empty()).map(|home| PathBuf::from(home).join(".inputrc"));
    let text = match named {
        Some(path) => files::read_text(&path, MAX_BYTES).ok(),
        None => {
            let places = home.into_iter().chain([PathBuf::from("/etc/inputrc")]);
            places.into_iter().find_map(|path| files::read_text(&path, MAX_BYTES).ok())
        }
    };
    text.map_or(EditMode::Emacs, |text| said(&text))
}

/// The last `set editing-mode` counts. Conditions are those of other programs and terminals: what is between `$if` and
/// `$endif` is passed over.
fn said(text: &str) -> EditMode {
    let mut mode = EditMode::Emacs;
    let mut depth = 0_u32;
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["$if", ..] => depth += 1,
            ["$endif", ..] => depth = depth.saturating_sub(1),
            ["set", variable, value, ..] if depth == 0 && variable.eq_ignore_ascii_case("editing-mode") => {
                mode = if value.eq_ignore_ascii_case("vi") { EditMode::Vi } else { EditMode::Emacs };
            }
            _ => {}
        }
    }
    mode
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_inputrc_says() {
        for (text, mode) in [
            ("", EditMode::Emacs),
            ("set editing-mode vi\n", EditMode::Vi),
            ("# set editing-mode vi\n", EditMode::Emacs),
            ("  set Editing-Mode VI\nset bell-style none", EditMode::Vi),
            ("set editing-mode vi\nset editing-mode emacs", EditMode::Emacs),
            ("$if Bash\nset editing-mode vi\n$endif\n", EditMode::Emacs),
            ("$if mode=vi\nset keymap vi-command\n$endif\nset editing-mode vi", EditMode::Vi),
        ] {
            assert_eq!(said(text), mode, "{text}");
        }
    }

    #[test]
    fn the_first_file_that_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("other");
        std::fs::write(&path, "set editing-mode vi").unwrap();
        let of = |name: &str, value: Option<&std::path::Path>| {
            let wanted = name.to_owned();
            let value = value.map(|value| value.as_os_str().to_owned());
            edit_mode(move |name| value.clone().filter(|_| name == wanted))
        };
        assert_eq!(of("INPUTRC", Some(&path)), EditMode::Vi);
        assert_eq!(of("INPUTRC", Some(&directory.path().join("nowhere"))), EditMode::Emacs);
        std::fs::write(directory.path().join(".inputrc"), "set editing-mode vi").unwrap();
        assert_eq!(of("HOME", Some(directory.path())), EditMode::Vi);
    }
}
