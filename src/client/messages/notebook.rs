//! Messages about the notebook, in both languages: one value, two sentences side by side. Text from outside is made
//! printable here.

use crate::protocol::printable;
use std::path::Path;

/// A message about the notebook.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NotebookMessage<'a> {
    /// A word has got a star, or more tags, or a note.
    Starred {
        word: &'a str,
    },
    /// It is no longer starred.
    Unstarred {
        word: &'a str,
    },
    /// It does not have these tags any more; whether it had them, the server does not say.
    WithoutTags {
        word: &'a str,
        tags: &'a [String],
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
    /// The menu.
    Menu,
    /// The dictionary has no word with this tag.
    NoWordWithTag {
        tag: &'a str,
    },
    /// A line of an import was refused; `why` is one of a few texts.
    ImportRefused {
        file: &'a Path,
        line: u64,
        word: &'a str,
        why: &'a str,
    },
    /// How many more are not.
    ImportRefusedMore {
        more: usize,
    },
    /// What came of an import.
    Imported {
        new: u64,
        known: u64,
        refused: u64,
    },
    /// Nothing is to be reviewed.
    NothingDue,
    /// Below a word whose meaning is hidden, with how many others follow.
    AskReveal {
        left: usize,
    },
    /// Below its meaning.
    AskGrade,
    /// A grade is kept; when the word comes again.
    Graded {
        due: &'a str,
    },
    /// Whether a grade is kept is not known.
    GradeUnknown,
    /// At the end: how many grades were given, and how many words are still due.
    Reviewed {
        graded: u64,
        due: u64,
    },
    /// A word is to be read aloud, and no command is set.
    NoSpeaker,
    /// The command can't be started.
    CantSay {
        program: &'a str,
        why: &'a str,
    },
    /// The days that are looked back at.
    StatsOf {
        since: &'a str,
        until: &'a str,
    },
    StatsLookups,
    StatsWords,
    StatsNewWords,
    StatsDays,
    StatsStreak,
    StatsLongest,
    StatsStars,
    StatsDue,
    /// Above the map of days.
    StatsMap,
    /// What its characters mean.
    StatsLegend {
        shades: &'a str,
    },
    /// Above the bars.
    StatsBars,
    /// Above the most looked up words.
    StatsMost,
    /// One day of the picture.
    StatsDay {
        day: &'a str,
        lookups: u64,
    },
    /// The days of the week from Monday on, with blanks between; an underscore stands for no name.
    Weekdays,
    /// The months.
    Months,
    HeadTags,
    HeadDue,
    HeadNote,
}

impl NotebookMessage<'_> {
    /// In English and in Chinese.
    pub(super) fn both(&self) -> (String, String) {
        let of_word = |word: &str, english: &str, chinese: &str| {
            let word = printable(word);
            (english.replace("{}", &word), chinese.replace("{}", &word))
        };
        let plain = |english: &str, chinese: &str| (english.to_owned(), chinese.to_owned());
        match self {
            Self::Starred { word } => of_word(word, "Starred: {}", "已加星标：{}"),
            Self::Unstarred { word } => of_word(word, "No longer starred: {}", "已去掉星标：{}"),
            Self::WithoutTags { word, tags } => {
                let word = printable(word);
                let tags: Vec<String> = tags.iter().map(|tag| printable(tag)).collect();
                (
                    format!("{word} is now without: {}", tags.join(", ")),
                    format!("{word} 现在不带标签：{}", tags.join("、")),
                )
            }
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
            Self::Menu => plain(
                "\nNotebook\n  1  review\n  2  stars\n  3  statistics\n  4  back",
                "\n生词本\n  1  复习\n  2  星标\n  3  统计\n  4  返回",
            ),
            Self::NoWordWithTag { tag } => of_word(tag, "no word has the tag {}", "没有带标签 {} 的单词"),
            Self::ImportRefused { file, line, word, why } => {
                let (file, word) = (printable(&file.to_string_lossy()), printable(word));
                let chinese = match *why {
                    "not in the dictionary" => "词典里没有",
                    "too many tags" => "标签太多",
                    "the notebook is full" => "生词本已满",
                    "the note is too long" => "笔记太长",
                    "too long" => "太长",
                    _ => "不是单词",
                };
                (format!("{file}: line {line}: {word}: {why}"), format!("{file} 第 {line} 行：{word}：{chinese}"))
            }
            Self::ImportRefusedMore { more } => (format!("and {more} more"), format!("以及另外 {more} 行")),
            Self::Imported { new, known, refused } => (
                format!("Starred: {new} new, {known} known. Refused: {refused}."),
                format!("已加星标：新 {new} 个，原有 {known} 个。未接受：{refused} 个。"),
            ),
            Self::NothingDue => plain("Nothing is due for review.", "现在没有要复习的单词。"),
            Self::AskReveal { left } => {
                (format!("[{left} more] Enter: meaning, q: stop "), format!("［还有 {left} 个］回车：释义，q：结束 "))
            }
            Self::AskGrade => plain("1 again, 2 hard, 3 good, 4 easy: ", "1 忘了，2 困难，3 记得，4 容易："),
            Self::Graded { due } => (format!("Next: {due}"), format!("下次：{due}")),
            Self::GradeUnknown => plain(
                "The connection was lost: this grade may or may not have been saved. If it was not, the word comes again.",
                "连接断开：不知道这次评分是否已保存。如果没有，这个单词会再次出现。",
            ),
            Self::Reviewed { graded, due } => {
                (format!("Grades: {graded}. Still due: {due}."), format!("评分：{graded} 次。仍需复习：{due} 个。"))
            }
            Self::NoSpeaker => plain(
                "No command to read words aloud is set: set say = \"espeak-ng\" in the configuration, CIDIAN_SAY or --say=COMMAND",
                "不知道用什么命令朗读：请在配置里写 say = \"espeak-ng\"，或用 CIDIAN_SAY、--say=COMMAND",
            ),
            Self::CantSay { program, why } => (
                format!("{} cannot read words aloud: {why}", printable(program)),
                format!("{} 不能朗读：{why}", printable(program)),
            ),
            Self::StatsOf { since, until } => (format!("{since} to {until}"), format!("{since} 至 {until}")),
            Self::StatsLookups => plain("Lookups", "查询次数"),
            Self::StatsWords => plain("Different words", "不同的单词"),
            Self::StatsNewWords => plain("New words", "新单词"),
            Self::StatsDays => plain("Days with lookups", "查词的天数"),
            Self::StatsStreak => plain("Days in a row, now", "目前连续天数"),
            Self::StatsLongest => plain("Days in a row, most", "最长连续天数"),
            Self::StatsStars => plain("Starred", "加星标"),
            Self::StatsDue => plain("Due for review", "要复习"),
            Self::StatsMap => plain("Lookups a day", "每天的查询次数"),
            Self::StatsLegend { shades } => (format!("None to most:{shades}"), format!("由少到多：{shades}")),
            Self::StatsBars => plain("Lookups", "查询次数"),
            Self::StatsMost => plain("Looked up most", "查得最多"),
            Self::StatsDay { day, lookups } => (format!("{day}: {lookups}"), format!("{day}：{lookups} 次")),
            Self::Weekdays => plain("Mon _ Wed _ Fri _ _", "一 _ 三 _ 五 _ _"),
            Self::Months => plain(
                "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
                "1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月",
            ),
            Self::HeadTags => plain("Tags", "标签"),
            Self::HeadDue => plain("Due", "复习时间"),
            Self::HeadNote => plain("Note", "笔记"),
        }
    }
}
