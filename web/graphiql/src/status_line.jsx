import { activity } from "./activity.js";

const PHASES = {
  connecting: "Connecting…",
  reconnecting: "Connection lost, trying again…",
  live: "Live",
  complete: "Stream complete",
  stopped: "Stream stopped",
  failed: "Stream refused",
};

const size = (bytes) => (bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(1)} kB`);

function streamParts({ phase, status, events, resumed, at }) {
  return [
    phase === "reconnecting" && status ? `Server busy (${status}), trying again…` : PHASES[phase],
    `${events} ${events === 1 ? "event" : "events"}`,
    at && `last at ${at.toLocaleTimeString()}`,
    resumed > 0 && `resumed ${resumed}×`,
  ];
}

const requestParts = ({ status, milliseconds, bytes, requestId }) => [
  `Status ${status}`,
  `${milliseconds.toFixed(0)} ms`,
  size(bytes),
  requestId && `request ${requestId}`,
];

export function StatusLine() {
  const now = activity.use();
  if (now.kind === "idle") return <p className="tg-status">Ready</p>;
  const tone = now.kind === "stream" ? now.phase : now.status < 400 ? "done" : "failed";
  const parts = now.kind === "stream" ? streamParts(now) : requestParts(now);
  return (
    <p className="tg-status" data-tone={tone} role="status">
      <span className="tg-dot" aria-hidden="true" />
      {parts.filter(Boolean).join(" · ")}
    </p>
  );
}
