//! Chinese and English, by locale; and columns that line up in both.

use crate::person::{self, Person};
use support::terminal::Terminal;
use support::{PASSWD, Setup, Store};
use unicode_width::UnicodeWidthStr;

/// The first that is set, and not to nothing, decides.
#[test]
fn the_locale_decides() {
    for (all, messages, lang, chinese) in [
        (None, None, None, false),
        (Some("zh_CN.UTF-8"), None, None, true),
        (None, None, Some("zh_TW.UTF-8"), true),
        (None, None, Some("zh"), true),
        (None, Some("zh_CN"), Some("en_US.UTF-8"), true),
        (None, Some("en_GB.UTF-8"), Some("zh_CN.UTF-8"), false),
        (Some("C"), Some("zh_CN.UTF-8"), Some("zh_CN.UTF-8"), false),
        (Some(""), Some(""), Some("zh_CN.UTF-8"), true),
        (Some("de_DE.UTF-8"), None, None, false),
    ] {
        let mut person = Person::new("127.0.0.1:1");
        for (name, value) in [("LC_ALL", all), ("LC_MESSAGES", messages), ("LANG", lang)] {
            if let Some(value) = value {
                person = person.with(name, value);
            }
        }
        let (menu, failure) = if chinese {
            ("  3  退出\n", "无法连接服务器 127.0.0.1:1：")
        } else {
            ("  3  quit\n", "cannot reach a server at 127.0.0.1:1: ")
        };
        let what = format!("{all:?} {messages:?} {lang:?}");
        assert!(person.run(&[], "").ended(0).out.contains(menu), "{what}");
        let complaint = person.run(&["about"], "").ended(69).err;
        assert!(complaint.contains(failure), "{what}: {complaint}");
    }
}

fn chinese(daemon: &support::Daemon) -> Terminal {
    Person::new(person::port(daemon)).with("LANG", "zh_CN.UTF-8").terminal(&[])
}

#[test]
fn a_session_in_chinese() {
    let daemon = person::daemon("");
    let mut terminal = chinese(&daemon);
    terminal.expect("  1  注册");
    terminal.expect("> ");
    terminal.line("1");
    terminal.expect("用户名：");
    terminal.line("小明");
    terminal.expect_hidden("密码：");
    terminal.line("密码不显示");
    terminal.expect_hidden("再次输入密码：");
    terminal.line("密码不显示");
    terminal.expect("账号 小明 注册成功。");
    terminal.expect("> ");
    terminal.line("1");
    terminal.expect("单词（## 返回）：");
    terminal.line("apple");
    terminal.expect("n. 苹果");
    terminal.expect("单词（## 返回）：");
    terminal.line("没有");
    terminal.expect("没有找到：没有");
    terminal.line("##");
    terminal.expect("退出登录");
    terminal.line("3");
    terminal.expect("已退出登录。");
    terminal.expect("3  退出");
    terminal.line("3");
    assert_eq!(terminal.exit(), 0);
    assert!(!terminal.shown().contains("密码不显示"));
    // No word of English but what was typed, the address and the dictionary's own.
    let known = ["apple", "n."];
    let words =
        terminal.shown().split(|c: char| !c.is_ascii_alphabetic() && c != '.').map(str::to_owned).collect::<Vec<_>>();
    let foreign: Vec<_> = words
        .iter()
        .filter(|word| word.chars().any(|c| c.is_ascii_alphabetic()) && !known.contains(&word.as_str()))
        .collect();
    assert!(foreign.is_empty(), "{foreign:?} in {}", terminal.shown());
}

/// Wide characters and combining ones take their room: the times begin in one column.
#[test]
fn columns_line_up() {
    let words = "apple\tn. 苹果\ncafe\u{301}\tn. 咖啡馆\n北京大学\tn. Peking University\nａ\tfull width\n";
    let daemon = Setup::new(Store::Sqlite).words(words).start();
    let mut connection = daemon.connect_as("小明");
    for word in ["apple", "cafe\u{301}", "北京大学", "ａ"] {
        let reply = connection.ask_line(&format!("Q 小明 {word}"));
        assert!(reply.starts_with("OK "), "{reply}");
    }
    for (language, head) in [("C", "Name"), ("zh_CN.UTF-8", "用户名")] {
        let person = Person::new(person::port(&daemon)).with("LC_ALL", language);
        let mut terminal = person.terminal(&["--user", "小明", "history"]);
        terminal.expect_hidden(if language == "C" { "Password: " } else { "密码：" });
        terminal.line(PASSWD);
        assert_eq!(terminal.exit(), 0);
        let shown = terminal.shown();
        let lines: Vec<&str> = shown.lines().skip_while(|line| !line.starts_with(head)).collect();
        assert_eq!(lines.len(), 5, "{shown}");
        let column = |line: &str, cell: &str| line[..line.find(cell).expect(line)].width();
        let time = if language == "C" { "Time" } else { "时间" };
        let word = if language == "C" { "Word" } else { "单词" };
        let today = if language == "C" { "today " } else { "今天 " };
        for (line, cell) in lines[1..].iter().zip(["ａ", "北京大学", "cafe", "apple"]) {
            assert_eq!(column(line, today), column(lines[0], time), "{shown}");
            assert_eq!(column(line, cell), column(lines[0], word), "{shown}");
        }
    }
}
