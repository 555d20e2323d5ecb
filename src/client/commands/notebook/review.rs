//! `cidian review`: a word, its meaning when a key is pressed, and a grade by another key. Each grade is stored at
//! once, so a review may stop anywhere, and the next one goes on from there.

use super::link::{Asks, OwnLink};
use super::options::{ReviewArguments, Source};
use super::speech::Speaker;
use crate::client::commands::answer::print_entry;
use crate::client::commands::context::Context;
use crate::client::commands::history::{Choice, tally};
use crate::client::error::{Error, Result};
use crate::client::messages::Message;
use crate::client::messages::notebook::NotebookMessage;
use crate::client::render::{Clock, TimeText, bold, wrapped};
use crate::client::terminal::console::Console;
use crate::client::terminal::keys::Key;
use crate::protocol::{Grade, MAX_STARS_PAGE, Request, StarRow, printable};
use std::collections::VecDeque;
use time::{Duration, OffsetDateTime};

/// How many words are reviewed by default.
pub(crate) const USUAL: u32 = 20;
/// What is to be seen again so soon comes again in the same review, as the server sees it.
const SOON: Duration = Duration::minutes(20);

/// A word to be reviewed.
#[derive(Debug, Clone)]
struct Card {
    word: String,
    tags: Vec<String>,
    note: String,
}

/// `cidian review`.
///
/// # Errors
/// Whatever can go wrong with that; the grades that were given are kept.
pub(crate) fn run(context: &mut Context<'_>, arguments: &ReviewArguments, speaker: &mut Speaker) -> Result<()> {
    let mut link = OwnLink::new(context)?;
    let console = &mut *context.console;
    let name = link.name.clone();
    if arguments.count {
        let (stars, due) = link.ask(console, |connection| connection.count_stars(&name, end_of_day()))?;
        link.leave();
        return if console.manner().json {
            console.write_json(&serde_json::json!({ "stars": stars, "due": due }))
        } else {
            console.write(&format!("{due}\n"))
        };
    }
    review(console, &mut link, &name, arguments, speaker)?;
    link.leave();
    Ok(())
}

/// Where the person's day ends.
pub(crate) fn end_of_day() -> OffsetDateTime {
    let clock = Clock::system();
    let today = clock.local(clock.now()).date();
    clock.instant(today.saturating_add(Duration::DAY).midnight())
}

/// The dialogue.
///
/// # Errors
/// Whatever can go wrong with that; the grades that were given are kept.
pub(crate) fn review(
    console: &mut Console,
    link: &mut impl Asks,
    name: &str,
    arguments: &ReviewArguments,
    speaker: &mut Speaker,
) -> Result<()> {
    let most = arguments.number.unwrap_or(USUAL);
    let mut queue = match arguments.from.unwrap_or_default() {
        Source::Stars => due(console, link, name, arguments, most)?,
        Source::History => looked_up(console, link, name, arguments, most)?,
    };
    let repeats = arguments.from.unwrap_or_default() == Source::Stars;
    if queue.is_empty() {
        return console.say(&Message::Notebook(&NotebookMessage::NothingDue));
    }
    let (mut graded, mut shown) = (0, 0);
    while let Some(card) = queue.pop_front() {
        shown += 1;
        let left = queue.len();
        match one(console, link, name, &card, left, speaker)? {
            None => break,
            Some(due) => {
                graded += 1;
                if repeats && due - OffsetDateTime::now_utc() < SOON {
                    queue.push_back(card);
                }
            }
        }
    }
    if shown == 0 || graded == 0 {
        return Ok(());
    }
    let (_, due) = link.ask(console, |connection| connection.count_stars(name, end_of_day()))?;
    console.say(&Message::Notebook(&NotebookMessage::Reviewed { graded, due }))
}

fn due(
    console: &mut Console,
    link: &mut impl Asks,
    name: &str,
    arguments: &ReviewArguments,
    most: u32,
) -> Result<VecDeque<Card>> {
    let since = arguments.since.map(|since| since.begin(Clock::system()));
    // The server chooses neither by tag nor by time.
    let asked = if arguments.tag.is_none() && since.is_none() { most } else { MAX_STARS_PAGE };
    let stars = link.ask(console, |connection| connection.due(name, end_of_day(), asked))?;
    let wanted = |star: &StarRow| {
        arguments.tag.as_ref().is_none_or(|tag| star.tags.contains(tag))
            && since.is_none_or(|since| star.created >= since)
    };
    let cards = stars.into_iter().filter(wanted).take(most as usize);
    Ok(cards.map(|StarRow { word, tags, note, .. }| Card { word, tags, note }).collect())
}

fn looked_up(
    console: &mut Console,
    link: &mut impl Asks,
    name: &str,
    arguments: &ReviewArguments,
    most: u32,
) -> Result<VecDeque<Card>> {
    let choice = Choice { since: arguments.since, ..Choice::default() };
    let mut tallies = link.ask(console, |connection| tally(connection, name, &choice))?;
    // The latest first.
    tallies.sort_by_key(|tally| std::cmp::Reverse(tally.last));
    let mut stars = std::collections::HashMap::new();
    link.ask(console, |connection| {
        stars.clear();
        connection.stars(name, |star| {
            stars.insert(star.word.clone(), star);
            Ok(())
        })
    })?;
    let card = |word: String| match stars.remove(&word) {
        Some(StarRow { tags, note, .. }) => Card { word, tags, note },
        None => Card { word, tags: Vec::new(), note: String::new() },
    };
    let cards = tallies.into_iter().map(|tally| tally.word).map(card);
    let wanted = |card: &Card| arguments.tag.as_ref().is_none_or(|tag| card.tags.contains(tag));
    Ok(cards.filter(wanted).take(most as usize).collect())
}

/// Shows one word and takes its grade: when it is to be reviewed again, or `None` if the person has had enough.
fn one(
    console: &mut Console,
    link: &mut impl Asks,
    name: &str,
    card: &Card,
    left: usize,
    speaker: &mut Speaker,
) -> Result<Option<OffsetDateTime>> {
    let word = printable(&card.word);
    let look = console.look();
    let shown = if look.colour { bold(&word) } else { word };
    let mut front = String::new();
    wrapped(&mut front, &shown, "", "", look.columns);
    console.write(&format!("\n{front}"))?;
    speaker.say_if_asked(console, &card.word)?;
    loop {
        match console.ask_key(&Message::Notebook(&NotebookMessage::AskReveal { left }))? {
            Key::Enter | Key::Char(' ') => break,
            Key::Char('q' | 'Q') | Key::End => return Ok(None),
            Key::Char('s' | 'S') => speaker.say(console, &card.word)?,
            // A person who knows it need not see it.
            Key::Char(number @ '1'..='4') => return grade(console, link, name, card, number).map(Some),
            Key::Char(_) | Key::Other => {}
        }
    }
    back(console, link, name, card)?;
    loop {
        match console.ask_key(&Message::Notebook(&NotebookMessage::AskGrade))? {
            Key::Char(number @ '1'..='4') => return grade(console, link, name, card, number).map(Some),
            Key::Enter | Key::Char(' ') => return grade(console, link, name, card, '3').map(Some),
            Key::Char('q' | 'Q') | Key::End => return Ok(None),
            Key::Char('s' | 'S') => speaker.say(console, &card.word)?,
            Key::Char(_) | Key::Other => {}
        }
    }
}

/// What the word means, and what was noted.
fn back(console: &mut Console, link: &mut impl Asks, name: &str, card: &Card) -> Result<()> {
    let request = Request::Define { name, word: &card.word };
    match link.ask(console, |connection| connection.entry_apart(&request))? {
        Some(entry) => print_entry(console, &card.word, entry)?,
        // The dictionary may be another one by now.
        None => console.complain(&Message::NotFound { word: &card.word })?,
    }
    let columns = console.look().columns;
    let mut text = String::new();
    if !card.note.is_empty() {
        wrapped(&mut text, &printable(&card.note), "  ", "  ", columns);
    }
    if !card.tags.is_empty() {
        wrapped(&mut text, &format!("[{}]", printable(&card.tags.join(" "))), "  ", "  ", columns);
    }
    console.write(&text)
}

fn grade(console: &mut Console, link: &mut impl Asks, name: &str, card: &Card, number: char) -> Result<OffsetDateTime> {
    let grade = match number {
        '1' => Grade::Again,
        '2' => Grade::Hard,
        '4' => Grade::Easy,
        _ => Grade::Good,
    };
    let due = link.ask(console, |connection| connection.grade(name, grade, &card.word));
    match due {
        Ok(Some(due)) => {
            let language = console.manner().language;
            let time = TimeText::Local(Clock::system()).of(due, language);
            console.say(&Message::Notebook(&NotebookMessage::Graded { due: &time }))?;
            Ok(due)
        }
        // It was unstarred meanwhile, and cleared from the history.
        Ok(None) => {
            console.complain(&Message::Notebook(&NotebookMessage::NeverLookedUp { word: &card.word }))?;
            Ok(OffsetDateTime::now_utc() + 2 * SOON)
        }
        Err(error @ Error::Lost { sent: true }) => {
            console.complain(&Message::Notebook(&NotebookMessage::GradeUnknown))?;
            Err(error)
        }
        Err(error) => Err(error),
    }
}
