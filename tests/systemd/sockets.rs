//! The socket unit: systemd owns the listening socket, which stays while the daemon is killed, stopped and started.

use super::container::said;
use super::day::Service;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use support::{PATIENCE, wait_for};

/// The Unix socket of the socket unit.
pub const SOCKET: &str = "/run/cidian.sock";

/// Connects over TCP again and again until it is stopped; ends with 1 if it is refused once.
const KNOCK: &str = r"trap '' PIPE
    until [ -e /run/enough ]; do
    exec 3<>/dev/tcp/127.0.0.1/2629 || exit 1
    printf 'I\nE\n' >&3; head -n 1 <&3; exec 3>&-
    done";

/// SIGKILL to the daemon, and a restart, while clients connect: those that were being served are cut off, no client is
/// refused, and those that came meanwhile are answered.
pub fn outlive_the_daemon(service: &Service) {
    let container = &service.container;
    container.ok(&["systemctl", "stop", "cidiand.service"]);
    container.ok(&["systemctl", "enable", "--now", "cidiand.socket"]);
    // The first client starts the daemon.
    assert_eq!(service.connect(SOCKET).ask("I").len(), 5);
    service.wait_restarts(0);
    let mut knocking = container.command(&["bash", "-c", KNOCK]);
    let mut knocking = knocking.stdout(Stdio::piped()).spawn().expect("bash runs");
    let (enough, answered) = (AtomicBool::new(false), AtomicU32::new(0));
    let path = container.path(SOCKET);
    std::thread::scope(|scope| {
        let client = scope.spawn(|| {
            while !enough.load(Ordering::Relaxed) {
                let mut stream = UnixStream::connect(&path).expect("nobody is refused");
                stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
                let mut line = String::new();
                // Cut off in the middle it may be: by SIGKILL, or by a restart.
                if stream.write_all(b"I\n").is_ok() && BufReader::new(stream).read_line(&mut line).is_ok() {
                    answered.fetch_add(u32::from(line.starts_with("OK ")), Ordering::Relaxed);
                }
            }
        });
        let more = |why: &str| {
            let before = answered.load(Ordering::Relaxed);
            wait_for(why, PATIENCE, || {
                (answered.load(Ordering::Relaxed) > before + 5 || client.is_finished()).then_some(())
            });
        };
        more("clients before the end");
        for times in 1..=2 {
            container.ok(&["systemctl", "kill", "-s", "KILL", "--kill-whom=main", "cidiand.service"]);
            service.wait_restarts(times);
            more("clients after SIGKILL");
        }
        container.ok(&["systemctl", "restart", "cidiand.service"]);
        more("clients after a restart");
        enough.store(true, Ordering::Relaxed);
    });
    container.write("/run/enough", "", 0o644);
    let replies = said(&mut knocking);
    assert!(knocking.wait().expect("it ends").success(), "nobody is refused: {replies}");
    assert!(replies.lines().filter(|reply| reply.starts_with("OK ")).count() > 5, "{replies}");
}
