//! One case's collection and the steps that are taken on it.

use crate::{
    compare::{Outcome, compare, compare_error, compare_search, plain},
    shorthand::expand,
};
use sanderling::{
    AskedSettings, Collection, Database, DeleteTarget, Document, DocumentId, ListOptions, PutOptions, Query, Result,
    Schema, SuggestOptions, Value, WriteReceipt,
};
use std::path::PathBuf;

const NAME: &str = "cases";
const WRITES: [&str; 4] = ["put", "update", "delete", "open"];

/// Where the documents lie; no answer may depend on it.
pub struct Layout {
    pub name: &'static str,
    pub in_folder: bool,
    /// With it, batches are put document by document, so that each document can lie in another segment.
    pub seal_at: Option<f64>,
}

/// A case's collection, open.
pub struct World {
    folder: Option<tempfile::TempDir>,
    database: Option<Database>,
    pub books: Collection,
    puts_one_by_one: bool,
}

impl World {
    pub fn new(case: &Value, layout: &Layout) -> Self {
        let folder = layout.in_folder.then(|| tempfile::tempdir().expect("a temporary folder"));
        let database = open_database(folder.as_ref().map(|folder| folder.path().join("database")));
        let schema = Schema::from_json(case.get("schema").expect("a case has a schema")).expect("a valid schema");
        let mut options = case.get("options").cloned().unwrap_or(Value::Object(Vec::new()));
        if let (Value::Object(members), Some(seal_at)) = (&mut options, layout.seal_at)
            && members.iter().all(|(name, _)| name != "sealAt")
        {
            members.push(("sealAt".into(), seal_at.into()));
        }
        let settings = AskedSettings::from_value(&options).expect("valid options");
        let books = database.collection_with(NAME, schema, settings).expect("a collection");
        Self { folder, database: Some(database), books, puts_one_by_one: layout.seal_at.is_some() }
    }

    /// In memory there is nothing to open again.
    pub fn reopen(&mut self) -> Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        self.database.take().expect("an open database").close()?;
        let database = open_database(Some(folder.path().join("database")));
        self.books = database.existing_collection(NAME)?;
        self.database = Some(database);
        Ok(())
    }

    /// Carries out one step and answers what its call answered, as JSON.
    pub fn act(&mut self, step: &Value) -> Result<Value> {
        let books = &self.books;
        let (operation, operand) = operation(step);
        let options = || PutOptions::from_value(step.get("options").unwrap_or(&Value::Object(Vec::new())));
        match operation {
            "put" if self.puts_one_by_one && step.get("expect").is_none() && step.get("error").is_none() => {
                let documents = documents(operand)?.into_iter();
                documents.map(|document| books.put_with([document], options()?)).collect::<Result<Vec<_>>>()?;
                Ok(Value::Null)
            }
            "put" => books.put_with(documents(operand)?, options()?).map(|receipt| written(&receipt)),
            "update" => {
                let patch = step.get("with").expect("an update has `with`");
                books.update(DocumentId::from_value(operand)?, patch).map(|receipt| written(&receipt))
            }
            "delete" => {
                let deleted = match DeleteTarget::from_value(operand)? {
                    DeleteTarget::Ids(ids) => books.delete(ids)?,
                    DeleteTarget::Filter(filter) => books.delete_matching(filter)?,
                };
                Ok(Value::Object(vec![("deleted".into(), deleted.into())]))
            }
            "open" => self.open(step, operand).map(|()| Value::Null),
            "compact" => books.compact().map(|()| Value::Null),
            "reopen" => self.reopen().map(|()| Value::Null),
            "search" => books.search(&Query::from_json(operand)?).map(|result| result.to_value()),
            "pages" => pages(books, &Query::from_json(operand)?),
            "get" => {
                let found = books.get(DocumentId::from_value(operand)?)?;
                Ok(found.map_or(Value::Null, |document| document.to_value()))
            }
            "has" => books.has(DocumentId::from_value(operand)?).map(Value::from),
            "count" => books.count(Some(operand).filter(|filter| **filter != Value::Null)).map(Value::from),
            "list" => {
                let page = books.list(&ListOptions::from_value(operand)?)?;
                let ids = page.documents.iter().filter_map(|document| Some(document.id.as_ref()?.to_value()));
                Ok(Value::Array(ids.collect()))
            }
            "suggest" => {
                let Value::Text(text) = operand else { panic!("a text") };
                let options = step.get("options").map_or(Ok(SuggestOptions::default()), SuggestOptions::from_value)?;
                let found = books.suggest(text, &options)?;
                Ok(Value::Array(found.iter().map(|found| found.to_value()).collect()))
            }
            other => panic!("no such step: {other}"),
        }
    }

    /// Opens a collection of another name, or this one again.
    fn open(&mut self, step: &Value, schema: &Value) -> Result<()> {
        let database = self.database.as_ref().expect("an open database");
        let name = step.get("name").and_then(Value::as_text).unwrap_or(NAME);
        let settings = step.get("options").map(AskedSettings::from_value).transpose()?;
        let opened = match (schema, settings) {
            (Value::Null, _) => database.existing_collection(name)?,
            (schema, None) => database.collection(name, Schema::from_json(schema)?)?,
            (schema, Some(settings)) => database.collection_with(name, Schema::from_json(schema)?, settings)?,
        };
        if name == NAME {
            self.books = opened;
        }
        Ok(())
    }

    /// Everything that is stored, to see that nothing has changed.
    fn content(&self) -> Vec<Document> {
        let all = ListOptions { filter: None, prefix: None, after: None, limit: usize::MAX >> 1 };
        self.books.list(&all).expect("a list of everything").documents
    }

    /// Carries out one step and compares.
    pub fn check(&mut self, step: &Value) -> Outcome {
        let step = &expand(step);
        let Some(expected) = step.get("error") else {
            let answer = self.act(step).map_err(|error| format!("error {error:?}"))?;
            return match (operation(step).0, step.get("expect")) {
                ("search", Some(expected)) => compare_search(expected, &answer),
                ("search" | "pages" | "get" | "has" | "count" | "list" | "suggest", None) => {
                    Err("nothing is expected".into())
                }
                (_, None) => Ok(()),
                (_, Some(expected)) => compare("answer", &plain(expected), &plain(&answer)),
            };
        };
        let before = self.content();
        let answer = self.act(step);
        if WRITES.contains(&operation(step).0) && self.content() != before {
            return Err("something was stored".into());
        }
        match answer {
            Ok(answer) => Err(format!("no error, but {answer}")),
            Err(error) => compare_error(expected, &error),
        }
    }
}

/// Relaxed: no case needs to survive a power cut, and thousands of flushes take their time.
fn open_database(folder: Option<PathBuf>) -> Database {
    folder.map_or_else(Database::memory, Database::open_relaxed).expect("a database")
}

/// The ids of each page, or the values of its groups.
fn pages(books: &Collection, query: &Query) -> Result<Value> {
    let (mut query, mut pages) = (query.clone(), Vec::new());
    loop {
        let page = books.search(&query)?;
        let groups = page.groups.iter().flatten().map(|group| group.value.clone());
        pages.push(Value::Array(page.hits.iter().map(|hit| hit.id.to_value()).chain(groups).collect()));
        assert!(pages.len() <= 50, "pages without an end");
        let Some(cursor) = page.cursor else { return Ok(Value::Array(pages)) };
        query = Query { offset: 0, ..query }.cursor(cursor);
    }
}

/// The one member of a step that says what to do.
fn operation(step: &Value) -> (&str, &Value) {
    let Value::Object(members) = step else { panic!("a step is an object: {step}") };
    let beside = ["options", "with", "name", "expect", "error"];
    let mut operations = members.iter().filter(|(name, _)| !beside.contains(&name.as_str()));
    match (operations.next(), operations.next()) {
        (Some((name, operand)), None) => (name, operand),
        _ => panic!("a step has one operation: {step}"),
    }
}

fn documents(operand: &Value) -> Result<Vec<Document>> {
    match operand {
        Value::Array(items) => items.iter().map(Document::from_json).collect(),
        one => Ok(vec![Document::from_json(one)?]),
    }
}

fn written(receipt: &WriteReceipt) -> Value {
    let ids = receipt.ids.iter().map(DocumentId::to_value).collect();
    let versions = receipt.versions.iter().map(|version| version.0.into()).collect();
    Value::Object(vec![("ids".into(), Value::Array(ids)), ("versions".into(), Value::Array(versions))])
}
