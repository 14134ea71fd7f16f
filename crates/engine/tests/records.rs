//! Our records are bincode's to the byte: a maintained crate of that format writes the same and reads ours.

use sanderling_engine::{
    codec::{read_record, write_record},
    manifest::{CollectionRecord, FileRecord, Manifest, SegmentRecord},
    wal::Operation,
};
use wincode::{SchemaRead, SchemaWrite};

#[derive(SchemaRead, SchemaWrite)]
struct FileTwin(u64, u64, u32);

#[derive(SchemaRead, SchemaWrite)]
struct SegmentTwin(FileTwin, Option<FileTwin>);

#[derive(SchemaRead, SchemaWrite)]
struct CollectionTwin(u32, String, String, String, u64, Vec<SegmentTwin>, Vec<u64>);

#[derive(SchemaRead, SchemaWrite)]
struct ManifestTwin(u64, u32, Vec<CollectionTwin>);

#[derive(SchemaRead, SchemaWrite)]
enum OperationTwin {
    Put(Vec<u8>, u64, String, Vec<(u32, Vec<f32>)>),
    Delete(Vec<u8>),
}

#[test]
fn a_manifest_is_written_as_bincode_writes_it() {
    let file = |file| FileRecord { file, bytes: 2, checksum: 3 };
    let collection = CollectionRecord {
        id: 7,
        name: "bücher".into(),
        schema: "{}".into(),
        settings: String::new(),
        first_in_wal: u64::MAX,
        segments: vec![
            SegmentRecord { segment: file(1), tombstones: Some(file(4)) },
            SegmentRecord { segment: file(5), tombstones: None },
        ],
        wals: vec![8, 9],
    };
    let ours = Manifest { next_file: 10, next_collection: 11, collections: vec![collection] };
    let twin_file = |file| FileTwin(file, 2, 3);
    let segments = vec![SegmentTwin(twin_file(1), Some(twin_file(4))), SegmentTwin(twin_file(5), None)];
    let collection = CollectionTwin(7, "bücher".into(), "{}".into(), String::new(), u64::MAX, segments, vec![8, 9]);
    let twin = wincode::serialize(&ManifestTwin(10, 11, vec![collection])).expect("it is small");
    assert_eq!(write_record(&ours), twin);
    assert_eq!(read_record::<Manifest>(&twin, "manifest-a"), Ok(ours));
}

#[test]
fn operations_are_written_as_bincode_writes_them() {
    let ours = vec![
        Operation::Put {
            id: vec![1, b'a'],
            expires_at: u64::MAX,
            document: "{\"a\":1}".into(),
            vectors: vec![(2, Box::from([1.5_f32, -0.0])), (3, Box::from([]))],
        },
        Operation::Delete { id: vec![0, 1, 0, 0, 0, 0, 0, 0, 0] },
    ];
    let twin = wincode::serialize(&vec![
        OperationTwin::Put(vec![1, b'a'], u64::MAX, "{\"a\":1}".into(), vec![(2, vec![1.5, -0.0]), (3, vec![])]),
        OperationTwin::Delete(vec![0, 1, 0, 0, 0, 0, 0, 0, 0]),
    ]);
    let twin = twin.expect("it is small");
    assert_eq!(write_record(&ours), twin);
    assert_eq!(read_record::<Vec<Operation>>(&twin, "wal-1"), Ok(ours));
}
