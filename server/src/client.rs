//! The client side of the command line: one request over HTTP/1.1, one answer.

use std::io::Write;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{ACCEPT, AUTHORIZATION, HOST};
use axum::http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper::Response;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a whole request may take, the compilation of a large program included.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Bytes of an answer. The largest is the list of mistakes of a large source.
const ANSWER_LEN_MAX: usize = 64 << 20;

/// What is asked of a server.
#[derive(Debug)]
pub(crate) struct Question {
    /// `GET`, `POST`, `PUT` or `DELETE`
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) path: String,
    /// The form that the answer should have.
    pub(crate) accept: &'static str,
    /// The admin token.
    pub(crate) token: Option<String>,
    /// The body.
    pub(crate) body: Body,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// The address of the server is none.
    #[error("`{0}` is not the address of a server: `http://HOST:PORT` is expected")]
    Address(String),
    /// Nobody listens there.
    #[error("cannot reach a server at {address}: {error}")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        error: std::io::Error,
    },
    /// A header cannot be sent.
    #[error("the token holds characters that a header cannot")]
    Token,
    /// The connection broke, or what came is no HTTP.
    #[error("the server did not answer: {0}")]
    Broken(String),
    /// What came cannot be written.
    #[error("cannot write the answer: {0}")]
    Write(std::io::Error),
    /// It took too long.
    #[error("the server did not answer within {} s", TIMEOUT.as_secs())]
    Timeout,
}

/// Asks the server at `http://HOST:PORT`, and gives status and body of the answer.
pub(crate) async fn ask(
    server: &str,
    question: Question,
) -> Result<(StatusCode, String), ClientError> {
    let address = address(server)?;
    timeout(TIMEOUT, exchange(&address, question)).await.map_err(|_| ClientError::Timeout)?
}

/// Asks for something of any size, which goes to `out` part by part. Gives the status, and the body
/// where that is not success.
pub(crate) async fn download(
    server: &str,
    question: Question,
    out: &mut impl Write,
) -> Result<(StatusCode, String), ClientError> {
    let address = address(server)?;
    let response = timeout(TIMEOUT, begin(&address, question)).await;
    let response = response.map_err(|_| ClientError::Timeout)??;
    let status = response.status();
    if !status.is_success() {
        return Ok((status, text(response).await?));
    }
    let mut body = response.into_body();
    loop {
        let frame = timeout(TIMEOUT, body.frame()).await.map_err(|_| ClientError::Timeout)?;
        let Some(frame) = frame else { return Ok((status, String::new())) };
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        out.write_all(&data).map_err(ClientError::Write)?;
    }
}

/// Asks with a body of any size: only the answer has to come in time.
pub(crate) async fn upload(
    server: &str,
    question: Question,
) -> Result<(StatusCode, String), ClientError> {
    let response = begin(&address(server)?, question).await?;
    Ok((response.status(), text(response).await?))
}

/// `HOST:PORT` of a server's address.
fn address(server: &str) -> Result<String, ClientError> {
    let wrong = || ClientError::Address(server.to_owned());
    let uri: Uri = server.parse().map_err(|_| wrong())?;
    let is_plain = matches!(uri.scheme_str(), Some("http") | None) && uri.path().len() <= 1;
    match uri.authority() {
        Some(authority) if is_plain && authority.port_u16().is_some() => Ok(authority.to_string()),
        Some(authority) if is_plain => Ok(format!("{authority}:80")),
        _ => Err(wrong()),
    }
}

async fn exchange(address: &str, question: Question) -> Result<(StatusCode, String), ClientError> {
    let response = begin(address, question).await?;
    Ok((response.status(), text(response).await?))
}

/// Sends the question; the connection ends with the answer's body.
async fn begin(address: &str, question: Question) -> Result<Response<Incoming>, ClientError> {
    let unreachable = |error| ClientError::Unreachable { address: address.to_owned(), error };
    let stream = TcpStream::connect(address).await.map_err(unreachable)?;
    let request = request(address, question)?;
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(broken)?;
    drop(tokio::spawn(connection));
    sender.send_request(request).await.map_err(broken)
}

async fn text(response: Response<Incoming>) -> Result<String, ClientError> {
    let body = Limited::new(Body::new(response.into_body()), ANSWER_LEN_MAX);
    let body = body.collect().await.map_err(broken)?.to_bytes();
    Ok(String::from_utf8_lossy(&body).into_owned())
}

fn request(address: &str, question: Question) -> Result<Request<Body>, ClientError> {
    let mut request = Request::builder()
        .method(question.method)
        .uri(question.path)
        .header(HOST, address)
        .header(ACCEPT, question.accept);
    if let Some(token) = question.token {
        let value = HeaderValue::try_from(format!("Bearer {token}"));
        request = request.header(AUTHORIZATION, value.map_err(|_| ClientError::Token)?);
    }
    request.body(question.body).map_err(broken)
}

fn broken(error: impl std::fmt::Display) -> ClientError {
    ClientError::Broken(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn addresses() {
        for (server, expected) in [
            ("http://127.0.0.1:12345", Some("127.0.0.1:12345")),
            ("http://localhost:1/", Some("localhost:1")),
            ("127.0.0.1:12345", Some("127.0.0.1:12345")),
            ("http://game.example", Some("game.example:80")),
            ("https://game.example", None),
            ("http://game.example/path", None),
            ("/load", None),
            ("", None),
        ] {
            assert_eq!(address(server).ok().as_deref(), expected, "{server}");
        }
    }
}
