//! Reading a words file, whatever is at its path: nothing blocks, no half file is accepted, nothing is lost.

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use support::{Daemon, Setup, Store, wait_for_end, wait_until};

fn fifo(path: &Path) {
    mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR).expect("a FIFO");
}

fn why(output: &Output, status: i32) -> String {
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Asks for a reload; one that blocks is a failure, not a hang.
fn reload(daemon: &Daemon) -> Output {
    let mut command = daemon.tool_command(&["reload"]);
    let piped = std::process::Stdio::piped;
    let mut child = command.stdout(piped()).stderr(piped()).spawn().expect("cidiand runs");
    assert!(wait_for_end(&mut child), "the reload does not end");
    child.wait_with_output().expect("its output")
}

#[test]
fn what_is_no_file_is_refused_at_start() {
    let setup = Setup::new(Store::Sqlite).no_words();
    fifo(&setup.path("fifo"));
    std::fs::create_dir(setup.path("directory")).expect("a directory");
    std::fs::write(setup.path("empty"), "").expect("a file");
    for (words, part) in
        [("fifo", "regular file"), ("directory", "regular file"), ("/dev/zero", "regular file"), ("empty", "no entry")]
    {
        let said = why(&setup.run(&["--words", words]), 65);
        assert!(said.contains(words) && said.contains(part), "{said}");
        let said = why(&setup.run(&["words", "load", words]), 65);
        assert!(said.contains(words) && said.contains(part), "{said}");
        assert_eq!(setup.run(&["words", "check", words]).status.code(), Some(65), "{words}");
    }
    assert!(why(&setup.run(&["--words", "missing"]), 66).contains("missing"));
}

#[test]
fn what_is_no_file_is_refused_at_a_reload() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut ann = daemon.connect_as("ann");
    let path = daemon.words_path();
    std::fs::remove_file(&path).expect("the file is there");
    fifo(&path);
    assert!(why(&reload(&daemon), 65).contains("regular file"));
    std::fs::remove_file(&path).expect("the FIFO is there");
    std::fs::create_dir(&path).expect("a directory");
    assert!(why(&reload(&daemon), 65).contains("regular file"));
    std::fs::remove_dir(&path).expect("the directory is there");
    std::os::unix::fs::symlink("words.txt", &path).expect("a loop");
    assert!(why(&reload(&daemon), 65).contains("words.txt"));
    std::fs::remove_file(&path).expect("the link is there");
    File::create(&path).expect("an empty file");
    assert!(why(&reload(&daemon), 65).contains("no entry"));
    assert_eq!(ann.ask_line("Q ann apple"), "OK apple\tn. 苹果");
    assert_eq!(daemon.status()["words"]["generation"], 1);
    std::fs::remove_file(&path).expect("the file is there");
    std::fs::write(daemon.path("elsewhere"), "apple linked\n").expect("a file");
    std::os::unix::fs::symlink("elsewhere", &path).expect("a link");
    assert!(reload(&daemon).status.success());
    assert_eq!(ann.ask_line("Q ann apple"), "OK apple\tlinked");
}

/// A byte-order mark, CRLF, no last newline, out of order, several entries of a headword, very long ones.
#[test]
fn what_a_file_may_look_like() {
    // As long as a headword may be, if a request of it still fits a line.
    let scripts = ["w", "é", "词", "я", "😀"].map(|letter| letter.repeat((1_000 / letter.len()).min(256)));
    let longest = format!("n. {}", "典".repeat((1 << 20) / 3 - 1));
    let long: String = scripts.iter().map(|word| format!("{word}\t{} letters\r\n", word.len())).collect();
    let words = format!(
        "\u{feff}# title: Windows\r\n\r\nzoo\tn. 动物园\r\nbank\tn. 银行\r\nbank n. 河岸\r\n{long}apple\tn. 苹果\r\n\
         huge\t{longest}\r\nbank   v. 倾斜\r\nIBM\tn. 公司"
    );
    let daemon = Setup::new(Store::Sqlite).words("apple x\n").start();
    let mut ann = daemon.connect_as("ann");
    daemon.replace_words(&words);
    let output = reload(&daemon);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "10 headwords, generation 2\n", "{output:?}");
    let fresh = Setup::new(Store::Sqlite).words(&*words).start();
    let mut bob = fresh.connect_as("bob");
    for (daemon, client, name) in [(&daemon, &mut ann, "ann"), (&fresh, &mut bob, "bob")] {
        let warning = daemon.wait_log("out of order");
        assert!(warning.contains(" WARN: ") && warning.contains("words.txt"), "{warning}");
        assert_eq!(client.ask("I")[2], "title\tWindows");
        let mut look = |word: &str| client.ask_line(&format!("Q {name} {word}"));
        assert_eq!(look("zoo"), "OK zoo\tn. 动物园");
        assert_eq!(look("apple"), "OK apple\tn. 苹果");
        assert_eq!(look("IBM"), "OK IBM\tn. 公司", "a last line without a newline is an entry");
        assert_eq!(look("bank"), "OK bank\tn. 银行\\nn. 河岸\\nv. 倾斜", "in the file's order");
        for word in &scripts {
            assert_eq!(look(word), format!("OK {word}\t{} letters", word.len()));
        }
        assert!(look("HUGE") == format!("OK huge\t{longest}"));
    }
    for word in &scripts {
        let letter: String = word.chars().take(1).collect();
        daemon.replace_words(format!("apple new\n{}\tx\n", letter.repeat(257)));
        let said = why(&reload(&daemon), 65);
        assert!(said.contains("line 2") && said.contains("256"), "{said}");
    }
    assert_eq!(ann.ask_line("Q ann apple"), "OK apple\tn. 苹果");
}

/// Lines of 32 bytes: no page of memory ends within one.
fn line(number: usize) -> String {
    format!("word{number:08}\twhole {number:08} end\n")
}

/// While a writer appends line by line, a load takes whole lines or nothing.
#[test]
fn a_file_that_grows_is_taken_whole_or_refused() {
    const ROUNDS: usize = 12;
    assert_eq!(line(7).len(), 32);
    let begin: String = (0..2_000).map(line).collect();
    let daemon = Setup::new(Store::Sqlite).words(&*begin).start();
    let mut ann = daemon.connect_as("ann");
    let mut refused = 0;
    for _ in 0..ROUNDS {
        daemon.replace_words(&begin);
        let mut file = File::options().append(true).open(daemon.words_path()).expect("the file");
        let over = AtomicBool::new(false);
        let output = std::thread::scope(|scope| {
            let over = &over;
            scope.spawn(move || {
                for number in (2_000..60_000).take_while(|_| !over.load(Ordering::Relaxed)) {
                    file.write_all(line(number).as_bytes()).expect("the file can be written");
                }
            });
            let output = reload(&daemon);
            over.store(true, Ordering::Relaxed);
            output
        });
        if !output.status.success() {
            assert!(why(&output, 65).contains("written to while it was read"));
            refused += 1;
        }
        // Refused or not: whatever is served was whole.
        let about = ann.ask("I");
        let count: usize = about[3].strip_prefix("headwords\t").expect("a count").parse().expect("a number");
        let last = line(count - 1);
        assert_eq!(format!("{}\n", ann.ask_line(&format!("Q ann word{:08}", count - 1))), format!("OK {last}"));
    }
    println!("refused {refused} of {ROUNDS} times");
    let output = reload(&daemon);
    assert!(output.status.success(), "when the writer rests, the file is taken: {output:?}");
}

/// The reads of the loader are slowed, so that the file surely grows between them.
#[test]
fn a_file_that_grows_between_two_reads_is_refused() {
    let setup = Setup::new(Store::Sqlite).words("apple old\n");
    let path = setup.path("words.txt").display().to_string();
    // The first load, at start, has its two reads undisturbed.
    let inject = "inject=read:delay_enter=300000";
    let trace = ["strace", "-f", "-D", "-qq", "-o", "/dev/null", "-P", &path, "-e", "trace=read", "-e", inject];
    let daemon = setup.wrapper(&trace).start();
    let mut ann = daemon.connect_as("ann");
    std::fs::write(daemon.words_path(), "apple new\n").expect("the file can be written");
    std::thread::scope(|scope| {
        let reload = scope.spawn(|| reload(&daemon));
        let mut file = File::options().append(true).open(daemon.words_path()).expect("the file");
        wait_until("the reload to end", || {
            // A line that is never finished: half a file, if it is taken.
            file.write_all(b"b x ").expect("the file can be written");
            reload.is_finished()
        });
        let said = why(&reload.join().expect("cidiand runs"), 65);
        assert!(said.contains("written to while it was read"), "{said}");
    });
    assert_eq!(ann.ask_line("Q ann apple"), "OK apple\told");
    assert_eq!(daemon.status()["words"]["generation"], 1);
}
