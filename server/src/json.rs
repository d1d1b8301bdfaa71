//! JSON ↔ the runtime's typed cursors, without a tree in between: arguments are written where the
//! call finds them while they are read, results are encoded where they stand.
//!
//! Types are strict and the errors name the place: an `int` takes a whole number in its range, a
//! `float` any number, a struct an object with exactly its fields (those with a default may be
//! left out). A member that is unknown, or given twice, is an error. Nothing here recurses deeper
//! than the types of the program do, whatever a client sends.
//!
//! `float`s that JSON cannot spell (NaN, the infinities) are written as `null`.

mod decode;
mod encode;

pub(crate) use decode::{bind, read};
pub(crate) use encode::{TooLarge, write};

#[cfg(test)]
mod tests {
    use midflight_runtime::{CallError, Engine, MAIN_WORLD, Outcome};

    /// Gives back what it is given.
    const ECHO: &str = "
        struct Place { x: float, y: float = 0.5 }
        struct Man { name: str, at: Place }
        struct All { i: int, f: float, b: bool, s: str, m: Man }
        post echo(
            i: int = 0, f: float = 0.0, b: bool = false, s: str = \"\",
            m: Man = Man { name: \"\", at: Place { x: 0.0 } },
        ) -> All {
            return All { i, f, b, s, m }
        }
        post apart(a: float, b: float) -> float { return a / b }
    ";

    /// The result of a handler for these arguments as JSON, or what is wrong with them.
    fn call(handler: &str, arguments: &str) -> String {
        let Ok(engine) = Engine::builder().build();
        let _ = engine.load(ECHO).expect("the program is right");
        let called = engine.enter(MAIN_WORLD, |turn| {
            match turn.call(handler, |slots| super::bind(arguments, slots)) {
                Ok(Outcome::Done(result)) => {
                    let mut json = Vec::new();
                    super::write(result, &mut json).expect("it is small");
                    String::from_utf8(json).expect("JSON is text")
                }
                Ok(Outcome::Trapped(trap)) => trap.to_string(),
                Err(CallError::Argument(error)) => error.to_string(),
                Err(error) => panic!("{error}"),
            }
        });
        called.expect("the world is there")
    }

    #[test]
    fn values_come_back_as_they_were_given() {
        let echo = |part: &str| {
            let all = call("echo", &format!("{{{part}}}"));
            assert!(all.contains(&part.replace(' ', "")), "{part}: {all}");
        };
        echo(r#""i":9007199254740993"#);
        echo(r#""i":-9223372036854775808,"f":-0.0"#);
        echo(r#""f":1e+300,"b":true"#);
        echo(r#""s":"a\"\\\n\u0001é\u2028😀""#.replace("\\u2028", "\u{2028}").as_str());
        echo(r#""m": {"name": "ann", "at": {"x": 1.5, "y": -2.0}}"#);
        assert!(call("echo", r#"{"s": "\u0041\ud83d\ude00"}"#).contains(r#""s":"A😀""#));
        assert!(call("echo", r#"{"f": 3}"#).contains(r#""f":3.0"#));
        assert!(call("echo", r#"{"m":{"at":{"x":1.0},"name":""}}"#).contains(r#""y":0.5"#));
        assert_eq!(call("apart", r#"{"a": 1, "b": 0}"#), "null");
        assert_eq!(call("apart", r#"{"a": 0, "b": 0}"#), "null");
    }

    #[test]
    fn mistakes_are_named() {
        for (arguments, message) in [
            (r#"{"i": 1.0}"#, "takes `int`, found 1.0, which is not written as a whole number"),
            (r#"{"i": 9223372036854775808}"#, "found 9223372036854775808, which is out of its"),
            (r#"{"i": 1e30}"#, "`i` takes `int`, found 1e30, which is out of its range"),
            (r#"{"f": 1e400}"#, "number out of range"),
            (r#"{"i": "1"}"#, "the argument `i` takes `int`, found the text `1`"),
            (r#"{"b": 1}"#, "the argument `b` takes `bool`, found the number 1"),
            (r#"{"s": null}"#, "the argument `s` takes `str`, found `null`"),
            (r#"{"s": ["#, "the argument `s` takes `str`, found a list"),
            (r#"{"s": {}}"#, "the argument `s` takes `str`, found an object"),
            (r#"{"m": []}"#, "the argument `m` takes `Man`, found a list"),
            (r#"{"i": 1, "i": 2}"#, "the argument `i` is given twice"),
            (r#"{"j": 1}"#, "there is no parameter `j`"),
            (r#"{"m": {"name": "", "at": {"z": 1}}}"#, "there is no parameter `m.at.z`"),
            (r#"{"m": {"at": {"x": 1}, "at": {}}}"#, "the argument `m.at` is given twice"),
            (r#"{"m": {"at": {"x": 1}}}"#, "the argument `m.name: str` is missing"),
            (r#"{"m": {"name": "", "at": {}}}"#, "the argument `m.at.x: float` is missing"),
            (r#"{"i": 1"#, "EOF while parsing an object"),
            (r#"{"i": 1} 2"#, "trailing characters"),
            (r#"[1]"#, "expected an object with the arguments"),
            (r#"{"s": "\ud800"}"#, "the JSON cannot be read"),
        ] {
            let found = call("echo", arguments);
            assert!(found.contains(message), "{arguments}: {found}");
        }
        let deep = format!(r#"{{"i": {}"#, "[".repeat(100_000));
        assert_eq!(call("echo", &deep), "the argument `i` takes `int`, found a list");
    }
}
