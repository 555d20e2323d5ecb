//! A page of plain text as it grows: blanks, lines, lists, margins. All dictionary markup is laid out on one. The cost
//! of every step is in proportion to the text that it adds, so that no markup is slow, however deep it nests.

/// The most blanks that a line begins with, however deeply lists are nested.
const MAX_MARGIN: usize = 24;

/// How the items of a list are marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    /// Not at all: the text has its own.
    None,
    Bullets,
    Numbers,
    /// `a`, or `A` if true.
    Letters(bool),
    /// `i`, or `I` if true.
    Roman(bool),
}

impl Marks {
    fn mark(self, number: i64) -> String {
        match (self, usize::try_from(number)) {
            (Self::None, _) => String::new(),
            (Self::Bullets, _) => "•".to_owned(),
            (Self::Letters(upper), Ok(number)) if number > 0 => format!("{}.", letters(number, upper)),
            (Self::Roman(upper), Ok(number)) if (1..4000).contains(&number) => format!("{}.", roman(number, upper)),
            _ => format!("{number}."),
        }
    }
}

fn letters(mut number: usize, upper: bool) -> String {
    let first = if upper { b'A' } else { b'a' };
    let mut letters = Vec::new();
    while number > 0 {
        number -= 1;
        letters.push(char::from(first + u8::try_from(number % 26).unwrap_or(0)));
        number /= 26;
    }
    letters.iter().rev().collect()
}

fn roman(mut number: usize, upper: bool) -> String {
    const SIGNS: [(usize, &str); 13] = [
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ];
    let mut out = String::new();
    for (value, sign) in SIGNS {
        while number >= value {
            out.push_str(sign);
            number -= value;
        }
    }
    if upper { out.to_uppercase() } else { out }
}

/// What opened a margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opened {
    /// With the number of the next item, and whether one has begun and not ended.
    List {
        marks: Marks,
        next: i64,
        in_item: bool,
    },
    Indented(&'static str),
}

#[derive(Debug, Clone, Copy)]
struct Block {
    opened: Opened,
    margin_before: usize,
}

/// A row of a table.
#[derive(Debug, Default)]
struct Row {
    from: usize,
    /// How long the text was when a cell had begun: what follows stands on the row's line.
    cell: Option<usize>,
    /// How far it is known whether it has several lines.
    seen: usize,
    has_lines: bool,
}

/// A page that grows.
#[derive(Debug)]
pub(super) struct Page {
    text: String,
    keeps_newlines: bool,
    margin: usize,
    /// How long the text was when a mark had been written: what follows stands on the mark's line.
    marked: Option<usize>,
    /// How long the text was when a block had begun or ended a line: a newline of the text there adds no empty line.
    broken: Option<usize>,
    row: Row,
    blocks: Vec<Block>,
    lists: usize,
}

impl Page {
    /// An empty page. Newlines of the texts are kept, or are blanks.
    pub(super) fn new(keeps_newlines: bool, capacity: usize) -> Self {
        let text = String::with_capacity(capacity);
        Self {
            text,
            keeps_newlines,
            margin: 0,
            marked: None,
            broken: None,
            row: Row::default(),
            blocks: Vec::new(),
            lists: 0,
        }
    }

    /// Its current length: a place to go back to.
    pub(super) fn length(&self) -> usize {
        self.text.len()
    }

    /// What had been added up to a place.
    pub(super) fn before(&self, place: usize) -> &str {
        self.text.get(..place).unwrap_or("")
    }

    /// What was added since a place.
    pub(super) fn since(&self, place: usize) -> &str {
        self.text.get(place..).unwrap_or("")
    }

    /// Takes back what was added since a place.
    pub(super) fn take_back(&mut self, place: usize) {
        if place <= self.text.len() && self.text.is_char_boundary(place) {
            self.text.truncate(place);
        }
    }

    /// The whole text.
    pub(super) fn finish(self) -> String {
        self.text
    }

    fn at_beginning_of_line(&self) -> bool {
        let length = self.text.len();
        self.text.is_empty() || self.text.ends_with('\n') || [self.marked, self.row.cell].contains(&Some(length))
    }

    /// Whether a block has just begun or ended a line.
    pub(super) fn is_at_break(&self) -> bool {
        self.broken == Some(self.text.len())
    }

    fn begin_line(&mut self) {
        if self.text.is_empty() || self.text.ends_with('\n') {
            self.text.extend(std::iter::repeat_n(' ', self.margin));
        }
    }

    /// Adds running text.
    pub(super) fn add(&mut self, text: &str) {
        if self.keeps_newlines {
            self.add_as_it_is(text);
            return;
        }
        let is_blank = |c: char| matches!(c, ' ' | '\n' | '\r' | '\t' | '\u{c}');
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(is_blank).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            if !word.is_empty() {
                self.begin_line();
                push_shown(&mut self.text, word);
            }
            rest = after.trim_start_matches(is_blank);
            if !after.is_empty() && !self.at_beginning_of_line() && !self.text.ends_with(' ') {
                self.text.push(' ');
            }
        }
    }

    /// Adds text whose blanks and newlines stay.
    pub(super) fn add_as_it_is(&mut self, text: &str) {
        let second = text.strip_prefix("\r\n").or_else(|| text.strip_prefix('\n')).filter(|_| self.is_at_break());
        if second.is_some() {
            self.broken = None;
        }
        let text = second.unwrap_or(text);
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                self.text.push('\n');
            }
            if !line.is_empty() {
                self.begin_line();
                push_shown(&mut self.text, line);
            }
        }
    }

    /// Starts a line for what follows, unless the current one is empty.
    pub(super) fn fresh_line(&mut self) {
        if self.at_beginning_of_line() {
            return;
        }
        while self.text.ends_with(' ') {
            self.text.pop();
        }
        self.text.push('\n');
        self.broken = Some(self.text.len());
    }

    /// Ends the line, even an empty one.
    pub(super) fn end_line(&mut self) {
        if self.marked != Some(self.text.len()) {
            self.text.push('\n');
        }
    }

    /// Begins or ends a table's row.
    pub(super) fn row(&mut self) {
        self.row.cell = None;
        self.fresh_line();
        self.row = Row { from: self.text.len(), cell: None, seen: self.text.len(), has_lines: false };
    }

    /// Begins a cell, two blanks behind the cell before it: cells may hold several words. A cell behind one of several
    /// lines gets a line of its own.
    pub(super) fn cell(&mut self) {
        let end = self.text.trim_end().len();
        if end <= self.row.from {
            return;
        }
        // The row is searched only once, however many cells it has.
        self.row.has_lines |= self.text.get(self.row.seen..end).is_some_and(|seen| seen.contains('\n'));
        self.row.seen = end;
        if self.row.has_lines {
            self.row.cell = None;
            self.fresh_line();
            return;
        }
        self.text.truncate(end);
        self.text.push_str("  ");
        self.row.cell = Some(self.text.len());
    }

    /// Begins a list. One that is in another list, but in none of its items, is indented by itself.
    pub(super) fn open_list(&mut self, marks: Marks, first: i64) {
        self.fresh_line();
        if let Some(Block { opened: Opened::List { in_item: false, .. }, margin_before }) = self.blocks.last() {
            self.margin = (margin_before + 2).min(MAX_MARGIN);
        }
        self.open(Opened::List { marks, next: first, in_item: false }, 0);
        self.lists += 1;
    }

    /// Ends the innermost list, if there is one.
    pub(super) fn close_list(&mut self) {
        if self.lists > 0 {
            self.close_item();
        }
        self.fresh_line();
        while self.lists > 0 {
            let Some(block) = self.blocks.pop() else { break };
            self.margin = block.margin_before;
            if matches!(block.opened, Opened::List { .. }) {
                self.lists -= 1;
                break;
            }
        }
    }

    /// Begins an item of the innermost list, or of none. It may have a number and a mark of its own.
    pub(super) fn item(&mut self, number: Option<i64>, own_marks: Option<Marks>) {
        self.close_item();
        self.fresh_line();
        let mut mark = own_marks.unwrap_or(Marks::Bullets).mark(0);
        if let Some(Block { opened: Opened::List { marks, next, in_item }, .. }) = self.blocks.last_mut() {
            *next = number.unwrap_or(*next);
            mark = own_marks.unwrap_or(*marks).mark(*next);
            *next = next.saturating_add(1);
            *in_item = true;
        }
        if self.marked != Some(self.text.len()) {
            self.begin_line();
        }
        if mark.is_empty() {
            return;
        }
        self.text.push_str(&mark);
        self.text.push(' ');
        self.marked = Some(self.text.len());
        self.margin = (self.margin + mark.chars().count() + 1).min(MAX_MARGIN);
    }

    /// Ends the item of the innermost list, or the one that is in no list.
    pub(super) fn close_item(&mut self) {
        if self.lists == 0 {
            self.end_empty_item();
            self.margin = self.blocks.last().map_or(0, |block| block.margin_before);
            return;
        }
        while let Some(block) = self.blocks.last_mut() {
            self.margin = block.margin_before;
            if let Opened::List { in_item, .. } = &mut block.opened {
                if std::mem::take(in_item) {
                    self.end_empty_item();
                }
                break;
            }
            self.blocks.pop();
        }
    }

    /// An item without a text has its line all the same; what follows does not stand behind its mark.
    fn end_empty_item(&mut self) {
        if self.marked.take() == Some(self.text.len()) {
            self.text.truncate(self.text.trim_end_matches(' ').len());
            self.text.push('\n');
        }
    }

    /// Begins a block that is indented; `name` ends it.
    pub(super) fn indent(&mut self, name: &'static str, blanks: usize) {
        self.fresh_line();
        self.open(Opened::Indented(name), blanks);
    }

    /// Ends the block of this name, if it is the innermost.
    pub(super) fn close_indented(&mut self, name: &str) {
        if let Some(Block { opened: Opened::Indented(innermost), margin_before }) = self.blocks.last().copied()
            && innermost == name
        {
            self.fresh_line();
            self.margin = margin_before;
            self.blocks.pop();
        }
    }

    fn open(&mut self, opened: Opened, blanks: usize) {
        self.blocks.push(Block { opened, margin_before: self.margin });
        self.margin = (self.margin + blanks).min(MAX_MARGIN);
    }
}

/// A no-break space is a blank like others in a terminal, and a soft hyphen is not shown.
fn push_shown(out: &mut String, text: &str) {
    let is_special = |c: char| matches!(c, '\u{a0}' | '\u{ad}' | '\r');
    if text.contains(is_special) {
        out.extend(text.chars().filter(|c| !matches!(c, '\u{ad}' | '\r')).map(|c| if c == '\u{a0}' { ' ' } else { c }));
    } else {
        out.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_all_kinds() {
        let marks = |marks: Marks, numbers: &[i64]| {
            numbers.iter().map(|&number| marks.mark(number)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(marks(Marks::Bullets, &[1, 2]), "• •");
        assert_eq!(marks(Marks::Numbers, &[0, -1, 12]), "0. -1. 12.");
        assert_eq!(marks(Marks::Letters(false), &[1, 26, 27, 703, 0]), "a. z. aa. aaa. 0.");
        assert_eq!(marks(Marks::Roman(true), &[1, 4, 1999, 4000]), "I. IV. MCMXCIX. 4000.");
    }
}
