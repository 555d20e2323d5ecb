//! Formats with one line for each entry: ECDICT, CC-CEDICT, plain.

use super::super::formats;
use super::*;
use proptest::prelude::*;

#[test]
fn ecdict() {
    let csv = "word,phonetic,definition,translation,pos,collins,oxford,tag,bnc,frq,exchange,detail,audio\n\
        go,gәu,\"v. move\",vi. 去\\nn. 去,,5,1,zk,1,2,p:went/d:gone,,\n\
        \"a, b\",,\"n. \"\"only\"\" English\\nsecond\",,,,,,,,,,\n\
        went,/went/,,v. 去,,,,,,,0:go/1:p,,\n\
        nothing,x,,,,,,,,,s:nothings,,\n\
        short\n\
        \"two\nlines\",,,x,,,,,,,,,\n\
        plant (as straw)\\nv. cover,\"n. 茅草\",,1,,,,,,,,,\n\
        go,,,again,,,,,,,,,\n";
    let bytes = [csv.as_bytes(), b"bad,,,\xff\xfe,\n"].concat();
    let (report, mut collection) = imported(|intake| formats::ecdict(bytes.as_slice(), None, intake)).unwrap();
    assert_eq!(
        pairs(&mut collection),
        owned(&[
            ("a, b", "n. \"only\" English\\nsecond"),
            (
                "go",
                "[gәu]\\nvi. 去\\nn. 去\\nv. move\\n过去式 went; 过去分词 gone\\n柯林斯 (Collins) ★★★★★; 牛津 (Oxford) 3000; \
                 中考; BNC 词频第 1; COCA 词频第 2\\nagain"
            ),
            ("went", "/went/\\nv. 去\\n原型 go (过去式)"),
        ])
    );
    let escapes = "word,translation,detail\n\\\\,x\\ry\\\\n,\npath,C:\\\\new\\\\table,\n";
    let (_, mut collection) = imported(|intake| formats::ecdict(escapes.as_bytes(), None, intake)).unwrap();
    assert_eq!(pairs(&mut collection), owned(&[("\\", "x\\ny\\\\n"), ("path", "C:\\\\new\\\\table")]));
    assert_eq!((report.read, report.taken), (9, 4));
    assert_eq!(report.refused[&Refusal::NoText].examples, ["nothing (line 5)", "short (line 6)"]);
    assert_eq!(report.refused[&Refusal::NotUtf8].examples, ["line 11"]);
    assert_eq!(refused(&report, Refusal::ControlInHeadword), 2);
    for bad in ["", "a,b\n1,2\n"] {
        assert!(imported(|intake| formats::ecdict(bad.as_bytes(), None, intake)).is_err(), "{bad:?}");
    }
}

#[test]
fn cedict() {
    let text = "\u{feff}# CC-CEDICT\r\n# Community maintained\r\n#\r\n# License:\r\n# Creative Commons BY-SA 4.0\r\n#\r\n\
        #! version=1\r\n#! date=2023-11-01T05:32:10Z\r\n\
        愛 爱 [ai4] /to love/to be fond of/\r\n\
        北京 北京 [Bei3 jing1] /Beijing, capital of 中國|中国[Zhong1 guo2]/\r\n\
        女 女 [nu:3] /female/\r\n女 女 [ru3] /archaic variant of 汝[ru3]/\r\n\
        你好 你好 [[ni3hao3]] /hello/\r\nno entry\r\n空 空 [kong1] //\r\n\
        面 面 [mian4] /face/\r\n麵 面 [mian4] /flour/noodles/\r\n";
    let expected = owned(&[
        ("你好", "你好 nǐhǎo hello"),
        ("北京", "北京 Běi jīng Beijing, capital of 中國|中国[Zhōng guó]"),
        ("女", "女 nǚ female\\n女 rǔ archaic variant of 汝[rǔ]"),
        ("愛", "爱 [爱/愛] ài to love; to be fond of"),
        ("爱", "爱 [爱/愛] ài to love; to be fond of"),
        ("面", "面 miàn face\\n面 [面/麵] miàn flour; noodles"),
        ("麵", "面 [面/麵] miàn flour; noodles"),
    ]);
    let (_, mut collection) = imported(|intake| formats::cedict(text.as_bytes(), false, intake)).unwrap();
    assert_eq!(pairs(&mut collection), expected);
    let (report, mut collection) = imported(|intake| formats::cedict(text.as_bytes(), true, intake)).unwrap();
    let shown = pairs(&mut collection);
    assert!(expected.iter().all(|pair| shown.contains(pair)), "{shown:?}");
    let readings = [
        ("mian", "面 miàn face\\n面 [面/麵] miàn flour; noodles"),
        ("mian4", "面 miàn face\\n面 [面/麵] miàn flour; noodles"),
        ("miàn", "面 miàn face\\n面 [面/麵] miàn flour; noodles"),
        ("beijing", "北京 Běi jīng Beijing, capital of 中國|中国[Zhōng guó]"),
        ("bei3jing1", "北京 Běi jīng Beijing, capital of 中國|中国[Zhōng guó]"),
        ("běijīng", "北京 Běi jīng Beijing, capital of 中國|中国[Zhōng guó]"),
        ("nihao", "你好 nǐhǎo hello"),
        ("nv3", "女 nǚ female"),
    ];
    for pair in owned(&readings) {
        assert!(shown.contains(&pair), "{pair:?} in {shown:?}");
    }
    assert_eq!(report.title, "CC-CEDICT (2023-11-01)");
    assert_eq!(report.refused[&Refusal::BadLine].examples, ["no entry (line 14)"]);
    assert_eq!(refused(&report, Refusal::NoText), 1);
    let file = String::from_utf8(words_file(&mut collection)).unwrap();
    assert!(file.contains("# licence: License: Creative Commons BY-SA 4.0\n"), "{file}");
}

/// HanDeDict and CFDICT have CC-CEDICT's format.
#[test]
fn cedict_in_german_and_with_old_line_ends() {
    for (head, language) in [("# HanDeDict", "de"), ("# CFDICT", "fr"), ("# x", "en")] {
        for end in ["\n", "\r", "\r\n"] {
            let text = [head, "中 中 [zhong1] /Mitte/", "字 字 [[zi4]] /s. 漢字[[han4zi4]]/", ""].join(end);
            let (_, mut collection) = imported(|intake| formats::cedict(text.as_bytes(), false, intake)).unwrap();
            assert_eq!(pairs(&mut collection), owned(&[("中", "中 zhōng Mitte"), ("字", "字 zì s. 漢字[hànzì]")]));
            let file = String::from_utf8(words_file(&mut collection)).unwrap();
            assert!(file.contains(&format!("# from: zh\n# to: {language}\n")), "{file}");
        }
    }
}

/// CC-Canto has lines of CC-CEDICT with a second reading.
#[test]
fn cedict_with_jyutping() {
    let text = "電腦 电脑 [dian4 nao3] {din6 nou5} /computer/PC/ # adapted from cc-cedict\n\
        一\t一\t[yi1]\t/one/\n井 井 [jing3] /well/# (sign)/\n";
    let (report, mut collection) = imported(|intake| formats::cedict(text.as_bytes(), false, intake)).unwrap();
    let expected = owned(&[
        ("一", "一 yī one"),
        ("井", "井 jǐng well; # (sign)"),
        ("电脑", "电脑 [电脑/電腦] diàn nǎo [din6 nou5] computer; PC"),
        ("電腦", "电脑 [电脑/電腦] diàn nǎo [din6 nou5] computer; PC"),
    ]);
    assert_eq!(pairs(&mut collection), expected);
    assert_eq!((report.read, report.taken), (4, 4));
}

#[test]
fn plain() {
    let text = "\u{feff}# title: Class\r\n# licence: ours\r\n# a note\r\nzoo  n. 动物园\r\nice cream\tn. 冰淇淋\\n甜\r\n\r\n\
        well-known adj. 著名的\r\nalone\r\n apple n.\r\nzoo n. again\r\nC C:\\dir";
    let bytes = [b"gbk \xd6\xd0\n".as_slice(), text.trim_start_matches('\u{feff}').as_bytes()].concat();
    for (bytes, bad) in [(text.as_bytes(), 0), (&bytes, 1)] {
        let (report, mut collection) = imported(|intake| formats::plain(bytes, intake)).unwrap();
        assert_eq!(
            pairs(&mut collection),
            owned(&[
                ("C", "C:\\\\dir"),
                ("ice cream", "n. 冰淇淋\\n甜"),
                ("well-known", "adj. 著名的"),
                ("zoo", "n. 动物园\\nn. again"),
            ])
        );
        assert_eq!(report.title, "Class");
        assert_eq!((refused(&report, Refusal::NotUtf8), refused(&report, Refusal::NoText)), (bad, 1));
        assert_eq!(report.refused[&Refusal::NoHeadword].examples, [format!("line {}", 9 + bad)]);
        assert!(words_file(&mut collection).starts_with(b"# title: Class\n# licence: ours\n"));
    }
    let failure = imported(|intake| formats::plain(b"\xff\xfea\0".as_slice(), intake)).unwrap_err().to_string();
    assert!(failure.contains("iconv -f UTF-16"), "{failure}");
}

/// What a reader can't tell apart is one headword: blanks, composed letters, what is invisible.
#[test]
fn headwords_that_look_alike_are_one() {
    for end in ["\n", "\r", "\r\n"] {
        let lines = [
            "café\t1",
            "cafe\u{301}\t2",
            "ice cream\t3",
            "ice\u{a0}cream\t4",
            "ice  cream\t5",
            "soft\u{ad}ware\t6",
            "\u{200b}software\t7",
            "\u{feff}\u{feff}b\t8",
        ];
        let (_, mut collection) = imported(|intake| formats::plain(lines.join(end).as_bytes(), intake)).unwrap();
        let expected = owned(&[("b", "8"), ("café", "1\\n2"), ("ice cream", "3\\n4\\n5"), ("software", "6\\n7")]);
        assert_eq!(pairs(&mut collection), expected);
    }
}

/// Every entry that is read is taken or refused, and counted.
fn import_or_refuse(bytes: &[u8]) {
    let csv = [b"word,translation,exchange,phonetic\n".as_slice(), bytes].concat();
    let outcomes = [
        imported(|intake| formats::plain(bytes, intake)),
        imported(|intake| formats::cedict(bytes, true, intake)),
        imported(|intake| formats::ecdict(csv.as_slice(), None, intake)),
    ];
    for outcome in outcomes {
        let (report, mut collection) = outcome.unwrap();
        let refused: u64 = report.refused.values().map(|refused| refused.count).sum();
        assert_eq!(report.read, report.taken + refused);
        if collection.entries() > 0 {
            words_file(&mut collection);
        }
    }
}

#[test]
fn a_bracket_that_nothing_closes() {
    import_or_refuse(b"n\tn\n[\t[");
}

proptest! {
    #[test]
    fn any_bytes_are_imported_or_refused(text in r"([a#é词,/\[\]\t\\n \x22\x00\x85\u{3000}]{0,12}\n){0,8}", cut in 0_usize..80) {
        import_or_refuse(&text.as_bytes()[..cut.min(text.len())]);
    }
}
