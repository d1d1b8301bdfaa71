//! `midflight export` and `midflight import`: a world of a running server, as a file.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use clap::Args;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use super::remote::Server;
use super::worlds::path;
use super::{Failure, print};

/// The world, `main` where none is named.
#[derive(Args, Debug)]
struct World {
    /// The world
    #[arg(long, value_name = "NAME", default_value = "main")]
    world: String,
}

#[derive(Args, Debug)]
pub(super) struct Export {
    #[command(flatten)]
    world: World,
    #[command(flatten)]
    server: Server,
}

#[derive(Args, Debug)]
pub(super) struct Import {
    /// What `midflight export` wrote
    file: PathBuf,
    #[command(flatten)]
    world: World,
    #[command(flatten)]
    server: Server,
}

impl Export {
    /// Writes the world to the standard output.
    pub(super) fn run(self) -> Result<(), Failure> {
        let path = format!("{}/export", path(&self.world.world)?);
        self.server.download(path, &mut io::stdout().lock())?;
        io::stdout().flush().map_err(|error| Failure::new(format!("cannot write: {error}")))
    }
}

impl Import {
    /// Sends the file, and says what became of it.
    pub(super) fn run(self) -> Result<(), Failure> {
        let World { world } = self.world;
        let path = format!("{}/import", path(&world)?);
        let refused = |error: io::Error| {
            Failure::new(format!("cannot read `{}`: {error}", self.file.display()))
        };
        let file = File::open(&self.file).map_err(refused)?;
        let left = file.metadata().map_err(refused)?.len();
        let body = Body::new(FileBody { file, left });
        let answer = self.server.upload(path, body)?;
        print(format!("the world {world} has {} rows now\n", answer["rows"]));
        Ok(())
    }
}

/// A file, read while it is sent; nothing else happens in this process.
struct FileBody {
    file: File,
    left: u64,
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _ctx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        const PIECE_SIZE: usize = 64 << 10;
        let mut piece = vec![0; PIECE_SIZE];
        let read = match self.file.read(&mut piece) {
            Ok(0) => return Poll::Ready(None),
            Ok(len) => len,
            Err(error) => return Poll::Ready(Some(Err(error))),
        };
        piece.truncate(read);
        self.left = self.left.saturating_sub(read as u64);
        Poll::Ready(Some(Ok(Frame::data(piece.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
