//! What a client did wrong or ran into, as an answer: an RFC 9457 problem document, or text where
//! a person loads source by hand. Every error's status, kind and body stands here.
//!
//! A document has the members `type` (`/problems/<kind>`, a name and not a place), `title` (the
//! same for every problem of the kind), `status`, `detail` (this one), `kind`, where there is one
//! `help` (what to do), and what the kind adds: a trap its `line`, `column`, `function` and
//! `version`, refused source its `diagnostics`.
//!
//! What the runtime refuses becomes a problem in `error/runtime.rs`.

mod runtime;

pub(crate) use runtime::{RESTART, known_names, of_trial};

use axum::body::Body;
use axum::http::header::{ACCEPT, ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::metrics::ProblemName;

/// Declares the kinds of problem: `Kind "name" STATUS "title"`.
macro_rules! kinds {
    ($($kind:ident $name:literal $status:ident $title:literal,)*) => {
        /// What kind of problem it is, traps aside, which have the kinds of
        /// [`midflight_compiler::trap::TrapKind`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind {
            $(#[doc = $title] $kind,)*
        }

        impl Kind {
            /// The name on the wire.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)* }
            }

            fn status(self) -> StatusCode {
                match self { $(Kind::$kind => StatusCode::$status,)* }
            }

            fn title(self) -> &'static str {
                match self { $(Kind::$kind => $title,)* }
            }
        }
    };
}

kinds! {
    NotHttp "not_http" BAD_REQUEST "the request is not HTTP/1.1",
    HeadBroken "head_broken" BAD_REQUEST "the request ended before its end",
    HeaderTimeout "header_timeout" REQUEST_TIMEOUT "the request took too long",
    HeadersTooLarge "headers_too_large" REQUEST_HEADER_FIELDS_TOO_LARGE "the headers are too large",
    TooManyHeaders "too_many_headers" REQUEST_HEADER_FIELDS_TOO_LARGE "there are too many headers",
    UriTooLong "uri_too_long" URI_TOO_LONG "the path and query are too long",

    InvalidHost "invalid_host" BAD_REQUEST "a request needs one host",
    HostRefused "host_refused" FORBIDDEN "the request is addressed to another host",
    OriginRefused "origin_refused" FORBIDDEN "web pages of other sites are not served",
    TokenMissing "token_missing" UNAUTHORIZED "this needs the admin token",
    TokenWrong "token_wrong" UNAUTHORIZED "the admin token is another one",

    NotFound "not_found" NOT_FOUND "there is nothing at this path",
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "the path takes another method",
    InvalidQuery "invalid_query" BAD_REQUEST "the query cannot be read",
    BodyBroken "body_broken" BAD_REQUEST "the body ended before its end",
    BodyTimeout "body_timeout" REQUEST_TIMEOUT "the body took too long",
    TooManyListeners "too_many_listeners" SERVICE_UNAVAILABLE "too many clients listen to events",
    TooManyBodies "too_many_bodies" SERVICE_UNAVAILABLE "too many large bodies are under way",
    TooManyAnswers "too_many_answers" SERVICE_UNAVAILABLE "too many large answers are under way",
    BodyTooLarge "body_too_large" PAYLOAD_TOO_LARGE "the body is too large",
    UnsupportedEncoding "unsupported_encoding" UNSUPPORTED_MEDIA_TYPE "the body is encoded",
    NotUtf8 "not_utf8" BAD_REQUEST "the body is not UTF-8",

    UnknownWorld "unknown_world" NOT_FOUND "there is no such world",
    InvalidWorldName "invalid_world_name" BAD_REQUEST "this cannot be the name of a world",
    TooManyWorlds "too_many_worlds" INSUFFICIENT_STORAGE "there are as many worlds as there may be",
    WorldIsMain "world_is_main" CONFLICT "the world `main` stays",
    InvalidImport "invalid_import" BAD_REQUEST "the file is not the export of a world",
    ImportTooLarge "import_too_large" PAYLOAD_TOO_LARGE "the export of the world is too large",
    ImportTruncated "import_truncated" BAD_REQUEST "the file ends before its end",
    ImportValue "import_value" UNPROCESSABLE_ENTITY "a value does not fit the program",
    ImportTable "import_table" UNPROCESSABLE_ENTITY "the program has no such table",
    ImportSlot "import_slot" UNPROCESSABLE_ENTITY "the rows are not in the order of their slots",
    ImportKey "import_key" UNPROCESSABLE_ENTITY "two rows have one key",
    ImportKeyLength "import_key_length" UNPROCESSABLE_ENTITY "a key is too long",
    ImportRows "import_rows" UNPROCESSABLE_ENTITY "a table has too many rows",
    NoRoom "no_room" INSUFFICIENT_STORAGE "there is no room for the file",
    UnknownHandler "unknown_handler" NOT_FOUND "there is no such handler",
    UnreadableArguments "unreadable_arguments" BAD_REQUEST "the arguments cannot be read",
    MissingArgument "missing_argument" BAD_REQUEST "an argument is missing",
    UnknownArgument "unknown_argument" BAD_REQUEST "there is no such parameter",
    DuplicateArgument "duplicate_argument" BAD_REQUEST "an argument is given twice",
    WrongType "wrong_type" BAD_REQUEST "an argument has another type",
    ArgumentTooLarge "argument_too_large" PAYLOAD_TOO_LARGE "the arguments are too large",
    Busy "busy" SERVICE_UNAVAILABLE "too many calls wait for the world",
    StoreFailed "store_failed" SERVICE_UNAVAILABLE "the store has failed",
    StoreBusy "store_busy" SERVICE_UNAVAILABLE "too much waits to be stored",
    OutcomeUnknown "outcome_unknown" SERVICE_UNAVAILABLE "the call may or may not have happened",
    NoStore "no_store" CONFLICT "the state is kept in memory only",
    TooManySnapshots "too_many_snapshots" TOO_MANY_REQUESTS "a snapshot is under way",
    NoVersion "no_version" SERVICE_UNAVAILABLE "nothing has been loaded",
    WorldClosed "world_closed" SERVICE_UNAVAILABLE "the world is closed",
    WorldFull "world_full" SERVICE_UNAVAILABLE "the world has no memory left",
    EngineFull "engine_full" SERVICE_UNAVAILABLE "the worlds have no memory left together",
    Stopping "stopping" SERVICE_UNAVAILABLE "the server is stopping",

    Source "source" UNPROCESSABLE_ENTITY "the source has mistakes",
    Layout "layout" UNPROCESSABLE_ENTITY "data would be lost, or has no way into the new layout",
    Migration "migration" UNPROCESSABLE_ENTITY "a row does not fit into the new layout",
    OnLoad "on_load" UNPROCESSABLE_ENTITY "`on load` of the program trapped",
    Tests "tests" UNPROCESSABLE_ENTITY "tests of the program failed",
    UnexpectedVersion "unexpected_version" CONFLICT "another version is current",
    UnknownVersion "unknown_version" NOT_FOUND "there is no such version",
    NothingBefore "nothing_before" CONFLICT "there is no version to go back to",
    VersionIsCurrent "version_is_current" CONFLICT "the version is current",
    TooManyLoads "too_many_loads" TOO_MANY_REQUESTS "too many loads are under way",
    CompilerBusy "compiler_busy" TOO_MANY_REQUESTS "too many programs wait to be compiled",

    Internal "internal" INTERNAL_SERVER_ERROR "a fault of Midflight itself",
}

/// An error as an answer. Boxed, because every result on the path of a call has room for one.
#[derive(Debug)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: String,
    help: Option<String>,
    /// What the kind adds to the document.
    members: Vec<(&'static str, Value)>,
    /// The text form, where it is not made of detail and help.
    text: Option<String>,
    header: Option<Header>,
}

/// The header that some statuses need.
#[derive(Clone, Copy, Debug)]
enum Header {
    Allow(&'static str),
    Bearer,
    RetryAfter,
}

/// Which form an error has for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A problem document.
    Json,
    /// Text for a person: where source is loaded by hand and no JSON is asked for.
    Text,
}

impl Form {
    /// The form that answers to this request have.
    pub(crate) fn of<B>(request: &Request<B>) -> Form {
        if request.uri().path() != "/load" {
            return Form::Json;
        }
        let accepts_json = |accept: &HeaderValue| {
            accept.to_str().is_ok_and(|accept| accept.to_ascii_lowercase().contains("json"))
        };
        match request.headers().get_all(ACCEPT).iter().any(accepts_json) {
            true => Form::Json,
            false => Form::Text,
        }
    }
}

impl Problem {
    /// A problem of a kind; `detail` says what it is about this time.
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Problem {
        let header = match kind {
            Kind::Busy
            | Kind::StoreBusy
            | Kind::TooManyLoads
            | Kind::TooManySnapshots
            | Kind::CompilerBusy
            | Kind::TooManyBodies
            | Kind::TooManyAnswers
            | Kind::TooManyListeners => Some(Header::RetryAfter),
            Kind::TokenMissing | Kind::TokenWrong => Some(Header::Bearer),
            _ => None,
        };
        Problem(Box::new(Parts {
            status: kind.status(),
            kind: kind.name(),
            title: kind.title(),
            detail: detail.into(),
            help: None,
            members: Vec::new(),
            text: None,
            header,
        }))
    }

    /// The path takes other methods.
    pub(crate) fn method(allow: &'static str, detail: impl Into<String>) -> Problem {
        let mut problem = Problem::new(Kind::MethodNotAllowed, detail);
        problem.0.header = Some(Header::Allow(allow));
        problem
    }

    /// The kind's name.
    pub(crate) fn kind(&self) -> &'static str {
        self.0.kind
    }

    /// Says what to do.
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Problem {
        self.0.help = Some(help.into());
        self
    }

    /// Says in which line of a file it is.
    pub(crate) fn in_line(mut self, line: u64) -> Problem {
        self.0.detail = format!("line {line}: {}", self.0.detail);
        self.with("line", line)
    }

    /// Adds a member to the document.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Problem {
        self.0.members.push((name, value.into()));
        self
    }

    /// Gives the whole text form.
    pub(crate) fn with_text(mut self, text: String) -> Problem {
        self.0.text = Some(text);
        self
    }

    /// The answer, in the form that the client understands.
    pub(crate) fn answer(self, form: Form) -> Response {
        let parts = *self.0;
        let (status, kind, header) = (parts.status, parts.kind, parts.header);
        let (content_type, body) = match form {
            Form::Json => ("application/problem+json", parts.document()),
            Form::Text => ("text/plain; charset=utf-8", parts.text()),
        };
        let mut response = (status, Body::from(body)).into_response();
        let _ = response.extensions_mut().insert(ProblemName(kind));
        let headers = response.headers_mut();
        let _ = headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if let Some(header) = header {
            let (name, value) = match header {
                Header::Allow(methods) => (ALLOW, methods),
                Header::Bearer => (WWW_AUTHENTICATE, "Bearer"),
                Header::RetryAfter => (RETRY_AFTER, "1"),
            };
            let _ = headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

impl Parts {
    fn document(&self) -> String {
        serde_json::to_string(self).expect("the members of a problem have names")
    }

    fn text(self) -> String {
        match (self.text, self.help) {
            (Some(text), _) => text,
            (None, Some(help)) => format!("error: {}\nhelp: {help}\n", self.detail),
            (None, None) => format!("error: {}\n", self.detail),
        }
    }
}

/// The members in the order in which a person wants to read them.
impl Serialize for Parts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_map(None)?;
        document.serialize_entry("type", &format_args!("/problems/{}", self.kind))?;
        document.serialize_entry("title", self.title)?;
        document.serialize_entry("status", &self.status.as_u16())?;
        document.serialize_entry("detail", &self.detail)?;
        document.serialize_entry("kind", self.kind)?;
        if let Some(help) = &self.help {
            document.serialize_entry("help", help)?;
        }
        for (name, value) in &self.members {
            document.serialize_entry(name, value)?;
        }
        document.end()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.answer(Form::Json)
    }
}
