//! The unit files: systemd finds no fault with them, they are as tight as the documents say, and leave room for as many
//! clients as the daemon lets in.

use super::skipped;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// The directory of the units.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd")
}

fn unit(name: &str) -> String {
    std::fs::read_to_string(directory().join(name)).expect("a unit")
}

/// A root in which the package is installed, beside the units of this system.
fn root() -> Option<TempDir> {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        skipped("systemd-analyze is not there (Debian package systemd)");
        return None;
    }
    let root = tempfile::tempdir().expect("a directory");
    let units = root.path().join("usr/lib/systemd/system");
    let programs = root.path().join("usr/bin");
    std::fs::create_dir_all(units.parent().expect("a parent")).expect("a directory");
    std::fs::create_dir_all(&programs).expect("a directory");
    let copied = Command::new("cp").args(["-a", "/usr/lib/systemd/system"]).arg(&units).status().expect("cp runs");
    assert!(copied.success());
    std::fs::copy(env!("CARGO_BIN_EXE_cidiand"), programs.join("cidiand")).expect("the daemon");
    for name in ["cidiand.service", "cidiand.socket", "cidiand-tls.socket", "cidiand-dict.socket"] {
        std::fs::copy(directory().join(name), units.join(name)).expect("a unit");
    }
    Some(root)
}

fn drop_in(root: &Path) {
    let directory = root.join("etc/systemd/system/cidiand.service.d");
    std::fs::create_dir_all(&directory).expect("a directory");
    std::fs::copy(self::directory().join("no-network.conf"), directory.join("no-network.conf")).expect("a drop-in");
}

fn analyze(root: &Path, arguments: &[&str]) -> Output {
    let root = format!("--root={}", root.display());
    Command::new("systemd-analyze").arg(root).args(arguments).output().expect("systemd-analyze runs")
}

#[test]
fn systemd_finds_no_fault_with_the_units() {
    let Some(root) = root() else { return };
    for with_drop_in in [false, true] {
        if with_drop_in {
            drop_in(root.path());
        }
        let units =
            ["verify", "--man=no", "cidiand.service", "cidiand.socket", "cidiand-tls.socket", "cidiand-dict.socket"];
        let output = analyze(root.path(), &units);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.contains("cidian"), "{said}");
    }
}

/// A user's manager takes no other root, so the program is the one that was built, where it was built.
#[test]
fn systemd_finds_no_fault_with_the_unit_for_one_person() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        return skipped("systemd-analyze is not there (Debian package systemd)");
    }
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("cidian.service");
    let unit = unit("user/cidian.service");
    assert!(unit.contains("ExecStart=/usr/bin/cidian "));
    std::fs::write(&file, unit.replace("/usr/bin/cidian", env!("CARGO_BIN_EXE_cidian"))).expect("a unit");
    let mut command = Command::new("systemd-analyze");
    // Of this user, who may have no session.
    command.env("XDG_RUNTIME_DIR", directory.path());
    let output = command.args(["verify", "--user", "--man=no"]).arg(&file).output().expect("systemd-analyze runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("cidian"), "{said}");
}

/// At most 1.0 as it is shipped, 0.3 without a network (systemd-analyze(1): a threshold is ten times that).
#[test]
fn the_service_is_as_tight_as_it_can_be() {
    let Some(root) = root() else { return };
    let judge = |threshold: &str| {
        let threshold = format!("--threshold={threshold}");
        let output = analyze(root.path(), &["security", "--offline=true", &threshold, "cidiand.service"]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("Overall exposure level for cidiand.service"), "{output:?}");
        assert!(output.status.success(), "{said}");
    };
    judge("10");
    drop_in(root.path());
    judge("3");
}

fn setting(unit: &str, name: &str) -> u64 {
    let value = unit.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("{name}= is not there")).parse().expect("a number")
}

/// The default `max-clients` is 10,000: as many processes, and for each at most a turn and a lease that it waits for.
#[test]
fn the_limits_have_room_for_the_clients() {
    let service = unit("cidiand.service");
    let helpers = 64;
    assert!(setting(&service, "TasksMax") >= 10_000 + helpers);
    assert!(setting(&service, "LimitNOFILE") >= 2 * 10_000 + helpers);
    // An outage of the database, however long, is not a reason to give up.
    assert_eq!(setting(&service, "StartLimitIntervalSec"), 0);
    assert!(service.contains("\nRestart=on-failure\n"));
}

/// The annotated configuration names every option there is.
#[test]
fn the_configuration_names_every_option() {
    let configuration = unit("cidiand.toml");
    let help = Command::new(env!("CARGO_BIN_EXE_cidiand")).arg("--help").output().expect("cidiand runs");
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let options = help.lines().filter_map(|line| line.trim_start().strip_prefix("--")?.split(' ').next());
    let keys: Vec<String> = options
        .filter(|option| !["config", "check", "help", "version"].contains(option))
        .map(|option| option.replace('-', "_"))
        .collect();
    assert!(keys.len() > 10, "{help}");
    for key in keys {
        let named = configuration.lines().any(|line| line.trim_start_matches('#').starts_with(&format!("{key} = ")));
        assert!(named, "{key} is not in cidiand.toml");
    }
}
