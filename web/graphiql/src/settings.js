// The page's settings, read once from the data attributes of #tidegate (see index.html).
const root = document.getElementById("tidegate");
const absolute = (path) => new URL(path, document.baseURI);

export const endpoint = absolute(root.dataset.endpoint).href;
export const schemaHref = absolute(root.dataset.schema).pathname;
export const logoutHref = absolute(root.dataset.logout).pathname;
export const loginHref = `${absolute(root.dataset.login).pathname}?next=${encodeURIComponent(location.pathname)}`;

const workers = { json: root.dataset.workerJson, graphql: root.dataset.workerGraphql };
export const workerUrl = (label) => absolute(workers[label] ?? root.dataset.workerEditor);

/** The header that a cookie-authenticated POST must carry. */
export const csrf = { "x-tidegate-csrf": "1" };
