//! Looking up backwards in small dictionaries and in the one that is built in.

use super::super::{BUILT_IN, Dictionary, image, parse};
use super::*;
use proptest::prelude::*;

fn dictionary(text: &str) -> Dictionary<Vec<u8>> {
    Dictionary::open(image(&parse(text.as_bytes()).unwrap()).unwrap()).unwrap()
}

fn found(dictionary: &Dictionary<Vec<u8>>, text: &str, scope: Scope, most: usize) -> Vec<String> {
    let hits = dictionary.reverse(text, scope, most, &[], || true);
    assert!(!hits.unfinished);
    hits.found.into_iter().map(|hit| hit.headword).collect()
}

#[test]
fn the_best_comes_first() {
    let dictionary = dictionary(
        "apple\t/a/ n. 苹果; 苹果树\\n» An apple. 一个苹果。\\n{k2}\n\
         cider\tn. (英式用法) 苹果酒\n\
         codling\tn. 小鳕鱼; 苹果 {k30}\n\
         iPad\tn. 苹果平板电脑\n\
         juice\tn. 果汁\\n» a glass of apple juice 一杯苹果汁\n\
         pippin\tn. 苹果 (一种)\n\
         pome\tn. 梨果 (如苹果)\n",
    );
    // Whole senses, the first sense of a common word before that of a rare one; then words with it in a sense.
    let expected = ["apple", "pippin", "codling", "cider", "iPad"];
    assert_eq!(found(&dictionary, "苹果", Scope::Meaning, 20), expected);
    assert_eq!(found(&dictionary, "苹果", Scope::Meaning, 2), expected[..2]);
    assert_eq!(found(&dictionary, "蘋果", Scope::Meaning, 20), expected);
    assert_eq!(found(&dictionary, "苹果", Scope::Text, 20), [&expected[..], &["pome", "juice"]].concat());
    assert_eq!(found(&dictionary, "果", Scope::Meaning, 3), ["apple", "pome", "juice"]);
    assert_eq!(found(&dictionary, "梨子", Scope::Meaning, 20), [""; 0]);
    assert_eq!(found(&dictionary, "apple", Scope::Meaning, 20), [""; 0]);
    assert_eq!(found(&dictionary, "APPLE", Scope::Text, 20), ["apple", "juice"]);
}

#[test]
fn words_of_a_script_with_blanks_are_whole_words() {
    let dictionary = dictionary("好\thǎo; good; well\n坏\tbad; not good\n货\tgoods\n");
    assert_eq!(found(&dictionary, "Good", Scope::Meaning, 20), ["好", "坏"]);
    assert_eq!(found(&dictionary, "good", Scope::Text, 20), ["好", "坏", "货"]);
}

/// The length of the next headword, which lies behind an article, may look like a letter of the text.
#[test]
fn nothing_is_found_across_the_end_of_an_article() {
    let next = "b".repeat(usize::from(b'7'));
    let dictionary = dictionary(&format!("a\tn. meaning 7\n{next}\tn. meaning 77\n"));
    assert_eq!(found(&dictionary, "meaning 77", Scope::Text, 20), [next]);
}

/// The importer puts the articles of several sources below lines with their titles.
#[test]
fn readings_in_a_file_of_several_sources() {
    let dictionary = dictionary(
        "苹果\t[CC-CEDICT]\\n苹果 [苹果/蘋果] píng guǒ apple\\n[HanDeDict]\\n苹果 [苹果/蘋果] píng guǒ Apfel\n\
         蘋果\t[CC-CEDICT]\\n苹果 [苹果/蘋果] píng guǒ apple\\n[HanDeDict]\\n苹果 [苹果/蘋果] píng guǒ Apfel\n",
    );
    for text in ["apple", "Apfel", "pingguo", "ping2guo3", "píng guǒ"] {
        assert_eq!(found(&dictionary, text, Scope::Meaning, 20), ["苹果"], "{text}");
    }
}

#[test]
fn a_dictionary_with_readings() {
    let dictionary = dictionary(
        "苹果\t苹果 [苹果/蘋果] píng guǒ apple; CL:個|个[gè]\n蘋果\t苹果 [苹果/蘋果] píng guǒ apple; CL:個|个[gè]\n\
         pingguo\t苹果 [苹果/蘋果] píng guǒ apple; CL:個|个[gè]\n平果\t平果 píng guǒ Pingguo county\n",
    );
    assert_eq!(found(&dictionary, "apple", Scope::Meaning, 20), ["苹果"]);
    for pinyin in ["pínggǔo", "píngguǒ", "ping2guo3", "ping guo"] {
        let expected: &[&str] = if pinyin == "pínggǔo" { &[] } else { &["平果", "苹果"] };
        assert_eq!(found(&dictionary, pinyin, Scope::Meaning, 20), expected, "{pinyin}");
    }
    // The word itself goes before what only sounds so.
    assert_eq!(found(&dictionary, "pingguo", Scope::Meaning, 20), ["平果"]);
}

#[test]
fn traditional_interpretations_are_found_by_simplified_characters() {
    let dictionary = dictionary("apple\tn. 蘋果\nfamous\tadj. 顯著的; 著名的\n");
    assert_eq!(found(&dictionary, "苹果", Scope::Meaning, 20), ["apple"]);
    assert_eq!(found(&dictionary, "显著", Scope::Meaning, 20), ["famous"]);
}

#[test]
fn the_words_of_a_sentence() {
    let dictionary =
        dictionary("I\tpron. 我\napple\tn. 苹果\nfruit\tn. 果\nlike\tv. 喜欢; 像\nlove\tv. 爱; 喜欢\neat\tv. 吃\n");
    let expected = ["like", "apple", "I", "eat", "love"];
    assert_eq!(found(&dictionary, "我喜欢吃苹果。", Scope::Meaning, 20), expected);
    assert_eq!(found(&dictionary, "我喜歡吃蘋果!", Scope::Meaning, 3), expected[..3]);
    assert_eq!(found(&dictionary, "这里没有", Scope::Meaning, 20), [""; 0]);
    // Only whole senses are words of a sentence, and full text knows no sentences.
    assert_eq!(found(&dictionary, "我喜欢吃苹果", Scope::Text, 20), [""; 0]);
}

#[test]
fn the_built_in_dictionary() {
    let dictionary = dictionary(BUILT_IN);
    for (text, expected) in [
        ("苹果", "apple"),
        ("猫", "cat"),
        ("电脑", "computer"),
        ("電腦", "computer"),
        ("图书馆", "library"),
        ("冰淇淋", "ice cream"),
        ("学习", "study"),
        ("水", "water"),
        ("蓝色", "blue"),
    ] {
        let hits = found(&dictionary, text, Scope::Meaning, 20);
        assert_eq!(hits.first().map(String::as_str), Some(expected), "{text}: {hits:?}");
    }
    let sentence = found(&dictionary, "我喜欢吃苹果", Scope::Meaning, 20);
    for word in ["apple", "like", "eat", "I"] {
        assert!(sentence.iter().any(|hit| hit == word), "{word}: {sentence:?}");
    }
    assert_eq!(found(&dictionary, "的", Scope::Meaning, 20).len(), 20);
}

#[test]
fn a_search_can_be_given_up() {
    let text: String = (0..5_000).map(|number| format!("w{number:04}\tn. 词\n")).collect();
    let dictionary = dictionary(&text);
    let mut asked = 0;
    let hits = dictionary.reverse("词", Scope::Meaning, 20, &[], || {
        asked += 1;
        asked < 2
    });
    assert!(hits.unfinished && hits.found.len() == 20 && asked == 2);
}

proptest! {
    /// The walk finds what a look at every article finds.
    #[test]
    fn finds_what_a_linear_search_finds(
        articles in proptest::collection::vec("(n\\. )?[苹果平iI;,() ]{1,8}(\\\\n» [苹果]{1,3})?", 1..30),
        text in "[苹蘋果平iI]{1,3}",
        most in 1usize..8,
    ) {
        let file: String = articles.iter().enumerate()
            .filter(|(_, article)| !article.trim().is_empty())
            .map(|(at, article)| format!("{}{at:02}\t{article}\n", if at % 3 == 0 { "苹" } else { "w" })).collect();
        prop_assume!(!file.is_empty());
        let dictionary = dictionary(&file);
        for scope in [Scope::Meaning, Scope::Text] {
            let mut expected = Vec::new();
            for step in steps(&text, scope) {
                let mut finder = step.finder(scope, most, Asked::default());
                for at in 0..dictionary.headwords() {
                    let entry = dictionary.entry(at).unwrap();
                    finder.look_at(entry.headword, entry.interpret);
                }
                expected = finder.into_hits();
                if !expected.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(dictionary.reverse(&text, scope, most, &[], || true).found, expected, "{:?} {}", scope, text);
        }
    }

    #[test]
    fn any_text_can_be_asked(text in any::<String>()) {
        let dictionary = dictionary("a\tn. 一; x\nb\t苹果 píng guǒ apple\n");
        let _ = dictionary.reverse(&text, Scope::Meaning, 20, &[], || true);
        let _ = dictionary.reverse(&text, Scope::Text, 20, &[], || true);
    }
}
