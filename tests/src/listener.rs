//! A client that listens to events: server-sent events over a connection of its own.

use serde_json::Value;

use crate::client::Client;
use crate::served::Served;

/// A connection that listens to the events of a server.
#[derive(Debug)]
pub struct Listener {
    client: Client,
}

impl Listener {
    /// Listens from now on: what happens after this call is heard.
    pub fn to(served: &Served) -> Listener {
        Listener::at(served, "/-/events")
    }

    /// Listens to one world.
    pub fn to_world(served: &Served, world: &str) -> Listener {
        Listener::at(served, &format!("/-/events?world={world}"))
    }

    fn at(served: &Served, target: &str) -> Listener {
        let mut client = served.client();
        client.send(format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
        let answer = client.receive_head();
        assert_eq!(answer.status, 200, "{}", answer.head);
        assert_eq!(answer.header("content-type"), Some("text/event-stream"));
        while client.line().expect("the stream goes on") != ":" {}
        Listener { client }
    }

    /// The next line of the stream; `None` once it has ended.
    pub fn line(&mut self) -> Option<String> {
        self.client.line()
    }

    /// The next event: its name and its data.
    pub fn next_event(&mut self) -> (String, Value) {
        let mut name = String::new();
        loop {
            let line = self.line().expect("the stream goes on");
            if let Some(event) = line.strip_prefix("event: ") {
                name = event.to_owned();
            }
            if let Some(data) = line.strip_prefix("data: ") {
                return (name, serde_json::from_str(data).expect("the data is JSON"));
            }
        }
    }
}
