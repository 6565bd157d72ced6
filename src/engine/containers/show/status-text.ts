import { formatAge } from "#core";
import type { HealthState } from "#spec";
import type { ContainerRecord } from "../record.ts";

/** The STATUS column of `docker ps`: `Up 5 minutes (Paused)`, `Up 2 hours (healthy)`, `Exited (0) 2 hours ago`, `Created`. */
export function statusText({ state }: ContainerRecord, nowMs: number): string {
  switch (state.status) {
    case "running":
      return `Up ${age(state.startedAt, nowMs)}${healthText(state.health?.Status)}`;
    case "paused":
      return `Up ${age(state.startedAt, nowMs)} (Paused)`;
    case "restarting":
      return `Restarting (${state.exitCode}) ${age(state.finishedAt, nowMs)} ago`;
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

function healthText(status: HealthState["Status"] | undefined): string {
  if (status === undefined) return "";
  return status === "starting" ? " (health: starting)" : ` (${status})`;
}

function age(since: string, nowMs: number): string {
  return formatAge((nowMs - Date.parse(since)) / 1000);
}
