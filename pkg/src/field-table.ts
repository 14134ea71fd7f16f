/** A collection's fields as the client needs them: which are vectors or dates, and the order that layouts count in. */
export interface FieldTable {
  /** Names in the schema's order. */
  readonly names: readonly string[];
  /** Positions of the vector fields. */
  readonly vectors: ReadonlyMap<string, number>;
  readonly dates: ReadonlySet<string>;
}

interface CanonicalSchema {
  readonly fields: Readonly<Record<string, { readonly type: string }>>;
}

/** Reads the engine's canonical schema text. */
export function fieldTable(schema: string): FieldTable {
  const { fields } = JSON.parse(schema) as CanonicalSchema;
  const names = fieldNamesInOrder(schema);
  const vectors = new Map<string, number>();
  const dates = new Set<string>();
  names.forEach((name, index) => {
    const type = fields[name]?.type;
    if (type === "vector") vectors.set(name, index);
    if (type === "date") dates.add(name);
  });
  return { names, vectors, dates };
}

// JSON.parse moves keys that look like integers ("2020") to the front, so the order is read from the text itself.
function fieldNamesInOrder(schema: string): string[] {
  const names: string[] = [];
  let depth = 0;
  let section: unknown;
  for (const [token, key] of schema.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    else if (key !== undefined && depth === 1) section = JSON.parse(key);
    else if (key !== undefined && depth === 2 && section === "fields") names.push(JSON.parse(key) as string);
  }
  return names;
}
