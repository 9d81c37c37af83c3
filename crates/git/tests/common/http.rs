//! Git over HTTP: a small server that runs git's own programs, and a small client.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body as AxumBody;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, BodyStream, Full, StreamBody};
use hyper::body::Frame;
use hyper_util::rt::TokioIo;
use refray_git::transport::{
    Body, ByteStream, ProtocolMemory, ProtocolVersion, Remote, Service, TransportError, TransportErrorKind,
};
use tokio::io::AsyncWriteExt;
use tokio_util::io::ReaderStream;

/// What the server is told to do wrong.
#[derive(Default)]
pub struct Faults {
    /// Speak only version 0.
    pub only_v0: AtomicBool,
    /// Break the connection after so many bytes of an answer to a POST; 0 never.
    pub cut_answer: AtomicUsize,
    /// Do all the work of a POST and then break the connection before a byte of the answer.
    pub swallow_answer: AtomicBool,
    /// Break the connection after so many bytes of a request's body were taken; 0 never.
    pub cut_request: AtomicUsize,
}

/// A server on loopback.
#[derive(Clone)]
pub struct Server {
    pub root: PathBuf,
    pub faults: Arc<Faults>,
    /// `GET` or `POST` and the path of every request.
    pub log: Arc<Mutex<Vec<String>>>,
    address: SocketAddr,
}

impl Server {
    pub async fn start(root: PathBuf) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Self { root, faults: Arc::default(), log: Arc::default(), address };
        let router = Router::new().fallback(handle).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    pub fn remote(&self, repository: &str) -> HttpRemote {
        HttpRemote {
            address: self.address,
            path: format!("/{repository}"),
            memory: ProtocolMemory::new(),
            lengths: Mutex::default(),
        }
    }

    pub fn taken_log(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }
}

async fn handle(State(server): State<Server>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    server.log.lock().unwrap().push(format!("{} {path}", request.method()));
    let is_get = request.method() == http::Method::GET;
    let (repository, service) = if is_get {
        let service = request.uri().query().unwrap_or_default().trim_start_matches("service=").to_owned();
        (path.trim_end_matches("/info/refs").to_owned(), service)
    } else {
        let (repository, service) = path.rsplit_once('/').unwrap();
        (repository.to_owned(), service.to_owned())
    };
    let folder = server.root.join(repository);
    if !folder.exists() {
        return Response::builder().status(404).body(AxumBody::from("repository not found")).unwrap();
    }
    let only_v0 = server.faults.only_v0.load(Ordering::SeqCst);
    let protocol = request.headers().get("git-protocol").cloned().filter(|_| !only_v0);
    let mut command = tokio::process::Command::new("git");
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", &server.root)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .arg(service.trim_start_matches("git-"))
        .arg("--stateless-rpc")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    if let Some(protocol) = &protocol {
        command.env("GIT_PROTOCOL", protocol.to_str().unwrap());
    }
    if is_get {
        command.arg("--http-backend-info-refs");
    }
    let mut child = command.arg(&folder).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let cut_request = server.faults.cut_request.load(Ordering::SeqCst);
    let mut pieces = request.into_body().into_data_stream();
    let feed = tokio::spawn(async move {
        let mut taken = 0;
        while let Some(Ok(piece)) = pieces.next().await {
            taken += piece.len();
            if cut_request > 0 && taken >= cut_request {
                return false;
            }
            if stdin.write_all(&piece).await.is_err() {
                break;
            }
        }
        true
    });
    if cut_request > 0 && !is_get && !feed.await.unwrap() {
        return broken();
    }
    if server.faults.swallow_answer.load(Ordering::SeqCst) && !is_get {
        drop(child.wait_with_output().await);
        return broken();
    }
    let prefix = match (is_get, &protocol) {
        (true, None) => {
            let line = format!("# service={service}\n");
            format!("{:04x}{line}0000", line.len() + 4)
        }
        _ => String::new(),
    };
    let stdout = ReaderStream::new(child.stdout.take().unwrap());
    let cut = server.faults.cut_answer.load(Ordering::SeqCst);
    let mut sent = 0;
    let answer = stream::iter([Ok(Bytes::from(prefix))]).chain(stdout).map(move |piece| {
        let _alive = &child;
        let piece = piece?;
        sent += piece.len();
        if cut > 0 && !is_get && sent > cut { Err(std::io::Error::other("cut")) } else { Ok(piece) }
    });
    Response::new(AxumBody::from_stream(answer))
}

/// An answer whose connection breaks before anything of it has come.
fn broken() -> Response {
    Response::new(AxumBody::from_stream(stream::iter([Err::<Bytes, _>(std::io::Error::other("cut"))])))
}

/// A repository behind the server.
pub struct HttpRemote {
    address: SocketAddr,
    path: String,
    memory: ProtocolMemory,
    /// The length of each body that was sent; `None` when it was sent in chunks.
    pub lengths: Mutex<Vec<Option<usize>>>,
}

type Payload = BoxBody<Bytes, TransportError>;

impl HttpRemote {
    fn error(&self, kind: TransportErrorKind, message: impl ToString) -> TransportError {
        TransportError::new(kind, self.describe(), message.to_string())
    }

    async fn exchange(&self, request: http::Request<Payload>) -> Result<ByteStream, TransportError> {
        let tcp = tokio::net::TcpStream::connect(self.address)
            .await
            .map_err(|error| self.error(TransportErrorKind::Connect, error))?;
        tcp.set_nodelay(true).unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tcp))
            .await
            .map_err(|error| self.error(TransportErrorKind::Connect, error))?;
        let connection = tokio::spawn(connection);
        let response =
            sender.send_request(request).await.map_err(|error| self.error(TransportErrorKind::Broken, error))?;
        match response.status().as_u16() {
            200 => {}
            404 => return Err(self.error(TransportErrorKind::NotFound, "")),
            status => return Err(self.error(TransportErrorKind::Server { status }, "")),
        }
        let name = self.describe();
        let body = BodyStream::new(response.into_body())
            .map(move |frame| match frame {
                Ok(frame) => Ok(frame.into_data().unwrap_or_default()),
                Err(error) => Err(TransportError::new(TransportErrorKind::Broken, name.clone(), error.to_string())),
            })
            .map(move |piece| {
                let _alive = &connection;
                piece
            });
        Ok(body.boxed())
    }

    fn request(&self, method: &str, path: String, version: ProtocolVersion) -> http::request::Builder {
        let request = http::Request::builder().method(method).uri(path).header("host", "localhost");
        match version.header() {
            Some(value) => request.header("git-protocol", value),
            None => request,
        }
    }
}

#[async_trait]
impl Remote for HttpRemote {
    async fn advertise(&self, service: Service, version: ProtocolVersion) -> Result<ByteStream, TransportError> {
        let path = format!("{}/info/refs?service={service}", self.path);
        let empty = Full::new(Bytes::new()).map_err(|never| match never {}).boxed();
        self.exchange(self.request("GET", path, version).body(empty).unwrap()).await
    }

    async fn request(
        &self,
        service: Service,
        version: ProtocolVersion,
        body: Body,
    ) -> Result<ByteStream, TransportError> {
        let payload = match body {
            Body::Bytes(bytes) => {
                self.lengths.lock().unwrap().push(Some(bytes.len()));
                Full::new(bytes).map_err(|never| match never {}).boxed()
            }
            Body::Stream(stream) => {
                self.lengths.lock().unwrap().push(None);
                // Streams are not `Sync`, which this kind of body wants.
                let (sender, receiver) = tokio::sync::mpsc::channel(4);
                tokio::spawn(async move {
                    let mut stream = stream;
                    while let Some(piece) = stream.next().await {
                        if sender.send(piece.map(Frame::data)).await.is_err() {
                            break;
                        }
                    }
                });
                let pieces = stream::unfold(receiver, |mut receiver| async move {
                    receiver.recv().await.map(|piece| (piece, receiver))
                });
                BodyExt::boxed(StreamBody::new(pieces))
            }
        };
        let path = format!("{}/{service}", self.path);
        self.exchange(Self::request(self, "POST", path, version).body(payload).unwrap()).await
    }

    fn describe(&self) -> String {
        format!("http://{}{}", self.address, self.path)
    }

    fn memory(&self) -> &ProtocolMemory {
        &self.memory
    }
}
