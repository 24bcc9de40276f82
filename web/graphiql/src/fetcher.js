// How GraphiQL talks to the API: JSON over POST, and graphql-sse in distinct connections mode for subscriptions.
import { getOperationAST, parse } from "graphql";
import { createClient } from "graphql-sse";
import { requestDone, streamActivity } from "./activity.js";
import { noticeAnswer } from "./session.js";
import { csrf, endpoint } from "./settings.js";

const JSON_TYPES = "application/graphql-response+json, application/json";
const LONGEST_WAIT = 15_000; // milliseconds between two attempts to reconnect

function isSubscription(params, documentAST) {
  try {
    return getOperationAST(documentAST ?? parse(params.query), params.operationName)?.operation === "subscription";
  } catch {
    return false; // the server says what is wrong with the document
  }
}

async function ask(params, headers) {
  const started = performance.now();
  const response = await fetch(endpoint, {
    method: "POST",
    credentials: "same-origin",
    headers: { accept: JSON_TYPES, "content-type": "application/json", ...csrf, ...headers },
    body: JSON.stringify(params),
  });
  const text = await response.text();
  if (params.operationName !== "IntrospectionQuery") {
    requestDone({
      status: response.status,
      milliseconds: performance.now() - started,
      bytes: new TextEncoder().encode(text).length,
      requestId: response.headers.get("x-request-id"),
    });
  }
  if (!/\bjson\b/.test(response.headers.get("content-type") ?? "")) {
    throw new Error(`The server answered ${response.status} without JSON: ${text.slice(0, 200)}`);
  }
  const answer = JSON.parse(text);
  noticeAnswer(answer);
  return answer;
}

const pause = (attempt) => new Promise((done) => setTimeout(done, Math.min(500 * 2 ** attempt, LONGEST_WAIT) * (1 + Math.random() / 4)));
const PASSING = new Set([429, 502, 503, 504]); // statuses that another attempt may cure

/** The refusal's own body, for example an UNAUTHENTICATED error; throws when it is no JSON. */
async function bodyOf(response) {
  const text = await response.text();
  try {
    const answer = JSON.parse(text);
    noticeAnswer(answer);
    return answer;
  } catch {
    throw new Error(`The server answered ${response.status} without JSON: ${text.slice(0, 200)}`);
  }
}

/** An observable and not an async generator: a generator that waits for an event could not be stopped before it comes. */
const follow = (params, headers) => ({
  subscribe(sink) {
    const status = streamActivity();
    let last = null; // the cursor of the newest event: a reconnect goes on after it
    let refused = null; // the answer to the newest attempt, when it was a refusal
    let over = false;
    const finish = (phase, tell) => {
      if (over) return;
      over = true;
      status.ended(phase);
      tell?.();
    };
    const client = createClient({
      url: endpoint,
      credentials: "same-origin",
      headers: () => ({ ...csrf, ...headers, ...(last ? { "last-event-id": last } : {}) }),
      fetchFn: async (...request) => {
        refused = null;
        const response = await fetch(...request);
        if (!response.ok) refused = response;
        return response;
      },
      retryAttempts: Infinity,
      retry: async (attempt) => {
        if (refused && !PASSING.has(refused.status)) throw new Error("refused"); // ends the client's attempts
        status.waiting(refused?.status);
        await pause(attempt);
      },
    });
    const stop = client.subscribe(
      params,
      {
        next(result) {
          last = result.extensions?.cursor ?? last;
          status.event();
          noticeAnswer(result);
          sink.next(result);
        },
        complete: () => finish("complete", () => sink.complete()),
        async error(error) {
          try {
            if (!refused) throw error;
            sink.next(await bodyOf(refused));
            finish("failed", () => sink.complete());
          } catch (unreadable) {
            finish("failed", () => sink.error(unreadable));
          }
        },
      },
      { connected: (again) => status.connected(again) },
    );
    return { unsubscribe: () => finish("stopped", stop) };
  },
});

export function fetcher(params, { headers = {}, documentAST } = {}) {
  return isSubscription(params, documentAST) ? follow(params, headers) : ask(params, headers);
}
