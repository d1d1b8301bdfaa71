//! What is too large for memory, on its way in or out: a file without a name, gone with its last
//! handle. So a client may be as slow as it likes and holds up no world.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek};
use std::os::unix::fs::OpenOptionsExt;
use std::pin::Pin;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

/// Bytes that are read at once.
const PIECE_SIZE: usize = 64 << 10;

/// Pieces that are on their way into the connection.
const AHEAD: usize = 2;

/// An empty file in the directory for temporary ones.
pub(crate) fn file() -> io::Result<File> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("midflight-spool-{}-{number}", process::id()));
        let mut options = OpenOptions::new();
        // New, so that nobody else's file or link stands there.
        match options.read(true).write(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => {
                std::fs::remove_file(&path)?;
                return Ok(file);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// A body with all that stands in a file, read while it is sent.
pub(crate) fn body(mut file: File) -> io::Result<Body> {
    let left = file.seek(io::SeekFrom::End(0))?;
    file.rewind()?;
    let (pieces, stream) = mpsc::channel(AHEAD);
    drop(spawn_blocking(move || {
        loop {
            let mut piece = vec![0; PIECE_SIZE];
            let read = file.read(&mut piece).map(|len| {
                piece.truncate(len);
                Bytes::from(piece)
            });
            let goes_on = match &read {
                Ok(piece) if piece.is_empty() => return,
                Ok(_) => true,
                // The client sees an answer that ends too soon.
                Err(_) => false,
            };
            // Nobody takes it when the client is gone.
            if pieces.blocking_send(read).is_err() || !goes_on {
                return;
            }
        }
    }));
    Ok(Body::new(Spooled { stream, left }))
}

struct Spooled {
    stream: mpsc::Receiver<io::Result<Bytes>>,
    left: u64,
}

impl HttpBody for Spooled {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let piece = self.stream.poll_recv(ctx);
        if let Poll::Ready(Some(Ok(piece))) = &piece {
            self.left = self.left.saturating_sub(piece.len() as u64);
        }
        piece.map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
