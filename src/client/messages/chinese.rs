//! The messages in Chinese, and nothing else.

use super::{Message, listed, numbered, other_name_rule, systems_words, wrong_login};
use crate::client::error::Misuse;
use crate::client::error::{Error, KeptFault, TlsFault, WordFault};
use crate::client::render::show::shown;
use crate::files::Refused;
use crate::protocol::{
    Code, DECOMPOSED_NAME, Failure, INVISIBLE_NAME, MAX_HISTORY, MAX_LINE, MAX_NAME_CHARS, MAX_PASSWD_BYTES,
    MAX_PASSWD_CHARS, printable,
};
use std::io::{self, ErrorKind};

/// The message as a sentence (or a menu).
pub(super) fn say(message: &Message<'_>) -> String {
    match message {
        Message::LevelOne { address } => {
            format!("\n词典（{}）\n  1  注册\n  2  登录\n  3  退出", printable(address))
        }
        Message::LevelTwo { name } => {
            format!("\n{}\n  1  查词\n  2  历史记录\n  3  退出登录\n  4  生词本", printable(name))
        }
        Message::OverTls { address } => format!("{}，TLS", printable(address)),
        Message::InClearText { address } => format!("{}，未加密", printable(address)),
        Message::Notebook(message) => message.both().1,
        Message::AskChoice => "> ".into(),
        Message::UnknownChoice { typed, last } => {
            format!("菜单里没有“{}”，请输入 1 到 {last}。", printable(typed))
        }
        Message::UnreadableLine => "无法识别：请输入一行 UTF-8 文本，且不要太长。".into(),
        Message::AskName => "用户名：".into(),
        Message::AskNameOr { name } => format!("用户名 [{}]：", printable(name)),
        Message::NameOfLastTime { name } => format!("上次是 {}（直接回车则相同）", printable(name)),
        Message::AskPassword => "密码：".into(),
        Message::AskPasswordAgain => "再次输入密码：".into(),
        Message::AskNewPassword => "新密码：".into(),
        Message::AskNewPasswordAgain => "再次输入新密码：".into(),
        Message::AskWord => "单词（## 返回）：".into(),
        Message::AskCount => "显示多少条（回车：最近十条，a：全部）：".into(),
        Message::WordsWanted => "请输入单词，每行一个；Ctrl-D 结束。".into(),
        Message::BadCount => format!("请输入 1 到 {MAX_HISTORY} 的数字，a 表示全部，直接回车表示最近十条。"),
        Message::YesOrNo => "请回答 y（是）或 n（否）。".into(),
        Message::OfferLocal { address } => {
            format!("{} 没有服务器。只在本机查词，并保存自己的查询历史？[Y/n] ", printable(address))
        }
        Message::AskDeletion { name } => {
            format!("账号及其全部历史记录都将被删除。请输入用户名（{}）确认：", printable(name))
        }
        Message::Registered { name } => format!("账号 {} 注册成功。", printable(name)),
        Message::LoggedIn { name } => format!("欢迎，{}。", printable(name)),
        Message::LoggedOut => "已退出登录。".into(),
        Message::LoginKept { name } => format!("已登录为 {}，以后的命令不再询问密码。", printable(name)),
        Message::LoginForgotten { name } => format!("已退出登录，不再保存 {} 的登录状态。", printable(name)),
        Message::LoginForgottenHere { name } => {
            format!("本机不再保存 {} 的登录状态；但未能通知服务器，其令牌在服务器上仍然有效。", printable(name))
        }
        Message::NothingKept { address } => format!("没有为 {} 保存登录状态。", printable(address)),
        Message::TokenRefused { name } => {
            format!("{} 的登录状态已失效，不再保存；可用 cidian login 重新登录。", printable(name))
        }
        Message::LoginNotRenewed { error } => {
            format!("保存的登录状态已随旧密码失效，请重新运行 cidian login：{}", failed(error))
        }
        Message::PasswordChanged => "密码已修改。".into(),
        Message::AccountDeleted { name } => format!("账号 {} 已删除。", printable(name)),
        Message::HistoryCleared => "历史记录已清除。".into(),
        Message::LookupsCleared { word, count: 0 } => format!("没有 {} 的查询记录。", printable(word)),
        Message::LookupsCleared { word, count } => format!("已清除 {} 的 {count} 条查询记录。", printable(word)),
        Message::HistoryEmpty => "还没有查过任何单词。".into(),
        Message::SeveralLookups { times } => format!("（{times} 次）"),
        Message::HeadName => "用户名".into(),
        Message::WaitingForPipe { path } => format!("正在等待写入 {} 的内容", printable(&path.to_string_lossy())),
        Message::WaitingForLock { path } => {
            format!("另一个程序锁住了 {}，正在等待", printable(&path.to_string_lossy()))
        }
        Message::HeadWord => "单词".into(),
        Message::HeadTime => "时间（UTC）".into(),
        Message::NothingMatches => "没有符合条件的记录。".into(),
        Message::Today => "今天".into(),
        Message::Yesterday => "昨天".into(),
        Message::HeadLocalTime => "时间".into(),
        Message::HeadLastTime => "最近一次".into(),
        Message::HeadLookups => "次数".into(),
        Message::HeadInterpretation => "释义".into(),
        Message::Exported { words } => format!("已导出 {words} 个单词。"),
        Message::NotFound { word } => format!("没有找到：{}", printable(word)),
        Message::NearSubcommand { name } => format!("如果您要的是命令：cidian {name}"),
        Message::DidYouMean { headwords } => format!("您是不是要找：{}？", listed(headwords, "、")),
        Message::DidYouMeanNumbered { headwords } => {
            format!("您是不是要找：{}？", numbered(headwords, "、", ["（", "）"]))
        }
        Message::WordsFor { word } => format!("“{}”对应的词条：", printable(word)),
        Message::AskNumber => "序号（回车：不选）：".into(),
        Message::FirstMatches { count } => format!("前 {count} 条；可能还有更多。"),
        Message::BadWord { word, fault } => bad_word(word, *fault),
        Message::ClearTextWarning { address } => {
            format!("警告：密码将以明文发送到 {}，途中的任何人都能看到；请使用 --tls", printable(address))
        }
        Message::LookupUnknown => "连接在收到回答之前断开了，这次查询不一定记入了历史记录。".into(),
        Message::Misuse(misuse) => match misuse {
            Misuse::TwoServers => "--local 和 --server 是两个不同的服务器".into(),
            Misuse::TrustWithoutTls => "--tls-ca 要与 --tls 一起使用".into(),
            Misuse::ServesItself => "serve 本身就是服务器：不能与 --server、--tls、--json 同用".into(),
            Misuse::TlsToLocal => "--tls 用于网络上的服务器；--local 没有什么可以被窃听".into(),
            Misuse::NotToClear => "history clear 不接受 history 的选项".into(),
            Misuse::MenusAsJson => "--json 与命令一起使用；菜单是给人看的".into(),
            Misuse::TwoFormats => "--json 和 --format 是两种不同的格式".into(),
            Misuse::PartOfJson => "--json 输出每一项，不能与 --field 或 --first-line 同时使用".into(),
        },
        Message::Failed(error) => failed(error),
    }
}

fn bad_word(word: &str, fault: WordFault) -> String {
    let word: String = printable(word).chars().take(60).collect();
    match fault {
        WordFault::Empty => "不能查询空的单词".into(),
        WordFault::Control => format!("不是单词，含有控制字符：{word}"),
        WordFault::TooLong => format!("不是单词，请求会超过 {MAX_LINE} 字节：{word}"),
        WordFault::NotUtf8 => format!("不是单词，不是 UTF-8 文本：{word}"),
    }
}

fn failed(error: &Error) -> String {
    match error {
        Error::Unreachable { address, reason } => {
            format!("无法连接服务器 {}：{}", printable(address), reasons_words(reason))
        }
        Error::Tls { address, fault } => tls(&printable(address), fault),
        Error::TlsNeedsHost => "--tls 需要服务器的“主机:端口”；Unix 套接字本来就是私密的".into(),
        Error::ClearText { address } => format!(
            "没有发送：密码会以明文发送到 {}，途中的任何人都能看到；请使用 --tls，或者加上 --insecure",
            printable(address)
        ),
        Error::SpeaksTls => "服务器在这个端口上使用 TLS，请加上 --tls".into(),
        Error::Lost { .. } => "与服务器的连接已断开".into(),
        Error::Refused(failure) => refused(failure),
        Error::LoginRefused(failure) if wrong_login(failure) => "登录失败：用户名或密码错误".into(),
        Error::LoginRefused(failure) => format!("登录失败：{}", refused(failure)),
        Error::UnknownRefusal { code, message } => {
            format!("服务器拒绝了请求，原因是本版本不认识的：{} {}", printable(code), printable(message))
        }
        Error::NotOurProtocol { said } => format!("对方不是词典服务器，它的回答是：{}", printable(said)),
        Error::TooMuchHistory => {
            "服务器发来的历史记录太大，无法处理；请用 --since、--until 或 --word 选取一部分".into()
        }
        Error::Output(reason) => format!("标准输出出错：{}", reasons_words(reason)),
        Error::Input(reason) => format!("标准输入出错：{}", reasons_words(reason)),
        Error::System(reason) => format!("系统拒绝了操作：{}", reasons_words(reason)),
        Error::PasswordFile { path, reason } => {
            format!("无法使用密码文件 {}：{}", printable(&path.to_string_lossy()), reasons_words(reason))
        }
        Error::Configuration { path, reason } => {
            format!("配置文件 {}：{}", printable(&path.to_string_lossy()), shown(reason))
        }
        Error::File { path, reason } => {
            format!("文件 {}：{}", printable(&path.to_string_lossy()), reasons_words(reason))
        }
        Error::NotUtf8 { path, line, byte } => format!(
            "文件 {} 第 {line} 行不是 UTF-8（该行第 {byte} 字节）；请转换：iconv -f GB18030 -t UTF-8",
            printable(&path.to_string_lossy())
        ),
        Error::Utf16 { path } => format!(
            "文件 {} 第 1 行：这是 UTF-16；请转换：iconv -f UTF-16 -t UTF-8",
            printable(&path.to_string_lossy())
        ),
        Error::NoSuchDictionary { missing, there } if there.is_empty() => {
            format!("没有这部词典：{}；服务器上只有一部", listed(missing, "、"))
        }
        Error::NoSuchDictionary { missing, there } => {
            format!("没有这部词典：{}；服务器上有：{}", listed(missing, "、"), listed(there, "、"))
        }
        Error::DictionariesNotKnown => "这个服务器版本太旧，不能只查其中几部词典；请去掉 --dictionary".into(),
        Error::NoUser => "请用 --user 用户名 或环境变量 CIDIAN_USER 指定账号".into(),
        Error::NoTerminal => "没有可以输入密码的终端，请使用 --password-file 文件".into(),
        Error::TokenRefused { name } => {
            format!("{} 的登录状态已失效，不再保存；请运行 cidian login", printable(name))
        }
        Error::KeptLogins { path, fault } => kept_logins(&printable(&path.to_string_lossy()), fault),
        Error::NoStateDirectory => "没有可以保存登录状态的地方，请设置环境变量 HOME 或 XDG_STATE_HOME".into(),
        Error::ServerVariable(reason) => format!("环境变量 CIDIAN_SERVER 有误：{reason}"),
        Error::NotConfirmable => "没有可以确认的终端；如果确定要删除，请加上 --yes".into(),
        Error::NotConfirmed => "输入的用户名不符，没有删除".into(),
        Error::PasswordsDiffer => "两次输入的密码不一致".into(),
        Error::BadWord { word, fault } => bad_word(word, *fault),
        Error::EndOfInput => "输入提前结束了".into(),
        Error::Interrupted => "已中断".into(),
    }
}

fn tls(address: &str, fault: &TlsFault) -> String {
    match fault {
        TlsFault::UnknownIssuer => {
            format!("{address} 的证书不是由您信任的机构签发的；如果您知道该信任谁，请用 --tls-ca 文件 指定其证书")
        }
        TlsFault::WrongName => format!("{address} 的证书属于另一个主机；请在 --server 中使用证书上的主机名"),
        TlsFault::Expired => format!("{address} 的证书已过期，须由其管理员更新"),
        TlsFault::NotValidYet => format!("{address} 的证书尚未生效；请检查本机的时间"),
        TlsFault::Authority => {
            format!("{address} 的证书是签发机构自己的证书，不是服务器证书；其管理员须制作 CA:FALSE 的证书")
        }
        TlsFault::Damaged => format!("{address} 的证书无法读取，须由其管理员更换"),
        TlsFault::Purpose => format!("{address} 的证书不是服务器证书；其管理员须制作用途为 serverAuth 的证书"),
        TlsFault::Unverifiable => format!("{address} 的证书无法验证，须由其管理员更换"),
        TlsFault::NotTls => format!("{address} 上的服务不使用 TLS；请换一个端口，或者去掉 --tls"),
        TlsFault::HungUp => format!("服务器 {address} 在 TLS 握手时断开了连接；它可能正忙，请稍后再试"),
        TlsFault::Silent => format!("服务器 {address} 没有回应 TLS，请换一个端口"),
        TlsFault::Lost(reason) => format!("与 {address} 的连接已断开：{}", reasons_words(reason)),
        TlsFault::BadName => format!("{address}：这样的主机名不可能有证书"),
        TlsFault::NoSystemRoots => "系统中没有可信任的证书；请安装 ca-certificates，或使用 --tls-ca 文件".into(),
        TlsFault::TrustFile { path, reason } => {
            format!("--tls-ca {}：{}", printable(&path.to_string_lossy()), reasons_words(reason))
        }
        TlsFault::Other(why) => format!("与 {address} 的 TLS 连接失败：{}", printable(why)),
    }
}

fn kept_logins(path: &str, fault: &KeptFault) -> String {
    match fault {
        KeptFault::Exposed => {
            format!("登录状态文件 {path} 可能已被他人读取，不予使用；请执行 chmod 600，或删除它并重新运行 cidian login")
        }
        KeptFault::NotOurs => format!("登录状态文件 {path} 属于另一个用户，不予使用"),
        KeptFault::Damaged => format!("登录状态文件 {path} 已损坏；请删除它并重新运行 cidian login"),
        KeptFault::Io(reason) => format!("登录状态文件 {path}：{}", reasons_words(reason)),
    }
}

fn refused(failure: &Failure) -> String {
    match failure.code {
        Code::BadReq => format!("服务器不理解这个请求{}", servers_words(failure)),
        Code::TooLong => "内容太长，服务器不接受".into(),
        Code::BadName => match other_name_rule(failure) {
            Some(INVISIBLE_NAME) => "用户名无效：新用户名不能含有不可见的字符".into(),
            Some(DECOMPOSED_NAME) => {
                "用户名无效：新用户名须为 Unicode 的组合形式（NFC），例如 é 是一个字符，而不是 e 加上重音符号".into()
            }
            Some(why) => format!("用户名无效：{}", printable(why)),
            None => format!("用户名须为 1 到 {MAX_NAME_CHARS} 个字符，且不含空白"),
        },
        Code::BadPasswd => format!("密码须为 1 到 {MAX_PASSWD_CHARS} 个字符，且不超过 {MAX_PASSWD_BYTES} 字节"),
        Code::Exists => "用户名已被占用".into(),
        Code::Denied => format!("服务器不允许这样做{}", servers_words(failure)),
        Code::NotFound => "没有找到".into(),
        Code::Busy => format!("服务器繁忙，请稍后再试{}", servers_words(failure)),
        Code::Timeout => "闲置时间太长，服务器已断开连接".into(),
        Code::Unavailable => format!("服务器的数据库暂时不可用，请稍后再试{}", servers_words(failure)),
        Code::Bye => "服务器正在停止，请稍后再试".into(),
    }
}

/// The system's errors may be in English only; the most frequent ones are translated here.
fn reasons_words(reason: &io::Error) -> String {
    match Refused::of(reason) {
        Some(Refused::NotRegular) => return "不是普通文件；请指定一个普通文件".into(),
        Some(Refused::TooLarge(most)) => return format!("超过 {} KiB；请指定正确的文件", most >> 10),
        Some(Refused::Silent) => return "管道迟迟没有结束；有程序在写入吗？".into(),
        None => {}
    }
    match reason.kind() {
        ErrorKind::ConnectionRefused => "连接被拒绝".into(),
        ErrorKind::ConnectionReset => "连接被重置".into(),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "网络不通".into(),
        ErrorKind::TimedOut => "连接超时".into(),
        ErrorKind::NotFound => "不存在".into(),
        ErrorKind::PermissionDenied => "没有权限".into(),
        ErrorKind::StorageFull => "磁盘已满".into(),
        ErrorKind::IsADirectory => "是一个目录".into(),
        _ => systems_words(reason),
    }
}

/// The server's messages are in English only; they are shown beside ours if they contain more.
fn servers_words(failure: &Failure) -> String {
    if failure.message.is_empty() { String::new() } else { format!("（{}）", printable(&failure.message)) }
}
