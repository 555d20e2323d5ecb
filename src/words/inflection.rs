//! Regular English endings taken off: what an inflected form may be a form of. It only proposes; whether a proposal
//! is a headword is the dictionary's to say. Irregular forms are entries of their own, not rules.

/// What `word` may be an inflected form of, likeliest first. `word` must be in lower case.
///
/// The order decides where a form could come from two headwords: `hoped` is of `hope` before `hop`, `hopped` of `hop`,
/// `called` of `call` before `cal`, `singing` of `sing` before `singe`.
pub fn bases(word: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(stem) = word.strip_suffix('s')
        && word.chars().count() > 3
        && !stem.ends_with('s')
    {
        propose(&mut found, stem, "");
        if let Some(stem) = word.strip_suffix("es") {
            propose(&mut found, stem, "");
        }
        if let Some(stem) = word.strip_suffix("ies") {
            propose(&mut found, stem, "y");
        }
    }
    if let Some(stem) = word.strip_suffix("eed") {
        // agreed, freed; but not feed.
        if stem.len() > 1 {
            propose(&mut found, stem, "ee");
        }
    } else if let Some(stem) = word.strip_suffix("ed") {
        after_a_vowel_ending(&mut found, stem);
    }
    if let Some(stem) = word.strip_suffix("ing") {
        after_a_vowel_ending(&mut found, stem);
        if let Some(stem) = stem.strip_suffix('y') {
            // lying, dying.
            propose(&mut found, stem, "ie");
        }
    }
    for ending in ["er", "est"] {
        if let Some(stem) = word.strip_suffix(ending)
            && stem.chars().count() >= 3
        {
            after_a_vowel_ending(&mut found, stem);
        }
    }
    found
}

/// What a stem before -ed, -ing, -er or -est may have been: as it is, with its doubled consonant single, with the
/// `e` that the ending took the place of, or with a `y` for an `i`.
fn after_a_vowel_ending(found: &mut Vec<String>, stem: &str) {
    if let Some(stem) = stem.strip_suffix('i') {
        propose(found, stem, "y");
        propose(found, stem, "ie");
        return;
    }
    let letters: Vec<char> = stem.chars().rev().take(3).collect();
    match letters[..] {
        [last, before, ..] if last == before && is_consonant(last) => {
            propose(found, stem, "");
            propose(found, &stem[..stem.len() - last.len_utf8()], "");
            propose(found, stem, "e");
        }
        // One vowel and one consonant would have been doubled: so it was an e (hoped, used). Unless the stress is
        // elsewhere, or the letter is never doubled (visited, boxed): then there is no such headword with an e.
        [last, before, ref rest @ ..]
            if is_consonant(last) && !is_consonant(before) && rest.first().is_none_or(|&c| is_consonant(c)) =>
        {
            propose(found, stem, "e");
            propose(found, stem, "");
        }
        _ => {
            propose(found, stem, "");
            // being is not of bee.
            if !stem.ends_with(['e', 'o']) {
                propose(found, stem, "e");
            }
        }
    }
}

/// A base has two letters at least, and a vowel: `thing` is no form of `th`.
fn propose(found: &mut Vec<String>, stem: &str, ending: &str) {
    let base = format!("{stem}{ending}");
    let vowel = stem.chars().any(|c| !is_consonant(c)) || matches!(ending, "y" | "ie" | "ee");
    if stem.chars().count() + ending.len() >= 2 && !stem.is_empty() && vowel && !found.contains(&base) {
        found.push(base);
    }
}

fn is_consonant(c: char) -> bool {
    !matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

#[cfg(test)]
mod tests {
    use super::bases;

    /// The first proposal that such a dictionary has is the right one.
    #[test]
    fn forms_lead_to_their_headwords() {
        let headwords = [
            "agree",
            "american",
            "apple",
            "argue",
            "bag",
            "be",
            "bee",
            "big",
            "box",
            "call",
            "carry",
            "change",
            "city",
            "dance",
            "die",
            "doe",
            "do",
            "early",
            "fee",
            "free",
            "go",
            "happy",
            "hi",
            "hop",
            "hope",
            "ice cream",
            "large",
            "leave",
            "lie",
            "like",
            "make",
            "movie",
            "need",
            "nice",
            "open",
            "pass",
            "plan",
            "plane",
            "play",
            "please",
            "potato",
            "rat",
            "rate",
            "read",
            "red",
            "roll",
            "run",
            "see",
            "sing",
            "singe",
            "stop",
            "study",
            "tall",
            "thin",
            "tie",
            "us",
            "use",
            "visit",
            "walk",
            "watch",
            "win",
            "wine",
            "th",
        ];
        let lead =
            |form: &str| bases(form).into_iter().find(|base| headwords.contains(&base.as_str())).unwrap_or_default();
        let forms = [
            ("apples", "apple"),
            ("boxes", "box"),
            ("watches", "watch"),
            ("cities", "city"),
            ("movies", "movie"),
            ("ties", "tie"),
            ("goes", "go"),
            ("potatoes", "potato"),
            ("ice creams", "ice cream"),
            ("americans", "american"),
            ("walked", "walk"),
            ("hoped", "hope"),
            ("hopped", "hop"),
            ("carried", "carry"),
            ("tied", "tie"),
            ("called", "call"),
            ("stopped", "stop"),
            ("used", "use"),
            ("rated", "rate"),
            ("visited", "visit"),
            ("opened", "open"),
            ("agreed", "agree"),
            ("freed", "free"),
            ("needed", "need"),
            ("pleased", "please"),
            ("played", "play"),
            ("studied", "study"),
            ("argued", "argue"),
            ("planned", "plan"),
            ("planed", "plane"),
            ("running", "run"),
            ("making", "make"),
            ("walking", "walk"),
            ("singing", "sing"),
            ("hoping", "hope"),
            ("dancing", "dance"),
            ("changing", "change"),
            ("leaving", "leave"),
            ("reading", "read"),
            ("being", "be"),
            ("seeing", "see"),
            ("doing", "do"),
            ("going", "go"),
            ("lying", "lie"),
            ("dying", "die"),
            ("winning", "win"),
            ("rolling", "roll"),
            ("passing", "pass"),
            ("using", "use"),
            ("studying", "study"),
            ("arguing", "argue"),
            ("taller", "tall"),
            ("bigger", "big"),
            ("nicer", "nice"),
            ("happier", "happy"),
            ("largest", "large"),
            ("earliest", "early"),
            ("thinnest", "thin"),
        ];
        for (form, base) in forms {
            assert_eq!(lead(form), base, "{form}: {:?}", bases(form));
        }
        for none in ["thing", "his", "feed", "glass", "", "s", "ed", "ing", "er", "est", "eed", "ies", "词s"] {
            assert_eq!(lead(none), "", "{none}: {:?}", bases(none));
        }
    }
}
