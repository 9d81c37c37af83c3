//! A sender of deliveries that does as little as it can, so that the receiver is what is measured.

use std::net::SocketAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Error;

/// The size of a usual payload.
const USUAL: usize = 8 * 1024;

/// The size of a large one.
const LARGE: usize = 4 << 20;

/// A request as it is sent.
pub(super) struct Delivery {
    head: String,
    body: Vec<u8>,
}

impl Delivery {
    fn new(proof: &str, number: usize, body: Vec<u8>) -> Self {
        let head = format!(
            "POST /webhook HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nX-GitHub-Event: push\r\n\
             X-GitHub-Delivery: {number}\r\nX-Hub-Signature-256: sha256={proof}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        Self { head, body }
    }

    /// A push to a repository.
    pub(super) fn good(secret: &str, number: usize, repository: usize) -> Self {
        let body = push(repository, number, USUAL);
        Self::new(&digest(secret, &body), number, body)
    }

    /// Something that is to be refused.
    pub(super) fn bad(secret: &str, number: usize) -> Self {
        let body = push(number, number, USUAL);
        match number % 8 {
            0 => Self::new(&digest("a guess", &body), number, body),
            1 => Self::new("", number, body),
            2 => Self::new(&digest(secret, b"not json"), number, b"not json".to_vec()),
            3 => Self::new(&digest(secret, &body), number, body).with("Content-Encoding: gzip"),
            4 => {
                let mut delivery = Self::new(&digest(secret, &body), number, body);
                delivery.head = delivery.head.replace("application/json", "text/plain");
                delivery
            }
            5 => {
                let mut delivery = Self::new(&digest(secret, &body), number, body);
                delivery.head = delivery.head.replace("X-GitHub-Event", "X-Other-Event");
                delivery
            }
            6 if number % 80 == 6 => Self::new(&digest("a guess", b""), number, push(number, number, LARGE)),
            6 => Self::new(&digest(secret, &body).to_uppercase(), number, body),
            _ => {
                // It is not sent: the announcement is enough.
                let head = Self::new(&digest(secret, &body), number, body).head;
                let (start, _) = head.split_once("Content-Length").unwrap_or((&head, ""));
                Self { head: format!("{start}Content-Length: 1000000000\r\n\r\n"), body: Vec::new() }
            }
        }
    }

    fn with(mut self, header: &str) -> Self {
        self.head = self.head.replacen("\r\n", &format!("\r\n{header}\r\n"), 1);
        self
    }
}

/// Sends one delivery after the other, over the same connection for as long as it stays open.
pub(super) struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
    answer: Vec<u8>,
}

impl Client {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, answer: Vec::with_capacity(1024) }
    }

    /// Sends a delivery and returns the status of the answer.
    pub(super) async fn send(&mut self, delivery: &Delivery) -> Result<u16, Error> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => TcpStream::connect(self.address).await?,
        };
        stream.set_nodelay(true)?;
        let (mut reader, mut writer) = stream.split();
        self.answer.clear();
        // A receiver that answers early need not read what is still to come.
        let sent = async {
            writer.write_all(delivery.head.as_bytes()).await?;
            writer.write_all(&delivery.body).await
        };
        let answer = &mut self.answer;
        let read = async {
            while !whole(answer) {
                if reader.read_buf(answer).await? == 0 {
                    break;
                }
            }
            Ok::<_, std::io::Error>(())
        };
        let (sent, read) = tokio::join!(sent, read);
        let text = String::from_utf8_lossy(&self.answer);
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
        let Some(status) = status else {
            sent?;
            read?;
            return Err("a connection was closed without an answer".into());
        };
        // After a refusal the rest of the request may be lying in the connection.
        if sent.is_ok() && status < 300 {
            self.stream = Some(stream);
        }
        Ok(status)
    }
}

/// Returns whether an answer is all there.
fn whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    body.len() >= length.unwrap_or(0_usize)
}

/// A payload as GitHub would send it, filled up to `size`.
fn push(repository: usize, number: usize, size: usize) -> Vec<u8> {
    let mut text = format!(
        r#"{{"ref":"refs/heads/main","before":"{}","after":"{:040x}","repository":{{"id":{repository},"full_name":"ada/r{repository}","html_url":"https://git.example.org/ada/r{repository}","clone_url":"https://git.example.org/ada/r{repository}.git"}},"commits":["#,
        "1".repeat(40),
        number + 1
    );
    let commit = format!(
        r#"{{"id":"{}","message":"one of the commits of this push","added":[],"modified":["a"]}}"#,
        "2".repeat(40)
    );
    let mut separator = "";
    while text.len() + commit.len() < size {
        text.push_str(separator);
        text.push_str(&commit);
        separator = ",";
    }
    text.push_str("]}");
    text.into_bytes()
}

fn digest(secret: &str, body: &[u8]) -> String {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.chain_update(body).finalize().into_bytes().iter().fold(String::with_capacity(64), |mut hex, byte| {
        for digit in [byte >> 4, byte & 15] {
            hex.push(char::from_digit(u32::from(digit), 16).unwrap_or_default());
        }
        hex
    })
}
