//! The functions of `midflight_bench::functions` in other languages: 15 lines each or what comes
//! next to it, all called by `all(n)`, with the same result.

use std::fmt::Write;

const LUA: &str = "functions[INDEX] = function(n, m)
    local total = ROUND
    local step = n % 10 + 1
    for i = 0, 9 do
        if i % 2 == 0 then
            total = total + i * step
        else
            total = total - m
        end
        step = step + 1
    end
    if total > 1000 then
        return math.floor(total / 3)
    end
    return total + INDEX
end
";

const ROTO: &str = "fn work_INDEX(n: i64, m: i64) -> i64 {
    let total = ROUND;
    let step = n % 10 + 1;
    let i = 0;
    while i < 10 {
        if i % 2 == 0 {
            total = total + i * step;
        } else {
            total = total - m;
        }
        step = step + 1;
        i = i + 1;
    }
    if total > 1000 {
        return total / 3;
    }
    total + INDEX
}
";

const RHAI: &str = "fn work_INDEX(n, m) {
    let total = ROUND;
    let step = n % 10 + 1;
    for i in 0..10 {
        if i % 2 == 0 {
            total += i * step;
        } else {
            total -= m;
        }
        step += 1;
    }
    if total > 1000 {
        return total / 3;
    }
    return total + INDEX;
}
";

const WAT: &str = "(func $work_INDEX (param $n i64) (param $m i64) (result i64)
  (local $total i64) (local $step i64) (local $i i64)
  (local.set $total (i64.const ROUND))
  (local.set $step (i64.add (i64.rem_s (local.get $n) (i64.const 10)) (i64.const 1)))
  (loop $next
    (if (i64.eqz (i64.rem_s (local.get $i) (i64.const 2)))
      (then (local.set $total
        (i64.add (local.get $total) (i64.mul (local.get $i) (local.get $step)))))
      (else (local.set $total (i64.sub (local.get $total) (local.get $m)))))
    (local.set $step (i64.add (local.get $step) (i64.const 1)))
    (local.set $i (i64.add (local.get $i) (i64.const 1)))
    (br_if $next (i64.lt_s (local.get $i) (i64.const 10))))
  (if (i64.gt_s (local.get $total) (i64.const 1000))
    (then (return (i64.div_s (local.get $total) (i64.const 3)))))
  (i64.add (local.get $total) (i64.const INDEX)))
";

fn all_of(template: &str, count: u32, round: u32) -> String {
    let round = round.to_string();
    let of = |index: u32| template.replace("INDEX", &index.to_string()).replace("ROUND", &round);
    (0..count).map(of).collect()
}

/// In Lua the functions are in a table: there may be no more than 200 locals, and globals are slower.
pub fn lua(count: u32, round: u32) -> String {
    let functions = all_of(LUA, count, round);
    let mut source = format!("local functions = {{}}\n{functions}function all(n)\n");
    source.push_str("    local total = 0\n");
    for index in 0..count {
        writeln!(source, "    total = total + functions[{index}](n, {index})")
            .expect("a `String` takes all");
    }
    source + "    return total\nend\n"
}

pub fn roto(count: u32, round: u32) -> String {
    let mut source = all_of(ROTO, count, round);
    source.push_str("fn all(n: i64) -> i64 {\n    let total = 0;\n");
    for index in 0..count {
        writeln!(source, "    total = total + work_{index}(n, {index});")
            .expect("a `String` takes all");
    }
    source + "    total\n}\n"
}

pub fn rhai(count: u32, round: u32) -> String {
    let mut source = all_of(RHAI, count, round);
    source.push_str("fn all(n) {\n    let total = 0;\n");
    for index in 0..count {
        writeln!(source, "    total += work_{index}(n, {index});").expect("a `String` takes all");
    }
    source + "    return total;\n}\n"
}

pub fn wat(count: u32, round: u32) -> String {
    let mut source = format!("(module\n{}", all_of(WAT, count, round));
    source.push_str("(func (export \"all\") (param $n i64) (result i64) (local $total i64)\n");
    for index in 0..count {
        writeln!(
            source,
            "  (local.set $total (i64.add (local.get $total) (call $work_{index} (local.get $n) \
             (i64.const {index}))))"
        )
        .expect("a `String` takes all");
    }
    source + "  (local.get $total)))\n"
}
