//! `cidian stats`: a look back at words a day, new words, days in a row, and what was looked up most.

use super::chart::{Marks, bars, cut, map, shade};
use super::days::{Day, Days, every_day, monday, summed};
use super::link::{Asks, OwnLink};
use super::options::StatsArguments;
use super::review::end_of_day;
use crate::client::commands::context::Context;
use crate::client::error::{Error, Result};
use crate::client::messages::Message;
use crate::client::messages::notebook::NotebookMessage;
use crate::client::render::Clock;
use crate::client::terminal::console::Console;
use crate::protocol::{Count, printable};
use serde::Serialize;
use svg::Document;
use svg::node::element::{Group, Rectangle, Text, Title};
use time::{Date, Duration};

/// How many of the most looked up words are shown.
const MOST: usize = 10;
/// The width of charts without a terminal.
const COLUMNS: usize = 80;
/// Up to this many days each day gets a bar of its own; beyond that each month.
const BARS_OF_DAYS: i64 = 31;

/// All that is shown.
struct Stats {
    days: Days,
    since: Date,
    today: Date,
    stars: u64,
    due: u64,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct StatsLine<'a> {
    since: String,
    until: String,
    lookups: u64,
    words: u64,
    new_words: u64,
    days: u64,
    streak: u64,
    longest_streak: u64,
    stars: u64,
    due: u64,
    most: Vec<MostLine<'a>>,
    per_day: Vec<DayLine>,
}

#[derive(Debug, Serialize)]
struct MostLine<'a> {
    word: &'a str,
    count: u64,
}

#[derive(Debug, Serialize)]
struct DayLine {
    day: String,
    lookups: u64,
    new_words: u64,
}

/// `cidian stats`.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn run(context: &mut Context<'_>, arguments: &StatsArguments) -> Result<()> {
    let mut link = OwnLink::new(context)?;
    let name = link.name.clone();
    show(context.console, &mut link, &name, arguments)?;
    link.leave();
    Ok(())
}

/// Reads, counts and shows.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn show(console: &mut Console, link: &mut impl Asks, name: &str, arguments: &StatsArguments) -> Result<()> {
    let clock = Clock::system();
    let today = clock.local(clock.now()).date();
    let since = arguments.since.map(|since| clock.local(since.begin(clock)).date());
    let since = since.unwrap_or_else(|| today.saturating_sub(Duration::days(364))).min(today);
    let days = link.ask(console, |connection| {
        let mut days = Days::default();
        connection.history(name, Count::All, |row| {
            days.add(row.word, clock.local(row.time).date(), since);
            Ok(())
        })?;
        days.finish();
        Ok(days)
    })?;
    let (stars, due) = link.ask(console, |connection| connection.count_stars(name, end_of_day()))?;
    let stats = Stats { days, since, today, stars, due };
    if let Some(path) = &arguments.svg {
        let failed = |reason| Error::File { path: path.clone(), reason };
        std::fs::write(path, stats.picture(console)).map_err(failed)?;
    }
    if console.manner().json {
        return console.write_json(&stats.line());
    }
    console.paged(|console| stats.print(console))
}

impl Stats {
    fn counted(&self) -> impl Iterator<Item = (Date, Day)> {
        self.days.since(self.since).filter(|(date, _)| *date <= self.today)
    }

    fn line(&self) -> StatsLine<'_> {
        let (streak, longest_streak) = self.days.streaks(self.today);
        let day = |(date, day): (Date, Day)| DayLine {
            day: date.to_string(),
            lookups: day.lookups,
            new_words: day.new_words,
        };
        StatsLine {
            since: self.since.to_string(),
            until: self.today.to_string(),
            lookups: self.counted().map(|(_, day)| day.lookups).sum(),
            words: self.days.count_words(),
            new_words: self.counted().map(|(_, day)| day.new_words).sum(),
            days: self.counted().filter(|(_, day)| day.lookups > 0).count() as u64,
            streak,
            longest_streak,
            stars: self.stars,
            due: self.due,
            most: self.days.most(MOST).into_iter().map(|(word, count)| MostLine { word, count }).collect(),
            per_day: self.counted().map(day).collect(),
        }
    }

    fn print(&self, console: &mut Console) -> Result<()> {
        let language = console.manner().language;
        let say = |message: NotebookMessage<'_>| language.say(&Message::Notebook(&message));
        let columns = console.look().columns.unwrap_or(COLUMNS);
        let marks = Marks::of_environment(|name| std::env::var_os(name));
        let line = self.line();
        console.say(&Message::Notebook(&NotebookMessage::StatsOf { since: &line.since, until: &line.until }))?;
        let numbers = [
            (NotebookMessage::StatsLookups, line.lookups),
            (NotebookMessage::StatsWords, line.words),
            (NotebookMessage::StatsNewWords, line.new_words),
            (NotebookMessage::StatsDays, line.days),
            (NotebookMessage::StatsStreak, line.streak),
            (NotebookMessage::StatsLongest, line.longest_streak),
            (NotebookMessage::StatsStars, line.stars),
            (NotebookMessage::StatsDue, line.due),
        ];
        let names = numbers.iter().map(|(name, _)| crate::client::render::width(&say(name.clone()))).max().unwrap_or(0);
        for (name, number) in numbers {
            let name = say(name);
            let pad = " ".repeat(names - crate::client::render::width(&name));
            console.write(&format!("  {name}{pad}  {number:>6}\n"))?;
        }
        if line.lookups == 0 {
            return Ok(());
        }
        console.write(&format!("\n{}\n", say(NotebookMessage::StatsMap)))?;
        let names = say(NotebookMessage::Weekdays);
        let mut names = names.split(' ');
        let names: [String; 7] = std::array::from_fn(|_| names.next().unwrap_or_default().replace('_', ""));
        let months = say(NotebookMessage::Months);
        let months: Vec<&str> = months.split(' ').collect();
        let month = |month: time::Month| months.get(usize::from(u8::from(month)) - 1).copied().unwrap_or("").to_owned();
        console.write(&map(|date| self.days.of(date), self.since, self.today, marks, columns, &names, month))?;
        let shades: String = marks.shades().iter().flat_map(|shade| [' ', *shade]).collect();
        console.write(&format!("{}\n", say(NotebookMessage::StatsLegend { shades: &shades })))?;
        console.write(&format!("\n{}\n", say(NotebookMessage::StatsBars)))?;
        console.write(&bars(&self.bars(), marks, columns))?;
        console.write(&format!("\n{}\n", say(NotebookMessage::StatsMost)))?;
        // A headword may be as long as a page is wide.
        let room = columns / 2;
        let short = |word: &str| cut(&printable(word), room);
        let rows: Vec<(String, u64)> = line.most.iter().map(|most| (short(most.word), most.count)).collect();
        console.write(&bars(&rows, marks, columns))
    }

    /// Lookups of each day, or of each month where there are many days.
    fn bars(&self) -> Vec<(String, u64)> {
        let all = every_day(self.since, self.today).map(|date| (date, self.days.of(date)));
        if (self.today - self.since).whole_days() < BARS_OF_DAYS {
            return all.map(|(date, day)| (date.to_string(), day.lookups)).collect();
        }
        let months = summed(all, |date| (date.year(), u8::from(date.month())));
        months.into_iter().map(|((year, month), day)| (format!("{year}-{month:02}"), day.lookups)).collect()
    }

    /// The map of days as a picture. A day's number is shown by its shade, and in words when it is pointed at.
    fn picture(&self, console: &Console) -> String {
        const CELL: i64 = 12;
        const SHADES: [&str; 5] = ["#ebedf0", "#c6dbef", "#6baed6", "#2171b5", "#08306b"];
        let language = console.manner().language;
        let first = monday(self.since);
        let weeks = (monday(self.today) - first).whole_weeks() + 1;
        let most = self.counted().map(|(_, day)| day.lookups).max().unwrap_or(0);
        let heading = NotebookMessage::StatsOf { since: &self.since.to_string(), until: &self.today.to_string() };
        let (wide, high) = (weeks * CELL + 10, 7 * CELL + 34);
        let mut picture = Document::new()
            .set("width", wide)
            .set("height", high)
            .set("viewBox", (0, 0, wide, high))
            .set("font-family", "sans-serif")
            .set("font-size", 12)
            .add(Text::new(language.say(&Message::Notebook(&heading))).set("x", 5).set("y", 16));
        for date in every_day(self.since, self.today) {
            let day = self.days.of(date);
            let week = (date - first).whole_weeks();
            let weekday = i64::from(date.weekday().number_days_from_monday());
            let told = NotebookMessage::StatsDay { day: &date.to_string(), lookups: day.lookups };
            let cell = Rectangle::new()
                .set("x", 5 + week * CELL)
                .set("y", 26 + weekday * CELL)
                .set("width", CELL - 2)
                .set("height", CELL - 2)
                .set("fill", SHADES[shade(day.lookups, most)]);
            picture = picture.add(Group::new().add(Title::new(language.say(&Message::Notebook(&told)))).add(cell));
        }
        format!("{picture}\n")
    }
}
