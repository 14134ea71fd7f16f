//! Writes: what callers ask for, checked and turned into operations.

use super::{
    group::Group,
    state::{CollectionState, Prepared, WriteReceipt},
};
use crate::{
    Document, DocumentId, Error, ErrorCode, Result, Schema, Value, attributes,
    document::{GENERATED_ID_BYTES, Members, is_safe_integer, json, reader::ObjectReader},
    filter::Filter,
    ids::SequenceNumber,
    limits::{BATCH_DOCUMENTS_MAX, DOCUMENT_BYTES_MAX, SEGMENT_ROWS_MAX},
    lists::{map, try_map},
    numbering::Numbering,
    order::{permuted, sorted},
    query::vector_of,
    schema::{FieldKind, TextField, VectorField},
    segment::{IndexedDocument, IndexedField, Unpacked},
    text::{Analyzer, Analyzers, Terms},
    wal::{Batch, Operation},
};
use alloc::{boxed::Box, format, string::String, vec::Vec};

/// A write as its caller asks for it.
#[derive(Clone, Debug)]
pub enum Write {
    /// Documents take the place of those with their ids.
    Put(Vec<Document>, PutOptions),
    /// Top-level fields of one document are replaced.
    Update(DocumentId, Document, PutOptions),
    /// Documents are no more.
    Delete(DeleteTarget),
}

/// The options of a put.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PutOptions {
    /// The state in which every document must be.
    pub precondition: Option<Precondition>,
    /// When the documents expire, in milliseconds since 1970.
    pub expires_at: Option<u64>,
    /// Rather "busy" than a wait where the engine is behind.
    pub is_impatient: bool,
}

/// The state in which a document must be for a write to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// There is none with its id.
    Absent,
    /// It has this version.
    Version(u64),
}

/// Which documents to delete.
#[derive(Clone, Debug, PartialEq)]
pub enum DeleteTarget {
    /// Those with these ids.
    Ids(Vec<DocumentId>),
    /// Those that pass a filter.
    Filter(Value),
}

/// An operation with everything that the segment needs of it.
#[derive(Debug)]
pub(super) enum IndexedOperation {
    Put(Box<IndexedDocument>),
    Delete(DocumentId),
}

const NEVER: u64 = u64::MAX;

impl Write {
    /// About how many bytes it takes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let of_document =
            |document: &Document| document.fields.iter().map(|(name, value)| name.len() + value.bytes()).sum();
        match self {
            Self::Put(documents, _) => documents.iter().map(of_document).sum(),
            Self::Update(_, patch, _) => of_document(patch),
            Self::Delete(DeleteTarget::Ids(ids)) => ids.len() * size_of::<DocumentId>(),
            Self::Delete(DeleteTarget::Filter(filter)) => filter.bytes(),
        }
    }

    /// How many numbers it needs, if that is known.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self {
            Self::Put(documents, _) => documents.len(),
            Self::Update(..) => 1,
            Self::Delete(DeleteTarget::Ids(ids)) => ids.len(),
            Self::Delete(DeleteTarget::Filter(_)) => 0,
        }
    }
}

impl PutOptions {
    /// Reads `{ ifVersion?, expiresAt?, wait? }`.
    pub fn from_value(value: &Value) -> Result<Self> {
        let mut options = ObjectReader::new(value, &"options")?;
        let precondition = match options.value("ifVersion") {
            None => None,
            Some(Value::Text(word)) if word == "absent" => Some(Precondition::Absent),
            Some(Value::Number(version)) if is_safe_integer(*version) => Some(Precondition::Version(*version as u64)),
            Some(other) => return Err(Error::expected(&"ifVersion", &"\"absent\" or a version", &other.describe())),
        };
        let expires_at = match options.number("expiresAt")? {
            None => None,
            Some(moment) if (0.0..=9e15).contains(&moment) => Some(moment as u64),
            Some(other) => {
                return Err(Error::expected(
                    &"expiresAt",
                    &"milliseconds since 1970, 9e15 at most",
                    &Value::Number(other),
                ));
            }
        };
        let is_impatient = options.boolean("wait")? == Some(false);
        options.finish()?;
        Ok(Self { precondition, expires_at, is_impatient })
    }
}

impl DeleteTarget {
    /// Reads an id, an array of ids, or `{ filter }`.
    pub fn from_value(value: &Value) -> Result<Self> {
        match value {
            Value::Array(ids) => try_map(ids, DocumentId::from_value).map(Self::Ids),
            Value::Object(_) => {
                let mut options = ObjectReader::new(value, &"delete")?;
                let filter = options.value("filter");
                options.finish()?;
                match filter {
                    Some(filter) => Ok(Self::Filter(filter.clone())),
                    None => Err(Error::expected(&"delete", &"ids or a filter", &"neither")),
                }
            }
            id => Ok(Self::Ids(Vec::from([DocumentId::from_value(id)?]))),
        }
    }
}

impl CollectionState {
    /// Checks a write and numbers it from `first` on, behind those of a group. Nothing is changed; whatever can fail, fails
    /// here.
    pub(super) fn prepare_behind(
        &self,
        write: Write,
        now: u64,
        first: SequenceNumber,
        group: &Group,
    ) -> Result<Prepared> {
        self.check_whole()?;
        let prepared = match write {
            Write::Put(documents, options) => self.prepare_put(documents, options, now, (first, group))?,
            Write::Update(id, patch, options) => self.prepare_update(&id, patch, options, now, first)?,
            Write::Delete(target) => self.prepare_delete(target, now, first)?,
        };
        if !matches!(prepared.receipt, WriteReceipt { deleted: 1.., .. }) {
            self.check_quota(&prepared, group, now)?;
        }
        let waiting = (first.0 - self.next.0) as usize;
        if self.growing.rows() + waiting + prepared.batch.operations.len() > SEGMENT_ROWS_MAX {
            return Err(Error::new(ErrorCode::Busy, "the growing segment is full and must be sealed first"));
        }
        Ok(prepared)
    }

    fn prepare_put(
        &self,
        documents: Vec<Document>,
        options: PutOptions,
        now: u64,
        (first, group): (SequenceNumber, &Group),
    ) -> Result<Prepared> {
        if documents.len() > BATCH_DOCUMENTS_MAX {
            let expected = format_args!("at most {BATCH_DOCUMENTS_MAX} documents");
            return Err(Error::expected(&"batch", &expected, &documents.len()));
        }
        let given = ids_like_generated_ones(&documents);
        let mut ids: Vec<DocumentId> = Vec::with_capacity(documents.len());
        let mut last_of = Numbering::default();
        for (at, document) in documents.iter().enumerate() {
            let id = match &document.id {
                Some(id) => checked_id(id).map_err(|error| error.with("document", at))?,
                None => self.free_id(first.plus(at as u64), &|id| {
                    group.writes(id) || place_of(id, &ids, &last_of).is_some() || given.binary_search(&id).is_ok()
                }),
            };
            self.check_precondition(&id, options.precondition, now).map_err(|error| error.with("document", at))?;
            last_of.set(id.hash(), at as u32, &mut |at| ids[at as usize] == id);
            ids.push(id);
        }
        let mut operations = Vec::new();
        let mut indexed = Vec::new();
        let mut version_of = alloc::vec![SequenceNumber(0); documents.len()];
        for (at, document) in documents.into_iter().enumerate() {
            let id = &ids[at];
            if place_of(id, &ids, &last_of) != Some(at) {
                continue; // the same id comes again in this batch: the last one wins
            }
            version_of[at] = first.plus(operations.len() as u64);
            let put =
                operation_of(&self.schema, &self.analyzers, id, document.fields, options.expires_at.unwrap_or(NEVER))
                    .map_err(|error| error.with("document", at).with("id", id.to_value()))?;
            operations.push(put.0);
            indexed.push(IndexedOperation::Put(Box::new(put.1)));
        }
        let versions = map(&ids, |id| version_of[place_of(id, &ids, &last_of).unwrap_or_default()]);
        let batch = Batch { first, operations };
        Ok(Prepared { batch, operations: indexed, receipt: WriteReceipt { ids, versions, deleted: 0 } })
    }

    fn prepare_update(
        &self,
        id: &DocumentId,
        patch: Document,
        options: PutOptions,
        now: u64,
        first: SequenceNumber,
    ) -> Result<Prepared> {
        let id = checked_id(id)?;
        if patch.id.as_ref().is_some_and(|other| *other != id) {
            return Err(Error::expected(&"id", &"the id of the document that is updated", &"another"));
        }
        self.check_precondition(&id, options.precondition, now)?;
        let Some(location) = self.locate_live(&id, now) else {
            let message = format!("the document {id} does not exist: an update needs one");
            return Err(Error::new(ErrorCode::Conflict, message).with("id", id.to_value()));
        };
        let mut document = self.whole_document(location, &mut Unpacked::default())?;
        patch.fields.into_iter().for_each(|(name, value)| document.set(&name, value));
        let expires_at = options.expires_at.unwrap_or(self.segment(location.segment).expiry(location.row));
        let put = operation_of(&self.schema, &self.analyzers, &id, document.fields, expires_at)?;
        let receipt = WriteReceipt { ids: Vec::from([id]), versions: Vec::from([first]), deleted: 0 };
        let batch = Batch { first, operations: Vec::from([put.0]) };
        Ok(Prepared { batch, operations: Vec::from([IndexedOperation::Put(Box::new(put.1))]), receipt })
    }

    fn prepare_delete(&self, target: DeleteTarget, now: u64, first: SequenceNumber) -> Result<Prepared> {
        let mut ids = match target {
            DeleteTarget::Ids(ids) => {
                let mut live = Vec::new();
                for id in ids {
                    if self.locate_live(&checked_id(&id)?, now).is_some() {
                        live.push(id);
                    }
                }
                live
            }
            DeleteTarget::Filter(filter) => self.ids_matching(&Filter::from_value(&filter, &self.schema)?, now),
        };
        let order = sorted(ids.len(), &mut |a, b| ids[a].cmp(&ids[b]));
        ids = permuted(&ids, &order);
        ids.dedup();
        let operations = map(&ids, |id| Operation::Delete { id: id.to_bytes() });
        let batch = Batch { first, operations };
        let receipt = WriteReceipt { deleted: ids.len(), ..WriteReceipt::default() };
        Ok(Prepared { batch, operations: map(ids, IndexedOperation::Delete), receipt })
    }

    fn ids_matching(&self, filter: &Filter, now: u64) -> Vec<DocumentId> {
        let mut ids = Vec::new();
        for (at, segment) in self.segments().into_iter().enumerate() {
            let rows = self.rows_passing(at, Some(filter), now);
            rows.iter().for_each(|row| ids.push(segment.id(row)));
        }
        ids
    }

    /// The first generated id, from that of a write on, that no document has.
    fn free_id(&self, write: SequenceNumber, in_batch: &dyn Fn(&DocumentId) -> bool) -> DocumentId {
        let mut number = write.0;
        loop {
            let id = DocumentId::generated(number);
            if self.locate(&id).is_none() && !in_batch(&id) {
                return id;
            }
            number += 1;
        }
    }

    fn check_precondition(&self, id: &DocumentId, precondition: Option<Precondition>, now: u64) -> Result<()> {
        let Some(precondition) = precondition else { return Ok(()) };
        let location = self.locate_live(id, now);
        let version = location.map(|location| self.version_at(location));
        let wanted = match precondition {
            Precondition::Absent => None,
            Precondition::Version(version) => Some(version),
        };
        if version == wanted {
            return Ok(());
        }
        let say = |version: Option<u64>| version.map_or(String::from("absent"), |version| format!("version {version}"));
        let path = format!("document {id}");
        Err(Error::mismatch(ErrorCode::Conflict, &path, &say(wanted), &say(version)).with("id", id.to_value()))
    }
}

/// The last place of an id in a batch, of which `last_of` is told place by place.
fn place_of(id: &DocumentId, ids: &[DocumentId], last_of: &Numbering) -> Option<usize> {
    last_of.find(id.hash(), &mut |at| ids[at as usize] == *id).map(|at| at as usize)
}

/// The ids of a batch that a generated one could equal, in order.
fn ids_like_generated_ones(documents: &[Document]) -> Vec<&DocumentId> {
    let alike = |id: &&DocumentId| matches!(id, DocumentId::Text(text) if text.len() == GENERATED_ID_BYTES);
    let ids: Vec<&DocumentId> = documents.iter().filter_map(|document| document.id.as_ref()).filter(alike).collect();
    sorted(ids.len(), &mut |a, b| ids[a].cmp(ids[b])).into_iter().map(|at| ids[at as usize]).collect()
}

/// An id that was made in Rust may not have been checked.
fn checked_id(id: &DocumentId) -> Result<DocumentId> {
    DocumentId::from_value(&id.to_value())
}

/// The operation of a put, and what the segment makes of it. Replay makes the same of the stored operation.
fn operation_of(
    schema: &Schema,
    analyzers: &Analyzers,
    id: &DocumentId,
    fields: Members,
    expires_at: u64,
) -> Result<(Operation, IndexedDocument)> {
    let mut stored = Vec::with_capacity(fields.len());
    let mut vectors = Vec::new();
    for (name, value) in fields {
        check_finite(&name, &value)?;
        let position = schema.position(&name);
        match position.map(|position| (position, &schema.fields[position].kind)) {
            Some((position, FieldKind::Vector(vector))) if value != Value::Null => {
                vectors.push((position as u32, checked_vector(&name, vector, &value)?));
            }
            Some((_, FieldKind::Attribute(attribute))) => {
                check_numbers(&name, &value)?;
                stored.push((name.clone(), attributes::normalize(&name, attribute, value)?));
            }
            Some((_, FieldKind::Text(text))) => {
                check_text(&name, text, &value)?;
                stored.push((name, value));
            }
            _ => {
                check_numbers(&name, &value)?;
                stored.push((name, value));
            }
        }
    }
    let stored = Value::Object(stored);
    let document = json::write(&stored);
    if document.len() > DOCUMENT_BYTES_MAX {
        let expected = format_args!("at most {DOCUMENT_BYTES_MAX} bytes of JSON");
        return Err(Error::expected(&"document", &expected, &format_args!("{} bytes", document.len())));
    }
    let indexed = index_document(schema, analyzers, id.clone(), expires_at, document.clone(), &stored, &vectors);
    Ok((Operation::Put { id: id.to_bytes(), expires_at, document, vectors }, indexed))
}

/// JSON has no other numbers, and a vector is checked where it is one.
fn check_finite(name: &str, value: &Value) -> Result<()> {
    match value {
        Value::Number(number) if !number.is_finite() => {
            Err(Error::expected(&name, &"finite numbers", if number.is_nan() { &"NaN" } else { &"infinity" }))
        }
        Value::Array(items) => items.iter().try_for_each(|item| check_finite(name, item)),
        Value::Object(members) => members.iter().try_for_each(|(_, member)| check_finite(name, member)),
        _ => Ok(()),
    }
}

fn checked_vector(name: &str, field: &VectorField, value: &Value) -> Result<Box<[f32]>> {
    let vector = vector_of(name, value)?;
    if vector.len() == field.dimensions {
        return Ok(vector);
    }
    let expected = format_args!("{} dimensions", field.dimensions);
    Err(Error::expected(&name, &expected, &vector.len()))
}

fn check_text(name: &str, field: &TextField, value: &Value) -> Result<()> {
    match value {
        Value::Null | Value::Text(_) => Ok(()),
        Value::Array(items) if field.many && items.iter().all(|item| matches!(item, Value::Text(_))) => Ok(()),
        other => Err(Error::expected(&name, &"a string (text field)", &other.describe())),
    }
}

/// JSON has no word for a number that is none, so that it would come back as null.
fn check_numbers(name: &str, value: &Value) -> Result<()> {
    match value {
        Value::Number(number) if !number.is_finite() => {
            Err(Error::expected(&name, &"finite numbers", &"NaN or infinity"))
        }
        Value::Vector(values) if values.iter().any(|value| !value.is_finite()) => {
            Err(Error::expected(&name, &"finite numbers", &"NaN or infinity"))
        }
        Value::Array(items) => items.iter().try_for_each(|item| check_numbers(name, item)),
        Value::Object(members) => members.iter().try_for_each(|(_, member)| check_numbers(name, member)),
        _ => Ok(()),
    }
}

/// What each field of the schema makes of stored members whose values were checked when they were written.
fn index_document(
    schema: &Schema,
    analyzers: &Analyzers,
    id: DocumentId,
    expires_at: u64,
    stored_text: String,
    stored: &Value,
    vectors: &[(u32, Box<[f32]>)],
) -> IndexedDocument {
    let field = |(position, field): (usize, &crate::schema::Field)| match (&field.kind, stored.get(&field.name)) {
        (FieldKind::Vector(_), _) => match vectors.iter().find(|(of, _)| *of as usize == position) {
            Some((_, vector)) => IndexedField::Vector(vector.clone()),
            None => IndexedField::Absent,
        },
        (_, None | Some(Value::Null)) => IndexedField::Absent,
        (FieldKind::Text(_), Some(value)) => IndexedField::Text(terms_of(analyzers.get(position), value)),
        (FieldKind::Attribute(_), Some(value)) => IndexedField::Attribute(value.clone()),
    };
    let fields = map(schema.fields.iter().enumerate(), field);
    IndexedDocument { id, stored: stored_text, expires_at, fields }
}

fn terms_of(analyzer: Option<&dyn Analyzer>, value: &Value) -> Terms {
    let mut terms = Terms::default();
    let mut add = |value: &Value| {
        if let (Value::Text(text), Some(analyzer)) = (value, analyzer) {
            terms.add(text, analyzer);
        }
    };
    match value {
        Value::Array(items) => items.iter().for_each(add),
        value => add(value),
    }
    terms
}

/// An operation of the log, made ready for the segment.
pub(super) fn index_operation(
    schema: &Schema,
    analyzers: &Analyzers,
    operation: &Operation,
    name: &str,
) -> Result<IndexedOperation> {
    match (checked_operation(schema, operation, name)?, operation) {
        ((id, Some(stored)), Operation::Put { expires_at, document, vectors, .. }) => {
            let document = index_document(schema, analyzers, id, *expires_at, document.clone(), &stored, vectors);
            Ok(IndexedOperation::Put(Box::new(document)))
        }
        ((id, _), _) => Ok(IndexedOperation::Delete(id)),
    }
}

/// The id of an operation of the log and the document it puts, if they are what the schema says.
fn checked_operation(schema: &Schema, operation: &Operation, name: &str) -> Result<(DocumentId, Option<Value>)> {
    let (Operation::Put { id, .. } | Operation::Delete { id }) = operation;
    let id = DocumentId::from_bytes(id).ok_or_else(|| Error::damaged_file(name, &"an id that is none"))?;
    let Operation::Put { document, vectors, .. } = operation else { return Ok((id, None)) };
    let Ok(stored @ Value::Object(_)) = json::parse(document) else {
        return Err(Error::damaged_file(name, &"a stored document that is no JSON object"));
    };
    let vector_fits = |(position, vector): &(u32, Box<[f32]>)| {
        matches!(schema.fields.get(*position as usize).map(|field| &field.kind),
            Some(FieldKind::Vector(field)) if field.dimensions == vector.len())
    };
    if !vectors.iter().all(vector_fits) {
        return Err(Error::damaged_file(name, &"a vector that does not fit the schema"));
    }
    Ok((id, Some(stored)))
}

/// Whether replay would take an operation of the log of that name.
pub fn check_operation(schema: &Schema, operation: &Operation, name: &str) -> Result<()> {
    checked_operation(schema, operation, name).map(drop)
}

/// The operation of a document that is indexed again under another schema.
pub(super) fn reindex(
    schema: &Schema,
    analyzers: &Analyzers,
    id: &DocumentId,
    document: Document,
    expires_at: u64,
) -> Result<IndexedDocument> {
    operation_of(schema, analyzers, id, document.fields, expires_at).map(|(_, indexed)| indexed)
}
