//! Documents by id, and lists of them.

use super::state::{CollectionState, Location};
use crate::{
    Document, DocumentId, Error, Result, Value,
    document::{json, reader::ObjectReader},
    filter::{Filter, rows_matching},
    ids::RowId,
    lists::map,
    rows::RowSet,
    segment::{Segment, Unpacked},
};
use alloc::{string::String, vec::Vec};

/// Which documents to list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListOptions {
    /// Only those that pass.
    pub filter: Option<Value>,
    /// Only those whose id is a string that begins so.
    pub prefix: Option<String>,
    /// Only those behind this id.
    pub after: Option<DocumentId>,
    /// At most so many.
    pub limit: usize,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListPage {
    /// The documents in order of their ids.
    pub documents: Vec<Document>,
    /// Whether there are more.
    pub more: bool,
}

const PAGE: usize = 1_000;

impl ListOptions {
    /// Reads `{ filter?, prefix?, after?, limit? }`.
    pub fn from_value(value: &Value) -> Result<Self> {
        let mut options = ObjectReader::new(value, &"list")?;
        let listed = Self {
            filter: options.value("filter").cloned(),
            prefix: options.text("prefix")?.map(String::from),
            after: options.value("after").map(DocumentId::from_value).transpose()?,
            limit: options.count("limit", usize::MAX >> 1)?.unwrap_or(PAGE),
        };
        options.finish()?;
        Ok(listed)
    }
}

impl CollectionState {
    /// The document with this id.
    pub fn get(&self, id: &DocumentId, now: u64) -> Result<Option<Document>> {
        self.find(id, now)?.map(|location| self.whole_document(location, &mut Unpacked::default())).transpose()
    }

    /// Whether there is a document with this id.
    pub fn has(&self, id: &DocumentId, now: u64) -> Result<bool> {
        Ok(self.find(id, now)?.is_some())
    }

    /// The version of a document, if there is one with this id.
    pub fn version(&self, id: &DocumentId, now: u64) -> Result<Option<u64>> {
        Ok(self.find(id, now)?.map(|location| self.version_at(location)))
    }

    /// The version of the document that lies there.
    pub(super) fn version_at(&self, location: Location) -> u64 {
        self.segment(location.segment).sequence(location.row).0
    }

    /// Where a document lies. One that is not found may be in what is damaged.
    fn find(&self, id: &DocumentId, now: u64) -> Result<Option<Location>> {
        let found = self.locate_live(id, now);
        if found.is_none() {
            self.check_whole()?;
        }
        Ok(found)
    }

    /// How many documents there are, or how many pass a filter.
    pub fn count(&self, filter: Option<&Value>, now: u64) -> Result<usize> {
        let filter = self.checked_filter(filter)?;
        Ok((0..=self.held.len()).map(|at| self.rows_passing(at, filter.as_ref(), now).count()).sum())
    }

    /// A page of the documents in order of their ids: integers ascending, then strings by their bytes.
    pub fn list(&self, options: &ListOptions, now: u64) -> Result<ListPage> {
        let filter = self.checked_filter(options.filter.as_ref())?;
        let mut cursors = map(self.segments().into_iter().enumerate(), |(at, segment)| {
            let allowed = self.rows_passing(at, filter.as_ref(), now);
            let mut rows = segment.rows_by_id(options.after.as_ref());
            rows.retain(|row| allowed.contains(*row));
            Cursor { segment, at, rows, next: 0, unpacked: Unpacked::default() }
        });
        let mut page = ListPage { documents: Vec::new(), more: false };
        loop {
            let mut first: Option<(DocumentId, &mut Cursor<'_>)> = None;
            for cursor in &mut cursors {
                if let Some(id) = cursor.id()
                    && first.as_ref().is_none_or(|(least, _)| id < *least)
                {
                    first = Some((id, cursor));
                }
            }
            let Some((id, cursor)) = first else { return Ok(page) };
            let location = Location { segment: cursor.at, row: cursor.rows[cursor.next] };
            cursor.next += 1;
            match (&options.prefix, &id) {
                (Some(prefix), DocumentId::Text(text)) if text.starts_with(prefix.as_str()) => {}
                (Some(prefix), DocumentId::Text(text)) if text.as_str() > prefix.as_str() => return Ok(page),
                (Some(_), _) => continue,
                (None, _) => {}
            }
            if page.documents.len() == options.limit {
                page.more = true;
                return Ok(page);
            }
            page.documents.push(self.whole_document(location, &mut cursor.unpacked)?);
        }
    }

    pub(super) fn checked_filter(&self, filter: Option<&Value>) -> Result<Option<Filter>> {
        filter.map(|filter| Filter::from_value(filter, &self.schema)).transpose()
    }

    /// The live rows of a segment that pass a filter.
    pub(super) fn rows_passing(&self, at: usize, filter: Option<&Filter>, now: u64) -> RowSet {
        let mut rows = self.live_rows(at, now);
        if let Some(filter) = filter {
            rows.intersect(&rows_matching(filter, &self.segment(at)));
        }
        rows
    }

    /// A document with its vectors.
    pub(super) fn whole_document<'a>(&'a self, location: Location, unpacked: &mut Unpacked<'a>) -> Result<Document> {
        let mut document = self.stored_document(location, unpacked)?;
        self.add_vectors(location, &mut document, &|_| true);
        Ok(document)
    }

    /// Adds those vectors of a document whose field is wanted.
    pub(super) fn add_vectors(&self, location: Location, document: &mut Document, is_wanted: &dyn Fn(&String) -> bool) {
        let segment = self.segment(location.segment);
        for (position, _) in self.schema.vector_fields() {
            let name = &self.schema.fields[position].name;
            if is_wanted(name)
                && let Some(vector) = segment.vectors(position).and_then(|column| column.get(location.row))
            {
                document.set(name, Value::from(&*vector));
            }
        }
    }

    /// A document without its vectors.
    pub(super) fn stored_document<'a>(
        &'a self,
        Location { segment, row }: Location,
        unpacked: &mut Unpacked<'a>,
    ) -> Result<Document> {
        let segment = self.segment(segment);
        match json::parse(segment.document(row, unpacked)) {
            Ok(Value::Object(fields)) => Ok(Document { id: Some(segment.id(row)), fields }),
            _ => {
                segment.blame_documents();
                Err(Error::corrupt(&"a stored document", &"it is not a JSON object").with("row", row_number(row)))
            }
        }
    }
}

/// How far a list has come in one segment.
struct Cursor<'a> {
    segment: Segment<'a>,
    at: usize,
    rows: Vec<RowId>,
    next: usize,
    unpacked: Unpacked<'a>,
}

impl Cursor<'_> {
    fn id(&self) -> Option<DocumentId> {
        self.rows.get(self.next).map(|row| self.segment.id(*row))
    }
}

fn row_number(RowId(row): RowId) -> Value {
    row.into()
}
