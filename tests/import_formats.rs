//! `cidiand words import`, the real program, on small dictionaries in each format: how their entries look to a reader.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Imports, and returns the output and the entries' lines.
fn imported(directory: &Path, arguments: &[&str]) -> (String, Vec<String>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cidiand"));
    command.current_dir(directory).env_clear().stdin(Stdio::null()).args(["words", "import", "-o", "out.txt"]);
    let out = command.args(arguments).output().unwrap();
    let said = String::from_utf8(out.stdout).unwrap();
    assert_eq!(out.status.code(), Some(0), "{arguments:?}: {said}{}", String::from_utf8_lossy(&out.stderr));
    let file = fs::read_to_string(directory.join("out.txt")).unwrap();
    (said, file.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect())
}

/// Writes a StarDict dictionary `d` whose fields are of one type.
fn stardict(directory: &Path, kind: &str, entries: &[(&str, &[u8])], more: &str) {
    let (mut index, mut dictionary) = (Vec::new(), Vec::new());
    for (headword, data) in entries {
        index.extend_from_slice(headword.as_bytes());
        index.push(0);
        index.extend_from_slice(&u32::try_from(dictionary.len()).unwrap().to_be_bytes());
        index.extend_from_slice(&u32::try_from(data.len()).unwrap().to_be_bytes());
        dictionary.extend_from_slice(data);
    }
    let size = index.len();
    fs::write(directory.join("d.idx"), index).unwrap();
    fs::write(directory.join("d.dict"), dictionary).unwrap();
    let info = format!(
        "StarDict's dict ifo file\nversion=2.4.2\nbookname=Case\nidxfilesize={size}\nsametypesequence={kind}\n{more}"
    );
    fs::write(directory.join("d.ifo"), info).unwrap();
}

#[test]
fn every_type_of_stardict_that_is_text_is_shown() {
    let directory = tempfile::tempdir().unwrap();
    let cases: [(&str, &str, &str); 12] = [
        ("m", "a\n  b", "a\\nb"),
        ("l", "a", "a"),
        ("g", "<b>a</b> &lt;", "a <"),
        ("t", "wɜːd", "[wɜːd]"),
        ("y", "cí", "[cí]"),
        ("w", "'''wiki''' is [[text|a text]]", "wiki is a text"),
        ("k", "<CK><DC><![CDATA[cat]]></DC></CK>", "cat"),
        ("n", "<type>n</type><wordgroup><word>cat</word></wordgroup><gloss>animal</gloss>", "n. cat: animal"),
        (
            "h",
            "<div><i>verb</i><ol><li>go on foot<ol><li><div>gehen</div></li><li><div>laufen</div></li></ol></li>\
             <li>take a dog out</li></ol></div>",
            "verb\\n1. go on foot\\n   1. gehen\\n   2. laufen\\n2. take a dog out",
        ),
        ("h", "<a title=\"1 > 0\">x</a> &#146;&check;", "x ’✓"),
        (
            "x",
            "<k>word</k>\n<tr>rʌn</tr> <gr>v.</gr>\n<def>to move fast <ex>he ran home</ex></def> <rref>run.wav</rref>",
            "[rʌn] v.\\nto move fast\\n  he ran home",
        ),
        // A sound beside a text, and the names of files.
        ("rm", "snd:a.wav\0text", "text"),
    ];
    for (kind, data, expected) in cases {
        stardict(directory.path(), kind, &[("word", data.as_bytes())], "wordcount=1\n");
        let (_, entries) = imported(directory.path(), &["--from", "stardict", "d.ifo"]);
        assert_eq!(entries, [format!("word\t{expected}")], "type {kind}");
    }
    // What is not text is reported, and the rest is taken.
    stardict(directory.path(), "", &[("bell", b"W\0\0\0\x02abmding\0P\0\0\0\x01c")], "");
    let (said, entries) = imported(directory.path(), &["--from", "stardict", "d.ifo"]);
    assert_eq!(entries, ["bell\tding"]);
    for kind in ["'W' left out: a sound", "'P' left out: a picture"] {
        assert!(said.contains(kind), "{said}");
    }
}

#[test]
fn a_dictionary_whose_info_is_not_quite_right_is_taken() {
    let directory = tempfile::tempdir().unwrap();
    let entries: [(&str, &[u8]); 2] = [("a", b"x"), ("b", b"y")];
    stardict(directory.path(), "m", &entries, "wordcount=3\n");
    let (said, shown) = imported(directory.path(), &["--from", "stardict", "d.ifo"]);
    assert_eq!(shown, ["a\tx", "b\ty"]);
    assert!(said.contains("  warning: wordcount in .ifo is 3, but .idx has 2 headwords"), "{said}");
    // A letter of Latin-1 in it.
    let info = directory.path().join("d.ifo");
    let bytes = [fs::read(&info).unwrap(), b"author=Ren\xe9\n".to_vec()].concat();
    fs::write(&info, bytes).unwrap();
    let (_, shown) = imported(directory.path(), &["--from", "stardict", "d.ifo"]);
    assert_eq!(shown, ["a\tx", "b\ty"]);
    assert!(fs::read_to_string(directory.path().join("out.txt")).unwrap().contains("# author: René\n"));
}

#[test]
fn headwords_of_all_kinds_are_taken() {
    let directory = tempfile::tempdir().unwrap();
    let long = "word ".repeat(51) + "w";
    let too_long = "w".repeat(257);
    let entries: [(&str, &[u8]); 7] = [
        ("AT&amp;T", b"a company"),
        ("a&#233;&rsquo;", b"letters"),
        ("#", b"sharp"),
        ("?!", b"marks"),
        ("\u{93}so\u{94}", b"quoted"),
        (&long, b"256 characters"),
        (&too_long, b"257 characters"),
    ];
    stardict(directory.path(), "m", &entries, "");
    let (said, shown) = imported(directory.path(), &["--from", "stardict", "d.ifo"]);
    let long = format!("{long}\t256 characters");
    assert_eq!(shown, [" #\tsharp", "?!\tmarks", "AT&T\ta company", "aé’\tletters", &long, "“so”\tquoted"]);
    assert!(said.contains("1 with a headword of more than 256 characters: www"), "{said}");
}

#[test]
fn ecdict_keeps_its_columns() {
    let directory = tempfile::tempdir().unwrap();
    let file = "word,phonetic,definition,translation,pos,collins,oxford,tag,bnc,frq,exchange,detail,audio\n\
        lamp,læmp,n. a thing that gives light,n. 灯,n:98/v:2,3,1,cet4 ky,2000,2500,s:lamps,more,lamp.mp3\n";
    fs::write(directory.path().join("e.csv"), file).unwrap();
    let (said, entries) = imported(directory.path(), &["--from", "ecdict", "e.csv"]);
    let standing = "柯林斯 (Collins) ★★★; 牛津 (Oxford) 3000; 四级 (CET-4)、考研; BNC 词频第 2000; COCA 词频第 2500";
    let expected = format!(
        "lamp\t[læmp]\\nn. 灯\\nn. a thing that gives light\\nmore\\n复数 lamps\\n词性 n. 98%、v. 2%\\n{standing}"
    );
    assert_eq!(entries, [expected]);
    assert!(said.contains("1 fields of column \"audio\" left out"), "{said}");
    let (said, entries) =
        imported(directory.path(), &["--from", "ecdict", "e.csv", "--columns", "tag,translation,audio"]);
    assert_eq!(entries, ["lamp\tn. 灯\\naudio: lamp.mp3\\n四级 (CET-4)、考研"]);
    assert!(said.contains("1 fields of column \"definition\" left out"), "{said}");
    let file = fs::read_to_string(directory.path().join("out.txt")).unwrap();
    assert!(file.contains("# from: en\n# to: zh\n"), "{file}");
}

#[test]
fn cedict_shows_both_scripts_and_is_found_by_pinyin() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("c.u8"), "面 面 [mian4] /face/\n麵 面 [mian4] /noodles/\n").unwrap();
    let (_, entries) = imported(directory.path(), &["--from", "cedict", "c.u8"]);
    let both = "面 miàn face\\n面 [面/麵] miàn noodles";
    let expected = ["mian", "mian4", "miàn", "面"].map(|headword| format!("{headword}\t{both}"));
    assert_eq!(entries[..4], expected);
    assert_eq!(entries[4..], ["麵\t面 [面/麵] miàn noodles"]);
    let (_, entries) = imported(directory.path(), &["--from", "cedict", "c.u8", "--no-pinyin"]);
    assert_eq!(entries.len(), 2);
}

/// Each article of a merged file names its dictionary, and no article is lost.
#[test]
fn merged_sources_keep_their_names_and_articles() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write("a.txt", "# title: First Book\nbank\tedge of a river\n");
    write("b.txt", "# title: Second Book\nbank\thouse for money\n");
    let (_, entries) = imported(directory.path(), &["--from", "plain", "a.txt", "b.txt"]);
    assert_eq!(entries, ["bank\t[First Book]\\nedge of a river\\n[Second Book]\\nhouse for money"]);
    write("plain.txt", "apple\tplain source: fruit\nbanana\tplain source: yellow\n");
    write("capitals.txt", "Apple\tfruit\nBanana\tyellow fruit\nCherry\tred fruit\nDamson\ta plum\nElder\ta bush\n");
    write("third.txt", "Apple\ta maker of computers\nshell\ta program\nkernel\ta core\nkey\tpressed\n");
    let (_, entries) = imported(directory.path(), &["--from", "plain", "plain.txt", "capitals.txt", "third.txt"]);
    let expected = "apple\t[plain]\\nplain source: fruit\\n[capitals]\\nfruit";
    assert!(entries.iter().any(|line| line == expected), "{entries:?}");
    let expected = "Apple\t[capitals]\\nfruit\\n[third]\\na maker of computers";
    assert!(entries.iter().any(|line| line == expected), "{entries:?}");
}

/// A card's tilde in its other headwords and in the cards within it, and a file that is included.
#[test]
fn dsl_cards_are_found_by_all_their_headwords() {
    let directory = tempfile::tempdir().unwrap();
    let cards = "#NAME \"D\"\n#INCLUDE \"more.dsl\"\n\ngo\n\t[m1]x\n\t@ ~ on\n\tcontinue\n{to }run\n~ away\n\tflee\n";
    fs::write(directory.path().join("d.dsl"), cards).unwrap();
    fs::write(directory.path().join("more.dsl"), "stop (at {[i]}once{[/i]})\r\tend\r").unwrap();
    let (_, entries) = imported(directory.path(), &["--from", "dsl", "d.dsl"]);
    let expected = [
        "go\tx\\ngo on\\ncontinue",
        "go on\tcontinue",
        "run\tflee",
        "stop\tend",
        "stop at once\tend",
        "to run\tflee",
        "to run away\tflee",
    ];
    assert_eq!(entries, expected);
}

/// Words that no reader can tell apart are one entry of two sources, so that a lookup shows both.
#[test]
fn sources_that_spell_a_word_in_other_bytes_share_its_entry() {
    let directory = tempfile::tempdir().unwrap();
    let sources = [("a", "café\t1\nice cream\t2\n"), ("b", "cafe\u{301}\t3\rice\u{a0}cream\t4\r")];
    for (name, lines) in sources {
        fs::write(directory.path().join(name), lines).unwrap();
    }
    let (_, entries) = imported(directory.path(), &["--from", "plain", "a", "b"]);
    assert_eq!(entries, ["café\t[a]\\n1\\n[b]\\n3", "ice cream\t[a]\\n2\\n[b]\\n4"]);
}
