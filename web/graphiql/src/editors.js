// Monaco's workers come from this process, and its two themes wear the page's colours.
import { workerUrl } from "./settings.js";

globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker(workerUrl(label), { type: "module", name: label }),
};

export const editorTheme = { dark: "tidegate-dark", light: "tidegate-light" };

const TRANSPARENT = "#ffffff00";

function colours({ surface, ink, accent, accentSoft, line }) {
  return {
    "editor.background": TRANSPARENT,
    "scrollbar.shadow": TRANSPARENT,
    "editorLineNumber.foreground": line,
    "editorLineNumber.activeForeground": ink,
    "textLink.foreground": accent,
    "textLink.activeForeground": accent,
    "editorLink.activeForeground": accent,
    "editorHoverWidget.background": surface,
    "editorSuggestWidget.background": surface,
    "editorSuggestWidget.selectedBackground": accentSoft,
    "editorSuggestWidget.selectedForeground": ink,
    "editorSuggestWidget.highlightForeground": accent,
    "editorSuggestWidget.focusHighlightForeground": accent,
    "editorWidget.background": surface,
    "editorWidget.resizeBorder": accent,
    "list.hoverBackground": accentSoft,
    "list.highlightForeground": accent,
    "list.focusHighlightForeground": accent,
    "menu.background": surface,
    "menu.selectionBackground": accentSoft,
    "menu.selectionForeground": ink,
    "quickInput.background": surface,
    "quickInputList.focusBackground": accentSoft,
    "quickInputList.focusForeground": ink,
    "pickerGroup.foreground": accent,
    "toolbar.hoverBackground": accentSoft,
    "inputOption.hoverBackground": accentSoft,
    focusBorder: accent,
  };
}

const rules = (comment, keyword, type, string, number, argument, variable) => [
  { token: "comment", foreground: comment, fontStyle: "italic" },
  { token: "keyword", foreground: keyword },
  { token: "type.identifier", foreground: type },
  { token: "string", foreground: string },
  { token: "string.key.json", foreground: type },
  { token: "string.value.json", foreground: string },
  { token: "number", foreground: number },
  { token: "argument.identifier", foreground: argument },
  { token: "key.identifier", foreground: type },
  { token: "variable", foreground: variable },
];

export function defineThemes(monaco) {
  monaco.editor.defineTheme(editorTheme.light, {
    base: "vs",
    inherit: true,
    colors: colours({ surface: "#ffffff", ink: "#12323d", accent: "#04727c", accentSoft: "#04727c1c", line: "#9bb0b7" }),
    rules: rules("64808a", "a02f6f", "075985", "8a4b08", "6d28d9", "4f5bc4", "b03a2e"),
  });
  monaco.editor.defineTheme(editorTheme.dark, {
    base: "vs-dark",
    inherit: true,
    colors: colours({ surface: "#12303b", ink: "#e6f4f4", accent: "#5fd9d0", accentSoft: "#5fd9d022", line: "#4f7380" }),
    rules: rules("7d9ca6", "f49ac1", "7cc7f2", "f0c27b", "c4a7fa", "a5b4fc", "ff9d8a"),
  });
}
