// Stands in for Prettier's Babel parser and ESTree printer (370 kB), which GraphiQL uses only to tidy the JSON of two
// small editors: the JSON formatter that is in the bundle anyway does the same, comments included.
import { applyEdits, format } from "jsonc-parser";

const tidy = (text) => applyEdits(text, format(text, undefined, { tabSize: 2, insertSpaces: true, insertFinalNewline: true }));

export const parsers = {
  jsonc: { astFormat: "jsonc-text", parse: (text) => ({ text }), locStart: () => 0, locEnd: (node) => node.text.length },
};
export const printers = { "jsonc-text": { print: (path) => tidy(path.node.text) } };
