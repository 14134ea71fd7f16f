// Blanks the source places of panics in a wasm file: 300 records of file, line and column, 2 kB of the download.
//
// A panic of the package's build is a trap (crates/wasm/src/runtime.rs) and reads none of them, but the linker cannot know:
// the code that passed them was removed after it. A record is four words whose first two are exactly the address and the
// length of a path that ends in `.rs`; nothing else in the file looks like that, and what does is data that nobody reads.

const PATH = /^\/?[\w@.+-]+(\/[\w@.+-]+)+\.rs$/;
const LONGEST = 400;
const RECORD = 16;
const DATA_SECTION = 11;

/** Reads the integers of a wasm file, which take as many bytes as they need. */
class Cursor {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  byte() {
    return this.bytes[this.at++];
  }

  unsigned() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  signed() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return byte & 0x40 ? value - 2 ** (shift + 7) : value;
    }
  }
}

// The active data segments: the address in memory and the bytes in the file.
function segments(bytes) {
  const cursor = new Cursor(bytes);
  const found = [];
  cursor.at = 8;
  while (cursor.at < bytes.length) {
    const section = cursor.byte();
    const end = cursor.unsigned() + cursor.at;
    for (let left = section === DATA_SECTION ? cursor.unsigned() : 0; left > 0; left -= 1) {
      const [flags, constant, address, finish] = [cursor.unsigned(), cursor.byte(), cursor.signed(), cursor.byte()];
      if (flags !== 0 || constant !== 0x41 || finish !== 0x0b) throw new Error("a data segment of an unknown kind");
      const length = cursor.unsigned();
      found.push({ address, content: bytes.subarray(cursor.at, cursor.at + length) });
      cursor.at += length;
    }
    cursor.at = end;
  }
  return found;
}

/** Blanks them in place and returns how many there were. */
export function blankPanicPlaces(bytes) {
  const all = segments(bytes);
  const textAt = (address, length) => {
    const segment = all.find((one) => address >= one.address && address + length <= one.address + one.content.length);
    return segment?.content.subarray(address - segment.address, address - segment.address + length);
  };
  const places = [];
  const paths = [];
  for (const { address, content } of all) {
    const words = new DataView(content.buffer, content.byteOffset, content.byteLength);
    for (let at = (4 - (address % 4)) % 4; at + RECORD <= content.length; at += 4) {
      const length = words.getUint32(at + 4, true);
      const path = length < LONGEST ? textAt(words.getUint32(at, true), length) : undefined;
      if (path === undefined || !PATH.test(path.toString("latin1"))) continue;
      places.push(content.subarray(at, at + RECORD));
      paths.push(path);
    }
  }
  for (const blank of [...places, ...paths]) blank.fill(0);
  return places.length;
}
