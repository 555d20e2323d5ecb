//! British and American spelling, by rule: how a word may be spelled in the other variety. Proposals only; a proposal
//! counts if it is a headword.

/// A part of a word that is spelled differently in the other variety, in both directions.
struct Rule {
    one: &'static str,
    other: &'static str,
    /// The least number of letters before it, a vowel among them unless it is 0.
    before: usize,
    /// What may follow, with blanks between; `-` for nothing, `*` for anything.
    after: &'static str,
}

const fn rule(one: &'static str, other: &'static str, before: usize, after: &'static str) -> Rule {
    Rule { one, other, before, after }
}

const RULES: [Rule; 24] = [
    rule(
        "our",
        "or",
        2,
        "- s ed ing er ers able ably al ally ful fully ite ites itism hood hoods less ly y ies ist ists ism some ation \
         ations edly",
    ),
    rule("is", "iz", 2, "e ed es er ers ing ation ations ational able"),
    rule("ys", "yz", 3, "e ed es er ers ing"),
    rule("re", "er", 3, "- s"),
    rule("red", "ered", 3, "-"),
    rule("ring", "ering", 3, "-"),
    rule("oeuvre", "euver", 1, "- s"),
    rule("oeuvr", "euver", 1, "ed ing able"),
    rule("ogue", "og", 3, "- s"),
    rule("ogu", "og", 3, "ed ing er ers"),
    rule("ence", "ense", 3, "- s d less"),
    rule("ic", "is", 4, "e es ed ing"),
    rule("dgement", "dgment", 1, "- s al"),
    rule("eable", "able", 3, "-"),
    rule("xion", "ction", 2, "- s"),
    rule("mme", "m", 3, "- s"),
    rule("amme", "am", 2, "- s"),
    rule("sulph", "sulf", 0, "*"),
    rule("mould", "mold", 0, "*"),
    rule("moult", "molt", 0, "*"),
    rule("plough", "plow", 0, "*"),
    rule("sceptic", "skeptic", 0, "*"),
    rule("ise", "ize", 3, "-"),
    rule("cheque", "check", 0, "*"),
];

/// Doubled and single l: spellings that the endings alone explain are tried before these.
const DOUBLED: [Rule; 3] = [
    rule("ll", "l", 2, "ed ing ings er ers or ors ous ously ist ists ed en ens ful fully fulness ment ments ery"),
    rule("ll", "l", 4, "- s"),
    rule("llery", "lry", 2, "-"),
];

/// Words that differ by no rule, whatever follows them.
const PAIRS: [(&str, &str); 36] = [
    ("ageing", "aging"),
    ("aluminium", "aluminum"),
    ("amongst", "among"),
    ("annexe", "annex"),
    ("artefact", "artifact"),
    ("axe", "ax"),
    ("carburettor", "carburetor"),
    ("chilli", "chili"),
    ("cosy", "cozy"),
    ("cosi", "cozi"),
    ("disc", "disk"),
    ("doughnut", "donut"),
    ("draught", "draft"),
    ("enquir", "inquir"),
    ("furore", "furor"),
    ("gaol", "jail"),
    ("gauge", "gage"),
    ("grey", "gray"),
    ("kerb", "curb"),
    ("maths", "math"),
    ("mollusc", "mollusk"),
    ("moustache", "mustache"),
    ("mum", "mom"),
    ("omelette", "omelet"),
    ("phoney", "phony"),
    ("pyjama", "pajama"),
    ("smoulder", "smolder"),
    ("speciality", "specialty"),
    ("storey", "story"),
    ("towards", "toward"),
    ("tranquillity", "tranquility"),
    ("tyre", "tire"),
    ("vice", "vise"),
    ("whilst", "while"),
    ("whisky", "whiskey"),
    ("yoghurt", "yogurt"),
];

/// Other spellings of a text in lower case, likeliest first: of a phrase, each word in its turn.
pub fn variants(text: &str) -> Vec<String> {
    in_each_word(text, |word, found| {
        for (one, other) in PAIRS {
            for (from, to) in [(one, other), (other, one)] {
                found.extend(word.strip_prefix(from).map(|rest| format!("{to}{rest}")));
            }
        }
        RULES.iter().for_each(|rule| apply(rule, word, found));
        digraphs(word, found);
    })
}

/// Other spellings that differ in a doubled l.
pub fn variants_in_l(text: &str) -> Vec<String> {
    in_each_word(text, |word, found| DOUBLED.iter().for_each(|rule| apply(rule, word, found)))
}

fn in_each_word(text: &str, spell: impl Fn(&str, &mut Vec<String>)) -> Vec<String> {
    /// Words of a phrase that are looked at.
    const MOST_WORDS: usize = 6;
    let mut all: Vec<String> = Vec::new();
    let mut at = 0;
    for word in text.split([' ', '-']).take(MOST_WORDS) {
        let mut found = Vec::new();
        if word.len() > 2 {
            spell(word, &mut found);
        }
        for other in found {
            let whole = format!("{}{other}{}", &text[..at], &text[at + word.len()..]);
            if whole != text && !all.contains(&whole) {
                all.push(whole);
            }
        }
        at += word.len() + 1;
    }
    all
}

fn apply(rule: &Rule, word: &str, found: &mut Vec<String>) {
    for (from, to) in [(rule.one, rule.other), (rule.other, rule.one)] {
        for (at, _) in word.match_indices(from) {
            let (before, after) = (&word[..at], &word[at + from.len()..]);
            let enough = before.chars().count() >= rule.before
                && (rule.before == 0 || before.contains(['a', 'e', 'i', 'o', 'u', 'y']));
            let follows =
                rule.after == "*" || rule.after.split(' ').any(|end| end == after || (end == "-" && after.is_empty()));
            // `travelled` has its l already.
            let single = from != "l" || !(before.ends_with('l') || after.starts_with('l'));
            if enough && follows && single {
                found.push(format!("{before}{to}{after}"));
            }
        }
    }
}

/// ae and oe, which others write e: `anaemia`, `foetus`. Short words with an e are exempt.
fn digraphs(word: &str, found: &mut Vec<String>) {
    for digraph in ["ae", "oe"] {
        if word.len() >= 5 {
            // `shoes`, `canoeing`: that e is an ending's.
            let own =
                word.match_indices(digraph).filter(|(at, _)| !["s", "d", "r", "rs", "ing"].contains(&&word[at + 2..]));
            found.extend(own.map(|(at, _)| format!("{}{}", &word[..at], &word[at + 1..])));
        }
        if (5..=24).contains(&word.len()) && !word.contains(digraph) {
            let single = word.match_indices('e').filter(|(at, _)| at + 2 < word.len() || word[*at..] == *"ea");
            found.extend(single.map(|(at, _)| format!("{}{digraph}{}", &word[..at], &word[at + 1..])));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        let pairs = "colour color|favourite favorite|neighbourhood neighborhood|behaviour behavior|odour odor|\
            armoury armory|honourable honorable|colourful colorful|organise organize|realised realized|\
            organisation organization|analyse analyze|paralysed paralyzed|centre center|theatre theater|litre liter|\
            fibres fibers|manoeuvre maneuver|centred centered|dialogue dialog|catalogue catalog|cataloguing cataloging|\
            defence defense|licence license|offence offense|pretence pretense|practice practise|judgement judgment|\
            likeable likable|connexion connection|programme program|kilogramme kilogram|sulphur sulfur|mould mold|\
            smoulder smolder|plough plow|sceptical skeptical|grey gray|greyhound grayhound|pyjamas pajamas|\
            moustache mustache|aluminium aluminum|tyre tire|anaemia anemia|paediatric pediatric|foetus fetus|\
            oestrogen estrogen|encyclopaedia encyclopedia|archaeology archeology|aesthetic esthetic|\
            haemoglobin hemoglobin|diarrhoea diarrhea|cosy cozy|enquiry inquiry|yoghurt yogurt|\
            swimming-pool-colour swimming-pool-color|colour film color film";
        let mut wrong = Vec::new();
        for pair in pairs.split('|') {
            let middle = pair.len() / 2;
            // The blank in the middle, for phrases, too.
            let at = pair.match_indices(' ').map(|(at, _)| at).min_by_key(|at| at.abs_diff(middle)).unwrap();
            let (one, other) = (&pair[..at], &pair[at + 1..]);
            for (from, to) in [(one, other), (other, one)] {
                if !variants(from).iter().any(|variant| variant == to) {
                    wrong.push((from, to));
                }
            }
        }
        assert_eq!(wrong, []);
        let doubled = "traveller traveler|marvellous marvelous|woollen woolen|skilful skillful|fulfil fulfill|\
            enrol enroll|jewellery jewelry|counsellor counselor|instalment installment|wilful willful|modelling modeling";
        for pair in doubled.split('|') {
            let (one, other) = pair.split_once(' ').unwrap();
            for (from, to) in [(one, other), (other, one)] {
                assert!(variants_in_l(from).iter().any(|variant| variant == to), "{from}: {:?}", variants_in_l(from));
            }
        }
    }

    #[test]
    fn not_what_is_another_word() {
        let apart = [
            ("for", "four"),
            ("tor", "tour"),
            ("cort", "court"),
            ("size", "sise"),
            ("shes", "shoes"),
            ("acer", "acre"),
            ("dog", "dogue"),
        ];
        for (one, other) in apart {
            assert!(!variants(one).iter().any(|variant| variant == other), "{one}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics_and_the_work_is_bounded(text in "[aeolrsizcé -]{0,40}") {
            assert!(variants(&text).len() + variants_in_l(&text).len() < 400);
        }
    }
}
