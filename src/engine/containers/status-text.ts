import type { ContainerRecord } from "./record.ts";

/** The STATUS column of `docker ps`: `Up 5 minutes (Paused)`, `Exited (0) 2 hours ago`, `Created`. */
export function statusText({ state }: ContainerRecord, nowMs: number): string {
  switch (state.status) {
    case "running":
      return `Up ${humanDuration(nowMs - Date.parse(state.startedAt))}`;
    case "paused":
      return `Up ${humanDuration(nowMs - Date.parse(state.startedAt))} (Paused)`;
    case "exited":
      return `Exited (${state.exitCode}) ${humanDuration(nowMs - Date.parse(state.finishedAt))} ago`;
    case "created":
      return "Created";
    case "dead":
      return "Dead";
    case "removing":
      return "Removal In Progress";
  }
}

/** A duration as Docker words it (cli.tsv, "sizes and times"). */
export function humanDuration(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000);
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  return longDuration(durationMs / 3_600_000);
}

function longDuration(exactHours: number): string {
  const hours = Math.round(exactHours);
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(exactHours / 24 / 365)} years`;
}
