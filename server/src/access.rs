//! Who may come in: programs on this machine, and no web page that a browser on it shows.
//!
//! A page reaches a local server in two ways: by a name of its own that resolves to this machine,
//! which shows in `Host`; and by a request across sites, which shows in `Origin` and
//! `Sec-Fetch-Site`. Both are refused for every path and method: a `get` handler may write, too.
//!
//! Changes of the program and of whole worlds, and copies of them, need the admin token once one is set. Elsewhere than on loopback the
//! server does not start without.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};
use axum::http::{HeaderMap, Method, Request};
use subtle::ConstantTimeEq;

use crate::error::{Kind, Problem};
use crate::limits::TOKEN_LEN_MIN;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What a server checks of every request.
#[derive(Debug)]
pub struct Access {
    listening: IpAddr,
    /// In lower case.
    hosts: Vec<String>,
    token: Option<Token>,
}

/// The secret that allows changes.
pub struct Token(String);

/// Why a server must not be started like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// The token is too short to be a secret.
    #[error("the admin token is shorter than {TOKEN_LEN_MIN} bytes")]
    TokenTooShort,
    /// Anybody on the network could load a program.
    #[error("{0} is not loopback: anybody who reaches it could load a program")]
    Open(SocketAddr),
}

impl Token {
    /// The token in a file's text; white space around it is not part of it.
    ///
    /// # Errors
    /// When it is too short.
    pub fn new(text: &str) -> Result<Token, AccessError> {
        let token = text.trim();
        match token.len() < TOKEN_LEN_MIN {
            true => Err(AccessError::TokenTooShort),
            false => Ok(Token(token.to_owned())),
        }
    }

    /// Takes the same time wherever the two differ; only the length of the token can be learned.
    fn is(&self, given: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(given).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

impl Access {
    /// The checks of a server that listens at an address and is known by these names besides.
    ///
    /// # Errors
    /// When the address is not loopback and there is no token.
    pub fn new(
        listening: SocketAddr,
        hosts: Vec<String>,
        token: Option<Token>,
    ) -> Result<Access, AccessError> {
        if !listening.ip().is_loopback() && token.is_none() {
            return Err(AccessError::Open(listening));
        }
        let hosts = hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        Ok(Access { listening: listening.ip(), hosts, token })
    }

    /// Whether the request may come in.
    pub(crate) fn check(&self, request: &Request<Body>) -> Result<(), Problem> {
        let headers = request.headers();
        let host = self.host(request)?;
        check_origin(headers, host)?;
        check_site(headers)?;
        if needs_token(request.method(), request.uri().path()) {
            self.bearer(headers)
        } else {
            Ok(())
        }
    }

    /// The host that the request is addressed to, which must be this one.
    fn host<'r>(&self, request: &'r Request<Body>) -> Result<&'r str, Problem> {
        let mut hosts = request.headers().get_all(HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().unwrap_or_default(),
            (None, _) => return Err(invalid_host("the request has no header `Host`")),
            (Some(_), Some(_)) => return Err(invalid_host("the request has two headers `Host`")),
        };
        // The host in the target of `GET http://host/` counts before the header.
        let target = request.uri().authority().map(|authority| authority.as_str());
        for host in target.into_iter().chain([host]) {
            if !self.is_own(host) {
                let detail = format!("the request is addressed to `{}`", host.escape_debug());
                return Err(refused_host(&detail));
            }
        }
        Ok(host)
    }

    /// Whether `name:port` is this server, with any port: a client may have come by a tunnel.
    fn is_own(&self, host: &str) -> bool {
        let Some(name) = without_port(host) else { return false };
        let known = ["localhost", "127.0.0.1", "[::1]"];
        if known.iter().any(|known| name.eq_ignore_ascii_case(known))
            || self.hosts.iter().any(|known| name.eq_ignore_ascii_case(known))
        {
            return true;
        }
        // An address cannot be made to resolve to this machine, so any will do where the server
        // listens on all that the machine has.
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let is_listening = |address| self.listening.is_unspecified() || self.listening == address;
        address.is_ok_and(is_listening)
    }

    fn bearer(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let Some(token) = &self.token else { return Ok(()) };
        let help = "send the header `Authorization: Bearer …`, or `midflight … --token-file FILE`";
        let Some(value) = headers.get(AUTHORIZATION) else {
            let detail = "this needs the admin token";
            return Err(Problem::new(Kind::TokenMissing, detail).with_help(help));
        };
        match value.as_bytes().split_at_checked("Bearer ".len()) {
            Some((scheme, given))
                if scheme.eq_ignore_ascii_case(b"Bearer ") && token.is(given.trim_ascii()) =>
            {
                Ok(())
            }
            _ => {
                let detail = "the token is not the admin token of this server";
                Err(Problem::new(Kind::TokenWrong, detail).with_help(help))
            }
        }
    }
}

/// Whether a request changes the program or a world as a whole, or takes all of one out. Calls
/// change what the program lets them.
fn needs_token(method: &Method, path: &str) -> bool {
    let is_own = path.starts_with("/-/");
    let takes_out = path == "/-/snapshot" || path.ends_with("/export");
    path == "/load" || (is_own && (!method.is_safe() || takes_out))
}

/// `name:port`, `name` or `[address]:port` without the port; `None` for anything else.
fn without_port(host: &str) -> Option<&str> {
    let end = match host.starts_with('[') {
        true => host.find(']')? + 1,
        false => host.find(':').unwrap_or(host.len()),
    };
    let (name, port) = host.split_at(end);
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(name)
}

fn check_origin(headers: &HeaderMap, host: &str) -> Result<(), Problem> {
    for origin in headers.get_all(ORIGIN) {
        let origin = origin.to_str().unwrap_or_default();
        // `https` where something before this server speaks it.
        let site = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        if !site.is_some_and(|site| site.eq_ignore_ascii_case(host)) {
            let detail = format!("the request comes from a page of `{}`", origin.escape_debug());
            return Err(Problem::new(Kind::OriginRefused, detail));
        }
    }
    Ok(())
}

fn check_site(headers: &HeaderMap) -> Result<(), Problem> {
    for site in headers.get_all(SEC_FETCH_SITE) {
        // `none` is a person at the address bar.
        if !matches!(site.as_bytes(), b"none" | b"same-origin") {
            let detail = "the request comes from a page of another site";
            return Err(Problem::new(Kind::OriginRefused, detail));
        }
    }
    Ok(())
}

fn invalid_host(detail: &str) -> Problem {
    Problem::new(Kind::InvalidHost, detail)
}

fn refused_host(detail: &str) -> Problem {
    Problem::new(Kind::HostRefused, detail)
        .with_help("use `localhost` or `127.0.0.1`, or start the server with `--host NAME`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(listening: &str, token: Option<&str>) -> Access {
        let token = token.map(|token| Token::new(token).expect("it is long enough"));
        let listening = listening.parse().expect("an address");
        Access::new(listening, vec!["Game.example".to_owned()], token).expect("it may start")
    }

    /// The kind of the refusal of a request like `GET /path` with these headers, or `ok`.
    fn check(access: &Access, request: &str, headers: &[(&str, &str)]) -> &'static str {
        let (method, path) = request.split_once(' ').expect("method and path");
        let mut builder = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let request = builder.body(Body::empty()).expect("a request");
        access.check(&request).map_or_else(|problem| problem.kind(), |()| "ok")
    }

    #[test]
    fn hosts() {
        let local = access("127.0.0.1:12345", None);
        let wide = access("0.0.0.0:80", Some("0123456789abcdef"));
        for (host, on_local, on_wide) in [
            ("localhost", "ok", "ok"),
            ("LocalHost:1", "ok", "ok"),
            ("127.0.0.1:12345", "ok", "ok"),
            ("[::1]:12345", "ok", "ok"),
            ("game.example:80", "ok", "ok"),
            ("10.0.0.7:80", "host_refused", "ok"),
            ("evil.example", "host_refused", "host_refused"),
            ("127.0.0.1.evil.example", "host_refused", "host_refused"),
            ("localhost:1@evil.example", "host_refused", "host_refused"),
            ("localhost.", "host_refused", "host_refused"),
            ("", "host_refused", "host_refused"),
        ] {
            assert_eq!(check(&local, "GET /hello", &[("host", host)]), on_local, "{host}");
            assert_eq!(check(&wide, "GET /hello", &[("host", host)]), on_wide, "{host}");
        }
        assert_eq!(check(&local, "GET /hello", &[]), "invalid_host");
        let two = [("host", "localhost"), ("host", "evil.example")];
        assert_eq!(check(&local, "GET /hello", &two), "invalid_host");
        let target = "GET http://evil.example/hello";
        assert_eq!(check(&local, target, &[("host", "localhost")]), "host_refused");
    }

    #[test]
    fn pages() {
        let local = access("127.0.0.1:12345", None);
        for (name, value, expected) in [
            ("origin", "http://127.0.0.1:12345", "ok"),
            ("origin", "https://127.0.0.1:12345", "ok"),
            ("origin", "http://127.0.0.1:8080", "origin_refused"),
            ("origin", "http://evil.example", "origin_refused"),
            ("origin", "null", "origin_refused"),
            ("sec-fetch-site", "none", "ok"),
            ("sec-fetch-site", "same-origin", "ok"),
            ("sec-fetch-site", "same-site", "origin_refused"),
            ("sec-fetch-site", "cross-site", "origin_refused"),
        ] {
            let headers = [("host", "127.0.0.1:12345"), (name, value)];
            assert_eq!(check(&local, "GET /hello", &headers), expected, "{name}: {value}");
        }
    }

    #[test]
    fn tokens() {
        let access = access("127.0.0.1:1", Some(" 0123456789abcdef\n"));
        let good = "Bearer 0123456789abcdef";
        for (request, token, expected) in [
            ("GET /hello", None, "ok"),
            ("POST /join", None, "ok"),
            ("GET /-/versions", None, "ok"),
            ("POST /load", None, "token_missing"),
            ("GET /-/snapshot", None, "token_missing"),
            ("DELETE /-/versions/1", None, "token_missing"),
            ("GET /-/worlds/main", None, "ok"),
            ("PUT /-/worlds/main", None, "token_missing"),
            ("GET /-/worlds/main/export", None, "token_missing"),
            ("POST /-/worlds/main/import", None, "token_missing"),
            ("POST /load", Some(good), "ok"),
            ("POST /load", Some("bearer 0123456789abcdef"), "ok"),
            ("POST /-/rollback", Some("Bearer 0123456789abcdeF"), "token_wrong"),
            ("POST /-/rollback", Some("Bearer 0123456789abcdef0"), "token_wrong"),
            ("POST /load", Some("Basic 0123456789abcdef"), "token_wrong"),
            ("POST /load", Some(""), "token_wrong"),
        ] {
            let mut headers = vec![("host", "localhost")];
            headers.extend(token.map(|token| ("authorization", token)));
            assert_eq!(check(&access, request, &headers), expected, "{request} {token:?}");
        }
        assert_eq!(Token::new("short").err(), Some(AccessError::TokenTooShort));
        let wide = "0.0.0.0:80".parse().expect("an address");
        assert!(matches!(Access::new(wide, Vec::new(), None), Err(AccessError::Open(_))));
    }
}
