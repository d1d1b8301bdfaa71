//! Programs in source text: what their handlers return, with words for arguments and results.

use super::machine::Machine;
use crate::source::Source;
use crate::trap::TrapKind;

/// A program with room for its state and its table.
struct Loaded {
    program: crate::Program,
    machine: Machine,
}

fn load(text: &str) -> Loaded {
    let source = Source::new("test.flight", text);
    let program = crate::compile(&source).unwrap_or_else(|errors| {
        let shown: Vec<String> =
            errors.iter().map(|d| format!("{} {:?}", d.message, source.slice(d.span))).collect();
        panic!("{shown:#?}")
    });
    let state = program.layouts.strukt(program.ir.state).layout.size;
    let mut machine = Machine::new(state);
    if !program.ir.types.tables.is_empty() {
        let row = program.layouts.row(crate::types::TableId(0)).layout.size;
        machine.world = super::world::World::new(state).with_rows(row);
    }
    Loaded { program, machine }
}

impl Loaded {
    fn function(&self, name: &str) -> u32 {
        let mut handlers = self.program.ir.handlers.iter();
        handlers.find(|handler| handler.name == name).expect("it is declared").function.0
    }

    fn call(&mut self, name: &str, args: &[i64]) -> Result<i64, TrapKind> {
        let args: Vec<u64> = args.iter().map(|&arg| arg as u64).collect();
        let function = self.function(name);
        let result = self.machine.call(&self.program.code, function, &args);
        result.map(|value| value as i64).map_err(|site| site.expect("a trap has a site").kind)
    }
}

/// Calls `f` of a program for each line of `argument -> result`.
fn check(text: &str, expected: &[(i64, Result<i64, TrapKind>)]) {
    let mut loaded = load(text);
    for &(arg, result) in expected {
        assert_eq!(loaded.call("f", &[arg]), result, "f({arg}) of\n{text}");
    }
}

#[test]
fn enums_are_matched() {
    let text = "
enum Shape { empty, square(side: int), box(w: int, h: int), line(len: int), dot, ring(r: int) }
fn make(n: int) -> Shape {
    if n == 0 { return Shape.empty }
    if n == 1 { return Shape.square(7) }
    if n == 2 { return Shape.box(3, 5) }
    if n == 3 { return Shape.line(9) }
    if n == 4 { return Shape.dot }
    return Shape.ring(n)
}
get f(n: int) -> int {
    return match make(n) {
        empty => 0
        square(s) => s * s
        box(w, h) => w * h
        line(_) | dot => 1
        ring(5) => 50
        ring(r) => r
    }
}
get jump(n: int) -> int {
    return match make(n) {
        empty => 100
        square(_) => 101
        box(_, _) => 102
        line(_) => 103
        dot => 104
        ring(r) => r
    }
}
";
    let expected = [(0, 0), (1, 49), (2, 15), (3, 1), (4, 1), (5, 50), (6, 6)];
    check(text, &expected.map(|(arg, result)| (arg, Ok(result))));
    let mut loaded = load(text);
    let jumps: Vec<_> = (0..7).map(|n| loaded.call("jump", &[n])).collect();
    assert_eq!(jumps, [100, 101, 102, 103, 104, 5, 6].map(Ok));
}

#[test]
fn optionals_fall_back() {
    let text = "
fn half(n: int) -> int? {
    if n % 2 == 0 { return n / 2 }
    return none
}
get f(n: int) -> int {
    let whole = half(n) ?? -1
    if let h = half(whole) { return h }
    if half(n) == none { return 1000 }
    return half(n) ?? fail 404 \"odd\"
}
get g(n: int) -> int { return half(n) ?? fail 404 \"odd\" }
";
    check(text, &[(8, Ok(2)), (3, Ok(1000)), (6, Ok(3))]);
    let mut loaded = load(text);
    assert_eq!(loaded.call("g", &[3]), Err(TrapKind::Fail));
    assert_eq!(loaded.call("g", &[4]), Ok(2));
}

#[test]
fn arrays_and_bounded_lists_are_values() {
    let text = "
struct Bag { items: [int; ..4], grid: [int; 3] }
state { bag: Bag }
get f(n: int) -> int {
    var bag = Bag { items: [1, 2], grid: [10; 3] }
    let old = bag
    bag.items.push(n)
    bag.items.insert(0, 9)
    bag.grid[1] = n
    bag.grid[bag.items.len - 2] += 5
    var sum = 0
    for x in bag.items { sum = sum * 10 + x }
    for x in bag.grid { sum += x * 100000 }
    return sum * 10 + old.items.len
}
post g(n: int) -> int {
    state.bag.items.push(n)
    let all = state.bag.items
    state.bag.items.clear()
    for x in all { state.bag.items.push(x * 2) }
    return state.bag.items[state.bag.items.len - 1] + (state.bag.items.pop() ?? 0)
}
get at(n: int) -> int {
    let list = [1, 2, 3]
    return list[n]
}
";
    check(text, &[(4, Ok((9124 + 2_900_000) * 10 + 2))]);
    let mut loaded = load(text);
    assert_eq!(loaded.call("g", &[4]), Ok(16));
    assert_eq!(loaded.call("at", &[2]), Ok(3));
    for outside in [3, -1, i64::MIN] {
        assert_eq!(loaded.call("at", &[outside]), Err(TrapKind::IndexOutOfBounds));
    }
}

#[test]
fn growing_lists_grow_and_are_not_shared() {
    let text = "
fn evens(n: int) -> [int] {
    var out: [int] = []
    for i in 0..n { if i % 2 == 0 { out.push(i) } }
    return out
}
get f(n: int) -> int {
    var list = evens(n)
    list.push(100)
    let removed = list.remove(1)
    list.insert(0, 7)
    var sum = 0
    for x in list where x > 2 limit 4 { sum = sum * 10 + x }
    let part = list.slice(1, 3)
    return sum * 1000 + removed * 100 + list.len * 10 + part[1]
}
get full(n: int) -> int {
    var few: [int; ..2] = [1]
    few.push(n)
    few.push(n)
    return few.len
}
";
    let list: [i64; 5] = [7, 0, 4, 6, 100];
    let sum = list.iter().filter(|&&x| x > 2).take(4).fold(0, |sum, x| sum * 10 + x);
    check(text, &[(8, Ok(sum * 1000 + 200 + 50 + 4))]);
    assert_eq!(load(text).call("full", &[1]), Err(TrapKind::ListFull));
}

#[test]
fn rows_are_found_written_and_visited() {
    let text = "
table p { key id: int, hp: int = 100, gold: int, index gold }
post add(id: int) -> int {
    let row = insert p { id, gold: id * 2 }
    row.hp -= id
    row.hp -= 1
    return row.hp
}
post f(id: int) -> int {
    var sum = 0
    for row in p where row.hp > 50 { sum = sum * 100 + row.id }
    for row in p by gold desc limit 1 { sum = sum * 10 + row.gold }
    // The host of these tests hands out one row at a time, and no batch is full.
    return sum * 10 + p.len
}
get has(id: int) -> int {
    if id in p { return p[id].hp }
    return -1
}
";
    let mut loaded = load(text);
    assert_eq!(loaded.call("add", &[5]), Ok(94));
    assert_eq!(loaded.machine.world.noted_rows, [0], "a row is noted once");
    for id in [60, 7, 8, 9] {
        assert!(loaded.call("add", &[id]).is_ok());
    }
    assert_eq!(loaded.call("f", &[0]), Ok((5_070_809 * 10 + 120) * 10 + 5));
    assert_eq!(loaded.call("has", &[7]), Ok(92));
    assert_eq!(loaded.call("has", &[70]), Ok(-1));
}

#[test]
fn removed_rows_are_gone() {
    let text = "
table p { key id: int, hp: int }
post add(id: int) { insert p { id } }
post f(id: int) -> int {
    let row = p[id]
    row.hp = 3
    for other in p { if other.id == id { remove other } }
    return row.hp
}
post sweep(n: int) -> int {
    var seen = 0
    for row in p {
        seen += 1
        if let next = p.get(row.id + 1) { remove next }
    }
    return seen * 10 + p.len
}
";
    let mut loaded = load(text);
    for id in 1..=5 {
        assert!(loaded.call("add", &[id]).is_ok());
    }
    assert_eq!(loaded.call("f", &[6]), Err(TrapKind::MissingRow));
    assert_eq!(loaded.call("f", &[5]), Err(TrapKind::MissingRow));
    assert_eq!(loaded.call("sweep", &[0]), Ok(22), "rows 1 and 3 were there when reached");
}

#[test]
fn a_small_function_is_inlined_with_its_traps_and_its_fuel() {
    let text = "
fn ratio(a: int, b: int) -> int { return a / b }
get f(n: int) -> int { return ratio(100, n) + ratio(10, n) }
";
    check(text, &[(5, Ok(22)), (0, Err(TrapKind::DivisionByZero)), (-1, Ok(-110))]);
    let shown = crate::inspect(&Source::new("test.flight", text), crate::Emit::Clif);
    let shown = shown.unwrap_or_else(|errors| panic!("{errors:#?}"));
    let handler = shown.split("; f (entry)").nth(1).unwrap_or_default();
    let handler = handler.split("; ratio").next().unwrap_or_default();
    assert!(handler.contains("sdiv") && !handler.contains(" call fn"), "{handler}");
    let mut loaded = load(text);
    let full = loaded.machine.fuel;
    assert_eq!(loaded.call("f", &[5]), Ok(22));
    let costs = &loaded.program.ir.functions;
    let used: u32 =
        costs.iter().map(|func| func.body.fuel * (1 + u32::from(func.name == "ratio"))).sum();
    assert_eq!(full - loaded.machine.fuel, i64::from(used));
}
