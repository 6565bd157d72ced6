import { formatAge } from "#core";
import type { ContainerRecord } from "./record.ts";

/** The STATUS column of `docker ps`: `Up 5 minutes (Paused)`, `Exited (0) 2 hours ago`, `Created`. */
export function statusText({ state }: ContainerRecord, nowMs: number): string {
  switch (state.status) {
    case "running":
      return `Up ${age(state.startedAt, nowMs)}`;
    case "paused":
      return `Up ${age(state.startedAt, nowMs)} (Paused)`;
    case "exited":
      return `Exited (${state.exitCode}) ${age(state.finishedAt, nowMs)} ago`;
    case "created":
      return "Created";
    case "dead":
      return "Dead";
    case "removing":
      return "Removal In Progress";
  }
}

function age(since: string, nowMs: number): string {
  return formatAge((nowMs - Date.parse(since)) / 1000);
}
