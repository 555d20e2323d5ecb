//! Steps of the system's clock: no wait and no order depends on it.
//!
//! All programs share the machine's clock, and the daemon reads it without a system call (by the vDSO), where strace
//! can't change it. So the unchanged program runs with a library between it and the C library. The library shifts the
//! time of day that `clock_gettime` returns, for the daemon and all its children at once. The C compiler that makes it
//! is needed to build Cidian, too.

use nix::sys::signal::Signal;
use std::net::Ipv4Addr;
use std::os::unix::fs::FileExt;
use std::process::Command;
use support::{Connection, Daemon, PATIENCE, Setup, Store, processes, send_signal, wait_for, wait_until};

const LIBRARY: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
static int (*real)(clockid_t, struct timespec *);
static volatile long long *shift;
__attribute__((constructor)) static void begin(void) {
    real = dlsym(RTLD_NEXT, "clock_gettime");
    int file = open(getenv("CIDIAN_TEST_SHIFT"), O_RDONLY | O_CLOEXEC);
    void *memory = mmap(0, 8, PROT_READ, MAP_SHARED, file, 0);
    if (memory != MAP_FAILED) shift = memory;
}
int clock_gettime(clockid_t clock, struct timespec *time) {
    if (!real) begin();
    int outcome = real(clock, time);
    if (outcome == 0 && clock == CLOCK_REALTIME && shift) time->tv_sec += *shift;
    return outcome;
}
"#;
const YEAR: i64 = 365 * 86_400;

/// A daemon whose clock can be stepped; the file that does it.
fn with_a_clock(setup: Setup) -> (Daemon, std::fs::File) {
    let [source, library, shift] = ["clock.c", "clock.so", "shift"].map(|name| setup.path(name));
    std::fs::write(&source, LIBRARY).expect("a file");
    std::fs::write(&shift, 0_i64.to_ne_bytes()).expect("a file");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).args([&library, &source]).arg("-ldl");
    assert!(compiler.status().expect("a C compiler").success());
    let file = std::fs::File::options().write(true).open(&shift).expect("a file");
    let setup = setup.environment("LD_PRELOAD", library.display().to_string());
    (setup.environment("CIDIAN_TEST_SHIFT", shift.display().to_string()).start(), file)
}

fn step(clock: &std::fs::File, seconds: i64) {
    clock.write_all_at(&seconds.to_ne_bytes(), 0).expect("the clock can be stepped");
}

#[test]
fn steps_of_the_clock_change_no_order_and_end_no_wait() {
    let (daemon, clock) = with_a_clock(Setup::new(Store::Sqlite).options("--exempt-source none --idle-timeout 100"));
    let mut ann = daemon.connect_as("ann");
    let mut waiting = daemon.connect();
    waiting.ask("I");
    let guesser = Ipv4Addr::new(127, 0, 0, 2);
    let before = daemon.children();
    let mut crashing = Connection::open_from(guesser, daemon.port());
    crashing.ask("I");
    let child = *daemon.children().iter().find(|child| !before.contains(child)).expect("a new child");
    send_signal(child, Signal::SIGABRT);
    daemon.wait_log("source 127.0.0.2 is refused for 90 s");
    let ticks = processes::cpu_ticks(daemon.pid());
    let mut asked = vec![];
    let uptime = || daemon.status()["uptime_seconds"].as_u64().expect("a number");
    for (years, word) in [(0, "apple"), (3, "zoo"), (-5, "pear"), (0, "bank"), (-1, "apple"), (1, "zoo")] {
        step(&clock, years * YEAR);
        assert!(ann.ask_line(&format!("Q ann {word}")).starts_with(&format!("OK {word}\t")));
        asked.insert(0, word);
        assert_eq!(ann.history("ann"), asked, "newest first, {years} years off");
        waiting.ask("I");
        daemon.connect().ok("E");
        let line = Connection::open_from(guesser, daemon.port()).line();
        assert!(line.starts_with("FAIL busy "), "{years} years off: {line}");
        assert!(uptime() < 60);
        let output = daemon.tool(&["reload"]);
        assert!(output.status.success(), "{output:?}");
    }
    let times: Vec<String> =
        ann.ask("H ann all")[1..].iter().filter_map(|row| Some(row.rsplit_once('\t')?.1.to_owned())).collect();
    assert!(times.windows(2).all(|pair| pair[0] > pair[1]), "each later than the one before: {times:?}");
    let year = |time: &String| -> i64 { time[..4].parse().expect("a year") };
    assert!(year(&times[0]) >= year(&times[5]) + 2, "the clock was stepped: {times:?}");
    // The waiting clients still wait; the parent has not been kept awake.
    wait_until("the children to be idle", || daemon.status()["clients"]["idle"] == 1);
    let used = processes::cpu_ticks(daemon.pid()) - ticks;
    assert!(used <= 30, "{used} ticks of a hundredth of a second");
    step(&clock, YEAR);
    let rests = processes::cpu_ticks(daemon.pid());
    let begin = std::time::Instant::now();
    wait_for("a second to pass", PATIENCE, || (begin.elapsed().as_secs() >= 1).then_some(()));
    assert!(processes::cpu_ticks(daemon.pid()) - rests <= 2);
    ann.login("ann");
    waiting.ok("E");
}
