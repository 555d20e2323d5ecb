//! The texts of the help of the notebook's commands: examples in English, and everything in Chinese.

pub(crate) const STAR_EXAMPLES: &str = "\
Examples:
  cidian star apple
  cidian star serendipity --tag cet6 --note 'By sheer serendipity we met.'
  cidian star 'ice cream' --tag food --tag summer";

pub(crate) const UNSTAR_EXAMPLES: &str = "\
Examples:
  cidian unstar apple
  cidian unstar serendipity --tag cet6       only the tag";

pub(crate) const STARS_EXAMPLES: &str = "\
Examples:
  cidian stars
  cidian stars --tag cet6
  cidian stars --json | jq -r 'select(.note != \"\") | .note'";

/// Commands by their names below the program's, parts, texts.
pub(super) const COMMANDS: &[(&str, &str, &str)] = &[
    ("star", "about", "给查过的单词加星标，可带标签和笔记"),
    (
        "star",
        "long",
        "\
生词本属于账号，保存在服务器上。在终端上，几个 WORD 合起来若是您查过的一个词条，则作为一个词条（ice cream）。从未\
查过的单词会提示，并体现在退出状态里（1）。",
    ),
    (
        "star",
        "examples",
        "\
示例：
  cidian star apple
  cidian star serendipity --tag cet6 --note 'By sheer serendipity we met.'
  cidian star 'ice cream' --tag food --tag summer",
    ),
    ("unstar", "about", "去掉星标以及对记忆程度的记录；或者只去掉标签"),
    (
        "unstar",
        "examples",
        "\
示例：
  cidian unstar apple
  cidian unstar serendipity --tag cet6       只去掉标签",
    ),
    ("stars", "about", "显示加了星标的单词，最近的在前"),
    (
        "stars",
        "long",
        "\
在终端上是一张表，时间是本地时间；通过管道则每行一个单词，以 TAB 分隔：单词、加星标的时间、复习时间、状态、复习次数、\
遗忘次数、标签、笔记。",
    ),
    (
        "stars",
        "examples",
        "\
示例：
  cidian stars
  cidian stars --tag cet6
  cidian stars --json | jq -r 'select(.note != \"\") | .note'",
    ),
];

/// Options and arguments: the command (`-` for all), the name, the text.
pub(super) const ARGUMENTS: &[(&str, &str, &str)] = &[
    ("-", "starred", "只要加了星标的单词"),
    ("star", "words", "单词；含有空格的请加引号"),
    ("star", "tags", "在已有标签之外再加的标签；可重复"),
    ("star", "note", "代替已有笔记的笔记，例如您遇到这个单词的句子；'' 表示不要笔记"),
    ("unstar", "words", "单词；含有空格的请加引号"),
    ("unstar", "tags", "只去掉这个标签；可重复"),
    ("stars", "tag", "只要带这个标签的单词"),
];
