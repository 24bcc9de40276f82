// Builds the GraphiQL page: `npm run build` writes assets/, index.html, manifest.json and THIRD_PARTY_NOTICES.md;
// `npm run check` builds in memory and fails when a checked-in file differs. Digests are of the uncompressed bytes,
// so another zlib cannot fail the check. Every asset is shipped as .gz only; the server inflates for the rare client.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { bundledPackages, licenceTexts, noticesTable } from "./notices.mjs";

const ROOM = dirname(fileURLToPath(import.meta.url));
const ASSETS = join(ROOM, "assets");
const SOURCES = ["build.mjs", "notices.mjs", "package.json", "package-lock.json", ".npmrc"];

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** What the build depends on, so that a test without Node can tell that a source changed and nobody rebuilt. */
function sourceDigests() {
  const names = [...SOURCES, ...readdirSync(join(ROOM, "src")).map((name) => `src/${name}`)].sort();
  return Object.fromEntries(names.map((name) => [name, sha256(readFileSync(join(ROOM, name)))]));
}

/** The explorer writes an error to the console for every list of input objects, such as orderBy: it only cannot draw it. */
const NOISE = "console.error('arg mismatch between arg and selection', argType, argValue);";
const explorerWithoutNoise = (path) => {
  const text = readFileSync(path, "utf8");
  if (!text.includes(NOISE)) throw new Error("graphiql-explorer changed: look at NOISE");
  return { contents: text.replaceAll(NOISE, ""), loader: "js" };
};

/** Swaps what GraphiQL loads from big packages for small parts that are in the bundle anyway. */
const substitutes = {
  name: "substitutes",
  setup(build) {
    const own = (name) => ({ path: join(ROOM, "src", name) });
    build.onResolve({ filter: /^prettier\/parser-babel$/ }, () => own("jsonc_parser.js"));
    build.onResolve({ filter: /^prettier\/plugins\/estree$/ }, () => own("jsonc_parser.js"));
    build.onResolve({ filter: /^prettier\/parser-graphql$/ }, ({ resolveDir }) =>
      build.resolve("prettier/plugins/graphql", { kind: "dynamic-import", resolveDir })); // the same, not a second copy
    build.onLoad({ filter: /graphiql-explorer\/dist\/Explorer\.js$/ }, ({ path }) => explorerWithoutNoise(path));
  },
};

async function bundle() {
  return esbuild.build({
    absWorkingDir: ROOM,
    entryPoints: {
      graphiql: "src/main.jsx",
      "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
      "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
      "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
    },
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    minify: true,
    legalComments: "none",
    charset: "utf8",
    define: { "process.env.NODE_ENV": '"production"', "process.platform": '"browser"' },
    loader: { ".ttf": "file", ".svg": "file" },
    entryNames: "[name]-[hash]",
    chunkNames: "part-[hash]",
    assetNames: "[name]-[hash]",
    outdir: "assets",
    metafile: true,
    write: false,
    logLevel: "warning",
    plugins: [substitutes],
  });
}

function entryOf(metafile, point) {
  const found = Object.entries(metafile.outputs).find(([, output]) => output.entryPoint === point);
  if (!found) throw new Error(`no output for ${point}`);
  return found;
}

function pageHtml(metafile, workers) {
  const [script, output] = entryOf(metafile, "src/main.jsx");
  const name = (path) => path.slice("assets/".length);
  const preloads = output.imports.filter((one) => one.kind === "import-statement").map((one) => name(one.path)).sort();
  return readFileSync(join(ROOM, "src/index.html"), "utf8")
    .replaceAll("{{style}}", name(output.cssBundle))
    .replaceAll("{{script}}", name(script))
    .replaceAll("{{icon}}", name(Object.keys(metafile.outputs).find((path) => path.includes("/logo-"))))
    .replaceAll("{{workers}}", Object.entries(workers).map(([label, file]) => `data-worker-${label}="graphiql/assets/${file}"`).join("\n      "))
    .replaceAll("{{preloads}}", preloads.map((file) => `<link rel="modulepreload" href="graphiql/assets/${file}">`).join("\n    "));
}

/** Every file this build makes, by its path in the room: the bytes before compression. */
async function outputs() {
  const { metafile, outputFiles } = await bundle();
  if (process.env.METAFILE) writeFileSync(process.env.METAFILE, JSON.stringify(metafile));
  const style = entryOf(metafile, "src/main.jsx")[1].cssBundle; // the other style sheets are parts of it that nothing loads
  const wanted = outputFiles.filter((one) => !one.path.endsWith(".css") || one.path.endsWith(style));
  const files = new Map(wanted.map((one) => [`assets/${relative(ASSETS, one.path)}`, Buffer.from(one.contents)]));
  const workers = {};
  for (const [label, point] of [
    ["editor", "node_modules/monaco-editor/esm/vs/editor/editor.worker.js"],
    ["json", "node_modules/monaco-editor/esm/vs/language/json/json.worker.js"],
    ["graphql", "node_modules/monaco-graphql/esm/graphql.worker.js"],
  ]) workers[label] = entryOf(metafile, point)[0].slice("assets/".length);
  const packages = bundledPackages(ROOM, metafile);
  const texts = Buffer.from(licenceTexts(ROOM, packages));
  const licences = `licences-${sha256(texts).slice(0, 8)}.txt`;
  files.set(`assets/${licences}`, texts);
  files.set("index.html", Buffer.from(pageHtml(metafile, workers)));
  files.set("THIRD_PARTY_NOTICES.md", Buffer.from(noticesTable(packages, licences)));
  const assets = [...files.keys()].filter((path) => path.startsWith("assets/")).sort();
  const manifest = {
    sources: sourceDigests(),
    page: sha256(files.get("index.html")),
    assets: Object.fromEntries(assets.map((path) => [path.slice("assets/".length), sha256(files.get(path))])),
  };
  files.set("manifest.json", Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
  return files;
}

const onDisk = (path) => join(ROOM, path.startsWith("assets/") ? `${path}.gz` : path);

function write(files) {
  rmSync(ASSETS, { recursive: true, force: true });
  mkdirSync(ASSETS);
  let total = 0;
  for (const [path, bytes] of files) {
    const stored = path.startsWith("assets/") ? gzipSync(bytes, { level: 9 }) : bytes; // zlib writes mtime 0
    writeFileSync(onDisk(path), stored);
    total += stored.length;
  }
  console.log(`${files.size} files, ${total} bytes as shipped`);
}

function check(files) {
  const wrong = [...files].filter(([path, bytes]) => {
    if (!existsSync(onDisk(path))) return true;
    const stored = readFileSync(onDisk(path));
    return sha256(path.startsWith("assets/") ? gunzipSync(stored) : stored) !== sha256(bytes);
  }).map(([path]) => path);
  const extra = readdirSync(ASSETS).filter((name) => !files.has(`assets/${name.replace(/\.gz$/, "")}`));
  for (const path of wrong) console.error(`differs or is missing: ${path}`);
  for (const name of extra) console.error(`is made by no source: assets/${name}`);
  if (wrong.length + extra.length) process.exit(1);
  console.log(`${files.size} files agree with their sources`);
}

const files = await outputs();
if (process.argv.includes("--check")) check(files);
else write(files);
