#!/usr/bin/env bash
# wordnet 0.1.2 (crates.io) gives WordNet's pointers `@i` and `~i` one name, InstanceHypernym: Paris is an instance of a
# capital, and a capital is an instance of Paris.
#
# Guessed: `~i` is "instance hyponym", as `~` is hyponym beside `@` for hypernym.
# Seen:    the enumeration has no instance hyponym at all. `city` has one hypernym and 661 "instance hypernyms", each of
#          them a city; `river` has 200. `senses` folds case, so that `Polish` gives `polish`'s senses first.
# Matters: going up by Hypernym and InstanceHypernym, as names need it, never ends.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q wordnet-base=1:3.0-37 > apt.log 2>&1 || { cat apt.log; exit 1; }
dpkg -x wordnet-base*.deb root
cargo init --quiet --vcs none --name probe .
cargo add --quiet wordnet@=0.1.2
cat > src/main.rs <<'RUST'
use std::collections::BTreeMap;
use std::path::Path;
use wordnet::{Database, Relationship};

fn main() {
    let database = Database::open(Path::new("root/usr/share/wordnet")).unwrap();
    for word in ["city", "river"] {
        let sense = &database.senses(word)[0];
        let mut counts = BTreeMap::new();
        for pointer in &sense.pointers {
            *counts.entry(format!("{:?}", pointer.relationship)).or_insert(0) += 1;
        }
        println!("{word}: {} Hypernym, {} InstanceHypernym", counts["Hypernym"], counts["InstanceHypernym"]);
    }
    for word in ["paris", "national capital"] {
        let sense = &database.senses(word)[0];
        let mut above: Vec<_> = sense
            .pointers
            .iter()
            .filter(|pointer| pointer.relationship == Relationship::InstanceHypernym)
            .map(|pointer| pointer.read().synonyms[0].word.clone())
            .collect();
        above.sort();
        println!("{word} is an instance of {} things: {:?}, Paris among them: {}", above.len(), &above[..1], above.contains(&"Paris".into()));
    }
    println!("Polish: {:?}", database.senses("Polish")[0].synonyms[0].word);
}
RUST
cargo run --quiet 2> build.log > seen || { cat build.log; exit 1; }
echo "wordnet 0.1.2, WordNet 3.0:"
cat seen
diff - seen <<'SEEN'
city: 1 Hypernym, 661 InstanceHypernym
river: 1 Hypernym, 200 InstanceHypernym
paris is an instance of 1 things: ["national capital"], Paris among them: false
national capital is an instance of 180 things: ["Abu Dhabi"], Paris among them: true
Polish: "polish"
SEEN
