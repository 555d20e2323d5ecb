//! A word looked up from the shell: `cidian lookup WORD` by a user who is logged in, compared with `dict WORD`, which
//! asks `dictd` for the same dictionary and keeps no history. The time measured is from start to end of the program.

use crate::Result;
use crate::accounts::register;
use crate::arguments::Part;
use crate::bed::{Bed, Daemon, PASSWD};
use crate::figures::{Contestant, Measured, Section, Series, Target};
use crate::peers::start_dictd;
use crate::rounds::{Rounds, progress};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const DICT: &str = "/usr/bin/dict";
/// A client that is slower than twice the other is noticed.
const TARGET: Target = Target::AtMost(1.2);

/// Both clients in turn, word by word; a run's figure is the median of its calls.
pub fn measure(rounds: &Rounds<'_>, sections: &mut Vec<Section>) -> Result<()> {
    if !rounds.arguments.wants(Part::Client) {
        return Ok(());
    }
    let bed = rounds.bed;
    let mut section = Section::new("A word looked up from the shell");
    let Some(dictd) = start_dictd(bed, true)?.filter(|_| Path::new(DICT).exists()) else {
        section.note("dict and dictd with WordNet are not installed: nothing to compare with.");
        sections.push(section);
        return Ok(());
    };
    let dictionary = bed.dictionary()?;
    let file = dictionary.file.display().to_string();
    bed.make_database("client")?;
    let sqlite = format!("sqlite:{}", bed.path("client.db").display());
    // Words that both clients take as one argument, and find.
    let plain = |word: &&String| word.bytes().all(|byte| byte.is_ascii_lowercase()) && word.len() > 2;
    let words: Vec<&String> = dictionary.headwords.iter().filter(plain).take(1_000).collect();
    let calls = rounds.arguments.size(200, 50);
    let port = dictd.address.port().to_string();
    let mut nothing = Contestant::new("`true`, which does nothing");
    for (store, database) in [("SQLite", sqlite), ("MariaDB", bed.mariadb.url("client"))] {
        let daemon = bed.start_daemon(&format!("client-{store}"), &database, &["--words", &file])?;
        let home = log_in(bed, &daemon, store)?;
        let mut ours = Contestant::new("cidian");
        let mut theirs = Contestant::new("dict");
        for run in 1..=rounds.arguments.runs() {
            progress(&format!("cidian and dict in turn, {store}, run {run}"));
            let mut times = [Series::default(), Series::default(), Series::default()];
            for word in words.iter().cycle().skip(run as usize * 7).take(calls) {
                let asks = [
                    client(&home, &daemon, &["lookup", word]),
                    {
                        let mut command = Command::new(DICT);
                        command.args(["-h", "127.0.0.1", "-p", &port, word]);
                        command
                    },
                    Command::new("true"),
                ];
                for (command, times) in asks.into_iter().zip(&mut times) {
                    times.push(timed(command)?.as_secs_f64() * 1_000.0);
                }
                bed.stop.check()?;
            }
            for (contestant, times) in [&mut ours, &mut theirs, &mut nothing].into_iter().zip(&times) {
                contestant.push(Measured { rate: times.median(), ..Measured::default() });
            }
        }
        section.compare(format!("{store}: a call, half of them within"), "ms", &ours, &theirs, TARGET);
    }
    section.read("a program that does nothing, `true`: a call", "ms", nothing.rate, Target::None);
    section.note(format!("{calls} calls of each in a run, in turn; the words are {}.", dictionary.title));
    sections.push(section);
    Ok(())
}

/// Makes an account, and keeps its login in a home directory of its own.
pub fn log_in(bed: &Bed, daemon: &Daemon, store: &str) -> Result<PathBuf> {
    register(daemon, 1)?;
    let home = bed.path(&format!("home-{store}"));
    std::fs::create_dir_all(&home)?;
    let file = home.join("password");
    std::fs::write(&file, PASSWD)?;
    let file = file.display().to_string();
    timed(client(&home, daemon, &["--user", "bench1", "--password-file", &file, "login"]))?;
    Ok(home)
}

/// A call of this tree's client by the user who is logged in there.
pub fn client(home: &Path, daemon: &Daemon, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cidian"));
    command.args(arguments).env_clear().env("HOME", home).env("CIDIAN_SERVER", daemon.address.to_string());
    command
}

/// From start to end, the output dropped.
pub fn timed(mut command: Command) -> Result<Duration> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let status = command.status()?;
    let took = began.elapsed();
    if !status.success() {
        return Err(format!("{command:?}: {status}").into());
    }
    Ok(took)
}
