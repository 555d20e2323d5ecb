//! Local time: its offset from UTC at an instant, by `TZ` and the system's settings. Nothing is cached or changed here.

/// Seconds that local time is ahead of UTC at `unix_seconds`; `None` for an instant outside the calendar.
pub fn local_offset(unix_seconds: i64) -> Option<i32> {
    let time: libc::time_t = unix_seconds;
    // SAFETY: `tm` is plain data for which zeroes are a value; the call below writes all of it.
    let mut fields: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live values of ours. localtime_r reads the environment, which nothing in this
    // program changes once it runs.
    let told = unsafe { libc::localtime_r(&raw const time, &raw mut fields) };
    if told.is_null() { None } else { i32::try_from(fields.tm_gmtoff).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_within_a_day() {
        for seconds in [0, 1_763_877_130, -1, i64::from(i32::MAX)] {
            assert!(local_offset(seconds).is_some_and(|offset| offset.abs() <= 86_400), "{seconds}");
        }
        assert_eq!(local_offset(i64::MAX), None);
    }
}
