//! The page over HTTP, as much of it as a scrape needs: `GET /metrics`, one answer a connection. Every connection is
//! looked at in turn and never waited for, so that no slow one holds up another.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// Connections at once; of more, the oldest is dropped.
const MOST: usize = 16;
/// How long one may last.
const PATIENCE: Duration = Duration::from_secs(5);
/// A pause after what the system refuses.
const BREATH: Duration = Duration::from_millis(200);
/// Bytes of a request at most.
const LONGEST: usize = 8 << 10;

/// Who listens, and who asks.
#[derive(Debug)]
pub(super) struct Server {
    listener: TcpListener,
    open: Vec<Connection>,
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    asked: Vec<u8>,
    /// What is still to be sent, once the request is whole.
    answer: Option<Vec<u8>>,
    sent: usize,
    until: Instant,
}

impl Server {
    /// Listens.
    ///
    /// # Errors
    /// What the system said: the port is taken, perhaps.
    pub fn at(address: SocketAddr) -> io::Result<Server> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Server { listener, open: Vec::new() })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers who asks until `most` is over; `page` makes the page.
    pub fn serve(&mut self, most: Duration, page: &dyn Fn() -> String) {
        let over = Instant::now() + most;
        loop {
            let now = Instant::now();
            self.open.retain(|connection| connection.until > now);
            let left = over.saturating_duration_since(now);
            if left.is_zero() || !self.wait(left) {
                return;
            }
            self.accept();
            self.open.retain_mut(|connection| connection.go_on(page));
        }
    }

    /// Waits until something can be done. False: it cannot be waited for.
    fn wait(&self, most: Duration) -> bool {
        let mut all = vec![PollFd::new(&self.listener, PollFlags::IN)];
        for connection in &self.open {
            let what = if connection.answer.is_some() { PollFlags::OUT } else { PollFlags::IN };
            all.push(PollFd::new(&connection.stream, what));
        }
        let nanos = i64::from(most.subsec_nanos());
        let most = Timespec { tv_sec: i64::try_from(most.as_secs()).unwrap_or(1), tv_nsec: nanos };
        match poll(&mut all, Some(&most)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => true,
            Err(_) => {
                // Whatever keeps the system from it must not make a loop of us.
                std::thread::sleep(BREATH);
                false
            }
        }
    }

    fn accept(&mut self) {
        loop {
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(e) if e.kind() == ErrorKind::WouldBlock => return,
                Err(_) => {
                    // No more open files, perhaps: whoever waits there must not make a loop of us.
                    std::thread::sleep(BREATH);
                    return;
                }
            };
            if stream.set_nonblocking(true).is_err() {
                continue;
            }
            if self.open.len() >= MOST {
                self.open.remove(0);
            }
            let until = Instant::now() + PATIENCE;
            self.open.push(Connection { stream, asked: Vec::new(), answer: None, sent: 0, until });
        }
    }
}

impl Connection {
    /// Reads or writes what can be now; false: it is done with.
    fn go_on(&mut self, page: &dyn Fn() -> String) -> bool {
        if self.answer.is_none() && !self.read(page) {
            return false;
        }
        let Some(answer) = &self.answer else { return true };
        loop {
            match self.stream.write(&answer[self.sent..]) {
                Ok(0) => return false,
                Ok(n) => self.sent += n,
                Err(e) if e.kind() == ErrorKind::WouldBlock => return true,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
            if self.sent == answer.len() {
                let _ = self.stream.shutdown(Shutdown::Write);
                return false;
            }
        }
    }

    /// Reads on; the answer is there once the request is whole. False: there will be none.
    fn read(&mut self, page: &dyn Fn() -> String) -> bool {
        let mut buffer = [0; 1024];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return false,
                Ok(n) => self.asked.extend_from_slice(&buffer[..n]),
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
            if self.asked.len() > LONGEST {
                self.answer = Some(answer("431 Request Header Fields Too Large", "too long\n"));
                return true;
            }
        }
        if self.asked.windows(4).any(|end| end == b"\r\n\r\n") {
            self.answer = Some(answer_to(&self.asked, page));
        }
        true
    }
}

fn answer_to(asked: &[u8], page: &dyn Fn() -> String) -> Vec<u8> {
    let line = asked.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let words: Vec<&str> = std::str::from_utf8(line).unwrap_or_default().split(' ').collect();
    match words[..] {
        ["GET", path, version] if version.starts_with("HTTP/1.") => match path.split('?').next() {
            Some("/metrics") => answer("200 OK", &page()),
            _ => answer("404 Not Found", "see /metrics\n"),
        },
        [_, _, version] if version.starts_with("HTTP/1.") => answer("405 Method Not Allowed", "only GET\n"),
        _ => answer("400 Bad Request", "no HTTP\n"),
    }
}

fn answer(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
    .into_bytes()
}
