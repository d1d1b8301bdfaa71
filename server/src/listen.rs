//! Connections: accepted within limits, served, and let end when the server stops.
//!
//! `axum::serve` would do, but knows no time limits and no limit on connections, and leaves what
//! is no request to hyper, whose answer has no body and no headers of ours.

mod connection;
mod places;
mod progress;
mod refusal;
mod stream;

use std::future::Future;
use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use self::connection::Served;
pub(crate) use self::places::Places;
use crate::limits::{ACCEPT_PAUSE, GIVE_WAY_COUNT};
use crate::routes::app;
use crate::state::ServerState;

/// Serves everything that a server answers until `shutdown` is ready; then no connection is
/// accepted any more, requests in flight are answered, and what takes longer than a deadline is
/// given up.
pub async fn serve(
    listener: TcpListener,
    state: Arc<ServerState>,
    shutdown: impl Future<Output = ()>,
) {
    let (places, time) = (state.places.clone(), state.limits.shutdown_timeout);
    let (stop, stopping) = watch::channel(());
    let served = Served { app: Arc::new(app(state.clone())), state, stopping };
    tokio::select! {
        () = accept(listener, &places, served) => unreachable!("it accepts for ever"),
        () = shutdown => {}
    }
    drop(stop);
    if timeout(time, places.all_free()).await.is_err() {
        tracing::warn!(open = places.taken_len(), "connections were given up");
    }
}

async fn accept(listener: TcpListener, places: &Arc<Places>, served: Served) {
    loop {
        match listener.accept().await {
            Ok((socket, _)) => {
                let place = places.take().await;
                let connection = connection::serve(socket, place.progress.clone(), served.clone());
                drop(tokio::spawn(place.hold(connection)));
            }
            Err(error) if is_of_connection(&error) => {}
            Err(error) => {
                // No descriptors or memory: a connection that ends frees some.
                tracing::warn!(%error, "cannot accept");
                places.make_room(GIVE_WAY_COUNT);
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Whether only the connection that was about to be accepted has failed.
fn is_of_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}
