//! What is wrong with a command line, as a sentence. The English text is clap's own; the Chinese one is made from
//! clap's error.

use crate::client::commands::history::WhenError;
use crate::client::messages::Language;
use crate::protocol::printable;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What [`WhenError`] says.
const TIMES: &str =
    "时间可以写成 2026-11-23、'2026-11-23 14:03'、14:03、今天、昨天，或 30min、2h、3d、2w、1y（多久以前）";

/// The complaint, with its line ends; `None` where clap's own words are right: English, and what is not an error.
pub(crate) fn complaint(error: &clap::Error, language: Language) -> Option<String> {
    if language == Language::English || !error.use_stderr() {
        return None;
    }
    let context = |kind| error.get(kind).map(shown).unwrap_or_default();
    let argument = || context(ContextKind::InvalidArg);
    let value = || context(ContextKind::InvalidValue);
    let mut text = match error.kind() {
        ErrorKind::InvalidValue if value().is_empty() => format!("{} 需要一个值", argument()),
        ErrorKind::InvalidValue => format!("{} 不能是“{}”", argument(), value()),
        ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(error).map(|reason| match reason.downcast_ref::<WhenError>() {
                Some(WhenError) => format!("：{TIMES}"),
                None => format!("：{}", printable(&reason.to_string())),
            });
            format!("{} 不能是“{}”{}", argument(), value(), reason.unwrap_or_default())
        }
        ErrorKind::UnknownArgument => format!("没有 {} 这个选项或参数", argument()),
        ErrorKind::InvalidSubcommand => format!("没有“{}”这个命令", context(ContextKind::InvalidSubcommand)),
        ErrorKind::ArgumentConflict if !argument().is_empty() => {
            format!("{} 不能与 {} 同时使用", argument(), context(ContextKind::PriorArg))
        }
        ErrorKind::MissingRequiredArgument => format!("缺少 {}", argument()),
        ErrorKind::TooManyValues | ErrorKind::WrongNumberOfValues | ErrorKind::TooFewValues => {
            format!("{} 的值的个数不对", argument())
        }
        ErrorKind::InvalidUtf8 => "参数不是 UTF-8 文本".to_owned(),
        // Our own: the message is the whole text.
        _ => printable(&error.to_string().lines().next().unwrap_or_default().replace("error: ", "")),
    };
    let values = context(ContextKind::ValidValue);
    if !values.is_empty() {
        text.push_str(&format!("，可以是：{values}"));
    }
    for kind in [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue] {
        let near = context(kind);
        if !near.is_empty() {
            text.push_str(&format!("；您是不是要用：{near}"));
        }
    }
    Some(format!("错误：{text}\n\n更多信息请用 --help。\n"))
}

fn shown(value: &ContextValue) -> String {
    match value {
        ContextValue::String(text) => printable(text),
        ContextValue::Strings(texts) => texts.iter().map(|text| printable(text)).collect::<Vec<_>>().join("、"),
        ContextValue::Number(number) => number.to_string(),
        _ => String::new(),
    }
}
