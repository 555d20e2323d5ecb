//! Finding the word that was meant: inflected forms in `Q`, completions and likely spellings in `S`; from the words
//! file and from table `words`.

use support::{Daemon, Setup, Store, on_both_stores, processes};

on_both_stores!(
    inflected_forms,
    endings_by_part_of_speech,
    spellings,
    patterns_folds_and_sounds,
    any_script,
    a_long_text_is_cheap
);

/// A daemon that answers from the words file, and one that answers from table `words`.
fn both_lookups(store: &Store, words: &str) -> [Daemon; 2] {
    let text = Setup::new(store.clone()).words(words).start();
    let table = Setup::new(store.clone()).words(words).options("--lookup database").start();
    let loaded = table.tool(&["words", "load", "words.txt"]);
    assert!(loaded.status.success(), "{loaded:?}");
    [text, table]
}

const FORMS: &str = "\
    American\tadj. 美国的\nBake\tn. 贝克\nNeeds\tn. 尼兹\nagree\tv. 同意\napple\tn. 苹果\nbak\tx\nbe\tv. 是\nbee\tn. 蜜蜂\n\
    big\tadj. 大的\nbore\tv. 使厌烦\nboring\tadj. 无聊的\nbox\tn. 盒子\ncall\tv. 叫\ncarry\tv. 搬\ncity\tn. 城市\ndie\tv. 死\n\
    happy\tadj. 高兴的\nhe\tpron. 他\nhop\tv. 跳\nhope\tv. 希望\nice cream\tn. 冰淇淋\nlarge\tadj. 大的\nmake\tv. 做\n\
    need\tv. 需要\nplay\tv. 玩\nrun\tv. 跑\nsing\tv. 唱\nstop\tv. 停\nth\tx\nwatch\tv. 看\nwent\tv. (go 的过去式) 去\n词\tn. 单词\n";

fn inflected_forms(store: Store) {
    for daemon in both_lookups(&store, FORMS) {
        let mut ann = daemon.connect_as("ann");
        let forms = [
            ("apples", "apple"),
            ("APPLES", "apple"),
            ("boxes", "box"),
            ("watches", "watch"),
            ("cities", "city"),
            ("carried", "carry"),
            ("carries", "carry"),
            ("carrying", "carry"),
            ("running", "run"),
            ("Running", "run"),
            ("runs", "run"),
            ("bigger", "big"),
            ("biggest", "big"),
            ("happier", "happy"),
            ("happiest", "happy"),
            ("largest", "large"),
            ("hoped", "hope"),
            ("hoping", "hope"),
            ("hopped", "hop"),
            ("hopping", "hop"),
            ("stopped", "stop"),
            ("called", "call"),
            ("making", "make"),
            ("singing", "sing"),
            ("agreed", "agree"),
            ("dying", "die"),
            ("being", "be"),
            ("played", "play"),
            ("ice creams", "ice cream"),
            ("Ice Creams", "ice cream"),
            ("americans", "American"),
            // The exact headword wins, and then the one of other case.
            ("boring", "boring"),
            ("BORING", "boring"),
            ("bored", "bore"),
            ("needs", "Needs"),
            ("needed", "need"),
            ("went", "went"),
            // A headword as it is spelt before one of other case.
            ("baked", "bak"),
        ];
        for (form, headword) in forms {
            let reply = ann.ask_line(&format!("Q ann {form}"));
            assert!(reply.starts_with(&format!("OK {headword}\t")), "{form}: {reply}");
        }
        for none in
            ["thing", "his", "applesed", "s", "es", "ing", "ed", "er", "est", "runninges", "词s", "appless", "go"]
        {
            assert_eq!(ann.refused(&format!("Q ann {none}")), "notfound", "{none}");
        }
        let found: Vec<&str> = forms.iter().rev().map(|(_, headword)| *headword).collect();
        assert_eq!(ann.history("ann"), found, "the headword is recorded, not the form");
        ann.ok("C ann run");
        assert_eq!(ann.history("ann").len(), forms.len() - forms.iter().filter(|form| form.1 == "run").count());
    }
}

const SPEECH: &str = "\
    arch\tv. 拱起 | n. 拱门\nforget\tv. 忘记\nforgot\tv. (forget 的过去式) 忘记\ngram\tn. 克\ngrammar\tn. 语法\n\
    hate\tv. 恨\nhead\tn. 头 | v. 前往\njam\tn. 果酱 | v. 塞\npie\tn. 馅饼\nrang\tv. (ring 的过去式) 响\n\
    range\t/reɪndʒ/ n. 范围 | v. 变动 {B2}\nring\tv. 响\nrob\tv. 抢\nrug\tn. 小地毯\nsafe\t/seɪf/ adj. 安全的\\n» n. v. x\n\
    ski\tn. 滑雪板 | v. 滑雪\nsky\tn. 天空\nsob\tv. 抽噎\nsoon\tadv. 不久\nspy\tn. 间谍\ntalent\tn. 天才\nthey\tpron. 他们\n\
    watch\tv. 看\n";

/// The part of speech decides whether an entry can have an ending, and a form has no endings itself.
fn endings_by_part_of_speech(store: Store) {
    for daemon in both_lookups(&store, SPEECH) {
        let mut ann = daemon.connect_as("ann");
        let forms = [
            ("skies", "sky"),
            ("skis", "ski"),
            ("spies", "spy"),
            ("pies", "pie"),
            ("ranged", "range"),
            ("Ranging", "range"),
            ("robs", "rob"),
            ("robbed", "rob"),
            ("hated", "hate"),
            ("safer", "safe"),
            ("safest", "safe"),
            ("sooner", "soon"),
            ("arches", "arch"),
            ("watches", "watch"),
            ("forgotten", "forget"),
            ("jams", "jam"),
        ];
        for (form, headword) in forms {
            let reply = ann.ask_line(&format!("Q ann {form}"));
            assert!(reply.starts_with(&format!("OK {headword}\t")), "{form}: {reply}");
        }
        for none in [
            "sober",
            "ranger",
            "rangs",
            "rugged",
            "archer",
            "header",
            "grammer",
            "robes",
            "james",
            "hater",
            "watcher",
            "safed",
            "safes",
            "talented",
            "theys",
            "forgots",
            "forgoting",
            "soons",
            "heades",
            "forgotting",
        ] {
            assert_eq!(ann.refused(&format!("Q ann {none}")), "notfound", "{none}");
        }
        let found: Vec<&str> = forms.iter().rev().map(|(_, headword)| *headword).collect();
        assert_eq!(ann.history("ann"), found);
        // What is not asserted is offered.
        for (agent, verb) in
            [("header", "head"), ("ranger", "range"), ("archer", "arch"), ("watcher", "watch"), ("talented", "talent")]
        {
            let offered = ann.ask(&format!("S ann {agent}"));
            assert!(offered.iter().any(|headword| headword == verb), "{agent}: {offered:?}");
        }
        assert_eq!(ann.ask("S ann grammer")[1], "grammar");
    }
}

const SPELLINGS: &str = "\
    Appleton\tx\nIBM\tx\nWorld\tx\napple\tx\napple pie\tx\napplication\tx\napply\tx\nbanana\tx\ncrowd\tx\n\
    dictionaries\tx\ndictionary\tx\nfictional\tx\nnum0\tx\nnum00\tx\nnum000\tx\nnum1\tx\nnum2\tx\nnum3\tx\nnum4\tx\nnum5\tx\n\
    num6\tx\nnum7\tx\nnum8\tx\nnum9\tx\nroad\tx\nrod\tx\nsword\tx\nweird\tx\nwood\tx\nword\tx\nwrote\tx\n";

fn spellings(store: Store) {
    let [text, table] = &both_lookups(&store, SPELLINGS);
    let alike: [(&str, &[&str]); 10] = [
        // Completions, the shortest first; without regard to case, the plain before the capital.
        ("appl", &["apple", "apply", "Appleton", "apple pie", "application"]),
        ("APPL", &["apple", "apply", "Appleton", "apple pie", "application"]),
        ("apple", &["apple", "Appleton", "apple pie", "apply"]),
        ("ib", &["IBM"]),
        ("Ibm", &["IBM"]),
        // At most ten.
        ("num", &["num0", "num1", "num2", "num3", "num4", "num5", "num6", "num7", "num8", "num9"]),
        // A transposition, a letter too many, one too few, a wrong one.
        ("dicitonary", &["dictionary"]),
        ("dictionnary", &["dictionary"]),
        ("bnana", &["banana"]),
        ("BAMANA", &["banana"]),
    ];
    for daemon in [text, table] {
        let mut ann = daemon.connect_as("ann");
        let mut near = |text: &str| ann.ask(&format!("S ann {text}")).split_off(1);
        for (text, expected) in alike {
            assert_eq!(near(text), expected, "{text}");
        }
        for none in ["qqqqqqqqqqqq", "z", "##", "%", "_", "'"] {
            assert_eq!(near(none), [""; 0], "{none}");
        }
        assert_eq!(near(&"x".repeat(1_000)), [""; 0]);
        assert_eq!(near(&"词".repeat(330)), [""; 0]);
        assert_eq!(near(&format!("apple{}", " pie".repeat(200))), [""; 0]);
        assert_eq!(ann.ask("H ann"), ["OK 0"], "looking for what was meant records nothing");
    }
    // Distance one before two, the same first letter before another, swapped letters before others, short before long.
    let near = |daemon: &Daemon, text: &str| {
        let mut bob = daemon.connect();
        bob.login("ann");
        bob.ask(&format!("S ann {text}")).split_off(1)
    };
    for misspelt in ["wrod", "WROD"] {
        assert_eq!(near(text, misspelt), ["word", "wood", "rod", "wrote", "World", "road", "crowd", "sword"]);
        // The table has an index and no more: what is two steps away is found if it begins alike.
        assert_eq!(near(table, misspelt), ["word", "wood", "rod", "wrote"]);
    }
    assert_eq!(near(text, "ficshional"), ["fictional"]);
    assert_eq!(near(table, "ficshional"), ["fictional"], "it shares the first letters");
}

const MEANT: &str = "\
    Appleton\tx\nappeal\tx\napple\tx\napple pie\tx\napplication\tx\ncafé\tx\ncafé noir\tx\ncase\tx\ncave\tx\ndon't\tx\ndone\tx\n\
    email\tx\nenough\tx\nfine\tx\nhappiness\tx\nknife\tx\nmail\tx\nman\tx\nmen\tx\nnice\tx\nnight\tx\none\tx\nphone\tx\n\
    physics\tx\nwatch\tx\nwoman\tx\nwomen\tx\nyacht\tx\n";

/// Patterns; what folds to a headword, without fillers; what is written by ear.
fn patterns_folds_and_sounds(store: Store) {
    for daemon in both_lookups(&store, MEANT) {
        let mut ann = daemon.connect_as("ann");
        let mut near = |text: &str| ann.ask(&format!("S ann {text}")).split_off(1);
        let cases: [(&str, &[&str]); 15] = [
            ("app*", &["apple", "appeal", "Appleton", "apple pie", "application"]),
            ("APPLE*", &["apple", "Appleton", "apple pie"]),
            ("wom?n", &["woman", "women"]),
            ("?e?", &["men"]),
            ("*ness", &["happiness"]),
            ("*m?n", &["man", "men", "woman", "women"]),
            ("a*n", &["Appleton", "application"]),
            ("caf?", &["café"]),
            ("zzz*", &[]),
            ("a?", &[]),
            ("e-mail", &["email"]),
            ("e mail", &["email"]),
            ("cafe", &["café"]),
            ("cafenoir", &["café noir"]),
            ("dont", &["don't"]),
        ];
        for (text, expected) in cases {
            assert_eq!(near(text), expected, "{text}");
        }
        for (text, word) in [
            ("fone", "phone"),
            ("nite", "night"),
            ("enuf", "enough"),
            ("fisics", "physics"),
            ("yatch", "yacht"),
            ("nife", "knife"),
            ("hapiness", "happiness"),
        ] {
            let found = near(text);
            assert!(found.iter().take(3).any(|found| found == word), "{text}: {found:?}");
        }
    }
}

const SCRIPTS: &str = "\
    école\tn. 学校\nŒuvre\tn. 作品\nслово\tn. 词\nСловарь\tn. 词典\nлово\tx\n字典\tn. 字典\n词典\tn. dictionary\n\
    词典学\tn. lexicography\n词曲\tn. 词和曲\n词语\tn. words\n😀😁😂\tn. 笑脸\n";

fn any_script(store: Store) {
    let [text, table] = &both_lookups(&store, SCRIPTS);
    for daemon in [text, table] {
        let mut ann = daemon.connect_as("ann");
        let mut near = |text: &str| ann.ask(&format!("S ann {text}")).split_off(1);
        assert_eq!(near("ÉCO"), ["école"]);
        assert_eq!(near("œuv"), ["Œuvre"]);
        assert_eq!(near("СЛОВАР"), ["Словарь", "слово"]);
        assert_eq!(near("词典学"), ["词典学", "词典"]);
        assert_eq!(near("典词")[0], "词典", "a transposition");
        assert_eq!(near("😀😂😁"), ["😀😁😂"]);
    }
    let mut ann = text.connect();
    ann.login("ann");
    assert_eq!(ann.ask("S ann 词典")[1..], ["词典", "词典学", "词曲", "词语", "字典"]);
    assert_eq!(ann.ask("S ann словно")[1..], ["слово", "лово"]);
    assert_eq!(ann.ask("S ann ecole")[1..], ["école"]);
    // The table's index leads to what begins alike.
    let mut ann = table.connect();
    ann.login("ann");
    assert_eq!(ann.ask("S ann 词典")[1..], ["词典", "词典学", "词曲", "词语"]);
    assert_eq!(ann.ask("S ann словно")[1..], ["слово"]);
}

/// A text that is longer than any headword leads nowhere, and costs the child next to nothing.
fn a_long_text_is_cheap(store: Store) {
    for daemon in both_lookups(&store, SPELLINGS) {
        daemon.connect().register("ann");
        let (mut ann, child) = daemon.connect_with_child();
        ann.login("ann");
        assert_eq!(ann.ask("S ann wrd"), ["OK 1", "word"]);
        let peak = || -> u64 {
            let peak = processes::status(child, "VmHWM").expect("the child is there");
            peak.trim_end_matches(" kB").parse().expect("a number")
        };
        std::fs::write(format!("/proc/{child}/clear_refs"), "5").expect("the peak can be forgotten");
        let before = peak();
        assert_eq!(ann.ask(&format!("S ann {}", "abcdefghi ".repeat(100))), ["OK 0"]);
        assert!(peak() <= before + 8_192, "{before} KiB, then {} KiB", peak());
    }
}
