import { explorerPlugin } from "@graphiql/plugin-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { GraphiQL } from "graphiql";
import * as monaco from "monaco-graphql/esm/monaco-editor.js"; // static, so that its style sheet is part of ours
import { createRoot } from "react-dom/client";
import { defineThemes, editorTheme } from "./editors.js";
import { exampleTabs } from "./examples.js";
import { fetcher } from "./fetcher.js";
import { probe } from "./session.js";
import { StatusLine } from "./status_line.jsx";
import { storage } from "./storage.js";
import { TopBar } from "./top_bar.jsx";
import "./styles.css";

const plugins = [explorerPlugin({ showAttribution: false }), HISTORY_PLUGIN];

function Page() {
  return (
    <>
      <TopBar />
      <main className="tg-main">
        <GraphiQL
          fetcher={fetcher}
          storage={storage}
          plugins={plugins}
          defaultTabs={exampleTabs}
          editorTheme={editorTheme}
          defaultEditorToolsVisibility="variables"
          shouldPersistHeaders={false}
          inputValueDeprecation
          schemaDescription
        >
          <GraphiQL.Logo>{" "}</GraphiQL.Logo>
          <GraphiQL.Footer>
            <StatusLine />
          </GraphiQL.Footer>
        </GraphiQL>
      </main>
    </>
  );
}

probe();
defineThemes(monaco);
createRoot(document.getElementById("tidegate")).render(<Page />);
