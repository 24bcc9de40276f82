// A value that React can follow: the smallest store that useSyncExternalStore accepts.
import { useSyncExternalStore } from "react";

export function observable(value) {
  const listeners = new Set();
  const subscribe = (listener) => (listeners.add(listener), () => listeners.delete(listener));
  return {
    get: () => value,
    set(next) {
      value = next;
      for (const listener of listeners) listener();
    },
    use: () => useSyncExternalStore(subscribe, () => value),
  };
}
