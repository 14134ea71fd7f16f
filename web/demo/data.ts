// The files of the data folder, decoded.
import { DIMENSIONS, type Word, type WordDocument } from "./words.js";

/** A sentence that uses one word of the collection, with the query vector that a model made of it. */
export interface Example {
  readonly text: string;
  /** The id of that word. */
  readonly answer: string;
  readonly vector: Float32Array;
}

export interface DataSet {
  readonly documents: number;
  readonly examples: readonly Example[];
}

interface SetFile {
  readonly documents: number;
  readonly dimensions: number;
  readonly examples: readonly Omit<Example, "vector">[];
}

type Row = readonly [id: string, title: string, text: string, pos: Word["pos"], lexname: string];

async function load(name: string): Promise<Response> {
  const response = await fetch(new URL(`./data/${name}`, document.baseURI));
  if (!response.ok) throw new Error(`the file data/${name} could not be loaded (status ${response.status})`);
  return response;
}

const loadBytes = async (name: string): Promise<ArrayBuffer> => (await load(name)).arrayBuffer();

/** What every visit needs: how much there is, and the examples. */
export async function loadSet(): Promise<DataSet> {
  const [file, bytes] = await Promise.all([load("set.json"), loadBytes("examples.f32")]);
  const { documents, dimensions, examples } = (await file.json()) as SetFile;
  if (dimensions !== DIMENSIONS) throw new Error(`the data has ${dimensions} dimensions, the collection ${DIMENSIONS}`);
  const floats = littleEndianFloats(bytes);
  const vectorOf = (index: number): Float32Array => floats.slice(index * dimensions, (index + 1) * dimensions);
  return { documents, examples: examples.map((example, index) => ({ ...example, vector: vectorOf(index) })) };
}

/** What the first visit needs: the documents, made one batch at a time, from the given one on. */
export async function loadDocuments(): Promise<(start: number, end: number) => WordDocument[]> {
  const [packed, vectors, scales] = await Promise.all([
    load("documents.bin"),
    loadBytes("vectors.i8"),
    loadBytes("scales.f32"),
  ]);
  const rows = await unpack(packed);
  const components = new Int8Array(vectors);
  const scaleOf = littleEndianFloats(scales);
  return (start, end) =>
    rows.slice(start, end).map(([id, title, text, pos, lexname], index) => {
      const row = start + index;
      const scale = scaleOf[row] ?? 0;
      const own = components.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS);
      return { id, title, text, pos, lexname, vector: Float32Array.from(own, (component) => component * scale) };
    });
}

async function unpack(packed: Response): Promise<Row[]> {
  if (packed.body === null) throw new Error("the file data/documents.bin is empty");
  const text = packed.body.pipeThrough(new DecompressionStream("gzip"));
  return (await new Response(text).json()) as Row[];
}

function littleEndianFloats(bytes: ArrayBuffer): Float32Array {
  const view = new DataView(bytes);
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getFloat32(index * 4, true));
}
