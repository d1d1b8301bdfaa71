//! `GET /-/snapshot`: a copy of everything that is stored, taken while calls go on. It is a store of
//! its own: `midflight serve --data DIR` goes on from it.
//!
//! The copy is a file that has no name any more when it is sent, so that nothing is left of it
//! whatever happens.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::pin::Pin;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use midflight_runtime::{Engine, StoreError};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::error::{Kind, Problem};
use crate::state::ServerState;

/// Bytes that are read at once.
const CHUNK_LEN: usize = 64 << 10;

/// Chunks that are read ahead of the client.
const AHEAD: usize = 4;

/// `GET /-/snapshot`
pub(super) async fn snapshot(State(state): State<Arc<ServerState>>) -> Result<Response, Problem> {
    let place = state.begin_snapshot()?;
    let directory = state.snapshots.clone();
    let copied = state.ask(move |engine| copy(engine, &directory)).await?;
    let (file, len) = copied.map_err(|error| refused(&error))?;
    let (chunks, stream) = mpsc::channel(AHEAD);
    drop(spawn_blocking(move || {
        send(file, &chunks);
        drop(place);
    }));
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_LENGTH, len.to_string()),
        (CONTENT_DISPOSITION, "attachment; filename=\"midflight.redb\"".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::new(Stream(stream))).into_response())
}

fn refused(error: &StoreError) -> Problem {
    match error {
        StoreError::Absent => Problem::new(Kind::NoStore, error.to_string())
            .with_help("start the server without `--memory`"),
        _ => Problem::of_store(error),
    }
}

/// A copy without a name, and its length.
fn copy(engine: &Engine, directory: &Path) -> Result<(File, u64), StoreError> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = directory.join(format!("midflight-snapshot-{}-{number}", process::id()));
    let copied = engine.snapshot(&path).and_then(|()| {
        let opened = File::open(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (len, file) =
            opened.map_err(|error| StoreError::io("cannot read the snapshot", error))?;
        Ok((file, len))
    });
    // What was not made cannot be removed.
    let _ = fs::remove_file(&path);
    copied
}

/// Sends a file until its end, or until nobody wants it any more.
fn send(mut file: File, chunks: &mpsc::Sender<io::Result<Bytes>>) {
    loop {
        let mut chunk = vec![0; CHUNK_LEN];
        let read = file.read(&mut chunk).map(|len| {
            chunk.truncate(len);
            Bytes::from(chunk)
        });
        let is_end = read.as_ref().is_ok_and(Bytes::is_empty);
        let is_error = read.is_err();
        if is_end || chunks.blocking_send(read).is_err() || is_error {
            return;
        }
    }
}

/// A body that is read while it is sent; one that cannot be read on is cut off.
struct Stream(mpsc::Receiver<io::Result<Bytes>>);

impl HttpBody for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(ctx).map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }
}
