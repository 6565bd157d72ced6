/** The program: `lighter daemon …` is the engine, everything else the client. Each role loads only its own code. */
const argv = process.argv.slice(2);

if (argv[0] === "daemon") {
  const { runDaemon } = await import("./boot/daemon.ts");
  // Processes of detached execs go on without their engine.
  process.exit(await runDaemon(argv.slice(1), process.env));
} else {
  const { runCli } = await import("./cli/mod.ts");
  process.exit(await runCli({ argv, env: process.env, cwd: process.cwd() }));
}
