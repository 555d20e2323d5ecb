//! The texts of the command line's help in Chinese, and nothing else.

/// Commands by their names below the program's (nothing for the program itself), parts, texts.
const COMMANDS: &[(&str, &str, &str)] = &[
    ("", "about", "在联网的词典里查词，它记得您查过什么。"),
    ("", "long", "不带命令时，cidian 显示菜单。"),
    (
        "",
        "examples",
        "\
示例：
  cidian                               菜单
  cidian --local                       私有服务器上的菜单：先试试看
  cidian --user ann register           注册账号
  cidian --user ann login              询问一次密码
  cidian lookup apple                  一个单词
  cidian --user ann lookup < words.txt 一个文件里的单词
  cidian --server dict.example.org:2629 about
  cidian --server dict.example.org:2630 --tls --user ann lookup apple

退出状态：0 完成，1 有单词没有找到，64 用法错误，65 用户名、密码或单词不合规，
66 没有密码文件，69 没有服务器或连接断开，71 系统错误，73 用户名已被占用，
74 输入或输出失败，75 请稍后再试，76 不是词典服务器，77 不允许，
78 配置文件有误，130 Ctrl-C。",
    ),
    ("lookup", "about", "显示每个单词的释义"),
    (
        "lookup",
        "long",
        "\
不给出单词时，从标准输入读取，每行一个，按顺序每行回答一行：释义中的换行写作 \\n（另有 \\t、\\\\），没有找到的\
单词是一个空行。

在终端上，几个 WORD 合起来是一个词条时作为一个词条查询（give up）；对一个句子，输出其中的词条。词条与所查的单词\
不同时，两者都显示。

不是词条的中文词会给出表示它的英文词条，最合适的在前：在终端上是一个列表，输入序号即可查询；通过管道则每行\
一个，词条和释义以 TAB 分隔，这个词算作没有找到。

在终端上，没有找到的单词后面会列出您可能要找的词条。带 --json 并给出单词时，\"found\":false 的对象在 \
\"suggestions\" 里列出它们，可能为空。",
    ),
    (
        "lookup",
        "examples",
        "\
示例：
  cidian --user ann lookup apple 'ice cream'
  cidian --user ann lookup -- -able          以减号开头的单词
  cidian --user ann --password-file pw lookup < words.txt > meanings.txt
  cidian --user ann lookup --json apple | jq -r .interpretation
  cidian --user ann lookup --json aple | jq -r '.suggestions[]?'
  cidian --user ann lookup --first-line apple
  cidian --user ann lookup -v apple          也显示例句
  cidian --user ann lookup --dictionary wn apple
  cidian --user ann lookup --field headword went carried
  cidian --user ann lookup give up           作为一个词条查询
  cidian --user ann lookup 苹果              中文词对应的英文词条
  cidian --user ann lookup --text 'She gave up and went home.'",
    ),
    ("search", "about", "按内容查找词条，或按模式查找词头"),
    (
        "search",
        "long",
        "\
在释义中查找 TEXT，不分大小写，简体繁体均可：意思就是它的词条在前，只在例句里出现的在后。给出选项时，它是词头的\
模式，可以跟在选项后面，也可以写在别处。

在终端上每个词条一行；通过管道则是词条和释义，以 TAB 分隔。最多 200 条。都不记入历史。",
    ),
    (
        "search",
        "examples",
        "\
示例：
  cidian --user ann search 望远镜
  cidian --user ann search 'a glass of'
  cidian --user ann search --headword 'un*ness'
  cidian --user ann search --prefix tele
  cidian --user ann search --suffix ology --json | jq -r .headword
  cidian --user ann search --regex '^.{3}q'",
    ),
    ("history", "about", "显示您查过的单词，最近的在前；或者清除它们"),
    (
        "history",
        "long",
        "\
在终端上是一张表，时间是本地时间；通过管道则每行是用户名、单词和时间（UTC），以 TAB 分隔。给出 --since、\
--until 或 --word 时，显示所有符合条件的记录；再给出 -n 则是其中最近的 N 条。",
    ),
    (
        "history",
        "examples",
        "\
示例：
  cidian --user ann history                  最近十条
  cidian --user ann history -n 100
  cidian --user ann history --since yesterday --reverse
  cidian --user ann history --since 2026-11-01 --until 2026-11-30 --format csv
  cidian --user ann history --word 'un*' -n 20
  cidian --user ann history --top            查得最多的单词
  cidian --user ann history clear apple",
    ),
    ("history clear", "about", "清除全部历史记录，或其中一个词条的记录"),
    (
        "history clear",
        "examples",
        "\
示例：
  cidian --user ann history clear            全部
  cidian --user ann history clear 'ice cream'",
    ),
    ("export", "about", "把历史记录里的单词和释义写入文件，用来学习"),
    (
        "export",
        "examples",
        "\
示例：
  cidian --user ann export --anki words.txt  然后在 Anki 里选“文件”、“导入”
  cidian --user ann export --csv - --since 4w
  cidian --user ann export --anki - --word 'a*' > a.txt",
    ),
    ("register", "about", "注册账号"),
    (
        "register",
        "examples",
        "\
示例：
  cidian --user ann register                 两次询问密码
  cidian --user ann --password-file pw register
  cidian --local --user ann register",
    ),
    ("login", "about", "登录并保持：以后不再询问密码"),
    (
        "login",
        "long",
        "\
服务器给出一个令牌，按服务器和用户保存在 ~/.local/state/cidian/tokens.json（或 $XDG_STATE_HOME 之下）。最后一次\
使用后 90 天内有效，修改密码后失效。",
    ),
    (
        "login",
        "examples",
        "\
示例：
  cidian --user ann login                询问密码
  cidian lookup apple                    从此不再询问
  cidian --local --user ann login        用于私有服务器
  cidian --server dict.example.org:2629 login",
    ),
    ("logout", "about", "忘记 login 保存的令牌，在本机和服务器上"),
    (
        "logout",
        "examples",
        "\
示例：
  cidian logout                          已登录的账号
  cidian --user bob logout               同一服务器上的另一个账号
  cidian --server dict.example.org:2629 logout

无法连接的服务器仍然认得这个令牌（退出状态 69），但本机不再保存它。
修改密码会使所有令牌失效。",
    ),
    ("passwd", "about", "修改密码"),
    (
        "passwd",
        "examples",
        "\
示例：
  cidian --user ann passwd               询问旧密码和新密码
  cidian --user ann --password-file old passwd --new-password-file new",
    ),
    ("delete-account", "about", "删除账号及其全部历史记录"),
    (
        "delete-account",
        "examples",
        "\
示例：
  cidian --user ann delete-account       要求再输入一次用户名
  cidian --user ann --password-file pw delete-account --yes",
    ),
    ("serve", "about", "让本机桌面上的词典程序通过 DICT 查词，并记入您的历史记录"),
    (
        "serve",
        "long",
        "\
在前台运行 --local 的私有服务器：GoldenDict、GNOME 词典、dict 等程序在 127.0.0.1:2628 找到它，所查的单词记入您的历史记录，
用 `cidian --local history` 查看。无需注册：有您自己的账号；--user 指定另一个账号。按 Ctrl-C 结束。能连接这个地址的程序都以您
的名义查词，所以它必须是本机地址。",
    ),
    (
        "serve",
        "examples",
        "\
示例：
  cidian serve                               然后：dict -h 127.0.0.1 apple
  systemctl --user enable --now cidian       登录期间一直运行
  cidian serve --listen localhost --listen unix:dict.sock
  cidian --local export --anki words.txt     导出查过的单词，用来学习",
    ),
    ("dict-key", "about", "显示新的 DICT 密钥：GoldenDict、dict 等程序用它以您的名义查词"),
    (
        "dict-key",
        "long",
        "\
DICT（RFC 2229）用密钥登录，不用密码。新密钥使旧密钥失效，而且只显示这一次；修改密码也使它失效。它只能用来通过 DICT
查词。",
    ),
    (
        "dict-key",
        "examples",
        "\
示例：
  cidian --user ann dict-key             询问密码，显示密钥

在 GoldenDict 中，DICT 服务器是 dict://ann:KEY@dict.example.org。dict 使用
~/.dictrc 中的一行：server dict.example.org { user \"ann\" \"KEY\" }",
    ),
    ("about", "about", "显示服务器的自我介绍：版本、词典、许可证"),
    (
        "about",
        "examples",
        "\
示例：
  cidian about                               不需要账号
  cidian --server unix:/run/cidian/socket about --json",
    ),
    ("complete-words", "about", "输出以 PREFIX 开头的词条，供 shell 的补全使用"),
    ("complete-words", "examples", "\
示例：
  cidian complete-words app"),
    ("completions", "about", "输出 shell 补全本命令选项所需的脚本"),
    (
        "completions",
        "examples",
        "\
示例：
  cidian completions bash > ~/.local/share/bash-completion/completions/cidian
  cidian completions zsh > ~/.zfunc/_cidian
  cidian completions fish > ~/.config/fish/completions/cidian.fish",
    ),
    ("manual", "about", "写出手册页：cidian.1 以及每个命令各一页"),
    (
        "manual",
        "examples",
        "\
示例：
  cidian manual debian/man",
    ),
    ("help", "about", "显示本说明，或某个命令的说明"),
];

/// Options and arguments by command (`-` for every one) and name.
const ARGUMENTS: &[(&str, &str, &str)] = &[
    ("-", "help", "显示说明"),
    ("-", "version", "显示版本"),
    (
        "-",
        "server",
        "服务器的地址，HOST:PORT 或 unix:PATH [默认：$CIDIAN_SERVER，否则配置文件中的，否则 127.0.0.1:2629]",
    ),
    ("-", "local", "使用您自己的私有服务器，它随本命令启动和结束；无需设置"),
    ("-", "tls", "用 TLS 与服务器通信：验证它的证书，不以明文发送任何内容"),
    ("-", "tls_ca", "与 --tls 一起：只信任 FILE 里的证书（PEM）[默认：系统信任的证书]"),
    ("-", "insecure", "不用 --tls 时：允许以明文把密码发送到别的机器"),
    ("-", "user", "账号的用户名 [默认：$CIDIAN_USER，否则是已登录的账号（见 login）]"),
    ("-", "password_file", "从 FILE 的第一行读取密码，不在终端上询问"),
    (
        "-",
        "dictionary",
        "服务器有几部词典时，只查这一部；可重复；'*' 表示全部（about 列出它们）[默认：配置文件中的，否则全部]",
    ),
    ("-", "verbose", "在终端上也显示例句；管道和 JSON 中总有例句"),
    ("-", "json", "每行输出一个 JSON 对象（与命令一起使用）"),
    ("-", "color", "粗体和颜色：auto（在终端上，除非设置了 NO_COLOR）、always 或 never [默认：auto]"),
    ("-", "lang", "菜单、消息和说明的语言，en 或 zh [默认：由区域设置决定]"),
    ("lookup", "words", "单词；含有空格的请加引号，以减号开头的请在前面放 --"),
    (
        "lookup",
        "field",
        "只输出这一项：word（所查的单词）、headword（词条）、form（如何查到）或 interpretation（释义）；可用逗号列出几项，输出时以 TAB 分隔",
    ),
    ("lookup", "each", "逐个查询每个 WORD；在终端上，几个 WORD 合起来若是一个词条，则作为一个词条查询"),
    ("lookup", "phrase", "把所有 WORD 合为一个词条查询，通过管道时也是如此"),
    ("search", "text", "要查找的内容"),
    ("search", "headword", "符合模式的词头，可用 *、? 和 […]；都没有时，是含有它的词头"),
    ("search", "regex", "与 POSIX 扩展正则表达式匹配的词头"),
    ("search", "prefix", "以此开头的词头；与 --suffix 同用时，也以其结尾"),
    ("search", "suffix", "以此结尾的词头"),
    ("search", "sound", "英语读音相近的词头"),
    ("lookup", "text", "按顺序找出 TEXT 中最长的词条；它们不记入查询历史"),
    ("lookup", "first_line", "只输出每条释义的第一行"),
    ("history", "number", "最近 N 条，1 到 1000 [默认：10]"),
    ("history", "all", "全部"),
    ("-", "since", "只要这个时间以后的：2026-11-23、14:03、today、yesterday、30min、2h、3d、2w、1y"),
    ("-", "until", "只要这个时间以前的；如果是某一天，到那天结束"),
    ("-", "word_pattern", "只要这样的单词：* 代表任意内容，? 代表一个字符；不分大小写"),
    ("history", "reverse", "最早的在前"),
    ("history", "distinct", "每个单词只列一次，取最近一次"),
    ("history", "top", "查得最多的单词：次数、最近一次和释义"),
    ("history", "format", "table、csv、json 或 tsv [默认：在终端上 table，否则 tsv]"),
    ("history clear", "word", "词条"),
    ("export", "anki", "Anki 可以直接导入的文件：正面是单词，背面是释义，再次导入时更新；- 表示标准输出"),
    (
        "export",
        "csv",
        "以逗号分隔的值：单词、释义、次数、第一次和最近一次的时间、星标、标签、笔记、复习时间；- 表示标准输出",
    ),
    ("passwd", "new_password_file", "从 FILE 的第一行读取新密码，不询问两次"),
    ("delete-account", "yes", "不询问是否确定"),
    ("serve", "listen", "DICT 的地址，代替 127.0.0.1:2628：本机回环地址或 unix:PATH；可重复"),
    ("complete-words", "prefix", "已输入的部分"),
    ("completions", "shell", "bash、zsh 或 fish"),
    ("manual", "directory", "写入的目录"),
];

/// A text about a command.
pub(super) fn text(path: &str, part: &str) -> Option<&'static str> {
    // Every command with subcommands has a `help` of its own, which lists them once more.
    let listed: Vec<&str> = path.split(' ').filter(|name| *name != "help").collect();
    let listed = listed.join(" ");
    let path = if path == "help" || path.ends_with(" help") { "help" } else { listed.as_str() };
    COMMANDS
        .iter()
        .chain(super::notebook::COMMANDS)
        .find(|(command, which, _)| *command == path && *which == part)
        .map(|(_, _, text)| *text)
}

/// The text about an option or argument of a command.
pub(super) fn argument(path: &str, id: &str) -> Option<&'static str> {
    let all = || ARGUMENTS.iter().chain(super::notebook::ARGUMENTS);
    let of = |path: &str| all().find(|(command, name, _)| *command == path && *name == id);
    of(path).or_else(|| of("-")).map(|(_, _, text)| *text)
}

/// What there are texts for.
#[cfg(test)]
pub(super) fn keys() -> impl Iterator<Item = String> {
    let commands = COMMANDS.iter().chain(super::notebook::COMMANDS).map(|(path, part, _)| format!("{path}|{part}"));
    let arguments = ARGUMENTS
        .iter()
        .chain(super::notebook::ARGUMENTS)
        .map(|(path, id, _)| if *path == "-" { format!("-|{id}") } else { format!("{path}|<{id}>") });
    commands.chain(arguments)
}
