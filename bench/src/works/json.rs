//! A request with JSON in it, answered with JSON, without a socket: through Midflight's router, and
//! through one of axum's with types of serde's.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, header};
use axum::response::Response;
use axum::routing::post;
use axum::{Json, Router};
use http_body_util::BodyExt;
use midflight_server::{Access, Events, ServerState, app};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;
use tower::ServiceExt;

use super::engine;
use crate::Error;
use crate::piece::{Contender, Work};

const PROGRAM: &str = r#"
struct Vec2 { x: float, y: float }
struct Item { kind: str, count: int }
struct Status { name: str, at: Vec2, hp: int, bag: [Item; ..16] }

post heal(name: str, at: Vec2, hp: int, bag: [Item; ..16]) -> Status {
    return Status { name, at, hp: hp + 1, bag }
}
"#;

const BODY: &str = r#"{"name":"ann","at":{"x":12.5,"y":-3.25},"hp":41,"bag":[{"kind":"potion","count":3},{"kind":"rope","count":1},{"kind":"torch","count":12}]}"#;

#[derive(Deserialize, Serialize)]
struct Vec2 {
    x: f64,
    y: f64,
}

#[derive(Deserialize, Serialize)]
struct Item {
    kind: String,
    count: i64,
}

#[derive(Deserialize, Serialize)]
struct Status {
    name: String,
    at: Vec2,
    hp: i64,
    bag: Vec<Item>,
}

pub(super) fn contenders(_work: Work) -> Result<Vec<Contender>, Error> {
    let engine = engine(PROGRAM)?;
    let access = Access::new(([127, 0, 0, 1], 80).into(), Vec::new(), None)?;
    let state = Arc::new(ServerState::new(engine, access, Events::default()));
    let native = Router::new().route("/heal", post(heal));
    let app = app(state);
    let native = async move |request| match native.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let midflight = async move |request| app.answer(request).await;
    Ok(vec![through("native", native)?, through("midflight", midflight)?])
}

async fn heal(Json(status): Json<Status>) -> Json<Status> {
    Json(Status { hp: status.hp + 1, ..status })
}

fn through(
    name: &'static str,
    answer: impl AsyncFn(Request<Body>) -> Response + 'static,
) -> Result<Contender, Error> {
    let runtime = Runtime::new()?;
    Ok(Contender::new(name, move || {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/heal")
            .header(header::HOST, "127.0.0.1")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(BODY))?;
        runtime.block_on(async {
            let response = answer(request).await;
            let status = response.status();
            let body = response.into_body().collect().await?.to_bytes();
            let text = String::from_utf8(body.to_vec())?;
            match status.is_success() {
                true => Ok(text),
                false => Err(format!("{status}: {text}").into()),
            }
        })
    }))
}
