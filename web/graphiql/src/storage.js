// GraphiQL's memory under a name of our own: other projects' GraphiQL on the same host and port must not lend us their
// tabs. Request headers are never kept, since they may hold a token: GraphiQL's history would write them down.
const PREFIX = "tidegate:";
const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
const HOLDS_HISTORY = /:(queries|favorites)$/;

const withoutHeaders = (value) => JSON.stringify(JSON.parse(value), (key, part) => (key === "headers" ? undefined : part));

export const storage = {
  getItem: (key) => localStorage.getItem(PREFIX + key),
  setItem: (key, value) => localStorage.setItem(PREFIX + key, HOLDS_HISTORY.test(key) ? withoutHeaders(value) : value),
  removeItem: (key) => localStorage.removeItem(PREFIX + key),
  clear: () => keys().forEach((key) => localStorage.removeItem(key)),
  get length() {
    return keys().length;
  },
};
