//! The swap under load: clients call without pause while versions change. No request fails, every
//! answer is wholly of one version, and old code is really freed.

mod handles;
mod sockets;

/// A version whose answers show that they are of one version: its constant stands in every answer,
/// and what it adds to the state it adds in two places.
fn version(number: u64) -> String {
    format!(
        r#"
        const VERSION = {number}
        state {{ calls: int, twice: int, last: int }}
        event changed {{ version: int, again: int }}
        fn note() {{
            state.calls += 1
            state.twice += 2
            state.last = VERSION
        }}
        post call(key: int) -> str {{
            note()
            let before = VERSION
            var sum = 0
            for i in 0..50 {{ sum += i * key }}
            return "{{before}} {{state.last}} {{VERSION}} {{key}} {{state.twice - 2 * state.calls}} {{sum}}"
        }}
        post number() -> int {{
            note()
            return VERSION
        }}
        /// Tells who listens which version this is.
        post announce() -> int {{
            emit changed {{ version: VERSION, again: {number} }}
            return VERSION
        }}
        get calls() -> int {{ return state.calls }}
        "#
    )
}
