//! Values of every type there and back, and what is said to each mistake.

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
    enum Class { mage, healer(power: int, at: Place = Place { x: 0.0 }) }
    struct Lists { b: [str; ..2], a: [float; 2], o: int?, c: Class, d: [Class; ..4] }
    post lists(
        b: [str; ..2] = [], a: [float; 2] = [0.0, 0.0], o: int?,
        c: Class = Class.mage, d: [Class; ..4] = [],
    ) -> Lists {
        return Lists { b, a, o, c, d }
    }
    post nested(x: DEEP) -> DEEP { return x }
    post growing(i: [int]) -> [int] { return i }
    post apart(a: float, b: float) -> float { return a / b }
";

/// The result of a handler for these arguments as JSON, or what is wrong with them.
fn call(handler: &str, arguments: &str) -> String {
    let engine = Engine::builder().build().expect("memory needs no store");
    let deep = format!("{}int{}", "[".repeat(64), "]".repeat(64));
    let _ = engine.load(&ECHO.replace("DEEP", &deep)).expect("the program is right");
    let called = engine.enter(MAIN_WORLD, |turn| {
        match turn.call(handler, |slots| super::bind(arguments, slots)) {
            Ok(Outcome::Done(result)) => {
                let mut json = Vec::new();
                super::write(result, &mut json, 1 << 20).expect("it is small");
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
    assert!(call("echo", r#"{"i": -0}"#).contains(r#""i":0"#));
    echo(r#""s":"a\"\\\n\u0001é\u2028😀""#.replace("\\u2028", "\u{2028}").as_str());
    echo(r#""m": {"name": "ann", "at": {"x": 1.5, "y": -2.0}}"#);
    assert!(call("echo", r#"{"s": "\u0041\ud83d\ude00"}"#).contains(r#""s":"A😀""#));
    assert!(call("echo", r#"{"f": 3}"#).contains(r#""f":3.0"#));
    assert!(call("echo", r#"{"m":{"at":{"x":1.0},"name":""}}"#).contains(r#""y":0.5"#));
    let lists = |part: &str| {
        let all = call("lists", &format!("{{{part}}}"));
        assert!(all.contains(&part.replace(' ', "")), "{part}: {all}");
    };
    lists(r#""b": ["x", "y"], "a": [1.0, 2.0], "o": 3"#);
    lists(r#""b": [], "a": [0.0, 0.0], "o": null, "c": "mage", "d": []"#);
    lists(r#""c": {"healer": {"power": 3, "at": {"x": 1.0, "y": 2.0}}}"#);
    lists(r#""d": ["mage", {"healer": {"power": 1, "at": {"x": 0.0, "y": 0.5}}}, "mage"]"#);
    for list in ["[]", "[1]", "[1,2,3,4,5,6,7,8,9,10,11,12]"] {
        assert_eq!(call("growing", &format!(r#"{{"i": {list}}}"#)), list);
    }
    assert!(call("lists", r#"{"c": {"mage": {}}}"#).contains(r#""c":"mage""#));
    let deep = format!("{}7{}", "[".repeat(64), "]".repeat(64));
    assert_eq!(call("nested", &format!(r#"{{"x": {deep}}}"#)), deep, "as deep as types go");
    assert_eq!(call("apart", r#"{"a": 1, "b": 0}"#), "null");
    assert_eq!(call("apart", r#"{"a": 0, "b": 0}"#), "null");
}

#[test]
fn mistakes_are_named() {
    for (arguments, message) in [
        (r#"{"i": 1.0}"#, "takes `int`, found 1.0, which is not written as a whole number"),
        (r#"{"i": 9223372036854775808}"#, "found 9223372036854775808, which is out of its"),
        (r#"{"i": 1e30}"#, "`i` takes `int`, found 1e30, which is out of its range"),
        (r#"{"f": 1e400}"#, "`f` takes `float`, found a number that is out of every range"),
        (r#"{"m": {"at": {"x": 1e999}}}"#, "`m.at.x` takes `float`, found a number that"),
        (r#"{"s": 1e999}"#, "`s` takes `str`, found a number that is out of every range"),
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
    for (arguments, message) in [
        (r#"{"a": [1, true]}"#, "the argument `a[1]` takes `float`, found `true`"),
        (r#"{"b": [null]}"#, "the argument `b[0]` takes `str`, found `null`"),
        (r#"{"b": ["", "", ""]}"#, "`b` takes `[str; ..2]`, found a list of more than 2"),
        (r#"{"a": [1]}"#, "the argument `a` takes `[float; 2]`, found a list of 1"),
        (r#"{"a": []}"#, "the argument `a` takes `[float; 2]`, found a list of 0"),
        (r#"{"o": "1"}"#, "the argument `o` takes `int`, found the text `1`"),
        (r#"{"c": "healer"}"#, "the argument `c.power: int` is missing"),
        (r#"{"c": "elf"}"#, "`c` takes `Class`, found `elf`, which is none of `mage`, `healer`"),
        (r#"{"c": {}}"#, "the argument `c` takes `Class`, found an empty object"),
        (r#"{"c": {"healer": 3}}"#, "`c` takes `Class`, found a number in place of the payload"),
        (r#"{"c": {"healer": null}}"#, "`c` takes `Class`, found `null` in place of the payload"),
        (r#"{"d": [{"healer": [[]]}]}"#, "`d[0]` takes `Class`, found a list in place of the"),
        (r#"{"o": 1e999}"#, "the argument `o` takes `int`, found a number that is out of every"),
        (r#"{"a": [1e400]}"#, "the argument `a[0]` takes `float`, found a number that is out"),
        (r#"{"c": {"healer": {"pow": 3}}}"#, "there is no parameter `c.pow`"),
        (r#"{"c": {"mage": {}, "mage": {}}}"#, "the argument `c.mage` is given twice"),
        (r#"{"c": {"mage": {}, "elf": {}}}"#, "an object with more members than one variant"),
        (r#"{"d": [{"healer": {"at": {}}}]}"#, "the argument `d[0].at.x: float` is missing"),
    ] {
        let found = call("lists", arguments);
        assert!(found.contains(message), "{arguments}: {found}");
    }
    let deep = format!(r#"{{"i": {}"#, "[".repeat(100_000));
    assert_eq!(call("echo", &deep), "the argument `i` takes `int`, found a list");
}
