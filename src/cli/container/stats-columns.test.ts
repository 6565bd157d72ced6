import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { noBlkioStats, type StatsResponse } from "#spec";
import { formatList, parseListFormat } from "#term";
import { statsColumns, type StatsRow } from "./stats-columns.ts";

const id = "0123456789ab".padEnd(64, "c");
const cpu = (total: number, system: number): StatsResponse["cpu_stats"] => ({
  cpu_usage: { total_usage: total, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  system_cpu_usage: system,
  online_cpus: 4,
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
});
const network = {
  rx_bytes: 1500,
  rx_packets: 0,
  rx_errors: 0,
  rx_dropped: 0,
  tx_bytes: 2_000_000,
  tx_packets: 0,
  tx_errors: 0,
  tx_dropped: 0,
};
const stopped: StatsResponse = {
  name: "/off",
  id: id.replace("0", "f"),
  read: "",
  preread: "",
  pids_stats: {},
  blkio_stats: noBlkioStats,
  num_procs: 0,
  storage_stats: {},
  cpu_stats: cpu(0, 0),
  precpu_stats: cpu(0, 0),
  memory_stats: {},
};
const busy: StatsResponse = {
  ...stopped,
  name: "/web",
  id,
  pids_stats: { current: 12, limit: 100 },
  blkio_stats: {
    ...noBlkioStats,
    io_service_bytes_recursive: [
      { major: 8, minor: 0, op: "Read", value: 4096 },
      { major: 8, minor: 16, op: "read", value: 1000 },
      { major: 8, minor: 0, op: "Write", value: 5_255_168 },
      { major: 8, minor: 0, op: "Total", value: 5_259_264 },
    ],
  },
  cpu_stats: cpu(3e9, 100e9),
  precpu_stats: cpu(1e9, 96e9),
  memory_stats: { usage: 300 * 1024 ** 2, limit: 2 * 1024 ** 3, stats: { total_inactive_file: 100 * 1024 ** 2 } },
  networks: { eth0: network, eth1: network },
};
const rows: readonly StatsRow[] = [
  { container: "web", stats: busy, names: busy },
  { container: "off", stats: stopped, names: stopped },
  { container: "gone", stats: undefined, names: { id: "", name: "" } },
];
const text = (format: string, trunc = true): string => formatList(rows, statsColumns(trunc), parseListFormat(format));

test.each(["table", "json"])("%s, as Docker shows it", (format) => {
  const path = `${import.meta.dir}/../../../test/golden/stats.${format}.txt`;
  if (Bun.env["UPDATE_GOLDEN"]) writeFileSync(path, text(format));
  expect(text(format)).toBe(readFileSync(path, "utf8"));
});

test("a template of ours, with whole ids", () => {
  expect(text("{{.Container}} {{.ID}} {{.CPUPerc}}", false)).toBe(
    `web ${id} 200.00%\noff ${stopped.id} 0.00%\ngone  --\n`,
  );
});

test("v2 has another name for the cache that can be taken back", () => {
  const memory_stats = { usage: 3 * 1024 ** 2, limit: 4 * 1024 ** 2, stats: { inactive_file: 1024 ** 2 } };
  const row = { container: "x", stats: { ...busy, memory_stats }, names: busy };
  const shown = formatList([row], statsColumns(true), parseListFormat("{{.MemUsage}} {{.MemPerc}}"));
  expect(shown).toBe("2MiB / 4MiB 50.00%\n");
});
