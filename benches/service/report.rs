//! The table, as Markdown: on standard output, and between two marks in `docs/performance.md`.

use crate::Result;
use crate::figures::{Comparison, Contestant, Reading, Section, Series, Target};
use std::fmt::Write;
use std::path::Path;

const BEGIN: &str = "<!-- What follows, up to the end mark, is written by `cargo bench --bench service`. -->";
const END: &str = "<!-- end -->";

/// All sections as one Markdown text.
pub fn markdown(machine: &str, sections: &[Section]) -> String {
    let mut text = format!("{machine}\n");
    for section in sections {
        // Writing to a string never fails.
        let _ = section_to(&mut text, section);
    }
    text
}

fn section_to(text: &mut String, section: &Section) -> std::fmt::Result {
    write!(text, "\n### {}\n", section.title)?;
    if !section.comparisons.is_empty() {
        text.push_str("\n| what | Cidian | against | | ratio | least…greatest | target | CPUs |\n");
        text.push_str("| --- | ---: | --- | ---: | ---: | ---: | --- | --- |\n");
    }
    for comparison in &section.comparisons {
        let Comparison { what, unit, ours, theirs, target } = comparison;
        let ratio = comparison.ratio();
        writeln!(
            text,
            "| {what} | {} {unit} | {} | {} | **{}** | {} | {} | {} |",
            number(ours.rate.median()),
            theirs.name,
            number(theirs.rate.median()),
            number(ratio.median()),
            spread(&ratio),
            target_of(*target, ratio.median(), ""),
            cpus(ours),
        )?;
    }
    if !section.readings.is_empty() {
        text.push_str("\n| what | | least…greatest | target |\n| --- | ---: | ---: | --- |\n");
    }
    for Reading { what, unit, values, target } in &section.readings {
        let (value, asked) = (values.median(), target_of(*target, values.median(), unit));
        writeln!(text, "| {what} | **{}** {unit} | {} | {asked} |", number(value), spread(values))?;
    }
    for note in &section.notes {
        write!(text, "\n{note}\n")?;
    }
    let mut told: Vec<&str> = Vec::new();
    for contestant in section.comparisons.iter().flat_map(|comparison| [&comparison.ours, &comparison.theirs]) {
        if contestant.failures > 0 && !told.contains(&&*contestant.name) {
            let failure = contestant.failure.as_deref().unwrap_or("unknown");
            write!(text, "\n{}: {} failures, the first: `{failure}`\n", contestant.name, contestant.failures)?;
            told.push(&contestant.name);
        }
    }
    Ok(())
}

fn cpus(contestant: &Contestant) -> String {
    let share = |series: &Series| format!("{:.2}", series.median());
    if contestant.cpu.iter().all(|series| series.median() == 0.0) {
        return String::new();
    }
    let [load, server, database] = contestant.cpu.each_ref().map(share);
    format!("{load} + {server} + {database}")
}

fn spread(values: &Series) -> String {
    if values.least() == values.greatest() {
        String::new()
    } else {
        format!("{}…{}", number(values.least()), number(values.greatest()))
    }
}

fn target_of(target: Target, value: f64, unit: &str) -> String {
    let asked = match target {
        Target::None => return String::new(),
        Target::AtLeast(least) => format!("≥ {} {unit}", number(least)),
        Target::AtMost(most) => format!("≤ {} {unit}", number(most)),
    };
    let met = if target.met_by(value) == Some(true) { "met" } else { "**missed**" };
    format!("{}: {met}", asked.trim_end())
}

/// Three significant digits, thousands apart.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    if value.abs() < 100.0 {
        let digits = match value.abs() {
            small if small < 0.1 => 3,
            middle if middle < 10.0 => 2,
            _ => 1,
        };
        let text = format!("{value:.digits$}");
        return if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text };
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Puts the text between the marks of a file.
pub fn write_into(file: &Path, text: &str) -> Result<()> {
    let old = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let marks = "the marks of the bench's part are not there";
    let (before, rest) = old.split_once(BEGIN).ok_or_else(|| format!("{}: {marks}", file.display()))?;
    let (_, after) = rest.split_once(END).ok_or_else(|| format!("{}: {marks}", file.display()))?;
    std::fs::write(file, format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", text.trim()))?;
    Ok(())
}
