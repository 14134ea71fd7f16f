// What every benchmark against rivals asks of this machine: where the data lie, and which Node there is.
import { ask, at } from "../workspace.mjs";

/** Where the data sets lie. */
export function dataFolder(option) {
  return option ?? process.env.SANDERLING_DATA ?? at("..", "shared", "data");
}

/** The major version of a Node, or undefined where there is none. */
export function nodeVersion(node) {
  const version = ask(node, ["--version"]);
  return version === undefined ? undefined : { version, major: Number(/\d+/.exec(version)[0]) };
}
