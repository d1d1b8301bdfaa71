;; The works, as a compiler would leave them that checks sums for overflow. Multiplication is not
;; checked: WebAssembly has no cheap way to.
(module
  ;; The state of the attack outlives the module, so it is the host's.
  (import "host" "has" (func $has (param i64) (result i32)))
  (import "host" "hp" (func $hp (param i64) (result i64)))
  (import "host" "set_hp" (func $set_hp (param i64 i64)))
  (import "host" "win" (func $win (param i64)))

  ;; 10,000 rows of 64 bytes, then 100,000 balances, then a page for texts.
  (memory (export "memory") 25)
  (data (i32.const 1572864) "hello ")
  (data (i32.const 1572880) ", your score is ")
  (global $total (mut i64) (i64.const 0))
  (global $count (mut i64) (i64.const 0))

  ;; Traps where the sum of two numbers has overflowed.
  (func $add (export "add") (param $a i64) (param $b i64) (result i64) (local $sum i64)
    (local.set $sum (i64.add (local.get $a) (local.get $b)))
    (if (i64.lt_s
          (i64.and (i64.xor (local.get $a) (local.get $sum)) (i64.xor (local.get $b) (local.get $sum)))
          (i64.const 0))
      (then (unreachable)))
    (local.get $sum))

  (func (export "record") (param $value i64) (result i64)
    (global.set $total (call $add (global.get $total) (local.get $value)))
    (global.set $count (call $add (global.get $count) (i64.const 1)))
    (global.get $total))

  ;; `n - 1` and `n - 2` cannot overflow behind the comparison; the sum could.
  (func $fib (export "fib") (param $n i64) (result i64)
    (local $a i64) (local $b i64) (local $sum i64)
    (if (i64.lt_s (local.get $n) (i64.const 2)) (then (return (local.get $n))))
    (local.set $a (call $fib (i64.sub (local.get $n) (i64.const 1))))
    (local.set $b (call $fib (i64.sub (local.get $n) (i64.const 2))))
    (local.set $sum (i64.add (local.get $a) (local.get $b)))
    (if (i64.lt_s
          (i64.and (i64.xor (local.get $a) (local.get $sum)) (i64.xor (local.get $b) (local.get $sum)))
          (i64.const 0))
      (then (unreachable)))
    (local.get $sum))

  ;; A sum of something below 7 overflows when it gets smaller.
  (func (export "sum") (param $n i64) (result i64)
    (local $i i64) (local $sum i64) (local $next i64)
    (block $end
      (loop $again
        (br_if $end (i64.ge_s (local.get $i) (local.get $n)))
        (local.set $next (i64.add (local.get $sum)
          (i64.rem_s (i64.mul (local.get $i) (local.get $i)) (i64.const 7))))
        (if (i64.lt_s (local.get $next) (local.get $sum)) (then (unreachable)))
        (local.set $sum (local.get $next))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $again)))
    (local.get $sum))

  ;; A row: id, hp, x, y, dx, dy, and 16 bytes that nobody looks at.
  (func (export "tick") (param $watched i32) (result f64) (local $row i32)
    (loop $again
      (f64.store offset=16 (local.get $row) (f64.add (f64.load offset=16 (local.get $row))
        (f64.mul (f64.load offset=32 (local.get $row)) (f64.const 0.05))))
      (f64.store offset=24 (local.get $row) (f64.add (f64.load offset=24 (local.get $row))
        (f64.mul (f64.load offset=40 (local.get $row)) (f64.const 0.05))))
      (if (i64.lt_s (i64.load offset=8 (local.get $row)) (i64.const 100))
        (then (i64.store offset=8 (local.get $row)
          (i64.add (i64.load offset=8 (local.get $row)) (i64.const 1)))))
      (local.set $row (i32.add (local.get $row) (i32.const 64)))
      (br_if $again (i32.lt_u (local.get $row) (i32.const 640000))))
    (f64.load offset=16 (i32.mul (local.get $watched) (i32.const 64))))

  (func (export "attack") (param $attacker i64) (param $target i64) (result i64) (local $hp i64)
    (if (i32.eqz (call $has (local.get $attacker))) (then (unreachable)))
    (local.set $hp (i64.sub (call $hp (local.get $target)) (i64.const 3)))
    (if (i64.le_s (local.get $hp) (i64.const 0))
      (then
        (local.set $hp (i64.const 100))
        (call $win (local.get $attacker))))
    (call $set_hp (local.get $target) (local.get $hp))
    (local.get $hp))

  ;; The name lies at 1573888; the text is built at 1576960, and its length is the result.
  (func (export "greet") (param $len i32) (param $score i64) (result i32)
    (local $at i32) (local $digits i32) (local $rest i64)
    (local.set $at (i32.const 1576960))
    (memory.copy (local.get $at) (i32.const 1572864) (i32.const 6))
    (local.set $at (i32.add (local.get $at) (i32.const 6)))
    (memory.copy (local.get $at) (i32.const 1573888) (local.get $len))
    (local.set $at (i32.add (local.get $at) (local.get $len)))
    (memory.copy (local.get $at) (i32.const 1572880) (i32.const 16))
    (local.set $at (i32.add (local.get $at) (i32.const 16)))
    (if (i64.lt_s (local.get $score) (i64.const 0))
      (then
        (i32.store8 (local.get $at) (i32.const 45))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $score (i64.sub (i64.const 0) (local.get $score)))))
    (local.set $rest (local.get $score))
    (loop $count
      (local.set $digits (i32.add (local.get $digits) (i32.const 1)))
      (local.set $rest (i64.div_u (local.get $rest) (i64.const 10)))
      (br_if $count (i64.ne (local.get $rest) (i64.const 0))))
    (local.set $at (i32.add (local.get $at) (local.get $digits)))
    (local.set $rest (local.get $score))
    (loop $write
      (local.set $digits (i32.sub (local.get $digits) (i32.const 1)))
      (i32.store8 (i32.sub (local.get $at) (i32.const 1))
        (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $rest) (i64.const 10)))))
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (local.set $rest (i64.div_u (local.get $rest) (i64.const 10)))
      (br_if $write (i64.ne (local.get $rest) (i64.const 0))))
    ;; `at` is where the digits begin: count them once more for the length.
    (local.set $rest (local.get $score))
    (loop $again
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $rest (i64.div_u (local.get $rest) (i64.const 10)))
      (br_if $again (i64.ne (local.get $rest) (i64.const 0))))
    (i32.sub (local.get $at) (i32.const 1576960)))

  ;; Accounts are numbered, and their balances lie one after the other.
  (func (export "transfer") (param $from i32) (param $to i32) (param $amount i64)
    (local $source i32) (local $target i32)
    (if (i32.or (i32.ge_u (local.get $from) (i32.const 100000))
                (i32.ge_u (local.get $to) (i32.const 100000)))
      (then (unreachable)))
    (local.set $source (i32.mul (local.get $from) (i32.const 8)))
    (local.set $target (i32.mul (local.get $to) (i32.const 8)))
    (if (i64.lt_s (i64.load offset=655360 (local.get $source)) (local.get $amount))
      (then (unreachable)))
    (i64.store offset=655360 (local.get $source)
      (i64.sub (i64.load offset=655360 (local.get $source)) (local.get $amount)))
    (i64.store offset=655360 (local.get $target)
      (call $add (i64.load offset=655360 (local.get $target)) (local.get $amount)))))
