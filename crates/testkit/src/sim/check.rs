//! Reads a collection whole, and compares its searches with brute force.

use super::{
    model::{Content, Item},
    world,
};
use pollster::block_on;
use sanderling::{
    DocumentId, Error, ErrorCode, Hit, Query, Value, VectorQuery,
    driver::{Collection, Database},
    storage::{Durability, MemoryStorage},
};
use std::collections::BTreeMap;

/// What goes wrong is said in words.
pub type Outcome<T = ()> = Result<T, String>;

/// How what is said begins where the medium failed while something was read.
const FAILED: &str = "a read failed: ";

fn said(error: Error) -> String {
    if error.code() == ErrorCode::Unavailable {
        format!("{FAILED}{error}")
    } else {
        format!("a read is an error: {error}")
    }
}

/// Whether that is what a reader is told of a medium that failed.
#[must_use]
pub fn is_failed_read(what: &str) -> bool {
    what.starts_with(FAILED)
}

fn demand(holds: bool, what: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(what()) }
}

fn id_of(hit: &Hit) -> Outcome<u8> {
    match hit.id {
        DocumentId::Integer(id) => u8::try_from(id).map_err(|_| format!("a ghost: {id}")),
        DocumentId::Text(ref id) => Err(format!("a ghost: {id}")),
    }
}

/// All that readers see of a collection. Every field of every document must be what was put.
pub fn found(collection: &Collection) -> Outcome<Content> {
    let result = collection.search(&Query::new().limit(1_000)).map_err(said)?;
    let extended = collection.schema().position("more").is_some();
    let quota = collection.settings().quota.documents.and_then(|most| u32::try_from(most).ok());
    let mut content = Content { extended, quota, ..Content::default() };
    for hit in &result.hits {
        let id = id_of(hit)?;
        let number = |name| hit.document.get(name).and_then(Value::as_number).map(|number| number as u32);
        let (Some(n), Some(base)) = (number("n"), number("base")) else {
            return Err(format!("the document {id} lacks fields: {:?}", hit.document));
        };
        let version = hit.version.0;
        demand(version > content.last, || format!("the document {id} is out of order: version {version}"))?;
        content.last = version;
        let item = Item { n, base, expires_at: u64::MAX, version };
        let text = |name| hit.document.get(name).and_then(Value::as_text);
        let whole = text("tag") == Some(Item::tag(base))
            && text("more") == Some(Item::tag(base >> 4))
            && text("body") == Some(&item.body())
            && text("note") == item.note().as_deref();
        demand(whole, || format!("the document {id} is damaged: {:?}", hit.document))?;
        demand(content.items.insert(id, item).is_none(), || format!("the document {id} is there twice"))?;
    }
    demand(result.total == content.items.len(), || format!("a total of {} for {:?}", result.total, content.items))?;
    Ok(content)
}

/// Compares searches of all kinds with what the model says.
pub fn searches(collection: &Collection, expected: &Content, now: u64, probe: u32) -> Outcome {
    let items: BTreeMap<u8, Item> = expected.live(now).map(|(id, item)| (id, *item)).collect();
    matches_are(collection, &items, probe)?;
    distances_are(collection, &items, probe)?;
    let id = (probe >> 9) as u8 % 16;
    let got = collection.get(&u64::from(id).into()).map_err(said)?;
    let wanted = items.get(&id).map(|item| item.document(id));
    demand(got == wanted, || format!("get({id}) gives {got:?} instead of {wanted:?}"))
}

fn matches_are(collection: &Collection, items: &BTreeMap<u8, Item>, probe: u32) -> Outcome {
    let least = probe % 100;
    let above = Value::object().with("n", Value::object().with("$gte", least));
    let tagged = Value::object().with("tag", Item::tag(probe));
    let more = Value::object().with("more", Item::tag(probe >> 3));
    let word = Item::word((probe >> 5) as usize);
    let extended = collection.schema().position("more").is_some();
    type Passes<'a> = &'a dyn Fn(&Item) -> bool;
    let asked: [(Query, Passes<'_>); 4] = [
        (Query { filter: Some(above), ..Query::new() }, &|item| item.n >= least),
        (Query { filter: Some(tagged), ..Query::new() }, &|item| Item::tag(item.base) == Item::tag(probe)),
        (Query::new().text(word), &|item| item.words().any(|other| other == word)),
        (Query { filter: Some(more), ..Query::new() }, &|item| Item::tag(item.base >> 4) == Item::tag(probe >> 3)),
    ];
    for (query, passes) in &asked[..3 + usize::from(extended)] {
        let result = collection.search(&query.clone().limit(1_000)).map_err(said)?;
        let mut ids = result.hits.iter().map(id_of).collect::<Outcome<Vec<u8>>>()?;
        ids.sort_unstable();
        let wanted: Vec<u8> = items.iter().filter(|(_, item)| passes(item)).map(|(id, _)| *id).collect();
        demand(ids == wanted && result.total == wanted.len(), || {
            format!("{query:?} finds {ids:?} instead of {wanted:?}")
        })?;
        let ordered = result.hits.windows(2).all(|two| {
            two[0].score > two[1].score || (two[0].score == two[1].score && two[0].version < two[1].version)
        });
        demand(ordered, || format!("{query:?} answers out of order: {:?}", result.hits))?;
    }
    Ok(())
}

fn distances_are(collection: &Collection, items: &BTreeMap<u8, Item>, probe: u32) -> Outcome {
    let asked = [2, 12, 22].map(|shift| f32::from((probe >> shift) as u8 % 6));
    let query = Query::new().vector_query(VectorQuery::new(&asked).exact()).limit(5);
    let result = collection.search(&query).map_err(said)?;
    let mut wanted: Vec<(f32, u64, u8)> = Vec::new();
    for (id, item) in items {
        let Some(vector) = item.vector() else { continue };
        let squares: f32 = vector.iter().zip(asked).map(|(a, b)| (a - b) * (a - b)).sum();
        wanted.push((squares.sqrt(), item.version, *id));
    }
    demand(result.total == wanted.len(), || format!("{} vectors instead of {}", result.total, wanted.len()))?;
    wanted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    wanted.truncate(5);
    let mut near = Vec::new();
    for hit in &result.hits {
        let distance = hit.vector.map(|leg| leg.distance).ok_or("a hit without a distance")?;
        near.push((distance, hit.version.0, id_of(hit)?));
    }
    demand(near == wanted, || format!("near {asked:?} are {near:?} instead of {wanted:?}"))
}

/// Compares a hybrid search, bit for bit, with that of a new database with the same documents: where they lie must not
/// matter.
pub fn equals_new(collection: &Collection, expected: &Content, now: u64, probe: u32) -> Outcome {
    let storage = Box::<MemoryStorage>::default();
    let db = block_on(Database::open(storage, Durability::Strict, world::environment())).map_err(said)?;
    let new = block_on(db.collection("new", Some(world::schema(expected.extended)), None)).map_err(said)?;
    let mut items: Vec<(u8, &Item)> = expected.live(now).collect();
    items.sort_by_key(|(_, item)| item.version);
    let documents = items.into_iter().map(|(id, item)| item.document(id)).collect();
    block_on(new.put(documents, Default::default())).map_err(said)?;
    let vector = [1.0, f32::from(probe as u8 % 5), 2.0];
    let words = format!("{} {}", Item::word(probe as usize), Item::word((probe >> 4) as usize));
    let query = Query::new().text(words).vector_query(VectorQuery::new(&vector).exact()).limit(50);
    let answer = |collection: &Collection| -> Outcome<Vec<(u8, u32)>> {
        let result = collection.search(&query).map_err(said)?;
        result.hits.iter().map(|hit| Ok((id_of(hit)?, hit.score.to_bits()))).collect()
    };
    let (ours, theirs) = (answer(collection)?, answer(&new)?);
    demand(ours == theirs, || format!("{query:?} answers {ours:?}, a new database {theirs:?}"))
}
