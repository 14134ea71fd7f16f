//! `mutate TARGET SECONDS [SEED]`: a fuzz target on random changes of its kept inputs. The input that it stops at is written to
//! `target/fuzz/artifacts`.

use sanderling_testkit::fuzz::{Target, mutate::mutate};
use std::{env, fs, panic, path::PathBuf, process::ExitCode, sync::Mutex, time::Duration};

static LAST: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let text = |at: usize| arguments.get(at).map(String::as_str).unwrap_or_default();
    let (Some(target), Ok(seconds)) = (Target::of_name(text(0)), text(1).parse::<u64>()) else {
        eprintln!("mutate TARGET SECONDS [SEED]");
        return ExitCode::FAILURE;
    };
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/fuzz/artifacts");
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        report(info);
        let file = folder.join(format!("{}-stopped", target.name));
        let input = LAST.lock().map(|last| last.clone()).unwrap_or_default();
        if fs::create_dir_all(&folder).and_then(|()| fs::write(&file, input)).is_ok() {
            eprintln!("the input is in {}", file.display());
        }
    }));
    let seed = text(2).parse().unwrap_or(1);
    let runs = mutate(target, Duration::from_secs(seconds), seed, &mut |input| {
        if let Ok(mut last) = LAST.lock() {
            last.clear();
            last.extend_from_slice(input);
        }
    });
    println!("{}: {runs} inputs in {seconds} s", target.name);
    ExitCode::SUCCESS
}
