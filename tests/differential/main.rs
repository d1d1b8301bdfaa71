//! Scratch.
use midflight_tests::differential::{examine, written, Machines};
use midflight_tests::generate::Generated;
use std::time::Instant;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let from: u64 = args.get(1).and_then(|a| a.parse().ok()).unwrap_or(0);
    let count: u64 = args.get(2).and_then(|a| a.parse().ok()).unwrap_or(200);
    if args.get(3).is_some() {
        let g = Generated::new(from);
        println!("{}", g.source_with_tests().unwrap_or(g.source()));
        print!("{}", written(&g.script));
    }
    let handle = std::thread::Builder::new().stack_size(64 << 20).spawn(move || {
        let (mut bad, mut lines, mut tgen, mut tex) = (0, Vec::new(), 0.0, 0.0);
        let mut kinds = std::collections::BTreeMap::new();
        let mut outcomes = std::collections::BTreeMap::new();
        for seed in from..from + count {
            let t = Instant::now();
            let g = Generated::new(seed);
            tgen += t.elapsed().as_secs_f64();
            lines.push(g.source().lines().count());
            let t = Instant::now();
            match examine(&g, Machines::Two(seed)) {
                Ok(seen) => for s in seen {
                    use midflight_tests::differential::observed::Outcome::*;
                    match s.outcome { Some(Returned(_)) => *outcomes.entry("returned".to_owned()).or_insert(0) += 1,
                        Some(Trapped(t)) => { if std::env::var("KIND").is_ok_and(|k| k == t.kind) { println!("{seed} {t}"); } *outcomes.entry(t.kind.to_owned()).or_insert(0) += 1 }
                        Some(Refused(r)) => *outcomes.entry(r).or_insert(0) += 1, None => {} }
                },
                Err(f) => {
                    bad += 1;
                    let e = kinds.entry(format!("{:?}", f.kind)).or_insert(0); *e += 1;
                    if *e <= 3 {
                        println!("seed {seed}: {f}");
                        if std::env::var_os("SHRINK").is_some() {
                            let mut n = 0;
                            let small = midflight_tests::generate::shrink::shrink(&g, 3000, &mut |c| { n += 1; matches!(examine(c, Machines::Two(seed)), Err(x) if x.kind == f.kind) });
                            println!("after {n} attempts:\n{}{}{}", small.source_with_tests().unwrap_or(small.source()), written(&small.script), examine(&small, Machines::Two(seed)).unwrap_err());
                        }
                    }
                }
            }
            tex += t.elapsed().as_secs_f64();
        }
        lines.sort();
        println!("{bad} of {count} failed; lines median {} p90 {} max {}", lines[lines.len() / 2], lines[lines.len() * 9 / 10], lines[lines.len() - 1]);
        println!("ms each: gen {:.2} examine {:.2}", tgen * 1e3 / count as f64, tex * 1e3 / count as f64);
        println!("{kinds:?}\n{outcomes:?}");
    }).unwrap();
    handle.join().unwrap();
}
