//! What HTML's attributes say of an element's display, where that is not what its name says: dictionaries hide what is
//! only searched for, and give a part a line by a style of its own.

/// How an element is displayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Display {
    /// Not at all.
    Hidden,
    /// On lines of its own.
    Block,
    /// Among the text around it.
    Inline,
}

/// What an element's style says, or else its attribute `hidden`; `None` if neither says anything.
pub(super) fn display(style: &str, hidden: bool) -> Option<Display> {
    let mut said = hidden.then_some(Display::Hidden);
    let mut visible = true;
    for (property, value) in style.split(';').filter_map(|declaration| declaration.split_once(':')) {
        let value = value.split('!').next().unwrap_or("").trim();
        let is = |names: &[&str]| names.iter().any(|name| value.eq_ignore_ascii_case(name));
        if property.trim().eq_ignore_ascii_case("visibility") {
            visible = !is(&["hidden", "collapse"]);
        } else if property.trim().eq_ignore_ascii_case("display") {
            if is(&["none"]) {
                said = Some(Display::Hidden);
            } else if is(&["block", "list-item", "flex", "grid", "flow-root"]) {
                said = Some(Display::Block);
            } else if is(&["inline", "inline-block", "inline-flex", "contents"]) {
                said = Some(Display::Inline);
            }
        }
    }
    if visible { said } else { Some(Display::Hidden) }
}

/// Whether something in a text can show what it hides when it is clicked: a reader of plain text gets all of it then.
pub(super) fn has_scripts(text: &str) -> bool {
    ["<script", "onclick", "javascript:"].iter().any(|sign| text.contains(sign))
}

/// An element that is displayed in a way of its own.
#[derive(Debug)]
struct Styled {
    name: Vec<u8>,
    display: Display,
    /// How many elements of its name are open, with itself.
    depth: usize,
}

/// The elements that are open and are displayed in ways of their own, innermost last.
#[derive(Debug, Default)]
pub(super) struct Styles {
    open: Vec<Styled>,
    hides: bool,
}

impl Styles {
    /// Those of a text; whether it hides anything.
    pub(super) fn new(hides: bool) -> Self {
        Self { open: Vec::new(), hides }
    }

    /// Whether what comes now is not shown.
    pub(super) fn is_hidden(&self) -> bool {
        self.open.last().is_some_and(|innermost| innermost.display == Display::Hidden)
    }

    /// Begins an element; returns how it is displayed if that is not as its name says. In a hidden one all are hidden.
    pub(super) fn begin(&mut self, name: &[u8], said: Option<Display>) -> Option<Display> {
        let was_hidden = self.is_hidden();
        match self.open.last_mut().filter(|innermost| innermost.name == name) {
            // A paragraph ends the one before it.
            Some(innermost) if name == b"p" && innermost.depth == 1 => {
                self.open.pop();
                return self.begin(name, said);
            }
            Some(innermost) => innermost.depth += 1,
            None => {}
        }
        if was_hidden {
            return Some(Display::Hidden);
        }
        let said = said.filter(|display| self.hides || *display != Display::Hidden)?;
        self.open.push(Styled { name: name.to_owned(), display: said, depth: 1 });
        Some(said)
    }

    /// Ends an element; returns how it was displayed if that is not as its name says.
    pub(super) fn end(&mut self, name: &[u8]) -> Option<Display> {
        let was_hidden = self.is_hidden().then_some(Display::Hidden);
        let Some(innermost) = self.open.last_mut().filter(|innermost| innermost.name == name) else {
            return was_hidden;
        };
        innermost.depth -= 1;
        if innermost.depth > 0 {
            return was_hidden;
        }
        self.open.pop().map(|ended| ended.display)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_say_how_elements_are_displayed() {
        let cases = [
            ("", false, None),
            ("color:red", true, Some(Display::Hidden)),
            ("color: red; DISPLAY : None !important", false, Some(Display::Hidden)),
            ("display:none; display:block", true, Some(Display::Block)),
            ("display:inline-block", false, Some(Display::Inline)),
            ("visibility:hidden; display:block", false, Some(Display::Hidden)),
            ("display:ruby;display", false, None),
        ];
        for (style, hidden, expected) in cases {
            assert_eq!(display(style, hidden), expected, "{style}");
        }
    }
}
