//! When colours are wanted.

/// When colours are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Colour {
    /// On a terminal that can, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Wherever it goes.
    Always,
    /// Nowhere.
    Never,
}

impl Colour {
    /// Whether to write colours; `able` is whether standard output can show them.
    pub(crate) fn wanted(self, able: bool, no_color: Option<&std::ffi::OsStr>) -> bool {
        match self {
            Self::Auto => able && no_color.is_none_or(std::ffi::OsStr::is_empty),
            Self::Always => true,
            Self::Never => false,
        }
    }
}
