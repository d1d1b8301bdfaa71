//! A blocking HTTP/1.1 client that hides nothing: what it sends can be given byte by byte, and an
//! answer keeps its head as it came. Of an answer's framing it knows `Content-Length` only.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// A server that says nothing for so long has failed the test; no answer is waited for otherwise.
const PATIENCE: Duration = Duration::from_secs(60);

/// One connection, kept alive.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The status line and the header lines, as they came.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Client {
    /// Connects.
    pub fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).expect("the server accepts");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
        Client { address, stream: BufReader::new(stream) }
    }

    /// `GET target`
    pub fn get(&mut self, target: &str) -> Answer {
        self.request("GET", target, &[], b"")
    }

    /// `POST target` with a body.
    pub fn post(&mut self, target: &str, body: impl AsRef<[u8]>) -> Answer {
        self.request("POST", target, &[], body.as_ref())
    }

    /// `POST target` with a body; `None` where the server goes away before it has answered whole.
    pub fn try_post(&mut self, target: &str, body: impl AsRef<[u8]>) -> Option<Answer> {
        let body = body.as_ref();
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        self.send(&[head.as_bytes(), body].concat());
        let mut answer = self.try_receive_head().ok()?;
        let len = answer.header("content-length").map_or(Ok(0), str::parse);
        answer.body = vec![0; len.expect("a length is a number")];
        self.stream.read_exact(&mut answer.body).ok()?;
        Some(answer)
    }

    /// A request with further header lines; `Host` is among them or is the server's address.
    pub fn request(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut head = format!("{method} {target} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head.push_str(&format!("Host: {}\r\n", self.address));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if method != "GET" {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        self.send(&[head.as_bytes(), b"\r\n", body].concat());
        match method {
            "HEAD" => self.receive_head(),
            _ => self.receive(),
        }
    }

    /// Sends bytes as they are. A server that has closed already is met when its answer is read.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.get_mut().write_all(bytes);
    }

    /// Reads an answer.
    pub fn receive(&mut self) -> Answer {
        let mut answer = self.receive_head();
        if let Some(len) = answer.header("content-length") {
            let len = len.parse().expect("a length is a number");
            answer.body = vec![0; len];
            self.stream.read_exact(&mut answer.body).expect("the body is as long as it says");
        }
        answer
    }

    /// Reads an answer that has no body: to `HEAD`, or `100 Continue`.
    pub fn receive_head(&mut self) -> Answer {
        self.try_receive_head().expect("the server answers")
    }

    fn try_receive_head(&mut self) -> io::Result<Answer> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head)? == 0 {
                let closed = format!("the server has closed the connection after {head:?}");
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, closed));
            }
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status line: {head:?}"));
        Ok(Answer { status, head, body: Vec::new() })
    }

    /// The next line of a stream, without its end; `None` once the stream has ended.
    pub fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let count = self.stream.read_line(&mut line).unwrap_or(0);
        (count > 0).then(|| line.trim_end().to_owned())
    }

    /// Says that nothing more will be sent.
    pub fn finish_sending(&mut self) {
        let _ = self.stream.get_mut().shutdown(Shutdown::Write);
    }

    /// Everything that the server still says until it closes or resets the connection.
    pub fn rest(&mut self) -> String {
        let mut said = Vec::new();
        let _ = self.stream.read_to_end(&mut said);
        String::from_utf8_lossy(&said).into_owned()
    }

    /// Whether the server has closed the connection, once it has nothing more to say.
    pub fn is_closed(&mut self) -> bool {
        matches!(self.stream.read(&mut [0]), Ok(0) | Err(_))
    }
}

impl Answer {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The version that answered.
    pub fn version(&self) -> u64 {
        let version = self.header("midflight-version").and_then(|value| value.parse().ok());
        version.unwrap_or_else(|| panic!("every answer names its version: {}", self.head))
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}
