//! The ratios as a picture: a bar for each, a whisker for its spread, a mark for its target; logarithmic, so that half
//! and double are equally far from 1. Pure.

use crate::figures::{Comparison, Section, Target};
use crate::report::number;
use std::fmt::Write;

const WIDTH: f64 = 900.0;
const LABELS: f64 = 470.0;
const ROW: f64 = 22.0;
/// The scale's ends.
const LEAST: f64 = 0.1;
const GREATEST: f64 = 100.0;

/// The picture as SVG.
pub fn svg(sections: &[Section]) -> String {
    let mut body = String::new();
    let mut y = 40.0;
    for section in sections.iter().filter(|section| !section.comparisons.is_empty()) {
        let title = escape(&section.title);
        body += &format!("<text x=\"8\" y=\"{:.0}\" font-weight=\"bold\">{title}</text>\n", y + 15.0);
        y += ROW;
        for comparison in &section.comparisons {
            // Writing to a string never fails.
            let _ = bar(&mut body, comparison, y);
            y += ROW;
        }
        y += 6.0;
    }
    let mut axis = String::new();
    for tick in [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0] {
        let (x, colour) = (place(tick), if tick == 1.0 { "#555" } else { "#ddd" });
        axis += &format!("<line x1=\"{x:.1}\" y1=\"34\" x2=\"{x:.1}\" y2=\"{y:.0}\" stroke=\"{colour}\"/>\n");
        axis += &format!("<text x=\"{x:.1}\" y=\"28\" text-anchor=\"middle\" fill=\"#555\">{}</text>\n", number(tick));
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {WIDTH} {height:.0}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"8\" y=\"28\" fill=\"#555\">Cidian over what it is compared with; the red mark is the target</text>\n\
         {axis}{body}</svg>\n",
        height = y + 8.0,
    )
}

fn bar(body: &mut String, comparison: &Comparison, y: f64) -> std::fmt::Result {
    let ratio = comparison.ratio();
    let what = escape(&format!("{} / {}", comparison.what, comparison.theirs.name));
    let (middle, one) = (y + ROW / 2.0, place(1.0));
    let value = place(ratio.median());
    let met = match comparison.target {
        Target::None => "#9ab",
        target if target.met_by(ratio.median()) == Some(true) => "#4a8",
        _ => "#d95",
    };
    // A label that is too long is squeezed rather than cut.
    let squeeze = if what.chars().count() > 74 {
        format!(" textLength=\"{:.0}\" lengthAdjust=\"spacingAndGlyphs\"", LABELS - 16.0)
    } else {
        String::new()
    };
    writeln!(body, "<text x=\"8\" y=\"{:.0}\" font-size=\"11\"{squeeze}>{what}</text>", middle + 4.0)?;
    let (left, width) = (value.min(one), (value - one).abs().max(1.0));
    let top = y + 4.0;
    writeln!(body, "<rect x=\"{left:.1}\" y=\"{top:.0}\" width=\"{width:.1}\" height=\"14\" fill=\"{met}\"/>")?;
    let (least, greatest) = (place(ratio.least()), place(ratio.greatest()));
    writeln!(body, "<line x1=\"{least:.1}\" y1=\"{middle}\" x2=\"{greatest:.1}\" y2=\"{middle}\" stroke=\"#222\"/>")?;
    if let Target::AtLeast(target) | Target::AtMost(target) = comparison.target {
        let (x, bottom) = (place(target), y + ROW);
        writeln!(
            body,
            "<line x1=\"{x:.1}\" y1=\"{y}\" x2=\"{x:.1}\" y2=\"{bottom}\" stroke=\"#c00\" stroke-width=\"2\"/>"
        )?;
    }
    Ok(())
}

/// Where a ratio is on the scale.
fn place(ratio: f64) -> f64 {
    let ratio = if ratio.is_finite() { ratio.clamp(LEAST, GREATEST) } else { LEAST };
    LABELS + (WIDTH - LABELS - 24.0) * (ratio / LEAST).log10() / (GREATEST / LEAST).log10()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('`', "")
}
