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

pub(crate) const REVIEW_EXAMPLES: &str = "\
Examples:
  cidian review
  cidian review -n 50 --tag cet6
  cidian review --from history --since 2w    what you looked up lately
  PS1='$(cidian review --count) \\$ '         how many words are due";

pub(crate) const STATS_EXAMPLES: &str = "\
Examples:
  cidian stats
  cidian stats --since 4w
  cidian stats --svg year.svg
  cidian stats --json | jq .streak";

pub(crate) const RANDOM_EXAMPLES: &str = "\
Examples:
  cidian random
  cidian random --tag cet6
  cidian --local random                      no login needed";

pub(crate) const TODAY_EXAMPLES: &str = "\
Examples:
  cidian today
  cidian --local today --tag cet6 >> ~/.motd";

pub(crate) const IMPORT_EXAMPLES: &str = "\
Examples:
  cidian import words.txt --tag lesson7
  cidian import notes.txt                    Anki: Export, Notes in Plain Text
  grep -oE '[a-z]+' book.txt | sort -u | cidian import -";

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
    ("review", "about", "复习到期的加了星标的单词"),
    (
        "review",
        "long",
        "\
先显示单词，按回车显示释义，然后说明记得如何：1 忘了，2 困难，3 记得（或回车），4 容易。每个单词根据评分在几分钟、\
几天或几个月后再次出现（FSRS）。q 或 Ctrl-D 结束；每次评分立即保存。s 朗读单词（见 --say）。",
    ),
    (
        "review",
        "examples",
        "\
示例：
  cidian review
  cidian review -n 50 --tag cet6
  cidian review --from history --since 2w    最近查过的单词
  PS1='$(cidian review --count) \\$ '         有多少单词要复习",
    ),
    ("stats", "about", "回顾：每天多少单词、新单词、连续天数、查得最多的单词"),
    ("stats", "long", "一张每天的图和条形图，用方块字符；区域设置或终端不能显示时用 ASCII。"),
    (
        "stats",
        "examples",
        "\
示例：
  cidian stats
  cidian stats --since 4w
  cidian stats --svg year.svg
  cidian stats --json | jq .streak",
    ),
    ("random", "about", "显示词典里的任意一个单词"),
    (
        "random",
        "examples",
        "\
示例：
  cidian random
  cidian random --tag cet6
  cidian --local random                      无需登录",
    ),
    ("today", "about", "显示今天的单词：一整天都是同一个，可用于 shell 的问候"),
    (
        "today",
        "examples",
        "\
示例：
  cidian today
  cidian --local today --tag cet6 >> ~/.motd",
    ),
    ("import", "about", "给文件里的单词加星标：单词列表、Anki 的纯文本或 CSV"),
    (
        "import",
        "long",
        "\
词典里的单词，无论是否查过，都会加星标。Anki 的标签，以及 CSV 的 tags 和 note 两列也一并接受。词典里没有的单词会带\
行号提示，并体现在退出状态里（1）。",
    ),
    (
        "import",
        "examples",
        "\
示例：
  cidian import words.txt --tag lesson7
  cidian import notes.txt                    来自 Anki：导出，纯文本笔记
  grep -oE '[a-z]+' book.txt | sort -u | cidian import -",
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
    ("-", "say", "朗读显示的每个单词，用 COMMAND 或配置里的命令 [默认：$CIDIAN_SAY]"),
    ("review", "number", "最多 N 个单词，1 到 500 [默认：20]"),
    ("review", "from", "stars（到期的星标）或 history（查过的单词；第一次评分会加星标）"),
    ("review", "review_since", "与 --from 一起：只要这个时间以后加星标或查过的"),
    ("review", "tag", "只要带这个标签的单词"),
    ("review", "count", "只显示有多少单词要复习，用于 shell 的提示符"),
    ("stats", "stats_since", "从这个时间起：2026-11-23、30d、2w、1y [默认：1y]"),
    ("stats", "svg", "把每天的图另外写入 FILE（SVG 图片）"),
    ("random", "tag", "只要词条带这个标签的单词（cet4、cet6、gre 等，取决于词典）"),
    ("today", "tag", "只要词条带这个标签的单词（cet4、cet6、gre 等，取决于词典）"),
    ("import", "file", "每行一个单词，或 Anki 导出的纯文本，或有 word 一列的 CSV；- 表示标准输入"),
    ("import", "tags", "给所有单词的标签；可重复"),
    ("stars", "tag", "只要带这个标签的单词"),
];
