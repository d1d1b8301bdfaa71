//! Connections: accepted within limits, served, and let end when the server stops.
//!
//! `axum::serve` would do, but knows no time limit for headers and no limit on connections.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::limits::{
    ACCEPT_PAUSE, CONNECTIONS_MAX, HEADER_LEN_MAX, HEADER_TIMEOUT, SHUTDOWN_TIMEOUT,
};

/// Serves `app` until `shutdown` is ready; then no connection is accepted any more, requests in
/// flight are answered, and what takes longer than a deadline is given up.
pub async fn serve(listener: TcpListener, app: Router, shutdown: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX as usize));
    let (stop, stopping) = watch::channel(());
    tokio::select! {
        () = accept(listener, app, &places, stopping) => unreachable!("it accepts for ever"),
        () = shutdown => {}
    }
    drop(stop);
    if timeout(SHUTDOWN_TIMEOUT, places.acquire_many(CONNECTIONS_MAX)).await.is_err() {
        let open = CONNECTIONS_MAX as usize - places.available_permits();
        tracing::warn!(open, "connections were given up");
    }
}

async fn accept(
    listener: TcpListener,
    app: Router,
    places: &Arc<Semaphore>,
    stopping: watch::Receiver<()>,
) {
    loop {
        let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
        match listener.accept().await {
            Ok((stream, _)) => {
                let connection = serve_connection(stream, app.clone(), stopping.clone());
                drop(tokio::spawn(hold(place, connection)));
            }
            Err(error) if is_of_connection(&error) => {}
            Err(error) => {
                // No descriptors or memory: a connection that ends frees some.
                tracing::warn!(%error, "cannot accept");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn hold(place: OwnedSemaphorePermit, connection: impl Future<Output = ()>) {
    connection.await;
    drop(place);
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

async fn serve_connection(stream: TcpStream, app: Router, mut stopping: watch::Receiver<()>) {
    // Answers are written whole, so there is nothing to wait for.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_header_size(HEADER_LEN_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        // The sender says nothing; it is dropped.
        _ = stopping.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}
