// What the last request or the running stream is doing: the line under the response.
import { observable } from "./observable.js";

export const activity = observable({ kind: "idle" });

export function requestDone({ status, milliseconds, bytes, requestId }) {
  activity.set({ kind: "request", status, milliseconds, bytes, requestId });
}

/** Follows one stream; a newer one takes the line over and the older one falls silent. */
export function streamActivity() {
  let state = { kind: "stream", phase: "connecting", events: 0, resumed: 0, at: null, status: null };
  const show = (change) => {
    const mine = activity.get() === state;
    state = { ...state, ...change };
    if (mine) activity.set(state);
  };
  activity.set(state);
  return {
    waiting: (status = null) => show({ phase: "reconnecting", status }),
    connected: (again) => show({ phase: "live", resumed: state.resumed + (again ? 1 : 0) }),
    event: () => show({ phase: "live", events: state.events + 1, at: new Date() }),
    ended: (phase) => show({ phase }),
  };
}
