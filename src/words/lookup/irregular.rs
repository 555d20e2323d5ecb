//! Irregular forms of English: a table, for dictionaries that have no entries for these forms, and for phrases (`gave
//! up`).

use super::ending::Ending;
use memchr::memmem;

/// Verbs and their irregular past tenses and participles.
const VERBS: &str = "\
arise arose arisen|awake awoke awoken|be am is are was were been|bear bore borne|beat beaten|become became|\
befall befell befallen|beget begot begotten|begin began begun|behold beheld|bend bent|beseech besought|\
beset beset|bespeak bespoke bespoken|bind bound|bite bit bitten|bleed bled|blow blew blown|break broke broken|\
breed bred|bring brought|build built|burn burnt|buy bought|catch caught|choose chose chosen|cling clung|come came|\
creep crept|deal dealt|dig dug|do does did done|draw drew drawn|dream dreamt|drink drank drunk|drive drove driven|\
dwell dwelt|eat ate eaten|fall fell fallen|feed fed|feel felt|fight fought|find found|flee fled|fling flung|\
fly flew flown|forbear forbore forborne|forbid forbade forbad forbidden|foresee foresaw foreseen|\
foretell foretold|forget forgot forgotten|forgive forgave forgiven|forgo forwent forgone|forsake forsook forsaken|\
freeze froze frozen|get got gotten|give gave given|go goes went gone|grind ground|grow grew grown|hang hung|\
have has had|hear heard|hide hid hidden|hold held|keep kept|kneel knelt|know knew known|lay laid|lead led|\
lean leant|leap leapt|learn learnt|leave left|lend lent|lie lay lain|light lit|lose lost|make made|mean meant|\
meet met|mislead misled|mistake mistook mistaken|misunderstand misunderstood|mow mown|outdo outdid outdone|\
outgrow outgrew outgrown|overcome overcame|overdo overdid overdone|overhear overheard|oversee oversaw overseen|\
oversleep overslept|overtake overtook overtaken|overthrow overthrew overthrown|partake partook partaken|pay paid|\
plead pled|prove proven|rebuild rebuilt|redo redid redone|relay relaid|repay repaid|rewrite rewrote rewritten|\
rid ridded|ride rode ridden|ring rang rung|rise rose risen|run ran|saw sawn|say said|see saw seen|seek sought|\
sell sold|send sent|sew sewn|shake shook shaken|shear shorn|shine shone|shoe shod|shoot shot|show shown|\
shrink shrank shrunk|sing sang sung|sink sank sunk|sit sat|slay slew slain|sleep slept|slide slid|sling slung|\
slink slunk|smell smelt|sow sown|speak spoke spoken|speed sped|spell spelt|spend spent|spill spilt|spin spun|\
spit spat|spoil spoilt|spring sprang sprung|stand stood|steal stole stolen|stick stuck|sting stung|\
stink stank stunk|stride strode stridden|strike struck stricken|string strung|strive strove striven|\
swear swore sworn|sweep swept|swell swollen|swim swam swum|swing swung|take took taken|teach taught|tear tore torn|\
tell told|think thought|throw threw thrown|tread trod trodden|undergo underwent undergone|\
understand understood|undertake undertook undertaken|undo undid undone|uphold upheld|wake woke woken|\
wear wore worn|weave wove woven|weep wept|win won|wind wound|withdraw withdrew withdrawn|withhold withheld|\
withstand withstood|wring wrung|write wrote written";

/// Nouns and their irregular plurals.
const NOUNS: &str = "\
alumnus alumni|analysis analyses|appendix appendices|axis axes|bacterium bacteria|basis bases|cactus cacti|calf calves|\
child children|crisis crises|criterion criteria|curriculum curricula|datum data|diagnosis diagnoses|elf elves|\
emphasis emphases|foot feet|formula formulae|fungus fungi|goose geese|half halves|hoof hooves|hypothesis hypotheses|\
index indices|knife knives|larva larvae|leaf leaves|life lives|loaf loaves|louse lice|man men|matrix matrices|\
medium media|mouse mice|nucleus nuclei|oasis oases|ox oxen|parenthesis parentheses|person people|\
phenomenon phenomena|radius radii|scarf scarves|self selves|sheaf sheaves|shelf shelves|stimulus stimuli|\
stratum strata|synopsis synopses|synthesis syntheses|thesis theses|thief thieves|tooth teeth|vertebra vertebrae|\
vertex vertices|vortex vortices|wharf wharves|wife wives|wolf wolves|woman women";

/// Adjectives and adverbs and their irregular degrees.
const DEGREES: &str = "bad worse worst|far farther farthest further furthest|good better best|little less least|\
much more most|well better best";

/// The words that `word`, in lower case, is an irregular form of.
pub fn bases(word: &str) -> impl Iterator<Item = (&'static str, Ending)> {
    let lists = [(VERBS, Ending::Verb), (NOUNS, Ending::Plural), (DEGREES, Ending::Degree)];
    // Most words are in none of the lists, and this is the fastest way to see that.
    let sought = memmem::Finder::new(word);
    let lists = lists.into_iter().filter(move |(list, _)| sought.find(list.as_bytes()).is_some());
    lists.flat_map(move |(list, ending)| {
        let lines = list.split('|').filter_map(|line| line.split_once(' '));
        lines.filter(move |(_, forms)| forms.split(' ').any(|form| form == word)).map(move |(base, _)| (base, ending))
    })
}

/// Whether `word` is a form of another word and, as far as is known here, not a word of its own.
pub fn is_only_a_form(word: &str) -> bool {
    /// Forms that are words of their own as well.
    const WORDS: [&str; 36] = [
        "axes", "bases", "bear", "best", "better", "bit", "bore", "bound", "cling", "data", "fell", "felt", "found",
        "further", "ground", "lay", "lead", "leaves", "left", "light", "lives", "lit", "media", "people", "relay",
        "rose", "saw", "shed", "shot", "slew", "smelt", "sow", "spoke", "stole", "stuck", "wound",
    ];
    bases(word).next().is_some() && !WORDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_lead_to_their_words() {
        let cases = [
            ("gave", vec!["give"]),
            ("took", vec!["take"]),
            ("made", vec!["make"]),
            ("went", vec!["go"]),
            ("were", vec!["be"]),
            ("lay", vec!["lie"]),
            ("wives", vec!["wife"]),
            ("mice", vec!["mouse"]),
            ("better", vec!["good", "well"]),
            ("give", vec![]),
            ("", vec![]),
        ];
        for (form, expected) in cases {
            assert_eq!(bases(form).map(|(base, _)| base).collect::<Vec<_>>(), expected, "{form}");
        }
        assert!(is_only_a_form("rang") && is_only_a_form("took") && is_only_a_form("children"));
        assert!(!is_only_a_form("found") && !is_only_a_form("saw") && !is_only_a_form("range"));
    }

    #[test]
    fn the_lists_are_well_formed() {
        for list in [VERBS, NOUNS, DEGREES] {
            for line in list.split('|') {
                let words: Vec<&str> = line.split(' ').collect();
                assert!(words.len() >= 2, "{line}");
                assert!(
                    words.iter().all(|word| word.chars().all(|c| c.is_ascii_lowercase()) && !word.is_empty()),
                    "{line}"
                );
            }
        }
    }
}
