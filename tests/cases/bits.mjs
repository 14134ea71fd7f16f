// The bits of a score, as the case files write them. Plain JavaScript for every host.

/** The bits of a number as an f32, in hexadecimal digits. The answer of a search is f32 throughout. */
export function bitsOf(number) {
  if (Math.fround(number) !== number) throw new Error(`${number} is not an f32`);
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, number);
  return view.getUint32(0).toString(16).padStart(8, "0");
}
