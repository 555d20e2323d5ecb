//! The text that is shown of HTML, Pango markup and XDXF.

use super::*;
use proptest::prelude::*;

fn check(cases: &[(&str, &str)], dialect: Dialect) {
    for (markup, expected) in cases {
        assert_eq!(plain(markup, dialect).trim_end(), *expected, "{markup}");
    }
}

#[test]
fn tags_go_and_lines_stay() {
    check(
        &[
            ("<b>n.</b> apple<br>a\n  fruit<p>two</p>", "n. apple\na fruit\ntwo"),
            ("1 < 2 and <a href=\"x\">link</a>", "1 < 2 and link"),
            ("<ul><li>one<li>two</ul>end", "• one\n• two\nend"),
            ("<style>b { }</style>x<!-- gone -->y<script>never", "xy"),
            ("<title>gone</title>shown", "shown"),
            ("open <b", "open <b"),
            ("an <a title=\"open>quote and <b>more</b>", "an <a title=\"open>quote and more"),
            ("<BR/><Br />z", "\n\nz"),
            ("<a title='x > y' href=\"1>0\">z</a>", "z"),
            ("one <![CDATA[<two> & ]]>three", "one <two> & three"),
            ("<pre>a\n  b</pre>c", "a\n  b\nc"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></table>d", "a  b\nc\nd"),
            ("<dl><dt>a<dd>b<dt>c</dt><dd>d</dd></dl>e", "a\n  b\nc\n  d\ne"),
            ("<dl><dt>a<dd>b<dl><dt>c<dd>d</dl>e<dt>f<dd>g</dl>z", "a\n  b\n  c\n    d\n  e\nf\n  g\nz"),
            ("<dl><dt>a<dd><dl><dd>b</dd></dl></dd></dl><dl><dt>c<dd>d", "a\n    b\nc\n  d"),
            ("<ul><li><dl><dt>a<dd>b</ul>c", "• a\n    b\nc"),
            ("a</br>b<br></br>c", "a\nb\n\nc"),
            ("<blockquote>a<blockquote>b</blockquote></blockquote>c", "  a\n    b\nc"),
            ("10<sup>3</sup> H<sub>2</sub>O x<sup>th</sup>", "10³ H₂O xth"),
            ("10<sup>-9</sup> s<sup>−1</sup> Ca<sup>2+</sup> 2<sup>n</sup> x<sub>(1)</sub>", "10⁻⁹ s⁻¹ Ca²⁺ 2ⁿ x₍₁₎"),
            ("<q>a</q><img src=x.png alt=star><img alt=x.png>", "“a”star"),
            (
                "say <a href=\"sound://a.mp3\">a.mp3</a><a href=\"sound://a.mp3\">it</a> <a href=\"sound://a.mp3\">🔊</a>",
                "say it",
            ),
        ],
        Dialect::Html,
    );
    check(&[("<k>word</k>\n<i>n.</i> one\n  two", "word\nn. one\n  two")], Dialect::Pango);
}

#[test]
fn lists_are_numbered_and_indented() {
    check(
        &[
            (
                "<div><i>verb</i><ol><li>go on foot<ol><li><div>gehen</div></li><li><div>laufen</div></li></ol></li>\
                 <li>take a dog out</li></ol></div>",
                "verb\n1. go on foot\n   1. gehen\n   2. laufen\n2. take a dog out",
            ),
            ("<ol><li><p>a</p><p>b</p></li></ol>", "1. a\n   b"),
            ("<ol>\n <li>\n  <div>\n   a\n  </div>\n </li>\n</ol>\nz", "1. a\nz"),
            ("<ol start=3><li>a<li value=7>b<li>c</ol>", "3. a\n7. b\n8. c"),
            ("<ol type=a><li>a<ol type=I><li>b<li>c</ol><li>d</ol>", "a. a\n   I. b\n   II. c\nb. d"),
            ("<ol style='list-style-type: upper-alpha'><li>a</ol>", "A. a"),
            ("<ol style='margin:0; list-style-type:none'><li>1) a<li>2) b</ol>", "1) a\n2) b"),
            ("<ul style='list-style: decimal inside'><li>a<ul style='color:red'><li>b</ul></ul>", "1. a\n   • b"),
            ("<ol style='list-style-type: square'><li>a</ol>", "• a"),
            ("<ul style='list-style:none'><li>a<ul><li>b</ul><li>c</ul>", "a\n• b\nc"),
            ("<ul><li>a<ol><li>b<ul><li>c</ul></ol></ul>d", "• a\n  1. b\n     • c\nd"),
            ("<ol><li><ol><li>a</li><li>b</li></ol></li></ol>", "1. 1. a\n   2. b"),
            ("<ol><li>a<br>b</li></ol>", "1. a\n   b"),
            ("<li>a</li><li>b</li>", "• a\n• b"),
            ("</ol></li></ul>a<ol></li>b</ol></ol>c", "a\nb\nc"),
            ("<ol><li></li><li>b</li></ol>", "1.\n2. b"),
            ("<ul><li>a</li>b <li>c</li></ul>d", "• a\nb\n• c\nd"),
            ("<ol><li>a<li></ol>b", "1. a\n2.\nb"),
            ("<ul><li><ul></ul></li><li>a</ul><li><li>b</li>", "•\n• a\n•\n• b"),
            ("<ul><li style='list-style: none'>a<li>b</ul><ol><li type=A>c<li>d</ol>", "a\n• b\nA. c\n2. d"),
            ("<ol><li>a</li><ol><li>b</li><li>c</li></ol><li>d</li></ol>", "1. a\n  1. b\n  2. c\n2. d"),
            ("<ul><li>a</li><ul><li>b</ul><ul><li>c</ul><li>d</ul>e", "• a\n  • b\n  • c\n• d\ne"),
            ("<ul><li>a</li><ul><li>b</li></ul></ul>c", "• a\n  • b\nc"),
        ],
        Dialect::Html,
    );
}

/// A browser shows nothing of it either, and nothing touches across a line that only a style begins.
#[test]
fn styles_hide_and_begin_lines() {
    check(
        &[
            (
                "<span style='display:none'>went, gone</span>go <i hidden>x</i><div style=\"Display: None\">y<div>z</div></div>!",
                "go !",
            ),
            ("<span hidden>a<span>b</span>c<br></span>d<p hidden>e<p>f</p>", "d\nf"),
            ("<b style='visibility: hidden'>x<ul><li>y</ul></b>z", "z"),
            ("<template><p>x</p></template>a", "a"),
            ("<span style='display:block'>one</span><span style='display: block;'>two</span>three", "one\ntwo\nthree"),
            (
                "<div style='display:inline'>1.</div> <div style='display:inline-block'>one<div>b</div>c</div>",
                "1. one\nb\nc",
            ),
            ("<i style='display:block'>a<i>b</i>c</i>d<img style='display:none'>e<br hidden>f", "abc\nde\nf"),
            ("<ul type=none><li>a</ul><ul type=square><li>b</ul><ol><li type=Disc>c<li>d</ol>", "a\n• b\n• c\n2. d"),
            // A click shows it; and nothing is no article.
            ("<a onclick='show()'>more</a><div style='display:none'>a</div>", "more\na"),
            ("<div hidden>a</div> ", "a"),
        ],
        Dialect::Html,
    );
}

/// A terminal has no second line for readings, and plays nothing: what browsers show that can't is not for it.
#[test]
fn readings_are_in_brackets_and_players_are_not_shown() {
    check(
        &[
            ("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rt>じ</rt></ruby>。", "漢(かん)字(じ)。"),
            ("<ruby>漢字<rt>かんじ</ruby>x <ruby><rb>漢<rb>字<rt>かん<rt>じ</ruby>", "漢字(かんじ)x 漢字(かん)(じ)"),
            ("<ruby>字<rt></rt></ruby>", "字"),
            ("<rt>open", "open"),
            (
                "bell <audio src=a.ogg>Your browser can't play it.</audio>n. <video><source src=b>No.</video>x",
                "bell n. x",
            ),
            ("<audio src=a.ogg />x", "x"),
            ("<iframe src=a><p>No frames.</p></iframe>x<noembed><b>y</b></noembed>", "x"),
            (
                "<math><semantics><mi>x</mi><annotation encoding='application/x-tex'>\\x</annotation></semantics></math>",
                "x",
            ),
        ],
        Dialect::Html,
    );
}

#[test]
fn a_row_is_a_line_and_its_cells_are_apart() {
    check(
        &[
            ("<table><tr><th>ich gehe</th>\n <td> wir gehen </td></tr></table>", "ich gehe  wir gehen"),
            ("<table><tr><td>1.</td><td><p>to go</p><p>he goes</p></td></tr></table>z", "1.  to go\nhe goes\nz"),
            ("<table><tr><td><p>a</p></td><td><div>b</div></td><td>c</td></tr></table>", "a  b  c"),
            ("<table><tr><td>a<br>b</td><td>c</td></tr></table>", "a\nb\nc"),
            ("<table><tr><td></td><td>a</td><td></td></tr><tr><td>b<td>c</table>d", "a\nb  c\nd"),
            ("<ul><li><table><tr><td>a</td><td>b</td></tr></table></ul>", "• a  b"),
            ("<table><tr><td>a<table><tr><td>b<td>c</table></td><td>d</td></tr></table>e", "a\nb  c\nd\ne"),
            ("x<td>y", "x  y"),
        ],
        Dialect::Html,
    );
}

#[test]
fn entities_are_those_of_html() {
    check(
        &[
            ("a &lt;b&gt; &amp;amp; &eacute;&nbsp;&#x4e2d;&#25991; &yuml; &bogus; &", "a <b> &amp; é 中文 ÿ &bogus; &"),
            ("&#146;&#x93;&#128;&#150;", "’“€–"),
            ("&alpha;&rarr;&check;&hearts;&frac34;&NotEqualTilde;&aacute", "α→✓♥¾≂\u{338}á"),
            ("&#xd800;&#0;&#x110000;", "\u{fffd}\u{fffd}\u{fffd}"),
        ],
        Dialect::Html,
    );
}

#[test]
fn xdxf_is_shown_as_it_means() {
    check(
        &[
            (
                "<k>run</k>\n<tr>rʌn</tr> <gr>v.</gr>\n<def>to move fast <ex>he ran home</ex></def> <rref>run.wav</rref>",
                "run\n[rʌn] v.\nto move fast\n  he ran home",
            ),
            ("<k>a</k>\n<tr>/ə/</tr> <tr>[x]</tr><tr></tr>\n1) <ex>b</ex> — c", "a\n/ə/ [x]\n1) b — c"),
            ("[<tr>ho:um</tr>] <gr>n.</gr> /<tr>x</tr>/ <tr>[y] [z]</tr>", "[ho:um] n. /x/ [y] [z]"),
            (
                "<k>a</k>\n<blockquote>b</blockquote>\n<blockquote><blockquote>c</blockquote></blockquote>\n\nd",
                "a\n  b\n    c\n\nd",
            ),
            ("<rref>pictures/a b.jpg</rref>x <rref>see this</rref>", "x see this"),
            ("<rref start=\"1\" size=\"2\">a.ogg</rref>x<rref>left.wav", "xleft.wav"),
            ("<iref href=\"http://a\">b</iref> <iref href=\"http://a\"></iref>", "b http://a"),
            ("<kref>b</kref>, <abr>n.</abr> <c c=\"red\">c</c> <co>d</co> <dtrn>e</dtrn>", "b, n. c d e"),
            ("<k>a</k>\n<tr>ə</tr><tr>e</tr>one (<tr>x</tr>)", "a\n[ə] [e] one ([x])"),
            (
                "<k>a</k>\n<table>\n <tr>\n  <td>b</td>\n  <td>c</td>\n </tr>\n <tr><td>d</td></tr>\n</table>\n<tr>e</tr>",
                "a\nb  c\nd\n[e]",
            ),
            ("<k>a</k>\n<pos>n.</pos><co>b</co>c<ex>d</ex><ex>e</ex>, (<ex>f</ex>)", "a\nn. b c d\ne, (f)"),
            ("<k>a</k>\r\n<blockquote>b</blockquote>\r\nc\r\n", "a\n  b\nc"),
            ("<k>a</k> <tr>ə</tr> one\n  two", "a\n[ə] one\n  two"),
            ("<k>a</k> \n  one\n two", "a\n  one\n two"),
            ("<ar><k>a</k><ar><k>b</k>\none</ar>two</ar>\n<etm>c</etm>d", "a\nb\none\ntwo\nc\nd"),
            ("<ar><def><def>one</def>\n<def>two<ex>t</ex></def></def></ar>", "1. one\n2. two\n     t"),
        ],
        Dialect::Xdxf,
    );
}

/// Articles as the description of the format (revision 033) has them, and what it says of them.
#[test]
fn logical_xdxf_keeps_its_parts_apart() {
    check(
        &[
            (
                "<def>\n <gr><abbr>n.</abbr> <tr>'həum</tr><rref start=\"1\" lctn=\"a.ogg\"/></gr>\n <co>Home page</co>\n \
                 <sr><kref type=\"rel\">home-made</kref></sr>\n <def><deftext>a place</deftext></def>\n <def>\n  \
                 <deftext>\n   <dtrn>дом</dtrn>, at home</deftext>\n  <ex>\n   <ex_orig>at <mrkd>home</mrkd></ex_orig>\n   \
                 <ex_tran>дома</ex_tran>\n  </ex>\n </def>\n</def>",
                "n. ['həum] Home page\nrelated: home-made\n1. a place\n2. дом, at home\n     at home\n     дома",
            ),
            (
                "<def><gr>n.</gr><tr>x</tr><deftext>a <kref>b</kref></deftext><ex><ex_orig>c</ex_orig><ex_tran>d</ex_tran></ex></def>",
                "n. [x] a b\n  c\n  d",
            ),
            (
                "<def><def><gr>n.</gr><def>one</def><def>two</def></def><def><gr>v.</gr><def>three</def></def></def>end",
                "1. n.\n   a. one\n   b. two\n2. v.\n   three\nend",
            ),
            (
                "<def>x<sr><kref type=\"spv\">a</kref>\n<kref type=\"syn\" kcmt=\"partly\">b</kref>\n<kref type=\"syn\">\
                 <abbr>obs.</abbr>c</kref></sr>y</def>",
                "x\nspelling variant: a; synonym: b (partly), obs. c\ny",
            ),
            ("<def><sr>Syn: <kref type=\"syn\">a</kref>, <kref type=\"syn\">b</kref></sr></def>", "Syn: a, b"),
            (
                "<k>home</k>\n<def>\n [<tr>ho:um</tr>]\n <gr>n.</gr>\n <rref> a.ogg </rref>\n 1) a place;\n  one lives there\n 2) \
                 land\n</def>",
                "home\n[ho:um] n.\n1) a place; one lives there\n2) land",
            ),
            ("<def><gr>n.</gr><dtrn>дом</dtrn><dtrn>жилище</dtrn>, <dtrn>очаг</dtrn>.</def>", "n. дом жилище, очаг."),
            ("<def cmt=\"round\"><deftext>x</deftext></def><def/>", "(round) x"),
            ("<k>disc<opt>s</opt></k><def>x</def>", "disc(s)\nx"),
            ("<def>1) a</def><def>2) b</def>", "1) a\n2) b"),
            ("</def><def><ex>a</def></ex>b</def>c", "  a\nb\nc"),
        ],
        Dialect::Xdxf,
    );
}

/// Each of these was made to be slow, deep or large for a reader that keeps a tree or goes back.
#[test]
fn hostile_markup_is_read_in_one_pass() {
    let pieces = [
        "<a",
        "<",
        "&",
        "<!--",
        "<script>",
        "&#x",
        "<ol><li>",
        "<li>",
        "<dd>",
        "<blockquote>x",
        "</blockquote>",
        "<a \"",
        "<table><tr><td>",
        "<![CDATA[",
        "<sup>",
        "<b><i>",
        "<a b=c ",
        "<ol></ul>",
        "<br>",
        "<dd></ol><ol>",
        "]]>",
        "<pre>\n",
        "<td>x",
        "<td>x<td>\n<br>",
        "<p hidden>x",
        "<i hidden>",
        "<b style='display:block'>x",
        "<def>x",
        "</def>",
        "<sr><kref>",
        "\n1) ",
    ];
    for piece in pieces {
        for dialect in [Dialect::Html, Dialect::Pango, Dialect::Xdxf] {
            let text = format!("<def>{}", piece.repeat(10_000));
            let shown = plain(&text, dialect);
            assert!(shown.len() < 40 * text.len(), "{piece}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_taken(text in r#"(<|>|/|&|;|#|x|br|li|ol|dd|"|'| |=|<!--|-->|script|<!\[CDATA\[|\]\]>|tr|iref|é|\n| ){0,40}"#) {
        for dialect in [Dialect::Html, Dialect::Pango, Dialect::Xdxf] {
            plain(&text, dialect);
        }
    }

    #[test]
    fn a_text_without_markup_is_itself(text in "[a-zé中 ]{0,30}") {
        let blanks: Vec<&str> = text.split_whitespace().collect();
        let shown = plain(&text, Dialect::Html);
        prop_assert_eq!(shown.trim(), blanks.join(" "));
        prop_assert_eq!(plain(&text, Dialect::Pango), text);
    }
}
