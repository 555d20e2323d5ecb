//! `dictd`, where it is installed with WordNet (Debian: dictd, dict-wn): started for the bench alone, with that one
//! dictionary, its own defaults, and no limit that the bench would run into.

use crate::Result;
use crate::bed::Bed;
use crate::processes::Server;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufReader, copy};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

const PROGRAM: &str = "/usr/sbin/dictd";
/// WordNet as Debian has it: the index, and the text packed by dictzip.
pub const INDEX: &str = "/usr/share/dictd/wn.index";
const PACKED: &str = "/usr/share/dictd/wn.dict.dz";

/// A running dictd.
pub struct Dictd {
    /// Its parent process.
    pub server: Server,
    /// Where it listens.
    pub address: SocketAddrV4,
}

/// A port that is free.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Starts dictd, on the packed text or on an unpacked copy; `None` if it is not installed.
pub fn start_dictd(bed: &Bed, packed: bool) -> Result<Option<Dictd>> {
    if ![PROGRAM, INDEX, PACKED].iter().all(|file| Path::new(file).exists()) {
        return Ok(None);
    }
    let name = if packed { "packed" } else { "plain" };
    let mut text = Path::new(PACKED).to_owned();
    if !packed {
        text = bed.path("wn.dict");
        copy(&mut MultiGzDecoder::new(BufReader::new(File::open(PACKED)?)), &mut File::create(&text)?)?;
    }
    // dictd can't report which port the system gave it.
    let port = free_port()?;
    let configuration = bed.path(&format!("dictd-{name}.conf"));
    std::fs::write(
        &configuration,
        format!(
            "global {{\n listen_to 127.0.0.1\n port {port}\n limit 20000\n limit_queries 0\n}}\naccess {{\n allow *\n}}\n\
             database wn {{\n data \"{}\"\n index \"{INDEX}\"\n}}\n",
            text.display()
        ),
    )?;
    let log = File::create(bed.path(&format!("dictd-{name}.log")))?;
    // As root it would change its user by itself, and forget that it should end with the bench.
    let user = nix::unistd::geteuid().is_root().then_some(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    let server = Server::start_as(user.as_ref().map_or(&[], |user| &user[..]), Path::new(PROGRAM), |command| {
        command.args(["-d", "nodetach", "-c"]).arg(&configuration);
        command.arg("--pid-file").arg("/dev/null");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    })?;
    let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    bed.stop.wait_for("dictd", Duration::from_secs(30), || TcpStream::connect(address).ok())?;
    Ok(Some(Dictd { server, address }))
}
