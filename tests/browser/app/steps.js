// The steps that one writer takes: the tab takes them, and the driver knows what they make.

const IDS = 400;

/** A document by its number. */
export const document = (number) => ({
  text: `word${number % 17} common`,
  number,
  vector: Float32Array.from({ length: 8 }, (_, at) => Math.sin(number + at)),
});

/** What the step does: it puts these documents as one batch, or deletes this one. */
export function stepOf(step) {
  const id = (at) => `d${(step * 7919 + at * 31) % IDS}`;
  if (step % 5 === 4) return { deleted: id(0) };
  return { documents: Array.from({ length: 1 + (step % 3) }, (_, at) => ({ id: id(at), step, ...document(step) })) };
}
