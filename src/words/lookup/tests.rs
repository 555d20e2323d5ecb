//! The steps of a lookup, over the shipped words and over small dictionaries.

use super::super::{BUILT_IN, Dictionary, image, parse};
use super::*;
use std::collections::HashMap;

fn dictionary(text: &str) -> Dictionary<Vec<u8>> {
    Dictionary::open(image(&parse(text.as_bytes()).unwrap()).unwrap()).unwrap()
}

/// The answer for `text`, and how it was found.
fn answer(dictionary: &Dictionary<Vec<u8>>, text: &str) -> (String, &'static str) {
    let found = dictionary.find(text);
    found.map_or((String::new(), "-"), |found| (found.article.headword.into_owned(), found.how.name()))
}

/// Each line is `text > headword how`; a `-` for the headword if there must be none.
fn check(dictionary: &Dictionary<Vec<u8>>, cases: &str) {
    let mut wrong = Vec::new();
    for line in cases.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (text, expected) = line.split_once(" > ").unwrap();
        let (headword, how) = expected.rsplit_once(' ').unwrap_or(("", expected));
        let found = answer(dictionary, text);
        if (found.0.as_str(), found.1) != (headword, how) {
            wrong.push(format!("{text}: {} ({}) and not {headword} ({how})", found.0, found.1));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The most frequent English words, from a list of frequencies: no ending is taken off that the entry can't have. The
/// rules are written down a second time, in another way.
#[test]
fn no_misfit_among_the_commonest_words() {
    let dictionary = dictionary(BUILT_IN);
    let entries: HashMap<&str, String> = (0..dictionary.headwords())
        .filter_map(|at| dictionary.entry(at))
        .map(|entry| {
            let spoken = entry.interpret.strip_prefix('/').and_then(|rest| rest.split_once("/ "));
            (entry.headword, format!(" {}", spoken.map_or(entry.interpret, |(_, senses)| senses)))
        })
        .collect();
    let is = |headword: &str, labels: &[&str]| {
        let own = entries.get(headword).into_iter().flat_map(|text| text.split(" | ")).filter(|part| {
            let first = part.split(';').next().unwrap_or_default();
            !["过去", "复数", "现在分词", "比较级", "最高级", "第三人称"]
                .iter()
                .any(|form| first.contains(&format!(" 的{form}")))
        });
        own.into_iter().any(|part| labels.iter().any(|label| format!(" {part}").contains(&format!(" {label} "))))
    };
    let (verb, noun): (&[&str], &[&str]) =
        (&["v.", "v.t.", "v.i.", "aux."], &["n.", "v.", "v.t.", "v.i.", "aux.", "abbr.", "num."]);
    let (mut misfits, mut by_form) = (Vec::new(), 0);
    for word in include_str!("../../../tests/common-words.txt").lines() {
        let Some(found) = dictionary.find(word) else { continue };
        if !matches!(found.how, How::Form | How::Spelling) {
            continue;
        }
        by_form += usize::from(found.how == How::Form);
        let (headword, lower) = (&*found.article.headword, key(&found.article.headword));
        let has = |ending: &str| word.ends_with(ending);
        let fine = if word.contains('\'') {
            word.split('\'').next() == Some(&lower) || word.trim_end_matches('\'') == lower || {
                let stem = word.rsplit_once('\'').unwrap().0;
                answer(&dictionary, stem).0 == headword
            }
        } else if found.how == How::Spelling || irregular::bases(word).any(|(base, _)| base == headword) {
            true
        } else if has("er") || has("est") {
            is(headword, &["adj.", "adv."])
        } else if has("ed") || has("ing") {
            let stem = word.strip_suffix("ing").or_else(|| word.strip_suffix("ed")).unwrap();
            let silent = format!("{stem}e");
            let skipped = lower == stem && is(&silent, verb) && !word.ends_with("inging");
            is(headword, verb) && !skipped
        } else if has("ies") {
            let with_y = word.trim_end_matches("ies").to_owned() + "y";
            is(headword, noun) && (lower == with_y || !entries.contains_key(&*with_y))
        } else if has("s") {
            let rest = &word[..word.len() - 1];
            let hissing = ["s", "x", "z", "ch", "sh", "o"];
            let other = variants::variants(rest).contains(&lower) || variants::variants_in_l(rest).contains(&lower);
            is(headword, noun)
                && (rest == lower
                    || other
                    || (word == format!("{lower}es") && hissing.iter().any(|end| lower.ends_with(end))))
        } else {
            false
        };
        if !fine {
            misfits.push(format!("{word}: {headword}{}", entries[headword]));
        }
    }
    assert!(misfits.is_empty(), "{} misfits\n{}", misfits.len(), misfits.join("\n"));
    assert!(by_form > 1_000, "{by_form} are found as forms");
}

#[test]
fn never_a_wrong_answer_by_an_ending() {
    let words = "\
        Easter\tn. 复活节\nFrance\tn. 法国\nHe\tpron. 他\nJam\tn. x\narch\tv. 拱起 | n. 拱门\nbadge\tn. 徽章\nbe\tv. 是\n\
        blue\tadj. 蓝色的 | n. 蓝色\nclose\tv. 关 | adj. 近的\ncold\tadj. 冷的 | n. 感冒\ncook\tv. 煮 | n. 厨师\n\
        cookie\tn. 饼干\neast\tadj. 东方的 | adv. 向东\never\tadv. 曾经\nflow\tv. 流\ngave\tv. (give 的过去式) 给\n\
        give\tv. 给\ngold\tn. 金\ngram\tn. 克\ngrammar\tn. 语法\nhead\tn. 头 | v. 前往\nhi\tint. 喂\nhome\tn. 家 | adj. 家的\n\
        hon\tadj. x\nin\tprep. 在 | adv. 进\ninside\tadj. 里面的\njam\tn. 果酱 | v. 塞\nlarge\tadj. 大的\nloaf\tn. 条\n\
        leaves\tn. (leaf 的复数) 叶\nmovie\tn. 电影\nof\tprep. x\noff\tprep. 离开 | adv. 离开\nopen\tadj. 开的 | v. 开\n\
        potato\tn. 土豆\nquiet\tadj. 安静的\nquiz\tn. 测验\nrace\tn. 比赛\nrang\tv. (ring 的过去式) 响\nrange\tn. 范围 | v. 变动\n\
        ring\tv. 响\nrob\tv. 抢\nrobe\tn. 袍\nrug\tn. 小地毯\nsinge\tv. 烤焦\nsing\tv. 唱\nski\tn. 滑雪板 | v. 滑雪\nsky\tn. 天空\n\
        sob\tv. 抽噎 | n. 抽噎\nsoon\tadv. 不久\nswinge\tv. 打\nswing\tv. 摇\ntalent\tn. 天才\nthem\tpron. 他们\ntie\tv. 系\n\
        unhappy\tadj. 不高兴的\nup\tadv. 向上 | prep. 上\nwell\tadv. 好\nwith\tprep. 和\nwrite\tv. 写\n苹果\tn. apple\n";
    check(
        &dictionary(words),
        "
        sober > -
        skies > sky form
        skis > ski form
        skied > ski form
        skiing > ski form
        ranged > range form
        ranging > range form
        ranges > range form
        ranger > -
        rangs > -
        ranging's > range form
        rugged > -
        archer > -
        arches > arch form
        header > -
        headed > head form
        grammer > -
        grams > gram form
        robes > robe form
        robs > rob form
        robed > -
        robbed > rob form
        james > -
        jams > jam form
        his > -
        offs > -
        ofs > -
        offer > -
        wither > -
        inner > -
        upper > -
        upped > -
        easter > Easter case
        everest > -
        opener > -
        opened > open form
        insider > -
        homer > -
        homes > home form
        larger > large form
        largest > large form
        quieter > quiet form
        unhappier > unhappy form
        sooner > soon form
        weller > -
        welles > -
        closer > close form
        closest > close form
        closes > close form
        colder > cold form
        flower > -
        flows > flow form
        badger > -
        honest > -
        talented > -
        cookies > cookie form
        cooky > -
        movies > movie form
        potatoes > potato form
        quizzes > quiz form
        ties > tie form
        tied > tie form
        tying > tie form
        singing > sing form
        singed > singe form
        swinging > swing form
        golds > gold form
        golded > -
        racer > -
        thems > -
        withs > -
        gaves > -
        gaved > -
        given > give form
        loaves > loaf form
        written > write form
        being > be form
        蘋果s > -
        ",
    );
}

/// Dictionaries without parts of speech: every ending may be one, except on a word that is known to be a form.
#[test]
fn entries_that_say_no_part_of_speech() {
    check(
        &dictionary("apple\t苹果\nrang\t响\nwalk\t走\nhi\t喂\nsaw\t锯\ntall\t高\n"),
        "
        apples > apple form
        walked > walk form
        taller > tall form
        ranged > -
        rangs > -
        his > -
        saws > saw form
        ",
    );
}

/// The case of a headword is found before anything else is tried, as always.
#[test]
fn case_before_everything_else() {
    check(
        &dictionary(
            "APPLE\tx\nApple\tx\nCafé\tx\nICE CREAM\tx\nIce cream\tx\nMay\tx\ncafe\tx\nmay\tx\nÉté\tx\nété\tx\n",
        ),
        "
        apple > APPLE case
        aPPLE > APPLE case
        Apple > Apple exact
        MAY > may case
        ice cream > ICE CREAM case
        icecream > ICE CREAM folded
        CAFÉ > Café case
        Cafe > cafe case
        ÉTÉ > été case
        ete > été folded
        ",
    );
}

/// How a headword was found can be derived from the two alone, without its article.
#[test]
fn how_it_was_found() {
    for (text, headword, expected) in [
        ("apple", "apple", Some(How::Exact)),
        ("APPLE", "apple", Some(How::Case)),
        ("ads", "ad", Some(How::Form)),
        ("sooner", "soon", Some(How::Form)),
        ("e-mails", "email", Some(How::Form)),
        ("gave", "give", Some(How::Form)),
        ("they'll", "they", Some(How::Form)),
        ("“Apr.”", "Apr.", Some(How::Folded)),
        ("recessus", "recessus (1)", Some(How::Folded)),
        ("colour", "color", Some(How::Spelling)),
        ("made up his mind", "make up one's mind", Some(How::Phrase)),
        ("apple", "pear", None),
        ("its", "it's", Some(How::Folded)),
        ("it's", "its", None),
    ] {
        assert_eq!(how(text, headword), expected, "{text} {headword}");
    }
}

/// The misspellings of the list whose intended word is a headword, and those written by ear.
fn misspellings(dictionary: &Dictionary<Vec<u8>>) -> [Vec<(&'static str, &'static str)>; 2] {
    let (common, by_ear) = include_str!("../../../tests/misspellings.txt").split_once("# by ear").unwrap();
    [common, by_ear].map(|part| {
        let lines = part.lines().filter(|line| !line.starts_with('#'));
        let pairs = lines.filter_map(|line| line.split_once(' '));
        pairs.filter(|(_, word)| answer(dictionary, word).1 == "exact").collect()
    })
}

/// Those whose word is not among the first three.
fn missed<'a>(pairs: &[(&'a str, &'a str)], suggest: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let missed = pairs.iter().map(|(wrong, right)| (wrong, right, suggest(wrong)));
    let missed = missed.filter(|(_, right, found)| !found.iter().take(3).any(|found| found == *right));
    missed.map(|(wrong, right, found)| format!("{wrong} ({right}): {found:?}")).collect()
}

#[test]
fn the_word_that_was_meant_is_among_the_first_three() {
    let dictionary = dictionary(BUILT_IN);
    let [common, by_ear] = misspellings(&dictionary);
    assert!(common.len() >= 80 && by_ear.len() >= 18, "{} and {}", common.len(), by_ear.len());
    let suggest = |wrong: &str| dictionary.suggest(wrong, 10);
    let (of_common, of_ear) = (missed(&common, suggest), missed(&by_ear, suggest));
    // 82 of 84, and 9 of 10.
    assert!(of_common.len() * 84 <= 2 * common.len(), "{} of {}: {of_common:#?}", of_common.len(), common.len());
    assert!(of_ear.len() * 10 <= by_ear.len(), "{} of {}: {of_ear:#?}", of_ear.len(), by_ear.len());
}

/// The spellers of Debian on the same list, where they are installed; ours is ahead of them.
#[test]
fn ahead_of_other_spellers() {
    let dictionary = dictionary(BUILT_IN);
    let pairs = misspellings(&dictionary).concat();
    let ours = missed(&pairs, |wrong| dictionary.suggest(wrong, 10)).len();
    for arguments in [["aspell", "-a", "-d", "en"], ["hunspell", "-a", "-d", "en_US"]] {
        let input: String = pairs.iter().map(|(wrong, _)| format!("^{wrong}\n")).collect();
        let Some(output) = run(&arguments, &input) else {
            eprintln!("{} is not installed", arguments[0]);
            continue;
        };
        let answers: Vec<&str> = output.lines().filter(|line| line.starts_with(['&', '#', '*', '+', '-'])).collect();
        assert_eq!(answers.len(), pairs.len(), "{output}");
        let by_word: HashMap<&str, Vec<String>> = pairs
            .iter()
            .zip(answers)
            .map(|((wrong, _), line)| {
                let words = line.split_once(": ").map_or("", |(_, words)| words).split(", ");
                (*wrong, words.map(str::to_owned).collect())
            })
            .collect();
        let theirs = missed(&pairs, |wrong| by_word[wrong].clone()).len();
        eprintln!("{} of {} missed, {} by {}", ours, pairs.len(), theirs, arguments[0]);
        assert!(ours < theirs, "{ours} and {theirs} by {}", arguments[0]);
    }
}

/// What a program prints for an input, if it exists and succeeds.
fn run(arguments: &[&str], input: &str) -> Option<String> {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut command = Command::new(arguments[0]);
    command.args(&arguments[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    child.stdin.take()?.write_all(input.as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

proptest::proptest! {
    /// Any text in any dictionary: no panic, and what is found can be explained from the two alone.
    #[test]
    fn what_is_found_can_be_explained(
        asked in "([a-zé'’ .,(1)-]{0,3}|gave|up|his|apple|'s|ies|ing|er|ed|ﬁ|\u{ad}|“|”| |-|\\PC){1,6}",
        headwords in proptest::collection::btree_set("([a-z]{1,4}|give up|one's|apple|é|-| |'s|ie|our| \\(1\\)){1,3}", 1..20),
    ) {
        let words: String = headwords.iter().filter(|word| !word.trim().is_empty()).map(|word| format!("{}\tn. x\n", word.trim())).collect();
        proptest::prop_assume!(!words.is_empty());
        let dictionary = dictionary(&words);
        let asked = asked.trim();
        if let Some(found) = dictionary.find(asked) {
            proptest::prop_assert_eq!(found.how == How::Exact, found.article.headword == asked);
            proptest::prop_assert!(how(asked, &found.article.headword).is_some(), "{:?}: {:?}", asked, found);
        }
        proptest::prop_assert!(dictionary.suggest(asked, 10).len() <= 10);
    }
}
