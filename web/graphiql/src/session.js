// Who is signed in by cookie, asked of the API itself. One of: {state: "asking" | "anonymous" | "signed-in" | "unreachable"}.
import { observable } from "./observable.js";
import { csrf, endpoint, loginHref, logoutHref } from "./settings.js";

const PROBE = "query WhoAmI { viewer { user { id email name } tenant { id slug name } roles } }";

export const session = observable({ state: "asking" });

const isUnauthenticated = (answer) => answer?.errors?.some((error) => error.extensions?.code === "UNAUTHENTICATED");

export async function probe() {
  try {
    const response = await fetch(endpoint, {
      method: "POST",
      credentials: "same-origin",
      headers: { accept: "application/graphql-response+json, application/json", "content-type": "application/json", ...csrf },
      body: JSON.stringify({ query: PROBE, operationName: "WhoAmI" }),
    });
    const answer = await response.json();
    const viewer = answer.data?.viewer;
    if (viewer?.user) session.set({ state: "signed-in", ...viewer });
    else if (response.status === 401 || isUnauthenticated(answer)) session.set({ state: "anonymous" });
    else session.set({ state: "unreachable", reason: answer.errors?.[0]?.message ?? `status ${response.status}` });
  } catch (error) {
    session.set({ state: "unreachable", reason: error.message });
  }
}

/** Call with every answer: an UNAUTHENTICATED one means that the session ended meanwhile. */
export function noticeAnswer(answer) {
  if (session.get().state === "signed-in" && isUnauthenticated(answer)) probe();
}

export async function signOut() {
  try {
    await fetch(logoutHref, { method: "POST", credentials: "same-origin", redirect: "manual", headers: { accept: "application/json", ...csrf } });
  } finally {
    location.assign(loginHref);
  }
}
