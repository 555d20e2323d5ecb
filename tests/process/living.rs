//! Reloads that have no side effects: not for clients that connect at that moment, not for clients that are at work,
//! and not for memory.

use nix::sys::signal::Signal;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::ScopedJoinHandle;
use support::{Connection, Daemon, Setup, Store, processes};

/// Lets a thread end, also when its maker panics.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Reloads, and waits until the parent has the new words.
fn reload(daemon: &Daemon, generation: u32) {
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log(&format!("headwords, generation {generation}\n"));
}

/// A reload signals every child; one that was forked a moment ago must not die of it.
#[test]
fn whoever_connects_during_a_reload_is_served() {
    let daemon = Setup::new(Store::Sqlite).words("apple x\n").start();
    let stop = AtomicBool::new(false);
    let served = [const { AtomicU32::new(0) }; 2];
    std::thread::scope(|scope| {
        let end = Stop(&stop);
        let (daemon, stop) = (&daemon, &stop);
        let clients = served.each_ref().map(|served| {
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let reply = daemon.connect().ask("I");
                    assert_eq!((reply.len(), &*reply[3]), (5, "headwords\t1"));
                    served.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        // On a busy machine the clients need more of them.
        let mut generation = 1;
        while generation <= 40 || served.iter().any(|served| served.load(Ordering::Relaxed) < 20) {
            generation += 1;
            reload(daemon, generation);
            assert!(!clients.iter().any(ScopedJoinHandle::is_finished), "a connection did not get its whole reply");
        }
        drop(end);
        for client in clients {
            client.join().expect("every connection gets its whole reply");
        }
    });
    let log = daemon.log();
    assert!(!log.contains("crashed") && !log.contains("was killed"), "no child was ended by a signal");
}

const MANY: usize = 5_000;

/// Words that show which load they are of, always of one size.
fn numbered(load: u32) -> String {
    (0..MANY).map(|n| format!("word{n:05}\t{load:03} 第 {n:05} 条解释\n")).collect()
}

/// What must be the same after fifty reloads as after one, in KiB.
#[derive(Debug, Clone, Copy)]
struct Memory {
    parent: u64,
    child: u64,
    dirty: u64,
}

fn measure(parent: u32, child: u32) -> Memory {
    let [parent, child, dirty] =
        [(parent, "Rss"), (child, "Pss_Anon"), (child, "Private_Dirty")].map(|(pid, key)| processes::memory(pid, key));
    Memory { parent, child, dirty }
}

/// Looks words up in bunches until it is to stop; gives back how many it looked up.
fn work(client: &mut Connection, name: &str, stop: &AtomicBool) -> usize {
    let (mut asked, mut newest) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        let words: Vec<usize> = (0..5).map(|at| (asked * 7 + at * 1_009) % MANY).collect();
        let requests: String = words.iter().map(|n| format!("Q {name} word{n:05}\n")).collect();
        client.send(requests);
        for n in words {
            let reply = client.line();
            let load = reply
                .strip_prefix(&format!("OK word{n:05}\t"))
                .and_then(|rest| rest.strip_suffix(&format!(" 第 {n:05} 条解释")));
            let load: u32 = load.and_then(|load| load.parse().ok()).unwrap_or_else(|| panic!("word{n:05}: {reply}"));
            assert!(load >= newest, "{load} after {newest}: words never go back");
            newest = load;
            asked += 1;
        }
    }
    asked
}

#[test]
fn fifty_reloads_under_load_leave_no_trace() {
    let daemon = Setup::new(Store::Sqlite).words(numbered(1)).start();
    let names = ["ann", "bob", "cat", "dan"];
    let mut clients: Vec<Connection> = names.iter().map(|name| daemon.connect_as(name)).collect();
    let (mut idle, idle_child) = daemon.connect_with_child();
    let stop = AtomicBool::new(false);
    let mut first = None;
    let asked: Vec<usize> = std::thread::scope(|scope| {
        let end = Stop(&stop);
        let stop = &stop;
        let work = |(client, name)| scope.spawn(move || work(client, name, stop));
        let workers: Vec<_> = clients.iter_mut().zip(names).map(work).collect();
        for generation in 2..=52 {
            daemon.replace_words(numbered(generation));
            let output = daemon.tool(&["reload"]);
            assert!(output.status.success(), "{output:?}");
            if generation == 2 {
                first = Some(measure(daemon.pid(), idle_child));
            }
        }
        drop(end);
        workers.into_iter().map(|worker| worker.join().expect("every lookup is answered rightly")).collect()
    });
    for ((client, name), asked) in clients.iter_mut().zip(names).zip(&asked) {
        assert!(*asked >= 100, "{name} looked up {asked}");
        assert_eq!(client.history(name).len(), *asked, "what was acknowledged is in the history, once");
    }
    let (first, last) = (first.expect("measured"), measure(daemon.pid(), idle_child));
    println!("looked up {asked:?}; after one reload {first:?}, after fifty {last:?}");
    // The words are some 300 KiB: one copy too many would show. (Pss_File is left out: it depends on how many other
    // processes of the same program run.)
    let grown =
        |what: &str, first: u64, last: u64| assert!(last <= first + 200, "{what}: {first} KiB, then {last} KiB");
    grown("the parent", first.parent, last.parent);
    grown("an idle child", first.child, last.child);
    grown("what an idle child has to itself", first.dirty, last.dirty);
    let open = processes::descriptors(daemon.pid());
    assert_eq!(open.iter().filter(|path| path.to_string_lossy().contains("cidian-words")).count(), 1, "{open:?}");
    let newest = processes::mapped_words(daemon.pid());
    assert_eq!(newest.len(), 1);
    for child in daemon.children() {
        assert_eq!(processes::mapped_words(child), newest, "child {child}");
        let open = processes::descriptors(child);
        assert!(!open.iter().any(|path| path.to_string_lossy().contains("cidian-words")), "child {child}: {open:?}");
    }
    assert_eq!(idle.ask("I")[3], format!("headwords\t{MANY}"));
}

/// The parent goes on accepting while a large file is read.
#[test]
fn clients_come_in_while_a_large_file_loads() {
    let daemon = Setup::new(Store::Sqlite).words("apple x\n").start();
    let large: String = (0..200_000).map(|n| format!("word{n:06}\tn. 生成的第 {n} 个词条\n")).collect();
    daemon.replace_words(large);
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log_times("loading ", 1);
    let mut meanwhile = 0;
    let mut seen_loading = false;
    loop {
        assert_eq!(daemon.connect().ask("I").len(), 5);
        if daemon.log().contains("generation 2\n") {
            break;
        }
        meanwhile += 1;
        if meanwhile == 5 {
            seen_loading = daemon.status()["words"]["loading"] == true;
        }
        assert!(meanwhile < 100_000, "the load never ends");
    }
    println!("{meanwhile} clients while 200,000 headwords were loaded");
    assert!(meanwhile >= 10, "{meanwhile} clients were served meanwhile");
    assert!(seen_loading);
    let mut ann = daemon.connect_as("ann");
    assert_eq!(ann.ask("I")[3], "headwords\t200000");
    assert_eq!(ann.ask_line("Q ann word123456"), "OK word123456\tn. 生成的第 123456 个词条");
}
