//! File names of sounds and pictures that occur in texts: a terminal can't play or show them.

/// The extensions of such files.
const EXTENSIONS: [&str; 30] = [
    "aac", "aiff", "avi", "bmp", "flac", "gif", "ico", "jpeg", "jpg", "m4a", "mid", "mkv", "mov", "mp3", "mp4", "mpeg",
    "mpg", "oga", "ogg", "ogv", "opus", "pdf", "png", "spx", "svg", "tif", "tiff", "wav", "webm", "webp",
];

/// Whether a text is no more than the name, the path or the address of a sound or a picture.
pub(super) fn is_file_name(text: &str) -> bool {
    let text = text.trim();
    let Some((stem, extension)) = text.rsplit_once('.') else { return false };
    !stem.is_empty() && !text.contains('\n') && EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::is_file_name;

    #[test]
    fn files_are_told_from_words() {
        for name in ["run.wav", " a/b c.MP3 ", "sound://x.ogg", "1.spx"] {
            assert!(is_file_name(name), "{name}");
        }
        for text in ["", ".wav", "wav", "see p. 2", "etc.", "run.", "He ran. Wav"] {
            assert!(!is_file_name(text), "{text}");
        }
    }
}
