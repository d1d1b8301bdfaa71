//! Programs of eight shapes, as many as are kept: what is kept at the end has the size of what was
//! kept after the warm-up.

/// A program that is right. All have one layout of the state.
pub(crate) fn right(number: u64) -> String {
    let functions: String = (0..number % 8 * 3)
        .map(|index| {
            format!(
                "fn extra_{index}(x: int) -> int {{\n    var sum = x\n    for i in 0..{index} {{ \
                 sum += i * x }}\n    return sum % 1000\n}}\n"
            )
        })
        .collect();
    let extra: String = (0..number % 8 * 3).map(|i| format!(" + extra_{i}(key) * 0")).collect();
    format!(
        r#"
const VERSION = {number}
state {{ calls: int, name: str, ticks: int }}
table item {{
    key id: int
    name: str
    worth: int
    index worth
}}
event called {{ version: int }}
{functions}
post call(key: int) -> int {{
    state.calls += 1
    state.name = "version {{VERSION}} of {{state.calls}}"
    let id = key % 50
    if id in item {{ remove item[id] }}
    insert item {{ id, name: "{{state.name}}", worth: key % 7 }}
    emit called {{ version: VERSION }}
    return VERSION * 2{extra}
}}
every 1s tick() {{ state.ticks += 1 }}
on load {{ state.name = "loaded {{VERSION}}" }}
test "it answers" {{ assert call(1) == VERSION * 2 }}
"#
    )
}

/// What `call` of the program answers.
pub(crate) fn answer(number: u64) -> i64 {
    number.cast_signed() * 2
}

/// A program that is refused: by its number for a mistake, a failing test, a trap in `on load`, or
/// another layout.
pub(crate) fn wrong(number: u64) -> String {
    let right = right(number);
    match number % 4 {
        0 => right.replace("state.calls += 1", "state.calls += true"),
        1 => right.replace("assert call(1) ==", "assert call(1) !="),
        2 => {
            right.replace("state.name = \"loaded", "assert state.calls == 0\n    state.name = \"x")
        }
        _ => right.replace("ticks: int", "ticks: str").replace("ticks += 1", "ticks += \"1\""),
    }
}
