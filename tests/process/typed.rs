//! Text is found as people type and paste it: marks, apostrophes, blanks, accents, hyphens, spellings and phrases; from
//! the words file and from table `words`.

use support::{Daemon, Setup, Store, on_both_stores};

on_both_stores!(
    marks_around_a_word,
    apostrophes_and_possessives,
    blanks_and_what_is_invisible,
    characters_in_another_shape,
    hyphen_blank_or_neither,
    british_and_american,
    phrases,
    numbered_homographs,
    a_table_of_an_older_version,
);

/// A daemon that answers from the words file, and one that answers from table `words`.
fn both_lookups(store: &Store, words: &str) -> [Daemon; 2] {
    let text = Setup::new(store.clone()).words(words).start();
    let table = Setup::new(store.clone()).words(words).options("--lookup database").start();
    let loaded = table.tool(&["words", "load", "words.txt"]);
    assert!(loaded.status.success(), "{loaded:?}");
    [text, table]
}

/// Every text of each line is answered with the headword at its beginning; `-` stands for no headword.
fn check(store: &Store, headwords: &[&str], cases: &[(&str, &[&str])]) {
    let words: String = headwords.iter().map(|headword| entry(headword)).collect();
    for (daemon, lookup) in both_lookups(store, &words).iter().zip(["text", "database"]) {
        let mut ann = daemon.connect_as("ann");
        let mut wrong = Vec::new();
        for (headword, texts) in cases {
            for text in *texts {
                let reply = ann.ask_line(&format!("Q ann {text}"));
                let found = reply.strip_prefix("OK ").and_then(|reply| reply.split('\t').next()).unwrap_or("-");
                if found != *headword {
                    wrong.push(format!("{text:?}: {reply}"));
                }
            }
        }
        assert!(wrong.is_empty(), "--lookup {lookup}\n{}", wrong.join("\n"));
    }
}

/// `headword|interpretation`, or a noun and a verb.
fn entry(headword: &str) -> String {
    let (headword, interpret) = headword.split_once('|').unwrap_or((headword, "n. 名 | v. 动 | adj. 形"));
    format!("{headword}\t{interpret}\n")
}

fn marks_around_a_word(store: Store) {
    check(
        &store,
        &["Apr.", "C#", "C++", "No.", "USA", "apple", "e.g.", "etc.", "no", "qué", "苹果", "-able"],
        &[
            (
                "apple",
                &[
                    "apple,",
                    "apple.",
                    "apple;",
                    "apple:",
                    "apple!",
                    "apple?",
                    "“apple”",
                    "‘apple’",
                    "\"apple\"",
                    "'apple'",
                    "(apple)",
                    "[apple]",
                    "<apple>",
                    "{apple}",
                    "«apple»",
                    "「apple」",
                    "《apple》",
                    "apple。",
                    "apple，",
                    "、apple",
                    "apple…",
                    "...apple",
                    "*apple*",
                    "_apple_",
                    "`apple`",
                    "—apple—",
                    "„Apple“,",
                    "(apple).",
                    "#apple",
                    "APPLE!!",
                    "apple’",
                    "apple）",
                    "※apple",
                ],
            ),
            ("Apr.", &["Apr.", "apr.", "Apr", "(Apr.)", "Apr.,", "“Apr.”"]),
            ("etc.", &["etc", "etc.", "etc.)", "etc.,"]),
            ("e.g.", &["e.g", "(e.g.", "E.G."]),
            ("USA", &["U.S.A.", "u.s.a", "usa"]),
            ("C++", &["C++", "c++,", "(C++)"]),
            ("C#", &["C#", "c#.", "“C#”"]),
            ("no", &["no", "no,"]),
            ("qué", &["¿qué?", "¡qué!"]),
            ("苹果", &["苹果。", "《苹果》", "“苹果”", "苹果，"]),
            ("-able", &["-able", "able"]),
            ("-", &["?!", "...", "()"]),
        ],
    );
}

fn apostrophes_and_possessives(store: Store) {
    check(
        &store,
        &[
            "I'm",
            "apple",
            "boss",
            "can't",
            "child",
            "children|n. (child 的复数) 孩子",
            "don't",
            "hell",
            "its|pron. 它的",
            "o'clock",
            "rock 'n' roll",
            "shell",
            "student",
            "they|pron. 他们",
            "well",
            "were|v. (be 的过去式) 是",
        ],
        &[
            ("don't", &["don't", "don’t", "don‘t", "don`t", "don＇t", "don´t", "donʼt", "dont", "DON’T", "Dont"]),
            ("o'clock", &["o’clock", "oclock", "O`clock"]),
            ("rock 'n' roll", &["rock ’n’ roll", "Rock ‘n’ Roll", "rock n roll", "rock-n-roll"]),
            ("I'm", &["i’m", "im", "I`m"]),
            ("can't", &["can’t", "cant"]),
            ("apple", &["apple's", "apple’s", "Apple`s", "apples'", "apple＇s,", "apples’"]),
            ("student", &["students'", "student's", "students’", "“student’s”"]),
            ("boss", &["boss's", "boss'", "bosses'"]),
            ("children", &["children's", "Children’s"]),
            ("they", &["they're", "they’ll", "they've", "they'd"]),
            // Another word, with an apostrophe in it, is not this one.
            ("-", &["it's", "we're", "she'll", "he'll"]),
        ],
    );
}

fn blanks_and_what_is_invisible(store: Store) {
    check(
        &store,
        &["a la carte", "ice cream", "software"],
        &[
            (
                "ice cream",
                &[
                    "ice  cream",
                    "ice\u{a0}cream",
                    "ice\u{3000}cream",
                    "ice\u{2009}cream",
                    "ice\u{202f}cream",
                    "ice \u{200b}cream",
                    "\u{feff}ice cream",
                    "ice cr\u{ad}eam",
                    "ice cream\u{200e}",
                    "\u{3000}Ice\u{3000}Cream\u{3000}",
                    "ice\u{200b}cream",
                ],
            ),
            (
                "software",
                &["soft\u{ad}ware", "soft\u{200b}ware", "\u{2060}software", "soft\u{200d}ware", "software\u{200f}"],
            ),
            ("a la carte", &["a\u{a0}la\u{a0}carte", "a  la  carte"]),
        ],
    );
}

fn characters_in_another_shape(store: Store) {
    check(
        &store,
        &[
            "Dvořák",
            "Łódź",
            "apple",
            "cafe",
            "coöperate",
            "encyclopaedia",
            "facade",
            "fine",
            "flow",
            "jalapeño",
            "naïve",
            "office",
            "straße",
            "Œuvre",
            "résumé",
            "smörgåsbord",
            "ёлка",
            "замок",
            "σοφός",
            "アップル",
            "IBM",
        ],
        &[
            ("apple", &["ａｐｐｌｅ", "Ａｐｐｌｅ", "áppĺe"]),
            ("IBM", &["ＩＢＭ", "ｉｂｍ"]),
            ("office", &["o\u{fb03}ce", "oﬃce"]),
            ("fine", &["ﬁne"]),
            ("flow", &["ﬂow", "ﬂows"]),
            ("cafe", &["café", "cafe\u{301}", "Café", "CAFÉ", "cafés"]),
            ("facade", &["façade", "fac\u{327}ade", "FAÇADE", "façades"]),
            ("naïve", &["naive", "nai\u{308}ve", "Naive"]),
            ("résumé", &["resume", "resumé", "re\u{301}sume\u{301}", "RESUME"]),
            ("jalapeño", &["jalapeno", "jalapen\u{303}o", "jalapenos"]),
            ("coöperate", &["cooperate", "co-operate", "cooperated"]),
            ("encyclopaedia", &["encyclopædia", "Encyclopædia"]),
            ("Œuvre", &["œuvre", "oeuvre", "OEUVRE"]),
            ("straße", &["strasse", "STRASSE", "STRAẞE"]),
            ("smörgåsbord", &["smorgasbord"]),
            ("Dvořák", &["dvorak", "Dvor\u{30c}a\u{301}k"]),
            ("Łódź", &["lodz", "Lodz"]),
            ("замок", &["за́мок", "замо́к", "ЗАМОК"]),
            ("ёлка", &["елка", "Ёлка", "е\u{308}лка"]),
            ("σοφός", &["ΣΟΦΌΣ", "σοφος", "σοφόσ"]),
            ("アップル", &["ｱｯﾌﾟﾙ"]),
        ],
    );
}

fn hyphen_blank_or_neither(store: Store) {
    check(
        &store,
        &[
            "T-shirt",
            "e-book",
            "email",
            "ice cream",
            "mother-in-law",
            "never mind",
            "part-time",
            "web page",
            "well-known",
            "website",
        ],
        &[
            ("email", &["e-mail", "E-mail", "e mail", "e\u{2011}mail", "e‐mail", "e-mails", "E-MAILED"]),
            ("ice cream", &["icecream", "ice-cream", "Ice-Cream", "icecreams", "ice-creams"]),
            ("well-known", &["well known", "wellknown", "well–known", "Well Known"]),
            ("T-shirt", &["tshirt", "t shirt", "T-Shirts", "tshirts", "t-shirt"]),
            ("e-book", &["ebook", "e book", "ebooks", "E-Books"]),
            ("mother-in-law", &["mother in law", "motherinlaw", "mothers-in-law", "mothers in law"]),
            ("part-time", &["part time", "parttime", "PART TIME"]),
            ("website", &["web site", "web-site", "Web Sites"]),
            ("web page", &["webpage", "web-page", "webpages"]),
            ("never mind", &["nevermind", "never-mind"]),
        ],
    );
}

fn british_and_american(store: Store) {
    check(
        &store,
        &[
            "analyze",
            "behaviour",
            "catalog",
            "center",
            "color",
            "dialogue",
            "defence",
            "favourite",
            "fibre",
            "fulfil",
            "gray",
            "honor",
            "jewellery",
            "license",
            "labor",
            "marvellous",
            "model",
            "neighbour",
            "organize",
            "program",
            "pyjamas",
            "realise",
            "skillful",
            "theatre",
            "travel",
            "traveller",
            "anaemia",
            "esophagus",
            "mold",
            "plough",
            "pretense",
            "cancel",
            "liter",
            "aluminium",
        ],
        &[
            ("color", &["colour", "Colours", "coloured", "colouring", "COLOUR"]),
            ("behaviour", &["behavior", "behaviors"]),
            ("favourite", &["favorite", "favorites"]),
            ("honor", &["honour", "honours", "honoured"]),
            ("labor", &["labour", "labouring"]),
            ("neighbour", &["neighbor", "neighbor's"]),
            ("organize", &["organise", "organised", "organising", "organises"]),
            ("realise", &["realize", "realized", "realizing"]),
            ("analyze", &["analyse", "analysed", "analysing"]),
            ("center", &["centre", "centres", "centred"]),
            ("theatre", &["theater", "theaters"]),
            ("fibre", &["fiber", "fibers"]),
            ("liter", &["litre", "litres"]),
            ("catalog", &["catalogue", "catalogues", "cataloguing"]),
            ("dialogue", &["dialog", "dialogs"]),
            ("defence", &["defense", "defenses"]),
            ("pretense", &["pretence"]),
            ("license", &["licence", "licences"]),
            ("travel", &["travelled", "traveled", "travelling", "traveling"]),
            ("traveller", &["traveler", "travelers"]),
            ("model", &["modelled", "modeled", "modelling"]),
            ("cancel", &["cancelled", "canceled", "cancelling"]),
            ("marvellous", &["marvelous"]),
            ("jewellery", &["jewelry"]),
            ("fulfil", &["fulfill", "fulfilled", "fulfills"]),
            ("skillful", &["skilful"]),
            ("program", &["programme", "programmes"]),
            ("gray", &["grey", "greys"]),
            ("pyjamas", &["pajamas"]),
            ("plough", &["plow", "plowed"]),
            ("mold", &["mould", "moulds"]),
            ("anaemia", &["anemia"]),
            ("esophagus", &["oesophagus"]),
            ("aluminium", &["aluminum"]),
        ],
    );
}

fn phrases(store: Store) {
    check(
        &store,
        &[
            "be about to|phr. x",
            "change one's mind|phr. x",
            "enjoy oneself|phr. x",
            "fall in love|phr. x",
            "get rid of|phr. x",
            "give up|phr. x",
            "ice cream",
            "look after|phr. x",
            "look forward to|phr. x",
            "make up one's mind|phr. x",
            "piece of cake",
            "put on|phr. x",
            "run out of|phr. x",
            "take care of|phr. x",
            "take off|phr. x",
            "turn on|phr. x",
            "united states",
            "wake up|phr. x",
            "apple",
            "take",
        ],
        &[
            (
                "give up",
                &[
                    "gave up",
                    "gives up",
                    "giving up",
                    "given up",
                    "Gave Up!",
                    "to give up",
                    "gave it up",
                    "give them up",
                ],
            ),
            ("look forward to", &["looking forward to", "looked forward to", "looks forward to it"]),
            ("take off", &["took it off", "took off", "takes them off", "taking his coat off", "taken off"]),
            ("turn on", &["turn it on", "turned on", "turning the light on", "turns the old radio on"]),
            ("make up one's mind", &["made up his mind", "make up my mind", "making up our mind"]),
            ("change one's mind", &["changed her mind", "change your mind", "changing my mind", "changed Tom's mind"]),
            ("enjoy oneself", &["enjoyed himself", "enjoying ourselves", "enjoy yourself"]),
            ("fall in love", &["fell in love", "falls in love", "fallen in love"]),
            ("be about to", &["was about to", "is about to", "were about to"]),
            ("look after", &["looked after", "look after them", "looking after her"]),
            ("take care of", &["took care of", "takes care of it", "taking care of them"]),
            ("get rid of", &["got rid of", "getting rid of it"]),
            ("run out of", &["ran out of", "running out of"]),
            ("wake up", &["woke up", "woke me up", "waking her up"]),
            ("put on", &["put it on", "putting his old coat on", "puts on"]),
            ("piece of cake", &["a piece of cake", "pieces of cake"]),
            ("united states", &["the United States"]),
            ("ice cream", &["ice creams", "an ice cream"]),
            ("apple", &["an apple", "the apple", "the apples"]),
            ("-", &["took apple", "apple it", "of the up"]),
        ],
    );
}

fn numbered_homographs(store: Store) {
    let words = "bank (1)\tn. 银行\nbank (2)\tn. 河岸\nlead\tv. 带领\nlead (2)\tn. 铅\nrecessus (1)\tx\n";
    for daemon in both_lookups(&store, words) {
        let mut ann = daemon.connect_as("ann");
        let cases = [
            ("recessus", "OK recessus (1)\tx"),
            ("Recessus", "OK recessus (1)\tx"),
            ("recessus (1)", "OK recessus (1)\tx"),
            ("lead", "OK lead\tv. 带领"),
            ("lead (2)", "OK lead (2)\tn. 铅"),
            // All of them.
            ("bank", "OK bank (1)\tn. 银行\\nn. 河岸"),
            ("banks", "OK bank (1)\tn. 银行\\nn. 河岸"),
            ("bank (2)", "OK bank (2)\tn. 河岸"),
        ];
        for (text, reply) in cases {
            assert_eq!(ann.ask_line(&format!("Q ann {text}")), reply, "{text}");
        }
    }
}

/// Rows without keys are found as they were before there were keys: exactly, in any case, and as forms.
fn a_table_of_an_older_version(store: Store) {
    let words = "Apple Pie\tn. x\nIBM\tn. x\napple\tn. x\nice cream\tn. x\nrun\tv. x\n";
    let [_, table] = both_lookups(&store, words);
    table.sql("UPDATE words SET lookup_key = NULL");
    let mut ann = table.connect_as("ann");
    for (text, headword) in [
        ("apple", "apple"),
        ("APPLES", "apple"),
        ("ibm", "IBM"),
        ("Ice Cream", "ice cream"),
        ("ice  creams", "ice cream"),
        ("apple pie", "Apple Pie"),
        ("running,", "run"),
    ] {
        assert_eq!(
            ann.ask_line(&format!("Q ann {text}")),
            format!("OK {headword}\t{}. x", if headword == "run" { "v" } else { "n" }),
            "{text}"
        );
    }
    assert_eq!(ann.refused("Q ann icecream"), "notfound");
}
