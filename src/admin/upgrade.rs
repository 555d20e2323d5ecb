//! `cidiand init-db --upgrade`: a database of the classroom schema becomes one of ours.

use super::progress::Progress;
use super::tools::{broken_pipe_is_fine, counted, fatal, make_state_directory_for, say};
use crate::config::settings::Settings;
use crate::exit::{Exit, Fatal};
use crate::protocol::check_passwd;
use crate::store::{self, UpgradeStep, UpgradeTerms};
use crate::sys::{self, Origin};
use crate::words::fold;
use std::cell::RefCell;
use std::io::{self, Write};
use std::path::Path;

/// Where the system keeps its time zones.
const ZONES: &str = "/usr/share/zoneinfo";

/// Upgrades, or does what plain `init-db` does where there is nothing to upgrade.
///
/// # Errors
/// As the help says.
pub(crate) fn run(settings: &Settings, time_zone: Option<&str>, origin: Origin) -> Result<Exit, Fatal> {
    let database = &settings.session.database;
    let offset = time_zone.map(|zone| zone_of(zone, &origin)).transpose()?.flatten();
    make_state_directory_for(database, settings)?;
    let progress = RefCell::new(Progress::new());
    let mut told = Ok(());
    let upgraded = store::upgrade(
        database,
        origin.into_store_key(),
        &mut UpgradeTerms {
            local_offset: &|at| offset.or_else(|| sys::local_offset(at)),
            fold: &fold,
            possible_passwd: &|passwd| check_passwd(passwd).is_ok() && !passwd.chars().any(char::is_control),
            notice: &mut |notice| {
                progress.borrow_mut().hide();
                if told.is_ok() {
                    told = writeln!(io::stdout().lock(), "{notice}");
                }
            },
            progress: &mut |step, done, total| {
                let what = match step {
                    UpgradeStep::Accounts => "accounts",
                    UpgradeStep::Lookups => "lookups",
                    UpgradeStep::Words => "headwords",
                };
                progress.borrow_mut().show(what, done, total);
            },
        },
    );
    drop(progress);
    let upgraded = upgraded.map_err(|error| fatal(database, &error).and("; nothing has changed"))?;
    told.or_else(broken_pipe_is_fine)?;
    let version = store::SCHEMA_VERSION;
    let Some(upgraded) = upgraded else {
        return say(&format!("{database}: nothing to upgrade; schema version {version} is in place"));
    };
    let accounts = counted(upgraded.accounts, "account");
    let (lookups, headwords) = (counted(upgraded.lookups, "lookup"), counted(upgraded.headwords, "headword"));
    let kept = upgraded.kept.join(", ");
    say(&format!("{database}: {accounts}, {lookups}, {headwords}; schema version {version} is in place"))?;
    say(&format!(
        "The old tables were renamed to {kept}. They still contain the passwords: once everything works, DROP \
                  TABLE {kept}"
    ))
}

/// Sees that local times are of this zone: by an offset that is given back, or by its name.
fn zone_of(zone: &str, origin: &Origin) -> Result<Option<i32>, Fatal> {
    let wrong = |why: &str| Fatal::new(Exit::Usage, format!("--time-zone {zone}: {why}"));
    if zone.eq_ignore_ascii_case("utc") {
        return Ok(Some(0));
    }
    if zone.starts_with(['+', '-']) {
        return offset_of(zone).map(Some).ok_or_else(|| wrong("an offset is +HH:MM or -HH:MM"));
    }
    // The C library takes what it does not know for UTC, without a word.
    let is_name = zone.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
    if !is_name || !Path::new(ZONES).join(zone).is_file() {
        return Err(wrong(&format!(
            "there is no such zone in {ZONES} (package tzdata); an offset such as +08:00 works without it"
        )));
    }
    sys::set_time_zone(zone, origin);
    Ok(None)
}

fn offset_of(text: &str) -> Option<i32> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text.get(1..)?.chars().filter(|c| *c != ':').collect();
    let shape: String = text.get(1..)?.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    if !["00", "0000", "00:00"].contains(&&*shape) {
        return None;
    }
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..).filter(|rest| !rest.is_empty()).map_or(Some(0), |rest| rest.parse().ok())?;
    (hours <= 15 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::offset_of;

    #[test]
    fn offsets() {
        let of = [("+08:00", 28_800), ("-0330", -12_600), ("+05", 18_000), ("+00:00", 0)];
        assert!(of.iter().all(|(text, offset)| offset_of(text) == Some(*offset)));
        for wrong in ["+", "+8", "+08:0", "+08:60", "+16:00", "+8:000", "+a8:00", "+词", "++0800"] {
            assert_eq!(offset_of(wrong), None, "{wrong}");
        }
    }
}
