//! What is said about the notebook, in both languages: one value, two sentences side by side. What comes from outside is
//! made printable here.

use super::Language;
use crate::protocol::printable;

/// Something to say about the notebook.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NotebookMessage<'a> {
    /// A word has got a star, or more tags, or a note.
    Starred {
        word: &'a str,
    },
    /// It has none any more.
    Unstarred {
        word: &'a str,
    },
    /// It has lost tags.
    TagsRemoved {
        word: &'a str,
    },
    /// It can't have a star.
    NeverLookedUp {
        word: &'a str,
    },
    /// It has no star to take away.
    NotStarred {
        word: &'a str,
    },
    /// A star was asked for, and no word is there for it.
    NothingToStar,
    /// There are no stars, or none with this tag.
    NoStars,
    HeadTags,
    HeadDue,
    HeadNote,
}

impl NotebookMessage<'_> {
    /// The message in a language.
    pub(crate) fn say(&self, language: Language) -> String {
        let (english, chinese) = self.both();
        match language {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }

    fn both(&self) -> (String, String) {
        let of_word = |word: &str, english: &str, chinese: &str| {
            let word = printable(word);
            (english.replace("{}", &word), chinese.replace("{}", &word))
        };
        let plain = |english: &str, chinese: &str| (english.to_owned(), chinese.to_owned());
        match self {
            Self::Starred { word } => of_word(word, "Starred: {}", "已加星标：{}"),
            Self::Unstarred { word } => of_word(word, "No longer starred: {}", "已去掉星标：{}"),
            Self::TagsRemoved { word } => of_word(word, "Tags removed from: {}", "已去掉标签：{}"),
            Self::NeverLookedUp { word } => of_word(
                word,
                "{}: you have never looked this word up; do that first",
                "{}：您没有查过这个单词，请先查询",
            ),
            Self::NotStarred { word } => of_word(word, "{}: this word has no star", "{}：这个单词没有星标"),
            Self::NothingToStar => plain("There is no word to star yet.", "还没有可以加星标的单词。"),
            Self::NoStars => plain(
                "No words are starred. (cidian star WORD, or * at the prompt for words)",
                "没有加星标的单词。（cidian star WORD，或在查词提示处输入 *）",
            ),
            Self::HeadTags => plain("Tags", "标签"),
            Self::HeadDue => plain("Due", "复习时间"),
            Self::HeadNote => plain("Note", "笔记"),
        }
    }
}
