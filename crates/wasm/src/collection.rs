//! Calls to a collection: what they ask for, and their answers.

use crate::{
    calls::{Read, Run},
    environment::Deadline,
    packing::{Answer, Arguments},
};
use alloc::vec::Vec;
use sanderling::{
    DeleteTarget, Document, DocumentId, ListOptions, PutOptions, Query, Result, SuggestOptions, Suggestion, Value,
    WriteReceipt,
    driver::{Collection, CollectionStats, Report, Task},
    engine::collection::Write,
};

/// Answers a question.
pub fn read(collection: &Collection, what: Read, arguments: &Arguments) -> Result<Answer> {
    let schema = collection.schema();
    match what {
        Read::Schema => Ok(Answer::new(schema.to_value())),
        Read::Get => Ok(match collection.get(&id(arguments)?)? {
            Some(document) => Answer::of_document(document, &schema),
            None => Answer::new(Value::Null),
        }),
        Read::Version => {
            let version = collection.version(&id(arguments)?)?;
            Ok(Answer::new(version.map_or(Value::Null, |version| Value::Number(version as f64))))
        }
        Read::Count => Ok(Answer::new(collection.count(arguments.value(0)?.as_ref())?.into())),
        Read::List => {
            let page = collection.list(&ListOptions::from_value(&arguments.required(0)?)?)?;
            Ok(Answer::of_page(page, &schema))
        }
        Read::Suggest => {
            let options = SuggestOptions::from_value(&arguments.required(1)?)?;
            let found = collection.suggest(&arguments.text(0), &options)?;
            Ok(Answer::new(Value::Array(found.iter().map(Suggestion::to_value).collect())))
        }
        _ => {
            let query = Query::from_json(arguments.query()?)?;
            let found = collection.search_watched(&query, &Deadline::of(&query))?;
            Ok(Answer::of_search(found, &schema))
        }
    }
}

/// What a call asks the collection to do.
pub fn task<'a>(collection: &Collection, call: Run, arguments: &Arguments, report: Report<'a>) -> Result<Task<'a>> {
    Ok(Task::Write(match call {
        Run::Flush => return Ok(Task::Flush),
        Run::Compact => return Ok(Task::Compact(report)),
        Run::Delete => Write::Delete(DeleteTarget::from_value(&arguments.required(0)?)?),
        Run::Update => {
            let mut patch = [Document::from_json(arguments.required(1)?)?];
            arguments.attach(&mut patch, &collection.schema())?;
            let [patch] = patch;
            let options = arguments.value(2)?.as_ref().map(PutOptions::from_value).transpose()?;
            Write::Update(id(arguments)?, patch, options.unwrap_or_default())
        }
        _ => {
            let documents = arguments.documents(&collection.schema())?;
            let options = arguments.value(1)?.as_ref().map(PutOptions::from_value).transpose()?;
            Write::Put(documents, options.unwrap_or_default())
        }
    }))
}

fn id(arguments: &Arguments) -> Result<DocumentId> {
    DocumentId::from_value(&arguments.required(0)?)
}

/// What the one who called gets for a write.
pub fn receipt_value(call: Run, receipt: &WriteReceipt) -> Value {
    match call {
        Run::Delete => receipt.deleted.into(),
        _ => {
            let (mut ids, mut versions) = (Vec::new(), Vec::new());
            receipt.ids.iter().for_each(|id| ids.push(id.to_value()));
            receipt.versions.iter().for_each(|version| versions.push(Value::from(version.0)));
            Value::object().with("ids", ids).with("versions", versions)
        }
    }
}

/// The figures of a collection.
pub fn figures(stats: &CollectionStats) -> Value {
    let mut segments = Vec::new();
    for segment in &stats.segments {
        let value = Value::object().with("state", segment.state).with("documents", segment.documents);
        segments.push(value.with("deleted", segment.deleted).with("bytes", segment.bytes));
    }
    Value::object()
        .with("documents", stats.documents)
        .with("segments", segments)
        .with("memory", stats.memory_bytes)
        .with("disk", stats.disk_bytes)
        .with("wal", stats.wal_bytes)
}
