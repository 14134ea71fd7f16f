//! The shared cases of tests/cases against the blocking API; tests/cases/run.test.mjs runs the same files against the
//! package. The format is described in tests/cases/README.md. With `UPDATE_CASES=1` the bits of the scores are written
//! into the files; everything else in them is for people to write.

mod compare;
mod shorthand;
#[path = "../support/mod.rs"]
mod support;
mod world;

use compare::{NUMBERS, Outcome, items};
use sanderling::Value;
use shorthand::expand;
use std::{fs, thread};
use support::{bits, in_project, is_updating, read_json, write_json};
use world::{Layout, World};

const FOLDER: &str = "tests/cases";
/// How much of a failing step is shown.
const SHOWN_CHARACTERS: usize = 300;

const LAYOUTS: [Layout; 4] = [
    Layout { name: "growing in memory", in_folder: false, seal_at: None },
    Layout { name: "sealed one by one in memory", in_folder: false, seal_at: Some(1.0) },
    Layout { name: "in a folder", in_folder: true, seal_at: None },
    Layout { name: "sealed by threes in a folder", in_folder: true, seal_at: Some(3.0) },
];

/// The members of an array in a case, none where it is absent.
fn steps<'a>(case: &'a Value, name: &str) -> &'a [Value] {
    if case.get(name).is_some() { items(case, name) } else { &[] }
}

/// The steps, then every check wherever the documents can lie.
fn run_case(case: &Value, layout: &Layout) -> Outcome {
    let mut world = World::new(case, layout);
    let at = |moment: &str, step: &Value, problem: String| {
        let shown: String = step.to_string().chars().take(SHOWN_CHARACTERS).collect();
        format!("{moment}, {}: {problem}\n    {shown}", layout.name)
    };
    for step in steps(case, "steps") {
        world.check(step).map_err(|problem| at("in the steps", step, problem))?;
    }
    for moment in ["after the steps", "after reopening", "after compaction", "after reopening once more"] {
        let moved = match moment {
            "after the steps" => Ok(()),
            "after compaction" => world.books.compact(),
            _ => world.reopen(),
        };
        moved.map_err(|error| format!("{moment}, {}: {error:?}", layout.name))?;
        for check in steps(case, "checks") {
            world.check(check).map_err(|problem| at(moment, check, problem))?;
        }
    }
    Ok(())
}

/// A case in every layout, side by side: most of the time is spent waiting for a disk.
fn run_everywhere(case: &Value) -> Vec<Outcome> {
    thread::scope(|scope| {
        let running = LAYOUTS.each_ref().map(|layout| scope.spawn(|| run_case(case, layout)));
        running.into_iter().map(|running| running.join().expect("a case that does not panic")).collect()
    })
}

fn name(case: &Value) -> &str {
    case.get("name").and_then(Value::as_text).expect("a case has a name")
}

/// The case files, by their path in the project.
fn files() -> Vec<String> {
    let entries = fs::read_dir(in_project(FOLDER)).expect("the folder of the cases");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
    let mut files: Vec<_> =
        names.filter(|name| name.ends_with(".json")).map(|name| format!("{FOLDER}/{name}")).collect();
    files.sort();
    files
}

#[test]
fn every_shared_case_holds_wherever_its_documents_lie() {
    let mut problems = Vec::new();
    let mut count = 0;
    for path in files() {
        let mut file = read_json(&path);
        if is_updating() {
            update(&mut file);
            write_json(&path, &file);
        }
        for case in items(&file, "cases") {
            count += 1;
            let outcomes = run_everywhere(case).into_iter().filter_map(Result::err);
            problems.extend(outcomes.map(|problem| format!("{path}: {}: {problem}", name(case))));
        }
    }
    assert!(count > 0, "there is not one case");
    assert!(problems.is_empty(), "{} of {count} cases:\n{}", problems.len(), problems.join("\n"));
}

/// Writes the bits of each number into the hits that a file expects.
fn update(file: &mut Value) {
    let Some(Value::Array(cases)) = member(file, "cases") else { panic!("a file has cases") };
    for case in cases {
        let mut world = World::new(case, &LAYOUTS[0]);
        for part in ["steps", "checks"] {
            let Some(Value::Array(steps)) = member(case, part) else { continue };
            for step in steps {
                let is_search = step.get("search").is_some();
                let answer = world.act(&expand(step));
                if let (true, Ok(answer), Some(expected)) = (is_search, answer, member(step, "expect")) {
                    update_hits(expected, &answer);
                }
            }
        }
    }
}

fn update_hits(expected: &mut Value, answer: &Value) {
    let Some(Value::Array(hits)) = member(expected, "hits") else { return };
    for hit in hits {
        let found = items(answer, "hits").iter().find(|found| found.get("id") == hit.get("id"));
        let Some(found) = found else { continue };
        for (holder, numbers) in NUMBERS {
            let (hit, found) = match holder {
                "" => (Some(&mut *hit), Some(found)),
                leg => (member(hit, leg), found.get(leg)),
            };
            let (Some(hit), Some(found)) = (hit, found) else { continue };
            for name in numbers {
                set_bits(hit, name, bits(found.get(name).expect("a number")));
            }
        }
    }
}

fn member<'a>(value: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    match value {
        Value::Object(members) => members.iter_mut().find(|(known, _)| known == name).map(|(_, value)| value),
        _ => None,
    }
}

/// Sets the bits of a number, behind the number where that is given.
fn set_bits(object: &mut Value, number: &str, bits: String) {
    let name = format!("{number}Bits");
    if let Some(slot) = member(object, &name) {
        *slot = bits.into();
    } else if let Value::Object(members) = object {
        let at = members.iter().position(|(known, _)| known == number).map_or(members.len(), |at| at + 1);
        members.insert(at, (name, bits.into()));
    }
}
