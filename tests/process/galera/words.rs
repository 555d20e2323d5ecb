//! `words load` on a real cluster.

use super::load::{Faults, Load};
use super::{MEMBERS, Site, setup};
use crate::spool::words;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};
use support::Setup;

/// Debian's package dict-wn: WordNet.
const WORDNET: &str = "/usr/share/dictd/wn.index";

/// A large dictionary is loaded while clients look up through three daemons: none of them waits for it, and each member
/// has it when the command returns. Of two loads at once one wins, and the other is refused.
#[test]
#[ignore = "takes minutes; tests/galera runs it"]
fn a_load_stalls_nobody() {
    let mut site = Site::new(&words(20_000)).expect("what a cluster needs");
    let tools: Vec<Setup> = (0..MEMBERS).map(|member| setup(&site.cluster, member)).collect();
    let file = dictionary(&tools[0]);
    let count = std::fs::read_to_string(&file).expect("a file").lines().filter(|line| !line.starts_with('#')).count();
    let mut load = Load::new(&site, 8);
    let valid = "SELECT COUNT(*), MIN(generation), MAX(generation) FROM dict.words WHERE generation = \
                 (SELECT CAST(value AS DECIMAL) FROM dict.meta WHERE name = 'words_generation')";
    let everywhere = |site: &Site| -> Vec<String> {
        site.cluster.members.iter().map(|member| member.sql(valid).trim().to_owned()).collect()
    };
    let run = |member: usize, file: &Path| -> (Output, Duration) {
        let begin = Instant::now();
        (tools[member].run(&["words", "load", file.to_str().expect("UTF-8")]), begin.elapsed())
    };
    for member in [0, 1] {
        let (round, (output, time)) = load.during(&mut site, &[0, 1, 2], |site, _| {
            let done = run(member, &file);
            // At once, without waiting for any of them.
            let rows = everywhere(site);
            assert!(rows.iter().all(|row| row == &rows[0]) && rows[0].starts_with(&format!("{count}\t")), "{rows:?}");
            done
        });
        assert!(output.status.success(), "{output:?}");
        println!("{count} words in {:.1} s: {round}", time.as_secs_f64());
        assert_eq!((round.faults, round.spooled), (Faults::default(), Duration::ZERO));
    }
    // Side by side, through different members.
    let few = tools[2].path("few");
    std::fs::write(&few, words(100_000)).expect("a file");
    let (round, [first, second]) = load.during(&mut site, &[0, 1, 2], |_, _| {
        std::thread::scope(|scope| {
            let loads = [(0, &file), (1, &few)].map(|(member, file)| scope.spawn(move || run(member, file)));
            loads.map(|load| load.join().expect("cidiand runs").0)
        })
    });
    println!("side by side: {round}");
    let mut codes = [&first, &second].map(|output| output.status.code());
    codes.sort_unstable();
    let said = [&first, &second].map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
    assert_eq!(codes, [Some(0), Some(75)], "{said:?}");
    println!("{}", if first.status.success() { &said[1] } else { &said[0] });
    let expected = if first.status.success() { count } else { 100_000 };
    let rows = everywhere(&site);
    assert!(rows.iter().all(|row| row == &rows[0]) && rows[0].starts_with(&format!("{expected}\t")), "{rows:?}");
    assert_eq!((round.faults, round.spooled), (Faults::default(), Duration::ZERO));
    site.check_logs();
}

/// WordNet, where it is installed, or made-up words as many.
fn dictionary(setup: &Setup) -> std::path::PathBuf {
    let file = setup.path("dictionary.txt");
    if Path::new(WORDNET).exists() {
        let arguments = ["words", "import", "--from", "dictd", WORDNET, "-o", file.to_str().expect("UTF-8")];
        let output = setup.run(&arguments);
        assert!(output.status.success(), "{output:?}");
    } else {
        let lines = (0..147_306).map(|n| format!("made-up {n:06}\tn. 词义 {}\n", "词".repeat(60)));
        std::fs::write(&file, lines.collect::<String>()).expect("a file");
    }
    file
}
