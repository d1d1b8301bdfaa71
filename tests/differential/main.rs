//! Scratch.
use midflight_compiler::source::Source;
use midflight_tests::generate::Generated;
use std::time::Instant;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let from: u64 = args.get(1).and_then(|a| a.parse().ok()).unwrap_or(0);
    let count: u64 = args.get(2).and_then(|a| a.parse().ok()).unwrap_or(200);
    if args.get(3).is_some() {
        let g = Generated::new(from);
        println!("{}", g.source_with_tests().unwrap_or(g.source()));
        for s in &g.script { println!("> {s}"); }
    }
    let handle = std::thread::Builder::new().stack_size(64 << 20).spawn(move || {
        let (mut bad, mut lines, mut tgen, mut tcheck, mut tcomp) = (0, Vec::new(), 0.0, 0.0, 0.0);
        let mut codes = std::collections::BTreeMap::new();
        for seed in from..from + count {
            let t = Instant::now();
            let g = Generated::new(seed);
            let text = g.source_with_tests().unwrap_or_else(|| g.source());
            tgen += t.elapsed().as_secs_f64();
            lines.push(text.lines().count());
            let source = Source::new("g.flight", text.as_str());
            let t = Instant::now();
            let r = midflight_compiler::check(&source);
            tcheck += t.elapsed().as_secs_f64();
            if let Err(d) = r {
                bad += 1;
                for d in d.iter().filter(|d| d.code.severity() == midflight_compiler::diag::Severity::Error) {
                    *codes.entry(format!("{:?}", d.code)).or_insert(0) += 1;
                    if bad < 12 {
                        let line = source.position(d.span.start).line as usize;
                        println!("seed {seed}: {:?} {} `{}`\n    {}", d.code, d.message, source.slice(d.span), text.lines().nth(line - 1).unwrap_or(""));
                    }
                }
                continue;
            }
            let t = Instant::now();
            let _ = midflight_compiler::compile(&source);
            tcomp += t.elapsed().as_secs_f64();
        }
        lines.sort();
        println!("{bad} of {count} refused; lines median {} p90 {} max {}", lines[lines.len() / 2], lines[lines.len() * 9 / 10], lines[lines.len() - 1]);
        println!("ms each: gen {:.2} check {:.2} compile {:.2}", tgen * 1e3 / count as f64, tcheck * 1e3 / count as f64, tcomp * 1e3 / count as f64);
        println!("{codes:?}");
    }).unwrap();
    handle.join().unwrap();
}
