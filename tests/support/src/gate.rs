//! A gate between a daemon and a database server: it passes packets on, cuts connections, holds packets back, or
//! answers in the server's place, and so behaves like a host of a cluster that is gone, hangs, or has lost the others.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

/// What a gate does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything passes.
    Open,
    /// Existing connections are cut off, and new ones are closed.
    Closed,
    /// Nothing passes, nothing is lost, and new connections wait.
    Silent,
    /// A new connection gets this error in place of a greeting; existing ones go on.
    Greets(u16),
    /// Statements on tables, and transactions, get this error; connecting, `SET` and `SELECT 1` succeed.
    Refuses(u16),
    /// The same for statements that write, and for commits.
    RefusesToWrite(u16),
    /// The client's packets are answered with these, one after the other, and with nothing when there are no more.
    Says(&'static [&'static [u8]]),
}

/// A gate on a port of its own of the loopback address.
pub struct Gate {
    port: u16,
    state: Arc<State>,
}

struct State {
    mode: Mutex<Mode>,
    changed: Condvar,
    streams: Mutex<Vec<TcpStream>>,
}

impl State {
    fn mode(&self) -> MutexGuard<'_, Mode> {
        self.mode.lock().expect("no thread panics with it")
    }

    /// The mode, as soon as it is not [`Mode::Silent`].
    fn when_it_speaks(&self) -> Mode {
        *self.changed.wait_while(self.mode(), |mode| *mode == Mode::Silent).expect("no thread panics with it")
    }

    fn remember(&self, stream: &TcpStream) {
        self.streams.lock().expect("no thread panics with it").push(stream.try_clone().expect("a handle"));
    }
}

impl Gate {
    /// An open gate to the server on this port. Its threads end with the test's process.
    pub fn new(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let state =
            Arc::new(State { mode: Mutex::new(Mode::Open), changed: Condvar::new(), streams: Mutex::new(Vec::new()) });
        let ours = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&ours);
                std::thread::spawn(move || serve(&state, client, server));
            }
        });
        Self { port, state }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sets what it does from now on.
    pub fn set(&self, mode: Mode) {
        *self.state.mode() = mode;
        self.state.changed.notify_all();
        if mode == Mode::Closed {
            for stream in self.state.streams.lock().expect("no thread panics with it").drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }
}

fn serve(state: &Arc<State>, mut client: TcpStream, server: u16) {
    state.remember(&client);
    match state.when_it_speaks() {
        Mode::Closed => {
            let _ = client.shutdown(Shutdown::Both);
            return;
        }
        Mode::Greets(code) => {
            let _ = client.write_all(&packet(0, &error(code)));
            let _ = client.shutdown(Shutdown::Both);
            return;
        }
        _ => {}
    }
    let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { return };
    state.remember(&server);
    let (from, to) = (server.try_clone().expect("a handle"), client.try_clone().expect("a handle"));
    let (ours, statements) = (Arc::clone(state), Arc::new(Mutex::new(Statements::default())));
    let same = Arc::clone(&statements);
    std::thread::spawn(move || replies(&ours, &same, from, to));
    requests(state, &statements, client, server);
}

/// The prepared statements of one connection.
#[derive(Default)]
struct Statements {
    /// Whether one that writes is being prepared.
    awaited: bool,
    /// The numbers of those that write.
    writing: Vec<u32>,
}

fn replies(state: &State, statements: &Mutex<Statements>, mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 4_096];
    while let Ok(size @ 1..) = from.read(&mut buffer) {
        let mut statements = statements.lock().expect("no thread panics with it");
        if std::mem::take(&mut statements.awaited) && size > 8 && buffer[4] == 0 {
            statements.writing.push(u32::from_le_bytes(buffer[5..9].try_into().expect("four bytes")));
        }
        drop(statements);
        state.when_it_speaks();
        if to.write_all(&buffer[..size]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

fn requests(state: &State, statements: &Mutex<Statements>, mut client: TcpStream, mut server: TcpStream) {
    let mut answers = 0;
    loop {
        let mut header = [0; 4];
        if client.read_exact(&mut header).is_err() {
            break;
        }
        let size = u32::from_le_bytes([header[0], header[1], header[2], 0]);
        let mut payload = vec![0; size as usize];
        if client.read_exact(&mut payload).is_err() {
            break;
        }
        let command = payload.first().copied().filter(|_| header[3] == 0);
        let text = match command {
            Some(QUERY | PREPARE) => String::from_utf8_lossy(&payload[1..]).to_uppercase(),
            _ => String::new(),
        };
        let writes = match command {
            Some(EXECUTE) => {
                let number = u32::from_le_bytes(payload[1..5].try_into().expect("four bytes"));
                statements.lock().expect("no thread panics with it").writing.contains(&number)
            }
            _ => ["INSERT", "UPDATE", "DELETE", "COMMIT"].iter().any(|word| text.starts_with(word)),
        };
        let uses_a_table = matches!(command, Some(PREPARE | EXECUTE)) || text.contains(" FROM ");
        let answer = match state.when_it_speaks() {
            Mode::Closed => break,
            Mode::Says(packets) => {
                answers += 1;
                match packets.get(answers - 1) {
                    Some(answer) => Some(answer.to_vec()),
                    None => break,
                }
            }
            Mode::Refuses(code) if uses_a_table => Some(error(code)),
            Mode::RefusesToWrite(code) if writes && command != Some(PREPARE) => Some(error(code)),
            _ => None,
        };
        let passed = match answer {
            Some(answer) => client.write_all(&packet(header[3] + 1, &answer)),
            None => {
                statements.lock().expect("no thread panics with it").awaited = writes && command == Some(PREPARE);
                server.write_all(&[&header[..], &payload].concat())
            }
        };
        if passed.is_err() {
            break;
        }
    }
    let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
}

/// Commands of the protocol: COM_QUERY, COM_STMT_PREPARE, COM_STMT_EXECUTE.
const QUERY: u8 = 0x03;
const PREPARE: u8 = 0x16;
const EXECUTE: u8 = 0x17;

fn packet(number: u8, payload: &[u8]) -> Vec<u8> {
    let size = u32::try_from(payload.len()).expect("a short packet").to_le_bytes();
    [&size[..3], &[number], payload].concat()
}

fn error(code: u16) -> Vec<u8> {
    [&[0xff], &code.to_le_bytes()[..], b"#HY000injected by the gate"].concat()
}
